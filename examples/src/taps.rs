//! Taps of two phones of this process, on one clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lxst_tokio::trace::view::{Conversation, Playout, PlayoutRecorder};
use lxst_tokio::{Boundary, Side, Tap};

/// Collects the inputs and outputs of a caller and a callee. The caller is on the left.
#[derive(Clone, Debug)]
pub struct Taps {
    start: Instant,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug)]
struct Seen {
    conversation: Conversation,
    playout: PlayoutRecorder,
}

impl Taps {
    /// Creates taps whose clock starts at 0.
    #[must_use]
    pub fn new() -> Self {
        let conversation = Conversation { names: ["caller", "callee"], steps: Vec::new() };
        let seen = Seen { conversation, playout: PlayoutRecorder::default() };
        Self { start: Instant::now(), seen: Arc::new(Mutex::new(seen)) }
    }

    /// Returns the tap of the phone that dials and speaks.
    #[must_use]
    pub fn caller(&self) -> Tap {
        self.tap(|seen, at, boundary| {
            seen.conversation.see(Side::Local, at, boundary);
            seen.playout.see_sender(at, boundary);
        })
    }

    /// Returns the tap of the phone that answers and listens.
    #[must_use]
    pub fn callee(&self) -> Tap {
        self.tap(|seen, at, boundary| {
            seen.conversation.see(Side::Remote, at, boundary);
            seen.playout.see_receiver(at, boundary);
        })
    }

    /// Returns the conversation and the playout so far.
    #[must_use]
    pub fn seen(&self) -> (Conversation, Playout) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.conversation.clone(), seen.playout.playout())
    }

    fn tap(&self, see: fn(&mut Seen, Duration, &Boundary<'_>)) -> Tap {
        let Self { start, seen } = self.clone();
        Tap::new(move |_, boundary| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            see(&mut seen, start.elapsed(), &boundary);
        })
    }
}

impl Default for Taps {
    fn default() -> Self {
        Self::new()
    }
}
