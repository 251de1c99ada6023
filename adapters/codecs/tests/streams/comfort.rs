//! Long gaps: concealment, and the background of the room after it.

use crate::signal::{PROFILES, encode, rms, speech};
use lxst_codecs::{Codec, ComfortNoise, Decoder, Tempo};

#[test]
fn a_burst_of_losses_has_no_hole_and_nothing_louder_than_the_background() {
    // A little breath goes on below the speech.
    let voice = speech(8.0);
    for (name, encoding, length) in PROFILES {
        let payloads = encode(encoding, &voice, length);
        for (lost_ms, begins_ms) in [(200, 5_100), (500, 5_100), (500, 5_750)] {
            let [lost, begins] = [lost_ms, begins_ms].map(|ms| ms * 48 / length * length);
            let (heard, background) = hear(&payloads, length, begins..begins + lost);
            let gap = &heard[begins + CONCEALED..begins + lost];
            for (n, piece) in gap.chunks_exact(960).enumerate() {
                let ratio = 20.0 * (rms(piece) / background).log10();
                let what =
                    format!("{name}, {lost_ms} ms at {begins_ms} ms, piece {n}: {ratio:.1} dB");
                assert!((-9.0..1.5).contains(&ratio), "{what}");
            }
        }
    }
}

/// Decodes a stream that lacks some of its audio, as a phone plays it. Returns the level of the
/// quietest 20 ms before the gap as well.
fn hear(payloads: &[Vec<u8>], length: usize, lost: core::ops::Range<usize>) -> (Vec<f32>, f64) {
    let (mut decoder, mut comfort) = (Decoder::default(), ComfortNoise::default());
    let (mut heard, mut background, mut concealed) = (Vec::new(), f64::MAX, 0);
    for payload in payloads {
        let begin = heard.len();
        if !lost.contains(&begin) {
            decoder.decode(Codec::Opus, payload, Tempo::Normal, &mut heard).unwrap();
            comfort.on_decoded(&mut heard[begin..]);
            continue;
        }
        if concealed == 0 {
            let known = heard[48_000..].chunks_exact(960).map(rms);
            background = known.fold(f64::MAX, f64::min);
        }
        if concealed < CONCEALED {
            decoder.conceal(length as u32, &mut heard).unwrap();
            comfort.on_concealed(&mut heard[begin..]);
            concealed += length;
        } else {
            heard.resize(begin + length, 0.0);
            comfort.fill(&mut heard[begin..]);
        }
    }
    (heard, background)
}

/// What a phone conceals before it plays silence: 120 ms.
const CONCEALED: usize = 5_760;
