//! Streams of tokio as interfaces.

#![cfg(feature = "endpoint")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use lxst_tokio::{Event, Framing, Identity, Interface, OsRng, PhoneBuilder, byte_stream};
use std::io;
use std::sync::Mutex;
use tokio::io::DuplexStream;

#[tokio::test]
async fn two_phones_hear_each_other_over_a_stream_of_tokio() {
    let (left, right) = tokio::io::duplex(64);
    let [left, right] = [left, right]
        .map(|end| PhoneBuilder::new(Identity::generate(&mut OsRng)).interface(once(end)).start());
    let (alice, mut at_alice) = left.await.unwrap();
    let (bob, mut at_bob) = right.await.unwrap();
    for (events, other) in [(&mut at_alice, &bob), (&mut at_bob, &alice)] {
        match events.next().await {
            Some(Event::Announced { identity, .. }) => assert_eq!(identity, other.identity()),
            event => panic!("{event:?}"),
        }
    }
    alice.shutdown().await;
    bob.shutdown().await;
}

/// An interface on a stream that can be opened once.
fn once(stream: DuplexStream) -> Interface {
    let stream = Mutex::new(Some(stream));
    Interface::stream("a pipe", Framing::Kiss, move || {
        let stream = stream.lock().unwrap().take();
        async { stream.map(byte_stream).ok_or_else(|| io::ErrorKind::NotConnected.into()) }
    })
}
