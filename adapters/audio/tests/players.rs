//! Players and recorders, on threads of their own.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::io::{self, Cursor, Write};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{level_at, sine};
use lxst_audio::{
    Block, Channels, FileError, Player, PlayerConfig, PlayerSource, Recorded, Recorder,
    RecorderSink, Sink, SoundReader, SoundWriter, Source,
};
use lxst_core::Samples;

#[test]
fn rounds_are_equally_loud_and_end_where_the_file_does() {
    let config = PlayerConfig { rounds: Some(3), ..PlayerConfig::default() };
    let (heard, end) = play(Steps::new(30_000), config);
    assert_eq!(heard.len(), 90_000);
    assert_eq!(heard[..30_000], heard[60_000..]);
    assert_eq!(heard[29_999], 29_999.0);
    end.recv().unwrap().unwrap();
}

#[test]
fn part_of_a_file_rises_and_falls() {
    let mut config = PlayerConfig { rounds: None, ..PlayerConfig::default() };
    config.from = Samples(1_000);
    config.most = Some(Samples(20_000));
    (config.fade_in, config.fade_out) = (Samples(100), Samples(200));
    let (heard, end) = play(Steps::new(5_000), config);
    assert_eq!(heard.len(), 20_000);
    assert!(heard[0] < 0.011 * 1_000.0 && heard[99] < 1_099.0);
    assert_eq!(heard[100..4_000], (1_100..5_000).map(|n| n as f32).collect::<Vec<_>>());
    assert_eq!(heard[4_000], 0.0, "the second round begins at the front");
    assert_eq!(heard[19_799], 799.0 + 0.0);
    assert!(heard[19_999] < 0.006 * 1_000.0);
    end.recv().unwrap().unwrap();
}

#[test]
fn seek_drops_what_was_read_ahead() {
    let config = PlayerConfig { rounds: Some(1), ..PlayerConfig::default() };
    let (ended, end) = channel();
    let (player, mut source) = Player::start(Steps::new(400_000), config, move |result| {
        ended.send(result).unwrap();
    })
    .unwrap();
    let before = pull_until(&mut source, |sample| sample >= 1_000.0);
    assert!(before < 10_000.0);
    assert!(player.seek(Samples(390_000)));
    let first = pull_until(&mut source, |sample| sample >= 390_000.0);
    assert!(first < 390_480.0, "{first}");
    let last = pull_until(&mut source, |sample| sample == 399_999.0);
    assert_eq!(last, 399_999.0);
    end.recv().unwrap().unwrap();
    assert!(!player.seek(Samples(0)), "nobody takes orders for a file that has ended");
}

#[test]
fn stop_falls_and_ends() {
    let config = PlayerConfig { rounds: None, ..PlayerConfig::default() };
    let (ended, end) = channel();
    let (player, mut source) =
        Player::start(Steps::new(100_000), config, move |_| ended.send(()).unwrap()).unwrap();
    pull_until(&mut source, |sample| sample >= 1_000.0);
    assert!(player.stop(Samples(4_800)));
    drain(&mut source);
    end.recv().unwrap();
}

#[test]
fn file_that_cannot_be_read_on_ends_with_its_reason() {
    let mut file = Steps::new(100_000);
    file.breaks_at = Some(5_000);
    let (_, end) = play(file, PlayerConfig::default());
    assert!(matches!(end.recv().unwrap(), Err(FileError::Damaged { .. })));
}

#[test]
fn recorder_writes_what_it_took() {
    let file = Memory::default();
    let (recorder, mut sink, end) = record(file.clone());
    let sound = sine(440.0, 0.5, 48_000);
    for block in sound.clone().chunks_mut(480) {
        sink.take(&Block::mono(block));
    }
    recorder.stop();
    let recorded = end.recv().unwrap();
    recorded.result.unwrap();
    assert_eq!((recorded.length, recorded.dropped), (Samples(48_000), Samples(0)));
    let written = file.sound.lock().unwrap();
    assert_eq!(written.iter().step_by(2).copied().collect::<Vec<_>>(), sound);
}

#[test]
fn disk_that_stands_still_blocks_nobody_and_what_it_misses_is_silence() {
    let file = Memory::default();
    let held = Arc::clone(&file.sound);
    let guard = held.lock().unwrap();
    let (recorder, mut sink, end) = record(file);
    for second in 0..4 {
        for _ in 0..100 {
            sink.take(&Block::mono(&mut [second as f32 + 1.0; 480]));
        }
    }
    drop(guard);
    // Taken once there is room: the silence that is owed goes before it.
    let mut sent = 0;
    let started = Instant::now();
    while held.lock().unwrap().last() != Some(&9.0) {
        assert!(started.elapsed() < Duration::from_secs(60), "the disk works again");
        sink.take(&Block::mono(&mut [9.0; 480]));
        sent += 480;
        thread::sleep(Duration::from_millis(5));
    }
    recorder.stop();
    let recorded = end.recv().unwrap();
    recorded.result.unwrap();
    let dropped = recorded.dropped.0;
    assert!(dropped > 48_000, "{dropped}");
    let written = held.lock().unwrap();
    assert_eq!(recorded.length.0, written.len() as u64 / 2);
    assert!(recorded.length.0 <= 4 * 48_000 + sent);
    assert!(written.iter().filter(|sample| **sample == 0.0).count() as u64 / 2 <= dropped);
    assert!(written.contains(&0.0));
}

#[test]
fn full_disk_ends_the_recording_and_says_so() {
    let file = lxst_audio::WavWriter::new(
        Full(Cursor::new(Vec::new())),
        Channels::Stereo,
        48_000,
        lxst_audio::WavDepth::Int16,
    )
    .unwrap();
    let (recorder, mut sink, end) = record(file);
    let recorded = loop {
        sink.take(&Block::mono(&mut [0.5; 480]));
        match end.recv_timeout(Duration::from_millis(1)) {
            Ok(recorded) => break recorded,
            Err(cause) => assert_eq!(cause, std::sync::mpsc::RecvTimeoutError::Timeout),
        }
    };
    assert!(
        matches!(recorded.result, Err(FileError::Io(cause)) if cause.kind() == io::ErrorKind::StorageFull)
    );
    assert!(recorder.has_ended());
    sink.take(&Block::mono(&mut [0.5; 480]));
}

#[test]
fn both_sides_of_a_call_lie_where_they_came_by_the_clock() {
    let file = Memory::default();
    let (ended, end) = channel();
    let (recorder, mut ours, mut theirs) =
        Recorder::start_call(file.clone(), move |recorded| ended.send(recorded).unwrap()).unwrap();
    let began = Instant::now();
    // They are silent for a second in the middle. Each block says when it came.
    let mut came = Vec::new();
    while began.elapsed() < Duration::from_millis(2_500) {
        thread::sleep(Duration::from_millis(10));
        let moments = || began.elapsed().as_micros() as f32 * 0.048;
        ours.take(&Block::mono(&mut [0.25; 480]));
        let now = moments();
        if !(36_000.0..84_000.0).contains(&now) {
            theirs.take(&Block::mono(&mut [now; 480]));
            came.push(now..moments());
        }
    }
    recorder.stop();
    let recorded = end.recv().unwrap();
    recorded.result.unwrap();
    let written = file.sound.lock().unwrap();
    let right: Vec<f32> = written.iter().skip(1).step_by(2).copied().collect();
    let resumed = came.iter().find(|came| came.start >= 84_000.0).unwrap();
    let begin = right.iter().position(|sample| *sample == resumed.start).unwrap();
    // The block that came then had begun 480 moments before.
    let end = begin as f32 + 480.0;
    assert!((resumed.start - 480.0..resumed.end + 480.0).contains(&end), "{end}, not {resumed:?}");
    let quiet = &right[begin - 24_000..begin];
    assert!(quiet.iter().all(|sample| *sample == 0.0));
    assert!(written.iter().step_by(2).filter(|sample| **sample == 0.25).count() > 48_000);
    assert_eq!(recorded.dropped, Samples(0));
}

#[test]
fn tone_is_played_through_a_player_as_it_is() {
    let file = Sine(sine(440.0, 0.5, 48_000), 0);
    let (heard, _) = play(file, PlayerConfig::default());
    assert!((level_at(&heard, 440.0) - -6.02).abs() < 0.1);
}

fn record(writer: impl SoundWriter + 'static) -> (Recorder, RecorderSink, Receiver<Recorded>) {
    let (ended, end) = channel();
    let (recorder, sink) = Recorder::start(writer, move |recorded| {
        ended.send(recorded).unwrap();
    })
    .unwrap();
    (recorder, sink, end)
}

fn play(
    reader: impl SoundReader + 'static,
    config: PlayerConfig,
) -> (Vec<f32>, Receiver<Result<(), FileError>>) {
    let (ended, end) = channel();
    let (_player, mut source) =
        Player::start(reader, config, move |result| ended.send(result).unwrap()).unwrap();
    (drain(&mut source), end)
}

/// Pulls to the end, and leaves out the silence of what is not read yet.
fn drain(source: &mut PlayerSource) -> Vec<f32> {
    let mut heard = Vec::new();
    loop {
        let mut block = [0.0; 441];
        let missing = source.missing().0;
        let given = source.pull(&mut Block::mono(&mut block));
        let silent = (source.missing().0 - missing) as usize;
        heard.extend_from_slice(&block[..given - silent]);
        if source.has_ended() {
            return heard;
        }
        if silent > 0 {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn pull_until(source: &mut PlayerSource, found: impl Fn(f32) -> bool) -> f32 {
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < Duration::from_secs(60), "the file is read");
        let mut block = [0.0; 48];
        source.pull(&mut Block::mono(&mut block));
        if let Some(sample) = block.into_iter().find(|sample| found(*sample)) {
            return sample;
        }
        thread::sleep(Duration::from_micros(50));
    }
}

/// A file whose every moment is its number.
struct Steps {
    length: usize,
    at: usize,
    breaks_at: Option<usize>,
}

impl Steps {
    fn new(length: usize) -> Self {
        Self { length, at: 0, breaks_at: None }
    }
}

impl SoundReader for Steps {
    fn channels(&self) -> Channels {
        Channels::Mono
    }

    fn length(&self) -> Samples {
        Samples(self.length as u64)
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, FileError> {
        if self.breaks_at.is_some_and(|at| self.at >= at) {
            return Err(FileError::Damaged { what: "by this test" });
        }
        let read = out.len().min(self.length - self.at);
        out[..read].iter_mut().zip(self.at..).for_each(|(sample, at)| *sample = at as f32);
        self.at += read;
        Ok(read)
    }

    fn seek(&mut self, to: Samples) -> Result<(), FileError> {
        self.at = (to.0 as usize).min(self.length);
        Ok(())
    }
}

struct Sine(Vec<f32>, usize);

impl SoundReader for Sine {
    fn channels(&self) -> Channels {
        Channels::Mono
    }

    fn length(&self) -> Samples {
        Samples(self.0.len() as u64)
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, FileError> {
        let read = out.len().min(self.0.len() - self.1);
        out[..read].copy_from_slice(&self.0[self.1..self.1 + read]);
        self.1 += read;
        Ok(read)
    }

    fn seek(&mut self, to: Samples) -> Result<(), FileError> {
        self.1 = to.0 as usize;
        Ok(())
    }
}

/// A stereo file that can be looked into.
#[derive(Clone, Default)]
struct Memory {
    sound: Arc<Mutex<Vec<f32>>>,
}

impl SoundWriter for Memory {
    fn channels(&self) -> Channels {
        Channels::Stereo
    }

    fn write(&mut self, sound: &[f32]) -> Result<(), FileError> {
        self.sound.lock().unwrap().extend_from_slice(sound);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), FileError> {
        Ok(())
    }
}

/// A disk of 64 KiB.
struct Full(Cursor<Vec<u8>>);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.position() + bytes.len() as u64 > 1 << 16 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Seek for Full {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
