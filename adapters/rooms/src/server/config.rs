//! Settings of a server.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use lxst_core::IdentityHash;

use super::room_config::RoomConfig;
use crate::bounds::{BoundError, secret, text, within};
use crate::limits;
use crate::wire::{AnnouncedRoom, VERSION};

/// Settings of a server.
///
/// *Default*: open to everybody, 32 members, no operators, and a room `Lobby` of `opus-high` if no
/// room is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    pub(super) name: String,
    pub(super) motd: String,
    pub(super) description: String,
    pub(super) language: String,
    pub(super) country: String,
    pub(super) app: String,
    pub(super) password: Option<String>,
    pub(super) is_hidden: bool,
    pub(super) allow: Option<BTreeSet<IdentityHash>>,
    pub(super) banned: BTreeSet<IdentityHash>,
    pub(super) operators: BTreeSet<IdentityHash>,
    pub(super) max_members: usize,
    pub(super) rooms: Vec<RoomConfig>,
}

impl ServerConfig {
    /// Makes the settings of a server of this name.
    ///
    /// # Errors
    /// [`BoundError`] if it is empty or has more than [`NAME`](limits::NAME) bytes.
    pub fn new(name: &str) -> Result<Self, BoundError> {
        Ok(Self {
            name: text("bytes of the server's name", name, (1, limits::NAME))?,
            motd: String::new(),
            description: String::new(),
            language: String::new(),
            country: String::new(),
            app: concat!("lxst-rooms ", env!("CARGO_PKG_VERSION")).into(),
            password: None,
            is_hidden: false,
            allow: None,
            banned: BTreeSet::new(),
            operators: BTreeSet::new(),
            max_members: limits::MEMBERS,
            rooms: Vec::new(),
        })
    }

    /// Adds a room. The first one is the default room: members without a room of their own go
    /// there.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`ROOMS`](limits::ROOMS).
    pub fn room(mut self, room: RoomConfig) -> Result<Self, BoundError> {
        within("number of rooms", self.rooms.len() + 1, (1, limits::ROOMS))?;
        self.rooms.push(room);
        Ok(self)
    }

    /// Sets the message of the day, which new members read.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`TEXT`](limits::TEXT) bytes.
    pub fn motd(self, motd: &str) -> Result<Self, BoundError> {
        Ok(Self { motd: text("bytes of the message of the day", motd, (0, limits::TEXT))?, ..self })
    }

    /// Sets what announces tell besides the name: description, language, country.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`DESCRIPTION_ANNOUNCED`](limits::DESCRIPTION_ANNOUNCED),
    /// [`LANGUAGE`](limits::LANGUAGE) and [`COUNTRY`](limits::COUNTRY) bytes.
    pub fn about(
        self,
        description: &str,
        language: &str,
        country: &str,
    ) -> Result<Self, BoundError> {
        let most = limits::DESCRIPTION_ANNOUNCED;
        Ok(Self {
            description: text("bytes of the server's description", description, (0, most))?,
            language: text("bytes of the language", language, (0, limits::LANGUAGE))?,
            country: text("bytes of the country", country, (0, limits::COUNTRY))?,
            ..self
        })
    }

    /// Sets the version that the server tells of its program. *Default*: that of this crate.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`NAME`](limits::NAME) bytes.
    pub fn app(self, app: &str) -> Result<Self, BoundError> {
        Ok(Self { app: text("bytes of the program's version", app, (0, limits::NAME))?, ..self })
    }

    /// Sets a password that each member needs.
    ///
    /// # Errors
    /// [`BoundError`] if it is empty or has more than [`PASSWORD`](limits::PASSWORD) bytes.
    pub fn password(self, password: &str) -> Result<Self, BoundError> {
        Ok(Self { password: Some(secret(password)?), ..self })
    }

    /// Announces no name, so that the server is not listed. It is reached by who knows its hash.
    #[must_use]
    pub fn hidden(self) -> Self {
        Self { is_hidden: true, ..self }
    }

    /// Takes these identities only.
    #[must_use]
    pub fn allow(self, identities: impl IntoIterator<Item = IdentityHash>) -> Self {
        Self { allow: Some(identities.into_iter().collect()), ..self }
    }

    /// Refuses these identities.
    #[must_use]
    pub fn banned(self, identities: impl IntoIterator<Item = IdentityHash>) -> Self {
        Self { banned: identities.into_iter().collect(), ..self }
    }

    /// Makes these identities operators.
    #[must_use]
    pub fn operators(self, identities: impl IntoIterator<Item = IdentityHash>) -> Self {
        Self { operators: identities.into_iter().collect(), ..self }
    }

    /// Sets how many members the server has at once. *Default*: [`MEMBERS`](limits::MEMBERS).
    ///
    /// # Errors
    /// [`BoundError`] below 1 or beyond [`MAX_MEMBERS`](limits::MAX_MEMBERS).
    pub fn max_members(self, members: usize) -> Result<Self, BoundError> {
        let max_members = within("members of the server", members, (1, limits::MAX_MEMBERS))?;
        Ok(Self { max_members, ..self })
    }

    /// Returns what announces tell of the server.
    #[must_use]
    pub fn announced(&self) -> AnnouncedRoom {
        AnnouncedRoom {
            version: VERSION,
            name: self.name.clone(),
            is_hidden: self.is_hidden,
            has_password: self.password.is_some(),
            has_allow_list: self.allow.is_some(),
            description: self.description.clone(),
            language: self.language.clone(),
            country: self.country.clone(),
        }
    }
}
