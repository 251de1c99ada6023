//! Values of a packet that was checked as a whole, read in place.

use alloc::vec::Vec;

use lxst_core::IdentityHash;
use lxst_core::wire::msgpack::{Reader, Token};
use lxst_core::wire::{Malformed, Packet};

/// The pairs of a packet with integer keys.
#[derive(Clone, Debug)]
pub(super) struct Fields<'p> {
    pub(super) packet: Packet<'p>,
    pairs: Vec<(u64, Value<'p>)>,
}

impl<'p> Fields<'p> {
    /// Parses a whole packet, or nothing of it.
    pub(super) fn parse(data: &'p [u8]) -> Result<Self, Malformed> {
        let packet = Packet::parse(data)?;
        let mut reader = Reader::new(data);
        let Token::Map(count) = reader.token()? else {
            return Err(Malformed::NotMap);
        };
        // The packet bounds the number of pairs that its parser accepts.
        let mut pairs = Vec::new();
        for _ in 0..count {
            let key = reader.key()?;
            let value = Value(reader);
            reader.value()?;
            if let Some(key) = key.and_then(Token::unsigned) {
                pairs.push((key, value));
            }
        }
        Ok(Self { packet, pairs })
    }

    pub(super) fn get(&self, key: u64) -> Option<Value<'p>> {
        self.pairs.iter().find(|(of, _)| *of == key).map(|(_, value)| *value)
    }
}

/// One value. Reading it again cannot fail: its bytes were parsed once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'p>(Reader<'p>);

impl<'p> Value<'p> {
    pub(super) fn whole(data: &'p [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(data);
        reader.value()?;
        Ok(Self(Reader::new(data)))
    }

    pub(super) fn token(self) -> Token<'p> {
        let mut reader = self.0;
        reader.token().unwrap_or(Token::Nil)
    }

    /// Returns the elements of an array; none of any other value.
    pub(super) fn elements(self) -> Elements<'p> {
        let mut reader = self.0;
        let left = if let Ok(Token::Array(left)) = reader.token() { left } else { 0 };
        Elements { reader, left }
    }

    /// Returns the value of a text key in a map.
    pub(super) fn entry(self, key: &str) -> Option<Self> {
        let mut reader = self.0;
        let Ok(Token::Map(pairs)) = reader.token() else { return None };
        for _ in 0..pairs {
            let found = reader.key().ok()?;
            let value = Self(reader);
            reader.value().ok()?;
            if found == Some(Token::Str(key)) {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn is_map(self) -> bool {
        matches!(self.token(), Token::Map(_))
    }

    pub(super) fn text(self) -> Option<&'p str> {
        if let Token::Str(text) = self.token() { Some(text) } else { None }
    }

    pub(super) fn number<T: TryFrom<u64>>(self) -> Option<T> {
        self.token().unsigned().and_then(|number| number.try_into().ok())
    }

    /// Returns whether the value counts as true. An integer does unless it is 0.
    pub(super) fn flag(self) -> bool {
        matches!(self.token(), Token::Bool(true) | Token::Unsigned(1..) | Token::Negative(_))
    }

    pub(super) fn identity(self) -> Option<IdentityHash> {
        self.text()?.parse().ok()
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub(super) struct Elements<'p> {
    reader: Reader<'p>,
    left: u64,
}

impl Elements<'_> {
    /// Returns whether the next element counts as true; a missing one does not.
    pub(super) fn flag(&mut self) -> bool {
        self.next().is_some_and(Value::flag)
    }
}

impl<'p> Iterator for Elements<'p> {
    type Item = Value<'p>;

    fn next(&mut self) -> Option<Value<'p>> {
        self.left = self.left.checked_sub(1)?;
        let value = Value(self.reader);
        self.reader.value().ok()?;
        Some(value)
    }
}
