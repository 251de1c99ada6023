//! How calls come about on networks that lose packets: two phones with their endpoints, in virtual
//! time.

#![cfg(feature = "opus")]

mod common;

use std::env;
use std::time::Duration;

use common::lossy::{CALLEE, CALLER, Kind, Line, Path};
use lxst_core::{Mode, Profile};
use lxst_sim::random::Seeded;

/// By loss in percent, the calls of 1,000 that may fail.
const ALLOWED: [(u64, u64); 4] = [(2, 1), (5, 5), (10, 10), (20, 50)];

#[test]
fn calls_with_a_known_path_come_about_at_20_ms() {
    come_about(Path::Known, Duration::from_millis(20));
}

#[test]
fn calls_with_a_known_path_come_about_at_500_ms() {
    come_about(Path::Known, Duration::from_millis(500));
}

#[test]
fn calls_with_an_unknown_path_come_about_at_20_ms() {
    come_about(Path::Unknown, Duration::from_millis(20));
}

#[test]
fn calls_with_an_unknown_path_come_about_at_500_ms() {
    come_about(Path::Unknown, Duration::from_millis(500));
}

#[test]
fn without_loss_a_call_takes_no_packet_more_than_it_needs() {
    for (path, rtt) in [(Path::Unknown, 20), (Path::Known, 20), (Path::Unknown, 500)] {
        for mode in [Mode::FullDuplex, Mode::HalfDuplex] {
            let mut line = Line::new(1, path, Duration::from_millis(rtt));
            line.dial(Profile::HighQuality, mode);
            line.run(Duration::from_secs(20), |_, _| true);
            assert!(line.established().is_some(), "{path:?} path, {rtt} ms, {mode:?}");

            let path_search = if path == Path::Unknown { 1 } else { 0 };
            let of_caller = [
                (Kind::PathRequest, path_search),
                (Kind::LinkRequest, 1),
                (Kind::LinkRtt, 1),
                (Kind::Identify, 1),
                // The preferences, and the echo of ESTABLISHED.
                (Kind::Data, 2),
            ];
            let of_callee = [
                (Kind::Announce, path_search),
                (Kind::LinkProof, 1),
                // AVAILABLE, RINGING, CONNECTING, ESTABLISHED.
                (Kind::Data, 4),
            ];
            assert_eq!(line.set_up_packets(CALLER), without_none(&of_caller));
            assert_eq!(line.set_up_packets(CALLEE), without_none(&of_callee));
        }
    }
}

fn without_none(counts: &[(Kind, u64)]) -> Vec<(Kind, u64)> {
    counts.iter().copied().filter(|(_, count)| *count > 0).collect()
}

/// Sets up calls on a wire that loses packets at random. They stand in 8 s and 14 round trips, with
/// the profile and the mode of the caller. `LXST_SEEDS` says how many calls a cell has.
#[expect(clippy::print_stdout, reason = "a test that fails shows the table")]
fn come_about(path: Path, rtt: Duration) {
    let seeds = env::var("LXST_SEEDS").map_or(500, |seeds| seeds.parse().expect("a number"));
    let mut too_many = Vec::new();
    for (loss, allowed) in ALLOWED {
        let mut times: Vec<Duration> = Vec::new();
        let mut failed = Vec::new();
        for seed in 0..seeds {
            match time_to_talk(seed, path, rtt, loss) {
                Some(time) => times.push(time),
                None => failed.push(seed),
            }
        }
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        println!(
            "{path:?} path, rtt {rtt:?}, loss {loss} %: {} of {seeds} ({:.2} %), median {:.2?}, \
             95 % {:.2?}, failed {:?}",
            times.len(),
            100.0 * times.len() as f64 / seeds as f64,
            at(50),
            at(95),
            &failed[..failed.len().min(20)],
        );
        if failed.len() as u64 * 1_000 > allowed * seeds {
            too_many.push((loss, failed));
        }
    }
    assert!(too_many.is_empty(), "by loss, the seeds that failed: {too_many:?}");
}

/// Sets up one call.
fn time_to_talk(seed: u64, path: Path, rtt: Duration, loss: u64) -> Option<Duration> {
    let mut luck = Seeded(seed ^ loss << 32 ^ 0x5eed);
    let mut line = Line::new(seed, path, rtt);
    let profile = PROFILES[luck.next() as usize % PROFILES.len()];
    let mode = [Mode::FullDuplex, Mode::HalfDuplex][luck.next() as usize % 2];
    let dialled = line.now;
    line.dial(profile, mode);
    let end = dialled + Duration::from_secs(8) + rtt * 14;
    let wire = |_, _| luck.next() % 100 >= loss;
    let talks = line.run_until(end, wire, |line| line.established().is_some())?;
    let agree = line.established()?.iter().all(|call| (call.profile, call.mode) == (profile, mode));
    agree.then(|| talks.since(dialled))
}

/// None is the default one.
const PROFILES: [Profile; 4] = [
    Profile::HighQuality,
    Profile::SuperHighQuality,
    Profile::LowLatency,
    Profile::UltraLowLatency,
];
