//! Hosts with several addresses, with late ones and with none.

use std::net::{SocketAddr, UdpSocket};

use lxst_phone::{EndReason, Interface};
use socket2::{Domain, Socket, Type};

use crate::support::names::{FIRST_DEAD, LATE, Naming};
use crate::support::{App, TestRuntime, Vacant, builder, establish, finish, nobody};

on_each_runtime!(
    a_host_whose_first_address_is_dead_is_reached_at_the_next,
    a_host_whose_first_address_refuses_is_reached_at_the_next,
    ipv6_addresses_are_taken_as_people_write_them,
    a_udp_peer_whose_name_is_not_found_at_the_start_is_found_later,
    a_name_that_is_not_found_is_told_in_the_state,
    a_phone_without_interfaces_has_none_in_its_state,
    whoever_has_no_network_is_told_at_once_until_there_is_one,
);

/// Only a race gets there: the system gives a dead address minutes, and the phone ten seconds.
#[cfg(target_os = "linux")]
async fn a_host_whose_first_address_is_dead_is_reached_at_the_next<R: TestRuntime>(_: R) {
    let rt = Naming::<R>::default();
    let callee = App::listening(&rt).await;
    let port = callee.phone.listening()[0].port();
    let _dead = dead(SocketAddr::from(([127, 0, 0, 2], port)));
    call(&rt, Interface::tcp_client(format!("{FIRST_DEAD}:{port}")), callee).await;
}

#[cfg(not(target_os = "linux"))]
async fn a_host_whose_first_address_is_dead_is_reached_at_the_next<R: TestRuntime>(_: R) {}

async fn a_host_whose_first_address_refuses_is_reached_at_the_next<R: TestRuntime>(_: R) {
    let rt = Naming::<R>::default();
    let callee = App::listening(&rt).await;
    let port = callee.phone.listening()[0].port();
    call(&rt, Interface::tcp_client(format!("{FIRST_DEAD}:{port}")), callee).await;
}

async fn ipv6_addresses_are_taken_as_people_write_them<R: TestRuntime>(rt: R) {
    for address in ["[::1]", "[::1%lo]"] {
        let server = Interface::tcp_server(format!("{address}:0"));
        let callee = App::start(&rt, builder().interface(server)).await;
        let port = callee.phone.listening()[0].port();
        call(&rt, Interface::tcp_client(format!("{address}:{port}")), callee).await;
    }
}

async fn a_udp_peer_whose_name_is_not_found_at_the_start_is_found_later<R: TestRuntime>(_: R) {
    let rt = Naming::<R>::default();
    let sockets = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    let [here, there] = sockets.map(|socket| socket.local_addr().unwrap().port());
    let local = |port| format!("127.0.0.1:{port}");
    let callee = builder().interface(Interface::udp(local(there), local(here)));
    let callee = App::start(&rt, callee).await;
    call(&rt, Interface::udp(local(here), format!("{LATE}:{there}")), callee).await;
}

async fn a_name_that_is_not_found_is_told_in_the_state<R: TestRuntime>(_: R) {
    let rt = Naming::<R>::default();
    let interfaces =
        [Interface::tcp_client("nobody.test:1"), Interface::udp("127.0.0.1:0", "nobody.test:1")];
    let builder = interfaces.into_iter().fold(builder(), lxst_phone::PhoneBuilder::interface);
    let app = App::start(&rt, builder).await;
    app.until_state(|state| state.interfaces.iter().all(|one| one.trouble.is_some())).await;
    let state = app.phone.state();
    assert_eq!(state.connections, 0);
    for interface in &state.interfaces {
        let trouble = interface.trouble.as_deref().unwrap();
        let name = &interface.name;
        let why = "no address of nobody.test is found (no such name)";
        assert_eq!(trouble, format!("{name} is not connected: {why}"));
        assert!(name.contains("nobody.test:1"), "{name}");
    }
    app.shutdown().await;

    // One that refuses is told too, and forgotten when it is connected to.
    let vacant = Vacant::new();
    let app = App::connected(&rt, vacant.address()).await;
    app.until_state(|state| state.interfaces[0].trouble.is_some()).await;
    let server = App::start(&rt, builder_of_server(vacant.address())).await;
    let is_well = |one: &lxst_phone::InterfaceState| one.trouble.is_none() && one.connections == 1;
    app.until_state(|state| is_well(&state.interfaces[0])).await;
    app.shutdown().await;
    server.shutdown().await;
}

async fn a_phone_without_interfaces_has_none_in_its_state<R: TestRuntime>(rt: R) {
    let app = App::start(&rt, builder()).await;
    let state = app.phone.state();
    assert_eq!((state.connections, state.interfaces), (0, vec![]));
    app.shutdown().await;
}

async fn whoever_has_no_network_is_told_at_once_until_there_is_one<R: TestRuntime>(rt: R) {
    let mut alone = App::start(&rt, builder()).await;
    alone.dial(nobody()).await;
    assert_eq!(alone.end().await, EndReason::NoNetwork);
    alone.shutdown().await;

    // The first attempt may be under way when the call begins, or over.
    let vacant = Vacant::new();
    let mut app = App::connected(&rt, vacant.address()).await;
    for _ in 0..2 {
        app.dial(nobody()).await;
        assert_eq!(app.end().await, EndReason::NoNetwork);
    }
    let mut server = App::start(&rt, builder_of_server(vacant.address())).await;
    app.until_connected().await;
    let (call, _) = establish(&mut app, &mut server).await;
    finish(call, app, server).await;
}

fn builder_of_server<R: TestRuntime>(address: &str) -> lxst_phone::PhoneBuilder<R> {
    builder().interface(Interface::tcp_server(address))
}

/// Calls somebody over an interface.
async fn call<R: TestRuntime>(rt: &R, interface: Interface<R>, mut callee: App<R>) {
    let mut caller = App::start(rt, builder().interface(interface)).await;
    caller.until_connected().await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

/// Makes an address leave everybody waiting: a listener whose backlog is full.
#[cfg(target_os = "linux")]
fn dead(address: SocketAddr) -> Vec<Socket> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&address.into()).unwrap();
    listener.listen(0).unwrap();
    let fill = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        // It is under way.
        let _ = socket.connect(&address.into());
        socket
    };
    let mut sockets: Vec<_> = std::iter::repeat_with(fill).take(4).collect();
    sockets.push(listener);
    sockets
}
