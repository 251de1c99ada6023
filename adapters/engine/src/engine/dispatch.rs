//! Dispatch: the outputs of the core and the stack go to the stack, the codecs, the owner, or back
//! to the core.

use lxst_core::{
    Admission, Boundary, CallId, CallState, CallStatus, Command, Direction, IdentityHash, Input,
    InputError, Instant, JobId, Outcome, Output, PacketBuf, PortChange, Profile, Role, Stack,
    StackEvent, StreamId,
};

use super::Engine;
use crate::adaptation::{Adaptation, Adapter, MediaCounters};
use crate::event::Event;
use crate::path_profile::{Dialled, PathProfile};

/// An input for the core that the engine makes as an answer to an output.
#[derive(Debug)]
pub(super) enum Reply {
    Discarded(JobId),
    Known(IdentityHash),
    Attached(StreamId, Direction),
    Screened(CallId, Admission),
    Switched(CallId, Profile),
    /// The profile of a dialled call is chosen.
    Chosen(CallId, PathProfile),
}

impl<S: Stack, const LINES: usize> Engine<S, LINES> {
    /// Passes on the inputs of the engine itself and of the stack to the core, until there are
    /// none. The engine's answers come first: the app is not told of a caller whom a list decides
    /// on.
    pub(super) fn pump(&mut self, now: Instant) {
        loop {
            if let Some(reply) = self.replies.pop_front() {
                self.on_reply(now, &reply);
            } else if let Some(event) = self.links.poll_event(&self.ids) {
                self.on_stack_event(now, event);
            } else {
                return;
            }
        }
    }

    fn on_reply(&mut self, now: Instant, reply: &Reply) {
        let input = match *reply {
            Reply::Discarded(job) => Input::JobDone { job, outcome: Outcome::Discarded },
            Reply::Attached(stream, direction) => {
                Input::Port { stream, direction, change: PortChange::Attached }
            }
            Reply::Known(identity) => Input::Command(Command::Know(identity)),
            Reply::Screened(call, admission) => Input::Command(Command::Screen(call, admission)),
            Reply::Switched(call, profile) => Input::Command(Command::SetProfile(call, profile)),
            Reply::Chosen(call, PathProfile { start: profile, round_trip, .. }) => {
                self.events.push_back(Event::ProfileChosen { call, profile, round_trip });
                self.give(now, Input::Command(Command::SetProfile(call, profile)));
                if let Some(dialled) = self.dialled.get_mut(&call) {
                    dialled.on_told();
                }
                return;
            }
        };
        self.give(now, input);
    }

    fn on_stack_event(&mut self, now: Instant, event: StackEvent<S::Data>) {
        match event {
            StackEvent::Announced { identity, hops, name } => {
                self.events.push_back(Event::Announced { identity, hops, name });
                let is_mistaken = |call: &CallStatus| {
                    call.state == CallState::Calling
                        && call.peer != identity
                        && self.stack().identity_at(call.peer) == Some(identity)
                };
                let mistaken = self.calls().find(is_mistaken);
                if let Some(CallStatus { call, peer: given, .. }) = mistaken {
                    self.events.push_back(Event::DestinationDialled { call, given, identity });
                }
            }
            StackEvent::Link { link, event } => self.give(now, Input::Link { link, event }),
            StackEvent::Packet { link, data } => {
                self.give(now, Input::Packet { link, data: data.as_ref() });
            }
        }
    }

    /// Gives an input that the core may refuse without consequence, because its call or link has
    /// ended.
    pub(super) fn give(&mut self, now: Instant, input: Input<'_>) {
        let refused = self.input(now, input).err();
        debug_assert_ne!(refused, Some(InputError::OutputFull), "outputs are drained each time");
    }

    pub(super) fn input(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError> {
        self.telephone.handle_input(now, input)?;
        if let Some(tap) = &mut self.tap {
            tap.see(now, Boundary::In(input));
        }
        let mut buf = PacketBuf::new();
        while let Some(output) = self.telephone.poll_output(&mut buf) {
            if let Some(tap) = &mut self.tap {
                tap.see(now, Boundary::Out(output));
            }
            self.on_output(now, output);
        }
        self.choose_profiles(now);
        Ok(())
    }

    /// Chooses the profiles of dialled calls whose path is known by now.
    fn choose_profiles(&mut self, now: Instant) {
        let profiles = self.codecs.profiles();
        for (call, dialled) in &mut self.dialled {
            let status = self.telephone.calls().find(|status| status.call == *call);
            let Some(CallStatus { role: Role::Caller, state, .. }) = status else { continue };
            let round_trip = self.telephone.round_trip(*call);
            let chosen = dialled.on_state(now, state, round_trip, profiles);
            self.replies.extend(chosen.map(|chosen| Reply::Chosen(*call, chosen)));
        }
    }

    pub(super) fn nearest(&self, profile: Profile) -> Profile {
        self.codecs.profiles().nearest(profile).unwrap_or(profile)
    }

    fn on_output(&mut self, now: Instant, output: Output<'_>) {
        match output {
            Output::Transmit { link, class, data } => self.links.send(now, link, class, data),
            Output::Link { link, request } => self.links.request(now, link, request),
            Output::Announce => self.links.stack.announce(now, self.display_name),
            Output::Stream { stream, direction, change } => {
                self.tasks.push_back(self.streams.on_stream(stream, direction, change));
                self.events.push_back(Event::Stream { stream, direction, change });
            }
            Output::Job { job, stream, work, .. } => match self.streams.on_job(stream, job, work) {
                Some(task) => self.tasks.push_back(task),
                None => self.replies.push_back(Reply::Discarded(job)),
            },
            Output::Event(event) => self.on_event(now, event),
        }
    }

    fn on_event(&mut self, now: Instant, event: lxst_core::Event) {
        self.adapt(now, event);
        if let lxst_core::Event::ProfileChanged { call, by, .. } = event
            && !self.adapters.contains_key(&call)
            && self.dialled.get_mut(&call).is_some_and(|dialled| dialled.on_switched(by))
        {
            // `ProfileChosen` tells it.
            return;
        }
        if let lxst_core::Event::Incoming { call, .. } = event {
            self.attach(call);
        } else if let lxst_core::Event::Ended { call, .. } = event {
            self.own_ports.retain(|(of, _)| *of != call);
            self.dialled.remove(&call);
        }
        if let lxst_core::Event::Established { call, .. } = event
            && let Some(peer) = self.peer_of(call)
        {
            self.people.know(peer);
        }
        if let lxst_core::Event::Screening { call, from, limit, .. } = event
            // A caller beyond a limit would not ring, so the app is not asked.
            && let Some(admission) =
                self.callers.admission(from).or(limit.map(|_| Admission::Ring))
        {
            if self.callers.allows(from) {
                self.replies.push_back(Reply::Known(from));
            }
            self.replies.push_back(Reply::Screened(call, admission));
        } else if let lxst_core::Event::CallerTurnedAway { from } = event
            && self.callers.admission(from).is_some_and(|admission| admission != Admission::Ring)
        {
            // A caller who would not ring on a free line either is not reported to the app.
        } else {
            self.events.push_back(Event::Call(event));
        }
    }

    /// Attaches the ports of all calls to a new call.
    pub(super) fn attach(&mut self, call: CallId) {
        let attached = |direction: &Direction| Reply::Attached(call.into(), *direction);
        self.replies.extend(self.ports.iter().map(attached));
    }

    fn peer_of(&self, call: CallId) -> Option<IdentityHash> {
        self.calls().find(|status| status.call == call).map(|status| status.peer)
    }

    pub(super) fn call_ids(&self) -> Vec<CallId> {
        self.calls().map(|status| status.call).collect()
    }

    /// Adapts the profile to what the path carries.
    fn adapt(&mut self, now: Instant, event: lxst_core::Event) {
        match event {
            lxst_core::Event::Established { call, profile, .. } => {
                let best = match self.dialled.get(&call) {
                    // Or the peer's call took the place of ours.
                    None | Some(Dialled::Open { .. }) => self.adaptive_profile.then_some(profile),
                    Some(dialled) => dialled.best(profile),
                };
                let profiles = self.codecs.profiles();
                let adapter = best.map(|best| Adapter::up_to(best, profile, profiles));
                self.adapters.extend(adapter.map(|adapter| (call, adapter)));
            }
            lxst_core::Event::ProfileChanged { call, profile, by } => {
                let is_ended = self
                    .adapters
                    .get_mut(&call)
                    .is_some_and(|adapter| adapter.on_switched(profile, by) == Adaptation::Over);
                if is_ended {
                    self.adapters.remove(&call);
                }
            }
            lxst_core::Event::Quality { call, quality } => {
                let unsent = self.stack().media_dropped();
                let sent = self.telephone.counters().media_packets_sent;
                let counts = MediaCounters::new(&quality, sent, unsent);
                let adapter = self.adapters.get_mut(&call);
                let to = adapter.and_then(|adapter| adapter.on_report(now, counts));
                self.replies.extend(to.map(|profile| Reply::Switched(call, profile)));
            }
            lxst_core::Event::Ended { call, .. } => _ = self.adapters.remove(&call),
            _ => {}
        }
    }
}
