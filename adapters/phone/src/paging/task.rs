//! The pager's task, which drives the sans-IO value.

use std::time::Duration;

use async_channel::Receiver;
use bytes::Bytes;
use futures_lite::future::{or, yield_now};
use lxst_core::wire::{Packet, SEQUENCE_OVERHEAD};
use lxst_core::{Class, Instant};
use lxst_engine::RadioPacket;
use lxst_reticulum::Rng;
use lxst_rooms::limits::PAGE_VOICE;
use lxst_rooms::{
    GroupId, PageId, Pager, PagerCommand, PagerError, PagerEvent, PagerInput, PagerOutput,
};

use super::request::{PagingError, Request};
use crate::clock::Clock;
use crate::destinations::Broadcasts;
use crate::event_stream::EventQueue;
use crate::host::{OsRng, unix_time};
use crate::inbox::either_first;
use crate::radio::{Radio, RadioPort, talk_end};
use crate::request::Reply;
use crate::runtime::Runtime;

#[derive(Debug)]
pub(super) struct PagerTask<R> {
    parts: Parts<R>,
    port: RadioPort,
    /// Our page while its last frames are awaited.
    ending: Option<Ending>,
    turns: u64,
}

/// The parts of a pager's task.
#[derive(Debug)]
pub(super) struct Parts<R> {
    pub(super) clock: Clock<R>,
    pub(super) pager: Pager,
    pub(super) channel: Broadcasts,
    pub(super) radio: Radio,
    pub(super) events: EventQueue<PagerEvent>,
    pub(super) requests: Receiver<Request>,
}

/// A page of ours whose talk button is released.
#[derive(Debug)]
struct Ending {
    until: Instant,
    reply: Reply<Result<(), PagingError>>,
}

/// Why the task wakes.
enum Wakeup {
    /// A handle asks; `None` when the last one was dropped.
    Request(Option<Request>),
    /// A packet of the channel; `None` when the phone has shut down.
    Heard(Option<Vec<u8>>),
    /// The radio sends; `None` when it has shut down.
    Said(Option<RadioPacket>),
    Timeout,
}

impl<R: Runtime> PagerTask<R> {
    pub(super) fn new(parts: Parts<R>) -> Self {
        Self { port: port(&parts.radio), parts, ending: None, turns: 0 }
    }

    /// Runs until the app ends the pager, or the phone or the radio shuts down.
    pub(super) async fn run(mut self) {
        let reply = loop {
            match self.next().await {
                Wakeup::Request(None) | Wakeup::Heard(None) | Wakeup::Said(None) => break None,
                Wakeup::Request(Some(Request::ShutDown(reply))) => break Some(reply),
                wakeup => self.on_wakeup(wakeup).await,
            }
        };
        if self.parts.pager.is_pressed() {
            // The radio may have ended, and the page with it.
            let _ = self.parts.radio.release().await;
            let _ = self.command(PagerCommand::Release).await;
        }
        let Self { parts: Parts { requests, events, channel, .. }, .. } = self;
        requests.close();
        // What waits is answered by the end of its reply.
        while requests.try_recv().is_ok() {}
        drop((events, channel));
        reply.map(|reply| reply.send(()));
    }

    /// Waits for the next wakeup. Neighbours and the app come first in turns, so that a flood of one
    /// does not starve the other.
    async fn next(&mut self) -> Wakeup {
        self.turns += 1;
        if self.turns.is_multiple_of(TURNS_IN_A_ROW) {
            yield_now().await;
        }
        let Parts { clock, pager, channel, requests, .. } = &self.parts;
        let ending = self.ending.as_ref().map(|ending| ending.until);
        let deadline = pager.poll_timeout().into_iter().chain(ending).min();
        let timeout = async {
            clock.wait_until(deadline).await;
            Wakeup::Timeout
        };
        let said = async { Wakeup::Said(self.port.next().await) };
        let request = async { Wakeup::Request(requests.recv().await.ok()) };
        let heard = async { Wakeup::Heard(channel.next().await) };
        or(timeout, or(said, either_first(self.turns.is_multiple_of(2), heard, request))).await
    }

    async fn on_wakeup(&mut self, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Request(Some(request)) => self.on_request(request).await,
            Wakeup::Heard(Some(data)) => self.give(PagerInput::Packet(&data)).await,
            Wakeup::Said(Some(packet)) => self.on_said(&packet.data).await,
            Wakeup::Timeout => self.give(PagerInput::Timeout).await,
            // The loop ends on these.
            Wakeup::Request(None) | Wakeup::Heard(None) | Wakeup::Said(None) => {}
        }
        let now = self.parts.clock.now();
        if self.ending.as_ref().is_some_and(|ending| ending.until <= now) {
            self.end().await;
        }
    }

    // The handle may be gone before the answer.
    async fn on_request(&mut self, request: Request) {
        match request {
            Request::Press { group, is_urgent, reply } => {
                reply.send(self.press(group, is_urgent).await);
            }
            Request::Release(reply) => self.release(reply).await,
            Request::Counters(reply) => _ = reply.send(self.parts.pager.counters()),
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    async fn press(&mut self, group: GroupId, is_urgent: bool) -> Result<(), PagingError> {
        let mut page = PageId([0; 8]);
        OsRng.fill_bytes(&mut page.0);
        self.command(PagerCommand::Press { group, page, is_urgent }).await?;
        // What the radio said before is no part of the page.
        self.port = port(&self.parts.radio);
        Ok(self.parts.radio.press_to_talk().await?)
    }

    /// Releases the talk button. The page ends with the frame that was begun.
    async fn release(&mut self, reply: Reply<Result<(), PagingError>>) {
        if self.ending.is_some() || !self.parts.pager.is_pressed() {
            reply.send(Err(PagerError::NotPressed.into()));
            return;
        }
        let until = self.parts.clock.now() + FAREWELL;
        self.ending = Some(Ending { until, reply });
        // A radio that has shut down ends the task.
        let _ = self.parts.radio.release().await;
    }

    async fn on_said(&mut self, data: &[u8]) {
        let is_end = Packet::parse(data).is_ok_and(|packet| packet.talk_end().is_some());
        if !is_end {
            // Without a page nobody is to hear it.
            let _ = self.command(PagerCommand::Send(data)).await;
        } else if self.ending.is_some() {
            self.end().await;
        }
    }

    async fn end(&mut self) {
        let Some(ending) = self.ending.take() else { return };
        let released = self.command(PagerCommand::Release).await;
        ending.reply.send(released.map_err(Into::into));
    }

    /// Gives an input that the pager does not refuse.
    async fn give(&mut self, input: PagerInput<'_>) {
        let taken = self.input(input).await;
        debug_assert_eq!(taken, Ok(()), "outputs are drained");
    }

    async fn command(&mut self, command: PagerCommand<'_>) -> Result<(), PagerError> {
        self.input(PagerInput::Command(command)).await
    }

    async fn input(&mut self, input: PagerInput<'_>) -> Result<(), PagerError> {
        let seconds = u32::try_from(unix_time().0).unwrap_or(u32::MAX);
        let taken = self.parts.pager.handle_input(self.parts.clock.now(), seconds, input);
        while let Some(output) = self.parts.pager.poll_output() {
            match output {
                PagerOutput::Broadcast(data) => self.broadcast(data).await,
                PagerOutput::Event(event) => self.on_event(event).await,
            }
        }
        taken
    }

    async fn broadcast(&self, data: Bytes) {
        // A packet is no longer than the channel's, and a phone that has shut down ends the task.
        let _ = self.parts.channel.send(Class::Media, data).await;
    }

    async fn on_event(&mut self, event: PagerEvent) {
        match &event {
            // Decoders begin anew with each page.
            PagerEvent::Began { .. } => self.port = port(&self.parts.radio),
            PagerEvent::Voice(data) => return self.port.give(data.clone()),
            PagerEvent::Ended(_) => self.port.give(talk_end()),
            // A radio that has shut down ends the task.
            PagerEvent::TimeUp => _ = self.parts.radio.release().await,
            // The enum is non_exhaustive.
            _ => {}
        }
        self.parts.events.push(event);
    }
}

/// Opens a port for packets that a page carries. A packet without a number gets one.
fn port(radio: &Radio) -> RadioPort {
    radio.port(PAGE_VOICE - SEQUENCE_OVERHEAD)
}

/// Turns in a row after which the task yields to others of its thread.
const TURNS_IN_A_ROW: u64 = 64;
/// The longest wait for the last frames of a page.
const FAREWELL: Duration = Duration::from_secs(1);
