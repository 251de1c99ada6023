//! Our phone calls a room of Partyline's, by its telephone dial-in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lxst_core::wire::Packet;
use lxst_core::{Boundary, Output};
use lxst_interop::{Partyline, free_udp_ports};
use lxst_tokio::{
    EndReason, Event, Events, Identity, Interface, OsRng, PhoneBuilder, Profile, Tap,
};
use serde_json::json;

use crate::{PATIENCE, swap};

#[test]
fn the_dial_in_of_partyline_ignores_our_mark_and_lets_us_hear_the_room() {
    let test = "the_dial_in_of_partyline_ignores_our_mark_and_lets_us_hear_the_room";
    let (ours, of_ann) = (free_udp_ports(), free_udp_ports());
    let config = json!({
        "name": "Python",
        "rooms": [{ "name": "Lobby" }],
        "dialin": { "enabled": true, "room": "Lobby" },
    });
    let mut server = Partyline::server(test, "server", &[swap(ours), swap(of_ann)], &config);
    let hash = server.expect("Room destination: ", PATIENCE);
    let hash = hash.rsplit(' ').next().unwrap();
    let _ann = Partyline::joined_client(test, "ann", of_ann, hash, &["--tone", "440"]);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(hear_the_room(ours));
}

async fn hear_the_room(ours: (u16, u16)) {
    let marks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&marks);
    let tap = Tap::new(move |_, boundary| {
        if let Boundary::Out(Output::Transmit { data, .. }) = boundary {
            let has_mark = Packet::parse(data).unwrap().loss().is_some();
            counted.fetch_add(usize::from(has_mark), Ordering::Relaxed);
        }
    });
    let [local, peer] = [ours.0, ours.1].map(|port| format!("127.0.0.1:{port}"));
    let (phone, mut events) = PhoneBuilder::new(Identity::generate(&mut OsRng))
        .interface(Interface::udp(local, peer))
        .tap(tap)
        .start()
        .await
        .unwrap();
    let number = until(&mut events, "an announce", |event| match event {
        Event::Announced { identity, .. } => Some(*identity),
        _ => None,
    });
    let call = phone.dial(number.await, Profile::HighQuality).await.unwrap();
    let established = |event: &Event| matches!(event, Event::Established { .. }).then_some(());
    until(&mut events, "an answer", established).await;
    assert!(marks.load(Ordering::Relaxed) > 0);
    // 3 s of frames, which come while somebody talks.
    until(&mut events, "the room", |event| match event {
        Event::Quality { quality, .. } => (quality.frames_received >= 50).then_some(()),
        Event::Ended { reason, .. } => panic!("the call ended: {reason}"),
        _ => None,
    })
    .await;
    call.hang_up().await.unwrap();
    assert_eq!(call.ended().await.unwrap(), EndReason::LocalHangup);
    phone.shutdown().await;
}

async fn until<T>(
    events: &mut Events,
    what: &str,
    mut wanted: impl FnMut(&Event) -> Option<T>,
) -> T {
    let wait = async {
        while let Some(event) = events.next().await {
            if let Some(found) = wanted(&event) {
                return Some(found);
            }
        }
        None
    };
    let found = tokio::time::timeout(PATIENCE, wait).await;
    found.unwrap_or_else(|_| panic!("{what} within {PATIENCE:?}")).expect("the phone runs")
}
