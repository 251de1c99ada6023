//! An app with a phone, as tests drive it on any runtime.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

pub(crate) mod names;
pub(crate) mod relay;
pub(crate) mod sound;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use futures_lite::future::or;
use lxst_phone::reticulum::Config as EndpointConfig;
use lxst_phone::{
    Call, CallError, CallId, CallState, CallerLimits, Callers, Counters, EndReason, Event, Events,
    Identity, IdentityHash, Interface, OsRng, Phone, PhoneBuilder, Profile, Role, Settings,
    Sockets, StackSettings,
};
use lxst_smol::Smol;
use lxst_tokio::Tokio;
use socket2::{Domain, Socket, Type};

/// Makes of each `async fn name(rt: R)` the test `each_runtime::name`, which is on every runtime at
/// once: these tests wait for most of their time.
#[allow(unused_macros, reason = "each test binary uses its part")]
macro_rules! on_each_runtime {
    ($($test:ident),+ $(,)?) => {
        mod each_runtime {
            $(#[test]
            fn $test() {
                use crate::support::TestRuntime as _;
                std::thread::scope(|scope| {
                    // A panic tells the name of its thread.
                    let on = |name: &str| std::thread::Builder::new().name(name.to_owned());
                    let smol = || lxst_smol::Smol::block_on(super::$test(lxst_smol::Smol));
                    let tokio = || lxst_tokio::Tokio::block_on(super::$test(lxst_tokio::Tokio));
                    on("smol").spawn_scoped(scope, smol).unwrap();
                    on("tokio").spawn_scoped(scope, tokio).unwrap();
                });
            })+
        }
    };
}

/// A runtime that can run a whole test.
pub(crate) trait TestRuntime: Sockets {
    fn block_on<T>(test: impl Future<Output = T>) -> T;
}

impl TestRuntime for Tokio {
    fn block_on<T>(test: impl Future<Output = T>) -> T {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().unwrap().block_on(test)
    }
}

impl TestRuntime for Smol {
    fn block_on<T>(test: impl Future<Output = T>) -> T {
        smol::block_on(test)
    }
}

/// How long anything may take that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An app: its phone, and the events that it reads.
pub(crate) struct App<R> {
    pub(crate) rt: R,
    pub(crate) phone: Phone,
    pub(crate) events: Events,
}

impl<R: TestRuntime> App<R> {
    pub(crate) async fn start(rt: &R, builder: PhoneBuilder<R, impl StackSettings>) -> Self {
        let (phone, events) = builder.start().await.unwrap();
        Self { rt: rt.clone(), phone, events }
    }

    pub(crate) async fn listening(rt: &R) -> Self {
        Self::start(rt, builder().interface(tcp_server())).await
    }

    pub(crate) async fn connected(rt: &R, address: impl Into<String>) -> Self {
        Self::start(rt, builder().interface(Interface::tcp_client(address))).await
    }

    /// Where this phone's first interface listens.
    pub(crate) fn address(&self) -> String {
        self.phone.listening()[0].to_string()
    }

    pub(crate) fn identity(&self) -> IdentityHash {
        self.phone.identity()
    }

    /// Dials in the default profile.
    pub(crate) async fn dial(&self, to: IdentityHash) -> Call {
        self.phone.dial(to, Profile::MediumQuality).await.unwrap()
    }

    /// Waits for an event; announces are passed over.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let found = async {
            loop {
                let event = self.events.next().await.expect("the phone runs");
                if !matches!(event, Event::Announced { .. }) && wanted(&event) {
                    return event;
                }
            }
        };
        within(&self.rt, "the event comes", found).await
    }

    pub(crate) async fn incoming(&mut self) -> Call {
        match self.until(|event| matches!(event, Event::Incoming { .. })).await {
            Event::Incoming { call, .. } => self.phone.call(call),
            other => unreachable!("{other:?}"),
        }
    }

    /// Waits until the app is asked about a caller.
    pub(crate) async fn screening(&mut self) -> Call {
        match self.until(|event| matches!(event, Event::Screening { .. })).await {
            Event::Screening { call, .. } => self.phone.call(call),
            other => unreachable!("{other:?}"),
        }
    }

    /// Waits until a caller is turned away, and checks who it is.
    pub(crate) async fn turned_away(&mut self, who: IdentityHash) {
        match self.until(|event| matches!(event, Event::CallerTurnedAway { .. })).await {
            Event::CallerTurnedAway { from } => assert_eq!(from, who),
            other => unreachable!("{other:?}"),
        }
    }

    pub(crate) async fn established(&mut self) {
        self.until(|event| matches!(event, Event::Established { .. })).await;
    }

    pub(crate) async fn end(&mut self) -> EndReason {
        self.ended().await.1
    }

    pub(crate) async fn ended(&mut self) -> (CallId, EndReason) {
        match self.until(|event| matches!(event, Event::Ended { .. })).await {
            Event::Ended { call, reason } => (call, reason),
            other => unreachable!("{other:?}"),
        }
    }

    /// All that is still told, announces left out, until the phone has nothing more to tell.
    pub(crate) async fn rest(&mut self) -> Vec<Event> {
        let rest = async {
            let mut rest = Vec::new();
            while let Some(event) = self.events.next().await {
                if !matches!(event, Event::Announced { .. }) {
                    rest.push(event);
                }
            }
            rest
        };
        within(&self.rt, "the events end", rest).await
    }

    /// Waits until the phone stands so.
    pub(crate) async fn until_state(&self, is_so: impl Fn(&lxst_phone::State) -> bool) {
        let mut watch = self.phone.watch();
        let changed = async {
            let mut state = watch.state();
            while !is_so(&state) {
                state = watch.changed().await.expect("the phone runs");
            }
        };
        within(&self.rt, "the phone comes to stand so", changed).await;
    }

    pub(crate) async fn until_connected(&self) {
        self.until_state(|state| state.connections > 0).await;
    }

    pub(crate) fn call_state(&self) -> CallState {
        self.phone.state().call.map_or(CallState::Idle, |call| call.state)
    }

    pub(crate) async fn counters(&self) -> Counters {
        self.phone.counters().await.unwrap()
    }

    pub(crate) async fn shutdown(&self) {
        within(&self.rt, "the phone shuts down", self.phone.shutdown()).await;
    }
}

/// Waits for something, but not for ever.
pub(crate) async fn within<R: TestRuntime, T>(
    rt: &R,
    what: &str,
    work: impl Future<Output = T>,
) -> T {
    let done = async { Some(work.await) };
    let late = async {
        pause(rt, PATIENCE).await;
        None
    };
    or(done, late).await.unwrap_or_else(|| panic!("it did not come to pass that {what}"))
}

pub(crate) async fn pause<R: TestRuntime>(rt: &R, time: Duration) {
    rt.sleep_until(rt.now() + time).await;
}

/// Waits for what nothing tells.
pub(crate) async fn eventually<R: TestRuntime>(rt: &R, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            pause(rt, Duration::from_millis(2)).await;
        }
    };
    within(rt, "it is so", wait).await;
}

/// Runs a task, whose result can be waited for.
pub(crate) fn spawn<R: TestRuntime, T: Send + 'static>(
    rt: &R,
    work: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> {
    let (sender, result) = async_channel::bounded(1);
    rt.spawn(async move {
        // The test may have failed meanwhile.
        let _ = sender.try_send(work.await);
    });
    async move { result.recv().await.expect("the task does not panic") }
}

/// A phone that anybody may call at any rate, and that soon gives up to search a path.
pub(crate) fn builder<R: TestRuntime>() -> PhoneBuilder<R> {
    of(Identity::generate(&mut OsRng))
}

pub(crate) fn of<R: TestRuntime>(identity: Identity) -> PhoneBuilder<R> {
    PhoneBuilder::new(identity).settings(settings())
}

pub(crate) fn settings() -> Settings {
    let limits =
        CallerLimits { one_caller: u16::MAX, strangers: u16::MAX, ..CallerLimits::default() };
    Settings::default().callers(Callers::all().limits(limits))
}

pub(crate) fn automatic() -> Settings {
    settings().auto_answer(true)
}

/// An endpoint that gives up soon.
pub(crate) fn impatient() -> EndpointConfig {
    EndpointConfig::default().path_search(Duration::from_millis(300))
}

pub(crate) fn tcp_server<R: TestRuntime>() -> Interface<R> {
    Interface::tcp_server("127.0.0.1:0")
}

pub(crate) fn nobody() -> IdentityHash {
    Identity::generate(&mut OsRng).hash()
}

/// An address on which nobody listens until the test does.
pub(crate) struct Vacant {
    address: String,
    /// Keeps other tests off the port. On Linux a server may share it with a socket that does not
    /// listen.
    _keeper: Option<Socket>,
}

impl Vacant {
    pub(crate) fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap().to_string();
        Self { address, _keeper: cfg!(target_os = "linux").then_some(socket) }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

/// A caller that is connected to a callee.
pub(crate) async fn pair<R: TestRuntime>(rt: &R) -> (App<R>, App<R>) {
    pair_of(rt, builder(), builder()).await
}

/// As [`pair`], of two phones with settings.
pub(crate) async fn pair_of<R: TestRuntime>(
    rt: &R,
    caller: PhoneBuilder<R>,
    callee: PhoneBuilder<R>,
) -> (App<R>, App<R>) {
    let callee = App::start(rt, callee.interface(tcp_server())).await;
    let caller = caller.interface(Interface::tcp_client(callee.address()));
    (App::start(rt, caller).await, callee)
}

/// Dials until it rings on both sides, and gives the two sides' handles to the call.
pub(crate) async fn ring<R: TestRuntime>(caller: &mut App<R>, callee: &mut App<R>) -> (Call, Call) {
    let outgoing = caller.dial(callee.identity()).await;
    let incoming = callee.incoming().await;
    caller.until(|event| matches!(event, Event::Ringing { .. })).await;
    (outgoing, incoming)
}

/// Brings up a call.
pub(crate) async fn establish<R: TestRuntime>(
    caller: &mut App<R>,
    callee: &mut App<R>,
) -> (Call, Call) {
    let (outgoing, incoming) = ring(caller, callee).await;
    incoming.answer().await.unwrap();
    callee.established().await;
    caller.established().await;
    (outgoing, incoming)
}

/// Hangs up, sees both sides end, and ends the phones.
pub(crate) async fn finish<R: TestRuntime>(call: Call, mut near: App<R>, mut far: App<R>) {
    call.hang_up().await.unwrap();
    assert_eq!(near.end().await, EndReason::LocalHangup);
    assert_eq!(far.end().await, EndReason::RemoteHangup);
    near.shutdown().await;
    far.shutdown().await;
}

/// That a call is over is what all of its handle's requests are refused with.
pub(crate) fn is_over(result: Result<(), CallError>) -> bool {
    result == Err(CallError::Refused(lxst_phone::InputError::UnknownCall))
}

pub(crate) fn role<R: TestRuntime>(app: &App<R>) -> Option<Role> {
    app.phone.state().call.map(|call| call.role)
}

/// What stands in a frame of HDLC for these bytes.
pub(crate) fn escaped(bytes: &[u8]) -> Vec<u8> {
    let escape = |byte: &u8| match byte {
        0x7d | 0x7e => vec![0x7d, byte ^ 0x20],
        _ => vec![*byte],
    };
    bytes.iter().flat_map(escape).collect()
}
