//! The phone's microphone and speaker: files and pipes at real-time pace.

use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;

use async_channel::{Receiver, Sender};
use futures_lite::FutureExt;
use futures_lite::future::or;
use lxst_examples::errln;
use lxst_examples::sound::{Existing, SoundError, WavSink, read_wav};
use lxst_tokio::{AudioError, AudioFormat, AudioSink, AudioSource, Clock, Phone, Runtime};

/// Where the microphone's sound comes from.
#[derive(Debug)]
pub(crate) enum AudioIn {
    Wav(Vec<f32>),
    Pipe(Receiver<Vec<i16>>),
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

/// The speaker's task, which ends with the phone.
#[derive(Debug)]
pub(crate) struct Listening {
    done: Receiver<()>,
}

impl AudioIn {
    pub(crate) fn open(path: &Path) -> Result<Self, SoundError> {
        if path == Path::new("-") {
            Ok(Self::Pipe(read_pipe()))
        } else {
            read_wav(path).map(Self::Wav)
        }
    }

    /// Speaks into a call: a file from its start, a pipe from where it is. `None` when the phone
    /// has shut down.
    pub(crate) async fn speak(&self, runtime: &impl Runtime, phone: &Phone) -> Option<Speaking> {
        let source = phone.audio_source(AudioFormat::PHONE, Clock::Phone).await.ok()?;
        let (stop, stopped) = async_channel::bounded(1);
        let stopped = async move { stopped.recv().await.or(Ok(())) };
        let spoken = match self {
            Self::Wav(pcm) => speak_wav(source, pcm.clone()).boxed(),
            Self::Pipe(blocks) => speak_pipe(source, blocks.clone()).boxed(),
        };
        runtime.spawn(async move {
            // An error means that another call has its own source, or that the phone is gone.
            let _ = or(stopped, spoken).await;
        });
        Some(Speaking { _stop: stop })
    }
}

impl AudioOut {
    pub(crate) fn open(path: &Path, existing: Existing) -> Result<Self, SoundError> {
        if path == Path::new("-") {
            Ok(Self::Pipe)
        } else {
            WavSink::create(path, existing).map(Self::Wav)
        }
    }
}

impl Listening {
    /// Writes what the phone hears. Where the file takes no more, that is told at once, and the call
    /// goes on without.
    pub(crate) async fn start(
        runtime: &impl Runtime,
        out: AudioOut,
        phone: &Phone,
    ) -> Result<Self, AudioError> {
        let sink = phone.audio_sink(AudioFormat::PHONE, Clock::Phone).await?;
        let (sender, done) = async_channel::bounded(1);
        runtime.spawn(async move {
            let _sender = sender;
            if let Err(error) = listen(out, sink).await {
                errln!("phone: {error}");
            }
        });
        Ok(Self { done })
    }

    /// Waits until all is written, after the phone has shut down.
    pub(crate) async fn finish(self) {
        // Nothing is sent: the channel closes.
        let _ = self.done.recv().await;
    }
}

async fn speak_wav(mut source: AudioSource, pcm: Vec<f32>) -> Result<(), AudioError> {
    for block in pcm.chunks(BLOCK) {
        source.write(block).await?;
    }
    Ok(())
}

async fn speak_pipe(mut source: AudioSource, blocks: Receiver<Vec<i16>>) -> Result<(), AudioError> {
    while let Ok(block) = blocks.recv().await {
        source.write(&block).await?;
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

/// Reads standard input on a thread of its own, which waits while a few blocks are not taken.
fn read_pipe() -> Receiver<Vec<i16>> {
    let (sender, blocks) = async_channel::bounded(PIPE_BLOCKS);
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut bytes = vec![0; BLOCK * 2];
        loop {
            let mut filled = 0;
            while filled < bytes.len() {
                match stdin.read(&mut bytes[filled..]) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => filled += count,
                }
            }
            let samples = bytes[..filled].chunks_exact(2);
            let pcm = samples.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
            if filled == 0 || sender.send_blocking(pcm).is_err() {
                return;
            }
        }
    });
    blocks
}

fn write_pipe(pcm: &[i16]) -> io::Result<()> {
    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut stdout = io::stdout().lock();
    stdout.write_all(&bytes)?;
    stdout.flush()
}

/// 20 ms.
const BLOCK: usize = 960;
const PIPE_BLOCKS: usize = 4;
