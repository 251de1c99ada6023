//! From the microphone to the peer.

use lxst_core::wire::{Codec, Signal};
use lxst_core::{
    Command, Config, Direction, FramesPerPacket, Input, InputError, InsteadOfVoice, JobId, Mode,
    Mute, Outcome, PortChange, Profile, RawDepth, Samples, SendFormat, Source, Talk, TransmitCodec,
    limits,
};

use crate::support::{OUT, OUT_CALL, OUT_STREAM, OwnedOutput, Script, quiet};

#[test]
fn a_frame_is_encoded_once_it_is_captured_whole() {
    let mut phone = caller();
    phone.captured(20).captured(20).expect([]);
    phone.captured(20).expect([encode(0, Profile::MediumQuality, 60)]);
    phone.encoded(0, b"voice").expect([OwnedOutput::Media(OUT, Codec::Opus, b"voice".to_vec())]);
    assert_eq!(phone.counters().media_packets_sent, 1);
}

#[test]
fn two_encodes_are_out_at_most_and_the_third_frame_waits() {
    let mut phone = caller();
    phone.captured(180);
    phone.expect([0, 1].map(|job| encode(job, Profile::MediumQuality, 60)));
    phone.encoded(0, b"one");
    phone.expect([
        OwnedOutput::Media(OUT, Codec::Opus, b"one".to_vec()),
        encode(2, Profile::MediumQuality, 60),
    ]);
}

#[test]
fn a_profile_switch_changes_the_frame_from_the_next_job_on() {
    let mut phone = caller();
    phone.captured(60).take();
    phone.rx([Signal::PreferredProfile(0x80)]).take();
    phone.captured(20).expect([encode(1, Profile::LowLatency, 20)]);
}

#[test]
fn a_codec2_frame_goes_out_under_its_own_codec_byte() {
    let mut phone = Script::established_caller(
        Config { profiles: lxst_core::ProfileSet::OPUS.with(Profile::LowBandwidth), ..quiet() },
        Mode::FullDuplex,
    );
    phone.command(Command::SetProfile(OUT_CALL, Profile::LowBandwidth)).take();
    phone.captured(200).expect([encode(0, Profile::LowBandwidth, 200)]);
    phone.encoded_as(Codec::Codec2, 0, b"\x06code").expect([OwnedOutput::Media(
        OUT,
        Codec::Codec2,
        b"\x06code".to_vec(),
    )]);
}

#[test]
fn raw_frames_are_the_longest_that_fit_the_link() {
    for (depth, samples) in [
        (RawDepth::Float16, 192),
        (RawDepth::Float32, 96),
        (RawDepth::Float64, 48),
        (RawDepth::Float128, 24),
    ] {
        let mut phone = Script::established_caller(
            Config { transmit: TransmitCodec::Raw { depth }, ..quiet() },
            Mode::FullDuplex,
        );
        let (stream, samples) = (OUT_STREAM, Samples(samples));
        phone.give(Input::Captured { stream, samples });
        let format = SendFormat::Raw(depth);
        phone.expect([OwnedOutput::Encode(JobId(0), format, Source::Captured, samples)]);
        let payload = vec![0x55; 1 + samples.0 as usize * depth.bytes()];
        phone.encoded_as(Codec::Raw, 0, &payload).expect([OwnedOutput::Media(
            OUT,
            Codec::Raw,
            payload,
        )]);
    }
}

#[test]
fn a_link_too_small_for_any_raw_frame_discards_what_is_captured() {
    let depth = RawDepth::Float128;
    let mut phone = Script::new(Config { transmit: TransmitCodec::Raw { depth }, ..quiet() });
    let (rtt, mdu) = (None, Some(100));
    phone.dial().link(OUT, lxst_core::LinkEvent::Up { rtt, mdu });
    for signal in [Signal::Available, Signal::Ringing, Signal::Established] {
        phone.rx([signal]);
    }
    phone.attach(Direction::Send).take();
    phone.captured(20).expect([discard(0, 20)]);
}

#[test]
fn a_link_whose_stack_tells_no_mdu_carries_what_a_link_over_the_default_mtu_does() {
    let transmit = TransmitCodec::Raw { depth: RawDepth::Float16 };
    for (mdu, samples) in [(None, 192), (Some(limits::DEFAULT_MDU), 192), (Some(1_500), 480)] {
        let mut phone = Script::new(Config { transmit, ..quiet() });
        phone.dial().link(OUT, lxst_core::LinkEvent::Up { rtt: None, mdu });
        for signal in [Signal::Available, Signal::Ringing, Signal::Established] {
            phone.rx([signal]);
        }
        phone.attach(Direction::Send).take();
        let (format, samples) = (SendFormat::Raw(RawDepth::Float16), Samples(samples));
        phone.give(Input::Captured { stream: OUT_STREAM, samples });
        phone.expect([OwnedOutput::Encode(JobId(0), format, Source::Captured, samples)]);
    }
}

#[test]
fn a_frame_too_long_for_the_link_is_not_sent() {
    let mut phone = caller();
    phone.captured(60).take();
    phone.encoded(0, &[0x55; 431]).expect([]);
    assert_eq!(phone.counters().frames_unsent, 1);
}

#[test]
fn overload_discards_the_oldest_and_keeps_a_frame() {
    let mut phone = caller();
    phone.captured(120).take();
    phone.captured(560).expect([]);
    phone.captured(20).encoded(0, b"late");
    phone.expect([OwnedOutput::Media(OUT, Codec::Opus, b"late".to_vec()), discard(2, 520)]);
    phone.job_done(2, Outcome::Discarded).expect([encode(3, Profile::MediumQuality, 60)]);
    assert_eq!(phone.counters().capture_dropped, Samples::from_millis(520));
    assert_eq!(phone.counters().capture_discarded, Samples::ZERO);
}

#[test]
fn a_muted_microphone_sends_silence_at_the_full_rate() {
    let mut phone = caller();
    let mute = Command::Mute(OUT_CALL, Direction::Send, Mute::Muted);
    phone.command(mute).captured(60);
    let format = SendFormat::Profile(Profile::MediumQuality);
    let samples = Samples::from_millis(60);
    phone.expect([OwnedOutput::Encode(JobId(0), format, Source::Silence, samples)]);
    phone.encoded(0, b"hush").expect([OwnedOutput::Media(OUT, Codec::Opus, b"hush".to_vec())]);
}

#[test]
fn what_was_captured_before_muting_does_not_leave_after_it() {
    let mut phone = caller();
    phone.captured(60).take();
    phone.command(Command::Mute(OUT_CALL, Direction::Send, Mute::Muted));
    phone.encoded(0, b"secret").expect([]);
    assert_eq!(phone.counters().frames_unsent, 1);
}

#[test]
fn in_half_duplex_the_microphone_is_open_while_the_talk_button_is_held() {
    let mut phone = Script::established_caller(quiet(), Mode::HalfDuplex);
    phone.captured(60).expect([discard(0, 60)]);
    phone.job_done(0, Outcome::Discarded);
    phone.command(Command::Talk(OUT_CALL, Talk::Pressed)).captured(60);
    phone.expect([encode(1, Profile::MediumQuality, 60)]);
    phone.encoded(1, b"over").expect([OwnedOutput::Media(OUT, Codec::Opus, b"over".to_vec())]);

    phone.captured(60).take();
    phone.command(Command::Talk(OUT_CALL, Talk::Released));
    phone.encoded(2, b"oops").expect([]);
    phone.captured(20).expect([discard(3, 20)]);
}

#[test]
fn silence_that_was_begun_in_full_duplex_does_not_leave_in_half_duplex() {
    let mut phone = caller();
    let mute = Command::Mute(OUT_CALL, Direction::Send, Mute::Muted);
    phone.command(mute).captured(60).take();
    phone.rx([Signal::PreferredMode(2)]).take();
    phone.encoded(0, b"hush").expect([]);
}

#[test]
fn a_muted_talk_button_sends_nothing() {
    let mut phone = Script::established_caller(quiet(), Mode::HalfDuplex);
    phone.command(Command::Mute(OUT_CALL, Direction::Send, Mute::Muted));
    phone.command(Command::Talk(OUT_CALL, Talk::Pressed));
    phone.captured(60).expect([discard(0, 60)]);
}

#[test]
fn a_peer_that_says_full_duplex_gets_no_audio_from_a_half_duplex_phone() {
    let mut phone = Script::established_caller(quiet(), Mode::HalfDuplex);
    phone.rx([Signal::PreferredMode(1)]);
    phone.captured(60).expect([discard(0, 60)]);
}

#[test]
fn the_talk_button_opens_the_microphone_within_a_frame() {
    let mut phone = Script::established_caller(quiet(), Mode::HalfDuplex);
    for job in 0..10 {
        phone.captured(20).expect([discard(job, 20)]);
        phone.job_done(job, Outcome::Discarded);
    }
    phone.command(Command::Talk(OUT_CALL, Talk::Pressed));
    phone.captured(20).captured(20).expect([]);
    phone.captured(20).expect([encode(10, Profile::MediumQuality, 60)]);
}

#[test]
fn a_muted_microphone_sends_nothing_where_the_settings_say_so() {
    let config = Config { when_muted: InsteadOfVoice::Nothing, ..quiet() };
    let mut phone = Script::established_caller(config, Mode::FullDuplex);
    let mute = |mute| Command::Mute(OUT_CALL, Direction::Send, mute);
    phone.captured(60).take();
    phone.command(mute(Mute::Muted)).encoded(0, b"secret").expect([]);
    phone.captured(60).expect([discard(1, 60)]);
    phone.job_done(1, Outcome::Discarded);
    phone.command(mute(Mute::Unmuted)).captured(60);
    phone.expect([encode(2, Profile::MediumQuality, 60)]);
}

#[test]
fn a_frame_in_which_the_encoder_found_silence_is_counted_and_nothing_sent() {
    let mut phone = caller();
    phone.captured(60).take();
    phone.job_done(0, Outcome::NoVoice).expect([]);
    let counters = phone.counters();
    assert_eq!((counters.frames_dtx, counters.encodes_failed, counters.frames_unsent), (1, 0, 0));
    phone.captured(60).expect([encode(1, Profile::MediumQuality, 60)]);
}

#[test]
fn as_many_frames_as_the_settings_say_go_out_in_one_packet() {
    let mut phone = joining(3);
    phone.captured(120).take();
    phone.encoded(0, b"one").encoded(1, b"two").expect([]);
    phone.captured(60).take();
    phone.encoded(2, b"three").expect([joined(&[b"one", b"two", b"three"])]);
    assert_eq!(phone.counters().media_packets_sent, 1);
    assert_eq!(phone.counters().bytes_sent, 3 + 3 + 5 + 3);
}

#[test]
fn frames_that_wait_for_more_go_out_when_the_microphone_closes() {
    let mute = Command::Mute(OUT_CALL, Direction::Send, Mute::Muted);
    let (stream, direction, change) = (OUT_STREAM, Direction::Send, PortChange::Detached);
    let closings = [
        (InsteadOfVoice::Nothing, Input::Command(mute)),
        (InsteadOfVoice::Silence, Input::Port { stream, direction, change }),
    ];
    for (muted, closing) in closings {
        let config = Config { frames_per_packet: frames(3), when_muted: muted, ..quiet() };
        let mut phone = Script::established_caller(config, Mode::FullDuplex);
        phone.captured(120).take();
        phone.encoded(0, b"one").encoded(1, b"two").give(closing);
        phone.expect([joined(&[b"one", b"two"])]);
    }
    let config = Config { frames_per_packet: frames(3), ..quiet() };
    let mut phone = Script::established_caller(config, Mode::HalfDuplex);
    phone.command(Command::Talk(OUT_CALL, Talk::Pressed)).captured(60).take();
    phone.encoded(0, b"over").expect([]);
    phone.command(Command::Talk(OUT_CALL, Talk::Released));
    phone.expect([OwnedOutput::Media(OUT, Codec::Opus, b"over".to_vec())]);
}

#[test]
fn frames_that_wait_for_more_go_out_when_silence_begins() {
    let mut phone = joining(3);
    phone.captured(120).take();
    phone.encoded(0, b"end").expect([]);
    phone.job_done(1, Outcome::NoVoice);
    phone.expect([OwnedOutput::Media(OUT, Codec::Opus, b"end".to_vec())]);
}

#[test]
fn frames_too_long_for_one_packet_go_out_in_two() {
    let mut phone = joining(3);
    let [one, two] = [[1; 220], [2; 220]];
    phone.captured(120).take();
    phone.encoded(0, &one).expect([]);
    phone.encoded(1, &two).expect([OwnedOutput::Media(OUT, Codec::Opus, one.to_vec())]);
    phone.command(Command::Mute(OUT_CALL, Direction::Send, Mute::Muted));
    phone.port(Direction::Send, PortChange::Detached);
    phone.expect([OwnedOutput::Media(OUT, Codec::Opus, two.to_vec())]);
}

#[test]
fn a_packet_holds_no_more_frames_than_the_profile_allows() {
    let profiles = Profile::ALL
        .into_iter()
        .fold(lxst_core::ProfileSet::EMPTY, |all, profile| all.with(profile));
    let config =
        Config { frames_per_packet: frames(limits::FRAMES_PER_PACKET as u8), profiles, ..quiet() };
    for profile in Profile::ALL {
        let mut phone = Script::established_caller(config, Mode::FullDuplex);
        phone.command(Command::SetProfile(OUT_CALL, profile));
        let millis = profile.frame().duration().as_millis() as u64;
        let mut held = Vec::new();
        for job in 0..u64::from(profile.max_frames_per_packet()) {
            phone.take();
            phone.captured(millis);
            let payload = [job as u8];
            phone.encoded(job, &payload);
            held.push(payload);
        }
        let sent = phone.take();
        let frames = match sent.last() {
            Some(OwnedOutput::Joined(_, frames)) => frames,
            other => panic!("{profile}: {other:?}"),
        };
        assert!(frames.iter().eq(&held), "{profile}: {frames:?}");
    }
}

#[test]
fn frames_that_wait_go_out_when_the_profile_allows_no_more() {
    let mut phone = joining(5);
    phone.captured(180).take();
    phone.encoded(0, b"one").encoded(1, b"two").encoded(2, b"three").take();
    phone.command(Command::SetProfile(OUT_CALL, Profile::UltraLowLatency));
    let sent = phone.take();
    assert!(sent.contains(&joined(&[b"one", b"two", b"three"])), "{sent:?}");
}

#[test]
fn a_frame_that_shows_that_we_are_there_waits_for_no_others() {
    let mut phone = joining(5);
    phone.at(6_000).take();
    phone.encoded(0, b"hush").expect([OwnedOutput::Media(OUT, Codec::Opus, b"hush".to_vec())]);
}

#[test]
fn frames_that_wait_for_more_when_the_call_ends_are_counted() {
    let mut phone = joining(2);
    phone.captured(60).take();
    phone.encoded(0, b"one").command(Command::HangUp(OUT_CALL)).take();
    assert_eq!(phone.counters().frames_unsent, 1);
    phone.establish().attach(Direction::Send).take();
    phone.captured(120).take();
    phone.encoded(1, b"two").expect([]);
    phone.encoded(2, b"three").expect([joined(&[b"two", b"three"])]);
}

#[test]
fn a_detached_microphone_sends_nothing() {
    let mut phone = caller();
    phone.captured(40).port(Direction::Send, PortChange::Detached).expect([discard(0, 40)]);
}

#[test]
fn an_encode_that_failed_is_counted_and_the_next_one_goes_out() {
    let mut phone = caller();
    phone.captured(60).take();
    phone.job_done(0, Outcome::Failed).expect([]);
    assert_eq!(phone.counters().encodes_failed, 1);
    phone.captured(60).expect([encode(1, Profile::MediumQuality, 60)]);
}

#[test]
fn results_after_the_stream_closed_change_nothing_and_are_counted() {
    let mut phone = caller();
    phone.captured(120).take();
    phone.command(Command::HangUp(OUT_CALL)).take();
    phone.encoded(0, b"late").job_done(1, Outcome::Failed).expect([]);
    assert_eq!(phone.counters().jobs_void, 2);
    assert_eq!(phone.counters().media_packets_sent, 0);
}

#[test]
fn jobs_of_the_last_call_take_no_room_from_those_of_the_next() {
    let mut phone = caller();
    phone.captured(120).take();
    phone.command(Command::HangUp(OUT_CALL));
    phone.establish().attach(Direction::Send).take();
    phone.captured(60).expect([encode(2, Profile::MediumQuality, 60)]);
    phone.encoded(0, b"late").encoded(1, b"late").expect([]);
    phone.encoded(2, b"new").expect([OwnedOutput::Media(OUT, Codec::Opus, b"new".to_vec())]);
}

#[test]
fn a_job_that_was_never_given_out_is_refused() {
    let mut phone = caller();
    let job = JobId(0);
    let outcome = Outcome::Discarded;
    phone.refuse(Input::JobDone { job, outcome }, InputError::UnknownJob(job));
}

#[test]
fn audio_without_a_call_is_refused() {
    let mut phone = Script::new(quiet());
    let (stream, samples) = (OUT_STREAM, Samples(960));
    let unknown = InputError::UnknownStream(stream);
    phone.refuse(Input::Captured { stream, samples }, unknown);
    phone.refuse(Input::Consumed { stream, samples }, unknown);
    for direction in [Direction::Send, Direction::Receive] {
        let overrun = Input::Overrun { stream, direction, samples };
        phone.refuse(overrun, unknown);
    }
}

fn caller() -> Script {
    Script::established_caller(quiet(), Mode::FullDuplex)
}

fn joining(frames_per_packet: u8) -> Script {
    let config = Config { frames_per_packet: frames(frames_per_packet), ..quiet() };
    Script::established_caller(config, Mode::FullDuplex)
}

fn frames(number: u8) -> FramesPerPacket {
    FramesPerPacket::new(number).expect("within its bounds")
}

fn joined(payloads: &[&[u8]]) -> OwnedOutput {
    OwnedOutput::Joined(OUT, payloads.iter().map(|payload| payload.to_vec()).collect())
}

fn encode(job: u64, profile: Profile, millis: u64) -> OwnedOutput {
    let samples = Samples::from_millis(millis);
    OwnedOutput::Encode(JobId(job), SendFormat::Profile(profile), Source::Captured, samples)
}

fn discard(job: u64, millis: u64) -> OwnedOutput {
    OwnedOutput::Discard(JobId(job), Samples::from_millis(millis))
}
