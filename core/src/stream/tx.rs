//! The send path: captured samples become encode jobs, encoded frames become packets.

use core::fmt;

use super::copies::Copies;
use super::joined::Joined;
use super::session::{Gate, Session};
use crate::audio::Samples;
use crate::config::{Config, FramesPerPacket, RawDepth, TransmitCodec};
use crate::counters::{Counters, count};
use crate::input::PortChange;
use crate::limits::{CAPTURE_BACKLOG, PACKET_BYTES};
use crate::outbox::Ticket;
use crate::output::{SendFormat, Source};
use crate::time::Instant;
use crate::wire::{Frame, MEDIA_OVERHEAD};

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Transmitter {
    /// Samples in the capture queue that no job takes yet.
    captured: Samples,
    frames_per_packet: FramesPerPacket,
    joined: Joined,
    pub(super) copies: Copies,
    packet: [u8; PACKET_BYTES],
    length: usize,
}

impl Transmitter {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            captured: Samples::ZERO,
            frames_per_packet: config.frames_per_packet,
            joined: Joined::new(),
            copies: Copies::new(config.air_budget),
            packet: [0; PACKET_BYTES],
            length: 0,
        }
    }

    pub(super) fn on_captured(&mut self, samples: Samples) {
        self.captured = self.captured + samples;
    }

    pub(super) fn close(&mut self, counters: &mut Counters) {
        self.captured = Samples::ZERO;
        self.copies.close();
        let unsent = u64::try_from(self.joined.clear()).unwrap_or(u64::MAX);
        counters.frames_unsent = counters.frames_unsent.saturating_add(unsent);
    }

    pub(super) fn next_job(
        &mut self,
        session: &Session,
        transmit: TransmitCodec,
        counters: &mut Counters,
    ) -> Option<Ticket> {
        let source = match session.gate {
            Gate::Shut | Gate::Presence => {
                return self.discard(self.captured, &mut counters.capture_discarded);
            }
            Gate::Voice | Gate::Silence if session.microphone == PortChange::Detached => {
                return self.discard(self.captured, &mut counters.capture_discarded);
            }
            Gate::Voice => Source::Captured,
            Gate::Silence => Source::Silence,
        };
        let Some((format, frame)) = send_format(session, transmit) else {
            return self.discard(self.captured, &mut counters.capture_discarded);
        };
        if self.captured > CAPTURE_BACKLOG + frame {
            let counter = match source {
                Source::Captured => &mut counters.capture_dropped,
                Source::Silence => &mut counters.capture_discarded,
            };
            return self.discard(self.captured - frame, counter);
        }
        if self.captured < frame {
            return None;
        }
        self.captured = self.captured - frame;
        if source == Source::Silence {
            counters.capture_discarded = counters.capture_discarded + frame;
        }
        Some(Ticket::Encode { format, source, samples: frame })
    }

    /// Returns a job that encodes one frame of silence, to show that we are there.
    pub(super) fn silence(&mut self, session: &Session, transmit: TransmitCodec) -> Option<Ticket> {
        let (format, samples) = send_format(session, transmit)?;
        self.captured = self.captured - samples;
        self.joined.hurry_next();
        Some(Ticket::Encode { format, source: Source::Silence, samples })
    }

    /// Adds an encoded frame to the next packet. Returns whether the frames before it became a
    /// packet.
    pub(super) fn on_encoded(
        &mut self,
        now: Instant,
        session: &Session,
        source: Source,
        frame: Frame<'_>,
        counters: &mut Counters,
    ) -> bool {
        let may_leave = match session.gate {
            Gate::Voice => true,
            Gate::Silence | Gate::Presence => source == Source::Silence,
            Gate::Shut => false,
        };
        if !may_leave {
            count(&mut counters.frames_unsent);
            return false;
        }
        let mut is_made = false;
        let mut pushed = self.joined.push(frame, room(session));
        if pushed.is_err() {
            is_made = self.make_packet(now, session, counters);
            pushed = self.joined.push(frame, room(session));
        }
        if pushed.is_err() {
            count(&mut counters.frames_unsent);
        }
        is_made
    }

    /// Completes the packet with the frames it has: a pause begins.
    pub(super) fn pause(&mut self) {
        self.joined.flush();
        self.copies.forget();
    }

    /// Makes a packet if its frames are complete and the packet before it was polled.
    pub(super) fn next_packet(
        &mut self,
        now: Instant,
        session: &Session,
        counters: &mut Counters,
    ) -> bool {
        let is_open = matches!(session.gate, Gate::Voice | Gate::Silence);
        if !is_open || session.microphone == PortChange::Detached {
            self.joined.flush();
        }
        let wanted = self.frames_per_packet.get().min(session.profile.max_frames_per_packet());
        self.joined.is_complete(wanted)
            && !self.packet_waits()
            && self.make_packet(now, session, counters)
    }

    fn make_packet(&mut self, now: Instant, session: &Session, counters: &mut Counters) -> bool {
        // A link's room is at most PACKET_BYTES.
        let out = &mut self.packet[..room(session)];
        let Some(packet) = self.joined.write(out) else {
            return false;
        };
        self.length = packet.length;
        if session.knows_copies {
            let added = self.copies.add(now, out, packet.length, packet.frames_at);
            self.length = added.length;
            if added.has_copy {
                count(&mut counters.copies_sent);
            }
        }
        count(&mut counters.media_packets_sent);
        let bytes = u64::try_from(packet.frame_bytes).unwrap_or(u64::MAX);
        counters.bytes_sent = counters.bytes_sent.saturating_add(bytes);
        true
    }

    pub(super) const fn packet_waits(&self) -> bool {
        self.length > 0
    }

    pub(super) fn write_packet<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        let length = core::mem::take(&mut self.length);
        // A packet has at most PACKET_BYTES, which both buffers hold.
        let data = &mut buf[..length];
        data.copy_from_slice(&self.packet[..length]);
        data
    }

    fn discard(&mut self, samples: Samples, counter: &mut Samples) -> Option<Ticket> {
        if samples.is_zero() {
            return None;
        }
        self.captured = self.captured - samples;
        *counter = *counter + samples;
        Some(Ticket::Discard { samples })
    }
}

impl fmt::Debug for Transmitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transmitter")
            .field("captured", &self.captured)
            .field("joined", &self.joined)
            .field("packet_bytes", &self.length)
            .finish()
    }
}

/// Returns how to encode and the length of a frame, or `None` if no raw frame fits the link.
fn send_format(session: &Session, transmit: TransmitCodec) -> Option<(SendFormat, Samples)> {
    match transmit {
        TransmitCodec::Profile => {
            Some((SendFormat::Profile(session.profile), session.profile.frame()))
        }
        TransmitCodec::Raw { depth } => {
            let frame = raw_frame(depth, room(session))?;
            Some((SendFormat::Raw(depth), frame))
        }
    }
}

/// Returns the largest packet for the link, in bytes.
fn room(session: &Session) -> usize {
    session.mdu.min(PACKET_BYTES)
}

/// Returns the longest raw frame for a packet of `room` bytes.
pub(crate) fn raw_frame(depth: RawDepth, room: usize) -> Option<Samples> {
    const FORMAT_BYTE: usize = 1;
    RAW_FRAMES
        .into_iter()
        .find(|frame| frame.0 as usize * depth.bytes() + FORMAT_BYTE + MEDIA_OVERHEAD <= room)
}

/// 10, 5, 4, 2, 1 and 0.5 ms.
const RAW_FRAMES: [Samples; 6] =
    [Samples(480), Samples(240), Samples(192), Samples(96), Samples(48), Samples(24)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_frame_is_the_longest_that_fits_the_link() {
        assert_eq!(raw_frame(RawDepth::Float16, 431), Some(Samples(192)));
        assert_eq!(raw_frame(RawDepth::Float32, 431), Some(Samples(96)));
        assert_eq!(raw_frame(RawDepth::Float64, 431), Some(Samples(48)));
        assert_eq!(raw_frame(RawDepth::Float128, 431), Some(Samples(24)));
        assert_eq!(raw_frame(RawDepth::Float16, 1_500), Some(Samples(480)));
        assert_eq!(raw_frame(RawDepth::Float128, 100), None);
    }
}
