//! Strips the voices from inputs and outputs.

use lxst_core::wire::{Frame, Packet, Signal, encode_frames, encode_signals};
use lxst_core::{Input, Outcome, Output, Work};

/// The bytes in place of those that were stripped.
#[derive(Debug, Default)]
pub(crate) struct Stripper(Vec<u8>);

impl Stripper {
    pub(crate) fn input<'b>(&'b mut self, input: Input<'b>) -> Input<'b> {
        match input {
            Input::Packet { link, data } => Input::Packet { link, data: self.packet(data) },
            Input::JobDone { job, outcome: Outcome::Encoded(Frame { codec, payload }) } => {
                let payload = self.zeros(payload.len());
                Input::JobDone { job, outcome: Outcome::Encoded(Frame { codec, payload }) }
            }
            Input::JobDone { job, outcome: Outcome::Played { samples, .. } } => {
                Input::JobDone { job, outcome: Outcome::Played { samples, level: SILENCE } }
            }
            other => other,
        }
    }

    pub(crate) fn output<'b>(&'b mut self, output: Output<'b>) -> Output<'b> {
        match output {
            Output::Transmit { link, class, data } => {
                Output::Transmit { link, class, data: self.packet(data) }
            }
            Output::Job {
                job,
                stream,
                direction,
                work: Work::Decode { codec, payload, tempo },
            } => {
                let payload = self.zeros(payload.len());
                Output::Job { job, stream, direction, work: Work::Decode { codec, payload, tempo } }
            }
            other => other,
        }
    }

    /// Writes a packet from its parsed signals or frames: other parts may hold anything.
    fn packet(&mut self, data: &[u8]) -> &[u8] {
        let length = match Packet::parse(data) {
            Ok(packet) => self.rewrite(&packet, data.len()),
            Err(_) => 0,
        };
        self.0.truncate(length);
        &self.0
    }

    fn rewrite(&mut self, packet: &Packet<'_>, length: usize) -> usize {
        let silence = vec![0; length];
        let frames: Vec<Frame<'_>> = packet
            .frames()
            .flatten()
            .map(|frame| Frame {
                codec: frame.codec,
                payload: silence_like(&silence, frame.payload),
            })
            .collect();
        self.0.resize(length + REWRITTEN, 0);
        let written = if frames.is_empty() {
            let signals: Vec<Signal> = packet.signals().collect();
            encode_signals(&signals, &mut self.0)
        } else if let [frame] = frames[..] {
            lxst_core::wire::encode_frame(frame, &mut self.0)
        } else {
            encode_frames(&frames, &mut self.0)
        };
        written.unwrap_or(0)
    }

    fn zeros(&mut self, length: usize) -> &[u8] {
        self.0.clear();
        self.0.resize(length, 0);
        &self.0
    }
}

fn silence_like<'s>(silence: &'s [u8], payload: &[u8]) -> &'s [u8] {
    silence.get(..payload.len()).unwrap_or(silence)
}

/// In -dBov.
const SILENCE: u8 = 127;
/// Most bytes that a packet grows by: a bare value becomes an array.
const REWRITTEN: usize = 8;
