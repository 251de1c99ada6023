use std::vec;
use std::vec::Vec;

use super::*;

#[test]
fn signals_are_sent_as_the_reference_sends_them() {
    assert_eq!(signals_packet(&[Signal::Ringing]), [0x81, 0x00, 0x91, 0x04]);
    assert_eq!(
        signals_packet(&[Signal::PreferredProfile(0x40), Signal::PreferredMode(1)]),
        [0x81, 0x00, 0x92, 0xcd, 0x01, 0x3f, 0xcc, 0xf1]
    );
}

#[test]
fn a_frame_is_sent_as_the_reference_sends_it() {
    let mut expected = vec![0x81, 0x01, 0xc4, 61, 0x01];
    expected.extend([0x5a; 60]);
    assert_eq!(frame_packet(&[0x5a; 60]), expected);
}

#[test]
fn a_frame_of_256_bytes_and_more_has_a_length_of_two_bytes() {
    assert_eq!(frame_packet(&[0; 254])[..5], [0x81, 0x01, 0xc4, 0xff, 0x01]);
    assert_eq!(frame_packet(&[0; 255])[..6], [0x81, 0x01, 0xc5, 0x01, 0x00, 0x01]);
    assert_eq!(frame_packet(&[0; 255]).len(), 255 + MEDIA_OVERHEAD);
    assert_eq!(frame_packet(&[0; 65_534]).len(), 65_534 + MEDIA_OVERHEAD);
}

#[test]
fn a_frame_too_long_for_any_packet_is_refused() {
    let frame = Frame { codec: Codec::Opus, payload: &[0; 65_535] };
    assert!(encode_frame(frame, &mut [0; 70_000]).is_err());
}

#[test]
fn frames_of_one_packet_are_sent_as_a_list_and_read_back_in_order() {
    let frames = [
        Frame { codec: Codec::Opus, payload: &[1] },
        Frame { codec: Codec::Codec2, payload: &[] },
        Frame { codec: Codec::Raw, payload: &[2, 3] },
    ];
    let mut out = [0; 64];
    let length = encode_frames(&frames, &mut out).unwrap();
    let expected = [0x81, 1, 0x93, 0xc4, 2, 1, 1, 0xc4, 1, 2, 0xc4, 3, 0, 2, 3];
    assert_eq!(out[..length], expected);
    let packet = Packet::parse(&out[..length]).unwrap();
    assert_eq!(packet.frames().collect::<Result<Vec<_>, _>>(), Ok(frames.to_vec()));
}

#[test]
fn every_buffer_shorter_than_the_packet_is_refused() {
    let preferences = [Signal::PreferredProfile(0x40), Signal::PreferredMode(1)];
    let frame = Frame { codec: Codec::Opus, payload: &[9; 300] };
    for room in 0..8 {
        let refused = encode_signals(&preferences, &mut vec![0; room]);
        assert_eq!(refused, Err(Overflow { room }));
    }
    for room in 0..300 + MEDIA_OVERHEAD {
        assert_eq!(encode_frame(frame, &mut vec![0; room]), Err(Overflow { room }));
    }
}

#[test]
fn a_signal_has_the_number_that_it_was_made_of() {
    for value in (0..=0x1_0200).chain([u64::from(u32::MAX), u64::MAX]) {
        assert_eq!(Signal::from_value(value).value(), value);
    }
}

#[test]
fn modes_and_profiles_lie_where_the_reference_has_them() {
    assert_eq!(Signal::from_value(0x07), Signal::Unknown(0x07));
    assert_eq!(Signal::from_value(0xef), Signal::Unknown(0xef));
    assert_eq!(Signal::from_value(0xf0), Signal::PreferredMode(0));
    assert_eq!(Signal::from_value(0xfe), Signal::PreferredMode(14));
    assert_eq!(Signal::from_value(0xff), Signal::PreferredProfile(0));
    assert_eq!(Signal::from_value(0x13f), Signal::PreferredProfile(0x40));
    assert_eq!(Signal::from_value(0x1_00fe), Signal::PreferredProfile(0xffff));
    assert_eq!(Signal::from_value(0x1_00ff), Signal::Unknown(0x1_00ff));
}

#[test]
fn what_is_no_signal_is_passed_over_and_counted() {
    let bytes = [0x81, 0x00, 0x95, 0xc3, 0x06, 0xff, 0xa1, b'x', 0x04];
    let packet = Packet::parse(&bytes).unwrap();
    assert!(packet.signals().eq([Signal::Established, Signal::Ringing]));
    assert_eq!(packet.signals_dropped(), 3);
}

#[test]
fn signals_beyond_the_most_of_a_packet_are_counted_not_handed_out() {
    let bytes = signals_packet(&[Signal::Available; MAX_SIGNALS + 3]);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.signals().count(), MAX_SIGNALS);
    assert_eq!(packet.signals_dropped(), 3);
}

#[test]
fn elements_that_are_no_signals_take_no_room_of_those_that_are() {
    let mut bytes = vec![0x81, 0x00, 0xdc, 0, 21];
    bytes.extend([0xc0; 20]);
    bytes.push(0x06);
    let packet = Packet::parse(&bytes).unwrap();
    assert!(packet.signals().eq([Signal::Established]));
    assert_eq!(packet.signals_dropped(), 20);
}

#[test]
fn a_frame_of_an_unknown_codec_ends_the_frames_and_leaves_the_signals() {
    let bytes = [0x82, 1, 0x93, 0xc4, 1, 1, 0xc4, 1, 9, 0xc4, 1, 1, 0, 6];
    let packet = Packet::parse(&bytes).unwrap();
    let frame = |codec| Ok(Frame { codec, payload: &[] });
    let (opus, other) = (frame(Codec::Opus), frame(Codec::Other(9)));
    let taken = |codecs| packet.frames().known(codecs);
    assert!(taken(CodecSet::REFERENCE).eq([opus, Err(BadFrame::UnknownCodec(9))]));
    assert!(taken(CodecSet::REFERENCE.with(Codec::Other(9))).eq([opus, other, opus]));
    assert!(taken(CodecSet::ALL).eq(packet.frames()));
    assert!(packet.signals().eq([Signal::Established]));
}

#[test]
fn a_set_of_codecs_holds_what_was_put_in() {
    let every = (0..=u8::MAX).map(Codec::from_byte);
    assert!(CodecSet::EMPTY.iter().next().is_none());
    assert!(CodecSet::REFERENCE.iter().eq([Codec::Raw, Codec::Opus, Codec::Codec2]));
    for codec in every.clone() {
        assert!(CodecSet::EMPTY.with(codec).iter().eq([codec]), "{codec}");
    }
    assert_eq!(every.fold(CodecSet::EMPTY, CodecSet::with), CodecSet::ALL);
}

#[test]
fn a_bad_frame_ends_the_frames_and_leaves_the_signals() {
    let bytes = [0x82, 1, 0x93, 0xc4, 1, 1, 0xc4, 0, 0xc4, 1, 1, 0, 6];
    let packet = Packet::parse(&bytes).unwrap();
    let good = Frame { codec: Codec::Opus, payload: &[] };
    assert!(packet.frames().eq([Ok(good), Err(BadFrame::Empty)]));
    assert!(packet.signals().eq([Signal::Established]));
}

#[test]
fn the_reason_names_what_is_wrong_with_a_packet() {
    let reason = |bytes: &[u8]| Packet::parse(bytes).unwrap_err();
    assert_eq!(reason(&[]), Malformed::Truncated);
    assert_eq!(reason(&[0x81, 0, 0xdd, 0xff, 0xff, 0xff, 0xff]), Malformed::Truncated);
    assert_eq!(reason(&[0xc0]), Malformed::NotMap);
    assert_eq!(reason(&[0x81, 0, 0xc1]), Malformed::ReservedCode);
    assert_eq!(reason(&[0x81, 2, 0xa1, 0xff]), Malformed::InvalidUtf8);
    assert_eq!(reason(&[0x82, 0, 4, 0xcc, 0, 4]), Malformed::DuplicateKey);
    assert_eq!(reason(&[0x81, 0x80, 4]), Malformed::UnhashableKey);
    assert_eq!(reason(&[0x81, 0x91, 0x80, 4]), Malformed::UnhashableKey);
}

#[test]
fn keys_beyond_the_most_of_a_packet_drop_it() {
    let with_keys = |count: u16| {
        let mut bytes = vec![0xde];
        bytes.extend(count.to_be_bytes());
        bytes.extend((0..count as u8).flat_map(|key| [key, 4]));
        bytes
    };
    assert!(Packet::parse(&with_keys(16)).is_ok());
    assert_eq!(Packet::parse(&with_keys(17)).unwrap_err(), Malformed::TooManyKeys);
}

#[test]
fn a_packet_cut_anywhere_is_dropped_whole() {
    let bytes = [0x82, 0, 0x92, 0xcd, 1, 0x3f, 0xcc, 0xf1, 1, 0xc4, 3, 1, 0xaa, 0xbb];
    assert!(Packet::parse(&bytes).is_ok());
    for length in 0..bytes.len() {
        assert_eq!(Packet::parse(&bytes[..length]), Err(Malformed::Truncated));
    }
}

#[test]
fn a_nest_of_any_depth_is_passed_over() {
    let nest = [vec![0x91; 200_000], vec![0x01]].concat();
    let signalling = [0x00, 0x91, 0x04];
    let packets = [
        [&[0x82][..], &signalling, &[0x05], &nest].concat(),
        [&[0x82][..], &signalling, &nest, &[0x05]].concat(),
        [&[0x82][..], &signalling, &[0x01], &nest].concat(),
    ];
    for bytes in packets {
        let packet = Packet::parse(&bytes).unwrap();
        assert!(packet.signals().eq([Signal::Ringing]));
        assert!(packet.frames().all(|frame| frame == Err(BadFrame::NotBinary)));
    }
}

fn signals_packet(signals: &[Signal]) -> Vec<u8> {
    let mut out = vec![0; 500];
    let length = encode_signals(signals, &mut out).unwrap();
    out.truncate(length);
    out
}

fn frame_packet(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 66_000];
    let length = encode_frame(Frame { codec: Codec::Opus, payload }, &mut out).unwrap();
    out.truncate(length);
    out
}
