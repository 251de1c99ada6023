//! The two receive paths beside each other.

use core::fmt::Write;

use lxst_core::Profile;

use super::{Network, Outcome, STALL, Trace};

/// Prints what becomes of every profile on every network.
///
/// *Shape*: for each path the mean delay in ms, and where there is a stall, the delay in the second
/// before it, and 4 s after its end; what the speaker lacked, in percent of the time: made up
/// (`conceal`) or silence; then what was shed and expanded in ms for each minute, and frames
/// dropped for want of room. `lost` is the network's, in percent.
pub fn table() -> String {
    let mut text = String::new();
    let head = "                      |      | ours                                              | the reference";
    writeln!(text, "{head}").expect("text takes all");
    writeln!(
        text,
        "{:4} {:16} | {:>4} | {:>5} {:>9} {:>7} {:>6} {:>5} {:>6} {:>4} | {:>5} {:>9} {:>6} {:>4}",
        "",
        "",
        "lost",
        "delay",
        "stall",
        "conceal",
        "silent",
        "shed",
        "expand",
        "drop",
        "delay",
        "stall",
        "silent",
        "drop"
    )
    .expect("text takes all");
    for profile in Profile::ALL {
        for (name, network) in Network::all() {
            row(&mut text, name, &network.trace(profile, SEED));
        }
    }
    text
}

fn row(text: &mut String, name: &str, trace: &Trace) {
    let (ours, theirs) = (Outcome::ours(trace), Outcome::reference(trace));
    let minutes = trace.end() as f64 / 60_000_000.0;
    let a_minute = |length: core::time::Duration| length.as_millis() as f64 / minutes;
    writeln!(
        text,
        "{:4} {:16} | {:4.1} | {:5.0} {:>9} {:7.2} {:6.2} {:5.0} {:6.0} {:4} | {:5.0} {:>9} {:6.2} {:4}",
        trace.profile.abbreviation(),
        name,
        trace.lost_percent(),
        ours.delay(),
        around_stall(trace, &ours),
        ours.concealed_percent(),
        ours.silent_percent(),
        a_minute(ours.shed),
        a_minute(ours.expanded),
        ours.dropped,
        theirs.delay(),
        around_stall(trace, &theirs),
        theirs.silent_percent(),
        theirs.dropped,
    )
    .expect("text takes all");
}

fn around_stall(trace: &Trace, outcome: &Outcome) -> String {
    let around = outcome.delays_around_stall(trace);
    around.map_or(String::new(), |[before, after]| format!("{before:.0} > {after:.0}"))
}

impl Outcome {
    /// The mean delays in ms of the seconds before the stall and from 4 s after it on.
    pub fn delays_around_stall(&self, trace: &Trace) -> Option<[f64; 2]> {
        let after = trace.stall_ends()? + 4_000_000;
        Some([
            self.delay_within(STALL - 5_000_000, STALL - 1_000_000),
            self.delay_within(after, after + 1_000_000),
        ])
    }
}

const SEED: u64 = 7;
