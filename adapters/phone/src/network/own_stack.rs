//! Our own Reticulum endpoint, with its interfaces and files.

use std::fmt;
use std::path::PathBuf;

use async_executor::Executor;
use lxst_engine::InterfaceOrigin;
use lxst_reticulum::{Config as EndpointConfig, Endpoint, EndpointLinks, Identity, Rng};

use super::endpoint::Interfaces;
use super::intake::Intake;
use super::interface::{Opened as OpenedInterface, Unopened};
use super::{Opened, Settings, StackSettings};
use crate::destinations::{Apps, Destinations, Requests};
use crate::error::StartError;
use crate::host::{FolderLock, OsRng};
use crate::runtime::Runtime;
use crate::state::InterfaceState;
use crate::store::Store;

/// The stack is our own endpoint: see [`PhoneBuilder::new`](crate::PhoneBuilder::new).
#[derive(Debug)]
pub struct OwnStack {
    identity: Identity,
    pub(crate) endpoint: EndpointConfig,
    pub(crate) interfaces: Vec<Unopened>,
    pub(crate) known: Option<PathBuf>,
    pub(crate) rng: RngBox,
    pub(crate) lock: Option<FolderLock>,
    /// The app's handle to its own destinations, and the phone's side of it.
    pub(crate) destinations: (Destinations, Requests),
}

impl OwnStack {
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity,
            endpoint: EndpointConfig::default(),
            interfaces: Vec::new(),
            known: None,
            rng: RngBox(Box::new(OsRng)),
            lock: None,
            destinations: Destinations::channel(),
        }
    }
}

impl StackSettings for OwnStack {}

impl Settings for OwnStack {
    type Network = Interfaces;

    fn open<R: Runtime, const LINES: usize>(
        self,
        _runtime: &R,
    ) -> Result<Opened<Interfaces, LINES>, StartError> {
        let opened = self.interfaces.into_iter().map(Unopened::open);
        let opened: Vec<OpenedInterface> = opened.collect::<Result<_, _>>()?;
        let mut endpoint = Endpoint::new(self.identity, self.endpoint, self.rng.0);
        let store = self.known.and_then(|path| Store::open_destinations(path, &mut endpoint));
        let state = |opened: &OpenedInterface| InterfaceState {
            name: opened.name.clone(),
            ..InterfaceState::default()
        };
        let (destinations, requests) = self.destinations;
        let (intake, tasks) = (Intake::default(), Executor::new());
        let interfaces = opened.iter().map(state).collect();
        let listening = opened.iter().filter_map(|opened| opened.local).collect();
        for (opened, origin) in opened.into_iter().zip((0..).map(InterfaceOrigin)) {
            tasks.spawn(opened.keep(origin, intake.clone())).detach();
        }
        Ok(Opened {
            network: Interfaces::new(intake, Apps::new(destinations, requests, LINES)),
            stack: EndpointLinks::new(endpoint),
            stores: store.into_iter().collect(),
            interfaces,
            listening,
            tasks,
            lock: self.lock,
        })
    }
}

pub(crate) struct RngBox(pub(crate) Box<dyn Rng + Send>);

impl fmt::Debug for RngBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rng")
    }
}
