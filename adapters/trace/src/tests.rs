use core::time::Duration;
use std::io;

use lxst_core::wire::{Codec, CodecSet, Frame, encode_frame};
use lxst_core::{
    Admission, AirBudget, AnnouncePolicy, AnswerMode, Boundary, CallId, CallerLimits, Class,
    CodecProfile, Command, Config, Destination, Direction, DropReason, EndReason, Event,
    FramesPerPacket, IdentityHash, Input, Instant, InsteadOfVoice, JobId, Limit, LinkClosed,
    LinkEvent, LinkFailed, LinkId, LinkRequest, Mode, Mos, Mute, Outcome, Output, PortChange,
    Profile, ProfileSet, Quality, RawDepth, Samples, ScreeningTime, SendFormat, Side, Source,
    StreamChange, StreamId, Talk, Tempo, ThinPath, TransmitCodec, Work,
};

use crate::line::{Fields, Line};
use crate::names::Named;
use crate::output::{read_output, write_output};
use crate::*;

#[test]
fn every_input_is_read_as_it_was_written() {
    let inputs = inputs();
    let trace = trace_of(Payloads::Kept, inputs.iter().map(|input| Boundary::In(*input)));
    let mut reader = Reader::new(&trace[..]).unwrap();
    for (index, input) in inputs.iter().enumerate() {
        let record = reader.next_record().unwrap().unwrap();
        assert_eq!(record.what, Recorded::Input(*input), "{}", record.text);
        assert_eq!(record.line, index as u64 + 2);
        assert_eq!(record.at, NOW);
    }
    assert_eq!(reader.next_record().unwrap(), None);
    assert_eq!(reader.ending(), Some(Ending::Closed));
}

#[test]
fn every_output_is_read_as_it_was_written() {
    let outputs = outputs();
    let trace = trace_of(Payloads::Kept, outputs.iter().map(|output| Boundary::Out(*output)));
    let mut reader = Reader::new(&trace[..]).unwrap();
    for output in outputs {
        let record = reader.next_record().unwrap().unwrap();
        assert_eq!(record.what, Recorded::Output(Some(output)), "{}", record.text);
    }
    assert_eq!(reader.next_record().unwrap(), None);
}

#[test]
fn an_end_for_a_reason_that_the_format_does_not_list_is_kept_as_text() {
    let text = br#"{"out":"event","event":"ended","call":1,"reason":"surprise"}"#;
    let mut fields = Fields::parse(text).unwrap();
    assert_eq!(fields.text("out").unwrap(), "event");
    assert_eq!(read_output("event", &mut fields, &mut Vec::new()), Ok(None));
    fields.end().unwrap();
}

#[test]
fn the_header_holds_the_settings_in_force() {
    for (config, lines) in [(Config::default(), 1), (unusual(), 3)] {
        for payloads in [Payloads::Kept, Payloads::Stripped] {
            let start = Boundary::Start { identity: ALICE, config: &config, lines };
            let trace = Recorder::new(payloads).line(NOW, start);
            let header = Reader::new(trace.as_bytes()).unwrap().header().clone();
            let by = env!("CARGO_PKG_VERSION").to_owned();
            let wanted = Header { by, payloads, at: NOW, identity: ALICE, lines, config };
            assert_eq!(header, wanted);
        }
    }
}

#[test]
fn a_line_reads_as_the_format_says() {
    let mut line = Line::at(NOW);
    let data = &[0x81, 0x00, 0x91, 0x04];
    write_output(&mut line, &Output::Transmit { link: LinkId(2), class: Class::Signal, data });
    assert_eq!(
        line.end(),
        "{\"t\":12345,\"out\":\"transmit\",\"link\":2,\"class\":\"signal\",\"data\":\"81009104\"}\n"
    );
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_number() {
    let good = r#"{"t":1,"in":"timeout"}"#;
    let cases = [
        (r#"{"t":1,"in":"timeout"#, "line 2: the trace breaks off"),
        ("", "line 2: the trace breaks off"),
        ("timeout\n", "line 2: damaged: not JSON"),
        ("[]\n", "line 2: damaged: not a JSON object"),
        ("{\"t\":1}\n", "neither \"in\", \"out\" nor \"end\""),
        ("{\"in\":\"timeout\"}\n", "\"t\" is missing"),
        ("{\"t\":-1,\"in\":\"timeout\"}\n", "\"t\" is -1; allowed: a whole number"),
        ("{\"t\":1,\"in\":\"tiemout\"}\n", "\"in\" is \"tiemout\""),
        ("{\"t\":1,\"in\":\"timeout\",\"lnik\":2}\n", "\"lnik\" does not belong here"),
        ("{\"t\":1,\"in\":\"packet\",\"link\":2,\"data\":\"8\"}\n", "odd number of hex digits"),
        ("{\"t\":1,\"in\":\"packet\",\"link\":2,\"data\":\"8G\"}\n", "not in lower-case hex"),
        (
            "{\"t\":1,\"in\":\"port\",\"stream\":1,\"direction\":\"up\",\"change\":\"attached\"}\n",
            "\"direction\" is \"up\"; allowed: send, receive",
        ),
        ("{\"end\":\"later\"}\n", "\"end\" is \"later\"; allowed: closed, overflow"),
        ("{\"end\":\"closed\"}\n{}\n", "line 3: damaged: something follows the end"),
    ];
    for (rest, wanted) in cases {
        let error = read_all(rest).unwrap_err().to_string();
        assert!(error.contains(wanted), "{rest:?}: {error}");
    }
    let error = read_all(&format!("{good}\n{good}\nnoise\n")).unwrap_err();
    assert_eq!(error.line, 4);
}

#[test]
fn a_trace_of_a_newer_version_or_no_trace_at_all_is_refused() {
    for (header, wanted) in [
        ("{\"trace\":2,\"news\":[1]}\n", "line 1: trace of version 2; this build reads up to 1"),
        ("{\"trace\":0}\n", "line 1: damaged: \"trace\" is 0"),
        ("{\"name\":\"x\"}\n", "line 1: damaged: not a trace: \"trace\" is missing"),
        ("RIFF\u{0}WAVE\n", "line 1: damaged: not a trace: not JSON"),
        ("", "line 1: the trace breaks off"),
    ] {
        let error = Reader::new(header.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{header:?}: {error}");
    }
}

#[test]
fn a_line_that_never_ends_is_refused() {
    let endless = io::BufReader::new(io::repeat(b' '));
    let error = Reader::new(endless).unwrap_err();
    assert!(matches!(error.problem, Problem::TooLong), "{error}");
}

#[test]
fn what_mail_and_editors_do_to_a_trace_changes_nothing() {
    let good = "{\"t\":1,\"in\":\"timeout\"}\n{\"end\":\"closed\"}";
    let whole = format!("{}{good}\n", header());
    let crlf = whole.replace('\n', "\r\n");
    let cases = [
        whole.trim_end().to_owned(),
        format!("\u{feff}{whole}"),
        format!("{whole}\n \r\n\n"),
        crlf.trim_end_matches('\n').to_owned(),
        format!("\u{feff}{crlf}\r\n"),
    ];
    for text in cases {
        let mut reader = Reader::new(text.as_bytes()).unwrap();
        let record = reader.next_record().unwrap().unwrap();
        assert_eq!(record.text, "{\"t\":1,\"in\":\"timeout\"}", "{text:?}");
        assert_eq!(reader.next_record().unwrap(), None, "{text:?}");
    }
}

#[test]
fn a_stripped_trace_holds_no_byte_of_the_voices_and_still_shows_the_frames() {
    let secret = [0xab; 60];
    let mut packet = [0; 100];
    let length = encode_frame(Frame { codec: Codec::Opus, payload: &secret }, &mut packet).unwrap();
    let packet = &packet[..length];
    // A frame beside a text under another key, and nonsense.
    let laden = [&[0x82, 0x05, 0xc4, 0x02, 0xab, 0xab][..], &packet[1..]].concat();
    let laden_signal = [0x82, 0x05, 0xa2, b'h', b'i', 0x00, 0x91, 0x04];
    let (link, stream, job) = (LinkId(2), StreamId(1), JobId(0));
    let class = Class::Media;
    let decode = Work::Decode { codec: Codec::Opus, payload: &secret, tempo: Tempo::Normal };
    let doors = [
        Boundary::In(Input::Packet { link, data: packet }),
        Boundary::In(Input::Packet { link, data: &laden }),
        Boundary::In(Input::Packet { link, data: &laden_signal }),
        Boundary::In(Input::Packet { link, data: &secret }),
        Boundary::Out(Output::Transmit { link, class, data: packet }),
        Boundary::In(Input::JobDone {
            job,
            outcome: Outcome::Encoded(Frame { codec: Codec::Opus, payload: &secret }),
        }),
        Boundary::Out(Output::Job { job, stream, direction: Direction::Receive, work: decode }),
        Boundary::In(Input::JobDone {
            job,
            outcome: Outcome::Played { samples: Samples(2_880), level: 19 },
        }),
    ];
    let trace = String::from_utf8(trace_of(Payloads::Stripped, doors)).unwrap();
    let body = trace.split_once('\n').unwrap().1;
    assert!(!body.contains("abab"), "{body}");
    assert!(!body.contains("6869"), "{body}");
    assert!(!body.contains("19"), "{body}");
    let silent = format!("8101c43d01{}", "00".repeat(60));
    assert_eq!(body.matches(&silent).count(), 3, "{body}");
    assert!(body.contains("\"data\":\"81009104\""), "{body}");
    let reader = Reader::new(trace.as_bytes()).unwrap();
    assert_eq!(reader.header().payloads, Payloads::Stripped);
}

/// Returns at least one input of each kind, with every name of every value.
fn inputs() -> Vec<Input<'static>> {
    let (link, call, job) = (LinkId(2), CallId(u64::MAX), JobId(3));
    let stream = StreamId(u64::MAX);
    let samples = Samples(u64::MAX);
    let encoded = |codec| {
        let frame = Frame { codec, payload: &[0x00, 0x7f, 0xff] };
        Input::JobDone { job, outcome: Outcome::Encoded(frame) }
    };
    let rtt = Duration::from_nanos(1_234_567_891);
    let mut inputs = vec![
        Input::Timeout,
        Input::Packet { link, data: &[0x81, 0x00, 0x91, 0x04] },
        Input::Packet { link, data: &[] },
        Input::InterfaceUp,
        Input::Captured { stream, samples },
        Input::Consumed { stream, samples },
        Input::Overrun { stream, direction: Direction::Send, samples },
        Input::Overrun { stream, direction: Direction::Receive, samples: Samples::ZERO },
        encoded(Codec::Opus),
        encoded(Codec::Other(0x0a)),
        Input::JobDone { job, outcome: Outcome::Played { samples, level: 127 } },
        Input::JobDone { job, outcome: Outcome::Discarded },
        Input::JobDone { job, outcome: Outcome::Failed },
    ];
    let events = [
        LinkEvent::Incoming { on: Destination::telephony(ALICE), rtt: Some(rtt), mdu: Some(431) },
        LinkEvent::Incoming { on: Destination::telephony(ALICE), rtt: None, mdu: None },
        LinkEvent::Up { rtt: Some(Duration::ZERO), mdu: Some(0) },
        LinkEvent::Up { rtt: None, mdu: Some(500) },
        LinkEvent::Up { rtt: Some(rtt), mdu: None },
        LinkEvent::Identified(ALICE),
        LinkEvent::Heard,
    ];
    let failed = LinkFailed::ALL.iter().map(|reason| LinkEvent::Failed(*reason));
    let closed = LinkClosed::ALL.iter().map(|reason| LinkEvent::Closed(*reason));
    let events = events.into_iter().chain(failed).chain(closed);
    inputs.extend(events.map(|event| Input::Link { link, event }));

    let mut commands =
        vec![Command::Answer(call), Command::HangUp(call), Command::Know(ALICE), Command::Announce];
    let limits = CallerLimits { window: Duration::from_millis(7), one_caller: 1, strangers: 2 };
    commands.push(Command::LimitCallers(limits));
    for profile in Profile::ALL {
        let mode = Mode::HalfDuplex;
        commands.push(Command::Dial { call, link, to: ALICE, profile, mode });
        commands.push(Command::SetProfile(call, profile));
    }
    commands.extend(Admission::ALL.iter().map(|admission| Command::Screen(call, *admission)));
    commands.extend(Mode::ALL.iter().map(|mode| Command::SetMode(call, *mode)));
    commands.extend(Talk::ALL.iter().map(|talk| Command::Talk(call, *talk)));
    commands.extend([true, false].map(Command::SetAvailable));
    for direction in Direction::ALL.iter().copied() {
        commands.extend(Mute::ALL.iter().map(|mute| Command::Mute(call, direction, *mute)));
        let port = |change: &PortChange| Input::Port { stream, direction, change: *change };
        inputs.extend(PortChange::ALL.iter().map(port));
    }
    inputs.extend(commands.into_iter().map(Input::Command));
    inputs
}

fn outputs() -> Vec<Output<'static>> {
    let (link, stream, job) = (LinkId(2), StreamId(1), JobId(3));
    let mut outputs = vec![Output::Announce];
    outputs.extend(Class::ALL.iter().map(|class| Output::Transmit {
        link,
        class: *class,
        data: &[0x80],
    }));
    let requests = [
        LinkRequest::Open(Destination::telephony(ALICE)),
        LinkRequest::Identify,
        LinkRequest::Close,
    ];
    outputs.extend(requests.map(|request| Output::Link { link, request }));
    for direction in Direction::ALL.iter().copied() {
        outputs.extend(StreamChange::ALL.iter().map(|change| Output::Stream {
            stream,
            direction,
            change: *change,
        }));
    }
    let direction = Direction::Send;
    outputs.extend(works().into_iter().map(|work| Output::Job { job, stream, direction, work }));
    outputs.extend(events().into_iter().map(Output::Event));
    outputs
}

fn works() -> Vec<Work<'static>> {
    let samples = Samples(2_880);
    let mut works = vec![Work::Discard { samples }, Work::Conceal { samples }];
    for source in Source::ALL.iter().copied() {
        let profiles = Profile::ALL.into_iter().map(SendFormat::Profile);
        let raws = RawDepth::ALL.iter().map(|depth| SendFormat::Raw(*depth));
        let codecs = CodecProfile::ALL.into_iter().map(SendFormat::Codec);
        works.extend(profiles.chain(raws).chain(codecs).map(|format| Work::Encode {
            format,
            source,
            samples,
        }));
    }
    let faster = Tempo::Faster { most: Samples(720) };
    for tempo in [Tempo::Normal, faster, Tempo::Skip, Tempo::Slower] {
        let decode = |byte| Work::Decode { codec: Codec::from_byte(byte), payload: &[1, 2], tempo };
        works.extend([0, 1, 2, 0x0a, 0xff].map(decode));
    }
    works
}

fn events() -> Vec<Event> {
    let (link, call) = (LinkId(2), CallId(1));
    let (profile, mode) = (Profile::LowLatency, Mode::FullDuplex);
    let mut events = vec![
        Event::Screening { call, from: ALICE, until: NOW, limit: None },
        Event::Screening { call, from: ALICE, until: NOW, limit: Some(Limit::Strangers) },
        Event::CallerGone { call },
        Event::Incoming { call, from: ALICE },
        Event::Ringing { call },
        Event::Connecting { call },
        Event::Established { call, profile, mode },
        Event::ProfileUnavailable { call, asked: Profile::LowBandwidth, used: profile },
        Event::CallerTurnedAway { from: ALICE },
        Event::PeerSilent { call },
        Event::PeerAudible { call },
    ];
    for by in Side::ALL.iter().copied() {
        events.push(Event::ProfileChanged { call, profile, by });
        events.push(Event::ModeChanged { call, mode, by });
    }
    let limited = |limit: &Limit| Event::CallerLimited { from: ALICE, limit: *limit };
    events.extend(Limit::ALL.iter().map(limited));
    events.extend(EndReason::ALL.map(|reason| Event::Ended { call, reason }));
    let drops = [
        DropReason::MalformedPacket,
        DropReason::UnknownSignal,
        DropReason::UnsupportedPreference,
        DropReason::UnknownFrame,
        DropReason::UndecodableFrame,
    ];
    let quality = Quality {
        packets_received: 1,
        frames_received: 2,
        frames_lost: 3,
        frames_recovered: 15,
        copies_sent: 16,
        concealed: Samples(4),
        starved: Samples(5),
        dropped: Samples(9),
        capture_dropped: Samples(13),
        playback_dropped: Samples(14),
        shed: Samples(6),
        expanded: Samples(7),
        delay: Duration::from_nanos(8),
        jitter: Duration::from_nanos(9),
        received_bps: 10,
        sent_bps: 11,
        mos: Mos(412),
        is_peer_silent: true,
    };
    events.push(Event::Quality { call, quality });
    events.extend(drops.map(|reason| Event::Dropped { link, reason }));
    events
}

#[test]
fn a_header_with_a_setting_beyond_its_bound_is_refused() {
    for (key, found, allowed) in [
        ("frames_per_packet", "1", ("0", "1 to 5")),
        ("frames_per_packet", "1", ("6", "1 to 5")),
        ("air_budget", "60", ("101", "at most 100")),
        ("screening_time_ns", "1500000000", ("3000000001", "at most 3s")),
        ("announce_interval_ns", "10800000000000", ("299999999999", "at least 300s")),
    ] {
        let (beyond, allowed) = allowed;
        let header = header();
        let changed = header.replace(&format!("\"{key}\":{found}"), &format!("\"{key}\":{beyond}"));
        assert_ne!(changed, header);
        let refused = Reader::new(changed.as_bytes()).expect_err("beyond its bound").to_string();
        assert!(
            refused.contains(&format!("\"{key}\" is {beyond}; allowed: {allowed}")),
            "{refused}"
        );
    }
}

fn unusual() -> Config {
    Config {
        profile: Profile::SuperHighQuality,
        mode: Mode::HalfDuplex,
        profiles: ProfileSet::EMPTY,
        codecs: CodecSet::EMPTY.with(Codec::Raw).with(Codec::Other(0x0a)),
        thin_path: ThinPath::Accept,
        transmit: TransmitCodec::Raw { depth: RawDepth::Float128 },
        frames_per_packet: FramesPerPacket::new(3).expect("within its bounds"),
        air_budget: AirBudget::new(7).expect("within its bounds"),
        asks_for_copies: false,
        when_muted: InsteadOfVoice::Nothing,
        answer: AnswerMode::Automatic,
        callers: None,
        ring_time: Duration::from_nanos(1),
        wait_time: Duration::from_nanos(u64::MAX),
        screening_time: ScreeningTime::new(Duration::ZERO).expect("within its bounds"),
        screening_default: Admission::Drop,
        limits: CallerLimits { window: Duration::from_secs(1), one_caller: 2, strangers: 3 },
        peer_may_open_microphone: true,
        announce: AnnouncePolicy::ON_COMMAND,
    }
}

fn trace_of<'d>(payloads: Payloads, seen: impl IntoIterator<Item = Boundary<'d>>) -> Vec<u8> {
    let mut recorder = Recorder::new(payloads);
    let start = Boundary::Start { identity: ALICE, config: &Config::default(), lines: 1 };
    let mut trace = recorder.line(Instant::ORIGIN, start);
    for boundary in seen {
        trace += &recorder.line(NOW, boundary);
    }
    trace += &Ending::Closed.line();
    trace.into_bytes()
}

/// Reads a header followed by `rest`, to the end.
fn read_all(rest: &str) -> Result<(), TraceError> {
    let text = header() + rest;
    let mut reader = Reader::new(text.as_bytes())?;
    while reader.next_record()?.is_some() {}
    Ok(())
}

fn header() -> String {
    let config = Config::default();
    let by = "1".into();
    let payloads = Payloads::Kept;
    Header { by, payloads, at: NOW, identity: ALICE, lines: 1, config }.write()
}

const NOW: Instant = Instant::from_micros(12_345);
const ALICE: IdentityHash = IdentityHash([0xa1; 16]);
