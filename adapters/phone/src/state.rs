//! The latest state of a phone, readable at any time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::Event;
use lxst_core::{CallId, CallStatus, EndReason, Quality};

use crate::event::Event as AppEvent;

/// The state of a phone.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct State {
    /// The number of the last event that this state includes.
    pub number: u64,
    /// The call, `None` when no line has one; of several, that on the first of the lines.
    pub call: Option<CallStatus>,
    /// The latest report of that call's quality.
    pub quality: Option<Quality>,
    /// All calls, one for each line that has one.
    pub calls: Vec<CallStatus>,
    /// The call that ended last, and the reason.
    pub ended: Option<(CallId, EndReason)>,
    /// Whether the phone takes calls, as [`Phone::set_available`](crate::Phone::set_available) set.
    pub is_available: bool,
    /// Open connections to the network. At 0 nobody can be reached, and
    /// [`interfaces`](Self::interfaces) has the reason. On the app's own Reticulum stack it is
    /// always 0.
    pub connections: usize,
    /// The state of each interface, in the order of the builder.
    pub interfaces: Vec<InterfaceState>,
    /// Whether the phone has an audio source; those that are a call's own do not count.
    pub has_source: bool,
    /// Whether the phone has an audio sink; those that are a call's own do not count.
    pub has_sink: bool,
    /// Whether the phone has shut down, and nothing changes any more.
    pub is_shut_down: bool,
    /// The latest report of each call.
    pub(crate) qualities: Vec<(CallId, Quality)>,
}

/// The state of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InterfaceState {
    /// The name of the interface: what the app configured, such as `example.org:4242`.
    pub name: String,
    /// Open connections: at most one, except for a TCP server and for an AutoInterface, which has one
    /// for each peer.
    pub connections: usize,
    /// Connections that ended since the phone started.
    pub connections_lost: u64,
    /// Why there is no connection, in words for people; `None` if nothing has gone wrong since the
    /// last one. The phone connects again.
    pub trouble: Option<String>,
}

/// A view of a phone's [`State`] that reports changes.
#[derive(Clone, Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    seen: u64,
}

/// The phone's side of [`Watch`].
#[derive(Debug)]
pub(crate) struct Publisher(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    latest: Mutex<Latest>,
    changed: Event,
}

/// The latest state, and how the latest calls ended.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    version: u64,
    pub(crate) state: State,
    /// The latest at the back.
    ended: VecDeque<(CallId, EndReason)>,
}

impl State {
    /// The latest report of a call's quality; `None` before the first, and when the call is over.
    #[must_use]
    pub fn quality_of(&self, call: CallId) -> Option<Quality> {
        self.qualities.iter().find(|(of, _)| *of == call).map(|(_, quality)| *quality)
    }

    /// Applies what an event says beyond the status of the calls.
    pub(crate) fn note(&mut self, event: &AppEvent) {
        if let AppEvent::Quality { call, quality } = event {
            self.qualities.retain(|(of, _)| of != call);
            self.qualities.push((*call, *quality));
        } else if let AppEvent::Ended { call, reason } = event {
            self.qualities.retain(|(of, _)| of != call);
            self.ended = Some((*call, *reason));
        }
    }

    /// Takes note of the calls, after the events that they include.
    pub(crate) fn set_calls(&mut self, calls: impl Iterator<Item = CallStatus>) {
        self.calls.clear();
        self.calls.extend(calls);
        self.call = self.calls.first().copied();
        self.quality = self.call.and_then(|status| self.quality_of(status.call));
    }
}

impl Watch {
    /// Returns the latest state.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.lock().state.clone()
    }

    /// Waits until the state differs from the one that this view returned last, and returns the
    /// latest; states between are skipped. `None` after the state with
    /// [`is_shut_down`](State::is_shut_down).
    ///
    /// # Cancel safety
    /// Cancel safe: no change is lost.
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

    /// Returns what `look` makes of the latest state.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Latest) -> T) -> T {
        look(&self.shared.lock())
    }

    /// Waits until `decide` returns `Some` for the latest state.
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
    /// Returns the status of a call; `None` if it is not the present one.
    pub(crate) fn status(&self, call: CallId) -> Option<CallStatus> {
        self.state.calls.iter().find(|status| status.call == call).copied()
    }

    /// Returns why a call ended, if it is among the latest [`ENDED_CALLS`].
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

    /// Publishes the state, which includes these events.
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

/// Calls whose end is remembered.
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
