//! Mixing of interleaved audio of any channel count to mono.

use crate::error::CodecError;

/// Appends the mean of the channels of each interleaved sample to `out`.
///
/// # Errors
/// [`CodecError::UnsupportedChannels`] for no channels, [`CodecError::Partial`] if `interleaved`
/// ends within a sample. `out` is unchanged.
pub fn downmix(interleaved: &[f32], channels: u16, out: &mut Vec<f32>) -> Result<(), CodecError> {
    let unit = usize::from(channels);
    if unit == 0 {
        return Err(CodecError::UnsupportedChannels { channels });
    }
    if !interleaved.len().is_multiple_of(unit) {
        return Err(CodecError::Partial { length: interleaved.len(), unit });
    }
    out.extend(interleaved.chunks_exact(unit).map(mean));
    Ok(())
}

/// Returns the mean of one sample's channels. A single channel stays bit-identical.
pub(crate) fn mean(channels: &[f32]) -> f32 {
    channels.iter().sum::<f32>() / channels.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stereo_becomes_the_mean_of_left_and_right() {
        let mut mono = vec![9.0];
        downmix(&[1.0, 0.0, -0.5, -0.25], 2, &mut mono).unwrap();
        assert_eq!(mono, [9.0, 0.5, -0.375]);
    }

    #[test]
    fn mono_is_copied() {
        let mut mono = Vec::new();
        downmix(&[0.1, -0.7], 1, &mut mono).unwrap();
        assert_eq!(mono, [0.1, -0.7]);
    }

    #[test]
    fn a_partial_sample_or_no_channel_is_refused() {
        let mut mono = Vec::new();
        assert_eq!(
            downmix(&[0.0; 5], 2, &mut mono),
            Err(CodecError::Partial { length: 5, unit: 2 })
        );
        assert_eq!(
            downmix(&[0.0; 5], 0, &mut mono),
            Err(CodecError::UnsupportedChannels { channels: 0 })
        );
        assert!(mono.is_empty());
    }
}
