//! Our phone as the live tests drive it: blocking, beside a Python peer.

use core::cmp::Ordering;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use lxst_interop::envelope::{Pcm, Verdict, correlation};
use lxst_interop::{Builder, Direction, PacketKind, PacketRecord, PythonPeer, Recording};
use lxst_tokio::codecs::Resampler;
use lxst_tokio::telephony::{Config, Side};
use lxst_tokio::trace::Payloads;
use lxst_tokio::{
    BLOCK_SAMPLES, Call, CallEvent, CallId, EndReason, Event, Events, Identity, IdentityHash, Mode,
    OsRng, Phone, PhoneBuilder, Profile,
};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

use crate::trace;

/// Sound runs in real time: one live call at a time.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|failed| failed.into_inner())
}

/// A phone of ours. Its runtime turns on threads of its own while a test waits for Python.
pub(crate) struct RustPhone {
    pub(crate) phone: Phone,
    events: Events,
    seen: Vec<Event>,
    /// `None` after a power cut.
    runtime: Option<Runtime>,
    trace: PathBuf,
}

impl RustPhone {
    /// Starts a phone that listens on a free port.
    pub(crate) fn listening(config: Config) -> Self {
        Self::start(|builder| builder.telephone(config).listen("127.0.0.1:0"))
    }

    /// Starts a phone that is connected to a Python peer.
    pub(crate) fn connected_to(peer: &PythonPeer) -> Self {
        let address = format!("127.0.0.1:{}", peer.port());
        Self::start(|builder| builder.connect(address))
    }

    /// Starts a phone that is connected to a Python peer, and whose identity hash lies below or
    /// above the peer's.
    pub(crate) fn on_the_side(peer: &PythonPeer, side: Ordering) -> Self {
        let address = format!("127.0.0.1:{}", peer.port());
        let identity = core::iter::repeat_with(|| Identity::generate(&mut OsRng))
            .find(|identity| identity.hash().0.cmp(&peer.identity()) == side)
            .expect("a hash lies on each side");
        Self::start_as(identity, |builder| builder.connect(address))
    }

    /// Ends the phone as a power cut does: nobody is told.
    pub(crate) fn kill(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    fn start(build: impl FnOnce(PhoneBuilder) -> PhoneBuilder) -> Self {
        Self::start_as(Identity::generate(&mut OsRng), build)
    }

    fn start_as(identity: Identity, build: impl FnOnce(PhoneBuilder) -> PhoneBuilder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime starts");
        let trace = trace::path();
        let builder = build(Phone::builder(identity)).trace(&trace, Payloads::Kept);
        let (phone, events) = runtime.block_on(builder.start()).expect("the phone starts");
        Self { phone, events, seen: Vec::new(), runtime: Some(runtime), trace }
    }

    pub(crate) fn port(&self) -> u16 {
        self.phone.listening()[0].port()
    }

    pub(crate) fn identity(&self) -> [u8; 16] {
        self.phone.identity().0
    }

    pub(crate) fn dial(&self, to: [u8; 16], profile: Profile) -> Call {
        let dialled = self.phone.dial(IdentityHash(to), profile);
        self.block_on(dialled).expect("the line is free")
    }

    pub(crate) fn answer(&self, call: CallId) {
        self.block_on(self.phone.call(call).answer()).expect("the call rings");
    }

    pub(crate) fn hang_up(&self, call: CallId) {
        self.block_on(self.phone.call(call).hang_up()).expect("the call stands");
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime().block_on(work)
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("the phone was not killed")
    }

    /// Waits for the first event from now on of which `wanted` makes something.
    pub(crate) fn expect<T>(&mut self, what: &str, wanted: impl Fn(&CallEvent) -> Option<T>) -> T {
        loop {
            let (runtime, events) = (self.runtime.as_ref(), &mut self.events);
            let next = async { timeout(PATIENCE, events.next()).await };
            let next = runtime.expect("the phone was not killed").block_on(next);
            let Ok(Some(event)) = next else {
                panic!("no {what} within {PATIENCE:?} after {:#?}", self.seen)
            };
            self.seen.push(event);
            if let Event::Call(event) = event {
                if let Some(found) = wanted(&event) {
                    return found;
                }
                assert!(!matches!(event, CallEvent::Ended { .. }), "no {what} but {event:?}");
            }
        }
    }

    pub(crate) fn expect_incoming(&mut self, from: &PythonPeer) -> CallId {
        let (call, who) = self.expect("incoming call", |event| match event {
            CallEvent::Incoming { call, from } => Some((*call, *from)),
            _ => None,
        });
        assert_eq!(who.0, from.identity());
        call
    }

    pub(crate) fn expect_ringing(&mut self) {
        self.expect("ringing", |event| matches!(event, CallEvent::Ringing { .. }).then_some(()));
    }

    pub(crate) fn expect_established(&mut self) -> Profile {
        self.expect("established call", |event| match event {
            CallEvent::Established { profile, .. } => Some(*profile),
            _ => None,
        })
    }

    /// Waits for the peer's switch to a profile.
    pub(crate) fn expect_profile(&mut self, profile: Profile, by: Side) {
        self.expect("profile switch", |event| match event {
            CallEvent::ProfileChanged { profile: now, by: who, .. } => {
                ((*now, *who) == (profile, by)).then_some(())
            }
            _ => None,
        });
    }

    /// Waits for a switch to a mode.
    pub(crate) fn expect_mode(&mut self, mode: Mode, by: Side) {
        self.expect("mode switch", |event| match event {
            CallEvent::ModeChanged { mode: now, by: who, .. } => {
                ((*now, *who) == (mode, by)).then_some(())
            }
            _ => None,
        });
    }

    pub(crate) fn expect_end(&mut self) -> EndReason {
        self.expect("end", |event| match event {
            CallEvent::Ended { reason, .. } => Some(*reason),
            _ => None,
        })
    }

    /// Speaks a recording and then silence into the microphone, from now on.
    pub(crate) fn speak(&self, recording: &Recording) -> JoinHandle<()> {
        let pcm = at_48_khz(recording);
        let phone = self.phone.clone();
        self.runtime().spawn(async move {
            let mut microphone = phone.microphone().await.expect("the phone runs");
            let mut clock = interval(Duration::from_millis(20));
            let silence = [0.0; BLOCK_SAMPLES];
            for block in pcm.chunks(BLOCK_SAMPLES).chain(core::iter::repeat(&silence[..])) {
                clock.tick().await;
                if !microphone.write(block).await {
                    return;
                }
            }
        })
    }

    /// Writes down what the speaker plays, from now until the phone shuts down.
    pub(crate) fn listen(&self) -> Heard {
        let heard = Heard::default();
        let (phone, samples) = (self.phone.clone(), heard.0.clone());
        let speaker = self.block_on(phone.speaker());
        let mut speaker = speaker.expect("the phone runs");
        self.runtime().spawn(async move {
            while let Some(pcm) = speaker.read().await {
                let to_i16 = |sample: &f32| (sample * 32_767.0) as i16;
                samples.lock().expect("nobody panicked").extend(pcm.iter().map(to_i16));
            }
        });
        heard
    }
}

impl Drop for RustPhone {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(self.phone.shutdown());
            trace::finish(&self.trace);
        }
    }
}

/// What our speaker played, at 48 kHz.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<i16>>>);

impl Heard {
    pub(crate) fn compare(&self, spoken: &Recording) -> Verdict {
        let samples = self.0.lock().expect("nobody panicked").clone();
        let heard = Pcm { samples: &samples, rate_hz: 48_000 };
        correlation(spoken.pcm(), heard, MAX_LAG).expect("speech was heard")
    }
}

pub(crate) fn python(test: &str) -> Builder {
    PythonPeer::builder(test, "python")
}

pub(crate) fn speech() -> Recording {
    Recording::read(Path::new(SPEECH))
}

/// What Python heard, compared with the speech.
pub(crate) fn python_heard(peer: &mut PythonPeer) -> Verdict {
    let heard = peer.heard();
    correlation(speech().pcm(), heard.pcm(), MAX_LAG).expect("speech was heard")
}

/// Lets both sides speak until the speech is over, and counts the media of the first 2 s.
pub(crate) fn talk(python: &mut PythonPeer) {
    let counted = Duration::from_secs(2);
    let before = python.stats();
    thread::sleep(counted);
    let after = python.stats();
    assert!(after.media_rx - before.media_rx >= 30, "{before:?} {after:?}");
    assert!(after.media_tx - before.media_tx >= 30, "{before:?} {after:?}");
    thread::sleep(SPEAKING - counted);
}

/// Checks that a call at Medium Quality carried the speech both ways, with these signals.
pub(crate) fn check_speech_call(python: &mut PythonPeer, heard: &Heard, signals: [&str; 7]) {
    let (python_heard, rust_heard) = (python_heard(python), heard.compare(&speech()));
    println!("python heard {python_heard:?}, rust heard {rust_heard:?}");
    assert!(python_heard.correlation >= 0.9, "{python_heard:?}");
    assert!(rust_heard.correlation >= 0.9, "{rust_heard:?}");

    let packets = python.packets();
    assert!(check_wire(&packets, Profile::MediumQuality.byte_ceiling()) >= 100);
    let mut seen = signalling(&packets);
    // The two ESTABLISHED may cross.
    seen[5..].sort();
    assert_eq!(seen, signals);
}

/// The signals that a peer exchanged, in order, as `>` sent and `<` received by it.
pub(crate) fn signalling(packets: &[PacketRecord]) -> Vec<String> {
    let words = |packet: &PacketRecord| {
        let arrow = if packet.direction == Direction::Tx { '>' } else { '<' };
        match packet.kind {
            PacketKind::Signal => Some(format!("{arrow} {:?}", packet.signals)),
            PacketKind::Identify => Some(format!("{arrow} identify")),
            _ => None,
        }
    };
    packets.iter().filter_map(words).collect()
}

/// Checks what every live call must keep to on the wire, and counts our media packets.
pub(crate) fn check_wire(packets: &[PacketRecord], byte_ceiling: usize) -> usize {
    let mut ours = 0;
    for packet in packets {
        assert!(!packet.is_proof(), "a proof: {packet:?}");
        if packet.kind == PacketKind::Media {
            assert_eq!((packet.frames, packet.codec), (1, Some(OPUS)), "{packet:?}");
        }
        if packet.kind == PacketKind::Media && packet.direction == Direction::Rx {
            ours += 1;
            let bytes = packet.bytes.as_ref().expect("it decrypts");
            // {1: bin8}: four bytes before the codec byte.
            let payload = bytes.len() - 5;
            assert!(payload <= byte_ceiling, "{payload} bytes exceed {byte_ceiling}");
        }
    }
    ours
}

fn at_48_khz(recording: &Recording) -> Vec<f32> {
    let pcm = recording.pcm();
    let samples: Vec<f32> =
        pcm.samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    let mut resampler = Resampler::new(pcm.rate_hz, 48_000).expect("a rate that converts");
    let mut converted = Vec::new();
    resampler.push(&samples, &mut converted);
    resampler.flush(&mut converted);
    converted
}

pub(crate) const SPEECH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/speech.wav");
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Before Python's speech begins: its microphone swallows the first 0.36 s at Medium Quality.
pub(crate) const SPEECH_DELAY: Duration = Duration::from_millis(500);
/// The speech, the delay before it, and the largest lag after it.
pub(crate) const SPEAKING: Duration = Duration::from_millis(7_000);
pub(crate) const MAX_LAG: Duration = Duration::from_secs(1);
const OPUS: u8 = 1;
