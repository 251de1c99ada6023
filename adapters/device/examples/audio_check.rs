//! Shows this machine's microphones and speakers, records three seconds and plays them back.
//!
//! ```sh
//! cargo run -p lxst-device --example audio_check [MICROPHONE [SPEAKER]]
//! ```
//!
//! MICROPHONE and SPEAKER are an id, a name or a part of a name. Nothing is kept.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use lxst_device::{Direction, Event, Events, Format, Microphone, Reason, Speaker, Wish};

fn main() -> ExitCode {
    let mut wishes = std::env::args().skip(1);
    let mut wish = || wishes.next().map_or(Wish::Default, |name| Wish::named(&name));
    match check(wish(), wish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A terminal that is gone is told nothing.
            let _ = writeln!(io::stderr(), "audio_check: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check(microphone: Wish, speaker: Wish) -> Result<(), Box<dyn core::error::Error>> {
    let mut out = io::stdout();
    for device in lxst_device::devices()? {
        let mark = if device.is_default { '*' } else { ' ' };
        writeln!(
            out,
            "{mark} {:<10} {device} ({}; {})",
            device.direction.to_string(),
            device.format,
            device.id
        )?;
    }

    let recording = record(&mut out, microphone)?;
    writeln!(out, "playing it back")?;
    play(&mut out, speaker, recording)?;
    Ok(())
}

/// What was heard: its format, and the first channel.
struct Recording {
    rate_hz: u32,
    pcm: Vec<f32>,
}

fn record(out: &mut impl Write, wish: Wish) -> Result<Recording, Box<dyn core::error::Error>> {
    let heard = Arc::new(Mutex::new(Recording { rate_hz: 0, pcm: Vec::new() }));
    let ear = heard.clone();
    let (microphone, events) = Microphone::open(wish, move |format: Format| {
        let (ear, channels) = (ear.clone(), usize::from(format.channels));
        // Room for the recording and what comes until it ends: a callback must not allocate.
        let room = format.rate_hz as usize * (TIME.as_secs() as usize + 2);
        if let Ok(mut heard) = ear.lock() {
            *heard = Recording { rate_hz: format.rate_hz, pcm: Vec::with_capacity(room) };
        }
        Box::new(move |block| {
            if let Ok(mut heard) = ear.try_lock() {
                let left = heard.pcm.capacity() - heard.pcm.len();
                heard.pcm.extend(block.iter().step_by(channels).take(left).copied());
            }
        })
    });
    await_device(out, &events, Direction::Input)?;
    writeln!(out, "recording for {} s: speak", TIME.as_secs())?;
    let began = Instant::now();
    let mut read = 0;
    while began.elapsed() < TIME {
        thread::sleep(METER);
        while let Ok(event) = events.try_recv() {
            writeln!(out, "\n{event}")?;
        }
        let peak = heard.lock().map_or(0.0, |heard| {
            let new = heard.pcm.get(read..).unwrap_or_default();
            read = heard.pcm.len();
            new.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()))
        });
        meter(out, peak)?;
    }
    writeln!(out)?;
    drop(microphone);
    let mut heard = heard.lock().map_err(|_| "the recording broke")?;
    Ok(Recording { rate_hz: heard.rate_hz, pcm: core::mem::take(&mut heard.pcm) })
}

/// A bar from -60 dBFS to 0.
fn meter(out: &mut impl Write, peak: f32) -> io::Result<()> {
    let dbfs = 20.0 * peak.max(1e-6).log10();
    // From 0 to 30.
    let bars = ((dbfs + 60.0) / 2.0).clamp(0.0, 30.0) as usize;
    write!(out, "\r[{:<30}] {dbfs:>6.1} dBFS", "#".repeat(bars))?;
    out.flush()
}

fn play(
    out: &mut impl Write,
    wish: Wish,
    recording: Recording,
) -> Result<(), Box<dyn core::error::Error>> {
    let length = recording.pcm.len();
    let lasts = Duration::from_secs_f64(length as f64 / f64::from(recording.rate_hz.max(1)));
    let (recording, played) = (Arc::new(recording), Arc::new(AtomicUsize::new(0)));
    let at = played.clone();
    let (_speaker, events) = Speaker::open(wish, move |format: Format| {
        let (recording, at, channels) =
            (recording.clone(), at.clone(), usize::from(format.channels));
        // The nearest sample is good enough to hear oneself.
        let step = f64::from(recording.rate_hz) / f64::from(format.rate_hz);
        let mut position = at.load(Relaxed) as f64;
        Box::new(move |block| {
            for sides in block.chunks_mut(channels) {
                sides.fill(recording.pcm.get(position as usize).copied().unwrap_or_default());
                position += step;
            }
            at.store(position as usize, Relaxed);
        })
    });
    await_device(out, &events, Direction::Output)?;
    let deadline = Instant::now() + lasts + Duration::from_secs(5);
    while played.load(Relaxed) < length && Instant::now() < deadline {
        thread::sleep(METER);
        while let Ok(event) = events.try_recv() {
            writeln!(out, "{event}")?;
        }
    }
    Ok(())
}

/// Waits for a device; what is told until then is shown.
fn await_device(
    out: &mut impl Write,
    events: &Events,
    direction: Direction,
) -> Result<(), Box<dyn core::error::Error>> {
    loop {
        let event = events.recv_blocking()?;
        writeln!(out, "{event}")?;
        match event {
            Event::Taken { reason: Reason::Fallback, .. } => {
                writeln!(out, "give a name or an id of the list above")?;
                return Ok(());
            }
            Event::Taken { .. } => return Ok(()),
            Event::Missing { .. } => return Err(format!("plug in a {direction}").into()),
            _ => {}
        }
    }
}

const TIME: Duration = Duration::from_secs(3);
const METER: Duration = Duration::from_millis(100);
