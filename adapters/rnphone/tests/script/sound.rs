//! Sound by files and pipes.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lxst_interop::Terminal;

use super::support::{Phone, command, folder, path, text};

#[test]
fn a_call_between_two_phones_carries_sound_through_pipes_and_files() {
    let folder = folder("pipes");
    let heard = folder.join("heard.wav");
    let mut callee = Phone::start(&[
        "--listen",
        "127.0.0.1:0",
        "--answer",
        "0.1",
        "--once",
        "--audio-out",
        path(&heard),
    ]);
    let identity = callee.identity();

    let caller = command(&[
        "--connect",
        &callee.address(),
        "--call",
        &identity,
        "--audio-in",
        "-",
        "--audio-out",
        "-",
        "--hang-up-after",
        "1.5",
    ])
    // In the background of the test's terminal.
    .process_group(0)
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn();
    let mut caller = caller.expect("the phone runs");
    let recorder = record(caller.stdin.take().expect("it is piped"), Arc::new(500.into()));
    let output = caller.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    recorder.join().expect("the recorder ends");

    // 1.5 s of s16le, less what was on its way.
    assert!(output.stdout.len() > 100_000, "{} bytes", output.stdout.len());
    assert!(output.stdout.iter().all(|byte| *byte == 0), "the callee has no microphone");
    assert_eq!(callee.wait(), Some(0));
    assert!(loudest_at(&heard, 500) > 0.05, "the tone is heard");
}

#[test]
fn what_a_recorder_heard_before_the_answer_is_not_sent() {
    let heard = folder("recorder").join("heard.wav");
    let mut callee = command(&["--listen", "127.0.0.1:0", "--answer", "3", "--audio-in", "-"]);
    callee.arg("--once").process_group(0).stdin(Stdio::piped());
    let mut callee = Phone::spawn(callee);
    let hz = Arc::new(AtomicU32::new(500));
    let recorder = record(callee.child.stdin.take().expect("it is piped"), hz.clone());
    // A pipe holds two thirds of a second.
    thread::sleep(Duration::from_secs(1));
    let identity = callee.identity();
    let address = callee.address();
    let call = ["--connect", &address, "--call", &identity, "--audio-out", path(&heard)];
    let mut caller = Phone::start(&[&call[..], &["--hang-up-after", "2"]].concat());
    callee.until("incoming");
    thread::sleep(Duration::from_millis(500));
    hz.store(1_500, Ordering::SeqCst);
    assert_eq!(caller.wait(), Some(0));
    assert_eq!(callee.wait(), Some(0));
    recorder.join().expect("the recorder ends");
    let [before, after] = [500, 1_500].map(|hz| loudest_at(&heard, hz));
    assert!(before < 0.05 && after > 0.15, "before the answer {before}, after it {after}");
}

#[test]
fn sound_on_a_terminal_is_refused() {
    for option in ["--audio-in", "--audio-out"] {
        let mut phone = Terminal::start(&command(&["--listen", "127.0.0.1:0", option, "-"]));
        phone.until("which is a terminal: pipe ");
        assert_eq!(phone.wait().code(), Some(2));
    }
}

/// Writes a tone into a pipe as a recorder does, in periods of 125 ms, until nobody reads it.
fn record(mut pipe: ChildStdin, hz: Arc<AtomicU32>) -> JoinHandle<()> {
    thread::spawn(move || {
        let (start, mut moment) = (Instant::now(), 0_u32);
        loop {
            let period = (0..6_000).flat_map(|_| {
                moment += 1;
                let half = 24_000 / hz.load(Ordering::SeqCst);
                (if (moment / half).is_multiple_of(2) { 8_000_i16 } else { -8_000 }).to_le_bytes()
            });
            let period: Vec<u8> = period.collect();
            if pipe.write_all(&period).is_err() {
                return;
            }
            let due = start + Duration::from_secs(1) * moment / 48_000;
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    })
}

/// Returns the largest amplitude of a tone in 20 ms of a WAV file.
fn loudest_at(wav: &Path, hz: u32) -> f32 {
    let mut wav = hound::WavReader::open(wav).expect("a complete WAV file");
    let pcm: Vec<f32> =
        wav.samples::<i16>().map(|sample| f32::from(sample.expect("one")) / 32_768.0).collect();
    let step = std::f32::consts::TAU * hz as f32 / 48_000.0;
    let loudness = |block: &[f32]| {
        let [mut real, mut imaginary] = [0.0; 2];
        for (moment, sample) in block.iter().enumerate() {
            let (sine, cosine) = (step * moment as f32).sin_cos();
            real += sample * cosine;
            imaginary += sample * sine;
        }
        2.0 * f32::hypot(real, imaginary) / block.len() as f32
    };
    pcm.chunks(960).map(loudness).fold(0.0, f32::max)
}
