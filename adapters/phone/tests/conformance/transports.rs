//! Interfaces on transports of the app.

use std::io;
use std::net::IpAddr;

use ::smol::net::unix::UnixStream;
use async_channel::{Receiver, Sender};
use lxst_phone::{ByteStream, Datagrams, Framing, Interface, InterfaceState, StartError};

use crate::support::{App, TestRuntime, builder, establish, eventually, finish, spawn, within};

on_each_runtime!(
    two_phones_talk_over_a_stream_of_the_app_in_either_framing,
    a_stream_that_ends_is_counted_and_told_and_opened_again,
    what_a_stream_cannot_be_opened_for_is_told_under_its_name,
    two_phones_talk_over_datagrams_of_the_app,
    a_datagram_longer_than_any_packet_is_dropped_and_counted,
    a_phone_is_a_local_client_of_a_stack_in_its_process,
    a_stack_that_drops_its_packet_port_is_told_of,
    two_phones_of_a_pair_talk_and_the_end_of_one_is_told_to_the_other,
    a_client_that_leaves_a_server_is_counted_and_is_no_trouble,
    what_cannot_work_of_an_interface_is_an_error_at_the_start,
);

async fn two_phones_talk_over_a_stream_of_the_app_in_either_framing<R: TestRuntime>(rt: R) {
    for framing in [Framing::Hdlc, Framing::Kiss] {
        let (one, other) = UnixStream::pair().unwrap();
        let [one, other] = [one, other].map(|end| {
            Interface::stream("a pipe", framing, move || {
                let end = end.clone();
                async move { Ok(ByteStream::duplex(end)) }
            })
        });
        call(&rt, one, other).await;
    }
}

async fn a_stream_that_ends_is_counted_and_told_and_opened_again<R: TestRuntime>(rt: R) {
    let (far_ends, streams) = async_channel::unbounded::<UnixStream>();
    let interface = Interface::stream("a pipe", Framing::Hdlc, move || {
        let streams = streams.clone();
        async move { Ok(ByteStream::duplex(streams.recv().await.map_err(io::Error::other)?)) }
    });
    let app = App::start(&rt, builder().interface(interface)).await;
    for lost in 0..3 {
        let (near, far) = UnixStream::pair().unwrap();
        far_ends.send(near).await.unwrap();
        app.until_state(|state| state.connections == 1).await;
        assert_eq!(stands(&app), (1, lost, None));
        drop(far);
        app.until_state(|state| state.connections == 0).await;
        let (_, now_lost, trouble) = stands(&app);
        assert_eq!(now_lost, lost + 1);
        // Closed or reset: the other end had not read all.
        assert!(trouble.as_deref().unwrap().starts_with("a pipe broke off: "), "{trouble:?}");
    }
    app.shutdown().await;
}

async fn what_a_stream_cannot_be_opened_for_is_told_under_its_name<R: TestRuntime>(rt: R) {
    let interface = Interface::stream("the radio", Framing::Kiss, || async {
        Err(io::Error::other("/dev/ttyUSB0 is not there: plug it in"))
    });
    let app = App::start(&rt, builder().interface(interface)).await;
    app.until_state(|state| state.interfaces[0].trouble.is_some()).await;
    let state = app.phone.state().interfaces.remove(0);
    assert_eq!(state.name, "the radio");
    let trouble = "the radio is not connected: /dev/ttyUSB0 is not there: plug it in";
    assert_eq!(state.trouble.as_deref(), Some(trouble));
    app.shutdown().await;
}

async fn two_phones_talk_over_datagrams_of_the_app<R: TestRuntime>(rt: R) {
    let [one, other] = Air::pair().map(|air| {
        Interface::datagrams("the air", move || {
            let air = air.clone();
            async { Ok(air) }
        })
    });
    call(&rt, one, other).await;
}

async fn a_datagram_longer_than_any_packet_is_dropped_and_counted<R: TestRuntime>(rt: R) {
    let [near, far] = Air::pair();
    let interface = Interface::datagrams("the air", move || {
        let air = near.clone();
        async { Ok(air) }
    });
    let app = App::start(&rt, builder().interface(interface)).await;
    far.send(&[0; 2_000]).await.unwrap();
    eventually(&rt, async || {
        app.counters().await.endpoint.unwrap().dropped(lxst_phone::reticulum::DropReason::Malformed)
            == 1
    })
    .await;
    app.shutdown().await;
}

async fn a_phone_is_a_local_client_of_a_stack_in_its_process<R: TestRuntime>(rt: R) {
    let (one, one_port) = Interface::packets("the stack");
    let (other, other_port) = Interface::packets("the stack");
    // The least of stacks: it hands on what its clients send.
    let carry = |from: lxst_phone::PacketPort, to: lxst_phone::PacketPort| async move {
        while let Some(packet) = from.next().await {
            to.deliver(packet).await;
        }
    };
    let there = spawn(&rt, carry(one_port.clone(), other_port.clone()));
    let back = spawn(&rt, carry(other_port, one_port));
    call(&rt, one, other).await;
    for carried in [there, back] {
        within(&rt, "the ports end with their phones", carried).await;
    }
}

async fn a_stack_that_drops_its_packet_port_is_told_of<R: TestRuntime>(rt: R) {
    let (interface, port) = Interface::packets("the stack");
    let app = App::start(&rt, builder().interface(interface)).await;
    app.until_connected().await;
    drop(port);
    app.until_state(|state| state.interfaces[0].trouble.is_some()).await;
    let trouble = app.phone.state().interfaces[0].trouble.clone().unwrap();
    assert!(trouble.contains("dropped; start a phone with a new one"), "{trouble}");
    app.shutdown().await;
}

async fn two_phones_of_a_pair_talk_and_the_end_of_one_is_told_to_the_other<R: TestRuntime>(rt: R) {
    let [one, other] = Interface::pair("a line");
    let mut callee = App::start(&rt, builder().interface(other)).await;
    let mut caller = App::start(&rt, builder().interface(one)).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    call.hang_up().await.unwrap();
    caller.end().await;
    caller.shutdown().await;
    callee.until_state(|state| state.interfaces[0].trouble.is_some()).await;
    assert_eq!(callee.phone.state().interfaces[0].connections_lost, 1);
    callee.shutdown().await;
}

async fn a_client_that_leaves_a_server_is_counted_and_is_no_trouble<R: TestRuntime>(rt: R) {
    let server = App::listening(&rt).await;
    let client = App::connected(&rt, server.address()).await;
    server.until_connected().await;
    client.shutdown().await;
    server.until_state(|state| state.interfaces[0].connections_lost == 1).await;
    let state = server.phone.state().interfaces.remove(0);
    assert_eq!((state.connections, state.trouble), (0, None));
    server.shutdown().await;
}

async fn what_cannot_work_of_an_interface_is_an_error_at_the_start<R: TestRuntime>(_: R) {
    let never = || async { Err(io::ErrorKind::Unsupported.into()) };
    for (interface, told) in [
        (
            Interface::<R>::stream("the radio", Framing::Datagram, never),
            "there is Interface::datagrams",
        ),
        (Interface::tcp_server("127.0.0.1:0").to_shared_instance(), "is connected to"),
        (Interface::tcp_client("nowhere"), "\"nowhere\" is not of the form HOST:PORT"),
        (Interface::tcp_client("127.0.0.1:0"), "give the peer's port"),
        (Interface::udp("127.0.0.1:0", "127.0.0.1:0"), "give the peer's port"),
        (Interface::udp("127.0.0.1:0", "127.0.0.1:x"), "\"127.0.0.1:x\" is not of the form"),
        (Interface::shared_instance_on(0), "give the peer's port"),
        #[cfg(target_os = "linux")]
        (Interface::named_shared_instance("x".repeat(104)), "a name of 104 bytes, where 1 to 103"),
        #[cfg(target_os = "linux")]
        (Interface::named_shared_instance(""), "a name of 0 bytes"),
    ] {
        let expected = interface.to_string();
        match builder().interface(interface).start().await.unwrap_err() {
            StartError::Interface { name, error } => {
                assert_eq!(name, expected);
                assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
                assert!(error.to_string().contains(told), "{error}");
            }
            other => panic!("{other}"),
        }
    }
}

/// Two phones on the two ends of a transport talk.
async fn call<R: TestRuntime>(rt: &R, one: Interface<R>, other: Interface<R>) {
    let mut callee = App::start(rt, builder().interface(other)).await;
    let mut caller = App::start(rt, builder().interface(one)).await;
    caller.until_connected().await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

/// How the only interface stands: connections, lost ones, trouble.
fn stands<R: TestRuntime>(app: &App<R>) -> (usize, u64, Option<String>) {
    let InterfaceState { connections, connections_lost, trouble, .. } =
        app.phone.state().interfaces.remove(0);
    (connections, connections_lost, trouble)
}

/// A transport that keeps packets apart.
#[derive(Clone)]
struct Air(Sender<Vec<u8>>, Receiver<Vec<u8>>);

impl Air {
    fn pair() -> [Self; 2] {
        let (there, arrived) = async_channel::unbounded();
        let (back, returned) = async_channel::unbounded();
        [Self(there, returned), Self(back, arrived)]
    }
}

impl Datagrams for Air {
    async fn receive(&self, datagram: &mut [u8]) -> io::Result<(usize, Option<IpAddr>)> {
        let received = self.1.recv().await.map_err(io::Error::other)?;
        let length = received.len().min(datagram.len());
        datagram[..length].copy_from_slice(&received[..length]);
        Ok((length, None))
    }

    async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.0.send(datagram.to_vec()).await.map_err(io::Error::other)
    }
}
