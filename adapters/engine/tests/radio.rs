//! Radios with codecs and sound, in virtual time: what talkers say is heard mixed, whatever the
//! wires do.

#![cfg(feature = "opus")]

use std::time::Duration;

use lxst_core::talk::{Command, Config, Event, Format};
use lxst_core::{
    CodecProfile, Direction, Instant, LinkId, Mute, PortChange, Profile, RawDepth, Samples,
    StreamId, Talk,
};
use lxst_engine::{Coder, Done, RadioEngine, RadioEvent, RadioPacket, Task};
use lxst_sim::tone::{amplitude, tone};
use lxst_sim::wire::{Conditions, Wire};

#[test]
fn talkers_are_heard_together_and_one_who_is_muted_is_not() {
    let mut net = Net::new(&[400, 1_000, 1_900], Format::default(), Conditions::NONE);
    net.run(ms(2_000));
    for hz in [400, 1_000, 1_900] {
        assert!(net.loudness(hz) > 0.08, "{hz}: {}", net.loudness(hz));
    }
    let of_second = net.listener.talker_on(LinkId(1)).expect("it talks");
    net.listener.command(net.now, Command::Mute(of_second, Mute::Muted));
    net.run(ms(1_000));
    assert!(net.loudness(1_000) < 0.01, "{}", net.loudness(1_000));
    assert!(net.loudness(1_900) > 0.08);
}

#[test]
fn every_format_is_heard() {
    let raw = [RawDepth::Float16, RawDepth::Float32].map(Format::raw);
    let opus = CodecProfile::ALL.into_iter().take(9).map(Format::codec);
    let telephony = [
        Profile::MediumQuality,
        Profile::HighQuality,
        Profile::SuperHighQuality,
        Profile::LowLatency,
        Profile::UltraLowLatency,
    ];
    for format in telephony.map(Format::profile).into_iter().chain(opus).chain(raw) {
        let mut net = Net::new(&[700], format, Conditions::NONE);
        net.run(ms(1_500));
        assert!(net.loudness(700) > 0.1, "{format:?}: {}", net.loudness(700));
        let [sent, heard] = [net.talkers[0].radio.counters(), net.listener.radio.counters()];
        assert_eq!((sent.frames_unsent, sent.encodes_failed), (0, 0), "{format:?}");
        assert_eq!((heard.frames_undecodable, heard.frames_unknown), (0, 0), "{format:?}");
        assert!(heard.concealed + heard.starved < Samples::from_millis(100), "{format:?}");
    }
}

#[test]
fn a_frame_that_is_lost_is_concealed_and_jitter_is_not_heard() {
    let conditions =
        Conditions { delay: ms(30), jitter: ms(60), loss: 0.05, ..Conditions::default() };
    let mut net = Net::new(&[700], Format::profile(Profile::LowLatency), conditions);
    net.run(ms(10_000));
    assert!(net.loudness(700) > 0.1, "{}", net.loudness(700));
    let counters = net.listener.radio.counters();
    let lost = counters.frames_lost;
    assert!((10..40).contains(&lost), "{lost}");
    assert!(counters.concealed >= Samples::from_millis(10 * lost), "{counters:?}");
    assert!(counters.starved < Samples::from_millis(100), "{counters:?}");
}

#[test]
fn a_talk_ends_when_the_button_is_released_and_the_last_frame_is_heard() {
    let mut net = Net::new(&[700], Format::default(), Conditions::NONE);
    net.run(ms(1_000));
    net.talkers[0].command(net.now, Command::Talk(Talk::Released));
    net.run(ms(60));
    assert!(net.listener.has(|event| matches!(event, Event::TalkEnded { .. })));
    net.run(ms(1_000));
    let counters = net.listener.radio.counters();
    assert!(net.loudness(700) < 0.001, "{} {counters:?}", net.loudness(700));
    assert_eq!((counters.concealed, counters.starved), (Samples::ZERO, Samples::ZERO));
}

#[test]
fn a_talker_whose_link_closes_is_silent_and_makes_room_for_another() {
    let mut net = Net::new(&[400, 600, 800, 1_000, 1_200], Format::default(), Conditions::NONE);
    net.run(ms(1_000));
    assert_eq!(net.listener.radio.talkers().count(), 4);
    assert!(net.loudness(1_200) < 0.01, "a fifth talker has no place");
    assert!(net.listener.radio.counters().frames_refused > 10);
    net.listener.radio.handle_closed(net.now, LinkId(0));
    net.talkers.remove(0);
    net.run(ms(2_000));
    assert!(net.loudness(400) < 0.01, "{}", net.loudness(400));
    assert!(net.loudness(1_200) > 0.05, "{}", net.loudness(1_200));
}

#[test]
fn a_coder_that_panics_or_fails_costs_its_frame_alone() {
    let mut net = Net::new(&[700], Format::default(), Conditions::NONE);
    net.run(ms(1_000));
    net.listener.crashes = true;
    net.run(ms(200));
    net.listener.crashes = false;
    assert!(net.listener.events.contains(&RadioEvent::CoderCrashed));
    net.run(ms(1_000));
    assert!(net.loudness(700) > 0.1);
    assert!(net.listener.radio.counters().frames_undecodable > 0);
}

#[test]
fn nothing_is_sent_or_played_without_ports() {
    let mut radio = RadioEngine::<4>::new(Config::default());
    radio.command(Instant::ORIGIN, Command::Talk(Talk::Pressed)).expect("it takes any");
    radio.capture(Instant::from_millis(20), &[0.5; 960]);
    let mut pcm = [1.0; 960];
    assert_eq!(radio.play(Instant::from_millis(20), &mut pcm), 0);
    assert_eq!(pcm, [0.0; 960]);
    assert_eq!(radio.poll_packet(), None);
    assert_eq!(radio.poll_task(), None);
    assert_eq!(radio.poll_timeout(), None);
}

/// Talkers with a tone each, their wires, and one who hears them all.
struct Net {
    now: Instant,
    talkers: Vec<Station<0>>,
    listener: Station<4>,
}

struct Station<const TALKERS: usize> {
    radio: RadioEngine<TALKERS>,
    coder: Coder,
    link: LinkId,
    hz: u32,
    captured: usize,
    wire: Wire<RadioPacket>,
    heard: Vec<f32>,
    events: Vec<RadioEvent>,
    /// Whether each decode job panics.
    crashes: bool,
}

impl Net {
    fn new(tones: &[u32], format: Format, conditions: Conditions) -> Self {
        let config = Config { format, ..Config::default() };
        let talkers = tones.iter().zip(0..).map(|(hz, link)| {
            let mut talker = Station::new(LinkId(link), *hz, config, conditions);
            talker.radio.port(Instant::ORIGIN, Direction::Send, PortChange::Attached);
            talker.command(Instant::ORIGIN, Command::Talk(Talk::Pressed));
            talker
        });
        let talkers = talkers.collect();
        let mut listener = Station::new(LinkId(99), 0, config, conditions);
        listener.radio.port(Instant::ORIGIN, Direction::Receive, PortChange::Attached);
        Self { now: Instant::ORIGIN, talkers, listener }
    }

    /// Captures and plays blocks of 20 ms.
    fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.now = self.now + ms(20);
            for talker in &mut self.talkers {
                talker.speak(self.now);
                while let Some(packet) = talker.wire.poll(self.now) {
                    self.listener.radio.handle_packet(self.now, talker.link, &packet.data);
                    self.listener.work(self.now);
                }
            }
            self.listener.listen(self.now);
        }
    }

    /// The amplitude of a tone in the last half second.
    fn loudness(&self, hz: u32) -> f32 {
        let heard = &self.listener.heard;
        amplitude(&heard[heard.len().saturating_sub(24_000)..], hz, Samples::RATE_HZ)
    }
}

impl<const TALKERS: usize> Station<TALKERS> {
    fn new(link: LinkId, hz: u32, config: Config, conditions: Conditions) -> Self {
        Self {
            radio: RadioEngine::new(config),
            coder: Coder::default(),
            link,
            hz,
            captured: 0,
            wire: Wire::new(link.0, conditions),
            heard: Vec::new(),
            events: Vec::new(),
            crashes: false,
        }
    }

    fn command(&mut self, now: Instant, command: Command) {
        self.radio.command(now, command).expect("its talker is there");
        self.work(now);
    }

    fn speak(&mut self, now: Instant) {
        let samples = self.captured..self.captured + BLOCK;
        self.captured = samples.end;
        let block: Vec<f32> =
            samples.map(|index| 0.4 * tone(index, self.hz, Samples::RATE_HZ)).collect();
        self.radio.handle_timeout(now);
        self.radio.capture(now, &block);
        self.work(now);
    }

    fn listen(&mut self, now: Instant) {
        self.radio.handle_timeout(now);
        self.work(now);
        let mut block = [0.0; BLOCK];
        self.radio.play(now, &mut block);
        self.heard.extend(block);
        self.work(now);
    }

    fn work(&mut self, now: Instant) {
        loop {
            while let Some(packet) = self.radio.poll_packet() {
                self.wire.send(now, packet);
            }
            while let Some(event) = self.radio.poll_event() {
                self.events.push(event);
            }
            let Some(task) = self.radio.poll_task() else { return };
            let done = match task {
                Task::Decode { job, .. } if self.crashes => Some(Done::Crashed { job }),
                task => self.coder.run(task),
            };
            if let Some(done) = done {
                self.radio.handle_done(now, done);
            }
        }
    }

    fn talker_on(&self, link: LinkId) -> Option<StreamId> {
        self.events.iter().find_map(|event| match event {
            RadioEvent::Talk(Event::Talking { stream, link: on, .. }) if *on == link => {
                Some(*stream)
            }
            RadioEvent::Talk(_) | RadioEvent::CoderCrashed => None,
        })
    }

    fn has(&self, is: impl Fn(&Event) -> bool) -> bool {
        let is = |event: &RadioEvent| matches!(event, RadioEvent::Talk(event) if is(event));
        self.events.iter().any(is)
    }
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// 20 ms at 48 kHz.
const BLOCK: usize = 960;
