//! Phones whose links come from the app's own Reticulum stack: here, a table.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use lxst_core::wire::{MAX_SIGNALS, Packet, Signal, encode_signals};
use lxst_core::{CallState, Destination, LinkClosed, LinkEvent, LinkFailed, LinkId, LinkRequest};
use lxst_phone::{
    AudioFormat, EndReason, IdentityHash, LinkCommand, LinkPort, LinkReporter, PhoneBuilder,
    Profile, Settings,
};

use crate::support::sound::{hear, speak};
use crate::support::{
    App, TestRuntime, establish, eventually, finish, nobody, settings, spawn, within,
};

on_each_runtime!(
    a_call_with_sound_goes_over_the_apps_own_stack,
    either_side_hangs_up_and_the_next_call_works,
    a_stack_that_knows_no_path_says_so,
    a_call_ends_when_the_stack_loses_its_link,
    a_phone_on_another_stack_shuts_down_and_its_port_ends,
    a_stack_that_is_gone_keeps_nobody_waiting,
    a_network_that_comes_up_is_announced_on,
    a_flood_of_reports_keeps_nobody_waiting,
    media_that_a_stalled_stack_does_not_take_is_dropped_and_counted,
    keys_in_hardware_are_asked_by_the_stack_and_the_phone_has_their_hash,
    commands_reach_each_of_several_tasks_that_wait,
);

async fn a_call_with_sound_goes_over_the_apps_own_stack<R: TestRuntime>(rt: R) {
    let network = Network::default();
    let (mut caller, mut callee) = (network.phone(&rt).await, network.phone(&rt).await);
    let (call, _) = establish(&mut caller, &mut callee).await;
    let source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let speaking = spawn(&rt, speak::<i16>(source, AudioFormat::PHONE, 960));
    let mut sink = callee.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    hear::<R, i16>(&rt, &mut sink, 960).await;
    assert!(caller.counters().await.endpoint.is_none());
    assert!(caller.counters().await.telephone.media_packets_sent > 0);
    finish(call, caller, callee).await;
    within(&rt, "the speaker is told", speaking).await;
}

async fn either_side_hangs_up_and_the_next_call_works<R: TestRuntime>(rt: R) {
    let network = Network::default();
    let (mut caller, mut callee) = (network.phone(&rt).await, network.phone(&rt).await);
    for n in 0..4 {
        let (outgoing, incoming) = establish(&mut caller, &mut callee).await;
        let ends = (EndReason::LocalHangup, EndReason::RemoteHangup);
        if n % 2 == 0 {
            outgoing.hang_up().await.unwrap();
            assert_eq!((caller.end().await, callee.end().await), ends);
        } else {
            incoming.hang_up().await.unwrap();
            assert_eq!((callee.end().await, caller.end().await), ends);
        }
        std::mem::swap(&mut caller, &mut callee);
    }
    caller.shutdown().await;
    callee.shutdown().await;
    // The stack takes its time.
    eventually(&rt, async || network.links() == 0).await;
}

async fn a_stack_that_knows_no_path_says_so<R: TestRuntime>(rt: R) {
    let network = Network::default();
    let mut caller = network.phone(&rt).await;
    let call = caller.dial(nobody()).await;
    assert_eq!(caller.ended().await, (call.id(), EndReason::NoPath));
    caller.shutdown().await;
}

async fn a_call_ends_when_the_stack_loses_its_link<R: TestRuntime>(rt: R) {
    let network = Network::default();
    let (mut caller, mut callee) = (network.phone(&rt).await, network.phone(&rt).await);
    for (end, reason) in [
        (LinkClosed::Interface, EndReason::LinkLost),
        (LinkClosed::Timeout, EndReason::LinkLost),
        (LinkClosed::Peer, EndReason::RemoteHangup),
    ] {
        establish(&mut caller, &mut callee).await;
        network.cut(end).await;
        assert_eq!((caller.end().await, callee.end().await), (reason, reason), "{end:?}");
    }
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_phone_on_another_stack_shuts_down_and_its_port_ends<R: TestRuntime>(rt: R) {
    let network = Network::default();
    let (mut caller, mut callee) = (network.phone(&rt).await, network.phone(&rt).await);
    establish(&mut caller, &mut callee).await;
    caller.shutdown().await;
    assert_eq!(callee.end().await, EndReason::RemoteHangup);
    callee.shutdown().await;
    let served = async {
        for served in network.served() {
            // The task that serves a port ends with it.
            served.recv().await.unwrap_err();
        }
    };
    within(&rt, "the ports end", served).await;
    let reporter = network.reporter(caller.identity());
    within(&rt, "nobody waits for a report", reporter.network_up()).await;
}

async fn a_stack_that_is_gone_keeps_nobody_waiting<R: TestRuntime>(rt: R) {
    let (builder, port) = PhoneBuilder::<R, _>::on_links(nobody());
    drop(port);
    let mut alone = App::start(&rt, builder).await;
    let call = alone.phone.dial(nobody(), Profile::MediumQuality).await.unwrap();
    assert_eq!(alone.call_state(), CallState::Calling);
    call.hang_up().await.unwrap();
    assert_eq!(alone.end().await, EndReason::Cancelled);
    alone.shutdown().await;
}

async fn a_network_that_comes_up_is_announced_on<R: TestRuntime>(rt: R) {
    let (builder, port) = PhoneBuilder::<R, _>::on_links(nobody());
    let alone = App::start(&rt, builder).await;
    port.reporter().network_up().await;
    let announced = async {
        while let Some(command) = port.next().await {
            if command == (LinkCommand::Announce { name: None }) {
                return;
            }
        }
        panic!("the phone runs");
    };
    within(&rt, "the phone announces itself", announced).await;
    alone.shutdown().await;
    within(&rt, "the port ends", async { while port.next().await.is_some() {} }).await;
}

async fn a_flood_of_reports_keeps_nobody_waiting<R: TestRuntime>(rt: R) {
    let network = Network::default();
    let (mut caller, mut callee) = (network.phone(&rt).await, network.phone(&rt).await);
    let reporter = network.reporter(callee.identity());
    let is_enough = Arc::new(Mutex::new(false));
    let floods: Vec<_> = (0..2)
        .map(|_| {
            let (reporter, is_enough) = (reporter.clone(), is_enough.clone());
            std::thread::spawn(move || {
                while !*is_enough.lock().unwrap() {
                    reporter.event_blocking(LinkId(0), LinkEvent::Heard);
                }
            })
        })
        .collect();
    let (call, _) = establish(&mut caller, &mut callee).await;
    for _ in 0..100 {
        within(&rt, "requests are answered", callee.counters()).await;
    }
    finish(call, caller, callee).await;
    *is_enough.lock().unwrap() = true;
    for flood in floods {
        flood.join().unwrap();
    }
}

async fn media_that_a_stalled_stack_does_not_take_is_dropped_and_counted<R: TestRuntime>(rt: R) {
    let network = Network::default();
    let (mut caller, mut callee) = (network.phone(&rt).await, network.phone(&rt).await);
    let (call, _) = establish(&mut caller, &mut callee).await;
    assert_eq!(caller.counters().await.links.unwrap().media_dropped, 0);
    let source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let speaking = spawn(&rt, speak::<i16>(source, AudioFormat::PHONE, 960));
    let stall = network.stall();
    eventually(&rt, async || caller.counters().await.links.unwrap().media_dropped > 3).await;
    // What waits behind the stall is fresh, and signals are all there.
    drop(stall);
    let mut sink = callee.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    hear::<R, i16>(&rt, &mut sink, 960).await;
    finish(call, caller, callee).await;
    within(&rt, "the speaker is told", speaking).await;
}

async fn keys_in_hardware_are_asked_by_the_stack_and_the_phone_has_their_hash<R: TestRuntime>(
    rt: R,
) {
    let network = Network::default();
    let (mut caller, mut callee) = (network.phone(&rt).await, network.phone(&rt).await);
    let (call, _) = establish(&mut caller, &mut callee).await;
    // The caller proved who it is, and the callee was asked for nothing.
    let proofs = |of: IdentityHash| network.0.lock().unwrap().proofs.get(&of).copied();
    assert_eq!(proofs(caller.identity()), Some(1));
    assert_eq!(proofs(callee.identity()), None);
    finish(call, caller, callee).await;
}

async fn commands_reach_each_of_several_tasks_that_wait<R: TestRuntime>(rt: R) {
    let (builder, port) = PhoneBuilder::<R, _>::on_links(nobody());
    let alone = App::start(&rt, builder).await;
    let port = Arc::new(port);
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let port = port.clone();
            spawn(&rt, async move { port.next().await.is_some() })
        })
        .collect();
    let call = alone.phone.dial(nobody(), Profile::MediumQuality).await.unwrap();
    call.hang_up().await.unwrap();
    port.reporter().network_up().await;
    for waiting in waiting {
        assert!(within(&rt, "a command comes", waiting).await);
    }
    alone.shutdown().await;
}

/// A Reticulum of a few phones.
#[derive(Clone, Default)]
pub(crate) struct Network(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    /// Whoever prefers a profile is heard to prefer another.
    wishes: BTreeMap<IdentityHash, Profile>,
    phones: BTreeMap<IdentityHash, LinkReporter>,
    /// The other end of each end of a link.
    ends: BTreeMap<End, End>,
    served: Vec<async_channel::Receiver<()>>,
    /// Until its sender is gone, no command is done.
    stall: Option<async_channel::Receiver<()>>,
    /// How often a key was asked to prove an identity.
    proofs: BTreeMap<IdentityHash, u32>,
}

type End = (IdentityHash, LinkId);

impl Network {
    /// A phone on this network.
    pub(crate) async fn phone<R: TestRuntime>(&self, rt: &R) -> App<R> {
        self.phone_with(rt, settings()).await
    }

    /// As [`phone`](Self::phone), of other settings.
    pub(crate) async fn phone_with<R: TestRuntime>(&self, rt: &R, settings: Settings) -> App<R> {
        let identity = nobody();
        let (builder, port) = PhoneBuilder::<R, _>::on_links(identity);
        let app = App::start(rt, builder.settings(settings)).await;
        assert_eq!(app.identity(), identity);
        let (serving, served) = async_channel::bounded(1);
        {
            let mut table = self.0.lock().unwrap();
            table.phones.insert(identity, port.reporter());
            table.served.push(served);
        }
        let network = self.clone();
        rt.spawn(async move {
            network.serve(identity, &port).await;
            drop(serving);
        });
        self.reporter(identity).network_up().await;
        app
    }

    async fn serve(&self, identity: IdentityHash, port: &LinkPort) {
        while let Some(command) = port.next().await {
            let stall = self.0.lock().unwrap().stall.clone();
            if let Some(stall) = stall {
                stall.recv().await.unwrap_err();
            }
            match command {
                LinkCommand::Link { link, request: LinkRequest::Open(to) } => {
                    self.open((identity, link), to.identity).await;
                }
                LinkCommand::Link { link, request: LinkRequest::Identify } => {
                    *self.0.lock().unwrap().proofs.entry(identity).or_default() += 1;
                    self.report((identity, link), LinkEvent::Identified(identity)).await;
                }
                LinkCommand::Link { link, request: LinkRequest::Close } => {
                    self.report((identity, link), LinkEvent::Closed(LinkClosed::Peer)).await;
                    self.forget((identity, link));
                }
                LinkCommand::Send { link, data, .. } => {
                    let far = self.0.lock().unwrap().ends.get(&(identity, link)).copied();
                    if let Some((far, link)) = far {
                        let wish = self.0.lock().unwrap().wishes.get(&identity).copied();
                        let data = wish.map_or(data.clone(), |wish| wishing(&data, wish));
                        self.reporter(far).packet(link, data).await;
                    }
                }
                _ => {}
            }
        }
    }

    async fn open(&self, near: End, to: IdentityHash) {
        let to_phone = self.0.lock().unwrap().phones.get(&to).cloned();
        let Some(phone) = to_phone else {
            let failed = LinkEvent::Failed(LinkFailed::NoPath);
            return self.reporter(near.0).event(near.1, failed).await;
        };
        let far = (to, phone.incoming());
        self.0.lock().unwrap().ends.extend([(near, far), (far, near)]);
        let (rtt, mdu) = (None, None);
        phone.event(far.1, LinkEvent::Incoming { on: Destination::telephony(to), rtt, mdu }).await;
        self.reporter(near.0).event(near.1, LinkEvent::Up { rtt, mdu }).await;
    }

    /// Tells the other end.
    async fn report(&self, near: End, event: LinkEvent) {
        let far = self.0.lock().unwrap().ends.get(&near).copied();
        if let Some((far, link)) = far {
            self.reporter(far).event(link, event).await;
        }
    }

    fn forget(&self, near: End) {
        let mut table = self.0.lock().unwrap();
        if let Some(far) = table.ends.remove(&near) {
            table.ends.remove(&far);
        }
    }

    /// Whatever profile this phone prefers from here on, its peers hear that it prefers `wish`.
    #[cfg(not(any(feature = "codec2", feature = "codec2-system")))]
    pub(crate) fn wish(&self, of: IdentityHash, wish: Profile) {
        self.0.lock().unwrap().wishes.insert(of, wish);
    }

    /// Does no command until what is returned is dropped.
    fn stall(&self) -> async_channel::Sender<()> {
        let (stalled, stall) = async_channel::bounded(1);
        self.0.lock().unwrap().stall = Some(stall);
        stalled
    }

    /// Loses every link.
    async fn cut(&self, end: LinkClosed) {
        let ends = std::mem::take(&mut self.0.lock().unwrap().ends);
        for (identity, link) in ends.into_keys() {
            self.reporter(identity).event(link, LinkEvent::Closed(end)).await;
        }
    }

    fn links(&self) -> usize {
        self.0.lock().unwrap().ends.len()
    }

    fn reporter(&self, identity: IdentityHash) -> LinkReporter {
        self.0.lock().unwrap().phones[&identity].clone()
    }

    fn served(&self) -> Vec<async_channel::Receiver<()>> {
        self.0.lock().unwrap().served.clone()
    }
}

/// What a phone says, with another profile than it prefers.
fn wishing(data: &Bytes, wish: Profile) -> Bytes {
    let packet = Packet::parse(data).unwrap();
    let signals: Vec<Signal> = packet
        .signals()
        .map(|signal| match signal {
            Signal::PreferredProfile(_) => Signal::PreferredProfile(wish.id().into()),
            other => other,
        })
        .collect();
    if signals.is_empty() {
        return data.clone();
    }
    let mut encoded = [0; 5 * MAX_SIGNALS];
    let length = encode_signals(&signals, &mut encoded).unwrap();
    Bytes::copy_from_slice(&encoded[..length])
}
