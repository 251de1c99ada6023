//! What a server sends.

use alloc::vec;
use alloc::vec::Vec;

use lxst_core::wire::msgpack::Writer;
use lxst_core::wire::{Malformed, Overflow};

use super::hello::RoomKey;
use super::keys;
use super::record::{MemberRecord, RoomRecord, write_number};
use super::value::{Fields, Value};
use super::voice::Voice;
use crate::id::{MemberId, RoomId};

/// A message of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum ServerMessage<'p> {
    /// Admits a client: `{6: map}`.
    Welcome(Welcome<'p>),
    /// Lists rooms, or changed ones: `{7: [record, ...]}`. One flat record is read too.
    Rooms(Vec<RoomRecord<'p>>),
    /// A member that joined or changed: `{8: record}`.
    Member(MemberRecord<'p>),
    /// Lists members, in the first list: `{8: [record, ...]}`.
    Members(Vec<MemberRecord<'p>>),
    /// A member left: `{9: member_id}`.
    Left(MemberId),
    /// The lists of rooms and members are complete: `{14: true}`.
    Synced,
    /// Puts the client into a room, or into none: `{3: [room_id, profile, frame_ms, can_speak]}`.
    Entered(Option<Entered<'p>>),
    /// Refuses: `{11: [room_id, reason]}`. Without a room the server closes the link, and trying
    /// again does not help.
    Denied { room: Option<RoomKey<'p>>, reason: &'p str },
    /// Tells the user something: `{18: text}`.
    Notice(&'p str),
    /// Text of a member to its room: `{12: [member_id, text]}`.
    Text { from: MemberId, text: &'p str },
    /// Text of a member to this one: `{15: [member_id, text]}`.
    Poke { from: MemberId, text: &'p str },
    /// The message of the day changed: `{21: ["motd", text]}`.
    Motd(&'p str),
    /// A room was removed: `{22: room_id}`.
    RoomGone(RoomId),
    /// A member's talk spurt is over: `{19: member_id}`.
    TalkEnd(MemberId),
    /// A member speaks: `{1: frames, 2: member_id, 16: sequence}`.
    Voice { speaker: MemberId, voice: Voice<'p> },
}

/// What a server says of itself.
///
/// ```text
/// {"name": str, "sid": member_id, "motd": str, "ver": int, "app": str}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome<'p> {
    /// The name of the server.
    pub name: &'p str,
    /// The number of the new member.
    pub member: MemberId,
    /// The message of the day.
    pub motd: &'p str,
    /// The version of the protocol; `None` if it is no integer.
    pub version: Option<u64>,
    /// The version of its program.
    pub app: &'p str,
}

/// The room that a client is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered<'p> {
    /// Its number.
    pub room: RoomId,
    /// The name of its profile.
    pub profile: &'p str,
    /// The length of its frames in ms.
    pub frame_ms: u32,
    /// Whether the client's voice is relayed.
    pub can_speak: bool,
}

impl<'p> ServerMessage<'p> {
    /// Parses a whole packet. Returns its messages in the order in which a client handles them.
    ///
    /// # Errors
    /// [`Malformed`]: drop and count the packet.
    pub fn parse(data: &'p [u8]) -> Result<Vec<Self>, Malformed> {
        let fields = Fields::parse(data)?;
        Ok(ORDER.iter().filter_map(|key| Self::read(*key, &fields)).collect())
    }

    /// Encodes a packet of one message. Returns its length in bytes.
    ///
    /// # Errors
    /// [`Overflow`] if the buffer is too small. Its content is then unspecified.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Overflow> {
        if let Self::Voice { speaker, voice } = self {
            return voice.encode(Some(*speaker), out);
        }
        let mut writer = Writer::new(out);
        writer.map(1)?;
        self.write(&mut writer)?;
        Ok(writer.length())
    }

    fn read(key: u64, fields: &Fields<'p>) -> Option<Self> {
        let value = fields.get(key)?;
        let mut elements = value.elements();
        Some(match key {
            keys::WELCOME => Self::Welcome(Welcome::parse(value)?),
            keys::CHANNEL => match RoomRecord::parse(value) {
                Some(room) => Self::Rooms(vec![room]),
                None => Self::Rooms(elements.filter_map(RoomRecord::parse).collect()),
            },
            keys::USER => match MemberRecord::parse(value) {
                Some(member) => Self::Member(member),
                None => Self::Members(elements.filter_map(MemberRecord::parse).collect()),
            },
            keys::USER_LEFT => Self::Left(MemberId::parse(value)?),
            keys::SYNCED => Self::Synced,
            keys::ROOM => Self::Entered(Entered::parse(value)),
            keys::DENIED => Self::Denied {
                room: elements.next().and_then(RoomKey::parse),
                reason: elements.next().and_then(Value::text).unwrap_or_default(),
            },
            keys::NOTICE => Self::Notice(value.text()?),
            keys::TEXT => Self::Text {
                from: MemberId::parse(elements.next()?)?,
                text: elements.next()?.text()?,
            },
            keys::POKE => Self::Poke {
                from: MemberId::parse(elements.next()?)?,
                text: elements.next()?.text()?,
            },
            keys::CONFIG if elements.next()?.text() == Some("motd") => {
                Self::Motd(elements.next()?.text()?)
            }
            keys::CHANNEL_GONE => Self::RoomGone(RoomId::parse(value)?),
            keys::TALK_END => Self::TalkEnd(MemberId::parse(value)?),
            keys::FRAMES => {
                let speaker = MemberId::parse(fields.get(keys::SPEAKER)?)?;
                Self::Voice { speaker, voice: Voice::parse(fields) }
            }
            _ => return None,
        })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), Overflow> {
        out.unsigned(self.key())?;
        match self {
            Self::Welcome(welcome) => welcome.write(out),
            Self::Rooms(rooms) => {
                out.array(rooms.len())?;
                rooms.iter().try_for_each(|room| room.write(out))
            }
            Self::Member(member) => member.write(out),
            Self::Members(members) => {
                out.array(members.len())?;
                members.iter().try_for_each(|member| member.write(out))
            }
            Self::Left(member) | Self::TalkEnd(member) => out.unsigned(member.0.into()),
            Self::Synced => out.boolean(true),
            Self::Entered(entered) => Entered::write(*entered, out),
            Self::Denied { room, reason } => {
                out.array(2)?;
                match room {
                    Some(room) => room.write(out)?,
                    None => out.nil()?,
                }
                out.str(reason)
            }
            Self::Notice(text) => out.str(text),
            Self::Text { from, text } | Self::Poke { from, text } => {
                out.array(2)?;
                out.unsigned(from.0.into())?;
                out.str(text)
            }
            Self::Motd(text) => {
                out.array(2)?;
                out.str("motd")?;
                out.str(text)
            }
            Self::RoomGone(room) => out.unsigned(room.0.into()),
            // Voice is written above.
            Self::Voice { .. } => out.nil(),
        }
    }

    const fn key(&self) -> u64 {
        match self {
            Self::Welcome(_) => keys::WELCOME,
            Self::Rooms(_) => keys::CHANNEL,
            Self::Member(_) | Self::Members(_) => keys::USER,
            Self::Left(_) => keys::USER_LEFT,
            Self::Synced => keys::SYNCED,
            Self::Entered(_) => keys::ROOM,
            Self::Denied { .. } => keys::DENIED,
            Self::Notice(_) => keys::NOTICE,
            Self::Text { .. } => keys::TEXT,
            Self::Poke { .. } => keys::POKE,
            Self::Motd(_) => keys::CONFIG,
            Self::RoomGone(_) => keys::CHANNEL_GONE,
            Self::TalkEnd(_) => keys::TALK_END,
            Self::Voice { .. } => keys::FRAMES,
        }
    }
}

impl<'p> Welcome<'p> {
    fn parse(value: Value<'p>) -> Option<Self> {
        let text = |key| value.entry(key).and_then(Value::text).unwrap_or_default();
        Some(Self {
            name: text("name"),
            member: MemberId::parse(value.entry("sid")?)?,
            motd: text("motd"),
            version: value.entry("ver").and_then(Value::number),
            app: text("app"),
        })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), Overflow> {
        out.map(5)?;
        out.str("name")?;
        out.str(self.name)?;
        out.str("sid")?;
        out.unsigned(self.member.0.into())?;
        out.str("motd")?;
        out.str(self.motd)?;
        out.str("ver")?;
        write_number(out, self.version)?;
        out.str("app")?;
        out.str(self.app)
    }
}

impl<'p> Entered<'p> {
    fn parse(value: Value<'p>) -> Option<Self> {
        let mut elements = value.elements();
        Some(Self {
            room: RoomId::parse(elements.next()?)?,
            profile: elements.next()?.text()?,
            frame_ms: elements.next()?.number()?,
            can_speak: elements.next().is_none_or(Value::flag),
        })
    }

    fn write(entered: Option<Self>, out: &mut Writer<'_>) -> Result<(), Overflow> {
        out.array(4)?;
        let Some(entered) = entered else {
            // In no room: nothing, and the word that a member can speak.
            return out.bytes(&[0xc0, 0xc0, 0xc0, 0xc3]);
        };
        out.unsigned(entered.room.0.into())?;
        out.str(entered.profile)?;
        out.unsigned(entered.frame_ms.into())?;
        out.boolean(entered.can_speak)
    }
}

/// The order in which a client handles the messages of one packet.
const ORDER: [u64; 14] = [
    keys::WELCOME,
    keys::CHANNEL,
    keys::USER,
    keys::USER_LEFT,
    keys::SYNCED,
    keys::ROOM,
    keys::DENIED,
    keys::NOTICE,
    keys::TEXT,
    keys::POKE,
    keys::CONFIG,
    keys::CHANNEL_GONE,
    keys::TALK_END,
    keys::FRAMES,
];
