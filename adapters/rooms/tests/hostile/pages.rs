//! What holds of every packet of a page, whatever is in it. The fuzzer and its corpus run this.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use lxst_core::Instant;
use lxst_core::wire::Packet;
use lxst_rooms::{
    PageKey, PageRule, Pager, PagerConfig, PagerEvent, PagerInput, PagerOutput, limits,
};

/// Gives a pager the bytes as a packet, and as what a neighbour sealed: the flags, then the rest.
///
/// # Panics
/// If an invariant does not hold.
pub(crate) fn check(data: &[u8]) {
    to_pager(data);
    if let Some((flags, plain)) = data.split_first() {
        to_pager(&seal(*flags, plain));
    }
}

/// A packet that comes twice.
fn to_pager(data: &[u8]) {
    let config = PagerConfig::new("Bob").expect("a name");
    let config = config.group(PageKey(KEY), PageRule::Play).expect("one group");
    let mut pager = Pager::new(config, Instant::ORIGIN);
    let first = give(&mut pager, Instant::ORIGIN, PagerInput::Packet(data));
    let begun = first.iter().filter(|event| matches!(event, PagerEvent::Began { .. })).count();
    let voices: Vec<_> = first.iter().filter_map(voice).collect();
    assert_eq!((begun, first.len()), (voices.len(), 2 * voices.len()));
    voices.into_iter().for_each(check_voice);
    assert!(pager.poll_timeout().is_none_or(|due| due > Instant::ORIGIN));

    assert_eq!(give(&mut pager, Instant::ORIGIN, PagerInput::Packet(data)), []);
    let counters = pager.counters();
    let refused = counters.malformed + counters.stale + counters.foreign + counters.repeated;
    assert!(refused > 0, "{counters:?}");

    let later = Instant::ORIGIN + limits::MAX_PAGE;
    let ended = give(&mut pager, later, PagerInput::Timeout);
    assert_eq!(ended.len(), begun);
    assert_eq!(pager.poll_timeout(), None);
}

fn give(pager: &mut Pager, now: Instant, input: PagerInput<'_>) -> Vec<PagerEvent> {
    pager.handle_input(now, CLOCK, input).expect("the outputs are drained");
    let mut events = Vec::new();
    while let Some(output) = pager.poll_output() {
        match output {
            PagerOutput::Event(event) => events.push(event),
            PagerOutput::Broadcast(data) => panic!("a listener sends {data:?}"),
        }
    }
    events
}

fn voice(event: &PagerEvent) -> Option<&[u8]> {
    if let PagerEvent::Began { name: Some(name), .. } = event {
        assert!(name.len() <= limits::NAME);
    }
    if let PagerEvent::Voice(data) = event { Some(data) } else { None }
}

fn check_voice(data: &[u8]) {
    assert!(data.len() <= limits::PAGE_VOICE);
    let packet = Packet::parse(data).expect("it is well formed");
    assert!((1..=limits::FRAMES).contains(&packet.frames().count()));
    assert!(packet.frames().all(|frame| frame.is_ok()));
}

/// The first packet of a page.
fn seal(flags: u8, plain: &[u8]) -> Vec<u8> {
    let mut head = vec![1, flags];
    head.extend([7; 8]);
    head.extend(0_u32.to_be_bytes());
    head.extend(CLOCK.to_be_bytes());
    let nonce: [u8; 12] = core::array::from_fn(|at| head[2 + at]);
    let cipher = ChaCha20Poly1305::new(&Key::from(KEY));
    let payload = Payload { msg: plain, aad: &head };
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).expect("it is short");
    [head, sealed].concat()
}

/// The bytes from 0 to 31.
const KEY: [u8; 32] = {
    let mut key = [0; 32];
    let mut at = 0;
    while at < key.len() {
        key[at] = at as u8;
        at += 1;
    }
    key
};
const CLOCK: u32 = 1_800_000_000;
