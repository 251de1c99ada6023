//! Media: frames, jobs and counts of samples while a call is established. The samples themselves
//! never come here.
//!
//! Media follows the line: after every input [`Media::follow`] opens, retunes or closes the two
//! streams so that they fit the line's session.

mod jobs;
mod playout;
mod ring;
mod tx;

use crate::limits::PRESENCE;
use crate::line::{Context, Gate, Session};
use crate::outbox::{Outbox, Queued, Ticket};
use crate::stats::count;
use crate::wire::{BadFrame, Frames};
use crate::{
    Config, Deadline, Direction, DropReason, InputError, Instant, JobId, Mute, Outcome, PortChange,
    Samples, StreamChange, Tempo, Timer, TransmitCodec, Work,
};
use jobs::Jobs;
use playout::Playout;
use tx::Transmitter;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Media {
    transmit: TransmitCodec,
    session: Option<Session>,
    /// When a frame of ours was last sent, or the stream opened.
    sent: Instant,
    jobs: Jobs,
    tx: Transmitter,
    playout: Playout,
}

impl Media {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            transmit: config.transmit,
            session: None,
            sent: Instant::ORIGIN,
            jobs: Jobs::default(),
            tx: Transmitter::default(),
            playout: Playout::default(),
        }
    }

    /// Fits the streams to the line's session.
    pub(crate) fn follow(&mut self, session: Option<Session>, cx: &mut Context<'_>) {
        let had = core::mem::replace(&mut self.session, session);
        let call = |session: Option<Session>| session.map(|session| session.call);
        if call(had) != call(session) {
            if let Some(old) = had {
                self.jobs.void_all();
                self.tx.close();
                self.playout.close();
                streams(old, StreamChange::Closed, cx.out);
            }
            if let Some(new) = session {
                self.sent = cx.now;
                self.playout.open(new.profile.frame());
                streams(new, StreamChange::Opened, cx.out);
            }
        }
        if let Some(session) = session {
            if session.receive == Mute::Muted {
                self.playout.flush(cx.stats);
            }
            self.work(session, cx);
        }
    }

    /// Keeps the frames of a packet, and tells why one was left out.
    pub(crate) fn on_frames(
        &mut self,
        frames: Frames<'_>,
        cx: &mut Context<'_>,
    ) -> Option<DropReason> {
        let session = self.session?;
        let mut dropped = None;
        for frame in frames {
            let kept = match frame {
                Ok(_) if session.receive == Mute::Muted || !self.playout.is_attached() => {
                    count(&mut cx.stats.frames_received);
                    count(&mut cx.stats.frames_unheard);
                    Ok(())
                }
                Ok(frame) => self.playout.on_frame(frame, cx.stats),
                Err(BadFrame::NotBinary | BadFrame::Empty | BadFrame::UnknownCodec(_)) => Err(()),
            };
            if kept.is_err() {
                dropped = Some(cx.stats.drop_for(DropReason::UnknownFrame));
            }
        }
        self.work(session, cx);
        dropped
    }

    pub(crate) fn on_captured(
        &mut self,
        samples: Samples,
        cx: &mut Context<'_>,
    ) -> Result<(), Closed> {
        let session = self.session.ok_or(Closed)?;
        self.tx.on_captured(samples);
        self.work(session, cx);
        Ok(())
    }

    pub(crate) fn on_consumed(
        &mut self,
        samples: Samples,
        cx: &mut Context<'_>,
    ) -> Result<(), Closed> {
        let session = self.session.ok_or(Closed)?;
        self.playout.on_consumed(samples, cx.stats);
        self.work(session, cx);
        Ok(())
    }

    pub(crate) fn on_port(
        &mut self,
        direction: Direction,
        change: PortChange,
        cx: &mut Context<'_>,
    ) {
        match direction {
            Direction::Send => self.tx.on_port(change),
            Direction::Receive => self.playout.on_port(change, cx.stats),
        }
        if let Some(session) = self.session {
            self.work(session, cx);
        }
    }

    pub(crate) fn on_job_done(
        &mut self,
        job: JobId,
        outcome: Outcome<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        if matches!(outcome, Outcome::Encoded(_)) && self.tx.packet_waits() {
            return Err(InputError::OutputFull);
        }
        let ticket = self.jobs.finish(job)?;
        let (Some(ticket), Some(session)) = (ticket, self.session) else {
            count(&mut cx.stats.jobs_void);
            return Ok(());
        };
        match (ticket, outcome) {
            (Ticket::Encode { format, source, .. }, Outcome::Encoded(payload)) => {
                if self.tx.on_encoded(&session, format, source, payload, cx.stats) {
                    self.sent = cx.now;
                    cx.out.push(Queued::Media { link: session.link });
                }
            }
            (Ticket::Encode { .. }, _) => count(&mut cx.stats.encodes_failed),
            (Ticket::Decode { .. }, Outcome::Played { samples, .. }) => {
                self.playout.on_decoded(samples);
            }
            (Ticket::Decode { .. }, _) => count(&mut cx.stats.frames_undecodable),
            (Ticket::Conceal { .. }, Outcome::Played { samples, .. }) => {
                self.playout.on_concealed(samples, cx.stats);
            }
            (Ticket::Conceal { .. } | Ticket::Discard { .. }, _) => {}
        }
        self.work(session, cx);
        Ok(())
    }

    /// When one frame is to show that we are there.
    pub(crate) fn deadline(&self) -> Option<Deadline> {
        let sends = |session: &Session| session.gate != Gate::Shut;
        self.session.filter(sends)?;
        Some(Deadline { at: self.sent + PRESENCE, timer: Timer::Presence })
    }

    /// Shows that we are there.
    pub(crate) fn on_presence(&mut self, cx: &mut Context<'_>) {
        self.sent = cx.now;
        if let Some(session) = self.session
            && self.jobs.has_room(Direction::Send)
            && let Some(ticket) = self.tx.silence(&session, self.transmit)
        {
            self.jobs.issue(Direction::Send, ticket, cx.out);
        }
    }

    /// Writes the waiting media packet.
    pub(crate) fn write_packet<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        self.tx.write_packet(buf)
    }

    /// Writes out a job, with its frame if it has one.
    pub(crate) fn write_work<'b>(&mut self, ticket: Ticket, buf: &'b mut [u8]) -> Work<'b> {
        match ticket {
            Ticket::Encode { format, source, samples } => Work::Encode { format, source, samples },
            Ticket::Discard { samples } => Work::Discard { samples },
            Ticket::Decode { codec } => {
                let payload = self.playout.write_frame(buf);
                Work::Decode { codec, payload, tempo: Tempo::Normal }
            }
            Ticket::Conceal { samples } => Work::Conceal { samples },
        }
    }

    /// Gives out what jobs can be.
    fn work(&mut self, session: Session, cx: &mut Context<'_>) {
        while self.jobs.has_room(Direction::Send) {
            let Some(ticket) = self.tx.next_job(&session, self.transmit, cx.stats) else {
                break;
            };
            self.jobs.issue(Direction::Send, ticket, cx.out);
        }
        if self.jobs.has_room(Direction::Receive)
            && session.receive == Mute::Unmuted
            && let Some(ticket) = self.playout.next_job()
        {
            self.jobs.issue(Direction::Receive, ticket, cx.out);
        }
    }
}

/// There is no stream: the call is not established.
pub(crate) struct Closed;

fn streams(session: Session, change: StreamChange, out: &mut Outbox) {
    for direction in [Direction::Send, Direction::Receive] {
        out.push(Queued::Stream { call: session.call, direction, change });
    }
}
