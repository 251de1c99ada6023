//! Packets of a page, sealed with the key of a group.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

use crate::limits::{PAGE_HEAD, PAGE_PACKET, PAGE_TAG};

/// The key that the members of a group share: 32 bytes, of a good source of random numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PageKey(pub [u8; 32]);

impl fmt::Debug for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageKey")
    }
}

/// A text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a page key has 64 hex digits")]
pub struct ParsePageKeyError;

impl PageKey {
    /// Returns the key as 64 hex digits: the text by which it is shared. It is no `Display`, because
    /// who has it can page.
    #[must_use]
    pub fn to_hex(self) -> String {
        let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
        self.0.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).map(digit).collect()
    }
}

impl FromStr for PageKey {
    type Err = ParsePageKeyError;

    /// Reads 64 hex digits, with white space around them.
    fn from_str(text: &str) -> Result<Self, ParsePageKeyError> {
        let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let digits: Option<Vec<u8>> = text.trim().chars().map(digit).collect();
        let digits = digits.ok_or(ParsePageKeyError)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        let key = <[u8; 32]>::try_from(bytes).map_err(|_| ParsePageKeyError)?;
        if rest.is_empty() { Ok(Self(key)) } else { Err(ParsePageKeyError) }
    }
}

/// The number of a page: 8 bytes by chance, new at each press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageId(pub [u8; 8]);

/// What stands before the sealed bytes of a packet.
///
/// ```text
/// 0   1   version: 1
/// 1   1   flags: 1 urgent
/// 2   8   page
/// 10  4   packet of the page, from 0
/// 14  4   stamp: when the page began, in seconds since 1970-01-01 UTC
/// 18  n   sealed with ChaCha20-Poly1305 (RFC 8439); nonce: bytes 2 to 13; associated data: bytes 0 to 17
/// ..  16  tag
/// ```
///
/// Numbers are big endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) flags: u8,
    pub(super) page: PageId,
    pub(super) packet: u32,
    pub(super) stamp: u32,
}

impl Head {
    /// Splits a packet into its head and what is sealed.
    pub(super) fn read(data: &[u8]) -> Option<(Self, &[u8])> {
        let (head, sealed) = data.split_first_chunk::<PAGE_HEAD>()?;
        let ([VERSION, flags], rest) = head.split_first_chunk()? else { return None };
        let (page, rest) = rest.split_first_chunk()?;
        let (packet, rest) = rest.split_first_chunk()?;
        let stamp = rest.first_chunk()?;
        let head = Self {
            flags: *flags,
            page: PageId(*page),
            packet: u32::from_be_bytes(*packet),
            stamp: u32::from_be_bytes(*stamp),
        };
        let is_whole = sealed.len() > PAGE_TAG && data.len() <= PAGE_PACKET;
        is_whole.then_some((head, sealed))
    }

    pub(super) const fn is_urgent(self) -> bool {
        self.flags & URGENT != 0
    }

    fn bytes(self) -> [u8; PAGE_HEAD] {
        let mut bytes = [0; PAGE_HEAD];
        bytes[0] = VERSION;
        bytes[1] = self.flags;
        bytes[2..10].copy_from_slice(&self.page.0);
        bytes[10..14].copy_from_slice(&self.packet.to_be_bytes());
        bytes[14..].copy_from_slice(&self.stamp.to_be_bytes());
        bytes
    }

    /// Returns the packet that carries `plain`.
    pub(super) fn seal(self, key: PageKey, plain: &[u8]) -> Vec<u8> {
        let head = self.bytes();
        let payload = Payload { msg: plain, aad: &head };
        // It fails for messages of gigabytes only.
        let sealed = cipher(key).encrypt(&nonce(head), payload).unwrap_or_default();
        [&head[..], &sealed].concat()
    }

    /// Returns what was sealed; `None` with another key, or if anything of the packet is other.
    pub(super) fn open(self, key: PageKey, sealed: &[u8]) -> Option<Vec<u8>> {
        let head = self.bytes();
        cipher(key).decrypt(&nonce(head), Payload { msg: sealed, aad: &head }).ok()
    }
}

fn cipher(PageKey(key): PageKey) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(key))
}

fn nonce(head: [u8; PAGE_HEAD]) -> Nonce {
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&head[2..14]);
    Nonce::from(nonce)
}

/// The flag of an urgent page.
pub(super) const URGENT: u8 = 1;

const VERSION: u8 = 1;
