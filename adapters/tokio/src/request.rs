//! What handles ask of the phone's task.

use lxst_driver::core::{
    CallId, CallStatus, CallerPolicy, Command, IdentityHash, InputError, Mode, Profile, Samples,
    Stats,
};
use lxst_driver::{Access, reticulum};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;

/// What a phone counted since its start.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The telephone's counters.
    pub telephone: Stats,
    /// Captured audio that was dropped because the codec thread stalled.
    pub capture_dropped: Samples,
    /// The Reticulum endpoint's counters.
    pub endpoint: reticulum::Stats,
    /// How often the phone's task woke; an idle phone does so for its timers only.
    pub wakeups: u64,
}

/// What a handle asks of the phone's task.
#[derive(Debug)]
pub(crate) enum Request {
    Dial { to: IdentityHash, profile: Profile, mode: Mode, reply: Reply<CallId> },
    Command { command: Command, reply: Reply<()> },
    Access(Access),
    Callers(CallerPolicy),
    Microphone(Receiver<Vec<f32>>),
    Speaker(Sender<Vec<f32>>),
    Status(oneshot::Sender<Option<CallStatus>>),
    Figures(oneshot::Sender<Figures>),
    ShutDown(oneshot::Sender<()>),
}

type Reply<T> = oneshot::Sender<Result<T, InputError>>;

/// Requests that wait for the phone's task; a handle waits beyond it.
pub(crate) const REQUESTS: usize = 32;
