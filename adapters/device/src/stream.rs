//! An open device: its samples become `f32`, and its health is counted.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;
use std::sync::Arc;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, ErrorKind, FromSample, I24, SampleFormat, SizedSample, Stream, StreamConfig,
    StreamInstant, SupportedBufferSize, SupportedStreamConfig, U24,
};

use crate::device::Format;
use crate::system::DeviceError;

/// What a microphone's blocks go to.
pub(crate) type Capture = Box<dyn FnMut(&[f32]) + Send>;
/// What fills a speaker's blocks.
pub(crate) type Playback = Box<dyn FnMut(&mut [f32]) + Send>;

/// What the callbacks count, without a lock.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Moments that passed.
    moments: AtomicU64,
    /// Moments of digital zeros up to now.
    zeros: AtomicU64,
    xruns: AtomicU64,
    /// Microseconds between the air and the callback.
    latency_us: AtomicU64,
}

impl Health {
    pub(crate) fn moments(&self) -> u64 {
        self.moments.load(Relaxed)
    }

    pub(crate) fn zeros(&self) -> u64 {
        self.zeros.load(Relaxed)
    }

    pub(crate) fn take_xruns(&self) -> u64 {
        self.xruns.swap(0, Relaxed)
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_micros(self.latency_us.load(Relaxed))
    }

    /// Forgets what another device did.
    pub(crate) fn reset(&self) {
        for count in [&self.moments, &self.zeros, &self.xruns, &self.latency_us] {
            count.store(0, Relaxed);
        }
    }

    /// Takes note of what the system tells from time to time.
    pub(crate) fn on_look(&self, latency: Duration, has_lost: bool) {
        self.latency_us.store(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX), Relaxed);
        self.xruns.fetch_add(u64::from(has_lost), Relaxed);
    }

    fn add_moments(&self, moments: usize) {
        self.moments.fetch_add(moments as u64, Relaxed);
    }

    fn set_latency(&self, from: StreamInstant, to: StreamInstant) {
        let latency = to.duration_since(from);
        self.latency_us.store(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }
}

/// What a stream is opened with.
pub(crate) struct Opening {
    pub(crate) health: Arc<Health>,
    /// Told when the stream breaks.
    pub(crate) on_broken: Arc<dyn Fn(DeviceError) + Send + Sync>,
}

/// Calls a function that is generic over a sample's type.
macro_rules! with_type {
    ($format:expr, $function:ident($($argument:expr),*)) => {
        match $format {
            SampleFormat::I8 => $function::<i8>($($argument),*),
            SampleFormat::I16 => $function::<i16>($($argument),*),
            SampleFormat::I24 => $function::<I24>($($argument),*),
            SampleFormat::I32 => $function::<i32>($($argument),*),
            SampleFormat::I64 => $function::<i64>($($argument),*),
            SampleFormat::U8 => $function::<u8>($($argument),*),
            SampleFormat::U16 => $function::<u16>($($argument),*),
            SampleFormat::U24 => $function::<U24>($($argument),*),
            SampleFormat::U32 => $function::<u32>($($argument),*),
            SampleFormat::U64 => $function::<u64>($($argument),*),
            SampleFormat::F32 => $function::<f32>($($argument),*),
            SampleFormat::F64 => $function::<f64>($($argument),*),
            other => Err(DeviceError::Format(other.to_string())),
        }
    };
}

pub(crate) fn open_input(
    opening: &Opening,
    device: &cpal::Device,
    make: impl FnMut() -> Capture,
) -> Result<Stream, DeviceError> {
    let native = device.default_input_config()?;
    let stream = with_type!(native.sample_format(), input(opening, device, &native, make))?;
    stream.play()?;
    Ok(stream)
}

pub(crate) fn open_output(
    opening: &Opening,
    device: &cpal::Device,
    make: impl FnMut() -> Playback,
) -> Result<Stream, DeviceError> {
    let native = device.default_output_config()?;
    let stream = with_type!(native.sample_format(), output(opening, device, &native, make))?;
    stream.play()?;
    Ok(stream)
}

/// A microphone's callback, and the count of what passes.
pub(crate) struct CaptureTap {
    health: Arc<Health>,
    channels: usize,
    capture: Capture,
    zeros: u64,
}

/// A speaker's callback, and the count of what passes.
pub(crate) struct PlaybackTap {
    health: Arc<Health>,
    channels: usize,
    playback: Playback,
}

impl CaptureTap {
    pub(crate) fn new(health: Arc<Health>, format: Format, capture: Capture) -> Self {
        Self { health, channels: usize::from(format.channels).max(1), capture, zeros: 0 }
    }

    /// Hands on a block; what of it is no whole moment is left out.
    pub(crate) fn take(&mut self, block: &[f32]) {
        let moments = block.len() / self.channels;
        let block = &block[..moments * self.channels];
        let is_zero = block.iter().all(|sample| *sample == 0.0);
        self.zeros = if is_zero { self.zeros + moments as u64 } else { 0 };
        self.health.zeros.store(self.zeros, Relaxed);
        self.health.add_moments(moments);
        (self.capture)(block);
    }
}

impl PlaybackTap {
    pub(crate) fn new(health: Arc<Health>, format: Format, playback: Playback) -> Self {
        Self { health, channels: usize::from(format.channels).max(1), playback }
    }

    /// Fills a block, but for what is no whole moment.
    pub(crate) fn fill(&mut self, block: &mut [f32]) {
        let moments = block.len() / self.channels;
        let (whole, rest) = block.split_at_mut(moments * self.channels);
        (self.playback)(whole);
        rest.fill(0.0);
        self.health.add_moments(moments);
    }
}

fn input<T: SizedSample>(
    opening: &Opening,
    device: &cpal::Device,
    native: &SupportedStreamConfig,
    mut make: impl FnMut() -> Capture,
) -> Result<Stream, DeviceError>
where
    f32: FromSample<T>,
{
    let format = Format { rate_hz: native.sample_rate(), channels: native.channels() };
    with_periods(native, |config| {
        let health = opening.health.clone();
        let mut tap = CaptureTap::new(health.clone(), format, make());
        let mut room = vec![0.0; PIECE * usize::from(format.channels).max(1)];
        device.build_input_stream::<T, _, _>(
            config,
            move |block, info| {
                let at = info.timestamp();
                health.set_latency(at.capture, at.callback);
                for piece in block.chunks(room.len()) {
                    let room = &mut room[..piece.len()];
                    for (place, sample) in room.iter_mut().zip(piece) {
                        *place = f32::from_sample_(*sample);
                    }
                    tap.take(room);
                }
            },
            on_error(opening),
            Some(PATIENCE),
        )
    })
}

fn output<T: SizedSample + FromSample<f32>>(
    opening: &Opening,
    device: &cpal::Device,
    native: &SupportedStreamConfig,
    mut make: impl FnMut() -> Playback,
) -> Result<Stream, DeviceError> {
    let format = Format { rate_hz: native.sample_rate(), channels: native.channels() };
    with_periods(native, |config| {
        let health = opening.health.clone();
        let mut tap = PlaybackTap::new(health.clone(), format, make());
        let mut room = vec![0.0; LONGEST_PERIOD * usize::from(format.channels).max(1)];
        device.build_output_stream::<T, _, _>(
            config,
            move |block, info| {
                let at = info.timestamp();
                health.set_latency(at.callback, at.playback);
                for piece in block.chunks_mut(room.len()) {
                    let room = &mut room[..piece.len()];
                    tap.fill(room);
                    for (place, sample) in piece.iter_mut().zip(&*room) {
                        *place = T::from_sample_(*sample);
                    }
                }
            },
            on_error(opening),
            Some(PATIENCE),
        )
    })
}

/// Opens a stream with periods of 10 ms, or with those that the system likes.
fn with_periods(
    native: &SupportedStreamConfig,
    mut open: impl FnMut(StreamConfig) -> Result<Stream, cpal::Error>,
) -> Result<Stream, DeviceError> {
    let period = native.sample_rate() / PERIODS_A_SECOND;
    let takes_it = match native.buffer_size() {
        SupportedBufferSize::Range { min, max } => (*min..=*max).contains(&period),
        SupportedBufferSize::Unknown => true,
    };
    let config = native.config();
    if takes_it {
        let fixed = StreamConfig { buffer_size: BufferSize::Fixed(period), ..config };
        match open(fixed) {
            Err(error) if error.kind() == ErrorKind::UnsupportedConfig => {}
            other => return other.map_err(DeviceError::from),
        }
    }
    open(StreamConfig { buffer_size: BufferSize::Default, ..config }).map_err(DeviceError::from)
}

fn on_error(opening: &Opening) -> impl FnMut(cpal::Error) + Send + 'static {
    let (health, on_broken) = (opening.health.clone(), opening.on_broken.clone());
    move |error| match error.kind() {
        ErrorKind::Xrun => {
            health.xruns.fetch_add(1, Relaxed);
        }
        // The sound goes on.
        ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => {}
        _ => on_broken(error.into()),
    }
}

/// Moments of a microphone that are converted at once.
const PIECE: usize = 1_024;
/// Moments that a speaker asks for at once, at most: it is from this that a phone learns how much
/// must wait for it. Of the memory for them, only what a device asks for is touched.
const LONGEST_PERIOD: usize = 96_000;
const PERIODS_A_SECOND: u32 = 100;
/// How long a system may take to open a device.
const PATIENCE: Duration = Duration::from_secs(3);
