//! Streams of the server's devices, each on a connection and a thread of its own.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::time::Duration;
use std::ffi::CString;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime};

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    Command, CreatePlaybackStreamReply, CreateRecordStreamReply, GetSinkInfo, GetSourceInfo,
    LatencyParams, PlaybackLatency, PlaybackStreamParams, RecordLatency, RecordStreamParams,
    Request, SampleFormat, SampleSpec, SinkInfo, SourceInfo,
};

use super::connection::{Connection, Message};
use crate::device::Format;
use crate::stream::{Capture, CaptureTap, Health, Opening, Playback, PlaybackTap};
use crate::system::DeviceError;

/// A stream that is open until this is dropped.
pub(crate) struct PulseStream {
    is_closed: Arc<AtomicBool>,
    socket: UnixStream,
    thread: Option<JoinHandle<()>>,
}

/// When the latency is asked for.
struct Looks {
    last: Instant,
    /// The number of the question that is out.
    asked: Option<u32>,
}

pub(crate) fn open_input(
    opening: &Opening,
    name: &str,
    format: Format,
    capture: Capture,
) -> Result<PulseStream, DeviceError> {
    let mut connection = Connection::new()?;
    let name = Some(CString::new(name).map_err(|_| DeviceError::Gone)?);
    let which = GetSourceInfo { index: None, name };
    let source: SourceInfo = connection.ask(&Command::GetSourceInfo(which))?;
    let params = RecordStreamParams {
        sample_spec: spec(format),
        channel_map: source.channel_map,
        source_index: Some(source.index),
        buffer_attr: BufferAttr { fragment_size: bytes(format, CAPTURE), ..Default::default() },
        flags: flags(),
        ..Default::default()
    };
    let stream: CreateRecordStreamReply = connection.ask(&Command::CreateRecordStream(params))?;
    let tap = CaptureTap::new(opening.health.clone(), format, capture);
    let health = opening.health.clone();
    serve(opening, connection, move |connection| listen(connection, stream.channel, tap, &health))
}

pub(crate) fn open_output(
    opening: &Opening,
    name: &str,
    format: Format,
    playback: Playback,
) -> Result<PulseStream, DeviceError> {
    let mut connection = Connection::new()?;
    let name = Some(CString::new(name).map_err(|_| DeviceError::Gone)?);
    let which = GetSinkInfo { index: None, name };
    let sink: SinkInfo = connection.ask(&Command::GetSinkInfo(which))?;
    let params = PlaybackStreamParams {
        sample_spec: spec(format),
        channel_map: sink.channel_map,
        sink_index: Some(sink.index),
        buffer_attr: BufferAttr {
            // A quarter is the server's, on its way to the device.
            target_length: bytes(format, PLAYBACK),
            minimum_request_length: bytes(format, PLAYBACK / 4),
            pre_buffering: 0,
            ..Default::default()
        },
        flags: flags(),
        ..Default::default()
    };
    let stream: CreatePlaybackStreamReply =
        connection.ask(&Command::CreatePlaybackStream(params))?;
    let tap = PlaybackTap::new(opening.health.clone(), format, playback);
    let health = opening.health.clone();
    let play = move |connection: &mut Connection| play(connection, &stream, format, tap, &health);
    serve(opening, connection, play)
}

/// Serves a stream on a thread, until it is dropped or breaks.
fn serve(
    opening: &Opening,
    mut connection: Connection,
    serve: impl FnOnce(&mut Connection) -> Result<(), DeviceError> + Send + 'static,
) -> Result<PulseStream, DeviceError> {
    connection.wait_for_ever()?;
    let socket = connection.socket()?;
    let is_closed = Arc::<AtomicBool>::default();
    let (closed, on_broken) = (is_closed.clone(), opening.on_broken.clone());
    let run = move || {
        if let (Err(error), false) = (serve(&mut connection), closed.load(Relaxed)) {
            on_broken(error);
        }
    };
    let thread = thread::Builder::new().name("lxst sound server".to_owned()).spawn(run);
    let thread = thread.map_err(|error| DeviceError::System(error.to_string()))?;
    Ok(PulseStream { is_closed, socket, thread: Some(thread) })
}

/// Hands on what a microphone hears.
fn listen(
    connection: &mut Connection,
    channel: u32,
    mut tap: CaptureTap,
    health: &Health,
) -> Result<(), DeviceError> {
    let mut room = Vec::new();
    let mut looks = Looks::new();
    loop {
        match connection.receive()? {
            Message::Sound(of) if of == channel => {
                let (samples, _) = connection.sound().as_chunks();
                room.clear();
                room.extend(samples.iter().map(|bytes| f32::from_le_bytes(*bytes)));
                tap.take(&room);
            }
            Message::Sound(_) => {}
            Message::Command => {
                if let Some(asked) = looks.asked
                    && let Some(time) = connection.reply::<RecordLatency>(asked)?
                {
                    looks.asked = None;
                    health.on_look(Duration::from_micros(time.source_usec), false);
                }
                if let Some((_, Command::RecordStreamKilled(_))) = connection.command() {
                    return Err(DeviceError::Gone);
                }
            }
        }
        if looks.is_due() {
            looks.asked = Some(connection.send(&Command::GetRecordLatency(now(channel)))?);
        }
    }
}

/// Fills what a speaker asks for.
fn play(
    connection: &mut Connection,
    stream: &CreatePlaybackStreamReply,
    format: Format,
    mut tap: PlaybackTap,
    health: &Health,
) -> Result<(), DeviceError> {
    let channel = stream.channel;
    let mut room = Vec::new();
    let mut looks = Looks::new();
    let mut requested = stream.requested_bytes;
    loop {
        if requested > 0 {
            let bytes = usize::try_from(requested).unwrap_or(usize::MAX);
            connection.send_sound(channel, bytes, |sound| {
                room.resize(sound.len() / SAMPLE, 0.0);
                tap.fill(&mut room);
                for (bytes, sample) in sound.as_chunks_mut().0.iter_mut().zip(&room) {
                    *bytes = sample.to_le_bytes();
                }
            })?;
        }
        if looks.is_due() {
            looks.asked = Some(connection.send(&Command::GetPlaybackLatency(now(channel)))?);
        }
        requested = 0;
        if connection.receive()? != Message::Command {
            continue;
        }
        if let Some(asked) = looks.asked
            && let Some(time) = connection.reply::<PlaybackLatency>(asked)?
        {
            looks.asked = None;
            health.on_look(latency(format, &time), time.underrun_for > 0);
        }
        match connection.command() {
            Some((_, Command::Request(Request { length, .. }))) => requested = length,
            Some((_, Command::PlaybackStreamKilled(_))) => return Err(DeviceError::Gone),
            _ => {}
        }
    }
}

/// How long a sound takes from the callback to the air.
fn latency(format: Format, time: &PlaybackLatency) -> Duration {
    let waiting = u64::try_from(time.write_offset - time.read_offset).unwrap_or(0);
    let waiting = waiting / u64::from(bytes(format, Duration::from_millis(1))).max(1);
    Duration::from_micros(time.sink_usec) + Duration::from_millis(waiting)
}

fn now(channel: u32) -> LatencyParams {
    LatencyParams { channel, now: SystemTime::now() }
}

impl Looks {
    fn new() -> Self {
        Self { last: Instant::now(), asked: None }
    }

    fn is_due(&mut self) -> bool {
        let is_due = self.last.elapsed() >= LOOK_EVERY;
        if is_due {
            self.last = Instant::now();
        }
        is_due
    }
}

impl Drop for PulseStream {
    fn drop(&mut self) {
        self.is_closed.store(true, Relaxed);
        // A socket that is closed already has ended the thread.
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            // No callback runs when this returns.
            let _ = thread.join();
        }
    }
}

fn spec(format: Format) -> SampleSpec {
    // The server has 32 channels at most.
    let channels = u8::try_from(format.channels).unwrap_or(u8::MAX);
    SampleSpec { format: SampleFormat::Float32Le, channels, sample_rate: format.rate_hz }
}

fn flags() -> StreamFlags {
    StreamFlags { adjust_latency: true, ..Default::default() }
}

/// Bytes of this much sound.
fn bytes(format: Format, time: Duration) -> u32 {
    let moments = u128::from(format.rate_hz) * time.as_micros() / 1_000_000;
    let bytes = moments * u128::from(format.channels) * SAMPLE as u128;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Bytes of a sample.
const SAMPLE: usize = 4;
/// How old the newest sound of a microphone may be, half of it on the device's side.
const CAPTURE: Duration = Duration::from_millis(10);
/// How long a sound may take from a speaker's callback to the device, and through it.
const PLAYBACK: Duration = Duration::from_millis(20);
const LOOK_EVERY: Duration = Duration::from_millis(500);
