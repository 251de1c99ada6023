//! Our phone calls a room of Partyline's, by its telephone dial-in.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lxst_core::wire::Packet;
use lxst_core::{Boundary, Output};
use lxst_interop::{Partyline, free_udp_ports};
use lxst_sim::tone::{amplitude, tone};
use lxst_tokio::{
    AudioFormat, AudioSource, Call, EndReason, Event, Events, Identity, Interface, OsRng, Phone,
    PhoneBuilder, Profile, Tap,
};
use serde_json::json;

use crate::{PATIENCE, has_tone, swap};

#[test]
fn the_dial_in_of_partyline_ignores_our_mark_and_carries_sound_both_ways() {
    let test = "the_dial_in_of_partyline_ignores_our_mark_and_carries_sound_both_ways";
    let (ours, of_ann, of_bob) = (free_udp_ports(), free_udp_ports(), free_udp_ports());
    let config = json!({
        "name": "Python",
        "rooms": [{ "name": "Lobby" }],
        "dialin": { "enabled": true, "room": "Lobby" },
    });
    let mut server =
        Partyline::server(test, "server", &[swap(ours), swap(of_ann), swap(of_bob)], &config);
    let hash = server.expect("Room destination: ", PATIENCE);
    let hash = hash.rsplit(' ').next().unwrap();
    let mut bob = Partyline::joined_client(test, "bob", of_bob, hash, &["--listen"]);
    let mut ann = Partyline::joined_client(test, "ann", of_ann, hash, &["--tone", "440"]);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (phone, call) = call_the_room(ours).await;
        until_heard(&phone, 440).await;
        ann.say("/quit");
        let microphone = phone.audio_source(AudioFormat::PHONE).await.unwrap();
        speak(microphone, 700, Duration::from_secs(3)).await;
        call.hang_up().await.unwrap();
        assert_eq!(call.ended().await.unwrap(), EndReason::LocalHangup);
        phone.shutdown().await;
    });
    bob.say("/quit");
    bob.expect("from 2 members, 0 bad frames", PATIENCE);
    let heard = bob.expect("heard", PATIENCE);
    assert!(has_tone(&heard, 700), "{heard}");
}

/// Returns a phone, and its call to the room.
async fn call_the_room(ours: (u16, u16)) -> (Phone, Call) {
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
    (phone, call)
}

/// Waits until the phone plays a tone.
async fn until_heard(phone: &Phone, hz: u32) {
    let mut speaker = phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    let hear = async {
        let mut heard = [0.0_f32; 9_600];
        while amplitude(&heard, hz, AudioFormat::PHONE.rate_hz) < 0.1 {
            speaker.read(&mut heard).await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, hear).await.expect("the tone is heard");
}

/// Says a tone for so long. The pace is that at which the sound is sent.
async fn speak(mut microphone: AudioSource, hz: u32, time: Duration) {
    let rate_hz = AudioFormat::PHONE.rate_hz;
    let speaking = async {
        for block in 0.. {
            let samples = block * BLOCK..(block + 1) * BLOCK;
            let sound: Vec<_> = samples.map(|at| 0.6 * tone(at, hz, rate_hz)).collect();
            microphone.write(&sound).await.unwrap();
        }
    };
    let is_over = tokio::time::timeout(time, speaking).await;
    assert!(is_over.is_err(), "a tone has no end");
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

/// Samples that are said at once: 20 ms.
const BLOCK: usize = 960;
