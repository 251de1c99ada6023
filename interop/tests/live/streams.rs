//! Voice without a call: our radio on a link, with the reference's packetizer and link source at the
//! other end.

use std::collections::VecDeque;
use std::time::Instant as Moment;

use lxst_core::talk::{Command as Wish, Config, Input, Output, Radio};
use lxst_core::wire::{Frame, Packet};
use lxst_core::{
    Direction, Instant, JobId, LinkId, Outcome, PacketBuf, PortChange, Samples, Talk, Work,
};
use lxst_interop::{Command, Direction as Way, PacketKind, PythonPeer, free_udp_ports, lateness};
use lxst_phone::codecs::{BuiltInCodecs, Codecs, Decoder, Encoded, Encoder};
use lxst_phone::reticulum::{DestinationConfig, Event, LinkHandle, name_hash};
use lxst_sim::envelope::{Pcm, correlation};

use crate::endpoint::{Ours, incoming};
use crate::phone::PATIENCE;
use crate::sound::{ALL_OF_IT, LEAST, MAX_LAG, speaking, speech, speech_after};

#[test]
fn a_radio_is_heard_by_the_references_link_source_and_hears_its_packetizer() {
    let test = "a_radio_is_heard_by_the_references_link_source_and_hears_its_packetizer";
    lateness::measure(test, || talk_with_python(test));
}

fn talk_with_python(test: &str) {
    let (here, there) = free_udp_ports();
    let mut python = speaking(PythonPeer::builder(test, "python").udp(there, here)).spawn();
    let mut ours = Ours::new(here, there);
    let identity = ours.endpoint.identity();
    ours.endpoint.register(DestinationConfig::new(name_hash(APP))).expect("there is room");
    ours.announce(name_hash(APP));
    python.send(&Command::OpenApp { name: APP, identity: identity.0 });
    let (link, _) = ours.until("a link", incoming);
    python.expect("app_link", PATIENCE);
    python.send(&Command::Stream(APP));
    python.expect("streaming", PATIENCE);

    let began = Moment::now();
    let mut talkie = Talkie::new();
    talkie.talk(&mut ours, link);
    let speech = speech();
    let heard = Pcm { samples: &talkie.heard, rate_hz: Samples::RATE_HZ };
    let python_heard = python.heard();
    let [by_python, by_us] =
        [python_heard.pcm(), heard].map(|heard| correlation(speech.pcm(), heard, MAX_LAG));
    let what = format!("python heard {by_python:?}, we heard {by_us:?}");
    let late = lateness::worst(&(began..Moment::now()), &[&python]);
    println!("{what}, the machine was late by {late:?}");
    match (by_python, by_us) {
        (Ok(python), Ok(us)) if python.correlation.min(us.correlation) >= LEAST => {}
        _ => lateness::not_heard(&what, late),
    }
    let received = python
        .packets()
        .into_iter()
        .filter(|packet| packet.direction == Way::Rx && packet.kind == PacketKind::Media);
    let numbers: Vec<_> = received
        .map(|packet| {
            let bytes = packet.bytes.expect("it was decrypted");
            Packet::parse(&bytes).expect("it is ours").sequence()
        })
        .collect();
    assert!(numbers.len() > 90, "{}", numbers.len());
    assert!(numbers.iter().all(Option::is_some), "each of our packets has a number");
}

/// A radio with codecs and sound, in real time.
struct Talkie {
    radio: Radio<1>,
    encoder: Option<Encoder>,
    decoder: Decoder,
    speech: Box<dyn Iterator<Item = f32>>,
    captured: VecDeque<f32>,
    playout: VecDeque<f32>,
    heard: Vec<i16>,
    taken: Samples,
}

impl Talkie {
    fn new() -> Self {
        let mut radio = Radio::new(Config::default(), Instant::ORIGIN);
        for direction in [Direction::Send, Direction::Receive] {
            let input = Input::Port { direction, change: PortChange::Attached };
            radio.handle_input(Instant::ORIGIN, input).expect("nothing waits");
        }
        let speech = speech_after(core::time::Duration::from_millis(500));
        let times = (Samples::RATE_HZ / speech.rate_hz) as usize;
        let samples =
            speech.samples.into_iter().flat_map(move |sample| [sample; 16].into_iter().take(times));
        Self {
            radio,
            encoder: None,
            decoder: Decoder::default(),
            speech: Box::new(samples.map(|sample| f32::from(sample) / 32_768.0)),
            captured: VecDeque::new(),
            playout: VecDeque::new(),
            heard: Vec::new(),
            taken: Samples::ZERO,
        }
    }

    /// Speaks, and listens, until all of the speech has come through; then ends the talk.
    fn talk(&mut self, ours: &mut Ours, link: LinkHandle) {
        let began = ours.now();
        self.give(ours, link, Input::Command(Wish::Talk(Talk::Pressed)));
        while ours.now().since(began) < ALL_OF_IT {
            ours.turn();
            while let Some(event) = ours.endpoint.poll_event() {
                if let Event::Packet { data, .. } = event {
                    self.give(ours, link, Input::Packet { link: LinkId(1), data: &data });
                }
            }
            self.pass_time(ours, link, Samples::of(ours.now().since(began)));
        }
        self.give(ours, link, Input::Command(Wish::Talk(Talk::Released)));
        self.pass_time(ours, link, self.taken + Samples::from_millis(60));
        ours.turn();
    }

    fn pass_time(&mut self, ours: &mut Ours, link: LinkHandle, until: Samples) {
        let samples = until - self.taken;
        self.taken = until;
        for _ in 0..samples.0 {
            self.captured.push_back(self.speech.next().unwrap_or(0.0));
            let played = self.playout.pop_front().unwrap_or(0.0);
            self.heard.push((played * 32_767.0) as i16);
        }
        self.give(ours, link, Input::Captured { samples });
        self.give(ours, link, Input::Consumed { samples });
        if self.radio.poll_timeout().is_some_and(|due| due.at <= ours.now()) {
            self.give(ours, link, Input::Timeout);
        }
    }

    fn give(&mut self, ours: &mut Ours, link: LinkHandle, input: Input<'_>) {
        self.radio.handle_input(ours.now(), input).expect("the outputs are drained");
        let mut buf = PacketBuf::new();
        while let Some(output) = self.radio.poll_output(&mut buf) {
            match output {
                Output::Transmit { class, data } => {
                    let now = ours.now();
                    ours.endpoint.send(now, link, class, data).expect("the link stands");
                    ours.flush();
                }
                Output::Job { job, work, .. } => self.run(ours.now(), job, work),
                Output::Stream { .. } | Output::Event(_) => {}
            }
        }
    }

    fn run(&mut self, now: Instant, job: JobId, work: Work<'_>) {
        let mut payload = Vec::new();
        let mut pcm = Vec::new();
        let outcome = match work {
            Work::Encode { format, samples, .. } => {
                let encoder = self.encoder.get_or_insert_with(|| {
                    Encoder::of(BuiltInCodecs.encoder(format).expect("Opus is built in"))
                });
                let frame: Vec<f32> = self.captured.drain(..samples.0 as usize).collect();
                match encoder.encode(&frame, &mut payload).expect("a frame of the profile") {
                    Encoded::Payload(_) => {
                        Outcome::Encoded(Frame { codec: encoder.codec(), payload: &payload })
                    }
                    Encoded::NoVoice => Outcome::NoVoice,
                }
            }
            Work::Discard { samples } => {
                self.captured.drain(..samples.0 as usize);
                Outcome::Discarded
            }
            Work::Decode { codec, payload, tempo } => {
                let decoded = self.decoder.decode(codec, payload, tempo, &mut pcm);
                let level = decoded.expect("Python sends Opus").level.minus_dbov();
                Outcome::Played { samples: Samples(pcm.len() as u64), level }
            }
            Work::Conceal { samples } => {
                let concealed = self.decoder.conceal(samples.0 as u32, &mut pcm);
                let level = concealed.expect("Opus conceals").level.minus_dbov();
                Outcome::Played { samples: Samples(pcm.len() as u64), level }
            }
        };
        self.playout.extend(pcm);
        self.radio.handle_input(now, Input::JobDone { job, outcome }).expect("no packet waits");
    }
}

const APP: &str = "lxst.talk";
