//! Streams of PulseAudio, which PipeWire answers too.
//!
//! cpal lists the devices. It would open them with buffers that make the server wake for each half
//! of a millisecond, and lose what a program does not take within 10 ms.

use core::time::Duration;
use std::ffi::CString;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use futures_lite::future::block_on;
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    PlaybackStreamParams, PulseError, RecordStreamParams, SampleFormat, SampleSpec,
};
use pulseaudio::{AsPlaybackSource, Client, ClientError};

use crate::device::Format;
use crate::stream::{Capture, CaptureTap, Opening, Playback, PlaybackTap};
use crate::system::DeviceError;

/// A stream that is open until this is dropped.
pub(crate) struct PulseStream {
    /// Ends the watch when it is dropped.
    _watched: mpsc::Sender<()>,
}

pub(crate) fn open_input(
    opening: &Opening<'_>,
    name: &str,
    format: Format,
    capture: Capture,
) -> Result<PulseStream, DeviceError> {
    let client = client()?;
    let name = CString::new(name).map_err(|_| DeviceError::Gone)?;
    let source = block_on(client.source_info_by_name(name))?;
    let mut tap = CaptureTap::new(opening.health.clone(), format, capture);
    let mut room = Vec::new();
    let params = RecordStreamParams {
        sample_spec: spec(format),
        channel_map: source.channel_map,
        source_index: Some(source.index),
        buffer_attr: BufferAttr { fragment_size: bytes(format, CAPTURE), ..Default::default() },
        flags: flags(),
        ..Default::default()
    };
    let stream = block_on(client.create_record_stream(params, move |block: &[u8]| {
        room.clear();
        room.extend(block.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        tap.take(&room);
    }))?;
    block_on(stream.uncork())?;
    watch(opening, move || {
        let time = block_on(stream.timing_info())?;
        Ok((Duration::from_micros(time.source_usec), false))
    })
}

pub(crate) fn open_output(
    opening: &Opening<'_>,
    name: &str,
    format: Format,
    playback: Playback,
) -> Result<PulseStream, DeviceError> {
    let client = client()?;
    let name = CString::new(name).map_err(|_| DeviceError::Gone)?;
    let sink = block_on(client.sink_info_by_name(name))?;
    let mut tap = PlaybackTap::new(opening.health.clone(), format, playback);
    let mut room = Vec::new();
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
    let fill = move |block: &mut [u8]| {
        room.resize(block.len() / SAMPLE, 0.0);
        tap.fill(&mut room);
        for (bytes, sample) in block.as_chunks_mut().0.iter_mut().zip(&room) {
            *bytes = sample.to_le_bytes();
        }
        block.len()
    };
    let stream = block_on(client.create_playback_stream(params, fill.as_playback_source()))?;
    block_on(stream.uncork())?;
    watch(opening, move || {
        let time = block_on(stream.timing_info())?;
        let waiting = u64::try_from(time.write_offset - time.read_offset).unwrap_or(0);
        let waiting = waiting / u64::from(bytes(format, Duration::from_millis(1))).max(1);
        let latency = Duration::from_micros(time.sink_usec) + Duration::from_millis(waiting);
        Ok((latency, time.underrun_for > 0))
    })
}

/// Asks for the latency, and for lost sound, until the stream is dropped or breaks.
fn watch(
    opening: &Opening<'_>,
    look: impl Fn() -> Result<(Duration, bool), ClientError> + Send + 'static,
) -> Result<PulseStream, DeviceError> {
    let (watched, stop) = mpsc::channel();
    let (health, on_broken) = (opening.health.clone(), opening.on_broken.clone());
    // The thread holds the stream.
    let watch = move || {
        loop {
            match look() {
                Ok((latency, has_lost)) => health.on_look(latency, has_lost),
                Err(error) => return on_broken(error.into()),
            }
            if stop.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name("lxst sound server".to_owned()).spawn(watch);
    thread.map_err(|error| DeviceError::System(error.to_string()))?;
    Ok(PulseStream { _watched: watched })
}

fn client() -> Result<Client, DeviceError> {
    Ok(Client::from_env(c"LXST telephone")?)
}

fn spec(format: Format) -> SampleSpec {
    // The server has 32 channels at most.
    let channels = u8::try_from(format.channels).unwrap_or(u8::MAX);
    SampleSpec { format: SampleFormat::Float32Le, channels, sample_rate: format.rate_hz }
}

/// It begins to run once it is known here: the client ends at the sound of an unknown stream.
fn flags() -> StreamFlags {
    StreamFlags { adjust_latency: true, start_corked: true, ..Default::default() }
}

/// Bytes of this much sound.
fn bytes(format: Format, time: Duration) -> u32 {
    let moments = u128::from(format.rate_hz) * time.as_micros() / 1_000_000;
    let bytes = moments * u128::from(format.channels) * SAMPLE as u128;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl From<ClientError> for DeviceError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::ServerError(PulseError::NoEntity) => Self::Gone,
            ClientError::ServerError(PulseError::Busy) => Self::Busy,
            ClientError::ServerError(PulseError::AccessDenied) => Self::Denied,
            ClientError::ServerUnavailable | ClientError::Disconnected => {
                Self::NoSystem(error.to_string())
            }
            _ => Self::System(error.to_string()),
        }
    }
}

/// Bytes of a sample.
const SAMPLE: usize = 4;
/// How old the newest sound of a microphone may be, half of it on the device's side.
const CAPTURE: Duration = Duration::from_millis(10);
/// How long a sound may take from a speaker's callback to the device, and through it.
const PLAYBACK: Duration = Duration::from_millis(20);
const LOOK_EVERY: Duration = Duration::from_millis(500);
