//! The packets of `lxst.station`, besides voice.

use alloc::string::String;
use alloc::vec::Vec;

use lxst_core::IdentityHash;
use lxst_core::wire::msgpack::{Token, Writer};
use lxst_core::wire::{Malformed, Overflow};

use super::value::{Fields, Value};
use crate::limits::{NAME, STATION_PATH, TEXT};
use crate::station_profile::StationProfile;
use crate::text::clean;

/// A message between a station and a listener.
///
/// ```text
/// {32: [version, name, profile, path, on_air]}    STATION
/// {33: reason}                                    REFUSED
/// {34: true}                                      ASK
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StationMessage {
    /// What a station sends: to a new listener, to all at each change, and in answer to
    /// [`Ask`](Self::Ask). `None`: of another version, or of a profile that is unknown here.
    Station(Option<Program>),
    /// The station has no place for the link, and is about to close it. The reason is for the user.
    Refused(String),
    /// A listener asks for [`Station`](Self::Station).
    Ask,
}

/// What a station sends, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The name of the station at which it begins, of at most [`NAME`] bytes.
    pub name: String,
    /// The profile of its frames.
    pub profile: StationProfile,
    /// The stations that it passed, by their identities: the first is the one at which it begins,
    /// the last is the sender.
    ///
    /// *Bounds*: 1 to [`STATION_PATH`].
    pub path: Vec<IdentityHash>,
    /// Whether the first station of the path has a source. A relay that lost its source says no.
    pub is_on_air: bool,
}

/// What the announce of a station tells of it.
///
/// ```text
/// [version, name, kind, profile]
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedStation {
    /// The name of the station: at most [`NAME`] bytes.
    pub name: String,
    /// What it is.
    pub kind: StationKind,
    /// What it sends; `None` if that is unknown here.
    pub profile: Option<StationProfile>,
}

/// What a station is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum StationKind {
    /// It has a source of its own: 0.
    Origin = 0,
    /// It relays another station: 1.
    Relay = 1,
}

impl StationMessage {
    /// Parses a packet. `None`: it has no message of a station.
    ///
    /// # Errors
    /// [`Malformed`]: drop and count the packet.
    pub fn parse(data: &[u8]) -> Result<Option<Self>, Malformed> {
        let fields = Fields::parse(data)?;
        let station = || fields.get(STATION).map(|value| Self::Station(Program::parse(value)));
        let refused = || {
            let reason = fields.get(REFUSED)?.text().unwrap_or_default();
            Some(Self::Refused(clean(reason, TEXT)))
        };
        let ask = || fields.get(ASK).map(|_| Self::Ask);
        Ok(station().or_else(refused).or_else(ask))
    }

    /// Encodes a packet of this message. Returns its length in bytes.
    ///
    /// # Errors
    /// [`Overflow`] if the buffer is too small. Its content is then unspecified.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Overflow> {
        let mut writer = Writer::new(out);
        writer.map(1)?;
        match self {
            Self::Station(program) => {
                writer.unsigned(STATION)?;
                match program {
                    Some(program) => program.write(&mut writer)?,
                    None => writer.nil()?,
                }
            }
            Self::Refused(reason) => {
                writer.unsigned(REFUSED)?;
                writer.str(reason)?;
            }
            Self::Ask => {
                writer.unsigned(ASK)?;
                writer.boolean(true)?;
            }
        }
        Ok(writer.length())
    }
}

impl Program {
    fn parse(value: Value<'_>) -> Option<Self> {
        let mut elements = value.elements();
        elements.next()?.number::<u64>().filter(|version| *version == VERSION)?;
        let name = clean(elements.next()?.text()?, NAME);
        let profile = StationProfile::from_id(elements.next()?.number()?)?;
        let path: Option<Vec<_>> =
            elements.next()?.elements().take(STATION_PATH + 1).map(station).collect();
        let path = path.filter(|path| (1..=STATION_PATH).contains(&path.len()))?;
        Some(Self { name, profile, path, is_on_air: elements.flag() })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), Overflow> {
        out.array(5)?;
        out.unsigned(VERSION)?;
        out.str(&self.name)?;
        out.unsigned(self.profile.id().into())?;
        out.array(self.path.len())?;
        for IdentityHash(station) in &self.path {
            out.bin(station.len())?;
            out.bytes(station)?;
        }
        out.boolean(self.is_on_air)
    }
}

impl AnnouncedStation {
    /// Reads the app data of an announce of `lxst.station`. `None`: it tells nothing, or is of a
    /// version or kind that is unknown here.
    #[must_use]
    pub fn from_app_data(app_data: &[u8]) -> Option<Self> {
        let mut elements = Value::whole(app_data).ok()?.elements();
        elements.next()?.number::<u64>().filter(|version| *version == VERSION)?;
        let name = clean(elements.next()?.text()?, NAME);
        let kind = match elements.next()?.number::<u64>()? {
            0 => StationKind::Origin,
            1 => StationKind::Relay,
            _ => return None,
        };
        let profile = elements.next().and_then(Value::number).and_then(StationProfile::from_id);
        Some(Self { name, kind, profile })
    }

    /// Encodes the app data of an announce. Returns its length in bytes.
    ///
    /// # Errors
    /// [`Overflow`] if the buffer is too small. Its content is then unspecified.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Overflow> {
        let mut writer = Writer::new(out);
        writer.array(4)?;
        writer.unsigned(VERSION)?;
        writer.str(&self.name)?;
        writer.unsigned(self.kind as u64)?;
        match self.profile {
            Some(profile) => writer.unsigned(profile.id().into())?,
            None => writer.nil()?,
        }
        Ok(writer.length())
    }
}

fn station(value: Value<'_>) -> Option<IdentityHash> {
    let Token::Bin(bytes) = value.token() else { return None };
    bytes.try_into().ok().map(IdentityHash)
}

/// The version of the protocol of stations.
const VERSION: u64 = 1;

const STATION: u64 = 0x20;
const REFUSED: u64 = 0x21;
const ASK: u64 = 0x22;

#[cfg(test)]
mod tests {
    use std::vec;

    use lxst_core::Profile;

    use super::*;

    #[test]
    fn what_a_station_says_has_these_bytes_and_is_read_back() {
        let program = Program {
            name: "Radio".into(),
            profile: StationProfile::MusicHigh,
            path: vec![IdentityHash([1; 16]), IdentityHash([2; 16])],
            is_on_air: true,
        };
        let path = [&[0x92, 0xc4, 16][..], &[1; 16], &[0xc4, 16], &[2; 16]].concat();
        let told = [&b"\x81\x20\x95\x01\xa5Radio\x07"[..], &path, &[0xc3]].concat();
        for (message, bytes) in [
            (StationMessage::Station(Some(program)), &told[..]),
            (StationMessage::Refused("full".into()), b"\x81\x21\xa4full"),
            (StationMessage::Ask, b"\x81\x22\xc3"),
        ] {
            let mut out = [0; 100];
            let length = message.encode(&mut out).unwrap();
            assert_eq!(&out[..length], bytes);
            assert_eq!(StationMessage::parse(bytes), Ok(Some(message)));
        }
    }

    #[test]
    fn a_path_has_stations_and_no_more_than_may_be() {
        let hash = [&[0xc4, 16][..], &[1; 16]].concat();
        for (stations, is_read) in [(0, false), (1, true), (8, true), (9, false)] {
            let head = [&b"\x81\x20\x95\x01\xa1R\x40"[..], &[0x90 | stations as u8]].concat();
            let told = [head, hash.repeat(stations), vec![0xc2]].concat();
            let message = StationMessage::parse(&told).unwrap().unwrap();
            let StationMessage::Station(program) = message else { panic!("{message:?}") };
            assert_eq!(program.is_some(), is_read, "{stations}");
        }
        let of_another_version = b"\x81\x20\x95\x02\xa1R\x40\x90\xc3";
        let none = Ok(Some(StationMessage::Station(None)));
        assert_eq!(StationMessage::parse(of_another_version), none);
    }

    #[test]
    fn an_announce_tells_name_kind_and_profile() {
        let announced = AnnouncedStation {
            name: "Radio".into(),
            kind: StationKind::Relay,
            profile: Some(StationProfile::Voice(Profile::MediumQuality)),
        };
        let mut out = [0; 20];
        let length = announced.encode(&mut out).unwrap();
        assert_eq!(out[..length], *b"\x94\x01\xa5Radio\x01\x40");
        assert_eq!(AnnouncedStation::from_app_data(&out[..length]), Some(announced));
        for other in [&b"\x94\x02\xa1R\x00\x40"[..], b"\x94\x01\xa1R\x02\x40", b"\x93\x01", b""] {
            assert_eq!(AnnouncedStation::from_app_data(other), None);
        }
    }
}
