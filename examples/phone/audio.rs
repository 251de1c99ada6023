//! The phone's microphone and speaker: files and pipes at real-time pace.

use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;

use core::time::Duration;
use lxst_examples::sound::{SoundError, WavSink, from_i16, read_wav, to_i16};
use lxst_tokio::{BLOCK_SAMPLES, CallError, Phone};
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time;

/// Where the microphone's sound comes from.
#[derive(Debug)]
pub(crate) enum AudioIn {
    Wav(Vec<f32>),
    Pipe,
}

/// Where the speaker's sound goes.
#[derive(Debug)]
pub(crate) enum AudioOut {
    Wav(WavSink),
    Pipe,
}

impl AudioIn {
    pub(crate) fn open(path: &Path) -> Result<Self, SoundError> {
        if path == Path::new("-") { Ok(Self::Pipe) } else { read_wav(path).map(Self::Wav) }
    }

    /// Speaks into the phone whenever `talking` says that a call is established: a file from its
    /// start, a pipe from where it is.
    pub(crate) async fn speak(self, phone: Phone, talking: watch::Receiver<bool>) {
        // An error means that the phone has shut down, and the task's work is done.
        let _ = match self {
            Self::Wav(pcm) => speak(&phone, talking, Wav { pcm, at: 0 }).await,
            Self::Pipe => speak(&phone, talking, Pipe(read_pipe())).await,
        };
    }
}

impl AudioOut {
    pub(crate) fn open(path: &Path) -> Result<Self, SoundError> {
        if path == Path::new("-") { Ok(Self::Pipe) } else { WavSink::create(path).map(Self::Wav) }
    }

    /// Writes what the phone hears until `stop`, and completes the file.
    pub(crate) async fn listen(
        mut self,
        phone: Phone,
        mut stop: oneshot::Receiver<()>,
    ) -> Result<(), SoundError> {
        let Ok(mut speaker) = phone.speaker().await else {
            return Ok(());
        };
        loop {
            let pcm = tokio::select! {
                pcm = speaker.read() => pcm,
                _ = &mut stop => break,
            };
            let Some(pcm) = pcm else { break };
            match &mut self {
                Self::Wav(wav) => wav.write(&pcm)?,
                // Nobody reads any more; the call goes on without.
                Self::Pipe if write_pipe(&pcm).is_err() => return Ok(()),
                Self::Pipe => {}
            }
        }
        match self {
            Self::Wav(wav) => wav.finish(),
            Self::Pipe => Ok(()),
        }
    }
}

/// The speaker's task, and how to end it.
#[derive(Debug)]
pub(crate) struct Listening {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), SoundError>>,
}

impl Listening {
    pub(crate) fn start(out: AudioOut, phone: Phone) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(out.listen(phone, stopped)) }
    }

    /// Completes what is written.
    pub(crate) async fn finish(self) -> Result<(), SoundError> {
        // The task may have ended by itself.
        let _ = self.stop.send(());
        self.task.await.unwrap_or(Ok(()))
    }
}

/// Gives blocks of sound; silence when it has no more.
trait Source {
    /// A call begins.
    fn restart(&mut self);

    fn next_block(&mut self, block: &mut [f32]);
}

struct Wav {
    pcm: Vec<f32>,
    at: usize,
}

struct Pipe(Receiver<Vec<f32>>);

impl Source for Wav {
    fn restart(&mut self) {
        self.at = 0;
    }

    fn next_block(&mut self, block: &mut [f32]) {
        let rest = self.pcm.get(self.at..).unwrap_or_default();
        for (index, sample) in block.iter_mut().enumerate() {
            *sample = rest.get(index).copied().unwrap_or(0.0);
        }
        self.at += block.len();
    }
}

impl Source for Pipe {
    fn restart(&mut self) {}

    fn next_block(&mut self, block: &mut [f32]) {
        block.fill(0.0);
        // Nothing there, for now or for good, is silence.
        if let Ok(pcm) = self.0.try_recv() {
            block[..pcm.len()].copy_from_slice(&pcm);
        }
    }
}

async fn speak(
    phone: &Phone,
    mut talking: watch::Receiver<bool>,
    mut source: impl Source,
) -> Result<(), CallError> {
    let mut microphone = phone.microphone().await?;
    let mut block = vec![0.0; BLOCK_SAMPLES];
    while talking.wait_for(|talking| *talking).await.is_ok() {
        source.restart();
        let mut clock = time::interval(BLOCK);
        while *talking.borrow() {
            clock.tick().await;
            source.next_block(&mut block);
            if !microphone.write(&block).await {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads standard input on a thread of its own, which waits while a few blocks are not taken.
fn read_pipe() -> Receiver<Vec<f32>> {
    let (sender, blocks) = mpsc::channel(PIPE_BLOCKS);
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut bytes = vec![0; BLOCK_SAMPLES * 2];
        loop {
            let mut filled = 0;
            while filled < bytes.len() {
                match stdin.read(&mut bytes[filled..]) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => filled += count,
                }
            }
            let samples = bytes[..filled].chunks_exact(2);
            let pcm = samples.map(|pair| from_i16(i16::from_le_bytes([pair[0], pair[1]])));
            if filled == 0 || sender.blocking_send(pcm.collect()).is_err() {
                return;
            }
        }
    });
    blocks
}

fn write_pipe(pcm: &[f32]) -> io::Result<()> {
    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| to_i16(*sample).to_le_bytes()).collect();
    let mut stdout = io::stdout().lock();
    stdout.write_all(&bytes)?;
    stdout.flush()
}

const BLOCK: Duration = Duration::from_millis(20);
const PIPE_BLOCKS: usize = 4;
