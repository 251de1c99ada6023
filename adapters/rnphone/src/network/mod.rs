//! By what the phone reaches the mesh.
//!
//! In this order: the shared instance of Reticulum that runs on this machine, such as `rnsd`; else
//! the interfaces of Reticulum's own configuration; else, where there is no configuration,
//! AutoInterface on the local network. A phone on interfaces of its own attaches to a shared
//! instance that appears, and goes back when that ends.
//!
//! ```no_run
//! use lxst_tokio::PhoneBuilder;
//! use rnphone_rs::network::{Network, NetworkOptions};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let network = Network::find(&NetworkOptions::of_process(None))?;
//! println!("network: {}", network.describe());
//! for problem in network.problems() {
//!     println!("{problem}");
//! }
//! let builder = PhoneBuilder::open("me")?;
//! let (phone, _events) = network.interfaces().fold(builder, PhoneBuilder::interface).start().await?;
//! network.watch(&phone, |route| println!("network: {route}")).await;
//! # Ok(())
//! # }
//! ```

#[cfg_attr(not(target_os = "linux"), path = "neighbours_elsewhere.rs")]
mod neighbours;
mod reticulum;
mod route;
mod serial;

use std::env;
use std::path::PathBuf;

use futures_lite::future;
use lxst_tokio::{AutoConfig, Interface, Phone, State};
use neighbours::Neighbours;
use reticulum::{CONFIG, Reticulum};
pub use route::Route;

use crate::folder::FileError;

/// Where Reticulum's configuration is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkOptions {
    /// The folder of the configuration that the user asks for: `--rnsconfig`.
    pub rnsconfig: Option<PathBuf>,
    /// The home folder of the user.
    pub home: Option<PathBuf>,
    /// The folder of settings of the machine: `/etc`.
    pub machine: PathBuf,
}

/// By what a phone reaches the mesh.
#[derive(Clone, Debug)]
pub struct Network {
    /// That of the configuration, where it can be known.
    folder: Option<PathBuf>,
    shared_instance: Option<Interface>,
    own: Vec<Interface>,
    /// Where the interfaces of its own come from.
    source: String,
    problems: Vec<String>,
}

/// Why no network is found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The configuration cannot be read.
    #[error("Reticulum's configuration cannot be read: {0}")]
    Config(#[from] FileError),
    /// The folder that the user asks for is not there.
    #[error(
        "{} is not there: name the folder that has Reticulum's file config, or leave out --rnsconfig",
        .0.display()
    )]
    NoFolder(PathBuf),
    /// The configuration has no way into a network.
    #[error(
        "{} has share_instance = no, and no interface that this phone can bring up: enable one, or \
         set share_instance = yes and run rnsd",
        .0.display()
    )]
    NoInterface(PathBuf),
}

impl NetworkOptions {
    /// Returns those of this process.
    #[must_use]
    pub fn of_process(rnsconfig: Option<PathBuf>) -> Self {
        let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        Self { rnsconfig, home, machine: PathBuf::from("/etc") }
    }
}

impl Network {
    /// Reads Reticulum's configuration. Nothing is opened or sent.
    ///
    /// The folder is the one that is asked for, else the first of `/etc/reticulum` and
    /// `~/.config/reticulum` that has a file `config`, else `~/.reticulum`. What is wrong with an
    /// interface costs that interface alone: see [`problems`](Self::problems).
    ///
    /// # Errors
    /// [`NetworkError`].
    ///
    /// *Source*: RNS/Reticulum.py `__init__`.
    pub fn find(options: &NetworkOptions) -> Result<Self, NetworkError> {
        let folder = reticulum::folder(options)?;
        let found = folder.as_deref().map(Reticulum::find).transpose()?.flatten();
        let Some(found) = found else {
            let source = match &folder {
                Some(folder) => format!("(there is no {})", folder.join(CONFIG).display()),
                None => "(there is no home folder with Reticulum's configuration)".to_owned(),
            };
            return Ok(Self {
                folder,
                shared_instance: Reticulum::shared_instance(),
                own: vec![Interface::auto(AutoConfig::default())],
                source,
                problems: Vec::new(),
            });
        };
        let Reticulum { path, shared_instance, interfaces, problems } = found;
        if shared_instance.is_none() && interfaces.is_empty() {
            return Err(NetworkError::NoInterface(path));
        }
        let source = format!("of {}", path.display());
        Ok(Self { folder, shared_instance, own: interfaces, source, problems })
    }

    /// Returns the interfaces for the builder of a phone. Those of its own are backups of the shared
    /// instance: see [`Interface::as_backup`](lxst_tokio::Interface::as_backup).
    pub fn interfaces(&self) -> impl Iterator<Item = Interface> + '_ {
        let own = self.own.iter().cloned().map(|own| match self.shared_instance {
            Some(_) => own.as_backup(),
            None => own,
        });
        self.shared_instance.iter().cloned().chain(own)
    }

    /// Returns what is left out of the configuration and why, each in one line with the remedy.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Tells by what the phone will reach the mesh and why, in one line.
    #[must_use]
    pub fn describe(&self) -> String {
        let names: Vec<_> = self.own.iter().map(ToString::to_string).collect();
        let own = match &*names {
            [] => format!("no interface {}", self.source),
            names => format!("{} {}", names.join(", "), self.source),
        };
        match &self.shared_instance {
            Some(instance) => format!("{instance} while one runs, else {own}"),
            None => own,
        }
    }

    /// Tells by what a phone with these interfaces reaches the mesh now.
    #[must_use]
    pub fn route(&self, state: &State) -> Route {
        Route::of(&state.interfaces, self.shared_instance.is_some())
    }

    /// Watches over a phone with these interfaces until it has shut down. Tells by what the phone
    /// reaches the mesh, at first and whenever that changes.
    ///
    /// The phone changes over by itself. On Linux this has it [make room](Phone::make_room) when
    /// another program opens Reticulum's configuration: such a program is about to take the ports of
    /// its interfaces, and RNS ends where it cannot. RNS has 5 to 10 ms between both, so that it may
    /// be faster on a busy machine; its service starts it again after 3 s, and the ports are free.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn watch(&self, phone: &Phone, mut tell: impl FnMut(&Route)) {
        let neighbours = self.neighbours();
        let mut watch = phone.watch();
        let (mut state, mut told) = (watch.state(), None);
        loop {
            let route = self.route(&state);
            // Nothing is known before the first attempts are over.
            if told.as_ref() != Some(&route) && route != Route::Unknown {
                tell(&route);
                told = Some(route);
            }
            let changed = async { Some(watch.changed().await) };
            let starts = async {
                neighbours.start().await;
                None
            };
            match future::or(changed, starts).await {
                Some(Some(changed)) => state = changed,
                Some(None) => return,
                // A phone that has shut down is told by its watch.
                None => phone.make_room().await.unwrap_or_default(),
            }
        }
    }

    fn neighbours(&self) -> Neighbours {
        let has_backups = self.shared_instance.is_some() && !self.own.is_empty();
        Neighbours::new(self.folder.as_deref().filter(|_| has_backups))
    }
}

#[cfg(test)]
mod tests;
