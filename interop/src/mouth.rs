//! What a test says at a virtual device.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::recording::Recording;

/// A recording that is repeated at a speaker of a [`SoundServer`](crate::SoundServer). Dropping it
/// is silence.
#[derive(Debug)]
pub struct Mouth(Child);

impl Mouth {
    #[track_caller]
    pub(crate) fn open(
        (variable, server): &(&str, String),
        speaker: &str,
        recording: &Recording,
    ) -> Self {
        let mut child = Command::new("pacat")
            .args(["--playback", "--raw", "--format=s16le", "--channels=1", "--latency-msec=50"])
            .arg(format!("--rate={}", recording.rate_hz))
            .arg(format!("--device={speaker}"))
            .env(variable, server)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("pacat is installed: run interop/setup sound");
        let bytes: Vec<u8> =
            recording.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let mut pipe = child.stdin.take().expect("it is piped");
        // It ends with the process that reads.
        thread::spawn(move || while pipe.write_all(&bytes).is_ok() {});
        Self(child)
    }
}

impl Drop for Mouth {
    fn drop(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
