//! From the peer to the speaker.

use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    Command, Direction, DropReason, Event, JobId, Mode, Mute, Outcome, PortChange, Profile,
    Samples, Side, StreamTimer, Tempo, Timer, limits,
};

use crate::support::{OUT, OUT_CALL, OUT_STREAM, OwnedOutput, Script, event, quiet};

#[test]
fn playout_starts_with_the_first_frame() {
    let mut phone = caller();
    phone.rx_frame(b"one").expect([decode(0, b"one")]);
    phone.played(0, 60).rx_frame(b"two").expect([]);
    phone.consumed(20).expect([]);
    phone.consumed(20).expect([]);
    phone.consumed(20).expect([decode(1, b"two")]);
}

#[test]
fn what_the_next_block_lacks_is_made_up_a_quarter_of_a_block_ahead() {
    let mut phone = playing();
    phone.consumed(20).expect([]);
    let due = phone.phone.poll_timeout().expect("audio is short");
    assert_eq!(
        (due.timer, due.at.as_micros()),
        (Timer::Stream(OUT_STREAM, StreamTimer::Playout), 1_015_000)
    );
    phone.at(1_014).expect([]);
    phone.at(1_015).expect([conceal(2, 20)]);
    phone.played(2, 20).expect([]);
    assert_ne!(
        phone.phone.poll_timeout().map(|due| due.timer),
        Some(Timer::Stream(OUT_STREAM, StreamTimer::Playout))
    );
}

#[test]
fn a_frame_that_comes_at_the_last_moment_is_played_and_nothing_made_up() {
    let mut phone = playing();
    phone.consumed(20).at(1_014).rx_frame(b"three").expect([decode(2, b"three")]);
    phone.played(2, 60).at(1_500).expect([]);
    assert_eq!(phone.counters().concealed, Samples::ZERO);
}

#[test]
fn only_as_much_is_made_up_as_the_block_lacks_and_10_ms_at_least() {
    for (left, made_up) in [(0, 20), (5, 15), (15, 10)] {
        let mut phone = caller();
        phone.rx_frame(b"one").played(0, 20 + left).consumed(20).take();
        phone.at(1_015).expect([conceal(1, made_up)]);
    }
}

#[test]
fn missing_frames_are_concealed_for_120_ms_at_most_and_then_there_is_silence_until_a_frame_comes() {
    let mut phone = playing();
    run_dry(&mut phone, 6, 20);
    assert_eq!(phone.counters().concealed, Samples::from_millis(120));
    assert_eq!(phone.counters().starved, Samples::ZERO, "it might be a pause");
    phone.rx_frame(b"three").expect([decode(8, b"three")]);
    assert_eq!(phone.counters().starved, Samples::from_millis(40));
    phone.played(8, 60).consumed(60).take();
    run_dry(&mut phone, 6, 20);
}

#[test]
fn a_frame_longer_than_120_ms_is_concealed_whole() {
    let mut phone = caller();
    phone.rx([Signal::PreferredProfile(0x30)]);
    for job in 0..2 {
        // Of mode 3200, ten of 20 ms.
        let frame = Frame { codec: Codec::Codec2, payload: &[6; 81] };
        let mut packet = [0; 100];
        let length = wire::encode_frame(frame, &mut packet).expect("it fits");
        phone.rx_bytes(OUT, &packet[..length]).take();
        phone.played(job, 200).consumed(200).take();
    }
    // The speaker takes 200 ms at once.
    phone.pass(150).expect([conceal(2, 200)]);
    phone.played(2, 200).consumed(200).pass(400).expect([]);
}

#[test]
fn a_frame_that_comes_late_is_played_after_what_stood_in_for_it() {
    let mut phone = playing();
    phone.consumed(20).at(1_015).expect([conceal(2, 20)]);
    phone.rx_frame(b"three").expect([]);
    phone.played(2, 20).expect([]);
    phone.consumed(20).expect([decode(3, b"three")]);
}

#[test]
fn beyond_3_s_the_oldest_frames_are_dropped() {
    let mut phone = caller();
    for number in 0..56_u8 {
        phone.rx_frame(&[number]);
    }
    // One is with the decoder; 50 make 3 s, and one waits for them.
    assert_eq!(phone.counters().frames_shed, 5);
    assert_eq!(phone.counters().dropped, Samples::from_millis(300));
    phone.expect([decode(0, &[0])]);
    phone.played(0, 60).consumed(60).expect([decode(1, &[6])]);
}

#[test]
fn after_a_pause_the_first_frame_is_held_back_for_the_spread_of_the_arrivals_before() {
    let mut phone = Listener::new();
    for number in 0..50 {
        // Every other frame comes 40 ms late.
        phone.frame_after(if number % 2 == 0 { 0 } else { 40 });
    }
    let jitter = phone.script.qualities.last().expect("a second has passed").jitter;
    assert!((35..=45).contains(&jitter.as_millis()), "{jitter:?}");
    phone.ticks(40);
    phone.script.rx_frame(b"again").expect([]);
    phone.ticks(1);
    assert_eq!(phone.tempos.len(), 50);
    phone.ticks(1);
    assert_eq!(phone.tempos.len(), 51);
}

#[test]
fn delay_that_no_frame_needs_is_shed_by_playing_faster() {
    let mut phone = Listener::delayed();
    phone.frames(60);
    let shed = phone.script.counters().shed;
    // What a decoder may hold back is kept as a margin.
    assert!((Samples::from_millis(260)..Samples::from_millis(300)).contains(&shed), "{shed:?}");
    assert!(phone.tempos.ends_with(&[Tempo::Normal; 20]), "{:?}", phone.tempos);
    assert!(!phone.tempos.contains(&Tempo::Skip), "{:?}", phone.tempos);
    assert_eq!(phone.script.counters().concealed, Samples::ZERO);
}

#[test]
fn pauses_are_left_out_while_there_is_delay_that_no_frame_needs() {
    let mut phone = Listener::delayed();
    phone.level = limits::PAUSE_LEVEL;
    phone.frames(60);
    let skipped = phone.tempos.iter().filter(|tempo| **tempo == Tempo::Skip);
    assert_eq!(skipped.count(), 4, "{:?}", phone.tempos);
    assert_eq!(phone.script.counters().concealed, Samples::ZERO);
}

#[test]
fn frames_play_slower_where_they_come_at_the_last_moment() {
    let mut phone = Listener::new();
    phone.frames(60);
    assert!(!phone.tempos.contains(&Tempo::Slower), "{:?}", phone.tempos);

    let mut phone = Listener::new();
    for _ in 0..60 {
        // A millisecond before what it brings would be concealed.
        phone.script.pass(14).rx_frame(b"frame");
        phone.work();
        phone.script.pass(6).consumed(20);
        phone.work();
        phone.ticks(2);
    }
    let slower = phone.tempos.iter().filter(|tempo| **tempo == Tempo::Slower);
    assert_eq!(slower.count(), 1, "{:?}", phone.tempos);
    assert_eq!(phone.script.counters().expanded, Samples::from_millis(12));
    assert_eq!(phone.script.counters().concealed, Samples::ZERO);
}

#[test]
fn a_switch_of_profile_and_codec_loses_nothing_that_arrived_and_opens_no_stream() {
    let mut phone = caller();
    let payloads = [b"a", b"b", b"c", b"d"];
    let codecs = [Codec::Opus, Codec::Opus, Codec::Codec2, Codec::Raw];
    for (index, (codec, payload)) in codecs.into_iter().zip(payloads).enumerate() {
        let mut packet = [0; 20];
        let length = wire::encode_frame(Frame { codec, payload }, &mut packet).expect("it fits");
        phone.rx_bytes(OUT, &packet[..length]);
        if index == 1 {
            phone.rx([Signal::PreferredProfile(0x80)]);
        }
    }
    for job in 0..4 {
        phone.played(job, 60).consumed(60);
    }
    let expected: Vec<OwnedOutput> = (0..)
        .zip(codecs.into_iter().zip(payloads))
        .map(|(job, (codec, payload))| {
            OwnedOutput::Decode(JobId(job), codec, Tempo::Normal, payload.to_vec())
        })
        .collect();
    let mut done = phone.take();
    let (call, profile, by) = (OUT_CALL, Profile::LowLatency, Side::Remote);
    done.retain(|output| *output != event(Event::ProfileChanged { call, profile, by }));
    assert_eq!(done, expected);
}

#[test]
fn four_seconds_after_a_switch_to_short_frames_the_delay_is_theirs() {
    let mut phone = caller();
    let packet = |codec, payload: &[u8]| {
        let mut packet = [0; 100];
        let length = wire::encode_frame(Frame { codec, payload }, &mut packet).expect("it fits");
        packet[..length].to_vec()
    };
    let long = packet(Codec::Codec2, &[0; 41]);
    let short = packet(Codec::Opus, &[0x48; 20]);
    for tick in 0..500 {
        match tick {
            0..=280 if tick % 20 == 0 => _ = phone.rx_bytes(OUT, &long),
            0..=280 => {}
            _ => _ = phone.rx_bytes(OUT, &short),
        }
        while let done = phone.take()
            && !done.is_empty()
        {
            for output in done {
                let (job, samples) = match output {
                    OwnedOutput::Decode(job, codec, tempo, _) => {
                        let frame = if codec == Codec::Opus { 960 } else { 19_200 };
                        let Tempo::Faster { most } = tempo else {
                            phone.job_done(
                                job.0,
                                Outcome::Played { samples: Samples(frame), level: 30 },
                            );
                            continue;
                        };
                        (job, Samples(frame - most.0.min(frame / 5)))
                    }
                    OwnedOutput::Conceal(job, samples) => (job, samples),
                    _ => continue,
                };
                phone.job_done(job.0, Outcome::Played { samples, level: 30 });
            }
        }
        phone.pass(20).consumed(20);
    }
    let delays: Vec<u128> =
        phone.qualities.iter().map(|quality| quality.delay.as_millis()).collect();
    // While a frame of 400 ms plays, 20 of the short ones come. The mean follows.
    assert!(delays[5] >= 250, "{delays:?}");
    assert!(delays[9] <= 70, "{delays:?}");
    assert_eq!(phone.counters().frames_shed, 0);
}

#[test]
fn four_seconds_after_the_speaker_stood_still_the_delay_is_what_it_was() {
    let mut phone = Listener::new();
    phone.frames(150);
    let delay = |phone: &Listener| {
        phone.script.qualities.last().expect("a second has passed").delay.as_millis()
    };
    let before = delay(&phone);
    for _ in 0..2_000 / 60 {
        phone.script.pass(60).rx_frame(b"frame");
        phone.work();
    }
    phone.frames(20);
    assert!(delay(&phone) >= before + 1_000, "{}", delay(&phone));
    phone.frames(4_000 / 60 - 20);
    let after = delay(&phone);
    // Less than a frame is not dropped.
    assert!(after <= before + 60, "{before} {after}");
    assert!(phone.script.counters().dropped >= Samples::from_millis(1_000));
}

#[test]
fn a_speaker_that_takes_less_than_real_time_is_not_followed_for_three_seconds() {
    let mut phone = Listener::new();
    for _ in 0..1_000 {
        // 40 ms of 60.
        phone.script.pass(10);
        phone.frame_after(0);
        phone.script.rx_frame(b"frame");
        phone.script.pass(50);
        phone.work();
        phone.ticks(1);
    }
    let longest = phone.script.qualities.iter().map(|quality| quality.delay).max();
    assert!(longest.is_some_and(|longest| longest.as_millis() < 2_500), "{longest:?}");
}

#[test]
fn one_receive_job_is_out_at_a_time() {
    let mut phone = caller();
    for number in 0..4 {
        phone.rx_frame(&[number]);
    }
    phone.consumed(20).consumed(20).at(1_100).expect([decode(0, &[0])]);
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
fn a_speaker_that_takes_much_at_once_is_given_as_much() {
    let mut phone = caller();
    phone.consumed(100);
    for number in 0..3 {
        phone.rx_frame(&[number]);
    }
    phone.expect([decode(0, &[0])]);
    phone.played(0, 60).expect([decode(1, &[1])]);
    phone.played(1, 60).expect([]);
}

#[test]
fn a_frame_of_which_the_decoder_holds_all_back_is_no_shortage() {
    let mut phone = caller();
    phone.rx_frame(b"one").rx_frame(b"two").take();
    phone.played(0, 0).expect([decode(1, b"two")]);
    phone.played(1, 60).expect([]);
    assert_eq!(phone.counters().frames_undecodable, 0);
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
    let decode =
        |job, codec| OwnedOutput::Decode(JobId(job), codec, Tempo::Normal, b"frame".to_vec());
    phone.expect([decode(0, Codec::Codec2)]);
    phone.played(0, 10).expect([decode(1, Codec::Raw)]);
}

#[test]
fn a_frame_that_cannot_be_decoded_is_told_once_and_counted_and_the_next_one_tried() {
    let mut phone = caller();
    phone.rx_frame(b"bad").rx_frame(b"worse").rx_frame(b"good").take();
    let reason = DropReason::UndecodableFrame;
    let told = event(Event::Dropped { link: OUT, reason });
    phone.job_done(0, Outcome::Failed).expect([told, decode(1, b"worse")]);
    phone.job_done(1, Outcome::Failed).expect([decode(2, b"good")]);
    assert_eq!(phone.counters().frames_undecodable, 2);
}

#[test]
fn muted_receiving_plays_none_of_what_arrives() {
    let mut phone = caller();
    phone.rx_frame(b"one").rx_frame(b"two").take();
    phone.command(Command::Mute(OUT_CALL, Direction::Receive, Mute::Muted));
    phone.played(0, 60);
    for _ in 0..5 {
        phone.rx_frame(b"unheard").consumed(20).expect([]);
    }
    assert_eq!(phone.counters().frames_unheard, 6);
    phone.command(Command::Mute(OUT_CALL, Direction::Receive, Mute::Unmuted));
    phone.rx_frame(b"three").expect([decode(1, b"three")]);
}

#[test]
fn without_a_speaker_nothing_is_decoded() {
    let mut phone = caller();
    phone.port(Direction::Receive, PortChange::Detached);
    for _ in 0..5 {
        phone.rx_frame(b"unheard").expect([]);
    }
    assert_eq!(phone.counters().frames_unheard, 5);
}

#[test]
fn a_frame_longer_than_any_codec_makes_is_dropped() {
    let mut phone = caller();
    phone.rx_frame(&[0; limits::FRAME_BYTES]).take();
    assert_eq!(phone.counters().frames_unknown, 1);
    assert_eq!(phone.counters().frames_received, 0);
}

#[test]
fn a_result_after_the_stream_closed_changes_nothing() {
    let mut phone = caller();
    phone.rx_frame(b"one").rx_frame(b"two").take();
    phone.command(Command::HangUp(OUT_CALL)).take();
    phone.played(0, 60).expect([]);
    assert_eq!(phone.counters().jobs_void, 1);
}

#[test]
fn a_new_call_does_not_play_what_the_last_one_left() {
    let mut phone = caller();
    phone.rx_frame(b"first").rx_frame(b"left");
    phone.command(Command::HangUp(OUT_CALL));
    phone.establish().attach(Direction::Receive).take();
    phone.rx_frame(b"one").expect([decode(1, b"one")]);
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

/// Lets the speaker take blocks of this many ms while nothing comes, until no more is made up.
#[track_caller]
fn run_dry(phone: &mut Script, times: usize, block: u64) {
    let mut made_up = 0;
    for _ in 0..times + 3 {
        phone.consumed(block).pass(15);
        for output in phone.take() {
            let OwnedOutput::Conceal(job, _) = output else { panic!("{output:?}") };
            made_up += 1;
            phone.played(job.0, block).pass(5);
        }
    }
    assert_eq!(made_up, times);
}

/// A phone whose decoder is done at once, and whose speaker takes 20 ms every 20 ms.
struct Listener {
    script: Script,
    level: u8,
    /// What was decoded.
    tempos: Vec<Tempo>,
}

impl Listener {
    fn new() -> Self {
        Self { script: caller(), level: 30, tempos: Vec::new() }
    }

    /// One with 300 ms of delay that no frame needs.
    fn delayed() -> Self {
        let mut phone = Self::new();
        for _ in 0..5 {
            phone.script.rx_frame(b"frame");
            phone.work();
        }
        phone
    }

    /// Frames of 60 ms come at their time.
    fn frames(&mut self, frames: usize) {
        for _ in 0..frames {
            self.frame_after(0);
        }
    }

    /// In 60 ms a frame comes, so many ms after their start.
    fn frame_after(&mut self, millis: u64) {
        let before = millis / 20;
        self.ticks(before);
        self.script.rx_frame(b"frame");
        self.work();
        self.ticks(3 - before);
    }

    fn ticks(&mut self, ticks: u64) {
        for _ in 0..ticks {
            for _ in 0..2 {
                self.script.pass(10);
                self.work();
            }
            self.script.consumed(20);
            self.work();
        }
    }

    fn work(&mut self) {
        loop {
            let done = self.script.take();
            if done.is_empty() {
                return;
            }
            for output in done {
                let (job, millis) = match output {
                    OwnedOutput::Decode(job, _, tempo, _) => {
                        self.tempos.push(tempo);
                        let millis = match tempo {
                            Tempo::Normal => 60,
                            Tempo::Faster { most } => 60 - most.0.min(12 * 48) / 48,
                            Tempo::Skip => 0,
                            Tempo::Slower => 72,
                        };
                        (job, millis)
                    }
                    OwnedOutput::Conceal(job, samples) => (job, samples.0 / 48),
                    _ => continue,
                };
                let samples = Samples::from_millis(millis);
                let outcome = Outcome::Played { samples, level: self.level };
                self.script.job_done(job.0, outcome);
            }
        }
    }
}

fn decode(job: u64, payload: &[u8]) -> OwnedOutput {
    OwnedOutput::Decode(JobId(job), Codec::Opus, Tempo::Normal, payload.to_vec())
}

fn conceal(job: u64, millis: u64) -> OwnedOutput {
    OwnedOutput::Conceal(JobId(job), Samples::from_millis(millis))
}
