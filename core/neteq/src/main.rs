//! Our jitter buffer and that of the crate `neteq` on the same arrivals, in virtual time.
//!
//! `cargo run --release` prints the table of README.md. A delay is the moment at which audio plays
//! less the moment at which it was captured; codecs cost no time. Means leave the first 5 s out.

mod clock;
mod theirs;

use lxst_core::Profile;
use lxst_sim::receive::{LEARNING, Network, Outcome, Trace};

fn main() {
    println!("| arrivals | profile | | delay | made up | back after |");
    println!("|---|---|---|---|---|---|");
    for name in TRACES {
        for profile in [Profile::MediumQuality, Profile::LowLatency, Profile::UltraLowLatency] {
            let trace = Network::named(name).trace(profile, 7);
            let ours = Outcome::ours(&trace);
            let (delays, made_up) = (ours.delays.clone(), ours.missing_percent());
            print_row(name, &trace, "ours", &delays, made_up);
            for (what, least) in [("neteq", 0), ("neteq, tuned", tuned(profile))] {
                let (delays, made_up) = theirs::play(&trace, least);
                print_row(name, &trace, what, &delays, made_up);
            }
        }
    }
}

/// The least delay of `neteq` with which it makes nothing up on a clean network, in ms.
const fn tuned(profile: Profile) -> u32 {
    match profile {
        Profile::MediumQuality => 60,
        Profile::LowLatency => 40,
        _ => 20,
    }
}

/// Delays by capture moment, both in µs.
fn print_row(name: &str, trace: &Trace, what: &str, delays: &[(u64, u64)], made_up: f64) {
    let mean = |from: u64, to: u64| {
        let within = delays.iter().filter(|(captured, _)| (from..to).contains(captured));
        let (sum, count) = within.fold((0, 0), |sum, (_, delay)| (sum.0 + delay, sum.1 + 1));
        sum as f64 / f64::from(count.max(1)) / 1_000.0
    };
    let back = trace.stall_ends().map(|ended| {
        let before = mean(LEARNING, 19_000_000);
        let is_late = |(captured, delay): &&(u64, u64)| {
            *captured + delay >= ended && *delay as f64 / 1_000.0 > before + BACK_WITHIN
        };
        let last = delays.iter().filter(is_late).map(|(captured, delay)| captured + delay).max();
        last.map_or(0.0, |last| last.saturating_sub(ended) as f64 / 1e6)
    });
    let back = back.map_or_else(String::new, |seconds| format!("{seconds:.1} s"));
    let (profile, delay) = (trace.profile, mean(LEARNING, u64::MAX));
    println!("| {name} | {profile} | {what} | {delay:.0} ms | {made_up:.1} % | {back} |");
}

const TRACES: [&str; 6] =
    ["clean", "jitter 20 ms", "jitter 80 ms", "stall 500 ms", "stall 2 s", "drift +100 ppm"];

/// A delay is back if it is no more than so many ms above that before the stall.
const BACK_WITHIN: f64 = 20.0;
