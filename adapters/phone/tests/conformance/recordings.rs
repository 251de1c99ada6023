//! The audio of calls in files.

use std::fs::File;
use std::io::{self, BufWriter, Cursor, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lxst_phone::lxst_audio::{
    Channels, FileError, Recorded, Recorder, SoundReader, SoundWriter, WavDepth, WavReader,
    WavWriter,
};
use lxst_phone::{AudioFormat, AudioSink, Call, Direction};
use lxst_sim::tone::amplitude;

use crate::support::sound::{HIGH, LOW, hear_alone, speak_of};
use crate::support::{App, TestRuntime, establish, finish, pair, pause, spawn, within};

on_each_runtime!(
    a_recording_has_our_voice_to_the_left_and_the_peers_to_the_right,
    what_is_muted_is_silent_in_a_recording,
    a_recording_of_a_call_ends_with_it,
    a_full_disk_ends_the_recording_and_not_the_call,
);

async fn a_recording_has_our_voice_to_the_left_and_the_peers_to_the_right<R: TestRuntime>(rt: R) {
    let (call, mut sink, near, far) = talking(&rt).await;
    hear_alone(&rt, &mut sink, HIGH, LOW).await;
    drain(&rt, sink);
    let file = Folder::new::<R>("sides");
    let began = rt.now();
    let (recorder, ended) = record(&call, file.wav()).await;
    pause(&rt, Duration::from_millis(1_500)).await;
    recorder.stop();
    let took = rt.now() - began;
    let recorded = within(&rt, "the file is whole", ended.recv()).await.unwrap();
    recorded.result.unwrap();
    let [ours, theirs] = file.sides();
    // Each came by the clock: neither more nor less.
    assert_eq!(ours.len() as u64, recorded.length.0);
    assert!(recorded.length.duration() <= took, "{:?} in {took:?}", recorded.length.duration());
    for (side, own, other) in [(&ours, LOW, HIGH), (&theirs, HIGH, LOW)] {
        let middle = &side[side.len() / 4..side.len() * 3 / 4];
        let [own, other] = [own, other].map(|hz| amplitude(middle, hz, 48_000));
        assert!(own > 0.1 && other < own / 20.0, "{own} of its own, {other} of the other's");
    }
    finish(call, near, far).await;
}

async fn what_is_muted_is_silent_in_a_recording<R: TestRuntime>(rt: R) {
    let (call, mut sink, near, far) = talking(&rt).await;
    hear_alone(&rt, &mut sink, HIGH, LOW).await;
    drain(&rt, sink);
    call.mute(Direction::Send).await.unwrap();
    call.mute(Direction::Receive).await.unwrap();
    let file = Folder::new::<R>("muted");
    let (recorder, ended) = record(&call, file.wav()).await;
    pause(&rt, Duration::from_millis(500)).await;
    recorder.stop();
    within(&rt, "the file is whole", ended.recv()).await.unwrap().result.unwrap();
    for side in file.sides() {
        assert!(!side.is_empty() && side.iter().all(|sample| *sample == 0.0));
    }
    finish(call, near, far).await;
}

async fn a_recording_of_a_call_ends_with_it<R: TestRuntime>(rt: R) {
    let (call, mut sink, near, far) = talking(&rt).await;
    let file = Folder::new::<R>("end");
    let (_recorder, ended) = record(&call, file.wav()).await;
    hear_alone(&rt, &mut sink, HIGH, LOW).await;
    finish(call, near, far).await;
    let recorded = within(&rt, "the file is whole", ended.recv()).await.unwrap();
    recorded.result.unwrap();
    assert_eq!(file.sides()[0].len() as u64, recorded.length.0);
}

async fn a_full_disk_ends_the_recording_and_not_the_call<R: TestRuntime>(rt: R) {
    let (call, mut sink, near, far) = talking(&rt).await;
    let (recorder, ended) = record(&call, writer(SmallDisk::default())).await;
    let recorded = within(&rt, "the disk is full", async {
        loop {
            let mut block = [0.0_f32; 480];
            sink.read(&mut block).await.unwrap();
            if let Ok(recorded) = ended.try_recv() {
                return recorded;
            }
        }
    });
    let told = recorded.await.result.unwrap_err();
    assert!(matches!(&told, FileError::Io(error) if error.kind() == ErrorKind::StorageFull));
    assert!(recorder.has_ended());
    hear_alone(&rt, &mut sink, HIGH, LOW).await;
    finish(call, near, far).await;
}

/// A call whose caller says LOW and whose callee says HIGH, and what the caller hears.
async fn talking<R: TestRuntime>(rt: &R) -> (Call, AudioSink, App<R>, App<R>) {
    let (mut caller, mut callee) = pair(rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    speak_of(rt, caller.phone.audio_source(AudioFormat::PHONE).await.unwrap(), LOW);
    speak_of(rt, callee.phone.audio_source(AudioFormat::PHONE).await.unwrap(), HIGH);
    let sink = caller.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    (call, sink, caller, callee)
}

/// Reads what is heard, to its end.
fn drain<R: TestRuntime>(rt: &R, mut sink: AudioSink) {
    drop(spawn(rt, async move { while sink.read(&mut [0.0_f32; 480]).await.is_ok() {} }));
}

async fn record(
    call: &Call,
    file: impl SoundWriter + 'static,
) -> (Recorder, async_channel::Receiver<Recorded>) {
    let (told, ended) = async_channel::bounded(1);
    let recorder = call.record(file, move |recorded| drop(told.try_send(recorded))).await;
    (recorder.unwrap(), ended)
}

fn writer<W: Write + Seek>(out: W) -> WavWriter<W> {
    WavWriter::new(out, Channels::Stereo, 48_000, WavDepth::Float).unwrap()
}

/// A disk that is full after 100,000 bytes, a quarter of a second.
#[derive(Default)]
struct SmallDisk(Cursor<Vec<u8>>);

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.get_ref().len() > 100_000 {
            return Err(ErrorKind::StorageFull.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SmallDisk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new<R>(name: &str) -> Self {
        let runtime = std::any::type_name::<R>().replace("::", "-");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{runtime}"));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder.join("call.wav"))
    }

    fn wav(&self) -> WavWriter<BufWriter<File>> {
        writer(BufWriter::new(File::create(&self.0).unwrap()))
    }

    fn sides(&self) -> [Vec<f32>; 2] {
        let mut file = WavReader::open(&self.0).unwrap();
        let mut sound = vec![0.0; 2 * file.length().0 as usize];
        assert_eq!(file.read(&mut sound).unwrap(), sound.len() / 2);
        let (moments, _) = sound.as_chunks::<2>();
        [0, 1].map(|side| moments.iter().map(|moment| moment[side]).collect())
    }
}
