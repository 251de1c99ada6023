//! Our MessagePack against `rmpv`'s, which shares no code with it.

#![expect(clippy::wildcard_enum_match_arm, reason = "the values are another crate's enum")]

use std::collections::BTreeSet;

use lxst_core::DisplayName;
use lxst_core::wire::{
    Codec, Frame, MAX_SIGNALS, Packet, Signal, encode_frame, encode_frames, encode_signals,
};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use rmpv::Value;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_packet_encoded_elsewhere_holds_the_same_signals_and_frames(
        packet in packet(),
        trailing in vec(any::<u8>(), 0..4),
    ) {
        let bytes = [encoded(&packet), trailing].concat();
        prop_assert_eq!(read(&bytes), expected(&packet));
    }

    #[test]
    fn arbitrary_bytes_mean_what_they_mean_elsewhere(bytes in bytes()) {
        // Elsewhere the reserved code is nil.
        prop_assume!(!bytes.contains(&0xc1));
        let ours = read(&bytes);
        match rmpv::decode::read_value(&mut bytes.as_slice()) {
            Ok(value) => {
                prop_assume!(!keys(&value).any(equals_a_number_of_another_type));
                prop_assert_eq!(ours, expected(&value));
            }
            Err(_) => prop_assert_eq!(ours, None),
        }
    }

    #[test]
    fn signals_are_encoded_as_elsewhere(values in vec(signal_value(), 0..=MAX_SIGNALS)) {
        let signals: Vec<_> = values.iter().copied().map(Signal::from_value).collect();
        let mut out = [0; 200];
        let length = encode_signals(&signals, &mut out).unwrap();
        let list = values.into_iter().map(Value::from).collect();
        let packet = Value::Map(vec![(Value::from(0), Value::Array(list))]);
        prop_assert_eq!(&out[..length], encoded(&packet));
    }

    #[test]
    fn a_frame_is_encoded_as_elsewhere((codec, payload) in frame()) {
        let mut out = [0; 1_000];
        let length = encode_frame(Frame { codec, payload: &payload }, &mut out).unwrap();
        let packet = Value::Map(vec![(Value::from(1), binary(codec, &payload))]);
        prop_assert_eq!(&out[..length], encoded(&packet));
    }

    #[test]
    fn a_list_of_frames_is_encoded_as_elsewhere(frames in vec(frame(), 0..20)) {
        let list = frames.iter().map(|(codec, payload)| binary(*codec, payload)).collect();
        let packet = Value::Map(vec![(Value::from(1), Value::Array(list))]);
        let frames: Vec<_> =
            frames.iter().map(|(codec, payload)| Frame { codec: *codec, payload }).collect();
        let mut out = [0; 20_000];
        let length = encode_frames(&frames, &mut out).unwrap();
        prop_assert_eq!(&out[..length], encoded(&packet));
    }

    #[test]
    fn a_display_name_is_told_and_heard_as_elsewhere(text in "\\PC{0,70}") {
        let app_data = app_data(text.as_bytes());
        let heard = DisplayName::from_app_data(&app_data);
        let Ok(name) = DisplayName::new(&text) else { return Ok(()) };
        prop_assert_eq!(heard, Some(name));
        if name.as_str() == text {
            let mut told = [0; DisplayName::MAX_APP_DATA];
            let length = name.encode(&mut told).unwrap();
            prop_assert_eq!(&told[..length], app_data);
        }
    }

    #[test]
    fn a_name_that_is_heard_could_be_ours(bytes in vec(any::<u8>(), 0..100), text in ".{0,100}") {
        for told in [&bytes[..], text.as_bytes()] {
            if let Some(name) = DisplayName::from_app_data(&app_data(told)) {
                prop_assert_eq!(DisplayName::new(name.as_str()), Ok(name));
            }
        }
    }

    #[test]
    fn a_number_counts_in_every_width(
        value in signal_value(),
        key_form in 0..9_usize,
        form in 0..9_usize,
    ) {
        let bytes = [&[0x81][..], &integer(0, key_form), &integer(value, form)].concat();
        prop_assert_eq!(read(&bytes), Some((vec![value], vec![])));
    }
}

/// Signals as numbers, and frames as codec byte and payload.
type Content = (Vec<u64>, Vec<(u8, Vec<u8>)>);

fn read(bytes: &[u8]) -> Option<Content> {
    let packet = Packet::parse(bytes).ok()?;
    let signals = packet.signals().map(Signal::value).collect();
    let frames = packet.frames().flatten();
    let frames = frames.map(|frame| (frame.codec.byte(), frame.payload.to_vec())).collect();
    Some((signals, frames))
}

/// The rules of the wire once more, over a decoded value.
fn expected(packet: &Value) -> Option<Content> {
    let entries = packet.as_map()?;
    let hashed: Vec<_> = keys(packet).filter(|key| !key.is_array()).collect();
    let twice = (1..hashed.len()).any(|index| hashed[..index].contains(&hashed[index]));
    let is_dropped = twice
        || hashed.len() > 16
        || holds_invalid_text(packet)
        || keys(packet).any(|key| key.is_map() || (key.is_array() && holds_map(key)));
    if is_dropped {
        return None;
    }
    let field = |wanted: u64| {
        let found = entries.iter().find(|(key, _)| key.as_u64() == Some(wanted));
        found.map_or(vec![], |(_, value)| value.as_array().cloned().unwrap_or(vec![value.clone()]))
    };
    let signals = field(0).iter().filter_map(Value::as_u64).take(MAX_SIGNALS).collect();
    let frames = field(1)
        .iter()
        .map_while(|frame| match frame {
            Value::Binary(bytes) if !bytes.is_empty() => Some((bytes[0], bytes[1..].to_vec())),
            _ => None,
        })
        .collect();
    Some((signals, frames))
}

fn keys(packet: &Value) -> impl Iterator<Item = &Value> {
    packet.as_map().into_iter().flatten().map(|(key, _)| key)
}

/// Booleans and floats as keys are compared in the table of the reference's own answers.
fn equals_a_number_of_another_type(key: &Value) -> bool {
    matches!(key, Value::Boolean(_) | Value::F32(_) | Value::F64(_))
}

fn holds_invalid_text(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_err(),
        Value::Array(values) => values.iter().any(holds_invalid_text),
        Value::Map(entries) => {
            entries.iter().any(|(key, value)| holds_invalid_text(key) || holds_invalid_text(value))
        }
        _ => false,
    }
}

fn holds_map(value: &Value) -> bool {
    match value {
        Value::Map(_) => true,
        Value::Array(values) => values.iter().any(holds_map),
        _ => false,
    }
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).expect("a vector takes any number of bytes");
    bytes
}

/// The app data of an announce that tells a name.
fn app_data(name: &[u8]) -> Vec<u8> {
    encoded(&Value::Array(vec![Value::Binary(name.to_vec()), Value::Nil, Value::Nil]))
}

fn binary(codec: Codec, payload: &[u8]) -> Value {
    Value::Binary([&[codec.byte()], payload].concat())
}

/// An integer in the `choice`th of the forms that hold it: fixint, unsigned, signed.
fn integer(value: u64, choice: usize) -> Vec<u8> {
    let wide = value.to_be_bytes();
    let mut forms = Vec::new();
    if value < 0x80 {
        forms.push(vec![wide[7]]);
    }
    for (index, bytes) in [1, 2, 4, 8].into_iter().enumerate() {
        let (above, kept) = wide.split_at(8 - bytes);
        if above.iter().any(|byte| *byte != 0) {
            continue;
        }
        forms.push([&[0xcc + index as u8], kept].concat());
        if kept[0] < 0x80 {
            forms.push([&[0xd0 + index as u8], kept].concat());
        }
    }
    forms.swap_remove(choice % forms.len())
}

fn packet() -> impl Strategy<Value = Value> {
    let signals = prop_oneof![
        signal_value().prop_map(Value::from),
        vec(mostly(signal_value().prop_map(Value::from)), 0..20).prop_map(Value::Array),
    ];
    let frame = || frame().prop_map(|(codec, payload)| binary(codec, &payload));
    let frames = prop_oneof![frame(), vec(mostly(frame()), 0..6).prop_map(Value::Array)];
    let others = btree_set(2..40_000_u64, 0..18).prop_flat_map(|keys: BTreeSet<u64>| {
        let values = vec(value(), keys.len());
        values.prop_map(move |values| {
            keys.iter().copied().map(Value::from).zip(values).collect::<Vec<_>>()
        })
    });
    let signals = proptest::option::of(signals);
    let frames = proptest::option::of(frames);
    (signals, frames, others)
        .prop_map(|(signals, frames, mut entries)| {
            entries.extend(signals.map(|value| (Value::from(0), value)));
            entries.extend(frames.map(|value| (Value::from(1), value)));
            entries
        })
        .prop_shuffle()
        .prop_map(Value::Map)
}

/// Bytes that often begin as a packet does.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![
        Just(0_u8),
        Just(1),
        Just(0x91),
        Just(0x92),
        Just(0x81),
        Just(0xc4),
        Just(0xa1),
        any::<u8>()
    ];
    (prop_oneof![0x80..0x84_u8, any::<u8>()], vec(code, 0..24))
        .prop_map(|(first, rest)| [vec![first], rest].concat())
}

fn mostly(usual: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![9 => usual, 1 => value()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,4}".prop_map(Value::from),
        vec(any::<u8>(), 0..300).prop_map(Value::from),
        (any::<i8>(), vec(any::<u8>(), 0..20)).prop_map(|(kind, data)| Value::Ext(kind, data)),
    ];
    leaf.prop_recursive(4, 32, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::Array),
            vec((inner.clone(), inner), 0..4).prop_map(Value::Map),
        ]
    })
}

fn signal_value() -> impl Strategy<Value = u64> {
    prop_oneof![0..0x180_u64, 0..0x2_0000_u64, any::<u64>()]
}

fn frame() -> impl Strategy<Value = (Codec, Vec<u8>)> {
    let codec = any::<u8>().prop_map(Codec::from_byte);
    (codec, vec(any::<u8>(), 0..600))
}
