//! Interfaces that are open only while the others have trouble.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use lxst_phone::{EndReason, Event, Interface};

use crate::support::relay::Relay;
use crate::support::{App, TestRuntime, Vacant, builder, establish, eventually, finish, within};

on_each_runtime!(
    a_backup_is_open_while_the_other_interface_has_trouble,
    a_call_keeps_a_backup_open_until_it_is_over,
    a_backup_whose_port_is_taken_is_told_and_opened_when_it_is_free,
    backups_alone_are_open,
    a_backup_makes_room_for_another_program,
    a_backup_makes_no_room_during_a_call,
);

async fn a_backup_is_open_while_the_other_interface_has_trouble<R: TestRuntime>(rt: R) {
    let mut callee = App::listening(&rt).await;
    let (mut first, backup) = (Relay::new(callee.address()), Relay::new(callee.address()));
    let mut caller = App::start(&rt, with_backup(first.address(), backup.address())).await;
    caller.until_state(|state| connections(state) == [1, 0]).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    call.hang_up().await.unwrap();
    callee.end().await;
    caller.end().await;

    first.unplug();
    caller.until_state(|state| connections(state) == [0, 0]).await;
    let since = Instant::now();
    // The phone announces itself on what it changed over to.
    announced(&mut callee, &caller).await;
    assert_eq!(connections(&caller.phone.state()), [0, 1]);
    assert!(since.elapsed() >= Duration::from_secs(4), "{:?}", since.elapsed());
    let (call, _) = establish(&mut caller, &mut callee).await;
    call.hang_up().await.unwrap();
    callee.end().await;
    caller.end().await;

    first.plug_in();
    caller.until_state(|state| connections(state) == [1, 0]).await;
    assert_eq!(caller.phone.state().interfaces[1].trouble, None);
    announced(&mut callee, &caller).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

async fn a_call_keeps_a_backup_open_until_it_is_over<R: TestRuntime>(rt: R) {
    let mut callee = App::listening(&rt).await;
    let mut first = Relay::new(callee.address());
    first.unplug();
    let mut caller = App::start(&rt, with_backup(first.address(), callee.address())).await;
    caller.until_state(|state| connections(state) == [0, 1]).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    first.plug_in();
    caller.until_state(|state| connections(state) == [1, 1]).await;
    call.hang_up().await.unwrap();
    assert_eq!(caller.end().await, EndReason::LocalHangup);
    assert_eq!(callee.end().await, EndReason::RemoteHangup);
    caller.until_state(|state| connections(state) == [1, 0]).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

async fn a_backup_whose_port_is_taken_is_told_and_opened_when_it_is_free<R: TestRuntime>(rt: R) {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let nobody = Vacant::new();
    let phone = builder()
        .interface(Interface::tcp_client(nobody.address()))
        .interface(Interface::tcp_server(&*address).as_backup());
    let mut callee = App::start(&rt, phone).await;
    callee.until_state(|state| state.interfaces[1].trouble.is_some()).await;
    let trouble = callee.phone.state().interfaces[1].trouble.clone().unwrap();
    let wanted = format!("cannot use server on {address}: ");
    assert!(trouble.starts_with(&wanted), "{trouble}");
    assert!(trouble.ends_with("give another address or end what uses it"), "{trouble}");
    drop(taken);
    callee.until_state(|state| state.interfaces[1].trouble.is_none()).await;
    let mut caller = App::connected(&rt, address).await;
    caller.until_connected().await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

async fn backups_alone_are_open<R: TestRuntime>(rt: R) {
    let callee = App::listening(&rt).await;
    let phone = builder().interface(Interface::tcp_client(callee.address()).as_backup());
    let caller = App::start(&rt, phone).await;
    caller.until_connected().await;
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_backup_makes_room_for_another_program<R: TestRuntime>(rt: R) {
    let (vacant, nobody) = (Vacant::new(), Vacant::new());
    let phone = builder()
        .interface(Interface::tcp_client(nobody.address()))
        .interface(Interface::tcp_server(vacant.address()).as_backup());
    let app = App::start(&rt, phone).await;
    let guest = App::connected(&rt, vacant.address()).await;
    guest.until_connected().await;
    app.phone.make_room().await.unwrap();
    let mut taken = None;
    eventually(&rt, async || {
        taken = TcpListener::bind(vacant.address()).ok();
        taken.is_some()
    })
    .await;
    assert_eq!(connections(&app.phone.state()), [0, 0]);
    app.until_state(|state| state.interfaces[1].trouble.is_some()).await;
    app.shutdown().await;
    guest.shutdown().await;
}

async fn a_backup_makes_no_room_during_a_call<R: TestRuntime>(rt: R) {
    let mut callee = App::listening(&rt).await;
    let nobody = Vacant::new();
    let caller = with_backup(nobody.address().to_owned(), callee.address());
    let mut caller = App::start(&rt, caller).await;
    caller.until_connected().await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    caller.phone.make_room().await.unwrap();
    // The answer comes after what the phone did before.
    caller.counters().await;
    assert_eq!(connections(&caller.phone.state()), [0, 1]);
    finish(call, caller, callee).await;
}

fn with_backup<R: TestRuntime>(first: String, backup: String) -> lxst_phone::PhoneBuilder<R> {
    builder()
        .interface(Interface::tcp_client(first))
        .interface(Interface::tcp_client(backup).as_backup())
}

fn connections(state: &lxst_phone::State) -> Vec<usize> {
    state.interfaces.iter().map(|interface| interface.connections).collect()
}

/// Waits until an app hears an announce of another.
async fn announced<R: TestRuntime>(by: &mut App<R>, of: &App<R>) {
    let of = of.identity();
    let heard = async {
        while let Some(event) = by.events.next().await {
            if matches!(event, Event::Announced { identity, .. } if identity == of) {
                return;
            }
        }
    };
    within(&by.rt.clone(), "the announce comes", heard).await;
}
