//! On our own endpoint.

use std::io;
use std::path::{Path, PathBuf};

use lxst_reticulum::{Config as EndpointConfig, Identity, Rng};

use crate::builder::PhoneBuilder;
use crate::destinations::Destinations;
use crate::host::{FolderLock, IdentityFileError, create_private_folder, load_or_create_identity};
use crate::network::interface::Interface;
use crate::network::own_stack::{OwnStack, RngBox};
use crate::runtime::Runtime;

impl<R: Runtime> PhoneBuilder<R, OwnStack> {
    /// Begins a phone for a person, on our own Reticulum endpoint. Nothing is kept in files.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self::on(OwnStack::new(identity))
    }

    /// Begins a phone that keeps what it knows in a folder, which is made where there is none, and which
    /// is one phone's at a time: its `identity`, made on first use, `known_destinations` and `people`.
    /// The folder and its files are their owner's alone.
    ///
    /// # Errors
    /// [`IdentityFileError`]: the folder cannot be made, another phone has it, or the identity cannot
    /// be read.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, IdentityFileError> {
        let folder = folder.as_ref();
        let made = if folder.as_os_str().is_empty() {
            Err(io::ErrorKind::NotFound.into())
        } else {
            create_private_folder(folder)
        };
        made.map_err(|error| IdentityFileError::Folder { path: folder.into(), error })?;
        let lock = FolderLock::take(folder)?;
        let identity = load_or_create_identity(&folder.join("identity"))?;
        let mut builder = Self::new(identity)
            .known_destinations(folder.join("known_destinations"))
            .people(folder.join("people"));
        builder.stack.lock = lock;
        Ok(builder)
    }

    /// Adds a way into the network; a phone may have several.
    #[must_use]
    pub fn interface(mut self, interface: Interface<R>) -> Self {
        self.stack.interfaces.push(interface.on(self.runtime.clone()));
        self
    }

    /// Keeps the known destinations in a file: read at the start, replaced some seconds after they
    /// changed and at the end. A file that is no such thing, or is damaged, is told of in the log, and
    /// kept as `.bad`; a damaged record costs itself.
    #[must_use]
    pub fn known_destinations(mut self, path: impl Into<PathBuf>) -> Self {
        self.stack.known = Some(path.into());
        self
    }

    /// Sets the Reticulum endpoint's settings.
    #[must_use]
    pub fn endpoint(mut self, config: EndpointConfig) -> Self {
        self.stack.endpoint = config;
        self
    }

    /// Makes a handle for destinations, links and broadcast channels beside the telephone.
    #[must_use]
    pub fn destinations(&self) -> Destinations {
        self.stack.destinations.0.clone()
    }

    /// Replaces the operating system's random generator.
    #[must_use]
    pub fn rng(mut self, rng: impl Rng + Send + 'static) -> Self {
        self.stack.rng = RngBox(Box::new(rng));
        self
    }
}
