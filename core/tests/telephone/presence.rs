//! Who is still there: silence of the peer, the end of a dead call, and how we show ourselves.

use lxst_core::wire::{Codec, Signal};
use lxst_core::{
    Command, Config, Direction, EndReason, Event, Input, InsteadOfVoice, JobId, LinkEvent, Mode,
    Mute, Outcome, PortChange, Profile, Samples, SendFormat, Source, Talk,
};

use crate::support::{
    IN, IN_CALL, OUT, OUT_CALL, OUT_STREAM, OwnedOutput, Script, close, event, quiet,
};

#[test]
fn a_peer_that_sends_no_media_for_five_seconds_is_silent_once_and_audible_when_it_returns() {
    let mut phone = established(Mode::FullDuplex);
    tells(phone.at(5_999), []);
    tells(phone.at(6_000), [SILENT]);
    tells(phone.at(30_000), []);
    tells(phone.rx_frame(b"voice"), [AUDIBLE]);
    tells(phone.at(31_000).rx_frame(b"voice"), []);
    tells(phone.at(35_999), []);
    tells(phone.at(36_000), [SILENT]);
}

#[test]
fn silence_counts_from_the_last_media_and_not_from_signals_or_keepalives() {
    let mut phone = established(Mode::FullDuplex);
    tells(phone.at(4_000).rx_frame(b"voice"), []);
    phone.at(8_000).rx([Signal::PreferredMode(1)]).link(OUT, LinkEvent::Heard);
    tells(phone.at(8_999), []);
    tells(phone.at(9_000), [SILENT]);
}

#[test]
fn what_is_no_frame_breaks_no_silence() {
    let mut phone = established(Mode::FullDuplex);
    tells(phone.at(6_000), [SILENT]);
    phone.rx_bytes(OUT, &[0x81, 0x01, 0xc0]).rx_bytes(OUT, b"\xc1");
    assert!(!phone.take().contains(&event(AUDIBLE)));
}

#[test]
fn silence_is_told_of_on_the_callees_side_too() {
    let mut phone = Script::established_callee(quiet(), &[Signal::PreferredMode(1)]);
    tells(phone.at(6_000), [Event::PeerSilent { call: IN_CALL }]);
}

#[test]
fn in_half_duplex_nobody_is_silent() {
    let mut phone = established(Mode::HalfDuplex);
    phone.at(300_000).expect([]);
    tells(phone.rx_frame(b"voice"), []);
    phone.at(600_000).expect([]);
}

#[test]
fn a_switch_of_the_mode_begins_the_silence_anew() {
    let mut phone = established(Mode::FullDuplex);
    phone.at(5_000).command(Command::SetMode(OUT_CALL, Mode::HalfDuplex)).take();
    phone.at(20_000).expect([]);
    phone.command(Command::SetMode(OUT_CALL, Mode::FullDuplex)).take();
    tells(phone.at(24_999), []);
    tells(phone.at(25_000), [SILENT]);
    phone.command(Command::SetMode(OUT_CALL, Mode::HalfDuplex)).take();
    tells(phone.rx_frame(b"voice"), []);
}

#[test]
fn a_call_ends_60_s_after_the_last_that_came_where_the_boundary_reports_keepalives() {
    for last in [Received::Media, Received::Signal, Received::Nonsense, Received::Keepalive] {
        let mut phone = established(Mode::FullDuplex);
        phone.at(2_000).link(OUT, LinkEvent::Heard).at(10_000);
        hear(&mut phone, last);
        phone.take();
        phone.at(69_999);
        assert!(phone.phone.call().is_some(), "{last:?}");
        phone.take();
        phone.at(70_000);
        assert_eq!(phone.take().first(), Some(&close(OUT)), "{last:?}");
        assert_eq!((phone.phone.call(), phone.phone.poll_timeout()), (None, None));
    }
}

#[test]
fn a_call_without_any_media_lives_on_while_keepalives_come() {
    let mut phone = established(Mode::FullDuplex);
    for minute in 1..30 {
        phone.at(minute * 59_000).link(OUT, LinkEvent::Heard);
    }
    phone.at(29 * 59_000 + 59_999).take();
    assert!(phone.phone.call().is_some());
    phone.at(29 * 59_000 + 60_000).expect_ended(EndReason::MediaTimeout);
}

#[test]
fn a_keepalive_heard_while_it_rings_counts_as_a_report() {
    let mut phone = Script::new(quiet());
    phone.dial().link_up().rx([Signal::Available]).rx([Signal::Ringing]);
    phone.link(OUT, LinkEvent::Heard).at(1_000);
    phone.rx([Signal::Connecting]).rx([Signal::Established]).take();
    phone.at(60_999);
    assert!(phone.phone.call().is_some());
    phone.take();
    phone.at(61_000).expect_ended(EndReason::MediaTimeout);
}

#[test]
fn a_keepalive_heard_before_the_caller_identifies_counts_as_a_report() {
    let mut phone = Script::new(quiet());
    phone.incoming().link(IN, LinkEvent::Heard).at(5).identified();
    phone.rx_on(IN, &[Signal::PreferredMode(1)]);
    phone.at(1_000).command(Command::Answer(IN_CALL)).take();
    phone.at(60_999).take();
    assert!(phone.phone.call().is_some());
    phone.at(61_000).expect_ended(EndReason::MediaTimeout);
}

#[test]
fn a_call_does_not_end_by_itself_where_the_boundary_reports_no_keepalives() {
    let mut phone = established(Mode::FullDuplex);
    tells(phone.at(900_000), [SILENT]);
    phone.link(OUT, LinkEvent::Heard);
    tells(phone.at(959_999), []);
    phone.at(960_000).expect_ended(EndReason::MediaTimeout);
}

#[test]
fn a_call_in_half_duplex_does_not_end_by_itself_until_it_is_in_full_duplex_again() {
    let mut phone = established(Mode::HalfDuplex);
    phone.link(OUT, LinkEvent::Heard).at(1_000_000).expect([]);
    phone.command(Command::SetMode(OUT_CALL, Mode::FullDuplex)).take();
    phone.at(1_059_999);
    assert!(phone.phone.call().is_some());
    phone.take();
    phone.at(1_060_000).expect_ended(EndReason::MediaTimeout);
}

#[test]
fn with_nothing_captured_one_frame_of_silence_goes_out_every_five_seconds() {
    let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
    tells(phone.at(5_999), []);
    phone.at(6_000);
    assert!(phone.take().contains(&silence(0)));
    phone.encoded(0, b"hush").take();
    for (job, at) in [(1, 11_000), (2, 16_000)] {
        phone.at(at - 1).expect([]);
        phone.at(at).expect([silence(job)]);
        phone.encoded(job, b"hush").expect([OwnedOutput::Media(
            OUT,
            Codec::Opus,
            b"hush".to_vec(),
        )]);
    }
}

#[test]
fn a_frame_that_was_sent_puts_the_silent_one_off() {
    let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
    phone.at(4_000).rx_frame(b"voice").captured(60).take();
    phone.encoded(1, b"voice").take();
    phone.at(8_999).expect([]);
    phone.at(9_000);
    assert!(phone.take().contains(&silence(2)));
}

#[test]
fn silence_is_sent_without_a_microphone_and_with_a_muted_one() {
    let direction = Direction::Send;
    let mute = Command::Mute(OUT_CALL, direction, Mute::Muted);
    let (stream, change) = (OUT_STREAM, PortChange::Detached);
    let detached = Input::Port { stream, direction, change };
    for input in [Input::Command(mute), detached] {
        let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
        phone.give(input).at(4_000).rx_frame(b"voice").take();
        phone.at(6_000).expect([silence(1)]);
        phone.encoded(1, b"hush").expect([OwnedOutput::Media(OUT, Codec::Opus, b"hush".to_vec())]);
    }
}

#[test]
fn a_muted_microphone_that_sends_nothing_still_shows_that_we_are_there() {
    let config = Config { when_muted: InsteadOfVoice::Nothing, ..quiet() };
    let mut phone = Script::established_caller(config, Mode::FullDuplex);
    phone.command(Command::Mute(OUT_CALL, Direction::Send, Mute::Muted));
    phone.at(2_000).captured(60).expect([OwnedOutput::Discard(JobId(0), Samples::from_millis(60))]);
    phone.job_done(0, Outcome::Discarded).rx_frame(b"voice").take();
    phone.at(6_000).expect([silence(2)]);
    phone.encoded(2, b"hush").expect([OwnedOutput::Media(OUT, Codec::Opus, b"hush".to_vec())]);
    phone.at(10_999).take();
    phone.at(11_000).expect([silence(3)]);
}

#[test]
fn in_half_duplex_silence_is_sent_only_while_the_talk_button_is_held() {
    let mut phone = Script::established_caller(quiet(), Mode::HalfDuplex);
    phone.at(100_000).expect([]);
    phone.command(Command::Talk(OUT_CALL, Talk::Pressed));
    phone.at(100_001).expect([silence(0)]);
    phone.command(Command::Talk(OUT_CALL, Talk::Released));
    phone.encoded(0, b"hush").at(200_000).expect([]);
}

#[test]
fn a_codec_that_never_answers_is_not_asked_for_more_silence_than_it_may_have_jobs() {
    let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
    phone.at(60_000);
    let asked = phone.take().into_iter().filter(|output| matches!(output, OwnedOutput::Encode(..)));
    assert_eq!(asked.count(), lxst_core::limits::SEND_JOBS);
    phone.job_done(0, Outcome::Failed).job_done(1, Outcome::Failed).at(65_000);
    assert_eq!(phone.take(), [silence(2)]);
}

#[derive(Clone, Copy, Debug)]
enum Received {
    Media,
    Signal,
    Nonsense,
    Keepalive,
}

fn hear(phone: &mut Script, received: Received) {
    match received {
        Received::Media => phone.rx_frame(b"voice"),
        Received::Signal => phone.rx([Signal::PreferredMode(1)]),
        Received::Nonsense => phone.rx_bytes(OUT, b"\xc1"),
        Received::Keepalive => phone.link(OUT, LinkEvent::Heard),
    };
}

/// A call that we dialled and that stands since 1 s; silence is encoded at once.
fn established(mode: Mode) -> Script {
    Script::established_caller(quiet(), mode)
}

/// Checks what the app was told since the last look.
#[track_caller]
fn tells<const N: usize>(phone: &mut Script, expected: [Event; N]) {
    let told = phone.take().into_iter().filter_map(|output| match output {
        OwnedOutput::Event(event) => Some(event),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

fn silence(job: u64) -> OwnedOutput {
    let format = SendFormat::Profile(Profile::MediumQuality);
    OwnedOutput::Encode(JobId(job), format, Source::Silence, Samples::from_millis(60))
}

const SILENT: Event = Event::PeerSilent { call: OUT_CALL };
const AUDIBLE: Event = Event::PeerAudible { call: OUT_CALL };
