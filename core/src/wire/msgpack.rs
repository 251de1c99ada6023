//! The subset of MessagePack that packets of LXST use, read and written in place.
//!
//! [`Packet`](super::Packet) reads a whole packet with it. Apps whose packets have more keys read
//! those keys with a [`Reader`].
//!
//! Reading walks a flat sequence of tokens and counts the values that still belong to it. Nesting
//! of any depth needs neither recursion nor a stack, and the work is linear in the input.

use super::{Malformed, Overflow};

/// One value, or the head of an array or map whose values follow as tokens of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'p> {
    /// Nothing.
    Nil,
    /// A boolean.
    Bool(bool),
    /// An integer of zero or above, of any width and signedness on the wire.
    Unsigned(u64),
    /// An integer below zero.
    Negative(i64),
    /// A float of either width.
    Float(f64),
    /// A text.
    Str(&'p str),
    /// Bytes.
    Bin(&'p [u8]),
    /// An extension: its type, and its bytes.
    Ext(u8, &'p [u8]),
    /// An array, with the number of its values.
    Array(u64),
    /// A map, with the number of its key and value pairs.
    Map(u64),
}

impl Token<'_> {
    /// Returns whether Python takes both for the same key of a dict. Integers, booleans and floats
    /// compare by value. A NaN equals nothing.
    #[must_use]
    pub fn is_same_key(self, other: Self) -> bool {
        match (self.integral(), other.integral()) {
            (Some(own), Some(others)) => own == others,
            (None, None) => self == other,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Returns the number, if it is an integer of zero or above.
    #[inline]
    #[must_use]
    pub fn unsigned(self) -> Option<u64> {
        let Token::Unsigned(value) = self else {
            return None;
        };
        Some(value)
    }

    fn integral(self) -> Option<i128> {
        if let Token::Unsigned(value) = self {
            Some(value.into())
        } else if let Token::Negative(value) = self {
            Some(value.into())
        } else if let Token::Bool(value) = self {
            Some(value.into())
        } else if let Token::Float(value) = self {
            // The cast saturates: only a float without a fraction survives the round trip.
            let whole = value as i128;
            (whole as f64 == value).then_some(whole)
        } else {
            None
        }
    }

    /// Returns how many of the values that follow belong to this one.
    #[inline]
    fn values_owed(self) -> u64 {
        if let Token::Array(values) = self {
            values
        } else if let Token::Map(pairs) = self {
            pairs.saturating_mul(2)
        } else {
            0
        }
    }
}

/// A position in encoded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader<'p> {
    rest: &'p [u8],
}

impl<'p> Reader<'p> {
    /// Begins at the first of these bytes.
    #[must_use]
    pub const fn new(bytes: &'p [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads one token. The codes that telephony packets use stay inline.
    ///
    /// # Errors
    /// [`Malformed`].
    #[inline]
    pub fn token(&mut self) -> Result<Token<'p>, Malformed> {
        let [code] = self.array()?;
        Ok(match code {
            0x00..=0x7f => Token::Unsigned(code.into()),
            0x80..=0x8f => Token::Map((code & 0x0f).into()),
            0x90..=0x9f => Token::Array((code & 0x0f).into()),
            0xc4 => self.bin::<1>()?,
            0xcc => Token::Unsigned(self.number::<1>()?),
            0xcd => Token::Unsigned(self.number::<2>()?),
            _ => self.other_token(code)?,
        })
    }

    fn other_token(&mut self, code: u8) -> Result<Token<'p>, Malformed> {
        Ok(match code {
            0xa0..=0xbf => self.str((code & 0x1f).into())?,
            0xc0 => Token::Nil,
            0xc2 => Token::Bool(false),
            0xc3 => Token::Bool(true),
            0xc5 => self.bin::<2>()?,
            0xc6 => self.bin::<4>()?,
            0xc7 => self.sized_ext::<1>()?,
            0xc8 => self.sized_ext::<2>()?,
            0xc9 => self.sized_ext::<4>()?,
            0xca => Token::Float(f32::from_be_bytes(self.array()?).into()),
            0xcb => Token::Float(f64::from_be_bytes(self.array()?)),
            0xce => Token::Unsigned(self.number::<4>()?),
            0xcf => Token::Unsigned(self.number::<8>()?),
            0xd0 => signed(i8::from_be_bytes(self.array()?).into()),
            0xd1 => signed(i16::from_be_bytes(self.array()?).into()),
            0xd2 => signed(i32::from_be_bytes(self.array()?).into()),
            0xd3 => signed(i64::from_be_bytes(self.array()?)),
            0xd4 => self.ext(1)?,
            0xd5 => self.ext(2)?,
            0xd6 => self.ext(4)?,
            0xd7 => self.ext(8)?,
            0xd8 => self.ext(16)?,
            0xd9 => self.sized_str::<1>()?,
            0xda => self.sized_str::<2>()?,
            0xdb => self.sized_str::<4>()?,
            0xdc => Token::Array(self.number::<2>()?),
            0xdd => Token::Array(self.number::<4>()?),
            0xde => Token::Map(self.number::<2>()?),
            0xdf => Token::Map(self.number::<4>()?),
            0xe0..=0xff => signed(i8::from_be_bytes([code]).into()),
            // 0xc1: `token` handles all other codes.
            _ => return Err(Malformed::ReservedCode),
        })
    }

    /// Reads a token and skips all that belongs to it.
    ///
    /// # Errors
    /// [`Malformed`].
    #[inline]
    pub fn value(&mut self) -> Result<Token<'p>, Malformed> {
        let token = self.token()?;
        self.pass_rest_of(token)?;
        Ok(token)
    }

    /// Skips the values that belong to a token just read.
    ///
    /// # Errors
    /// [`Malformed`].
    #[inline]
    pub fn pass_rest_of(&mut self, token: Token<'p>) -> Result<(), Malformed> {
        self.pass(token.values_owed(), |_| Ok(()))
    }

    /// Reads the key of a map. An array as key gives `None`: the reference accepts it, and does not
    /// compare it with other keys.
    ///
    /// # Errors
    /// [`Malformed::UnhashableKey`] for a map, or an array with a map in it.
    #[inline]
    pub fn key(&mut self) -> Result<Option<Token<'p>>, Malformed> {
        let key = self.token()?;
        if let Token::Map(_) = key {
            return Err(Malformed::UnhashableKey);
        }
        let Token::Array(values) = key else {
            return Ok(Some(key));
        };
        self.pass(values, |token| {
            let is_map = matches!(token, Token::Map(_));
            if is_map { Err(Malformed::UnhashableKey) } else { Ok(()) }
        })?;
        Ok(None)
    }

    fn pass(
        &mut self,
        mut owed: u64,
        check: impl Fn(Token<'p>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        while let Some(owed_after) = owed.checked_sub(1) {
            let token = self.token()?;
            check(token)?;
            owed = owed_after.saturating_add(token.values_owed());
        }
        Ok(())
    }

    fn sized_str<const WIDTH: usize>(&mut self) -> Result<Token<'p>, Malformed> {
        let length = self.number::<WIDTH>()?;
        self.str(length)
    }

    fn str(&mut self, length: u64) -> Result<Token<'p>, Malformed> {
        let text = core::str::from_utf8(self.bytes(length)?);
        text.map(Token::Str).map_err(|_| Malformed::InvalidUtf8)
    }

    #[inline]
    fn bin<const WIDTH: usize>(&mut self) -> Result<Token<'p>, Malformed> {
        let length = self.number::<WIDTH>()?;
        self.bytes(length).map(Token::Bin)
    }

    fn sized_ext<const WIDTH: usize>(&mut self) -> Result<Token<'p>, Malformed> {
        let length = self.number::<WIDTH>()?;
        self.ext(length)
    }

    fn ext(&mut self, length: u64) -> Result<Token<'p>, Malformed> {
        let [kind] = self.array()?;
        Ok(Token::Ext(kind, self.bytes(length)?))
    }

    #[inline]
    fn number<const WIDTH: usize>(&mut self) -> Result<u64, Malformed> {
        let bytes = self.array::<WIDTH>()?;
        Ok(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    #[inline]
    fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN], Malformed> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    fn bytes(&mut self, length: u64) -> Result<&'p [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed::Truncated)?;
        let split = self.rest.split_at_checked(length);
        let (bytes, rest) = split.ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }
}

/// Encoded bytes, appended to the caller's buffer.
#[derive(Debug)]
pub struct Writer<'b> {
    out: &'b mut [u8],
    length: usize,
}

impl<'b> Writer<'b> {
    /// Begins at the start of this buffer.
    pub const fn new(out: &'b mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    /// Returns how many bytes were written.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// Writes the head of a map of at most 15 pairs.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn map(&mut self, pairs: u8) -> Result<(), Overflow> {
        debug_assert!(pairs < 16, "a map of more pairs has another head");
        self.bytes(&[0x80 | pairs])
    }

    /// Writes the head of an array.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn array(&mut self, values: usize) -> Result<(), Overflow> {
        match u16::try_from(values) {
            Ok(values @ 0..16) => self.bytes(&[0x90 | values.to_be_bytes()[1]]),
            Ok(values) => self.head(0xdc, values.to_be_bytes()),
            Err(_) => Err(self.overflow()),
        }
    }

    /// Writes the head of a binary value; [`Self::bytes`] writes its content.
    ///
    /// # Errors
    /// [`Overflow`].
    #[inline]
    pub fn bin(&mut self, length: usize) -> Result<(), Overflow> {
        match u16::try_from(length).map(u16::to_be_bytes) {
            Ok([0, length]) => self.head(0xc4, [length]),
            Ok(length) => self.head(0xc5, length),
            Err(_) => Err(self.overflow()),
        }
    }

    /// Writes a text.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn str(&mut self, text: &str) -> Result<(), Overflow> {
        match u16::try_from(text.len()).map(u16::to_be_bytes) {
            Ok([0, length @ 0..32]) => self.bytes(&[0xa0 | length])?,
            Ok([0, length]) => self.head(0xd9, [length])?,
            Ok(length) => self.head(0xda, length)?,
            Err(_) => return Err(self.overflow()),
        }
        self.bytes(text.as_bytes())
    }

    /// Writes a boolean.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn boolean(&mut self, value: bool) -> Result<(), Overflow> {
        self.bytes(&[0xc2 | u8::from(value)])
    }

    /// Writes nil.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn nil(&mut self) -> Result<(), Overflow> {
        self.bytes(&[0xc0])
    }

    /// Writes an integer in the fewest bytes.
    ///
    /// # Errors
    /// [`Overflow`].
    #[inline]
    pub fn unsigned(&mut self, value: u64) -> Result<(), Overflow> {
        match value.to_be_bytes() {
            [0, 0, 0, 0, 0, 0, 0, byte @ 0..0x80] => self.bytes(&[byte]),
            [0, 0, 0, 0, 0, 0, 0, byte] => self.head(0xcc, [byte]),
            [0, 0, 0, 0, 0, 0, a, b] => self.head(0xcd, [a, b]),
            [0, 0, 0, 0, a, b, c, d] => self.head(0xce, [a, b, c, d]),
            wide => self.head(0xcf, wide),
        }
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// [`Overflow`].
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Overflow> {
        let overflow = self.overflow();
        let (_, free) = self.out.split_at_mut_checked(self.length).ok_or(overflow)?;
        let (taken, _) = free.split_at_mut_checked(bytes.len()).ok_or(overflow)?;
        taken.copy_from_slice(bytes);
        self.length = self.length.saturating_add(bytes.len());
        Ok(())
    }

    #[inline]
    fn head<const WIDTH: usize>(&mut self, code: u8, length: [u8; WIDTH]) -> Result<(), Overflow> {
        self.bytes(&[code])?;
        self.bytes(&length)
    }

    fn overflow(&self) -> Overflow {
        Overflow { room: self.out.len() }
    }
}

fn signed(value: i64) -> Token<'static> {
    u64::try_from(value).map_or(Token::Negative(value), Token::Unsigned)
}
