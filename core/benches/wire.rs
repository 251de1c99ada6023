//! Wall time of the wire codec, a packet at a time.

use core::hint::black_box;

use divan::Bencher;
use lxst_core::wire::{Codec, Frame, Packet, Signal, encode_frame, encode_signals};

fn main() {
    divan::main();
}

#[divan::bench]
fn encode_media(bencher: Bencher) {
    let payload = [0x5a; OPUS_BYTES];
    let mut out = [0; 500];
    bencher.bench_local(|| {
        let frame = Frame { codec: Codec::Opus, payload: black_box(&payload) };
        encode_frame(frame, black_box(&mut out))
    });
}

#[divan::bench]
fn decode_media(bencher: Bencher) {
    let mut out = [0; 500];
    let frame = Frame { codec: Codec::Opus, payload: &[0x5a; OPUS_BYTES] };
    let length = encode_frame(frame, &mut out).expect("500 bytes hold 60");
    let bytes = &out[..length];
    bencher.bench_local(|| {
        let packet = Packet::parse(black_box(bytes));
        packet.map(|packet| {
            packet.frames().fold(0, |sum, frame| sum + frame.map_or(0, |frame| frame.payload.len()))
        })
    });
}

#[divan::bench]
fn encode_ringing(bencher: Bencher) {
    let mut out = [0; 500];
    bencher.bench_local(|| encode_signals(black_box(&[Signal::Ringing]), black_box(&mut out)));
}

#[divan::bench]
fn decode_ringing(bencher: Bencher) {
    bencher.bench_local(|| decode_signals(black_box(&[0x81, 0x00, 0x91, 0x04])));
}

#[divan::bench]
fn encode_preferences(bencher: Bencher) {
    let preferences = [Signal::PreferredProfile(0x40), Signal::PreferredMode(1)];
    let mut out = [0; 500];
    bencher.bench_local(|| encode_signals(black_box(&preferences), black_box(&mut out)));
}

#[divan::bench]
fn decode_preferences(bencher: Bencher) {
    let bytes = [0x81, 0x00, 0x92, 0xcd, 0x01, 0x3f, 0xcc, 0xf1];
    bencher.bench_local(|| decode_signals(black_box(&bytes)));
}

fn decode_signals(bytes: &[u8]) -> u64 {
    let Ok(packet) = Packet::parse(bytes) else {
        return 0;
    };
    packet.signals().fold(0, |sum, signal| sum + signal.value())
}

/// A frame of the default profile.
const OPUS_BYTES: usize = 60;
