//! What holds for the wire codec whatever the bytes are.

use lxst_core::wire::{
    Frame, MAX_SIGNALS, MEDIA_OVERHEAD, Media, Packet, Sequence, Signal, SpeakerId, TalkEnd,
    encode_frame, encode_frames, encode_media, encode_signals, encode_talk_end,
};

/// Reads the bytes as a packet, and what was read once more after encoding it.
///
/// # Panics
/// If an invariant does not hold.
pub fn check(data: &[u8]) {
    let Ok(packet) = Packet::parse(data) else {
        return;
    };
    let signals: Vec<_> = packet.signals().collect();
    assert!(signals.len() <= MAX_SIGNALS);
    assert!(signals.len() as u64 + packet.signals_dropped() <= data.len() as u64);

    let items: Vec<_> = packet.frames().collect();
    let good: Vec<_> = items.iter().copied().flatten().collect();
    let payload_bytes: usize = good.iter().map(|frame| frame.payload.len()).sum();
    assert!(items.len() + payload_bytes <= data.len());
    let bad = items.iter().position(Result::is_err).unwrap_or(items.len());
    assert!(bad + 1 >= items.len(), "items after a bad frame");

    check_trailing_bytes(data, &packet);
    check_signals(&signals);
    check_frames(&good, data.len());
    check_talk(&packet, &good, data.len());
}

fn check_trailing_bytes(data: &[u8], packet: &Packet<'_>) {
    let longer = [data, &[0xc1]].concat();
    let again = Packet::parse(&longer).expect("bytes after the map are ignored");
    assert!(again.signals().eq(packet.signals()));
    assert!(again.frames().eq(packet.frames()));
    assert_eq!(optional_keys(&again), optional_keys(packet));
}

fn check_signals(signals: &[Signal]) {
    let mut out = [0; 3 + 9 * MAX_SIGNALS + 2];
    let length = encode_signals(signals, &mut out).expect("nine bytes hold any integer");
    let packet = Packet::parse(&out[..length]).expect("what was encoded can be read");
    assert!(packet.signals().eq(signals.iter().copied()));
    assert_eq!(packet.signals_dropped(), 0);
    assert_eq!(packet.frames().count(), 0);
}

fn check_frames(frames: &[Frame<'_>], received_bytes: usize) {
    if received_bytes > usize::from(u16::MAX) {
        return;
    }
    let mut out = vec![0; received_bytes + MEDIA_OVERHEAD];
    let length = encode_frames(frames, &mut out).expect("no shorter form was received");
    let packet = Packet::parse(&out[..length]).expect("what was encoded can be read");
    assert!(packet.frames().eq(frames.iter().copied().map(Ok)));
    assert_eq!(packet.signals().count(), 0);
    for frame in frames {
        let length = encode_frame(*frame, &mut out).expect("a part of what fits");
        assert!(length <= frame.payload.len() + MEDIA_OVERHEAD);
        let packet = Packet::parse(&out[..length]).expect("what was encoded can be read");
        assert!(packet.frames().eq([Ok(*frame)]));
    }
}

fn check_talk(packet: &Packet<'_>, frames: &[Frame<'_>], received_bytes: usize) {
    if received_bytes > usize::from(u16::MAX) {
        return;
    }
    // A speaker takes ten bytes at most, and a number four.
    let mut out = vec![0; received_bytes + MEDIA_OVERHEAD + 14];
    let (speaker, sequence) = (packet.speaker(), packet.sequence());
    let media = Media { frames, speaker, sequence };
    let length = encode_media(media, &mut out).expect("no shorter form was received");
    let again = Packet::parse(&out[..length]).expect("what was encoded can be read");
    assert!(again.frames().eq(frames.iter().copied().map(Ok)));
    assert_eq!(optional_keys(&again), (speaker, sequence, None));
    if let Some(end) = packet.talk_end() {
        let length = encode_talk_end(end, &mut out).expect("eleven bytes hold any end");
        let again = Packet::parse(&out[..length]).expect("what was encoded can be read");
        assert_eq!(optional_keys(&again), (None, None, Some(end)));
    }
}

fn optional_keys(packet: &Packet<'_>) -> (Option<SpeakerId>, Option<Sequence>, Option<TalkEnd>) {
    (packet.speaker(), packet.sequence(), packet.talk_end())
}
