//! The latest state of a phone, for whoever wants to look at any time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::Event;
use lxst_core::{CallId, CallStatus, EndReason, Quality};

use crate::event::Event as AppEvent;

/// How a phone stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The number of the last event that this state includes.
    pub number: u64,
    /// The call, `None` when the line is idle.
    pub call: Option<CallStatus>,
    /// The latest report of the call's quality.
    pub quality: Option<Quality>,
    /// Which call ended last, and why.
    pub ended: Option<(CallId, EndReason)>,
    /// What the app set for incoming calls.
    pub is_available: bool,
    /// Connections to the network that stand. Zero means that nobody can be reached, and
    /// [`interfaces`](Self::interfaces) says why. Of another Reticulum stack in the app, nothing is
    /// known here.
    pub connections: usize,
    /// How each of the builder's interfaces stands, in its order; empty where there is none.
    pub interfaces: Vec<InterfaceState>,
    /// Whether an audio source is attached.
    pub has_source: bool,
    /// Whether an audio sink is attached.
    pub has_sink: bool,
    /// Whether the phone has shut down, and nothing changes any more.
    pub is_shut_down: bool,
}

/// How an interface stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InterfaceState {
    /// What the app configured, in words: `example.org:4242`, for example.
    pub name: String,
    /// Its connections that stand.
    pub connections: usize,
    /// Why the last attempt to connect failed, in words for people. The phone tries on.
    pub trouble: Option<String>,
}

/// A view of a phone's [`State`] that tells when it changed.
#[derive(Clone, Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    seen: u64,
}

/// The phone's side.
#[derive(Debug)]
pub(crate) struct Publisher(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    latest: Mutex<(u64, State)>,
    changed: Event,
}

impl State {
    /// Takes note of what an event tells beyond the state of the call.
    pub(crate) const fn note(&mut self, event: &AppEvent) {
        if let AppEvent::Quality { quality, .. } = event {
            self.quality = Some(*quality);
        } else if let AppEvent::Ended { call, reason } = event {
            (self.ended, self.quality) = (Some((*call, *reason)), None);
        }
    }
}

impl Watch {
    /// The latest state.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.lock().1.clone()
    }

    /// Waits until the state is another than the one that was given here last, and gives it; states
    /// in between are passed over. `None` when the phone has shut down, and that was told.
    ///
    /// # Cancel safety
    /// Cancel safe: a change that was not given is given next.
    pub async fn changed(&mut self) -> Option<State> {
        loop {
            let changed = self.shared.changed.listen();
            {
                let latest = self.shared.lock();
                if latest.0 > self.seen {
                    self.seen = latest.0;
                    return Some(latest.1.clone());
                }
                if latest.1.is_shut_down {
                    return None;
                }
            }
            changed.await;
        }
    }
}

impl Publisher {
    pub(crate) fn new(state: State) -> (Self, Watch) {
        let shared = Shared { latest: Mutex::new((0, state)), changed: Event::default() };
        let shared = Arc::new(shared);
        (Self(shared.clone()), Watch { shared, seen: 0 })
    }

    pub(crate) fn publish(&self, state: &State) {
        let mut latest = self.0.lock();
        if latest.1 != *state {
            latest.0 += 1;
            latest.1.clone_from(state);
            drop(latest);
            self.0.changed.notify(usize::MAX);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, (u64, State)> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
