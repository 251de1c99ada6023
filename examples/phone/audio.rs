//! The phone's microphone and speaker: files in real time, and live pipes.

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

/// The source of the microphone.
#[derive(Debug)]
pub(crate) enum AudioIn {
    /// Played from its start in each call.
    File(Vec<f32>),
    /// Live audio from standard input.
    Pipe,
}

/// The sink of the speaker.
#[derive(Debug)]
pub(crate) enum AudioOut {
    Wav(WavSink),
    Pipe,
}

/// The microphone of a call. Dropping it ends it.
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

    /// Reads a pipe from here on, also without a call, so that its audio does not grow old.
    pub(crate) async fn listen(&self, phone: &Phone) -> Result<(), AudioError> {
        if let Self::Pipe = self {
            let source = phone.device_source(AudioFormat::PHONE).await?;
            thread::spawn(move || read_pipe(source));
        }
        Ok(())
    }

    /// Plays a file into a call. `None` if there is no file, or the phone has shut down.
    pub(crate) async fn speak(&self, runtime: &impl Runtime, phone: &Phone) -> Option<Speaking> {
        let Self::File(pcm) = self else { return None };
        let source = phone.audio_source(AudioFormat::PHONE).await.ok()?;
        let (stop, stopped) = async_channel::bounded(1);
        let stopped = async move { stopped.recv().await.or(Ok(())) };
        let spoken = speak_file(source, pcm.clone());
        runtime.spawn(async move {
            // An error means that another call has its own source, or that the phone has shut down.
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
    /// Writes the phone's audio on a thread of its own, because a slow reader must not block the
    /// phone. A failure to write is reported at once, and the call goes on without the file.
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

    /// Waits until everything is written after the phone has shut down; at most a second for a
    /// pipe's reader.
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
            // If nobody reads any more, the call goes on without.
            while sink.read(&mut block).await.is_ok() && write_pipe(&block).is_ok() {}
            Ok(())
        }
    }
}

/// Forwards standard input at once, until either side ends.
fn read_pipe(mut source: DeviceSource) {
    let mut stdin = io::stdin().lock();
    let mut bytes = vec![0; PIPE_BYTES];
    // The first byte of a sample whose second byte has not arrived.
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
/// Size of a pipe's buffer.
const PIPE_BYTES: usize = 65_536;
/// Time limit of a pipe's reader for the last block.
const PATIENCE: Duration = Duration::from_secs(1);
