//! Packets that the reference was given, and what it did with them.

use lxst_core::wire::{CodecSet, Malformed, Packet};

#[test]
fn packets_are_taken_as_the_reference_takes_them_or_as_noted() {
    let table = include_str!("wire_reference.txt");
    let mut rows = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let [bytes, what, reference, differs @ ..] = columns.as_slice() else {
            panic!("a row has three columns or four: {line}");
        };
        let reference = without_exception_name(reference);
        let expected = differs.first().map_or(reference.clone(), |ours| (*ours).to_owned());
        if !differs.is_empty() {
            assert_ne!(expected, reference, "{what}: not a difference");
        }
        assert_eq!(acted_on(&unhex(bytes)), expected, "{what}: {bytes}");
        rows += 1;
    }
    assert!(rows > 100, "only {rows} rows were read");
}

/// Acts in the reference's order, which a bad frame ends.
fn acted_on(bytes: &[u8]) -> String {
    let packet = match Packet::parse(bytes) {
        Ok(packet) => packet,
        Err(Malformed::NotMap) => return "nothing".to_owned(),
        Err(_) => return "raised".to_owned(),
    };
    let mut acts = Vec::new();
    let mut is_bad = false;
    for frame in packet.frames().known(CodecSet::REFERENCE) {
        is_bad |= frame.is_err();
        acts.push(frame.map_or("raised".to_owned(), |frame| {
            let payload: String = frame.payload.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("frame {}:{payload}", frame.codec.byte())
        }));
    }
    if !is_bad {
        acts.extend(packet.signals().map(|signal| format!("signal {}", signal.value())));
    }
    if acts.is_empty() { "nothing".to_owned() } else { acts.join(", ") }
}

fn without_exception_name(acts: &str) -> String {
    match acts.split_once("raised ") {
        Some((before, _)) => format!("{before}raised"),
        None => acts.to_owned(),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "whole bytes: {text}");
    let digits: Vec<_> =
        text.chars().map(|digit| digit.to_digit(16).expect("hex digits") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
