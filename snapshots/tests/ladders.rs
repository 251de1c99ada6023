//! Drawings of a trace whose phone has two lines.

use core::time::Duration;

use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    Boundary, CallId, Command, Destination, Input, Instant, LinkClosed, LinkEvent, LinkId, Mode,
    PacketBuf, Profile, Telephone,
};
use lxst_sim::calls::{ESTABLISHING, quiet, somebody};
use lxst_trace::view::{Conversation, ConversationReader, Ladder, LadderSvg, Page, Summary};
use lxst_trace::{Ending, Payloads, Reader, Recorder};

#[test]
fn calls_on_two_lines() {
    let conversation = conversation();
    let (conversation, page) = (&conversation, Page::WIDE);
    insta::assert_snapshot!("text", Ladder { conversation, page });
    insta::assert_snapshot!("picture", LadderSvg { conversation, note: "" });
    insta::assert_snapshot!("summary", Summary { conversation, page });
}

/// One call is dialled, another comes in, and a third caller finds both lines taken. The first call
/// ends, and its line is dialled on anew.
fn conversation() -> Conversation {
    let mut phone = Phone::new();
    phone.dial(0, 1, 2);
    phone.incoming(500, 3);
    phone.command(800, Command::Answer(CallId(3)));
    for at in [900, 960, 1_020] {
        phone.media(at, 2);
        phone.media(at + 5, 3);
    }
    phone.incoming(1_100, 4);
    phone.command(1_500, Command::HangUp(CallId(1)));
    phone.media(1_520, 3);
    phone.dial(1_600, 5, 6);
    phone.link(2_000, 3, LinkEvent::Closed(LinkClosed::Peer));
    phone.media(2_100, 6);
    phone.read()
}

/// A phone of two lines, and its trace.
struct Phone {
    telephone: Telephone<2>,
    recorder: Recorder,
    trace: String,
}

impl Phone {
    fn new() -> Self {
        let (identity, config, now) = (somebody(0), quiet(), Instant::ORIGIN);
        let mut recorder = Recorder::new(Payloads::Kept);
        let start = Boundary::Start { identity, config: &config, lines: 2 };
        let trace = recorder.line(now, start);
        Self { telephone: Telephone::with_lines(identity, config, now), recorder, trace }
    }

    /// A call whose callee answers at once.
    fn dial(&mut self, at: u64, call: u64, link: u64) {
        let (to, profile, mode) = (somebody(call as u8), Profile::MediumQuality, Mode::FullDuplex);
        let (call, id) = (CallId(call), LinkId(link));
        self.command(at, Command::Dial { call, link: id, to, profile, mode });
        self.link(at + 20, link, LinkEvent::Up { rtt: Some(RTT), mdu: Some(431) });
        for (at, signal) in (at + 40..).step_by(20).zip(ESTABLISHING) {
            self.signals(at, link, &[signal]);
        }
    }

    fn incoming(&mut self, at: u64, link: u64) {
        let on = Destination::telephony(somebody(0));
        self.link(at, link, LinkEvent::Incoming { on, rtt: Some(RTT), mdu: Some(431) });
        self.link(at + 20, link, LinkEvent::Identified(somebody(link as u8)));
        let preferences = [
            Signal::PreferredProfile(Profile::MediumQuality.id().into()),
            Signal::PreferredMode(Mode::FullDuplex.id()),
        ];
        self.signals(at + 40, link, &preferences);
    }

    fn command(&mut self, at: u64, command: Command) {
        self.give(at, Input::Command(command));
    }

    fn link(&mut self, at: u64, link: u64, event: LinkEvent) {
        self.give(at, Input::Link { link: LinkId(link), event });
    }

    fn signals(&mut self, at: u64, link: u64, signals: &[Signal]) {
        let mut buf = [0; 20];
        let length = wire::encode_signals(signals, &mut buf).expect("they are few");
        self.give(at, Input::Packet { link: LinkId(link), data: &buf[..length] });
    }

    fn media(&mut self, at: u64, link: u64) {
        let mut buf = [0; 100];
        let frame = Frame { codec: Codec::Opus, payload: &[0x58; 60] };
        let length = wire::encode_frame(frame, &mut buf).expect("it is short");
        self.give(at, Input::Packet { link: LinkId(link), data: &buf[..length] });
    }

    fn give(&mut self, at: u64, input: Input<'_>) {
        let now = Instant::from_millis(at);
        self.trace += &self.recorder.line(now, Boundary::In(input));
        self.telephone.handle_input(now, input).expect("the phone takes it");
        let mut buf = PacketBuf::new();
        while let Some(output) = self.telephone.poll_output(&mut buf) {
            self.trace += &self.recorder.line(now, Boundary::Out(output));
        }
    }

    fn read(&self) -> Conversation {
        let trace = self.trace.clone() + &Ending::Closed.line();
        let mut reader = Reader::new(trace.as_bytes()).expect("it has a header");
        let mut conversation = ConversationReader::new();
        while let Some(record) = reader.next_record().expect("it is whole") {
            conversation.read(&record);
        }
        conversation.conversation()
    }
}

const RTT: Duration = Duration::from_millis(20);
