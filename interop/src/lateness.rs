//! How late this machine itself was, and sound that is measured again because of it.
//!
//! Sound of a live call is made, sent and played in real time, so a machine that does not run a
//! process when it is due spoils what is heard, whatever the phones do. A watchdog in this process
//! and one in each Python peer sleep for [`PERIOD`] again and again, and write down by how much
//! they overslept. Where sound is not heard as well as it must be and a watchdog overslept by
//! [`BOUND`] or more meanwhile, it is measured again, at most [`TIMES`] times, and standard error
//! and `interop/measured-again` below the target folder say so. Where all were on time, it counts.

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

/// By how much a machine is late when bad sound does not count: 5 ms.
///
/// The least jitter that playout must carry is that of Ultra Low Latency, where the reference keeps
/// two frames of 10 ms. On its way from microphone to speaker a frame is passed on by four threads
/// at least: who records, who sends, who receives and who plays. Where each is late by a quarter of
/// those 20 ms, playout may run dry.
pub const BOUND: Duration = Duration::from_millis(5);

/// How often sound is measured again at most.
pub const TIMES: u32 = 5;

/// Returns by how much this process, or one of these peers, was late at worst in a time.
pub fn worst(time: &Range<Instant>, peers: &[&PythonPeer]) -> Duration {
    peers.iter().map(|peer| peer.lateness(time)).fold(watchdog::worst(time), Duration::max)
}

/// Ends a measurement whose sound is not good enough: it fails, or [`measure`] begins it again.
///
/// # Panics
/// Always. `what` is the message, and `late` the [`worst`] of the time of the sound.
#[track_caller]
pub fn not_heard(what: &dyn Display, late: Duration) -> ! {
    if late >= BOUND {
        // Without the message of a panic: this is no failure.
        panic::resume_unwind(Box::new(Late { what: what.to_string(), late }));
    }
    panic!("{what}; the machine was late by {late:?} at most");
}

/// Makes a measurement, and makes it again where its sound was bad on a machine that was late, and
/// where an rnsd of the test cut off an app that attached, which is a fault of RNS 1.5.7.
///
/// # Panics
/// Where the measurement does, and where the machine was late each time.
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

/// Says, past the test harness and in a file, that something is measured again.
fn say(test: &str, why: &dyn Display) {
    let line = format!("measured again: {test}: {why}\n");
    // Neither is a reason to fail.
    let _ = io::stderr().write_all(line.as_bytes());
    let folder = target_dir().join("interop");
    let _ = fs::create_dir_all(&folder)
        .and_then(|()| File::options().create(true).append(true).open(folder.join(FILE)))
        .and_then(|mut file| file.write_all(line.as_bytes()));
}

/// What is told of it.
const CUT_OFF: &str = "its rnsd cut off an app that attached while another announced";

/// Why sound is measured again.
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
