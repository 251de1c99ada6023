//! Strangers who take every place of a server.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;

use lxst_core::CallState;
use lxst_phone::AudioFormat;

use crate::support::{App, TestRuntime, establish, eventually, finish, spawn};

on_each_runtime!(
    silent_connections_make_room_the_oldest_first_and_a_call_goes_on,
    a_friend_who_comes_last_of_many_calls,
);

/// The connections that a server keeps.
const SEATS: usize = 64;

async fn silent_connections_make_room_the_oldest_first_and_a_call_goes_on<R: TestRuntime>(rt: R) {
    let mut callee = App::listening(&rt).await;
    let mut caller = App::connected(&rt, callee.address()).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let mut source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let talking = spawn(&rt, async move { while source.write(&[0.5_f32; 960]).await.is_ok() {} });

    let too_many = 10;
    let mut silent: Vec<_> = (0..SEATS - 1 + too_many).map(|_| connect(&callee)).collect();
    let mut closed = vec![false; silent.len()];
    eventually(&rt, async || {
        for (closed, stream) in closed.iter_mut().zip(&mut silent) {
            *closed = *closed || is_closed(stream);
        }
        closed.iter().filter(|closed| **closed).count() >= too_many
    })
    .await;
    assert_eq!(closed.iter().position(|closed| !closed), Some(too_many), "the oldest made room");
    callee.until_state(|state| state.connections == SEATS).await;
    assert_eq!(callee.call_state(), CallState::Established);
    finish(call, caller, callee).await;
    talking.await;
}

async fn a_friend_who_comes_last_of_many_calls<R: TestRuntime>(rt: R) {
    let mut callee = App::listening(&rt).await;
    let _silent: Vec<_> = (0..SEATS).map(|_| connect(&callee)).collect();
    callee.until_state(|state| state.connections == SEATS).await;
    let mut friend = App::connected(&rt, callee.address()).await;
    let (call, _) = establish(&mut friend, &mut callee).await;
    assert_eq!(callee.phone.state().connections, SEATS);
    finish(call, friend, callee).await;
}

fn connect<R: TestRuntime>(callee: &App<R>) -> TcpStream {
    let stream = TcpStream::connect(callee.address()).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

/// Whether the other end has closed, which may have announced itself before.
fn is_closed(stream: &mut TcpStream) -> bool {
    loop {
        match stream.read(&mut [0; 1_000]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}
