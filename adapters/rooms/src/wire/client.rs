//! What a client sends.

use alloc::vec::Vec;

use lxst_core::wire::msgpack::Writer;
use lxst_core::wire::{Malformed, Overflow};

use super::hello::{Hello, RoomKey};
use super::keys;
use super::record::{write_number, write_text};
use super::value::{Fields, Value};
use super::voice::Voice;
use crate::id::MemberId;

/// A message of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum ClientMessage<'p> {
    /// Asks to be a member: `{5: map}`. `None`: what came is not a map.
    Hello(Option<Hello<'p>>),
    /// Speaks: `{1: frames, 16: sequence}`.
    Voice(Voice<'p>),
    /// Asks to enter a room: `{10: [room_id, password]}`.
    Move { room: RoomKey<'p>, password: Option<&'p str> },
    /// Writes to the room: `{12: text}`.
    Text(&'p str),
    /// Says whether microphone and speaker are muted: `{13: [muted, deaf]}`.
    State { is_muted: bool, is_deaf: bool },
    /// Writes to one member: `{15: [member_id, text]}`.
    Poke { to: MemberId, text: &'p str },
    /// Asks for what operators may do: `{17: [action, member_id, argument]}`.
    Admin { action: Action, on: MemberId },
    /// Asks for a change of dial-in: `{20: [action, argument]}`. Not read further.
    DialIn,
    /// Asks for a change of the server's settings: `{21: [action, payload]}`. Not read further.
    Config,
    /// Says that the talk spurt is over: `{19: true}`.
    TalkEnd,
}

/// What operators do to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Closes its link: `kick`.
    Kick,
    /// Closes its link and refuses its identity from then on: `ban`.
    Ban,
    /// Relays none of its voice: `mute`.
    Mute,
    /// Relays its voice again: `unmute`.
    Unmute,
    /// Makes its identity an operator: `op`.
    Promote,
    /// Makes its identity no operator: `deop`.
    Demote,
    /// Puts it into the room of this number: `move`, with the number as argument.
    Move(u64),
}

impl<'p> ClientMessage<'p> {
    /// Parses a whole packet. Returns its messages in the order in which a server handles them.
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
        if let Self::Voice(voice) = self {
            return voice.encode(None, out);
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
            keys::HELLO => Self::Hello(Hello::parse(value)),
            keys::FRAMES => Self::Voice(Voice::parse(fields)),
            keys::MOVE => Self::Move {
                room: RoomKey::parse(elements.next()?)?,
                password: elements.next().and_then(Value::text),
            },
            keys::TEXT => Self::Text(value.text()?),
            keys::STATE => {
                Self::State { is_muted: elements.next()?.flag(), is_deaf: elements.next()?.flag() }
            }
            keys::POKE => Self::Poke {
                to: MemberId::parse(elements.next()?)?,
                text: elements.next()?.text()?,
            },
            keys::ADMIN => {
                let name = elements.next()?.text()?;
                let on = MemberId::parse(elements.next()?)?;
                Self::Admin { action: Action::parse(name, elements.next())?, on }
            }
            keys::DIALIN => Self::DialIn,
            keys::CONFIG => Self::Config,
            keys::TALK_END => Self::TalkEnd,
            _ => return None,
        })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), Overflow> {
        out.unsigned(self.key())?;
        match self {
            Self::Hello(Some(hello)) => hello.write(out),
            Self::Move { room, password } => {
                out.array(2)?;
                room.write(out)?;
                write_text(out, *password)
            }
            Self::Text(text) => out.str(text),
            Self::State { is_muted, is_deaf } => {
                out.array(2)?;
                out.boolean(*is_muted)?;
                out.boolean(*is_deaf)
            }
            Self::Poke { to, text } => {
                out.array(2)?;
                out.unsigned(to.0.into())?;
                out.str(text)
            }
            Self::Admin { action, on } => {
                out.array(3)?;
                out.str(action.name())?;
                out.unsigned(on.0.into())?;
                write_number(out, if let Action::Move(room) = action { Some(*room) } else { None })
            }
            Self::TalkEnd => out.boolean(true),
            // Voice is written above; the others are not ours to ask for.
            Self::Hello(None) | Self::DialIn | Self::Config | Self::Voice(_) => out.nil(),
        }
    }

    const fn key(&self) -> u64 {
        match self {
            Self::Hello(_) => keys::HELLO,
            Self::Voice(_) => keys::FRAMES,
            Self::Move { .. } => keys::MOVE,
            Self::Text(_) => keys::TEXT,
            Self::State { .. } => keys::STATE,
            Self::Poke { .. } => keys::POKE,
            Self::Admin { .. } => keys::ADMIN,
            Self::DialIn => keys::DIALIN,
            Self::Config => keys::CONFIG,
            Self::TalkEnd => keys::TALK_END,
        }
    }
}

impl Action {
    fn parse(name: &str, argument: Option<Value<'_>>) -> Option<Self> {
        Some(match name {
            "kick" => Self::Kick,
            "ban" => Self::Ban,
            "mute" => Self::Mute,
            "unmute" => Self::Unmute,
            "op" => Self::Promote,
            "deop" => Self::Demote,
            "move" => Self::Move(argument?.number()?),
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Kick => "kick",
            Self::Ban => "ban",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::Promote => "op",
            Self::Demote => "deop",
            Self::Move(_) => "move",
        }
    }
}

/// The order in which a server handles the messages of one packet.
const ORDER: [u64; 10] = [
    keys::HELLO,
    keys::FRAMES,
    keys::MOVE,
    keys::TEXT,
    keys::STATE,
    keys::POKE,
    keys::ADMIN,
    keys::DIALIN,
    keys::CONFIG,
    keys::TALK_END,
];
