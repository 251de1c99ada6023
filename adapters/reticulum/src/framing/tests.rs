//! Tests of each stream framing: what all of them have to do, and the bytes of each.

use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec as any_vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Returns the packets of a stream, with `None` for each broken frame.
fn found(deframer: &mut Deframer, input: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut all = vec![];
    deframer.take(input, |found| {
        all.push(match found {
            Deframed::Frame(frame) => Some(frame.to_vec()),
            Deframed::Broken => None,
        });
    });
    all
}

fn framed(framing: Framing, packet: &[u8]) -> Vec<u8> {
    let mut out = vec![];
    let (head, tail) = packet.split_at(packet.len() / 2);
    framing.write(&[head, tail], &mut out);
    out
}

/// Generates any bytes, with a framing's special bytes among them often.
fn any_bytes(length: core::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let special = select(&[0x7e, 0x7d, 0x5e, 0x5d, 0xc0, 0xdb, 0xdc, 0xdd, 0x00, 0x0f][..]);
    any_vec(prop_oneof![any::<u8>(), special], length)
}

/// Generates bytes between frames that neither begin nor end one, nor escape what follows.
fn noise(framing: Framing) -> impl Strategy<Value = Vec<u8>> {
    any_bytes(0..20).prop_map(move |mut bytes| {
        bytes.retain(|byte| ![0x7e, 0x7d, 0xc0, 0xdb].contains(byte));
        if let (Framing::Kiss, Some(first)) = (framing, bytes.first_mut()) {
            // Otherwise it would be a packet, as noise between two flags of HDLC is.
            *first |= 0x01;
        }
        bytes
    })
}

fn streams() -> impl Strategy<Value = Framing> {
    select(&[Framing::Hdlc, Framing::Kiss][..])
}

proptest! {
    #[test]
    fn packets_come_through_in_pieces_of_any_size_with_noise_around(
        (framing, parts) in streams().prop_flat_map(|framing| {
            (Just(framing), any_vec((any_bytes(1..80), noise(framing)), 0..8))
        }),
        sizes in any_vec(1..40_usize, 1..20),
    ) {
        let mut stream = vec![];
        let mut expected = vec![];
        for (packet, noise) in &parts {
            stream.extend(framed(framing, packet));
            stream.extend_from_slice(noise);
            expected.push(Some(packet.clone()));
            if framing == Framing::Hdlc && !noise.is_empty() {
                // The bytes between two flags are a frame; the last noise has no flag after it.
                expected.push(Some(noise.clone()));
            }
        }
        if framing == Framing::Hdlc && parts.last().is_some_and(|(_, noise)| !noise.is_empty()) {
            expected.pop();
        }
        let mut deframer = Deframer::new(framing, 80);
        let mut all = vec![];
        let mut rest = stream.as_slice();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(rest.len().min(*size));
            all.extend(found(&mut deframer, piece));
            rest = after;
        }
        prop_assert_eq!(all, expected);
    }

    #[test]
    fn whatever_came_before_the_frame_after_the_next_comes_through(
        framing in streams(),
        junk in any_bytes(0..300),
        packet in any_bytes(1..80),
    ) {
        let mut deframer = Deframer::new(framing, 80);
        for frame in found(&mut deframer, &junk).into_iter().flatten() {
            prop_assert!((1..=80).contains(&frame.len()));
        }
        found(&mut deframer, &framed(framing, &packet));
        prop_assert_eq!(found(&mut deframer, &framed(framing, &packet)), [Some(packet)]);
    }

    #[test]
    fn a_frame_beyond_the_bound_is_lost_alone_and_told_once(
        framing in streams(),
        long in any_bytes(81..400),
        packet in any_bytes(1..80),
    ) {
        let stream = [framed(framing, &long), framed(framing, &packet)].concat();
        let mut deframer = Deframer::new(framing, 80);
        let all: Vec<_> = stream.iter().flat_map(|byte| found(&mut deframer, &[*byte])).collect();
        prop_assert_eq!(&all, &[None, Some(packet)]);
        prop_assert_eq!(found(&mut Deframer::new(framing, 80), &stream), all);
    }
}

#[test]
fn one_flag_may_end_a_frame_and_begin_the_next() {
    let expected = [Some(b"ab".to_vec()), Some(b"cd".to_vec())];
    assert_eq!(found(&mut Deframer::new(Framing::Hdlc, 9), b"\x7eab\x7ecd\x7e"), expected);
    assert_eq!(found(&mut Deframer::new(Framing::Kiss, 9), b"\xc0\0ab\xc0\0cd\xc0"), expected);
}

#[test]
fn a_frame_that_breaks_off_within_an_escape_is_lost_alone() {
    let expected = [None, Some(b"z".to_vec())];
    assert_eq!(found(&mut Deframer::new(Framing::Hdlc, 9), b"\x7ea\x7d\x7e\x7ez\x7e"), expected);
    let kiss = b"\xc0\0a\xdb\xc0\xc0\0z\xc0";
    assert_eq!(found(&mut Deframer::new(Framing::Kiss, 9), kiss), expected);
}

#[test]
fn each_framing_writes_what_rns_writes() {
    let packet = [0x01, 0x7e, 0x7d, 0xc0, 0xdb, 0x02];
    let hdlc = b"\x7e\x01\x7d\x5e\x7d\x5d\xc0\xdb\x02\x7e";
    assert_eq!(framed(Framing::Hdlc, &packet), hdlc);
    let kiss = b"\xc0\x00\x01\x7e\x7d\xdb\xdc\xdb\xdd\x02\xc0";
    assert_eq!(framed(Framing::Kiss, &packet), kiss);
    assert_eq!(framed(Framing::Datagram, &packet), packet);
}

#[test]
fn a_modems_own_frames_are_passed_over_and_packets_of_each_port_are_taken() {
    // READY, a packet of port 5, RETURN, and a packet with a needless escape.
    let stream = b"\xc0\x0f\x01\xc0\xc0\x50ab\xc0\xc0\xff\xc0\xc0\x00\xdbc\xc0";
    let expected = [Some(b"ab".to_vec()), Some(b"c".to_vec())];
    assert_eq!(found(&mut Deframer::new(Framing::Kiss, 9), stream), expected);
}
