//! How late this machine was, and measurements of audio that are repeated because of it.
//!
//! Audio of a live call is captured, sent and played in real time. A machine that does not run a
//! process when it is due spoils the audio, whatever the phones do. A watchdog in this process and
//! one in each Python peer sleep for [`PERIOD`] in a loop, and record how much they overslept. If
//! the audio is worse than required and a watchdog overslept by [`BOUND`] or more meanwhile, it is
//! measured again, at most [`TIMES`] times. Standard error and `interop/measured-again` below the
//! target folder tell of it. If all watchdogs were on time, the result counts.

use core::fmt::{self, Display};
use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

use crate::environment::target_dir;
use crate::logs;
use crate::peer::PythonPeer;
use crate::watchdog;
pub use crate::watchdog::{PERIOD, left};

/// Lateness of the machine from which bad audio does not count: 5 ms.
///
/// The smallest jitter buffer is that of Ultra Low Latency in the reference: two frames of 10 ms.
/// On its way from microphone to speaker a frame passes four threads at least: capture, sender,
/// receiver and playout. If each is late by a quarter of those 20 ms, playout may run dry.
pub const BOUND: Duration = Duration::from_millis(5);

/// Upper bound of the repeats.
pub const TIMES: u32 = 5;

/// Returns the worst lateness of this process and of these peers in a time.
pub fn worst(time: &Range<Instant>, peers: &[&PythonPeer]) -> Duration {
    peers.iter().map(|peer| peer.lateness(time)).fold(watchdog::worst(time), Duration::max)
}

/// Ends a measurement whose audio is not good enough: it fails, or [`measure`] repeats it.
///
/// # Panics
/// Always. `what` is the message, and `late` the [`worst`] of the time of the audio.
#[track_caller]
pub fn not_heard(what: &dyn Display, late: Duration) -> ! {
    if late >= BOUND {
        // Without the message of a panic, because this is no failure.
        panic::resume_unwind(Box::new(Late { what: what.to_string(), late }));
    }
    panic!("{what}; the machine was late by {late:?} at most");
}

/// Makes a measurement. Repeats it if its audio was bad on a machine that was late, or if an rnsd
/// of the test cut off an app that attached, which is a fault of RNS 1.5.7.
///
/// # Panics
/// If the measurement does, or if the machine was late each time.
pub fn measure<T>(test: &str, measurement: impl FnMut() -> T) -> T {
    watchdog::start();
    let is_cut_off = || logs::cut_off(&target_dir().join("interop").join(test));
    measure_and_tell(|why| say(test, why), is_cut_off, measurement)
}

fn measure_and_tell<T>(
    tell: impl Fn(&dyn Display),
    is_cut_off: impl Fn() -> bool,
    mut measurement: impl FnMut() -> T,
) -> T {
    for again in 1.. {
        let failure = match panic::catch_unwind(AssertUnwindSafe(&mut measurement)) {
            Ok(measured) => return measured,
            Err(failure) => failure,
        };
        match failure.downcast::<Late>() {
            Ok(late) if again <= TIMES => tell(&*late),
            Ok(late) => panic!("{late}, as {TIMES} times before"),
            Err(_) if again <= TIMES && is_cut_off() => tell(&CUT_OFF),
            Err(failure) => panic::resume_unwind(failure),
        }
    }
    unreachable!("the last time returns or panics");
}

/// Writes, past the test harness and to a file, that a measurement is repeated.
fn say(test: &str, why: &dyn Display) {
    let line = format!("measured again: {test}: {why}\n");
    // A failure to write is no failure of the test.
    let _ = io::stderr().write_all(line.as_bytes());
    let folder = target_dir().join("interop");
    let _ = fs::create_dir_all(&folder)
        .and_then(|()| File::options().create(true).append(true).open(folder.join(FILE)))
        .and_then(|mut file| file.write_all(line.as_bytes()));
}

/// The reason that is written.
const CUT_OFF: &str = "its rnsd cut off an app that attached while another announced";

/// Why a measurement is repeated.
struct Late {
    what: String,
    late: Duration,
}

impl Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; the machine was late by {} ms", self.what, self.late.as_millis())
    }
}

const FILE: &str = "measured-again";

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[test]
    fn bad_sound_is_measured_again_while_the_machine_is_late() {
        let (mut measured, told) = (0, Cell::new(0));

        let result = measure_and_tell(
            |_| told.set(told.get() + 1),
            || false,
            || {
                measured += 1;
                if measured <= TIMES {
                    not_heard(&"bad", BOUND);
                }
                measured
            },
        );

        assert_eq!((result, told.get()), (TIMES + 1, TIMES));
    }

    #[test]
    #[should_panic(expected = "bad; the machine was late by 5 ms, as 5 times before")]
    fn bad_sound_of_a_machine_that_is_always_late_fails_in_the_end() {
        measure_and_tell(|_| (), || false, || not_heard(&"bad", BOUND));
    }

    #[test]
    #[should_panic(expected = "bad; the machine was late by 4ms at most")]
    fn bad_sound_of_a_machine_that_is_on_time_fails_at_once() {
        let tell = |_: &dyn Display| panic!("measured again");
        measure_and_tell(tell, || false, || not_heard(&"bad", BOUND - Duration::from_millis(1)));
    }

    #[test]
    fn a_test_whose_rnsd_cut_off_an_app_is_played_again() {
        let folder = target_dir().join("interop/lateness-cut-off");
        fs::create_dir_all(folder.join("rnsd")).unwrap();
        let log = folder.join("rnsd/log");
        let (mut plays, told) = (0, Cell::new(0));
        let is_cut_off = || logs::cut_off(&folder);
        let tell = |_: &dyn Display| told.set(told.get() + 1);
        measure_and_tell(tell, is_cut_off, || {
            plays += 1;
            let logged = if plays == 1 { logs::CUT_OFF } else { "Started rnsd" };
            fs::write(&log, format!("[Error] {logged}[rns/name]")).unwrap();
            assert_eq!(plays, 2);
        });
        assert_eq!(told.get(), 1);
        let fails = || measure_and_tell(tell, is_cut_off, || panic!("a fault of ours"));
        assert!(panic::catch_unwind(AssertUnwindSafe(fails)).is_err());
        assert_eq!(told.get(), 1);
    }
}
