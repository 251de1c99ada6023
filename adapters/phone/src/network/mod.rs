//! What carries the phone's links, and how the phone's task serves it.

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

/// A stack with all that the phone's task does for it besides calls: sockets, or the queues to a stack
/// that runs elsewhere.
pub(crate) trait Network: fmt::Debug + Send + Sync + 'static {
    /// What does the engine's link requests.
    type Stack: Stack + fmt::Debug + Send;
    /// What arrives for the phone's task.
    type Arrival: Send;

    /// Waits for the next arrival.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is lost.
    fn next(&self) -> impl Future<Output = Self::Arrival> + Send;

    /// Gives the engine what arrived, and notes in the state what an app should know.
    fn handle(
        &mut self,
        now: (Instant, Moment),
        arrival: Self::Arrival,
        engine: &mut Engine<Self::Stack>,
        state: &mut State,
    );

    /// Hands on what the engine has for the network, and notes in the state what an app should know.
    fn flush(
        &mut self,
        now: (Instant, Moment),
        engine: &mut Engine<Self::Stack>,
        state: &mut State,
    );

    /// Takes note of how things stand before anything has arrived.
    fn begin(&mut self, _now: Instant, _engine: &mut Engine<Self::Stack>, _state: &State) {}

    /// Ends what is not the engine's: the phone shuts down.
    fn retire(&mut self, _now: Instant, _engine: &mut Engine<Self::Stack>) {}

    /// Adds what it counted.
    fn count(&self, _engine: &Engine<Self::Stack>, _counters: &mut Counters) {}

    /// Notes how its connections stand.
    fn publish(&self, _state: &mut State) {}

    /// Tells whether a connection stands.
    fn is_connected(&self) -> bool {
        false
    }

    /// Tells whether all that was handed on is written.
    fn is_written(&self) -> bool {
        true
    }

    /// Returns until when the connections stay open for peers to read what was written last.
    fn lingers_until(&self) -> Option<Moment> {
        None
    }
}

/// A network that is there, with what its phone needs to begin.
#[derive(Debug)]
pub(crate) struct Opened<N: Network> {
    pub(crate) network: N,
    pub(crate) stack: N::Stack,
    pub(crate) stores: Vec<Store<N::Stack>>,
    pub(crate) interfaces: Vec<InterfaceState>,
    pub(crate) listening: Vec<SocketAddr>,
    /// The tasks that move bytes.
    pub(crate) tasks: Executor<'static>,
    #[cfg(feature = "endpoint")]
    pub(crate) lock: Option<FolderLock>,
}

/// The settings of a network that is not there.
pub(crate) trait Settings {
    /// What they make.
    type Network: Network;

    /// Takes sockets and files.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left open.
    fn open<R: Runtime>(self, runtime: &R) -> Result<Opened<Self::Network>, StartError>;
}

/// The stack of a phone that is not started: [`OwnStack`](crate::OwnStack) or
/// [`AppStack`](crate::AppStack).
#[expect(private_bounds, reason = "sealed: what a stack does is the phone's business")]
pub trait StackSettings: Settings {}
