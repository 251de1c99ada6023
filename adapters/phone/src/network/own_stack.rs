//! Our own Reticulum endpoint, with its interfaces and files.

use std::fmt;
use std::path::PathBuf;

use async_executor::Executor;
use lxst_engine::InterfaceOrigin;
use lxst_reticulum::{Config as EndpointConfig, Endpoint, EndpointLinks, Identity, Rng};

use super::backups::Backups;
use super::endpoint::Interfaces;
use super::intake::Intake;
use super::interface::{Opened as OpenedInterface, Unopened};
use super::standby::Standby;
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
        runtime: &R,
    ) -> Result<Opened<Interfaces, LINES>, StartError> {
        let states = self.interfaces.iter().map(|interface| InterfaceState {
            name: interface.name.clone(),
            ..InterfaceState::default()
        });
        let states = states.collect();
        let numbered = self.interfaces.into_iter().zip((0..).map(InterfaceOrigin));
        let (backups, others): (Vec<_>, Vec<_>) = numbered.partition(|(one, _)| one.is_backup);
        let opened = others.iter().map(|(one, origin)| Ok((one.open()?, *origin)));
        let opened: Vec<(OpenedInterface, _)> = opened.collect::<Result<_, StartError>>()?;
        let mut endpoint = Endpoint::new(self.identity, self.endpoint, self.rng.0);
        let store = self.known.and_then(|path| Store::open_destinations(path, &mut endpoint));
        let (destinations, requests) = self.destinations;
        let (intake, tasks, standby) = (Intake::default(), Executor::new(), Standby::default());
        let listening = opened.iter().filter_map(|(opened, _)| opened.local).collect();
        for (opened, origin) in opened {
            tasks.spawn(opened.keep(origin, intake.clone())).detach();
        }
        let of_backups = backups.iter().map(|(_, origin)| *origin).collect();
        for (backup, origin) in backups {
            let (runtime, intake, standby) = (runtime.clone(), intake.clone(), standby.clone());
            tasks.spawn(backup.stand_by(runtime, origin, intake, standby)).detach();
        }
        let apps = Apps::new(destinations, requests, LINES);
        Ok(Opened {
            network: Interfaces::new(intake, apps, Backups::new(standby, of_backups)),
            stack: EndpointLinks::new(endpoint),
            stores: store.into_iter().collect(),
            interfaces: states,
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
