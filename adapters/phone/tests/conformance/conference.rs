//! Calls that hear each other: a room of a phone's lines, and calls that its user joins.

use lxst_phone::rooms::{ConferenceConfig, ConferenceEvent};
use lxst_phone::{
    AudioFormat, AudioSink, Bridge, Conference, ConferenceBuilder, ConferenceError,
    ConferenceEvents, EndReason, Identity, Interface, OsRng, Phone,
};
use lxst_sim::tone::amplitude;

use crate::support::relay::Relay;
use crate::support::sound::{hear_silence, speak_of};
use crate::support::{App, TestRuntime, builder, establish, of as of_identity, tcp_server, within};

on_each_runtime!(
    each_member_hears_the_others_and_not_itself,
    members_hear_who_joins_and_who_leaves,
    a_conference_that_is_full_or_locked_turns_callers_away,
    a_member_that_calls_again_finds_the_line_busy_once,
    a_member_whose_network_stalls_is_silent_and_delays_nobody,
    a_phone_hears_two_calls_that_hear_it_and_each_other,
);

async fn each_member_hears_the_others_and_not_itself<R: TestRuntime>(rt: R) {
    let room = Room::open(&rt, ConferenceBuilder::new(of(3)).tones(false)).await;
    let mut sinks = Vec::new();
    let mut members = Vec::new();
    for hz in NOTES {
        let member = room.joined(&rt, &room.address()).await;
        speak_of(&rt, member.phone.audio_source(AudioFormat::PHONE).await.unwrap(), hz);
        sinks.push(member.phone.audio_sink(AudioFormat::PHONE).await.unwrap());
        members.push(member);
    }
    let [low, middle, high] = NOTES;
    for (sink, own) in sinks.iter_mut().zip(NOTES) {
        let others: Vec<u32> = NOTES.into_iter().filter(|hz| *hz != own).collect();
        hear(&rt, sink, &others, &[own]).await;
    }

    let calls = room.conference.members().await.unwrap();
    let middle_call = calls[1].0;
    room.conference.mute(middle_call).await.unwrap();
    hear(&rt, &mut sinks[0], &[high], &[low, middle]).await;
    hear(&rt, &mut sinks[1], &[low, high], &[middle]).await;
    room.conference.unmute(middle_call).await.unwrap();
    hear(&rt, &mut sinks[0], &[middle, high], &[low]).await;

    room.conference.remove(middle_call).await.unwrap();
    assert_eq!(members[1].end().await, EndReason::RemoteHangup);
    room.tells_left(&rt, &members[1]).await;
    hear(&rt, &mut sinks[0], &[high], &[low, middle]).await;
    let unknown = room.conference.mute(middle_call).await;
    assert!(matches!(unknown, Err(ConferenceError::Unknown(_))), "{unknown:?}");
    room.close(&members).await;
}

async fn members_hear_who_joins_and_who_leaves<R: TestRuntime>(rt: R) {
    let room = Room::open(&rt, ConferenceBuilder::new(of(3))).await;
    let first = room.joined(&rt, &room.address()).await;
    let mut sink = first.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    // Its own tone is over.
    hear_silence(&rt, &mut sink, 50).await;
    let second = room.joined(&rt, &room.address()).await;
    hear_tone(&rt, &mut sink, JOINED_HZ).await;
    second.shutdown().await;
    room.tells_left(&rt, &second).await;
    hear_tone(&rt, &mut sink, LEFT_HZ).await;
    room.close(&[first]).await;
}

async fn a_conference_that_is_full_or_locked_turns_callers_away<R: TestRuntime>(rt: R) {
    let room = Room::open(&rt, ConferenceBuilder::new(of(2))).await;
    let mut first = room.joined(&rt, &room.address()).await;
    let second = room.joined(&rt, &room.address()).await;
    let mut third = caller(&rt, &room.address()).await;
    let turned_away = ConferenceEvent::TurnedAway { from: third.identity() };
    third.dial(room.phone.identity()).await;
    assert_eq!(third.end().await, EndReason::Busy);
    assert_eq!(room.next(&rt).await, turned_away);

    second.shutdown().await;
    room.tells_left(&rt, &second).await;
    room.conference.lock().await.unwrap();
    third.dial(room.phone.identity()).await;
    assert_eq!(third.end().await, EndReason::Busy);
    assert_eq!(room.next(&rt).await, turned_away);
    room.conference.unlock().await.unwrap();
    third.dial(room.phone.identity()).await;
    third.established().await;
    room.tells_joined(&rt, &third).await;

    // The phone goes on without the conference.
    room.conference.shutdown().await;
    assert_eq!(first.end().await, EndReason::RemoteHangup);
    assert_eq!(third.end().await, EndReason::RemoteHangup);
    assert_eq!(room.conference.members().await, Err(ConferenceError::Ended));
    assert!(!room.phone.state().is_shut_down);
    room.close(&[first, third]).await;
}

async fn a_member_that_calls_again_finds_the_line_busy_once<R: TestRuntime>(rt: R) {
    let room = Room::open(&rt, ConferenceBuilder::new(of(2))).await;
    let identity = Identity::generate(&mut OsRng).to_bytes();
    let member = async || {
        let builder = of_identity(Identity::from_bytes(&identity).unwrap())
            .interface(Interface::tcp_client(room.address()));
        let member = App::start(&rt, builder).await;
        member.until_connected().await;
        member
    };
    let mut older = member().await;
    older.dial(room.phone.identity()).await;
    older.established().await;
    room.tells_joined(&rt, &older).await;

    let mut again = member().await;
    again.dial(room.phone.identity()).await;
    assert_eq!(again.end().await, EndReason::Busy);
    assert_eq!(older.end().await, EndReason::RemoteHangup);
    room.tells_left(&rt, &older).await;
    again.dial(room.phone.identity()).await;
    again.established().await;
    room.tells_joined(&rt, &again).await;
    room.close(&[older, again]).await;
}

async fn a_member_whose_network_stalls_is_silent_and_delays_nobody<R: TestRuntime>(rt: R) {
    let room = Room::open(&rt, ConferenceBuilder::new(of(3)).tones(false)).await;
    let [low, middle, high] = NOTES;
    let relay = Relay::new(room.address());
    let stalled = room.joined(&rt, &relay.address()).await;
    let talker = room.joined(&rt, &room.address()).await;
    let listener = room.joined(&rt, &room.address()).await;
    for (member, hz) in [(&stalled, low), (&talker, middle), (&listener, high)] {
        speak_of(&rt, member.phone.audio_source(AudioFormat::PHONE).await.unwrap(), hz);
    }
    let mut sink = listener.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    hear(&rt, &mut sink, &[low, middle], &[high]).await;
    relay.freeze();
    hear(&rt, &mut sink, &[middle], &[low, high]).await;
    // Of 2 s: a machine that is busy may leave gaps too.
    let mut heard = 0;
    for _ in 0..20 {
        let mut block = [0.0_f32; 4_800];
        sink.read(&mut block).await.unwrap();
        heard += usize::from(amplitude(&block, middle, 48_000) > 0.1);
    }
    assert!(heard >= 10, "{heard} of 20 blocks");
    room.close(&[talker, listener]).await;
    stalled.shutdown().await;
}

async fn a_phone_hears_two_calls_that_hear_it_and_each_other<R: TestRuntime>(rt: R) {
    let (phone, events) =
        builder::<R>().interface(tcp_server()).start_with_lines::<2>().await.unwrap();
    let mut desk = App { rt: rt.clone(), phone, events };
    let [low, middle, high] = NOTES;
    speak_of(&rt, desk.phone.audio_source(AudioFormat::PHONE).await.unwrap(), low);
    let mut desk_hears = desk.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    let mut calls = Vec::new();
    let mut sinks = Vec::new();
    let mut peers = Vec::new();
    for hz in [middle, high] {
        let mut peer = caller(&rt, &desk.address()).await;
        calls.push(establish(&mut peer, &mut desk).await.1);
        speak_of(&rt, peer.phone.audio_source(AudioFormat::PHONE).await.unwrap(), hz);
        sinks.push(peer.phone.audio_sink(AudioFormat::PHONE).await.unwrap());
        peers.push(peer);
    }
    hear(&rt, &mut sinks[0], &[low], &[middle, high]).await;
    let bridge = Bridge::of([calls[0].id(), calls[1].id()]);
    desk.phone.set_bridge(bridge.clone()).await.unwrap();
    hear(&rt, &mut sinks[0], &[low, high], &[middle]).await;
    hear(&rt, &mut sinks[1], &[low, middle], &[high]).await;
    hear(&rt, &mut desk_hears, &[middle, high], &[low]).await;
    desk.phone.set_bridge(bridge.mute_microphone(true)).await.unwrap();
    hear(&rt, &mut sinks[0], &[high], &[low, middle]).await;
    desk.phone.set_bridge(Bridge::default()).await.unwrap();
    hear(&rt, &mut sinks[0], &[low], &[middle, high]).await;
    hear(&rt, &mut desk_hears, &[middle, high], &[low]).await;
    for app in peers.iter().chain([&desk]) {
        app.shutdown().await;
    }
}

/// A conference, and the phone that it is on.
struct Room {
    phone: Phone,
    conference: Conference,
    events: ConferenceEvents,
}

impl Room {
    async fn open<R: TestRuntime>(rt: &R, conference: ConferenceBuilder<R>) -> Self {
        let builder = builder::<R>().interface(tcp_server());
        let started = within(rt, "the phone starts", builder.start_with_lines::<4>()).await;
        let (phone, events) = started.unwrap();
        let (conference, events) = conference.start(&phone, events).await.unwrap();
        Self { phone, conference, events }
    }

    fn address(&self) -> String {
        self.phone.listening()[0].to_string()
    }

    /// A phone that has called.
    async fn joined<R: TestRuntime>(&self, rt: &R, address: &str) -> App<R> {
        let mut member = caller(rt, address).await;
        member.dial(self.phone.identity()).await;
        member.established().await;
        self.tells_joined(rt, &member).await;
        member
    }

    async fn tells_joined<R: TestRuntime>(&self, rt: &R, member: &App<R>) {
        match self.next(rt).await {
            ConferenceEvent::Joined { from, .. } => assert_eq!(from, member.identity()),
            other => unreachable!("{other:?}"),
        }
    }

    async fn tells_left<R: TestRuntime>(&self, rt: &R, member: &App<R>) {
        match self.next(rt).await {
            ConferenceEvent::Left { from, .. } => assert_eq!(from, member.identity()),
            other => unreachable!("{other:?}"),
        }
    }

    async fn next<R: TestRuntime>(&self, rt: &R) -> ConferenceEvent {
        within(rt, "the conference tells", self.events.next()).await.unwrap()
    }

    async fn close<R: TestRuntime>(&self, members: &[App<R>]) {
        for member in members {
            member.shutdown().await;
        }
        self.phone.shutdown().await;
        while self.events.next().await.is_some() {}
    }
}

async fn caller<R: TestRuntime>(rt: &R, address: &str) -> App<R> {
    let caller = App::start(rt, builder().interface(Interface::tcp_client(address))).await;
    caller.until_connected().await;
    caller
}

fn of(members: usize) -> ConferenceConfig {
    ConferenceConfig::default().members(members, members).unwrap()
}

/// Reads until these notes are heard, and those are not.
async fn hear<R: TestRuntime>(rt: &R, sink: &mut AudioSink, these: &[u32], those: &[u32]) {
    let heard = async {
        let mut block = [0.0_f32; 4_800];
        let mut blocks = 0;
        while blocks < 3 {
            sink.read(&mut block).await.expect("the call stands");
            let level = |hz: &u32| amplitude(&block, *hz, 48_000);
            let is_heard = these.iter().all(|hz| level(hz) > 0.1);
            let is_silent = those.iter().all(|hz| level(hz) < 0.02);
            blocks = if is_heard && is_silent { blocks + 1 } else { 0 };
        }
    };
    within(rt, "these are heard and those are not", heard).await;
}

/// Reads until one note is heard.
async fn hear_tone<R: TestRuntime>(rt: &R, sink: &mut AudioSink, hz: u32) {
    let heard = async {
        let mut block = [0.0_f32; 1_920];
        while amplitude(&block, hz, 48_000) < 0.02 {
            sink.read(&mut block).await.expect("the call stands");
        }
    };
    within(rt, "the tone is heard", heard).await;
}

/// What the members say, in Hz. No note is a sum or difference that two others make where they are
/// bent below full scale.
const NOTES: [u32; 3] = [400, 850, 1_500];
/// The second note of each tone, in Hz: `CallTones::connected` and `CallTones::ended`.
const JOINED_HZ: u32 = 900;
const LEFT_HZ: u32 = 400;
