//! What each member of a conference hears.

use crate::block::Block;
use crate::mixer::SoftClip;
use crate::node::Effect;

/// Replaces what each member says by what it hears: all others and the tones, not itself. What is
/// too loud is bent below full scale, as by a [`Mixer`](crate::Mixer).
///
/// *Shape*: one channel of 48 kHz each, the same moments. A block that is shorter than another is
/// silent from its end on; tones that are longer than a member's block are cut there.
///
/// *Bounds*: work linear in the samples of all members, nothing allocated. A sample beyond full scale
/// counts as full scale, and one that is no number as silence: no member is heard louder than it may
/// be, or spoils what others hear.
///
/// ```
/// use lxst_audio::mix_minus;
///
/// let (mut ann, mut bob, mut cid) = ([0.125; 480], [0.25; 480], [0.0; 480]);
/// mix_minus(&mut [&mut ann, &mut bob, &mut cid], &[0.0625; 480]);
/// assert_eq!((ann[0], bob[0], cid[0]), (0.3125, 0.1875, 0.4375));
/// ```
pub fn mix_minus(members: &mut [&mut [f32]], tones: &[f32]) {
    let longest = members.iter().map(|said| said.len()).max().unwrap_or(0);
    for from in (0..longest).step_by(PIECE) {
        let mut sum = [0.0; PIECE];
        add(&mut sum, tones.get(from..).unwrap_or_default());
        for said in members.iter_mut() {
            let said = piece(said, from);
            said.iter_mut().for_each(|sample| *sample = in_scale(*sample));
            add(&mut sum, said);
        }
        for said in members.iter_mut() {
            let said = piece(said, from);
            for (sample, sum) in said.iter_mut().zip(sum) {
                *sample = sum - *sample;
            }
            SoftClip.apply(&mut Block::mono(said));
        }
    }
}

fn piece(samples: &mut [f32], from: usize) -> &mut [f32] {
    let rest = samples.get_mut(from..).unwrap_or_default();
    let length = rest.len().min(PIECE);
    // In bounds: at most the length.
    &mut rest[..length]
}

fn add(sum: &mut [f32; PIECE], samples: &[f32]) {
    sum.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += sample);
}

fn in_scale(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) }
}

/// Moments that are mixed at once: 10 ms.
const PIECE: usize = 480;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_hears_all_others_and_never_itself() {
        // Each has a sample of its own that the others have not.
        let mut members = [[0.0_f32; 1_000]; 5];
        for (number, said) in members.iter_mut().enumerate() {
            said[number * 200] = 0.5;
        }
        mix(&mut members, &[]);
        for (number, heard) in members.iter().enumerate() {
            for (at, sample) in heard.iter().enumerate() {
                let is_of_other = at % 200 == 0 && at != number * 200;
                assert_eq!(*sample, if is_of_other { 0.5 } else { 0.0 }, "{number} {at}");
            }
        }
    }

    #[test]
    fn one_member_alone_hears_the_tones() {
        let mut members = [[0.7; 960]];
        mix(&mut members, &[0.1; 480]);
        assert!(members[0][..480].iter().all(|sample| (sample - 0.1).abs() < 1e-6));
        assert!(members[0][480..].iter().all(|sample| sample.abs() < 1e-6));
    }

    #[test]
    fn no_sample_of_one_spoils_what_others_hear() {
        let hostile = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30];
        let mut members = [hostile, [0.25; 4], [0.0; 4]];
        mix(&mut members, &[]);
        assert_eq!(members[0], [0.25; 4]);
        assert_eq!(members[1][0], 0.0);
        assert!(members.iter().flatten().all(|sample| sample.abs() <= 1.0), "{members:?}");
    }

    #[test]
    fn blocks_of_other_lengths_are_silent_from_their_end_on() {
        let (mut short, mut long) = ([0.25; 100], [0.125; 600]);
        mix_minus(&mut [&mut short, &mut long], &[]);
        assert_eq!(short, [0.125; 100]);
        assert_eq!(long[..100], [0.25; 100]);
        assert_eq!(long[100..], [0.0; 500]);
    }

    fn mix<const LENGTH: usize>(members: &mut [[f32; LENGTH]], tones: &[f32]) {
        let mut blocks: Vec<&mut [f32]> = members.iter_mut().map(|said| &mut said[..]).collect();
        mix_minus(&mut blocks, tones);
    }
}
