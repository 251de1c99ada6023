//! Recorded packets of Partyline, read and written again.

use lxst_core::wire::{Media, Packet, encode_media, encode_talk_end};

#[test]
pub(crate) fn recorded_packets_are_read_and_written_again_byte_for_byte() {
    let mut packets = 0;
    for Recorded { scenario, bytes, .. } in recorded() {
        let packet = Packet::parse(&bytes).expect("Partyline sends well formed packets");
        let frames = packet.frames().collect::<Result<Vec<_>, _>>().expect("all frames are good");
        let mut out = vec![0; bytes.len()];
        let length = match packet.talk_end() {
            Some(end) => encode_talk_end(end, &mut out),
            None => {
                let (speaker, sequence) = (packet.speaker(), packet.sequence());
                encode_media(Media { frames: &frames, speaker, sequence }, &mut out)
            }
        };
        assert_eq!(length, Ok(bytes.len()), "{scenario}");
        assert_eq!(out, bytes, "{scenario}");
        packets += 1;
    }
    assert!(packets > 200, "only {packets} packets were read");
}

#[test]
fn the_numbers_of_a_recorded_talk_count_its_frames() {
    for scenario in ["frames_batched", "frames_opus-high", "small_mtu"] {
        let mut next = None;
        for Recorded { bytes, .. } in recorded().filter(|packet| packet.is_sent_in(scenario)) {
            let packet = Packet::parse(&bytes).expect("Partyline sends well formed packets");
            let Some(sequence) = packet.sequence() else { continue };
            assert_eq!(sequence, next.unwrap_or(sequence), "{scenario}");
            next = Some(sequence.plus(packet.frames().count() as u16));
        }
        assert!(next.is_some(), "{scenario}");
    }
}

/// A packet that a peer of a recorded room sent or received.
pub(crate) struct Recorded {
    pub(crate) scenario: &'static str,
    pub(crate) is_sent: bool,
    pub(crate) bytes: Vec<u8>,
}

impl Recorded {
    pub(crate) fn is_sent_in(&self, scenario: &str) -> bool {
        self.is_sent && self.scenario == scenario
    }
}

pub(crate) fn recorded() -> impl Iterator<Item = Recorded> {
    let lines = include_str!("partyline.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let columns: Vec<_> = line.split(" | ").collect();
        let [scenario, _, _, direction, hex] = columns[..] else {
            panic!("a row has five columns: {line}");
        };
        Recorded { scenario, is_sent: direction == "tx", bytes: unhex(hex) }
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> =
        text.chars().map(|digit| digit.to_digit(16).expect("hex digits") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
