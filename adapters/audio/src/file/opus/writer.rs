//! Writes Ogg/Opus.

use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::path::Path;

use lxst_codecs::Channels;

use super::header::{Head, encode_tags};
use super::page::Page;
use super::profile::OpusProfile;
use crate::block::count;
use crate::file::{FileError, SoundWriter, Tags};

/// Writes an Ogg/Opus file, in stereo or mono as its [`OpusProfile`] says.
///
/// Each packet is a page, as players of iOS need it, and each page is written at once: the file of
/// a process that was killed plays up to its last packet but one. [`SoundWriter::finish`] trims the
/// end, so that the duration is exact.
///
/// *Source*: RFC 7845.
pub struct OpusWriter<W> {
    out: W,
    profile: OpusProfile,
    encoder: opus::Encoder,
    pre_skip: u64,
    /// Moments that were written to this writer.
    moments: u64,
    /// Moments that were encoded.
    encoded: u64,
    /// What does not fill a packet yet.
    pending: Vec<f32>,
    packet: Vec<u8>,
    /// The last packet, held back since it may have to end the stream.
    page: Page,
    has_page: bool,
    buffer: Vec<u8>,
}

impl OpusWriter<File> {
    /// Makes a file, in place of one of that name.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn create(
        path: impl AsRef<Path>,
        profile: OpusProfile,
        tags: &Tags,
    ) -> Result<Self, FileError> {
        Self::new(File::create(path)?, profile, tags)
    }
}

impl<W: Write> OpusWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn new(out: W, profile: OpusProfile, tags: &Tags) -> Result<Self, FileError> {
        let channels = match profile.channels() {
            Channels::Mono => opus::Channels::Mono,
            Channels::Stereo => opus::Channels::Stereo,
        };
        let mut encoder = opus::Encoder::new(48_000, channels, profile.application())?;
        encoder.set_bitrate(opus::Bitrate::Bits(profile.ceiling_bps() as i32))?;
        encoder.set_bandwidth(profile.bandwidth())?;
        let pre_skip = u16::try_from(encoder.get_lookahead()?).unwrap_or_default();
        let serial = RandomState::new().build_hasher().finish() as u32;
        let width = count(profile.channels());
        let mut writer = Self {
            out,
            profile,
            encoder,
            pre_skip: pre_skip.into(),
            moments: 0,
            encoded: 0,
            pending: Vec::with_capacity(profile.frame() * width),
            packet: Vec::new(),
            page: Page { flags: Page::FIRST, serial, ..Page::default() },
            has_page: true,
            buffer: Vec::new(),
        };
        Head { channels: profile.channels(), pre_skip, gain: 0 }.encode(&mut writer.packet);
        writer.page.set_packet(&writer.packet);
        writer.write_page(0)?;
        encode_tags(tags, &mut writer.packet);
        writer.hold_packet(0);
        writer.write_page(0)?;
        Ok(writer)
    }

    /// Gives back what was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn hold_packet(&mut self, granule: u64) {
        self.page.set_packet(&self.packet);
        self.page.granule = granule;
        self.has_page = true;
    }

    fn write_page(&mut self, flags: u8) -> Result<(), FileError> {
        if self.has_page {
            self.page.flags |= flags;
            self.page.write(&mut self.out, &mut self.buffer)?;
            self.page.flags = 0;
            self.page.sequence = self.page.sequence.wrapping_add(1);
            self.has_page = false;
        }
        Ok(())
    }

    /// Encodes what is pending, which fills a packet.
    fn encode(&mut self) -> Result<(), FileError> {
        self.write_page(0)?;
        self.packet.resize(self.profile.packet_bytes(), 0);
        let length = self.encoder.encode_float(&self.pending, &mut self.packet)?;
        self.packet.truncate(length);
        self.pending.clear();
        self.encoded += self.profile.frame() as u64;
        self.hold_packet(self.encoded);
        Ok(())
    }
}

impl<W: Write + Send> SoundWriter for OpusWriter<W> {
    fn channels(&self) -> Channels {
        self.profile.channels()
    }

    fn write(&mut self, mut sound: &[f32]) -> Result<(), FileError> {
        let width = count(self.channels());
        let full = self.profile.frame() * width;
        sound = &sound[..sound.len() - sound.len() % width];
        self.moments += (sound.len() / width) as u64;
        while !sound.is_empty() {
            let (now, later) = sound.split_at(sound.len().min(full - self.pending.len()));
            // What is not a number would spoil what comes after it.
            self.pending
                .extend(now.iter().map(|sample| if sample.is_finite() { *sample } else { 0.0 }));
            sound = later;
            if self.pending.len() == full {
                self.encode()?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), FileError> {
        let end = self.pre_skip + self.moments;
        let full = self.profile.frame() * count(self.channels());
        while self.encoded < end {
            self.pending.resize(full, 0.0);
            self.encode()?;
        }
        self.page.granule = end;
        self.write_page(Page::LAST)?;
        self.out.flush()?;
        Ok(())
    }
}

impl<W> fmt::Debug for OpusWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusWriter")
            .field("profile", &self.profile)
            .field("moments", &self.moments)
            .finish_non_exhaustive()
    }
}
