//! The deadlines of a telephone, one for each cause.

use core::fmt;
use core::time::Duration;

use crate::time::Instant;

/// The next moment at which a phone wants [`Input::Timeout`](crate::Input::Timeout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// When.
    pub at: Instant,
    /// Why.
    pub timer: Timer,
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A timer of the call.
    Call(CallTimer),
    /// A timer of a link that carries no call.
    Link(LinkTimer),
    /// A timer of the streams.
    Stream(StreamTimer),
    /// Started at the start and by itself. On expiry we announce.
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
    /// Started by an answer that comes before the caller's preferences, stopped by them. On expiry
    /// the call goes on with ours.
    Preferences,
    /// Started by what is said during the set-up, stopped by the peer's answer. On expiry it is said
    /// again, as often as [`REPEATS`](crate::limits::REPEATS).
    Repeat,
    /// Started by BUSY before RINGING, and again while somebody calls who is not identified. On
    /// expiry the call ends as [`Busy`](crate::EndReason::Busy).
    Glare,
    /// Started by the answer and by media that comes again. On expiry
    /// [`PeerSilent`](crate::Event::PeerSilent) is told, in full duplex.
    Silence,
    /// Started by the answer, put off by all that the peer sends. On expiry the call ends as
    /// [`MediaTimeout`](crate::EndReason::MediaTimeout), in full duplex.
    Media,
}

/// A timer of a link that carries no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkTimer {
    /// Started by an incoming link. On expiry the caller hears AVAILABLE or BUSY.
    AcceptDelay,
    /// Started by AVAILABLE, stopped by the caller's identity. On expiry AVAILABLE is sent again, as
    /// often as [`REPEATS`](crate::limits::REPEATS).
    Available,
    /// Started by AVAILABLE, stopped by the caller's identity; started anew where the caller is held
    /// because we dial it. On expiry the link closes.
    Identify,
    /// Started by [`Event::Screening`](crate::Event::Screening), stopped by the app's admission. On
    /// expiry the configured default is the admission.
    Screening,
    /// Started by BUSY or REJECTED. On expiry the link closes.
    Goodbye,
}

/// A timer of the streams of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamTimer {
    /// Started by the answer and by each frame that we send. On expiry one frame of silence is
    /// sent, in full duplex.
    Presence,
    /// Started by the answer and by itself. On expiry the quality of the call is told.
    Quality,
    /// Started by the speaker when it will lack audio, stopped by a frame. On expiry audio is made
    /// up.
    Playout,
}

/// The deadlines of the call.
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

    /// Puts off a timer that runs.
    pub(crate) fn put_off(&mut self, timer: CallTimer, by: Duration) {
        if let Some(at) = self.place(timer) {
            *at = *at + by;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Deadline> + '_ {
        let pairs = CallTimer::ALL.into_iter().zip(self.0);
        pairs.filter_map(|(timer, at)| Some(Deadline { at: at?, timer: Timer::Call(timer) }))
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
