//! The crate `neteq` as a receive path.

use lxst_sim::receive::{LEARNING, Trace};
use neteq::codec::AudioDecoder;
use neteq::{AudioPacket, NetEq, NetEqConfig, RtpHeader};

use crate::clock;

/// Plays a trace with this least delay in ms. Returns the delay every 10 ms by capture moment, both
/// in µs, and the share of audio that was made up, in percent.
pub(crate) fn play(trace: &Trace, least: u32) -> (Vec<(u64, u64)>, f64) {
    clock::set(0);
    let frame = trace.profile.frame();
    let config = NetEqConfig { sample_rate: RATE, min_delay_ms: least, ..NetEqConfig::default() };
    let mut neteq = NetEq::new(config).expect("the settings are in bounds");
    neteq.register_decoder(0, Box::new(Pcm));
    let mut arrivals = trace.arrivals.iter().peekable();
    let (mut newest, mut delays) = (None, Vec::new());
    let (mut learnt, mut played) = (None, 0);
    for number in 0.. {
        let tick = number * TICK + TICK / 2;
        if tick > trace.end() {
            break;
        }
        while let Some((at, frame_number)) = arrivals.next_if(|(at, _)| *at <= tick) {
            clock::set(*at);
            let samples = frame.0 as usize;
            let payload = voice(*frame_number as usize * samples, samples);
            let timestamp = frame_number.wrapping_mul(frame.0 as u32);
            let header = RtpHeader::new(*frame_number as u16, timestamp, 1, 0, false);
            let millis = (frame.0 / 48) as u32;
            let packet = AudioPacket::new(header, payload, RATE, 1, millis);
            neteq.insert_packet(packet).expect("it is taken");
            newest = newest.max(Some(*frame_number));
        }
        clock::set(tick);
        let waits = neteq.current_buffer_size_samples() as u64 * 1_000 / 48;
        if let Some(newest) = newest {
            let plays = trace.captured(newest + 1).saturating_sub(waits);
            delays.push((plays, tick.saturating_sub(plays)));
        }
        if tick >= LEARNING {
            learnt.get_or_insert_with(|| concealed(&neteq));
            played += SAMPLES;
        }
        neteq.get_audio().expect("it plays");
    }
    let made_up = concealed(&neteq) - learnt.unwrap_or_default();
    (delays, 100.0 * made_up as f64 / played.max(1) as f64)
}

/// Samples that were made up since the start.
fn concealed(neteq: &NetEq) -> u64 {
    neteq.get_statistics().lifetime.concealed_samples
}

/// Payloads are samples.
struct Pcm;

impl AudioDecoder for Pcm {
    fn sample_rate(&self) -> u32 {
        RATE
    }

    fn channels(&self) -> u8 {
        1
    }

    fn decode(&mut self, encoded: &[u8]) -> neteq::Result<Vec<f32>> {
        let (samples, _) = encoded.as_chunks();
        Ok(samples.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}

/// Something like a voice: harmonics of a pitch that glides, in syllables.
fn voice(from: usize, samples: usize) -> Vec<u8> {
    let sample = |n: usize| {
        let t = n as f32 / RATE as f32;
        let pitch = 120.0 * t + 8.0 * (t * 4.0).sin();
        let harmonics = (1..=12_u8).map(|k| (std::f32::consts::TAU * pitch * f32::from(k)).sin());
        let voiced: f32 = harmonics.sum::<f32>() / 12.0;
        let syllable = (t * 15.0).sin().max(0.0);
        (0.3 * voiced * syllable + 0.001 * (t * 9_000.0).sin()).to_le_bytes()
    };
    (from..from + samples).flat_map(sample).collect()
}

const RATE: u32 = 48_000;
/// It plays 10 ms at a time, in µs and in samples.
const TICK: u64 = 10_000;
const SAMPLES: u64 = 480;
