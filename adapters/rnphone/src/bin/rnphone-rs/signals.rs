//! The signals that end the phone.

use std::io;
use std::process;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::mpsc;

/// Returns the signals that end the phone: Ctrl-C, SIGTERM, and a terminal that closes. A second one
/// ends the process at once.
pub(crate) fn stops() -> io::Result<mpsc::Receiver<()>> {
    let (sender, stops) = mpsc::channel(1);
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        for (earlier, signal) in signals.forever().enumerate() {
            if earlier > 0 {
                process::exit(128 + signal);
            }
            // The phone may have ended.
            let _ = sender.try_send(());
        }
    });
    Ok(stops)
}
