//! The two packets that an Ogg/Opus file begins with.

use lxst_codecs::Channels;

use crate::block::count;
use crate::file::{FileError, Tags};

/// What the first packet says.
///
/// *Shape*: `OpusHead`, version 1, channels, pre-skip (`u16`), rate of the original (`u32`), gain
/// in 1/256 dB (`i16`), mapping family.
///
/// *Source*: RFC 7845, section 5.1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) channels: Channels,
    pub(super) pre_skip: u16,
    pub(super) gain: i16,
}

impl Head {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(HEAD);
        out.extend([1, count(self.channels) as u8]);
        out.extend(self.pre_skip.to_le_bytes());
        out.extend(48_000_u32.to_le_bytes());
        out.extend(self.gain.to_le_bytes());
        out.push(0);
    }

    pub(super) fn decode(packet: &[u8]) -> Result<Self, FileError> {
        let Some(fields) = packet.strip_prefix(HEAD) else {
            return Err(FileError::Unsupported { what: "an Ogg stream that is not Opus" });
        };
        let &[version, channels, low, high, _, _, _, _, gain_low, gain_high, family, ..] = fields
        else {
            return Err(FileError::Damaged { what: "a short OpusHead" });
        };
        if version >= 16 {
            return Err(FileError::Unsupported { what: "a later version of Ogg/Opus" });
        }
        let channels = match (family, channels) {
            (0, 1) => Channels::Mono,
            (0, 2) => Channels::Stereo,
            _ => {
                return Err(FileError::Unsupported {
                    what: "a channel mapping other than mono or stereo",
                });
            }
        };
        let gain = i16::from_le_bytes([gain_low, gain_high]);
        Ok(Self { channels, pre_skip: u16::from_le_bytes([low, high]), gain })
    }
}

/// *Shape*: `OpusTags`, vendor, count of comments (`u32`), comments; each text is its length
/// (`u32`) and UTF-8.
///
/// *Source*: RFC 7845, section 5.2.
pub(super) fn encode_tags(tags: &Tags, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(TAGS);
    let mut text = |text: &str| {
        out.extend((text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    text("lxst-audio");
    out.extend((tags.iter().count() as u32).to_le_bytes());
    for (name, value) in tags.iter() {
        let length = name.len() + 1 + value.len();
        out.extend((length as u32).to_le_bytes());
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        out.extend_from_slice(value.as_bytes());
    }
}

/// Takes the comments that are whole, as many as [`Tags`] holds.
pub(super) fn decode_tags(packet: &[u8]) -> Result<Tags, FileError> {
    let Some(mut rest) = packet.strip_prefix(TAGS) else {
        return Err(FileError::Damaged { what: "no OpusTags" });
    };
    let mut tags = Tags::default();
    let mut is_vendor = true;
    while let Some((length, after)) = number(rest) {
        if is_vendor {
            // Then a count, which is not needed: the packet ends.
            let after_vendor = after.get(length..).unwrap_or_default();
            rest = number(after_vendor).map_or(&[], |(_, comments)| comments);
            is_vendor = false;
            continue;
        }
        let Some((comment, after)) = after.split_at_checked(length) else { break };
        rest = after;
        let comment = String::from_utf8_lossy(comment);
        if let Some((name, value)) = comment.split_once('=')
            && tags.add(name, value).is_err()
        {
            continue;
        }
    }
    Ok(tags)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}

const HEAD: &[u8] = b"OpusHead";
const TAGS: &[u8] = b"OpusTags";
