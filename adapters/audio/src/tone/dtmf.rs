//! The tones of keys.

use super::{Cadence, Segment, segment};

/// Returns the tone of a key of a telephone, once: `0` to `9`, `A` to `D` in either case, `*` and
/// `#`. Any other has none.
///
/// 100 ms on and 100 ms off; the lower frequency at -18 dBFS, the higher at -16.
///
/// *Bounds*: a peer cannot tell all keys apart by their sound except at Super High Quality. Codecs of
/// speech change the balance of the frequencies, and a detector of the strongest row and column then
/// finds another key. Of the 16 keys it takes so many for another, with our encoder and with the
/// reference's, both heard by the reference's decoder (LXST 0.5.4, two spacings): 1 and 1 to 3 at Medium
/// Quality, 2 to 3 and 5 to 6 at High Quality, 3 to 5 and 6 to 7 at Low Latency, 4 to 5 and 2 at Ultra
/// Low Latency, none at Super High Quality.
///
/// *Source*: ITU-T Q.23 for the frequencies; times and levels are our choice within ITU-T Q.24 and
/// ETSI ES 201 235-2 (65 ms at least, the higher frequency 1 to 4 dB louder).
#[must_use]
pub fn dtmf(key: char) -> Option<Cadence> {
    let place = KEYS.iter().position(|known| *known == key.to_ascii_uppercase())?;
    // In bounds: there is a segment for each key.
    Some(Cadence::times(std::slice::from_ref(&SEGMENTS[place]), 1))
}

const KEYS: [char; 16] =
    ['1', '2', '3', 'A', '4', '5', '6', 'B', '7', '8', '9', 'C', '*', '0', '#', 'D'];
const ROWS_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS_HZ: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

static SEGMENTS: [Segment; KEYS.len()] = {
    let mut segments = [segment(&[], 0, 0); KEYS.len()];
    let mut place = 0;
    while place < KEYS.len() {
        let (row, column) = (ROWS_HZ[place / 4], COLUMNS_HZ[place % 4]);
        segments[place] = segment(&[(row, -18.0), (column, -16.0)], 100, 100);
        place += 1;
    }
    segments
};
