//! The phone's microphone and speaker: files at real-time pace, and pipes that are live.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use futures_lite::FutureExt;
use futures_lite::future::{block_on, or};
use lxst_examples::errln;
use lxst_examples::sound::{Existing, SoundError, WavSink, from_i16, read_wav};
use lxst_tokio::{AudioError, AudioFormat, AudioSink, AudioSource, DeviceSource, Phone, Runtime};

use crate::Failure;
use crate::terminal::stdin_is_file;

/// Where the microphone's sound comes from.
#[derive(Debug)]
pub(crate) enum AudioIn {
    /// Spoken from its start in each call.
    File(Vec<f32>),
    /// Heard while it lasts.
    Pipe,
}

/// Where the speaker's sound goes.
#[derive(Debug)]
pub(crate) enum AudioOut {
    Wav(WavSink),
    Pipe,
}

/// The microphone of a call, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Speaking {
    _stop: Sender<()>,
}

/// The speaker's thread, which ends with the phone.
#[derive(Debug)]
pub(crate) struct Listening {
    done: Receiver<()>,
    is_pipe: bool,
}

impl AudioIn {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        if path != Path::new("-") {
            return Ok(read_wav(path).map(Self::File)?);
        }
        if io::stdin().is_terminal() {
            return Err("--audio-in - takes sound from standard input, which is a terminal: \
                        pipe a recorder into it"
                .into());
        }
        if !stdin_is_file() {
            return Ok(Self::Pipe);
        }
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(Self::File(samples(&bytes).map(from_i16).collect()))
    }

    /// Listens to a pipe from here on, call or not: what it holds must not grow old.
    pub(crate) async fn listen(&self, phone: &Phone) -> Result<(), AudioError> {
        if let Self::Pipe = self {
            let source = phone.device_source(AudioFormat::PHONE).await?;
            thread::spawn(move || read_pipe(source));
        }
        Ok(())
    }

    /// Speaks a file into a call. `None` where there is none, or the phone has shut down.
    pub(crate) async fn speak(&self, runtime: &impl Runtime, phone: &Phone) -> Option<Speaking> {
        let Self::File(pcm) = self else { return None };
        let source = phone.audio_source(AudioFormat::PHONE).await.ok()?;
        let (stop, stopped) = async_channel::bounded(1);
        let stopped = async move { stopped.recv().await.or(Ok(())) };
        let spoken = speak_file(source, pcm.clone());
        runtime.spawn(async move {
            // An error means that another call has its own source, or that the phone is gone.
            let _ = or(stopped, spoken.boxed()).await;
        });
        Some(Speaking { _stop: stop })
    }
}

impl AudioOut {
    pub(crate) fn open(path: &Path, existing: Existing) -> Result<Self, Failure> {
        if path != Path::new("-") {
            return Ok(WavSink::create(path, existing).map(Self::Wav)?);
        }
        if io::stdout().is_terminal() {
            return Err("--audio-out - writes sound on standard output, which is a terminal: \
                        pipe it into a player"
                .into());
        }
        Ok(Self::Pipe)
    }
}

impl Listening {
    /// Writes what the phone hears, on a thread of its own: whoever is slow to take it must not
    /// hold up the phone. Where the file takes no more, that is told at once, and the call goes on
    /// without.
    pub(crate) async fn start(out: AudioOut, phone: &Phone) -> Result<Self, AudioError> {
        let sink = phone.audio_sink(AudioFormat::PHONE).await?;
        let is_pipe = matches!(out, AudioOut::Pipe);
        let (sender, done) = async_channel::bounded(1);
        thread::spawn(move || {
            let _sender = sender;
            if let Err(error) = block_on(listen(out, sink)) {
                errln!("phone: {error}");
            }
        });
        Ok(Self { done, is_pipe })
    }

    /// Waits until all is written, after the phone has shut down; a pipe's reader has a second.
    pub(crate) async fn finish(self, runtime: &impl Runtime) {
        let written = async {
            // Nothing is sent: the channel closes.
            let _ = self.done.recv().await;
        };
        if self.is_pipe {
            or(written, runtime.sleep_until(runtime.now() + PATIENCE)).await;
        } else {
            written.await;
        }
    }
}

async fn speak_file(mut source: AudioSource, pcm: Vec<f32>) -> Result<(), AudioError> {
    for block in pcm.chunks(BLOCK) {
        source.write(block).await?;
    }
    Ok(())
}

async fn listen(out: AudioOut, mut sink: AudioSink) -> Result<(), SoundError> {
    match out {
        AudioOut::Wav(mut wav) => {
            let mut block = [0.0; BLOCK];
            while sink.read(&mut block).await.is_ok() {
                wav.write(&block)?;
            }
            wav.finish()
        }
        AudioOut::Pipe => {
            let mut block = [0; BLOCK];
            // Where nobody reads any more, the call goes on without.
            while sink.read(&mut block).await.is_ok() && write_pipe(&block).is_ok() {}
            Ok(())
        }
    }
}

/// Passes on what comes from standard input at once, until either side ends.
fn read_pipe(mut source: DeviceSource) {
    let mut stdin = io::stdin().lock();
    let mut bytes = vec![0; PIPE_BYTES];
    // The first byte of a sample whose second has not come.
    let mut held = 0;
    while let Ok(count @ 1..) = stdin.read(&mut bytes[held..]) {
        let filled = held + count;
        let block: Vec<i16> = samples(&bytes[..filled]).collect();
        if source.push(&block).is_err() {
            return;
        }
        held = filled % 2;
        bytes[0] = bytes[filled - 1];
    }
}

/// Whole samples of 16 bits.
fn samples(bytes: &[u8]) -> impl Iterator<Item = i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
}

fn write_pipe(pcm: &[i16]) -> io::Result<()> {
    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut stdout = io::stdout().lock();
    stdout.write_all(&bytes)?;
    stdout.flush()
}

/// 20 ms.
const BLOCK: usize = 960;
/// What a pipe holds.
const PIPE_BYTES: usize = 65_536;
/// How long a pipe's reader may take for the last that it is given.
const PATIENCE: Duration = Duration::from_secs(1);
