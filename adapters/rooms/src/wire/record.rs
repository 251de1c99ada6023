//! Records of rooms and members, as a server lists them.

use lxst_core::IdentityHash;
use lxst_core::wire::Overflow;
use lxst_core::wire::msgpack::Writer;

use super::value::Value;
use crate::id::{MemberId, RoomId};

/// What a server tells of a room.
///
/// ```text
/// [room_id, name, profile, frame_ms, access, description, dial_in, ptt_jitter_ms, flags]
/// ```
///
/// The first six are required. `access`: 1 identified, 2 allow list, 4 password. `dial_in`: 32 hex
/// digits or nil. `flags`: 1 broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomRecord<'p> {
    /// Its number.
    pub id: RoomId,
    /// Its name.
    pub name: &'p str,
    /// The name of its profile.
    pub profile: &'p str,
    /// The length of its frames in ms.
    pub frame_ms: u32,
    /// What it takes to enter.
    pub access: Access,
    /// Its description, which may be empty.
    pub description: &'p str,
    /// The number at which telephones dial in.
    pub dial_in: Option<IdentityHash>,
    /// The jitter buffer of a push-to-talk room in ms; 0 in other rooms.
    pub ptt_jitter_ms: u32,
    /// Only listed members speak: a broadcast room, for music.
    pub is_broadcast: bool,
}

/// What it takes to enter a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// An identity.
    pub identified: bool,
    /// An identity on the allow list.
    pub listed: bool,
    /// A password.
    pub password: bool,
}

/// What a server tells of a member.
///
/// ```text
/// [member_id, name, identity, room_id, muted, deaf,
///  hops, rtt_ms, operator, server_muted, text_only, can_speak]
/// ```
///
/// The first six are required. `identity`: 32 hex digits or nil. Without `can_speak` a member can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRecord<'p> {
    /// Its number.
    pub id: MemberId,
    /// Its name, unique on the server.
    pub name: &'p str,
    /// Its identity, if it proved one.
    pub identity: Option<IdentityHash>,
    /// The room it is in.
    pub room: Option<RoomId>,
    /// It says that its microphone is muted.
    pub is_muted: bool,
    /// It says that its speaker is muted. It gets no voice.
    pub is_deaf: bool,
    /// Distance to the server in hops.
    pub hops: Option<u8>,
    /// Round trip time to the server in ms.
    pub rtt_ms: Option<u32>,
    /// It is an operator.
    pub is_operator: bool,
    /// An operator muted it.
    pub is_server_muted: bool,
    /// It has neither microphone nor speaker.
    pub is_text_only: bool,
    /// Its voice is relayed in its room.
    pub can_speak: bool,
}

impl<'p> RoomRecord<'p> {
    pub(super) fn parse(value: Value<'p>) -> Option<Self> {
        let mut elements = value.elements();
        Some(Self {
            id: RoomId::parse(elements.next()?)?,
            name: elements.next()?.text()?,
            profile: elements.next()?.text()?,
            frame_ms: elements.next()?.number()?,
            access: Access::from_bits(elements.next()?.number()?),
            description: elements.next()?.text().unwrap_or_default(),
            dial_in: elements.next().and_then(Value::identity),
            ptt_jitter_ms: elements.next().and_then(Value::number).unwrap_or(0),
            is_broadcast: elements.next().and_then(Value::number).unwrap_or(0_u64) & 1 == 1,
        })
    }

    pub(super) fn write(&self, out: &mut Writer<'_>) -> Result<(), Overflow> {
        out.array(9)?;
        out.unsigned(self.id.0.into())?;
        out.str(self.name)?;
        out.str(self.profile)?;
        out.unsigned(self.frame_ms.into())?;
        out.unsigned(self.access.bits())?;
        out.str(self.description)?;
        write_identity(out, self.dial_in)?;
        out.unsigned(self.ptt_jitter_ms.into())?;
        out.unsigned(self.is_broadcast.into())
    }
}

impl Access {
    fn from_bits(bits: u64) -> Self {
        Self { identified: bits & 1 != 0, listed: bits & 2 != 0, password: bits & 4 != 0 }
    }

    fn bits(self) -> u64 {
        u64::from(self.identified) | u64::from(self.listed) << 1 | u64::from(self.password) << 2
    }
}

impl<'p> MemberRecord<'p> {
    pub(super) fn parse(value: Value<'p>) -> Option<Self> {
        let mut elements = value.elements();
        Some(Self {
            id: MemberId::parse(elements.next()?)?,
            name: elements.next()?.text()?,
            identity: elements.next()?.identity(),
            room: RoomId::parse(elements.next()?),
            is_muted: elements.next()?.flag(),
            is_deaf: elements.next()?.flag(),
            hops: elements.next().and_then(Value::number),
            rtt_ms: elements.next().and_then(Value::number),
            is_operator: elements.flag(),
            is_server_muted: elements.flag(),
            is_text_only: elements.flag(),
            can_speak: elements.next().is_none_or(Value::flag),
        })
    }

    pub(super) fn write(&self, out: &mut Writer<'_>) -> Result<(), Overflow> {
        out.array(12)?;
        out.unsigned(self.id.0.into())?;
        out.str(self.name)?;
        write_identity(out, self.identity)?;
        write_number(out, self.room.map(|room| room.0))?;
        out.boolean(self.is_muted)?;
        out.boolean(self.is_deaf)?;
        write_number(out, self.hops)?;
        write_number(out, self.rtt_ms)?;
        out.boolean(self.is_operator)?;
        out.boolean(self.is_server_muted)?;
        out.boolean(self.is_text_only)?;
        out.boolean(self.can_speak)
    }
}

impl RoomId {
    /// Reads a room's number: an integer of one or above.
    pub(super) fn parse(value: Value<'_>) -> Option<Self> {
        value.number().filter(|id| *id > 0).map(Self)
    }
}

impl MemberId {
    /// Reads a member's number: an integer of one or above.
    pub(super) fn parse(value: Value<'_>) -> Option<Self> {
        value.number().filter(|id| *id > 0).map(Self)
    }
}

pub(super) fn write_number(
    out: &mut Writer<'_>,
    number: Option<impl Into<u64>>,
) -> Result<(), Overflow> {
    match number {
        Some(number) => out.unsigned(number.into()),
        None => out.nil(),
    }
}

pub(super) fn write_text(out: &mut Writer<'_>, text: Option<&str>) -> Result<(), Overflow> {
    match text {
        Some(text) => out.str(text),
        None => out.nil(),
    }
}

fn write_identity(out: &mut Writer<'_>, identity: Option<IdentityHash>) -> Result<(), Overflow> {
    let Some(IdentityHash(bytes)) = identity else {
        return out.nil();
    };
    out.bytes(&[0xd9, 32])?;
    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 0x0f)];
    bytes.iter().try_for_each(|byte| out.bytes(&[digit(byte >> 4), digit(*byte)]))
}
