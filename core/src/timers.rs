//! Timers and deadlines.

use core::fmt;
use core::time::Duration;

use crate::id::{CallId, LinkId, StreamId};
use crate::time::Instant;

/// The moment at which [`Input::Timeout`](crate::Input::Timeout) is due next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// When it is due.
    pub at: Instant,
    /// The timer that expires then.
    pub timer: Timer,
}

/// A timer of a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A timer of a call.
    Call(CallId, CallTimer),
    /// A timer of a link that carries no call.
    Link(LinkId, LinkTimer),
    /// A timer of a stream.
    Stream(StreamId, StreamTimer),
    /// Started when the telephone is created, and by its own expiry. On expiry the telephone asks
    /// the driver to announce.
    Announce,
}

/// A timer of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallTimer {
    /// Started by dialling and again by RINGING, stopped by the answer. On expiry the call ends as
    /// [`NoAnswer`](crate::EndReason::NoAnswer).
    Wait,
    /// Started by link-up, stopped by AVAILABLE. On expiry the call ends as
    /// [`ProtocolTimeout`](crate::EndReason::ProtocolTimeout).
    Connect,
    /// Started by CONNECTING, stopped by ESTABLISHED. On expiry the call ends as
    /// [`ProtocolTimeout`](crate::EndReason::ProtocolTimeout).
    Establish,
    /// Started by an incoming call that the app is to answer, stopped by the answer. On expiry the
    /// call ends as [`RingTimeout`](crate::EndReason::RingTimeout).
    Ring,
    /// Started by an answer before the caller's preferences, stopped by them. On expiry the call
    /// goes on with our profile and mode.
    Preferences,
    /// Started by each message of the set-up, stopped by the peer's answer to it. On expiry the
    /// message is repeated, up to [`REPEATS`](crate::limits::REPEATS) times.
    Repeat,
    /// Started by BUSY before RINGING, and again while an unidentified caller is on a link. On
    /// expiry the call ends as [`Busy`](crate::EndReason::Busy).
    Glare,
    /// Started by the answer, and anew by media. On expiry, in full duplex, the app gets
    /// [`PeerSilent`](crate::Event::PeerSilent).
    Silence,
    /// Started by the answer, and anew by all authentic packets of the peer. On expiry, in full
    /// duplex, the call ends as [`MediaTimeout`](crate::EndReason::MediaTimeout).
    Media,
}

/// A timer of a link that carries no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkTimer {
    /// Started by an incoming link. On expiry AVAILABLE or BUSY is sent.
    AcceptDelay,
    /// Started by AVAILABLE, stopped by the caller's identification. On expiry AVAILABLE is
    /// repeated, up to [`REPEATS`](crate::limits::REPEATS) times.
    Available,
    /// Started by AVAILABLE, stopped by the caller's identification. Started anew when the caller
    /// is held because we dial it (glare). On expiry the link closes.
    Identify,
    /// Started by [`Event::Screening`](crate::Event::Screening), stopped by the app's decision. On
    /// expiry [`Config::screening_default`](crate::Config::screening_default) decides.
    Screening,
    /// Started by BUSY or REJECTED. On expiry the link closes.
    Goodbye,
}

/// A timer of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamTimer {
    /// Started by the answer and by each frame that we send. On expiry, in full duplex, one frame
    /// of silence is sent.
    Presence,
    /// Started by the answer and by its own expiry. On expiry the app gets
    /// [`Quality`](crate::Event::Quality).
    Quality,
    /// Started when the speaker's next block will lack audio, stopped by a frame. On expiry audio
    /// is concealed (PLC).
    Playout,
}

/// The running timers of a call.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct CallTimers([Option<Instant>; CallTimer::ALL.len()]);

impl CallTimer {
    const ALL: [Self; 9] = [
        Self::Wait,
        Self::Connect,
        Self::Establish,
        Self::Ring,
        Self::Preferences,
        Self::Repeat,
        Self::Glare,
        Self::Silence,
        Self::Media,
    ];
}

impl CallTimers {
    pub(crate) fn start(&mut self, timer: CallTimer, at: Instant) {
        *self.place(timer) = Some(at);
    }

    pub(crate) fn stop(&mut self, timer: CallTimer) {
        *self.place(timer) = None;
    }

    pub(crate) fn stop_all(&mut self) {
        *self = Self::default();
    }

    /// Postpones a timer if it runs.
    pub(crate) fn put_off(&mut self, timer: CallTimer, by: Duration) {
        if let Some(at) = self.place(timer) {
            *at = *at + by;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (CallTimer, Instant)> + use<> {
        let pairs = CallTimer::ALL.into_iter().zip(self.0);
        pairs.filter_map(|(timer, at)| Some((timer, at?)))
    }

    fn place(&mut self, timer: CallTimer) -> &mut Option<Instant> {
        // There is one place per timer, and timers number from 0.
        &mut self.0[timer as usize]
    }
}

impl fmt::Debug for CallTimers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
