//! Networks: a stack that carries the phone's links, with the sockets or queues that the phone's
//! task serves for it.

#[cfg(feature = "endpoint")]
mod backups;
#[cfg(feature = "endpoint")]
mod drop_log;
#[cfg(feature = "endpoint")]
mod endpoint;
#[cfg(feature = "endpoint")]
pub(crate) mod intake;
#[cfg(feature = "endpoint")]
pub(crate) mod interface;
#[cfg(feature = "endpoint")]
mod io;
#[cfg(feature = "endpoint")]
pub(crate) mod own_stack;
pub(crate) mod port;
#[cfg(feature = "endpoint")]
pub(crate) mod reticulum_config;
#[cfg(feature = "endpoint")]
mod standby;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Instant as Moment;

use async_executor::Executor;
use lxst_core::{Instant, Stack};
use lxst_engine::Engine;

use crate::error::StartError;
#[cfg(feature = "endpoint")]
use crate::host::FolderLock;
use crate::request::Counters;
use crate::runtime::Runtime;
use crate::state::{InterfaceState, State};
use crate::store::Store;

/// A stack, with the I/O that the phone's task does for it: sockets, or the queues to a stack that
/// runs elsewhere.
pub(crate) trait Network: fmt::Debug + Send + Sync + 'static {
    /// The stack that carries out the engine's link requests.
    type Stack: Stack + fmt::Debug + Send;
    /// An arrival for the phone's task.
    type Arrival: Send;

    /// Waits for the next arrival.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is lost.
    fn next(&self) -> impl Future<Output = Self::Arrival> + Send;

    /// Gives the engine an arrival, and updates the state.
    fn handle<const LINES: usize>(
        &mut self,
        now: (Instant, Moment),
        arrival: Self::Arrival,
        engine: &mut Engine<Self::Stack, LINES>,
        state: &mut State,
    );

    /// Hands the engine's outputs to the network, and updates the state.
    fn flush<const LINES: usize>(
        &mut self,
        now: (Instant, Moment),
        engine: &mut Engine<Self::Stack, LINES>,
        state: &mut State,
    );

    /// Called once, before the first arrival.
    fn begin<const LINES: usize>(
        &mut self,
        _now: Instant,
        _engine: &mut Engine<Self::Stack, LINES>,
        _state: &State,
    ) {
    }

    /// Ends what the engine does not end when the phone shuts down.
    fn retire<const LINES: usize>(
        &mut self,
        _now: Instant,
        _engine: &mut Engine<Self::Stack, LINES>,
    ) {
    }

    #[cfg(feature = "endpoint")]
    /// Frees the ports of backup interfaces for a while, unless the telephone has links.
    fn make_room<const LINES: usize>(&mut self, _engine: &Engine<Self::Stack, LINES>) {}

    /// Adds the counters of the network.
    fn count<const LINES: usize>(
        &self,
        _engine: &Engine<Self::Stack, LINES>,
        _counters: &mut Counters,
    ) {
    }

    /// Updates the connections of the state.
    fn publish(&self, _state: &mut State) {}

    /// Tells whether a connection is open.
    fn is_connected(&self) -> bool {
        false
    }

    /// Tells whether all packets that were handed on are written.
    fn is_written(&self) -> bool {
        true
    }

    /// Returns until when the connections stay open, for peers to read the last packets.
    fn lingers_until(&self) -> Option<Moment> {
        None
    }
}

/// An open network, with the other parts of a phone that its settings make.
#[derive(Debug)]
pub(crate) struct Opened<N: Network, const LINES: usize> {
    pub(crate) network: N,
    pub(crate) stack: N::Stack,
    pub(crate) stores: Vec<Store<N::Stack, LINES>>,
    pub(crate) interfaces: Vec<InterfaceState>,
    pub(crate) listening: Vec<SocketAddr>,
    /// The tasks of the interfaces.
    pub(crate) tasks: Executor<'static>,
    #[cfg(feature = "endpoint")]
    pub(crate) lock: Option<FolderLock>,
}

/// The settings of a network that is not open.
pub(crate) trait Settings {
    /// The network that they make.
    type Network: Network;

    /// Opens sockets and files.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left open.
    fn open<R: Runtime, const LINES: usize>(
        self,
        runtime: &R,
    ) -> Result<Opened<Self::Network, LINES>, StartError>;
}

/// The stack of a phone that is not started: [`OwnStack`](crate::OwnStack) or
/// [`AppStack`](crate::AppStack).
#[expect(private_bounds, reason = "sealed: only the phone's own stacks implement it")]
pub trait StackSettings: Settings {}
