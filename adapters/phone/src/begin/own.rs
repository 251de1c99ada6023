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
    /// Begins a phone with an identity, on our own Reticulum endpoint. It keeps nothing in files.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self::on(OwnStack::new(identity))
    }

    /// Begins a phone that keeps its files in a folder: `identity`, generated on first use,
    /// `known_destinations` and `people`. A missing folder is created. Only its owner may read it,
    /// and only one phone may use it at a time.
    ///
    /// # Errors
    /// [`IdentityFileError`]: the folder cannot be created, another phone uses it, or the identity
    /// cannot be read.
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

    /// Adds an interface; a phone may have several.
    #[must_use]
    pub fn interface(mut self, interface: Interface<R>) -> Self {
        self.stack.interfaces.push(interface.on(self.runtime.clone()));
        self
    }

    /// Keeps the known destinations in a file. The file is read at the start, and replaced some
    /// seconds after a change and at the end. A damaged file is logged, and kept as `.bad`; its
    /// intact records are read.
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
