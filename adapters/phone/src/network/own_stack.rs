//! Our own Reticulum endpoint, with its interfaces and files.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use async_executor::Executor;
use lxst_engine::InterfaceOrigin;
use lxst_reticulum::{Config as EndpointConfig, Endpoint, EndpointLinks, Identity, Rng};

use super::endpoint::Interfaces;
use super::intake::Intake;
use super::interface::{self, Interface, OpenError};
use super::{Opened, Settings};
use crate::builder::PhoneBuilder;
use crate::error::StartError;
use crate::host::{
    FolderLock, IdentityFileError, OsRng, create_private_folder, load_or_create_identity,
};
use crate::runtime::Runtime;
use crate::state::InterfaceState;
use crate::store::Store;

/// The stack is our own endpoint: see [`PhoneBuilder::new`](crate::PhoneBuilder::new).
#[derive(Debug)]
pub struct OwnStack {
    identity: Identity,
    endpoint: EndpointConfig,
    interfaces: Vec<Interface>,
    known: Option<PathBuf>,
    rng: RngBox,
    lock: Option<FolderLock>,
}

impl<R: Runtime> PhoneBuilder<R, OwnStack> {
    /// Begins a phone for a person, on our own Reticulum endpoint. Nothing is kept in files.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self::on(OwnStack {
            identity,
            endpoint: EndpointConfig::default(),
            interfaces: Vec::new(),
            known: None,
            rng: RngBox(Box::new(OsRng)),
            lock: None,
        })
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
    pub fn interface(mut self, interface: Interface) -> Self {
        self.stack.interfaces.push(interface);
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

    /// Replaces the operating system's random generator.
    #[must_use]
    pub fn rng(mut self, rng: impl Rng + Send + 'static) -> Self {
        self.stack.rng = RngBox(Box::new(rng));
        self
    }
}

impl Settings for OwnStack {
    type Network = Interfaces;

    fn open<R: Runtime>(self, runtime: &R) -> Result<Opened<Interfaces>, StartError> {
        let opened = self.interfaces.into_iter().map(|interface| interface.open(runtime));
        let opened: Vec<interface::Opened<R>> = opened
            .collect::<Result<_, OpenError>>()
            .map_err(|OpenError { address, error }| StartError::Interface { address, error })?;
        let mut endpoint = Endpoint::new(self.identity, self.endpoint, self.rng.0);
        let store = self.known.and_then(|path| Store::open_destinations(path, &mut endpoint));
        let state = |opened: &interface::Opened<R>| InterfaceState {
            name: opened.name.clone(),
            ..InterfaceState::default()
        };
        let (intake, tasks) = (Intake::default(), Executor::new());
        let interfaces = opened.iter().map(state).collect();
        let listening = opened.iter().filter_map(|opened| opened.local).collect();
        for (opened, origin) in opened.into_iter().zip((0..).map(InterfaceOrigin)) {
            tasks.spawn(opened.keep(runtime.clone(), origin, intake.clone())).detach();
        }
        Ok(Opened {
            network: Interfaces::new(intake),
            stack: EndpointLinks::new(endpoint),
            stores: store.into_iter().collect(),
            interfaces,
            listening,
            tasks,
            lock: self.lock,
        })
    }
}

struct RngBox(Box<dyn Rng + Send>);

impl fmt::Debug for RngBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rng")
    }
}
