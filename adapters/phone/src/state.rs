//! The latest state of a phone, for whoever wants to look at any time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::Event;
use lxst_core::{CallId, CallStatus, EndReason, Quality};

use crate::event::Event as AppEvent;

/// How a phone stands.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct InterfaceState {
    /// What the app configured, in words: `example.org:4242`, for example.
    pub name: String,
    /// Its connections that stand: one at most, but for a TCP server.
    pub connections: usize,
    /// Connections that ended since the phone started.
    pub connections_lost: u64,
    /// Why there is no connection, in words for people: the last attempt failed, or the connection
    /// broke off. The phone tries again.
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
    latest: Mutex<Latest>,
    changed: Event,
}

/// What is known now.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    version: u64,
    pub(crate) state: State,
    /// The latest at the back.
    ended: VecDeque<(CallId, EndReason)>,
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
        self.shared.lock().state.clone()
    }

    /// Waits until the state is another than the one that was given here last, and gives it; states
    /// in between are passed over. `None` when the phone has shut down, and that was told.
    ///
    /// # Cancel safety
    /// Cancel safe: a change that was not given is given next.
    pub async fn changed(&mut self) -> Option<State> {
        let seen = self.seen;
        let next = self.until(|latest| {
            let changed = latest.version > seen;
            let next = changed.then(|| (latest.version, latest.state.clone()));
            (changed || latest.state.is_shut_down).then_some(next)
        });
        let (version, state) = next.await?;
        self.seen = version;
        Some(state)
    }

    /// Makes something of what is known now.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Latest) -> T) -> T {
        look(&self.shared.lock())
    }

    /// Waits until something can be made of what is known.
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub(crate) async fn until<T>(&self, decide: impl Fn(&Latest) -> Option<T>) -> T {
        loop {
            // First listened, then looked: nothing falls between.
            let changed = self.shared.changed.listen();
            if let Some(decided) = self.look(&decide) {
                return decided;
            }
            changed.await;
        }
    }
}

impl Latest {
    /// The call as it stands; `None` where it does not.
    pub(crate) fn status(&self, call: CallId) -> Option<CallStatus> {
        self.state.call.filter(|status| status.call == call)
    }

    /// Why a call ended, if it is one of the latest that did.
    pub(crate) fn end_of(&self, call: CallId) -> Option<EndReason> {
        self.ended.iter().rev().find(|(ended, _)| *ended == call).map(|(_, reason)| *reason)
    }

    fn remember(&mut self, call: CallId, reason: EndReason) {
        if self.ended.len() == ENDED_CALLS {
            self.ended.pop_front();
        }
        self.ended.push_back((call, reason));
    }
}

impl Publisher {
    pub(crate) fn new(state: State) -> (Self, Watch) {
        let shared = Shared {
            latest: Mutex::new(Latest { state, ..Latest::default() }),
            changed: Event::default(),
        };
        let shared = Arc::new(shared);
        (Self(shared.clone()), Watch { shared, seen: 0 })
    }

    /// Tells how the phone stands, after events that it includes.
    pub(crate) fn publish(&self, state: &State, events: &[(u64, AppEvent)]) {
        let mut latest = self.0.lock();
        if latest.state != *state {
            latest.version += 1;
            latest.state.clone_from(state);
            for (_, event) in events {
                if let AppEvent::Ended { call, reason } = event {
                    latest.remember(*call, *reason);
                }
            }
            drop(latest);
            self.0.changed.notify(usize::MAX);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls of which the end is remembered.
pub(crate) const ENDED_CALLS: usize = 64;

#[cfg(test)]
mod tests {
    use futures_lite::future::{block_on, poll_once};

    use super::*;

    #[test]
    fn the_end_of_a_call_is_remembered_until_so_many_more_have_ended() {
        let (publisher, watch) = Publisher::new(State::default());
        let end = |number| (number, AppEvent::Ended { call: CallId(number), reason: REASON });
        let publish = |number| {
            publisher.publish(&State { number, ..State::default() }, &[end(number)]);
        };
        let is_known = |call| watch.look(|latest| latest.end_of(CallId(call)).is_some());
        publish(1);
        for number in 2..=ENDED_CALLS as u64 {
            publish(number);
        }
        assert!(is_known(1));
        publish(ENDED_CALLS as u64 + 1);
        assert!(!is_known(1) && is_known(2));
    }

    #[test]
    fn a_wait_that_is_left_is_woken_when_it_is_begun_again() {
        let (publisher, watch) = Publisher::new(State::default());
        let ended = || watch.until(|latest| latest.end_of(CallId(1)));
        assert_eq!(block_on(poll_once(ended())), None);
        let mut begun = Box::pin(ended());
        assert_eq!(block_on(poll_once(&mut begun)), None);
        let event = AppEvent::Ended { call: CallId(1), reason: REASON };
        publisher.publish(&State { number: 1, ..State::default() }, &[(1, event)]);
        assert_eq!(block_on(begun), REASON);
        assert_eq!(block_on(ended()), REASON);
    }

    const REASON: EndReason = EndReason::LocalHangup;
}
