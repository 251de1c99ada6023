//! What must hold for a file of any bytes.

use std::io::Cursor;

use lxst_audio::{Channels, FileError, OpusReader, SoundReader, WavReader};
use lxst_core::Samples;

/// Reads the bytes as a file of each kind: an error, or sound of no more than its length, wherever
/// it is read from.
pub(crate) fn check(file: &[u8]) {
    if let Ok(reader) = OpusReader::new(Cursor::new(file)) {
        read(reader);
    }
    if let Ok(reader) = WavReader::new(Cursor::new(file)) {
        read(reader);
    }
}

fn read(mut reader: impl SoundReader) {
    let length = reader.length().0;
    let width = if reader.channels() == Channels::Mono { 1 } else { 2 };
    let _ = read_on(&mut reader, width, length);
    for from in [length / 2, 0, length, u64::MAX] {
        if reader.seek(Samples(from)).is_ok() {
            let _ = read_on(&mut reader, width, length.saturating_sub(from));
        }
    }
}

/// Reads to the end, or far enough.
fn read_on(reader: &mut impl SoundReader, width: usize, left: u64) -> Result<(), FileError> {
    let mut sound = [9.0; 2 * 961];
    let mut total = 0;
    for _ in 0..100 {
        let moments = reader.read(&mut sound[..961 * width])?;
        assert!(moments <= 961);
        assert!(sound[..moments * width].iter().all(|sample| !sample.is_nan()));
        total += moments as u64;
        assert!(total <= left, "{total} of {left} moments");
        if moments < 961 {
            break;
        }
    }
    Ok(())
}
