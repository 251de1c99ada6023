//! The promises of the two doors themselves.

use core::time::Duration;

use lxst_core::wire::{Codec, Frame, Signal};
use lxst_core::{
    AnnounceInterval, AnnouncePolicy, CallId, Command, Config, Deadline, Destination, Input,
    InputError, Instant, JobId, LinkEvent, LinkId, LinkTimer, Mode, NameHash, Outcome, Output,
    PacketBuf, Profile, Samples, Telephone, Timer, Work, limits,
};

use crate::support::{
    ESTABLISHING, IN, OUT, OUT_CALL, OwnedOutput, PEER, Script, US, close, quiet,
};

#[test]
fn an_input_is_refused_while_outputs_wait_and_taken_once_they_are_drained() {
    let mut phone = Telephone::new(US, quiet(), Instant::ORIGIN);
    let announce = Input::Command(Command::Announce);
    let mut taken = 0;
    while phone.handle_input(Instant::ORIGIN, announce).is_ok() {
        taken += 1;
    }
    assert_eq!(taken, limits::OUTBOX - limits::OUTPUTS_PER_INPUT + 1);
    let before = phone.clone();
    let later = Instant::from_millis(9);
    assert_eq!(phone.handle_input(later, announce), Err(InputError::OutputFull));
    assert_eq!(phone, before);

    let mut buf = PacketBuf::new();
    assert_eq!(phone.poll_output(&mut buf), Some(Output::Announce));
    assert_eq!(phone.handle_input(later, announce), Ok(()));
}

#[test]
fn at_the_end_of_time_what_waits_is_done_and_nothing_is_due_again() {
    let phones = [
        Script::new(Config::default()),
        Script::ringing(Config::default()),
        Script::established_caller(Config::default(), Mode::FullDuplex),
        Script::established_callee(Config::default(), &[]),
    ];
    for mut phone in phones {
        for _ in 0..3 {
            let call = phone.phone.call().map_or(OUT_CALL, |status| status.call);
            let (stream, samples) = (call.into(), Samples(9));
            let consumed = Input::Consumed { stream, samples };
            let inputs = [Input::Timeout, Input::InterfaceUp, consumed];
            for input in inputs {
                let taken = phone.phone.handle_input(Instant::MAX, input);
                assert_ne!(taken, Err(InputError::OutputFull));
                let mut buf = PacketBuf::new();
                while phone.phone.poll_output(&mut buf).is_some() {}
                assert_eq!(phone.phone.poll_timeout(), None);
            }
        }
    }
}

#[test]
fn a_packet_that_waits_is_sent_whole_though_the_call_ends_before_it_is_polled() {
    let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
    phone.captured(60).take();
    let now = Instant::from_millis(1_000);
    let job = JobId(0);
    let outcome = Outcome::Encoded(Frame { codec: Codec::Opus, payload: b"voice" });
    let phone = &mut phone.phone;
    phone.handle_input(now, Input::JobDone { job, outcome }).expect("the job is out");
    let hang_up = Command::HangUp(OUT_CALL);
    phone.handle_input(now, Input::Command(hang_up)).expect("there is a call");

    let mut buf = PacketBuf::new();
    let Some(Output::Transmit { link, data, .. }) = phone.poll_output(&mut buf) else {
        panic!("the packet comes first");
    };
    assert_eq!((link, data), (OUT, &b"\x81\x01\xc4\x06\x01voice"[..]));
}

#[test]
fn a_frame_that_waits_for_its_decoder_is_not_overwritten_by_the_next_call() {
    let mut script = Script::established_caller(quiet(), Mode::FullDuplex);
    script.take();
    let now = Instant::from_millis(1_000);
    let phone = &mut script.phone;
    let mut give = |input: Input<'_>| phone.handle_input(now, input).expect("there is room");
    let frame = |data| Input::Packet { link: OUT, data };
    give(frame(b"\x81\x01\xc4\x04\x01one"));
    give(Input::Command(Command::HangUp(OUT_CALL)));
    let (call, link) = (CallId(10), LinkId(11));
    give(Input::Command(Command::Dial {
        call,
        link,
        to: PEER,
        profile: Profile::MediumQuality,
        mode: Mode::FullDuplex,
    }));
    let (rtt, mdu) = (None, None);
    let event = LinkEvent::Up { rtt, mdu };
    give(Input::Link { link, event });
    for signal in ESTABLISHING {
        let data = &[0x81, 0x00, signal.value() as u8];
        give(Input::Packet { link, data });
    }
    for _ in 0..2 {
        let data = b"\x81\x01\xc4\x06\x01three";
        give(Input::Packet { link, data });
    }
    let mut buf = PacketBuf::new();
    let Some(Output::Job { work, .. }) = phone.poll_output(&mut buf) else {
        panic!("the job comes first");
    };
    assert!(matches!(work, Work::Decode { payload: b"one", .. }), "{work:?}");
}

#[test]
fn an_encoded_frame_is_refused_while_the_last_packet_waits() {
    let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
    phone.captured(120).take();
    let now = Instant::from_millis(1_000);
    let outcome = Outcome::Encoded(Frame { codec: Codec::Opus, payload: b"voice" });
    let [first, second] = [0, 1].map(|job| Input::JobDone { job: JobId(job), outcome });
    phone.phone.handle_input(now, first).expect("the job is out");
    assert_eq!(phone.phone.handle_input(now, second), Err(InputError::OutputFull));
    assert!(phone.phone.poll_output(&mut PacketBuf::new()).is_some());
    assert_eq!(phone.phone.handle_input(now, second), Ok(()));
}

#[test]
fn a_needless_timeout_does_no_harm() {
    let mut phone = Script::new(quiet());
    phone.dial().take();
    let before = phone.phone.clone();
    phone.give(Input::Timeout).expect([]);
    assert_eq!(phone.phone, before);
}

#[test]
fn a_link_to_a_destination_of_another_app_is_refused_and_changes_nothing() {
    let mut phone = Script::new(quiet());
    let before = phone.phone.clone();
    let (rtt, mdu) = (None, None);
    let room = Destination { identity: US, name: NameHash([7; 10]) };
    for on in [room, Destination::telephony(PEER)] {
        let event = LinkEvent::Incoming { on, rtt, mdu };
        phone.refuse(Input::Link { link: IN, event }, InputError::OtherDestination(IN));
        assert_eq!(phone.phone, before);
    }
}

#[test]
fn time_that_goes_back_is_taken_as_the_latest_moment() {
    let mut phone = Telephone::new(US, quiet(), Instant::from_millis(500));
    let link = LinkId(7);
    let (rtt, mdu) = (None, None);
    let event = LinkEvent::Incoming { on: Destination::telephony(US), rtt, mdu };
    phone.handle_input(Instant::ORIGIN, Input::Link { link, event }).expect("a link is welcome");
    let (at, timer) = (Instant::from_millis(505), Timer::Link(link, LinkTimer::AcceptDelay));
    assert_eq!(phone.poll_timeout(), Some(Deadline { at, timer }));
}

#[test]
fn the_end_of_time_is_survived() {
    let end = Instant::from_micros(u64::MAX);
    let mut phone = Telephone::new(US, Config::default(), end);
    let mut buf = PacketBuf::new();
    for _ in 0..3 {
        phone.handle_input(end, Input::Timeout).expect("the outputs are drained");
        let mut outputs = 0;
        while phone.poll_output(&mut buf).is_some() {
            outputs += 1;
        }
        assert!(outputs <= limits::OUTPUTS_PER_INPUT);
    }
}

#[test]
fn announces_come_at_the_start_then_at_intervals_on_command_and_with_an_interface() {
    let mut phone = Script::new(Config::default());
    phone.at(0).expect([OwnedOutput::Announce]);
    phone.give(Input::InterfaceUp).expect([OwnedOutput::Announce]);
    phone.command(Command::Announce).expect([OwnedOutput::Announce]);
    let three_hours = 3 * 60 * 60 * 1_000;
    phone.at(three_hours - 1).expect([]);
    phone.at(three_hours).expect([OwnedOutput::Announce]);
    phone.at(2 * three_hours).expect([OwnedOutput::Announce]);
}

#[test]
fn the_most_frequent_announces_are_five_minutes_apart() {
    let interval = AnnounceInterval::new(Duration::from_secs(300)).expect("within its bounds");
    let announce = AnnouncePolicy { interval: Some(interval), ..AnnouncePolicy::ON_COMMAND };
    let mut phone = Script::new(Config { announce, ..Config::default() });
    phone.give(Input::InterfaceUp).at(299_999).expect([]);
    phone.at(300_000).expect([OwnedOutput::Announce]);
}

#[test]
fn a_phone_that_announces_on_command_only_waits_for_nothing() {
    let phone = Telephone::new(US, quiet(), Instant::ORIGIN);
    assert_eq!(phone.poll_timeout(), None);
}

#[test]
fn a_call_that_ended_leaves_no_deadline_behind() {
    let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
    phone.command(Command::HangUp(OUT_CALL));
    assert_eq!(phone.phone.poll_timeout(), None);
    phone.dial().link_up().take();
    phone.rx([Signal::Rejected]);
    assert_eq!(phone.take().first(), Some(&close(OUT)));
    assert_eq!(phone.phone.poll_timeout(), None);
}
