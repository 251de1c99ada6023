//! Pages of Ogg.

use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::file::FileError;

/// A page of Ogg.
///
/// *Shape*: `OggS`, version 0, flags, granule position (`u64`), serial (`u32`), sequence (`u32`),
/// CRC-32 (`u32`), count of lacing values (`u8`), lacing values, body; numbers are little-endian.
///
/// *Source*: RFC 3533, section 6.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) flags: u8,
    pub(super) granule: u64,
    pub(super) serial: u32,
    pub(super) sequence: u32,
    pub(super) lacing: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Page {
    pub(super) const CONTINUED: u8 = 1;
    pub(super) const FIRST: u8 = 2;
    pub(super) const LAST: u8 = 4;

    pub(super) const fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Returns the granule position behind the last packet that ends on this page, if one does.
    pub(super) fn granule(&self) -> Option<u64> {
        // -1 is none, and there is no other below 0.
        (self.granule <= i64::MAX as u64).then_some(self.granule)
    }

    /// Makes the packet the only one of this page. It has less than 255 * 255 bytes.
    pub(super) fn set_packet(&mut self, packet: &[u8]) {
        self.lacing.clear();
        self.lacing.resize(packet.len() / 255, 255);
        self.lacing.push((packet.len() % 255) as u8);
        self.body.clear();
        self.body.extend_from_slice(packet);
    }

    /// Writes the page in one piece, through `buffer`.
    pub(super) fn write(&self, out: &mut impl Write, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        buffer.extend_from_slice(CAPTURE);
        buffer.extend([0, self.flags]);
        buffer.extend(self.granule.to_le_bytes());
        buffer.extend(self.serial.to_le_bytes());
        buffer.extend(self.sequence.to_le_bytes());
        buffer.extend([0; 4]);
        buffer.push(self.lacing.len() as u8);
        buffer.extend_from_slice(&self.lacing);
        buffer.extend_from_slice(&self.body);
        let sum = checksum(buffer);
        buffer[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&sum.to_le_bytes());
        out.write_all(buffer)
    }
}

/// Reads pages one after the other, and passes over what is none.
///
/// *Bounds*: it holds two pages at most, and refuses a file after [`MAX_DAMAGED`] damaged ones in a
/// row.
#[derive(Debug)]
pub(super) struct PageReader<R> {
    file: R,
    /// Where in the file the buffer begins.
    offset: u64,
    buffer: Vec<u8>,
    /// What of the buffer was read.
    at: usize,
    damaged: u64,
}

impl<R: Read + Seek> PageReader<R> {
    pub(super) fn new(file: R) -> Self {
        Self { file, offset: 0, buffer: Vec::with_capacity(2 * MAX_PAGE_BYTES), at: 0, damaged: 0 }
    }

    /// Returns how many pieces of the file were no pages or damaged ones.
    pub(super) const fn damaged(&self) -> u64 {
        self.damaged
    }

    pub(super) const fn set_damaged(&mut self, damaged: u64) {
        self.damaged = damaged;
    }

    /// Returns where in the file the next page is looked for.
    pub(super) const fn position(&self) -> u64 {
        self.offset + self.at as u64
    }

    pub(super) fn length(&mut self) -> io::Result<u64> {
        let length = self.file.seek(SeekFrom::End(0))?;
        self.file.seek(SeekFrom::Start(self.offset + self.buffer.len() as u64))?;
        Ok(length)
    }

    pub(super) fn seek(&mut self, position: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(position))?;
        (self.offset, self.at) = (position, 0);
        self.buffer.clear();
        Ok(())
    }

    /// Reads the next whole page. `None` is the end of the file. Tells where the page begins.
    pub(super) fn read(&mut self, page: &mut Page) -> Result<Option<u64>, FileError> {
        let mut in_a_row = 0;
        let mut is_lost = false;
        loop {
            let Some(header) = self.look(HEADER_BYTES)? else {
                return Ok(None);
            };
            if !header.starts_with(CAPTURE) {
                self.damaged += u64::from(!is_lost);
                is_lost = true;
                self.find_capture();
                continue;
            }
            let begin = self.position();
            if self.parse(page)? {
                return Ok(Some(begin));
            }
            self.at += CAPTURE.len();
            self.damaged += u64::from(!is_lost);
            is_lost = true;
            in_a_row += 1;
            if in_a_row > MAX_DAMAGED {
                return Err(FileError::Damaged { what: "pages whose checksums do not match" });
            }
        }
    }

    /// Moves to the next capture pattern in the buffer, or to where one may still begin.
    fn find_capture(&mut self) {
        let rest = self.buffer.get(self.at + 1..).unwrap_or_default();
        let found = rest.windows(CAPTURE.len()).position(|bytes| bytes == CAPTURE);
        let passed = found.unwrap_or_else(|| rest.len().saturating_sub(CAPTURE.len() - 1));
        self.at += 1 + passed;
    }

    /// Reads the page that begins here, and tells whether it is whole.
    fn parse(&mut self, page: &mut Page) -> Result<bool, FileError> {
        let Some(header) = self.look(HEADER_BYTES)? else { return Ok(false) };
        let lacing_bytes = usize::from(header[26]);
        if header[4] != 0 {
            return Ok(false);
        }
        let Some(lacing) = self.look(HEADER_BYTES + lacing_bytes)? else { return Ok(false) };
        let body_bytes = lacing[HEADER_BYTES..].iter().copied().map(usize::from).sum::<usize>();
        let length = HEADER_BYTES + lacing_bytes + body_bytes;
        let Some(bytes) = self.look(length)? else { return Ok(false) };
        let told = number(&bytes[CHECKSUM_AT..CHECKSUM_AT + 4]) as u32;
        bytes[CHECKSUM_AT..CHECKSUM_AT + 4].fill(0);
        let is_whole = checksum(bytes) == told;
        bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&told.to_le_bytes());
        if is_whole {
            page.flags = bytes[5];
            page.granule = number(&bytes[6..14]);
            page.serial = number(&bytes[14..18]) as u32;
            page.sequence = number(&bytes[18..22]) as u32;
            page.lacing.clear();
            page.lacing.extend_from_slice(&bytes[HEADER_BYTES..HEADER_BYTES + lacing_bytes]);
            page.body.clear();
            page.body.extend_from_slice(&bytes[HEADER_BYTES + lacing_bytes..]);
            self.at += length;
        }
        Ok(is_whole)
    }

    /// Returns the next `length` bytes without reading over them; `None` where the file has fewer.
    fn look(&mut self, length: usize) -> io::Result<Option<&mut [u8]>> {
        if self.buffer.len() - self.at < length {
            self.buffer.drain(..self.at);
            self.offset += self.at as u64;
            self.at = 0;
            let missing = (MAX_PAGE_BYTES - self.buffer.len()) as u64;
            self.file.by_ref().take(missing).read_to_end(&mut self.buffer)?;
        }
        Ok(self.buffer.get_mut(self.at..self.at + length))
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// CRC-32 with the polynomial 0x04c11db7, most significant bit first, from 0 on.
fn checksum(bytes: &[u8]) -> u32 {
    // In bounds: a byte is below 256.
    bytes.iter().fold(0, |sum, &byte| sum << 8 ^ TABLE[((sum >> 24) as u8 ^ byte) as usize])
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut sum = (index as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
            bit += 1;
        }
        table[index] = sum;
        index += 1;
    }
    table
};

const CAPTURE: &[u8] = b"OggS";
const HEADER_BYTES: usize = 27;
const CHECKSUM_AT: usize = 22;
/// Bytes of the longest page.
pub(super) const MAX_PAGE_BYTES: usize = HEADER_BYTES + 255 + 255 * 255;
/// Pages in a row that begin like one and are none, after which a file is refused: each costs the
/// checksum of a page.
const MAX_DAMAGED: u32 = 64;
