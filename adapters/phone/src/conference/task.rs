//! The task of a conference, which drives the sans-IO value.

use async_channel::Receiver;
use futures_lite::future::{or, yield_now};
use lxst_core::{Admission, CallState, CallStatus, Command, Event as CoreEvent, Role, Talk};
use lxst_rooms::{Conference, ConferenceCommand, ConferenceEvent, ConferenceOutput};

use super::request::Request;
use super::tones::Tones;
use crate::audio::{AudioSink, BLOCK};
use crate::bridge::Bridge;
use crate::event::Event;
use crate::event_stream::EventQueue;
use crate::events::Events;
use crate::inbox::either_first;
use crate::phone::Phone;
use crate::request::Reply;

#[derive(Debug)]
pub(super) struct ConferenceTask {
    pub(super) conference: Conference,
    pub(super) phone: Phone,
    pub(super) phone_events: Events,
    pub(super) events: EventQueue<ConferenceEvent>,
    pub(super) requests: Receiver<Request>,
    pub(super) tones: Tones,
    /// What it plays is discarded: the bridge gives each member what the others say.
    pub(super) sink: AudioSink,
    pub(super) turns: u64,
}

/// Why the task wakes.
enum Wakeup {
    /// A handle asks; `None` when the last one was dropped.
    Request(Option<Request>),
    /// Something happens to a call; `None` when the phone has shut down.
    Phone(Option<Event>),
}

impl ConferenceTask {
    /// Runs until the app ends the conference, or the phone shuts down.
    pub(super) async fn run(mut self) {
        let reply = loop {
            match self.next().await {
                Wakeup::Request(None) | Wakeup::Phone(None) => break None,
                Wakeup::Request(Some(Request::ShutDown(reply))) => break Some(reply),
                Wakeup::Request(Some(request)) => self.on_request(request).await,
                Wakeup::Phone(Some(event)) => self.on_event(&event).await,
            }
        };
        self.finish(reply).await;
    }

    /// Waits for the next wakeup. Calls and the app come first in turns, so that a flood of one
    /// does not starve the other.
    async fn next(&mut self) -> Wakeup {
        self.turns += 1;
        if self.turns.is_multiple_of(TURNS_IN_A_ROW) {
            yield_now().await;
        }
        let Self { phone_events, requests, tones, sink, turns, .. } = self;
        let request = async { Wakeup::Request(requests.recv().await.ok()) };
        let event = async { Wakeup::Phone(phone_events.next().await) };
        let tones = async { match tones.serve().await {} };
        let discarded = async {
            let mut block = [0.0_f32; BLOCK];
            while sink.read(&mut block).await.is_ok() {}
            std::future::pending().await
        };
        or(either_first(turns.is_multiple_of(2), request, event), or(tones, discarded)).await
    }

    // The handle may be gone before the answer.
    async fn on_request(&mut self, request: Request) {
        match request {
            Request::Command(command, reply) => {
                let taken = self.conference.handle_command(command);
                self.hand_on().await;
                reply.send(taken);
            }
            Request::Members(reply) => _ = reply.send(self.conference.members().collect()),
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    async fn on_event(&mut self, event: &Event) {
        let event = match *event {
            Event::Incoming { call, from } => CoreEvent::Incoming { call, from },
            Event::Established { call, profile, mode } => {
                CoreEvent::Established { call, profile, mode }
            }
            Event::Ended { call, reason } => CoreEvent::Ended { call, reason },
            Event::CallerTurnedAway { from } => CoreEvent::CallerTurnedAway { from },
            _ => return,
        };
        self.conference.handle_event(event);
        self.hand_on().await;
    }

    /// Does what the conference says.
    async fn hand_on(&mut self) {
        while let Some(output) = self.conference.poll_output() {
            match output {
                ConferenceOutput::Call(command) => command_to(&self.phone, command).await,
                ConferenceOutput::Tone(tone) => self.tones.play(tone),
                ConferenceOutput::Event(event) => {
                    if let ConferenceEvent::Joined { call, .. } = event {
                        // In half duplex a member hears the others for as long as we talk.
                        command_to(&self.phone, Command::Talk(call, Talk::Pressed)).await;
                    }
                    self.bridge().await;
                    self.events.push(event);
                }
            }
        }
    }

    async fn bridge(&mut self) {
        let members: Vec<_> = self.conference.members().map(|(call, _)| call).collect();
        if members.is_empty() {
            self.tones.clear();
        }
        // A phone that has shut down ends the conference.
        let _ = self.phone.set_bridge(Bridge::of(members)).await;
    }

    /// Hangs up on all members, and turns away who rings.
    async fn finish(mut self, reply: Option<Reply<()>>) {
        let closed = self.conference.handle_command(ConferenceCommand::Close);
        debug_assert_eq!(closed, Ok(()), "it names no call");
        self.hand_on().await;
        // Their events may be unread.
        for CallStatus { call, .. } in self.phone.state().calls.into_iter().filter(is_ringing) {
            command_to(&self.phone, Command::Screen(call, Admission::Busy)).await;
        }
        let _ = self.phone.set_bridge(Bridge::default()).await;
        self.requests.close();
        // What waits is answered by the end of its reply.
        while self.requests.try_recv().is_ok() {}
        drop(self.events);
        reply.map(|reply| reply.send(()));
    }
}

fn is_ringing(call: &CallStatus) -> bool {
    call.role == Role::Callee && call.state == CallState::Ringing
}

async fn command_to(phone: &Phone, command: Command) {
    // The call may be over, as its event will tell.
    let _ = phone.command(command).await;
}

/// Turns in a row after which the task yields to others of its thread.
const TURNS_IN_A_ROW: u64 = 64;
