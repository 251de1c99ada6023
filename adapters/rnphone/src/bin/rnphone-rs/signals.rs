//! The signals that end the phone.

use std::fs;
use std::io;
use std::process;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::mpsc;

/// Returns the signals that end the phone: Ctrl-C, SIGTERM, and a terminal that closes, unless
/// `nohup` keeps the phone. A second one ends the process at once.
pub(crate) fn stops() -> io::Result<mpsc::Receiver<()>> {
    let (sender, stops) = mpsc::channel(1);
    let mut wanted = vec![SIGINT, SIGTERM];
    if !is_ignored(SIGHUP) {
        wanted.push(SIGHUP);
    }
    let mut signals = Signals::new(wanted)?;
    thread::spawn(move || {
        let mut came = 0;
        loop {
            // Two that come at once are two, however soon the phone ends after the first.
            for signal in signals.wait().collect::<Vec<_>>() {
                came += 1;
                if came > 1 {
                    #[cfg(feature = "tui")]
                    crate::tui::restore_soon();
                    process::exit(128 + signal);
                }
            }
            if came > 0 {
                // The phone may have ended.
                let _ = sender.try_send(());
            }
        }
    });
    Ok(stops)
}

/// Returns whether a signal was ignored at our start, as by `nohup`. Known on Linux only.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
