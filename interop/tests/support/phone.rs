//! Our phone with a blocking interface for the live tests, beside a Python peer.

use core::cmp::Ordering;
use core::time::Duration;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use lxst_core::{Boundary, Output, Side, StreamChange};
use lxst_interop::{IdentityHash as Hash, PythonPeer, Rnsd, SharedInstance, lateness};
use lxst_phone::rooms::{PagerConfig, StationConfig};
use lxst_phone::trace::Payloads;
use lxst_phone::{
    Call, CallId, CodecSettings, Destinations, EndReason, Event, Events, Identity, IdentityHash,
    Ifac, Interface, Mode, OsRng, Pager, PagerBuilder, PagerEvents, Phone, PhoneBuilder, Profile,
    ProfileChoice, Radio, RadioBuilder, RadioEvents, Settings, StartError, Station, StationBuilder,
    StationEvents, Tap,
};
use lxst_smol::Smol;
use lxst_tokio::Tokio;
use smol::Timer;
use smol::future::{or, poll_once};
use tokio::runtime::{Builder as TokioBuilder, Runtime as TokioRuntime};

use super::scene::{Runtime, Scene};
use super::trace;

/// A phone of ours. It runs on threads of its runtime while a test waits for Python.
#[derive(Debug)]
pub(crate) struct RustPhone {
    pub(crate) phone: Phone,
    pub(crate) destinations: Destinations,
    events: Events,
    seen: Vec<Event>,
    streams_opened: Arc<AtomicUsize>,
    /// `None` on smol, whose executor is global, and after a power cut.
    tokio: Option<TokioRuntime>,
    trace: Option<PathBuf>,
}

/// An interface for the runtime of a scene.
#[derive(Debug)]
pub(crate) struct OnEither {
    pub(crate) tokio: Interface<Tokio>,
    pub(crate) smol: Interface<Smol>,
}

impl OnEither {
    pub(crate) fn with_ifac(self, ifac: Ifac) -> Self {
        Self { tokio: self.tokio.with_ifac(ifac), smol: self.smol.with_ifac(ifac) }
    }
}

/// Makes an interface for each runtime.
macro_rules! on_either {
    ($interface:expr) => {
        $crate::support::phone::OnEither { tokio: $interface, smol: $interface }
    };
}
pub(crate) use on_either;

/// The settings of a phone.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) identity: Identity,
    pub(crate) settings: Settings,
    pub(crate) lines: Lines,
    pub(crate) codecs: CodecSettings,
    pub(crate) interface: OnEither,
    /// An interface that is open while the other has trouble.
    pub(crate) backup: Option<OnEither>,
}

/// How many calls a phone holds at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lines {
    One,
    Two,
}

impl Scene {
    /// Starts a phone that listens on a free port.
    pub(crate) fn listening(&self) -> RustPhone {
        self.listening_as(Settings::default())
    }

    pub(crate) fn listening_as(&self, settings: Settings) -> RustPhone {
        let interface = on_either!(Interface::tcp_server("127.0.0.1:0"));
        self.start(Setup { settings, ..Setup::on(interface) })
    }

    /// Starts a phone that is connected to a Python peer.
    pub(crate) fn connected_to(&self, peer: &PythonPeer) -> RustPhone {
        self.connected(tcp_client(peer.port()))
    }

    /// Starts a phone on an interface, and waits until it is connected.
    pub(crate) fn connected(&self, interface: OnEither) -> RustPhone {
        self.connected_as(Setup::on(interface))
    }

    pub(crate) fn connected_as(&self, setup: Setup) -> RustPhone {
        let phone = self.start(setup);
        phone.await_connections(1);
        phone
    }

    pub(crate) fn start(&self, setup: Setup) -> RustPhone {
        let path = trace::make_room(self.next_trace());
        let streams_opened = Arc::<AtomicUsize>::default();
        let tap = count_streams(streams_opened.clone());
        let lines = setup.lines;
        let ((phone, events), destinations, tokio) = match self.runtime {
            Runtime::Tokio => {
                let tokio = TokioBuilder::new_multi_thread().worker_threads(1).enable_all().build();
                let tokio = tokio.expect("a runtime starts");
                let interfaces = setup.interfaces(|either| either.tokio.clone());
                let builder: PhoneBuilder<Tokio> = setup.builder(interfaces).tap(tap);
                let destinations = builder.destinations();
                let builder = builder.trace(&path, Payloads::Kept);
                let started = tokio.block_on(lines.start(builder));
                (started.expect("the phone starts"), destinations, Some(tokio))
            }
            Runtime::Smol => {
                let interfaces = setup.interfaces(|either| either.smol.clone());
                let builder: PhoneBuilder<Smol> = setup.builder(interfaces).tap(tap);
                let destinations = builder.destinations();
                let builder = builder.trace(&path, Payloads::Kept);
                let started = smol::block_on(lines.start(builder));
                (started.expect("the phone starts"), destinations, None)
            }
        };
        let (seen, trace) = (Vec::new(), Some(path));
        RustPhone { phone, destinations, events, seen, streams_opened, tokio, trace }
    }
}

impl Setup {
    pub(crate) fn on(interface: OnEither) -> Self {
        let identity = Identity::generate(&mut OsRng);
        let (settings, codecs) = (Settings::default(), CodecSettings::new());
        Self { identity, settings, lines: Lines::One, codecs, interface, backup: None }
    }

    /// Chooses an identity whose hash is below or above the peer's.
    pub(crate) fn on_the_side(peer: &PythonPeer, side: Ordering) -> Self {
        let identity = core::iter::repeat_with(|| Identity::generate(&mut OsRng))
            .find(|identity| identity.hash().0.cmp(&peer.identity()) == side)
            .expect("a hash lies on each side");
        Self { identity, ..Self::on(tcp_client(peer.port())) }
    }

    fn interfaces<R: lxst_phone::Runtime>(
        &self,
        of: impl Fn(&OnEither) -> Interface<R>,
    ) -> Vec<Interface<R>> {
        let backup = self.backup.as_ref().map(|backup| of(backup).as_backup());
        [of(&self.interface)].into_iter().chain(backup).collect()
    }

    fn builder<R: lxst_phone::Runtime>(self, interfaces: Vec<Interface<R>>) -> PhoneBuilder<R> {
        let builder = PhoneBuilder::new(self.identity).settings(self.settings).codecs(self.codecs);
        interfaces.into_iter().fold(builder, PhoneBuilder::interface)
    }
}

impl Lines {
    async fn start<R: lxst_phone::Runtime>(
        self,
        builder: PhoneBuilder<R>,
    ) -> Result<(Phone, Events), StartError> {
        match self {
            Self::One => builder.start().await,
            Self::Two => builder.start_with_lines::<2>().await,
        }
    }
}

fn count_streams(opened: Arc<AtomicUsize>) -> Tap {
    Tap::new(move |_, boundary| {
        if let Boundary::Out(Output::Stream { change: StreamChange::Opened, .. }) = boundary {
            opened.fetch_add(1, Relaxed);
        }
    })
}

pub(crate) fn tcp_client(port: u16) -> OnEither {
    on_either!(Interface::tcp_client(format!("127.0.0.1:{port}")))
}

/// Attaches to the shared instance of an rnsd.
pub(crate) fn attached(rnsd: &Rnsd) -> OnEither {
    match rnsd.shared_instance() {
        SharedInstance::Unix { name } => on_either!(Interface::named_shared_instance(name)),
        SharedInstance::Tcp { port, .. } => on_either!(Interface::shared_instance_on(*port)),
    }
}

impl RustPhone {
    /// Starts a radio on the phone's runtime.
    pub(crate) fn radio(&self) -> (Radio, RadioEvents) {
        let started = match &self.tokio {
            Some(tokio) => {
                let _runtime = tokio.enter();
                RadioBuilder::<Tokio>::new().start()
            }
            None => RadioBuilder::<Smol>::new().start(),
        };
        started.expect("the radio starts")
    }

    /// Starts a pager on a radio.
    pub(crate) fn pager(&self, config: PagerConfig, radio: &Radio) -> (Pager, PagerEvents) {
        let started = match &self.tokio {
            Some(tokio) => {
                tokio.block_on(PagerBuilder::<Tokio>::new(config).start(&self.destinations, radio))
            }
            None => {
                smol::block_on(PagerBuilder::<Smol>::new(config).start(&self.destinations, radio))
            }
        };
        started.expect("the pager starts")
    }

    /// Starts a station.
    pub(crate) fn station(&self, config: StationConfig) -> (Station, StationEvents) {
        let started = match &self.tokio {
            Some(tokio) => {
                tokio.block_on(StationBuilder::<Tokio>::new(config).start(&self.destinations))
            }
            None => smol::block_on(StationBuilder::<Smol>::new(config).start(&self.destinations)),
        };
        started.expect("the station starts")
    }

    /// Ends the phone like a power cut, without telling anybody. On tokio only, whose tasks end
    /// with their runtime.
    pub(crate) fn cut_power(mut self) {
        self.trace = None;
        self.tokio.take().expect("smol's tasks cannot be killed").shutdown_background();
    }

    pub(crate) fn port(&self) -> u16 {
        self.phone.listening()[0].port()
    }

    pub(crate) fn identity(&self) -> Hash {
        self.phone.identity().0
    }

    pub(crate) fn dial(&self, to: Hash, profile: impl Into<ProfileChoice>) -> Call {
        let dialled = self.phone.dial(IdentityHash(to), profile);
        self.block_on(dialled).expect("the line is free")
    }

    pub(crate) fn answer(&self, call: CallId) {
        self.block_on(self.phone.call(call).answer()).expect("the call rings");
    }

    pub(crate) fn hang_up(&self, call: CallId) {
        self.block_on(self.phone.call(call).hang_up()).expect("the call stands");
    }

    /// Waits for work while the peer does its part.
    #[track_caller]
    pub(crate) fn await_work<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        within(PATIENCE, work).unwrap_or_else(|| panic!("no {what} within {PATIENCE:?}"))
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        smol::block_on(work)
    }

    /// Waits for this number of network connections.
    pub(crate) fn await_connections(&self, count: usize) {
        let mut watch = self.phone.watch();
        let reached = async {
            while let Some(state) = watch.changed().await {
                if state.connections == count {
                    return true;
                }
            }
            false
        };
        assert_eq!(within(PATIENCE, reached), Some(true), "{:?}", self.phone.state());
    }

    /// Returns the number of packets received on all interfaces.
    pub(crate) fn packets_received(&self) -> u64 {
        let counters = self.block_on(self.phone.counters()).expect("the phone runs");
        counters.endpoint.expect("it has its own endpoint").packets_in
    }

    /// Skips the events so far.
    pub(crate) fn forget(&mut self) {
        while let Some(Some(event)) = smol::block_on(poll_once(self.events.next())) {
            self.seen.push(event);
        }
    }

    /// Waits for the first event from here on for which `wanted` returns a value.
    pub(crate) fn expect<T>(&mut self, what: &str, wanted: impl Fn(&Event) -> Option<T>) -> T {
        self.expect_within(PATIENCE, what, wanted)
    }

    fn expect_within<T>(
        &mut self,
        patience: Duration,
        what: &str,
        wanted: impl Fn(&Event) -> Option<T>,
    ) -> T {
        loop {
            let Some(Some(event)) = within(patience, self.events.next()) else {
                panic!("no {what} within {patience:?} after {:#?}", self.seen)
            };
            self.seen.push(event);
            if let Some(found) = wanted(&event) {
                return found;
            }
            let is_end = matches!(event, Event::Ended { .. });
            assert!(!is_end, "no {what} but {event:?} after {:#?}", self.seen);
        }
    }

    /// Returns all events so far.
    pub(crate) fn told(&mut self) -> &[Event] {
        while let Some(Some(event)) = within(Duration::ZERO, self.events.next()) {
            self.seen.push(event);
        }
        &self.seen
    }

    /// Waits for the announce of a peer. Returns its distance in hops.
    pub(crate) fn expect_announce(&mut self, of: &PythonPeer) -> u8 {
        let of = IdentityHash(of.identity());
        self.expect("announce", |event| match event {
            Event::Announced { identity, hops, .. } if *identity == of => Some(*hops),
            _ => None,
        })
    }

    pub(crate) fn expect_incoming(&mut self, from: &PythonPeer) -> CallId {
        self.expect_call_of(IdentityHash(from.identity()))
    }

    pub(crate) fn expect_call_of(&mut self, caller: IdentityHash) -> CallId {
        let (call, who) = self.expect("incoming call", |event| match event {
            Event::Incoming { call, from } => Some((*call, *from)),
            _ => None,
        });
        assert_eq!(who, caller);
        call
    }

    pub(crate) fn expect_ringing(&mut self) {
        self.expect("ringing", |event| matches!(event, Event::Ringing { .. }).then_some(()));
    }

    pub(crate) fn expect_established(&mut self) -> Profile {
        self.expect_established_within(PATIENCE)
    }

    pub(crate) fn expect_established_within(&mut self, patience: Duration) -> Profile {
        self.expect_within(patience, "established call", |event| match event {
            Event::Established { profile, .. } => Some(*profile),
            _ => None,
        })
    }

    /// Waits for a switch to a profile.
    pub(crate) fn expect_profile(&mut self, profile: Profile, by: Side) {
        self.expect("profile switch", |event| match event {
            Event::ProfileChanged { profile: now, by: who, .. } => {
                ((*now, *who) == (profile, by)).then_some(())
            }
            _ => None,
        });
    }

    /// Waits for a switch to a mode.
    pub(crate) fn expect_mode(&mut self, mode: Mode, by: Side) {
        self.expect("mode switch", |event| match event {
            Event::ModeChanged { mode: now, by: who, .. } => {
                ((*now, *who) == (mode, by)).then_some(())
            }
            _ => None,
        });
    }

    /// Returns how often a direction of audio opened.
    pub(crate) fn streams_opened(&self) -> usize {
        self.streams_opened.load(Relaxed)
    }

    pub(crate) fn expect_end(&mut self) -> EndReason {
        self.expect_end_within(PATIENCE)
    }

    pub(crate) fn expect_end_within(&mut self, patience: Duration) -> EndReason {
        self.expect_within(patience, "end", |event| match event {
            Event::Ended { reason, .. } => Some(*reason),
            _ => None,
        })
    }
}

impl Drop for RustPhone {
    fn drop(&mut self) {
        if let Some(path) = self.trace.take() {
            smol::block_on(self.phone.shutdown());
            trace::finish(&path);
        }
    }
}

/// Waits for work for a time, which is longer on a machine that is late.
fn within<T>(patience: Duration, work: impl Future<Output = T>) -> Option<T> {
    let begun = Instant::now();
    smol::block_on(or(async { Some(work.await) }, async {
        while !lateness::left(begun, patience).is_zero() {
            Timer::after(lateness::left(begun, patience)).await;
        }
        None
    }))
}

/// Longer than each timer of a phone before the call is established.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
