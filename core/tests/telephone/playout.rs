//! From the peer to the speaker.

use lxst_core::wire::{self, Codec, Frame};
use lxst_core::{
    Command, Direction, Input, JobId, Mode, Mute, Outcome, PortChange, Samples, limits,
};

use crate::support::{Did, OUT, OUT_CALL, Script, quiet};

#[test]
fn playout_starts_when_two_frames_are_held() {
    let mut phone = caller();
    phone.rx_frame(b"one").expect([]);
    phone.rx_frame(b"two").expect([decode(0, b"one")]);
    phone.played(0, 60).expect([]);
    phone.consumed(20).expect([]);
    phone.consumed(20).expect([]);
    phone.consumed(20).expect([decode(1, b"two")]);
}

#[test]
fn a_single_frame_is_held_back_for_the_depth_and_then_played() {
    let mut phone = caller();
    phone.rx_frame(b"one");
    for _ in 0..5 {
        phone.consumed(20).expect([]);
    }
    phone.consumed(20).expect([decode(0, b"one")]);
    assert_eq!(phone.stats().starved, Samples::ZERO);
}

#[test]
fn missing_frames_are_concealed_for_120_ms_at_most_and_then_the_depth_is_filled_again() {
    let mut phone = playing();
    for job in 2..8 {
        phone.consumed(20);
        assert_eq!(phone.take(), [conceal(job)]);
        phone.played(job, 20);
    }
    phone.consumed(20).expect([]);
    assert_eq!(phone.stats().concealed, Samples::from_millis(120));

    phone.rx_frame(b"three").expect([]);
    phone.rx_frame(b"four").expect([decode(8, b"three")]);
}

#[test]
fn a_frame_that_comes_while_audio_is_made_up_is_played_next() {
    let mut phone = playing();
    phone.consumed(20).take();
    phone.rx_frame(b"three").expect([]);
    phone.played(2, 20).expect([]);
    phone.consumed(20).expect([decode(3, b"three")]);
    phone.played(3, 60);
    for job in 4..10 {
        phone.consumed(if job == 4 { 60 } else { 20 });
        assert_eq!(phone.take(), [conceal(job)], "the 120 ms count anew");
        phone.played(job, 20);
    }
    phone.consumed(20).expect([]);
}

#[test]
fn frames_beyond_the_depth_and_the_excess_are_shed_oldest_first() {
    let mut phone = caller();
    for number in 0..10_u8 {
        phone.rx_frame(&[number]);
    }
    // One is with the decoder; two frames of depth and four of excess are kept.
    assert_eq!(phone.stats().frames_shed, 3);
    phone.expect([decode(0, &[0])]);
    phone.played(0, 60).consumed(60).expect([decode(1, &[4])]);
}

#[test]
fn one_receive_job_is_out_at_a_time() {
    let mut phone = caller();
    for number in 0..4 {
        phone.rx_frame(&[number]);
    }
    phone.consumed(20).consumed(20).expect([decode(0, &[0])]);
}

#[test]
fn short_frames_are_decoded_until_the_lead_is_ready() {
    let mut phone = caller();
    for number in 0..4 {
        phone.rx_frame(&[number]);
    }
    phone.expect([decode(0, &[0])]);
    phone.played(0, 10).expect([decode(1, &[1])]);
    phone.played(1, 10).expect([]);
    phone.consumed(10).expect([decode(2, &[2])]);
}

#[test]
fn the_shortest_frames_do_not_make_concealment_a_flood_of_jobs() {
    let mut phone = caller();
    phone.rx_frame(b"a").rx_frame(b"b").take();
    let (samples, level) = (Samples(1), 0);
    let a_sample = Outcome::Played { samples, level };
    phone
        .job_done(0, a_sample)
        .job_done(1, a_sample)
        .expect([decode(1, b"b"), Did::Conceal(JobId(2), limits::CONCEALMENT_STEP)]);
}

#[test]
fn a_frame_is_decoded_by_its_own_codec_byte() {
    let mut phone = caller();
    let codecs = [Codec::Codec2, Codec::Raw];
    for codec in codecs {
        let mut packet = [0; 20];
        let frame = Frame { codec, payload: b"frame" };
        let length = wire::encode_frame(frame, &mut packet).expect("it fits");
        phone.rx_bytes(OUT, &packet[..length]);
    }
    phone.expect([Did::Decode(JobId(0), Codec::Codec2, b"frame".to_vec())]);
    phone.played(0, 10).expect([Did::Decode(JobId(1), Codec::Raw, b"frame".to_vec())]);
}

#[test]
fn a_frame_that_cannot_be_decoded_is_counted_and_the_next_one_tried() {
    let mut phone = caller();
    phone.rx_frame(b"bad").rx_frame(b"good").take();
    phone.job_done(0, Outcome::Failed).expect([decode(1, b"good")]);
    assert_eq!(phone.stats().frames_undecodable, 1);
}

#[test]
fn muted_receiving_plays_none_of_what_arrives() {
    let mut phone = caller();
    phone.rx_frame(b"one");
    phone.command(Command::Mute(OUT_CALL, Direction::Receive, Mute::Muted));
    for _ in 0..5 {
        phone.rx_frame(b"unheard").consumed(20).expect([]);
    }
    assert_eq!(phone.stats().frames_unheard, 6);
    phone.command(Command::Mute(OUT_CALL, Direction::Receive, Mute::Unmuted));
    phone.rx_frame(b"two").rx_frame(b"three").expect([decode(0, b"two")]);
}

#[test]
fn without_a_speaker_nothing_is_decoded() {
    let mut phone = caller();
    let (direction, change) = (Direction::Receive, PortChange::Detached);
    phone.give(Input::Port { direction, change });
    for _ in 0..5 {
        phone.rx_frame(b"unheard").expect([]);
    }
    assert_eq!(phone.stats().frames_unheard, 5);
}

#[test]
fn a_frame_longer_than_any_codec_makes_is_dropped() {
    let mut phone = caller();
    phone.rx_frame(&[0; limits::FRAME_BYTES]).take();
    assert_eq!(phone.stats().frames_unknown, 1);
    assert_eq!(phone.stats().frames_received, 0);
}

#[test]
fn a_result_after_the_stream_closed_changes_nothing() {
    let mut phone = caller();
    phone.rx_frame(b"one").rx_frame(b"two").take();
    phone.command(Command::HangUp(OUT_CALL)).take();
    phone.played(0, 60).expect([]);
    assert_eq!(phone.stats().jobs_void, 1);
}

#[test]
fn a_new_call_does_not_play_what_the_last_one_left() {
    let mut phone = caller();
    phone.rx_frame(b"left");
    phone.command(Command::HangUp(OUT_CALL));
    phone.establish().take();
    phone.rx_frame(b"one").expect([]);
    phone.rx_frame(b"two").expect([decode(0, b"one")]);
}

fn caller() -> Script {
    Script::established_caller(quiet(), Mode::FullDuplex)
}

/// A phone that has just played two frames, with 20 ms of the second left.
fn playing() -> Script {
    let mut phone = caller();
    phone.rx_frame(b"one").rx_frame(b"two");
    phone.played(0, 60).consumed(60).played(1, 60).consumed(40);
    phone.expect([decode(0, b"one"), decode(1, b"two")]);
    phone
}

fn decode(job: u64, payload: &[u8]) -> Did {
    Did::Decode(JobId(job), Codec::Opus, payload.to_vec())
}

fn conceal(job: u64) -> Did {
    Did::Conceal(JobId(job), Samples::from_millis(20))
}
