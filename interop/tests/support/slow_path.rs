//! A slow path: a TCP relay with a long round trip.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

/// Starts a relay to a port of this machine, and returns the port of its near end. Bytes arrive
/// half a round trip later in either direction.
pub(crate) fn slow_path_to(port: u16, round_trip: Duration) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let stands_for_it = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { return };
            let [back_near, back_far] =
                [&near, &far].map(|stream| stream.try_clone().expect("a handle is free"));
            relay(near, far, round_trip / 2);
            relay(back_far, back_near, round_trip / 2);
        }
    });
    stands_for_it
}

/// Relays bytes with this delay, until either side closes.
fn relay(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    to.set_nodelay(true).expect("the socket is open");
    let (sender, waiting) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = [0; 4_096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + delay, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (at, bytes) in waiting {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        // The other side has closed already.
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}
