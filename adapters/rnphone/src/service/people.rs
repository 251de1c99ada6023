//! The file of settings: whom we know, who may call, and who is meant.

use lxst_tokio::{IdentityHash, ProfileChoice};

use super::announced::Announced;
use super::error::ServiceError;
use super::overrides::Overrides;
use super::refused::Refused;
use crate::contacts::{self, Contact, ContactError};
use crate::control::{ContactInfo, Peer};
use crate::folder::{ConfigFile, Folder};
use crate::ini::Document;
use crate::settings::{Mistake, Settings};

/// The settings of the folder, and the names that others announced.
#[derive(Debug)]
pub(super) struct People {
    folder: Folder,
    file: ConfigFile,
    settings: Settings,
    overrides: Overrides,
    own: IdentityHash,
    pub(super) announced: Announced,
}

impl People {
    /// Reads them. Returns what of the file is skipped as well.
    pub(super) fn read(
        folder: Folder,
        own: IdentityHash,
        overrides: Overrides,
    ) -> Result<(Self, Vec<Mistake>), ServiceError> {
        let file = ConfigFile::read(&folder.config())?;
        let (mut settings, skipped) = Settings::read(&folder, &file, own)?;
        overrides.apply(&mut settings);
        let announced = Announced::default();
        Ok((Self { folder, file, settings, overrides, own, announced }, skipped))
    }

    pub(super) const fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Reads the file again. On an error the settings stay.
    pub(super) fn reload(&mut self) -> Result<Vec<Mistake>, Refused> {
        let file = ConfigFile::read(&self.folder.config())?;
        let (mut settings, skipped) = Settings::read(&self.folder, &file, self.own)?;
        self.overrides.apply(&mut settings);
        (self.file, self.settings) = (file, settings);
        Ok(skipped)
    }

    /// Changes the file. Where another program changed it, it is read again first.
    pub(super) fn edit(
        &mut self,
        edit: impl FnOnce(&mut Document) -> Result<(), ContactError>,
    ) -> Result<(), Refused> {
        self.reload()?;
        self.file.edit(edit)?;
        let (mut settings, _) = Settings::read(&self.folder, &self.file, self.own)?;
        self.overrides.apply(&mut settings);
        self.settings = settings;
        Ok(())
    }

    pub(super) fn add(&mut self, contact: &Contact) -> Result<(), Refused> {
        if contact.hash == self.own {
            return Err(Refused::new("this is the identity of this phone"));
        }
        self.edit(|config| contacts::add(config, contact))
    }

    /// Returns whom a text means: a contact, else a phone that announced this name.
    pub(super) fn find(&self, text: &str) -> Result<IdentityHash, Refused> {
        match self.settings.contacts.find(text) {
            Ok(hash) => Ok(hash),
            Err(error @ contacts::FindError::Unknown(_)) => {
                let wanted = text.trim().to_lowercase();
                let is_it = |name: lxst_tokio::DisplayName| name.as_str().to_lowercase() == wanted;
                let mut named = self.announced.latest_first().into_iter();
                let mut named = named.by_ref().filter(|(_, latest)| latest.name.is_some_and(is_it));
                match (named.next(), named.next()) {
                    (Some((hash, _)), None) => Ok(hash),
                    (Some(_), Some(_)) => Err(Refused::new(format!(
                        "several phones announce the name {wanted:?}: type the hash"
                    ))),
                    (None, _) => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn peer(&self, hash: IdentityHash) -> Peer {
        Peer::new(hash, &self.settings.contacts.name(hash, self.announced.name(hash)))
    }

    pub(super) fn contacts(&self) -> Vec<ContactInfo> {
        let is_blocked = |hash| self.settings.blocked.contains(&hash);
        let info = |contact: &Contact| ContactInfo {
            name: contact.name.clone(),
            hash: contact.hash,
            number: contact.number.clone(),
            is_blocked: is_blocked(contact.hash),
        };
        self.settings.contacts.iter().map(info).collect()
    }

    /// The profile of calls that are dialled without one.
    pub(super) const fn profile(&self) -> ProfileChoice {
        self.settings.profile
    }
}
