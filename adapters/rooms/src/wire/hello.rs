//! HELLO, the request to be a member.

use lxst_core::wire::Overflow;
use lxst_core::wire::msgpack::{Token, Writer};

use super::record::{write_number, write_text};
use super::value::Value;
use crate::id::RoomId;

/// What a client says of itself, and the room that it wants.
///
/// ```text
/// {"name": str, "room": int, str or nil, "password": str or nil, "server_password": str or nil,
///  "text_only": bool, "muted": bool, "deaf": bool, "hops": int or nil, "rtt": ms or nil,
///  "ver": int, "app": str}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello<'p> {
    /// The name that it wants.
    pub name: &'p str,
    /// The room that it wants; `None` is the default room.
    pub room: Option<RoomKey<'p>>,
    /// The password of that room.
    pub password: Option<&'p str>,
    /// The password of the server.
    pub server_password: Option<&'p str>,
    /// It has neither microphone nor speaker.
    pub is_text_only: bool,
    /// Its microphone is muted.
    pub is_muted: bool,
    /// Its speaker is muted.
    pub is_deaf: bool,
    /// Distance to the server in hops.
    pub hops: Option<u8>,
    /// Round trip time to the server in ms, below 1,000,000.
    pub rtt_ms: Option<u32>,
    /// The version of the protocol; `None` if it is no integer.
    pub version: Option<u64>,
    /// The version of its program.
    pub app: &'p str,
}

/// A room, as clients name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomKey<'p> {
    /// By its number. A server looks for any integer, and finds none for 0.
    Id(u64),
    /// By its name, compared without case and surrounding white space.
    Name(&'p str),
}

impl<'p> Hello<'p> {
    pub(super) fn parse(value: Value<'p>) -> Option<Self> {
        let text = |key| value.entry(key).and_then(Value::text);
        let flag = |key| value.entry(key).is_some_and(Value::flag);
        value.is_map().then(|| Self {
            name: text("name").unwrap_or_default(),
            room: value.entry("room").and_then(RoomKey::parse),
            password: text("password"),
            server_password: text("server_password"),
            is_text_only: flag("text_only"),
            is_muted: flag("muted"),
            is_deaf: flag("deaf"),
            hops: value.entry("hops").and_then(Value::number),
            rtt_ms: value.entry("rtt").and_then(rtt),
            version: value.entry("ver").and_then(Value::number),
            app: text("app").unwrap_or_default(),
        })
    }

    pub(super) fn write(&self, out: &mut Writer<'_>) -> Result<(), Overflow> {
        out.map(11)?;
        out.str("name")?;
        out.str(self.name)?;
        out.str("room")?;
        match self.room {
            Some(room) => room.write(out)?,
            None => out.nil()?,
        }
        out.str("password")?;
        write_text(out, self.password)?;
        out.str("server_password")?;
        write_text(out, self.server_password)?;
        for (key, flag) in
            [("text_only", self.is_text_only), ("muted", self.is_muted), ("deaf", self.is_deaf)]
        {
            out.str(key)?;
            out.boolean(flag)?;
        }
        out.str("hops")?;
        write_number(out, self.hops)?;
        out.str("rtt")?;
        write_number(out, self.rtt_ms)?;
        out.str("ver")?;
        write_number(out, self.version)?;
        out.str("app")?;
        out.str(self.app)
    }
}

impl<'p> RoomKey<'p> {
    pub(super) fn parse(value: Value<'p>) -> Option<Self> {
        match value.token() {
            Token::Unsigned(id) => Some(Self::Id(id)),
            Token::Str(name) => Some(Self::Name(name)),
            _ => None,
        }
    }

    pub(super) fn write(self, out: &mut Writer<'_>) -> Result<(), Overflow> {
        match self {
            Self::Id(id) => out.unsigned(id),
            Self::Name(name) => out.str(name),
        }
    }
}

impl From<RoomId> for RoomKey<'_> {
    fn from(id: RoomId) -> Self {
        Self::Id(id.0.into())
    }
}

/// Reads a round trip time: a number of ms, whole or not.
fn rtt(value: Value<'_>) -> Option<u32> {
    let millis = match value.token() {
        Token::Unsigned(millis) => u32::try_from(millis).ok()?,
        // The cast saturates, and takes a NaN for zero.
        Token::Float(millis) if millis >= 0.0 => millis as u32,
        _ => return None,
    };
    Some(millis).filter(|millis| *millis < 1_000_000)
}
