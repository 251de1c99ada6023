//! Interfaces on transports of the app.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ::smol::net::unix::UnixStream;
use async_channel::{Receiver, Sender};
use lxst_phone::reticulum::Framing;
use lxst_phone::{ByteStream, Datagrams, Interface};

use crate::support::{App, TestRuntime, builder, establish, eventually, finish, spawn, within};

on_each_runtime!(
    two_phones_talk_over_a_stream_of_the_app_in_either_framing,
    a_stream_that_ends_is_opened_again,
    what_a_stream_cannot_be_opened_for_is_told_under_its_name,
    two_phones_talk_over_datagrams_of_the_app,
    a_datagram_longer_than_any_packet_is_dropped_and_counted,
    a_phone_is_a_local_client_of_a_stack_in_its_process,
    a_stack_that_drops_its_packet_port_is_told_of,
);

async fn two_phones_talk_over_a_stream_of_the_app_in_either_framing<R: TestRuntime>(rt: R) {
    for framing in [Framing::Hdlc, Framing::Kiss] {
        let (one, other) = UnixStream::pair().unwrap();
        let [one, other] = [one, other].map(|end| {
            Interface::stream("a pipe", framing, move || {
                let end = end.clone();
                async move { Ok(stream(end)) }
            })
        });
        call(&rt, one, other).await;
    }
}

async fn a_stream_that_ends_is_opened_again<R: TestRuntime>(rt: R) {
    let opened = Arc::new(AtomicU32::new(0));
    let (ends, far) = async_channel::unbounded();
    let interface = Interface::stream("a pipe", Framing::Hdlc, {
        let opened = opened.clone();
        move || {
            opened.fetch_add(1, Ordering::Relaxed);
            let ends = ends.clone();
            async move {
                let (near, far) = UnixStream::pair()?;
                ends.send(far).await.map_err(io::Error::other)?;
                Ok(stream(near))
            }
        }
    });
    let app = App::start(&rt, builder().interface(interface)).await;
    for times in 1..=3 {
        let far = within(&rt, "the stream is opened", far.recv()).await.unwrap();
        app.until_state(|state| state.connections == 1).await;
        assert_eq!(opened.load(Ordering::Relaxed), times);
        drop(far);
        app.until_state(|state| state.connections == 0).await;
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
    assert!(trouble.contains("start a phone with a new Interface::packets"), "{trouble}");
    app.shutdown().await;
}

/// Two phones on the two ends of a transport talk.
async fn call<R: TestRuntime>(rt: &R, one: Interface<R>, other: Interface<R>) {
    let mut callee = App::start(rt, builder().interface(other)).await;
    let mut caller = App::start(rt, builder().interface(one)).await;
    caller.until_connected().await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

fn stream(end: UnixStream) -> ByteStream {
    ByteStream::new(end.clone(), end)
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
