//! How calls come about: two phones with their endpoints, in virtual time.

mod common;

use std::time::Duration;

use common::lossy::{CALLEE, CALLER, Kind, Line, Path};
use lxst_driver::core::{Mode, Profile};

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
