//! Requests of the handles to the phone's task.

use std::time::Duration;

use async_channel::{Receiver, RecvError, Sender};
use lxst_core::{CallId, Command, DisplayName, IdentityHash, InputError, Mode};
use lxst_engine::{Callers, DialError, LinkCounters, ProfileChoice};

use crate::audio::{AudioTap, SinkPort, SourcePort};
use crate::error::CallError;
use crate::events::EventQueue;

/// The counters of a phone since its start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counters {
    /// The telephone's counters.
    pub telephone: lxst_core::Counters,
    /// Captured audio that was dropped because its source is faster than real time, or because the
    /// phone's task or its codec thread stalled.
    pub capture_dropped: Duration,
    /// Received audio that was dropped because the app read it too late.
    pub playback_dropped: Duration,
    /// Datagrams that were dropped because too many of their sender's address waited for the
    /// phone's task, or because their sender is no peer of an AutoInterface.
    pub datagrams_dropped: u64,
    /// The counters of the [`LinkPort`](crate::LinkPort); `None` on our own endpoint.
    pub links: Option<LinkCounters>,
    /// The Reticulum endpoint's counters; `None` on another Reticulum stack.
    #[cfg(feature = "endpoint")]
    pub endpoint: Option<lxst_reticulum::Counters>,
    /// Wakeups of the phone's task. An idle phone wakes for its timers only.
    pub wakeups: u64,
}

/// A request to the phone's task.
#[derive(Debug)]
pub(crate) enum Request {
    Dial {
        to: IdentityHash,
        profile: ProfileChoice,
        mode: Mode,
        reply: Reply<Result<CallId, DialError>>,
    },
    Command {
        command: Command,
        reply: Answer<()>,
    },
    Callers(Callers),
    DisplayName(Option<DisplayName>),
    /// Attaches a source of all calls, or of one.
    Source {
        of: Option<CallId>,
        port: SourcePort,
        reply: Option<Answer<()>>,
    },
    Sink {
        of: Option<CallId>,
        port: SinkPort,
        reply: Option<Answer<()>>,
    },
    Tap {
        of: CallId,
        tap: AudioTap,
        reply: Answer<()>,
    },
    /// Lets calls hear each other.
    #[cfg(feature = "conference")]
    Bridge(crate::bridge::Bridge),
    /// Frees the ports of backup interfaces.
    #[cfg(feature = "endpoint")]
    MakeRoom,
    Subscribe(EventQueue),
    Counters(Reply<Counters>),
    ShutDown(Reply<()>),
}

/// The handles' side of the queue of requests.
#[derive(Clone, Debug)]
pub(crate) struct Requester(Sender<Request>);

impl Requester {
    pub(crate) async fn command(&self, command: Command) -> Result<(), CallError> {
        Ok(self.ask(|reply| Request::Command { command, reply }).await??)
    }

    pub(crate) async fn ask<T>(
        &self,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<T, CallError> {
        let (reply, answer) = Reply::channel();
        self.send(request(reply)).await?;
        answer.recv().await.map_err(|_| CallError::ShutDown)
    }

    pub(crate) async fn send(&self, request: Request) -> Result<(), CallError> {
        self.0.send(request).await.map_err(|_| CallError::ShutDown)
    }
}

/// The phone's side of the queue of requests. Dropping it ends each wait for an answer with an
/// error.
#[derive(Debug)]
pub(crate) struct Requests(Receiver<Request>);

impl Requests {
    pub(crate) fn channel() -> (Requester, Self) {
        let (sender, receiver) = async_channel::bounded(REQUESTS);
        (Requester(sender), Self(receiver))
    }

    /// Waits for the next request; `None` when the last handle was dropped.
    pub(crate) async fn next(&self) -> Option<Request> {
        self.0.recv().await.ok()
    }

    /// Refuses requests from here on.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.close();
        // A channel keeps what it holds for as long as a handle lives.
        while self.0.try_recv().is_ok() {}
    }
}

type Answer<T> = Reply<Result<T, InputError>>;

/// The phone's side of one answer.
#[derive(Debug)]
pub(crate) struct Reply<T>(Sender<T>);

impl<T> Reply<T> {
    pub(crate) fn channel() -> (Self, Awaited<T>) {
        let (sender, receiver) = async_channel::bounded(1);
        (Self(sender), Awaited(receiver))
    }

    /// Sends the answer, and returns whether the handle still waits for it.
    pub(crate) fn send(self, answer: T) -> bool {
        self.0.try_send(answer).is_ok()
    }
}

/// The handle's side of one answer.
#[derive(Debug)]
pub(crate) struct Awaited<T>(Receiver<T>);

impl<T> Awaited<T> {
    pub(crate) async fn recv(self) -> Result<T, RecvError> {
        self.0.recv().await
    }
}

/// The most requests in the queue. Beyond it a handle waits.
const REQUESTS: usize = 32;
