//! The task of a client of rooms, which drives the sans-IO value.

use async_channel::Receiver;
use futures_lite::future::{or, yield_now};
use lxst_core::wire::Packet;
use lxst_core::{IdentityHash, Instant};
use lxst_engine::RadioPacket;
use lxst_rooms::{Client, ClientCommand, ClientEvent, Input, InputError, Join, Output, RoomId};

use super::request::{ClientRequest as Request, RoomClientStatus, Taken, end};
use super::rooms_of;
use super::voice::Voice;
use super::wanted::Wanted;
use crate::carried_links::{FAREWELL, Links, Report, TURNS_IN_A_ROW};
use crate::clock::Clock;
use crate::event_stream::EventQueue;
use crate::inbox::either_first;
use crate::request::Reply;
use crate::runtime::Runtime;

#[derive(Debug)]
pub(super) struct ClientTask<'e, R> {
    parts: Parts<R>,
    links: Links<'e>,
    /// What was asked for, until the client leaves.
    wanted: Option<Wanted>,
    /// When to join again.
    again: Option<Instant>,
    unsent: u64,
    turns: u64,
}

/// The parts of a client's task.
#[derive(Debug)]
pub(super) struct Parts<R> {
    pub(super) clock: Clock<R>,
    pub(super) client: Client,
    pub(super) voice: Voice,
    pub(super) events: EventQueue<ClientEvent>,
    pub(super) requests: Receiver<Request>,
}

/// Why the task wakes.
enum Wakeup {
    /// A handle asks; `None` when the last one was dropped.
    Request(Option<Request>),
    Report(Report),
    /// The radio sends; `None` when it has shut down.
    Radio(Option<RadioPacket>),
    Timeout,
}

impl<'e, R: Runtime> ClientTask<'e, R> {
    pub(super) const fn new(parts: Parts<R>, links: Links<'e>) -> Self {
        Self { parts, links, wanted: None, again: None, unsent: 0, turns: 0 }
    }

    /// Runs until the app ends the client, or the phone or the radio shuts down.
    pub(super) async fn run(mut self) {
        let reply = loop {
            match self.next().await {
                Wakeup::Request(None) | Wakeup::Report(Report::NoPhone) | Wakeup::Radio(None) => {
                    break None;
                }
                Wakeup::Request(Some(Request::ShutDown(reply))) => break Some(reply),
                wakeup => self.on_wakeup(wakeup).await,
            }
        };
        self.finish(reply).await;
    }

    /// Waits for the next wakeup. The link and the app come first in turns, so that a flood of one
    /// does not starve the other.
    async fn next(&mut self) -> Wakeup {
        self.turns += 1;
        if self.turns.is_multiple_of(TURNS_IN_A_ROW) {
            yield_now().await;
        }
        let Parts { clock, client, voice, requests, .. } = &self.parts;
        let deadline = client.poll_timeout().into_iter().chain(self.again).min();
        let timeout = async {
            clock.wait_until(deadline).await;
            Wakeup::Timeout
        };
        let radio = async { Wakeup::Radio(voice.next().await) };
        let request = async { Wakeup::Request(requests.recv().await.ok()) };
        let report = async { Wakeup::Report(self.links.next().await) };
        let others = either_first(self.turns.is_multiple_of(2), report, request);
        or(timeout, or(radio, others)).await
    }

    async fn on_wakeup(&mut self, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Request(Some(request)) => self.on_request(request).await,
            Wakeup::Report(Report::Packet { link, data }) => {
                self.give(Input::Packet { link, data: &data }).await;
            }
            Wakeup::Report(Report::Event { link, event }) => {
                self.links.on_event(link, event);
                self.give(Input::Link { link, event }).await;
            }
            Wakeup::Radio(Some(packet)) => self.speak(&packet).await,
            Wakeup::Timeout => self.give(Input::Timeout).await,
            // The loop ends on these.
            Wakeup::Request(None) | Wakeup::Report(Report::NoPhone) | Wakeup::Radio(None) => {}
        }
        if self.again.is_some_and(|again| again <= self.parts.clock.now())
            && let Some((server, join)) = self.wanted.as_ref().map(Wanted::again)
        {
            let joined = self.join(server, join).await;
            debug_assert_eq!(joined, Ok(()), "the link to the server is closed");
        }
    }

    // The handle may be gone before the answer.
    async fn on_request(&mut self, request: Request) {
        match request {
            Request::Join(server, join, reply) => {
                // A client that waits to join again has no link to leave.
                let _ = self.command(ClientCommand::Leave).await;
                reply.send(self.join(server, join).await);
            }
            Request::Leave(reply) => _ = reply.send(self.leave().await),
            Request::Enter(room, password, reply) => {
                reply.send(self.enter(room, password).await);
            }
            Request::Write(text, reply) => {
                reply.send(self.command(ClientCommand::Text(&text)).await);
            }
            Request::Poke(to, text, reply) => {
                reply.send(self.command(ClientCommand::Poke { to, text: &text }).await);
            }
            Request::Mute(direction, mute, reply) => {
                reply.send(self.command(ClientCommand::Mute(direction, mute)).await);
            }
            Request::Operate(action, on, reply) => {
                reply.send(self.command(ClientCommand::Operate { action, on }).await);
            }
            Request::Status(reply) => _ = reply.send(self.status()),
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    async fn join(&mut self, server: IdentityHash, join: Join) -> Taken {
        self.wanted = Some(Wanted::new(server, join.clone()));
        self.again = None;
        let (link, server) = (self.links.number(), rooms_of(server));
        self.command(ClientCommand::Join { link, server, hops: None, join }).await
    }

    async fn leave(&mut self) -> Taken {
        let waited = self.again.take();
        self.wanted = None;
        let left = self.command(ClientCommand::Leave).await;
        if waited.is_some() { Ok(()) } else { left }
    }

    async fn enter(&mut self, room: RoomId, password: Option<String>) -> Taken {
        // The room that we are in is entered at once.
        let before = self.wanted.as_mut().and_then(|wanted| wanted.ask(room, password.clone()));
        let taken = self.command(ClientCommand::Move { room, password }).await;
        if taken.is_err()
            && let Some(wanted) = &mut self.wanted
        {
            wanted.undo(before);
        }
        taken
    }

    /// Says in the room what the radio sends.
    async fn speak(&mut self, packet: &RadioPacket) {
        let Ok(packet) = Packet::parse(&packet.data) else { return };
        for frame in packet.frames() {
            let spoken = match frame {
                Ok(frame) => self.command(ClientCommand::Speak(frame)).await,
                Err(_) => Err(InputError::BadFrame),
            };
            self.unsent += u64::from(spoken.is_err());
        }
        if packet.talk_end().is_some() {
            // A client that is no member has no talk.
            let _ = self.command(ClientCommand::EndTalk).await;
        }
    }

    fn status(&self) -> RoomClientStatus {
        let Parts { client, voice, .. } = &self.parts;
        RoomClientStatus {
            member: client.member(),
            room: client.room().map(|room| room.id),
            can_speak: client.can_speak() && voice.is_ready(),
            rooms: client.rooms().map(Into::into).collect(),
            members: client.members().map(Into::into).collect(),
            dropped: client.dropped(),
            unsent: self.unsent,
            late: self.links.late(),
        }
    }

    /// Gives an input that the client does not refuse.
    async fn give(&mut self, input: Input<'_, ClientCommand<'_>>) {
        let taken = self.input(input).await;
        debug_assert_eq!(taken, Ok(()), "outputs are drained");
    }

    async fn command(&mut self, command: ClientCommand<'_>) -> Taken {
        self.input(Input::Command(command)).await
    }

    async fn input(&mut self, input: Input<'_, ClientCommand<'_>>) -> Taken {
        let taken = self.parts.client.handle_input(self.parts.clock.now(), input);
        while let Some(output) = self.parts.client.poll_output() {
            match output {
                Output::Transmit { link, class, data } => self.links.transmit(link, class, data),
                Output::Link { link, request } => self.links.request(link, request),
                Output::Event(event) => self.on_event(event).await,
            }
        }
        taken
    }

    async fn on_event(&mut self, event: ClientEvent) {
        let Parts { clock, client, voice, .. } = &mut self.parts;
        match &event {
            ClientEvent::Voice { data, .. } => return voice.play(data.clone()),
            ClientEvent::TalkEnd(member) | ClientEvent::MemberLeft(member) => {
                voice.end_talk(*member);
            }
            ClientEvent::Entered(Some(room)) => {
                let profile = client.room().and_then(|room| room.profile.parse().ok());
                voice.enter(profile).await;
                if let Some(wanted) = &mut self.wanted {
                    wanted.on_entered(*room);
                }
            }
            ClientEvent::Refused { room, .. } => {
                if let Some(wanted) = &mut self.wanted {
                    wanted.on_refused(*room);
                }
            }
            ClientEvent::Closed { again, .. } => {
                self.again = again.map(|pause| clock.now() + pause);
            }
            // The enum is non_exhaustive.
            _ => {}
        }
        self.parts.events.push(event);
    }

    /// Closes the link, after what waits for it is sent.
    async fn finish(self, reply: Option<Reply<()>>) {
        let Self { parts: Parts { clock, voice, requests, events, .. }, links, .. } = self;
        let late = clock.wait_until(Some(clock.now() + FAREWELL));
        or(links.finish(), late).await;
        end(&requests);
        drop((voice, events));
        reply.map(|reply| reply.send(()));
    }
}
