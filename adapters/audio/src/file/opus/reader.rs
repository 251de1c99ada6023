//! Reads Ogg/Opus.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::ops::Range;
use std::path::Path;

use lxst_codecs::{Channels, MAX_OPUS_SAMPLES};
use lxst_core::Samples;

use super::header::{Head, decode_tags};
use super::page::{MAX_PAGE_BYTES, Page, PageReader};
use crate::block::count;
use crate::file::{FileError, SoundReader, Tags};

/// Reads an Ogg/Opus file in mono or stereo: channel mapping family 0.
///
/// It keeps the time of granule positions: sound of packets that are lost or damaged is silence,
/// and [`Self::faults`] counts them. Of a chained file it reads the first stream.
///
/// *Bounds*: it holds three pages and a packet of at most 61,440 bytes; longer ones are dropped and
/// counted. A header of more than 1 MiB is refused.
///
/// *Source*: RFC 7845.
pub struct OpusReader<R> {
    packets: Packets<R>,
    tags: Tags,
    head: Head,
    decoder: opus::Decoder,
    /// The granule position of the first moment and the one behind the last.
    heard: Range<u64>,
    audio_at: u64,
    /// The granule position behind what was decoded; unknown behind a seek.
    granule: Option<u64>,
    /// The granule position that is given next.
    next: u64,
    /// Decoded moments up to `granule`, of which those from `pcm_at` on are still to be given.
    pcm: Vec<f32>,
    pcm_at: usize,
    damaged_packets: u64,
}

/// What of a file could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Faults {
    /// Pieces of the file that were no pages, or damaged ones.
    pub damaged_pages: u64,
    /// Pages of other streams: of a chained or multiplexed file.
    pub foreign_pages: u64,
    /// Packets that were incomplete, too long, or no Opus.
    pub damaged_packets: u64,
}

impl OpusReader<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::new(BufReader::new(File::open(path)?))
    }
}

impl<R: Read + Seek> OpusReader<R> {
    /// Reads the header, and the last page for the duration.
    ///
    /// # Errors
    /// [`FileError::Io`], [`FileError::Unsupported`] for another kind of file or another channel
    /// mapping, [`FileError::Damaged`] where the header is.
    pub fn new(file: R) -> Result<Self, FileError> {
        let mut packets = Packets::new(file);
        let head = Head::decode(&packets.first()?)?;
        let tags = decode_tags(&packets.header()?)?;
        let audio_at = packets.pages.position();
        let end = packets.last_granule(audio_at)?;
        let channels = match head.channels {
            Channels::Mono => opus::Channels::Mono,
            Channels::Stereo => opus::Channels::Stereo,
        };
        let mut decoder = opus::Decoder::new(48_000, channels)?;
        decoder.set_gain(head.gain.into())?;
        let mut reader = Self {
            packets,
            tags,
            head,
            decoder,
            heard: 0..0,
            audio_at,
            granule: None,
            next: 0,
            pcm: Vec::with_capacity(MAX_OPUS_SAMPLES * count(head.channels)),
            pcm_at: 0,
            damaged_packets: 0,
        };
        // A stream that was cut out of a longer one begins later than at 0.
        reader.packets.seek(audio_at)?;
        let begin = reader.packets.next_page()?.map_or(0, |page| page.begin.unwrap_or(0));
        let start = begin.saturating_add(head.pre_skip.into());
        reader.heard = start..end.unwrap_or(start).max(start);
        reader.next = start;
        reader.packets.seek(audio_at)?;
        reader.packets.forget_faults();
        Ok(reader)
    }

    /// Returns the comments.
    #[must_use]
    pub const fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Returns what could not be read up to here.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults {
            damaged_pages: self.packets.pages.damaged(),
            foreign_pages: self.packets.foreign,
            damaged_packets: self.packets.broken + self.damaged_packets,
        }
    }

    /// Decodes the next packet. `false` is the end of the file.
    fn decode(&mut self) -> Result<bool, FileError> {
        self.pcm.clear();
        self.pcm_at = 0;
        while self.packets.waiting.is_empty() {
            let Some(page) = self.packets.next_page()? else { return Ok(false) };
            let expected = self.granule.unwrap_or_default();
            let begin = page.begin.unwrap_or(expected);
            // Silence fills what is missing, but the trimmed end begins earlier than told.
            self.granule = Some(begin.max(expected));
        }
        let granule = self.granule.unwrap_or_default();
        let packet = self.packets.waiting.remove(0);
        let packet = &self.packets.data[packet];
        let length = moments(packet);
        let width = count(self.head.channels);
        self.pcm.resize(MAX_OPUS_SAMPLES * width, 0.0);
        let decoded = self.decoder.decode_float(packet, &mut self.pcm, false);
        if decoded.is_err() {
            self.damaged_packets += 1;
            self.pcm.fill(0.0);
        }
        self.pcm.truncate(length * width);
        self.granule = Some(granule.saturating_add(length as u64));
        Ok(true)
    }

    /// Gives what was decoded, or silence up to it. 0 is that there is nothing at `next`.
    fn give(&mut self, out: &mut [f32]) -> usize {
        let width = count(self.head.channels);
        let moments = self.pcm.len() / width;
        let most = (out.len() / width)
            .min(usize::try_from(self.heard.end.saturating_sub(self.next)).unwrap_or(usize::MAX));
        let Some(end) = self.granule else { return 0 };
        let begin = end - moments as u64;
        let missing = usize::try_from(begin.saturating_sub(self.next)).unwrap_or(usize::MAX);
        let given = if missing > 0 {
            let silent = missing.min(most);
            out[..silent * width].fill(0.0);
            silent
        } else {
            self.pcm_at = moments.min((self.next - begin) as usize);
            let given = most.min(moments - self.pcm_at);
            let sound = &self.pcm[self.pcm_at * width..(self.pcm_at + given) * width];
            out[..given * width].copy_from_slice(sound);
            given
        };
        self.next += given as u64;
        given
    }
}

impl<R: Read + Seek + Send> SoundReader for OpusReader<R> {
    fn channels(&self) -> Channels {
        self.head.channels
    }

    fn length(&self) -> Samples {
        Samples(self.heard.end - self.heard.start)
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, FileError> {
        let width = count(self.head.channels);
        let wanted = out.len() / width;
        let mut given = 0;
        while given < wanted && self.next < self.heard.end {
            let now = self.give(&mut out[given * width..]);
            given += now;
            if now == 0 && !self.decode()? {
                break;
            }
        }
        Ok(given)
    }

    fn seek(&mut self, to: Samples) -> Result<(), FileError> {
        self.next = self.heard.start.saturating_add(to.0).min(self.heard.end);
        // What the decoder needs to hear before it sounds right, see RFC 7845, section 4.6.
        let from = self.next.saturating_sub(PRE_ROLL);
        let at = self.packets.find(from, self.audio_at)?;
        self.packets.seek(at)?;
        self.decoder.reset_state()?;
        self.granule = None;
        self.pcm.clear();
        Ok(())
    }
}

impl<R> fmt::Debug for OpusReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusReader")
            .field("head", &self.head)
            .field("heard", &self.heard)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// The packets of one stream of a file.
struct Packets<R> {
    pages: PageReader<R>,
    page: Page,
    serial: u32,
    /// The beginning of a packet that goes on in the next page, then that page.
    data: Vec<u8>,
    /// Packets in `data` that end, and were not read.
    waiting: Vec<Range<usize>>,
    /// Where in `data` the packet begins that goes on.
    unfinished: Option<usize>,
    sequence: Option<u32>,
    foreign: u64,
    broken: u64,
}

/// A page of which packets end.
#[derive(Clone, Copy, Debug)]
struct Ended {
    /// The granule position of its first packet, where that is known.
    begin: Option<u64>,
}

impl<R: Read + Seek> Packets<R> {
    fn new(file: R) -> Self {
        Self {
            pages: PageReader::new(file),
            page: Page::default(),
            serial: 0,
            data: Vec::with_capacity(MAX_PAGE_BYTES),
            waiting: Vec::with_capacity(255),
            unfinished: None,
            sequence: None,
            foreign: 0,
            broken: 0,
        }
    }

    /// Reads the packet that begins a stream of Opus, and follows that stream.
    fn first(&mut self) -> Result<Vec<u8>, FileError> {
        let mut page = Page::default();
        let mut is_ogg = false;
        while self.pages.position() < MAX_HEADER_BYTES && self.pages.read(&mut page)?.is_some() {
            is_ogg = true;
            if page.is(Page::FIRST) && page.body.starts_with(b"OpusHead") {
                self.serial = page.serial;
                return Ok(page.body);
            }
        }
        let what = if is_ogg { "an Ogg file without Opus" } else { "a file that is not Ogg" };
        Err(FileError::Unsupported { what })
    }

    /// Reads the packet of comments, which ends its page.
    fn header(&mut self) -> Result<Vec<u8>, FileError> {
        let mut page = Page::default();
        let mut packet = Vec::new();
        while self.pages.read(&mut page)?.is_some() && packet.len() < MAX_HEADER_BYTES as usize {
            if page.serial == self.serial {
                packet.extend_from_slice(&page.body);
                if page.lacing.last().is_some_and(|lacing| *lacing < 255) {
                    return Ok(packet);
                }
            }
        }
        Err(FileError::Damaged { what: "comments without an end or of more than 1 MiB" })
    }

    fn seek(&mut self, position: u64) -> Result<(), FileError> {
        self.pages.seek(position)?;
        self.data.clear();
        self.waiting.clear();
        (self.unfinished, self.sequence) = (None, None);
        Ok(())
    }

    const fn forget_faults(&mut self) {
        self.pages.set_damaged(0);
        (self.foreign, self.broken) = (0, 0);
    }

    /// Reads up to the next page on which a packet ends.
    fn next_page(&mut self) -> Result<Option<Ended>, FileError> {
        loop {
            if self.pages.read(&mut self.page)?.is_none() {
                self.broken += u64::from(self.unfinished.take().is_some());
                return Ok(None);
            }
            if self.page.serial != self.serial {
                self.foreign += 1;
                continue;
            }
            self.split_page();
            if self.waiting.is_empty() {
                continue;
            }
            let sum =
                self.waiting.iter().map(|packet| moments(&self.data[packet.clone()]) as u64).sum();
            let begin = self.page.granule().map(|end| end.saturating_sub(sum));
            return Ok(Some(Ended { begin }));
        }
    }

    /// Finds the packets of a page, with what the page before it left unfinished.
    fn split_page(&mut self) {
        let follows = self.sequence.is_none_or(|last| self.page.sequence == last.wrapping_add(1));
        let is_resumed = self.sequence.is_none();
        self.sequence = Some(self.page.sequence);
        let continued = self.page.is(Page::CONTINUED);
        let kept = self.unfinished.take();
        let goes_on = follows && continued && kept.is_some();
        match kept {
            Some(from) if goes_on => drop(self.data.drain(..from)),
            _ => self.data.clear(),
        }
        // Behind a seek, half a packet is no fault.
        self.broken += u64::from((kept.is_some() || continued) && !goes_on && !is_resumed);
        let mut skips = continued && !goes_on;
        let mut begin = 0;
        let mut end = self.data.len();
        self.data.extend_from_slice(&self.page.body);
        if skips {
            begin = end;
        }
        for &lacing in &self.page.lacing {
            end += usize::from(lacing);
            if lacing == 255 {
                continue;
            }
            let packet = begin..end;
            begin = end;
            if std::mem::take(&mut skips) {
                continue;
            }
            if packet.len() <= MAX_PACKET_BYTES && moments(&self.data[packet.clone()]) > 0 {
                self.waiting.push(packet);
            } else {
                self.broken += 1;
            }
        }
        if self.page.lacing.last() == Some(&255) && !skips {
            self.unfinished = Some(begin);
        }
        if self.unfinished.is_some() && end - begin > MAX_PACKET_BYTES {
            // What follows of it is passed over.
            self.unfinished = None;
            self.broken += 1;
        }
    }

    /// Finds the granule position of the last page, in windows from the end that double.
    fn last_granule(&mut self, audio_at: u64) -> Result<Option<u64>, FileError> {
        let length = self.pages.length()?;
        let mut until = length;
        let mut window = 2 * MAX_PAGE_BYTES as u64;
        while until > audio_at {
            let from = until.saturating_sub(window).max(audio_at);
            self.pages.seek(from)?;
            let mut last = None;
            while let Some(at) = self.next_granule()?.filter(|(at, _)| *at < until) {
                last = Some(at.1);
            }
            if last.is_some() {
                return Ok(last);
            }
            (until, window) = (from, window * 2);
        }
        Ok(None)
    }

    /// Finds a page that begins at most [`MAX_SCANNED`] bytes before the one of this granule
    /// position.
    fn find(&mut self, granule: u64, audio_at: u64) -> Result<u64, FileError> {
        let mut low = audio_at;
        let mut high = self.pages.length()?;
        while high.saturating_sub(low) > MAX_SCANNED {
            let middle = low + (high - low) / 2;
            self.pages.seek(middle)?;
            match self.next_granule()? {
                Some((at, found)) if at < high && found <= granule => low = at,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// Reads up to the next page of the stream with a granule position.
    fn next_granule(&mut self) -> Result<Option<(u64, u64)>, FileError> {
        // What lies before a page is no fault where reading began in the middle of one.
        let damaged = self.pages.damaged();
        let found = loop {
            let Some(at) = self.pages.read(&mut self.page)? else { break None };
            if self.page.serial == self.serial
                && let Some(granule) = self.page.granule()
            {
                break Some((at, granule));
            }
        };
        self.pages.set_damaged(damaged);
        Ok(found)
    }
}

/// The moments of a packet, 0 where it is no Opus.
fn moments(packet: &[u8]) -> usize {
    if packet.is_empty() {
        return 0;
    }
    opus::packet::get_nb_samples(packet, 48_000).unwrap_or(0)
}

/// 80 ms.
const PRE_ROLL: u64 = 3_840;
/// The longest packet of one stream: 48 frames of 1275 bytes, and what frames them.
const MAX_PACKET_BYTES: usize = 61_440;
const MAX_HEADER_BYTES: u64 = 1 << 20;
/// How near a seek comes by halving.
const MAX_SCANNED: u64 = 1 << 17;
