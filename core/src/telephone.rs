//! The phone: one door in, one ordered door out.

use crate::limits::DEADLINES_PER_TIMEOUT;
use crate::line::Line;
use crate::media::Media;
use crate::outbox::{Outbox, Queued};
use crate::wire::{self, Packet};
use crate::{
    CallStatus, Class, Config, Deadline, DropReason, Event, Input, InputError, Instant, LinkId,
    Output, PacketBuf, Stats,
};

/// A telephone, as a value: the same inputs at the same moments give the same outputs.
///
/// The canonical loop gives an input, drains the outputs, and asks for the next deadline:
///
/// ```
/// # use lxst_core::{CallId, Command, Config, IdentityHash, Input, Instant, LinkId, Mode};
/// # use lxst_core::{Output, PacketBuf, Profile, Telephone, LinkRequest};
/// let mut phone = Telephone::new(Config::default(), Instant::ORIGIN);
/// let mut buf = PacketBuf::new();
///
/// let dial = Command::Dial {
///     call: CallId(1),
///     link: LinkId(2),
///     to: IdentityHash([7; 16]),
///     profile: Profile::MediumQuality,
///     mode: Mode::FullDuplex,
/// };
/// phone.handle_input(Instant::from_millis(5), Input::Command(dial))?;
/// while let Some(output) = phone.poll_output(&mut buf) {
///     let open = LinkRequest::Open(IdentityHash([7; 16]));
///     assert_eq!(output, Output::Link { link: LinkId(2), request: open });
/// }
/// let deadline = phone.poll_timeout().expect("the phone waits for an answer");
/// // Sleep until deadline.at or until something happens, then give that as the next input.
/// phone.handle_input(deadline.at, Input::Timeout)?;
/// # Ok::<(), lxst_core::InputError>(())
/// ```
///
/// *Bounds*: memory is inline and fixed, and work for each call is bounded; see
/// [`limits`](crate::limits).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telephone {
    line: Line,
    media: Media,
    outbox: Outbox,
    stats: Stats,
    now: Instant,
}

impl Telephone {
    /// Makes an idle phone.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        Self {
            line: Line::new(config, now),
            media: Media::new(&config),
            outbox: Outbox::default(),
            stats: Stats::default(),
            now,
        }
    }

    /// Takes one input, whole or not at all.
    ///
    /// A moment before that of an earlier input is taken as the latter.
    ///
    /// # Errors
    /// The input was refused and nothing changed: [`InputError::OutputFull`] until the outputs are
    /// drained, the others for misuse.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError> {
        if !self.outbox.has_room() {
            return Err(InputError::OutputFull);
        }
        let now = now.max(self.now);
        let Self {
            line,
            media,
            outbox: out,
            stats,
            ..
        } = self;
        match input {
            Input::Timeout => self.on_timeout(now),
            Input::Packet { link, data } => self.on_packet(now, link, data)?,
            Input::Link { link, event } => line.on_link(now, link, event, stats, out)?,
            Input::InterfaceUp => line.on_interface_up(out),
            Input::Command(command) => line.on_command(now, command, out)?,
            Input::Captured { samples } => {
                let taken = media.on_captured(samples, stats, out);
                taken.map_err(|_| InputError::NotAllowed {
                    state: line.state(),
                })?;
            }
            Input::Consumed { samples } => {
                let taken = media.on_consumed(samples, stats, out);
                taken.map_err(|_| InputError::NotAllowed {
                    state: line.state(),
                })?;
            }
            Input::Port { direction, change } => media.on_port(direction, change, stats, out),
            Input::JobDone { job, outcome } => media.on_job_done(job, outcome, stats, out)?,
        }
        self.now = now;
        self.settle();
        Ok(())
    }

    /// Hands out the next output, its bytes in `buf`, or `None` when all are drained.
    pub fn poll_output<'b>(&mut self, buf: &'b mut PacketBuf) -> Option<Output<'b>> {
        let buf = &mut buf.0;
        Some(match self.outbox.pop()? {
            Queued::Signals { link, signals } => {
                // Two signals take at most 22 bytes.
                let length = wire::encode_signals(&signals, buf).unwrap_or(0);
                Output::Transmit {
                    link,
                    class: Class::Signal,
                    data: &buf[..length],
                }
            }
            Queued::Media { link } => {
                let data = self.media.write_packet(buf);
                Output::Transmit {
                    link,
                    class: Class::Media,
                    data,
                }
            }
            Queued::Link { link, request } => Output::Link { link, request },
            Queued::Announce => Output::Announce,
            Queued::Stream {
                call,
                direction,
                change,
            } => Output::Stream {
                call,
                direction,
                change,
            },
            Queued::Job {
                job,
                direction,
                ticket,
            } => Output::Job {
                job,
                direction,
                work: self.media.write_work(ticket, buf),
            },
            Queued::Event(event) => Output::Event(event),
        })
    }

    /// Tells when [`Input::Timeout`] is due next, and why.
    ///
    /// # Panics
    /// With debug assertions, while outputs wait: a deadline counts only when they are drained.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        debug_assert!(
            self.outbox.is_empty(),
            "drain poll_output before poll_timeout"
        );
        self.line.deadline()
    }

    /// Tells of the call, `None` when the line is idle.
    #[must_use]
    pub fn call(&self) -> Option<CallStatus> {
        self.line.status()
    }

    /// Tells what was counted since the start.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Takes every deadline that is due, the earliest first: a late timeout gives what timely ones
    /// would have given.
    fn on_timeout(&mut self, now: Instant) {
        for _ in 0..DEADLINES_PER_TIMEOUT {
            if !self.line.on_timeout(now, &mut self.outbox) {
                return;
            }
            self.settle();
        }
    }

    /// Takes the frames and then the signals of a packet, in the order of the reference.
    fn on_packet(&mut self, now: Instant, link: LinkId, data: &[u8]) -> Result<(), InputError> {
        if !self.line.knows(link) {
            return Err(InputError::UnknownLink(link));
        }
        if !self.line.is_call_link(link) {
            // The caller is not accepted: its packets are not heard.
            return Ok(());
        }
        let Self {
            line,
            media,
            outbox: out,
            stats,
            ..
        } = self;
        let dropped = match Packet::parse(data) {
            Ok(packet) => {
                let frames = packet.frames();
                let mut dropped = None;
                if let Some(first) = frames.clone().next() {
                    stats.media_packets_received = stats.media_packets_received.saturating_add(1);
                    if first.is_ok() {
                        line.on_media(out);
                    }
                    media.follow(line.session(), stats, out);
                    dropped = media.on_frames(frames, stats, out);
                }
                dropped.or(line.on_signals(now, &packet, stats, out))
            }
            Err(_) => Some(stats.drop_for(DropReason::MalformedPacket)),
        };
        if let Some(reason) = dropped {
            out.event(Event::Dropped { link, reason });
        }
        Ok(())
    }

    /// Lets the media follow the line, and tells of a call's end last.
    fn settle(&mut self) {
        self.media
            .follow(self.line.session(), &mut self.stats, &mut self.outbox);
        if let Some((call, reason)) = self.line.take_ended() {
            self.outbox.event(Event::Ended { call, reason });
        }
    }
}
