//! What becomes of received audio on good and bad networks, beside the reference.
//!
//! The table of it is a snapshot of the crate `lxst-snapshots`.

use lxst_core::Profile;
use lxst_sim::receive::{LEARNING, Network, Outcome, Stalls, Trace, table};

#[test]
fn on_a_clean_network_mouth_to_ear_is_a_frame_shorter_than_with_the_reference() {
    for (trace, ours) in runs("clean") {
        let frame = frame_ms(trace.profile);
        let measured = measured_of_reference_ms(trace.profile);
        assert!(ours.delay() <= measured - frame, "{}: {}", trace.profile, ours.delay());
        if is_opus(trace.profile) {
            let modelled = Outcome::reference(&trace).delay();
            assert!(ours.delay() <= modelled - frame, "{}: {}", trace.profile, ours.delay());
        }
        assert_eq!(ours.missing_percent(), 0.0, "{}", trace.profile);
    }
}

#[test]
fn frames_of_opus_wait_for_no_more_than_the_jitter_and_the_speakers_next_block() {
    for (name, jitter) in [("clean", 0.0), ("jitter 20 ms", 20.0), ("drift +100 ppm", 20.0)] {
        for (trace, ours) in runs(name).filter(|(trace, _)| is_opus(trace.profile)) {
            // A block, and the part of it that concealment is ahead.
            let block = if trace.profile == Profile::UltraLowLatency { 12.5 } else { 25.0 };
            let bound = frame_ms(trace.profile) + jitter + block;
            assert!(ours.delay() <= bound, "{name} {}: {}", trace.profile, ours.delay());
        }
    }
}

#[test]
fn after_one_stall_of_half_a_second_long_frames_of_opus_are_back_in_two_seconds() {
    for (trace, ours) in runs("stall 500 ms") {
        if frame_ms(trace.profile) == 60.0 {
            let [before, _] = ours.delays_around_stall(&trace).expect("there is a stall");
            let back = trace.stall_ends().expect("there is a stall") + 2_000_000;
            let after = ours.delay_within(back, back + 500_000);
            assert!(after <= before + 20.0, "{}: {before} {after}", trace.profile);
        }
    }
}

#[test]
fn where_the_references_queues_cover_the_jitter_ours_has_no_more_delay_and_conceals_little() {
    for name in ["jitter 20 ms", "jitter 80 ms"] {
        for (trace, ours) in runs(name) {
            let is_covered = is_opus(trace.profile) && trace.profile != Profile::UltraLowLatency;
            let theirs = Outcome::reference(&trace);
            if is_covered {
                assert!(ours.delay() <= theirs.delay(), "{name} {}", trace.profile);
            }
            assert!(ours.missing_percent() <= 1.0, "{name} {}", trace.profile);
        }
    }
}

#[test]
fn ultra_low_latency_bears_a_jitter_of_80_ms_at_110_ms() {
    for (trace, ours) in runs("jitter 80 ms") {
        if trace.profile == Profile::UltraLowLatency {
            assert!(ours.delay() <= 110.0, "{}", ours.delay());
            assert!(ours.missing_percent() <= 1.0, "{}", ours.missing_percent());
        }
    }
}

#[test]
fn four_seconds_after_a_stall_of_the_network_or_of_ours_the_delay_is_what_it_was() {
    for name in ["stall 500 ms", "stall 2 s", "stall of ours 1 s"] {
        for (trace, ours) in runs(name) {
            let [before, after] = ours.delays_around_stall(&trace).expect("there is a stall");
            assert!(after <= before + 35.0, "{name} {}: {before} {after}", trace.profile);
        }
    }
}

#[test]
fn a_stall_of_half_a_second_costs_no_sound_but_what_was_made_up_for_it() {
    for (trace, ours) in runs("stall 500 ms") {
        assert_eq!(ours.dropped, 0, "{}", trace.profile);
    }
}

#[test]
fn bursts_of_2_s_are_learnt_and_all_is_heard() {
    for (trace, ours) in runs("bursts of 2 s") {
        let bound = 2_060.0 + 2.0 * frame_ms(trace.profile);
        assert!(ours.delay() <= bound, "{}: {}", trace.profile, ours.delay());
        assert_eq!(unheard(&trace, &ours, 10_000_000), 0, "{}", trace.profile);
    }
}

#[test]
fn stalls_that_come_again_within_30_s_are_learnt_and_up_to_3_s_are_kept() {
    for millis in [1_100, 2_000, 2_900] {
        let stalls = Stalls::Every { millis, seconds: 28 };
        let network = Network { stalls, seconds: 140, ..Network::CLEAN };
        for profile in Profile::ALL {
            let trace = network.trace(profile, 1);
            let ours = Outcome::ours(&trace);
            // The third and what follows.
            assert_eq!(unheard(&trace, &ours, 83_000_000), 0, "{millis} {profile}");
        }
    }
}

#[test]
fn the_reference_never_comes_back_from_a_stall() {
    for (trace, _) in runs("stall 500 ms") {
        if trace.profile == Profile::MediumQuality {
            let theirs = Outcome::reference(&trace);
            let [before, _] = theirs.delays_around_stall(&trace).expect("there is a stall");
            let end = theirs.delay_within(trace.end() - 5_000_000, u64::MAX);
            assert!(end > before + 250.0, "{before} {end}");
        }
    }
}

#[test]
fn what_is_made_up_is_what_was_lost() {
    for name in ["loss 2 %", "loss 10 %", "bursts 5 %"] {
        for (trace, ours) in runs(name) {
            let (lost, missing) = (trace.lost_percent(), ours.missing_percent());
            assert!((missing - lost).abs() <= 1.0, "{name} {}: {lost} {missing}", trace.profile);
            // Beyond what is made up in a row, there is silence.
            if name != "bursts 5 %" && is_opus(trace.profile) {
                let concealed = ours.concealed_percent();
                assert!((concealed - lost).abs() <= 1.0, "{name} {}", trace.profile);
            }
        }
    }
}

#[test]
fn lost_frames_are_counted() {
    for name in ["clean", "jitter 80 ms", "stall 500 ms", "drift +100 ppm", "loss 2 %", "loss 10 %"]
    {
        for (trace, ours) in runs(name) {
            let (lost, estimated) = (trace.lost() as f64, ours.estimated_lost as f64);
            let tolerance = 3.0 + lost * if is_opus(trace.profile) { 0.05 } else { 0.3 };
            let about = format!("{name} {}: {estimated} of {lost}", trace.profile);
            assert!((estimated - lost).abs() <= tolerance, "{about}");
        }
    }
}

#[test]
fn clocks_that_drift_apart_make_no_delay_grow() {
    for name in ["drift +100 ppm", "drift -100 ppm"] {
        for (trace, ours) in runs(name) {
            let first = ours.delay_within(LEARNING, LEARNING + 10_000_000);
            let last = ours.delay_within(trace.end() - 10_000_000, u64::MAX);
            // Less than what a frame can shed, and a decoder hold back, is not shed.
            let near = frame_ms(trace.profile) / 4.0 + 35.0;
            assert!((last - first).abs() <= near, "{name} {}: {first} {last}", trace.profile);
            assert!(ours.missing_percent() <= 0.02, "{name} {}", trace.profile);
        }
    }
}

#[test]
fn a_device_clock_that_is_off_costs_no_more_than_its_drift() {
    for drift_ppm in [200, -200, 10_000, -10_000] {
        let off = Network { drift_ppm, seconds: 120, ..Network::CLEAN };
        for (trace, ours) in runs_of(off) {
            let first = ours.delay_within(LEARNING, LEARNING + 10_000_000);
            let last = ours.delay_within(trace.end() - 10_000_000, u64::MAX);
            let about = format!("{drift_ppm} ppm, {}: {first} {last}", trace.profile);
            assert!((last - first).abs() <= frame_ms(trace.profile) / 4.0 + 35.0, "{about}");
            // A slow microphone gives less than is played, and what it lacks is made up.
            let lacking = (-drift_ppm).max(0) as f64 / 10_000.0;
            let missing = ours.missing_percent();
            assert!(missing <= lacking * 1.1 + 0.02, "{about}: {missing} % missing");
        }
    }
}

#[test]
fn frames_that_overtake_others_are_played_and_no_delay_grows() {
    for (trace, ours) in runs("reordering") {
        assert_eq!(ours.dropped, 0, "{}", trace.profile);
        let frame = frame_ms(trace.profile);
        assert!(ours.delay() <= 2.5 * frame + 60.0, "{}: {}", trace.profile, ours.delay());
    }
}

#[test]
fn on_the_worst_network_the_delay_stays_bounded() {
    for (trace, ours) in runs("all of it") {
        let most = ours.delays.iter().map(|(_, delay)| *delay).max().expect("frames were played");
        let bound = 2.0 * frame_ms(trace.profile) + 1_000.0;
        assert!(most as f64 / 1_000.0 <= bound, "{}: {most}", trace.profile);
        let end = ours.delay_within(trace.end() - 10_000_000, u64::MAX);
        let jitter = frame_ms(trace.profile) + 80.0;
        assert!(end <= jitter + frame_ms(trace.profile).max(60.0), "{}: {end}", trace.profile);
    }
}

#[test]
fn the_table_has_a_row_for_each_profile_and_network() {
    let rows = table().lines().count() - 2;
    assert_eq!(rows, Profile::ALL.len() * Network::all().len());
}

/// Our phone on a network, for each profile and some seeds.
fn runs(name: &str) -> impl Iterator<Item = (Trace, Outcome)> {
    runs_of(Network::named(name))
}

fn runs_of(network: Network) -> impl Iterator<Item = (Trace, Outcome)> {
    let profiles = Profile::ALL.into_iter();
    profiles.flat_map(|profile| (1..=SEEDS).map(move |seed| (profile, seed))).map(
        move |(profile, seed)| {
            let trace = network.trace(profile, seed);
            let ours = Outcome::ours(&trace);
            (trace, ours)
        },
    )
}

/// Counts the frames captured from then on that were not played, but for those of the last 5 s.
fn unheard(trace: &Trace, ours: &Outcome, from: u64) -> usize {
    let within = |captured: u64| (from..trace.end() - 5_000_000).contains(&captured);
    let sent = (0..trace.frames).filter(|number| within(trace.captured(*number))).count();
    let mut heard: Vec<u64> = ours.delays.iter().map(|(captured, _)| *captured).collect();
    heard.dedup();
    sent - heard.into_iter().filter(|captured| within(*captured)).count()
}

fn frame_ms(profile: Profile) -> f64 {
    profile.frame().duration().as_secs_f64() * 1_000.0
}

fn is_opus(profile: Profile) -> bool {
    lxst_core::ProfileSet::OPUS.contains(profile)
}

/// The least delay from microphone to speaker, in ms, that was measured between two phones of
/// Python LXST 0.5.4 on one machine.
fn measured_of_reference_ms(profile: Profile) -> f64 {
    match profile {
        Profile::UltraLowBandwidth => 831.0,
        Profile::VeryLowBandwidth => 771.0,
        Profile::LowBandwidth => 445.0,
        Profile::MediumQuality => 205.0,
        Profile::HighQuality | Profile::SuperHighQuality => 203.0,
        Profile::LowLatency => 149.0,
        Profile::UltraLowLatency => 58.0,
    }
}

const SEEDS: u64 = 3;
