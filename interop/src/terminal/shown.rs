//! What a terminal shows.

use core::fmt;
use core::num::NonZero;
use core::time::Duration;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use vt100::Screen;

use crate::watchdog;

/// The screen of a terminal that is read on a thread of its own.
pub(super) struct Shown {
    text: Mutex<Text>,
    changed: Condvar,
}

struct Text {
    screen: vt100::Parser,
    bytes: Vec<u8>,
    is_over: bool,
}

impl Shown {
    /// Reads until the terminal's programs have ended.
    pub(super) fn read(terminal: Arc<OwnedFd>, rows: u16, columns: u16) -> Arc<Self> {
        let screen = vt100::Parser::new(cells(rows), cells(columns), 0);
        let text = Mutex::new(Text { screen, bytes: Vec::new(), is_over: false });
        let shown = Arc::new(Self { text, changed: Condvar::new() });
        let reader = shown.clone();
        thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(count @ 1..) = rustix::io::read(&*terminal, &mut bytes) {
                let mut text = reader.lock();
                text.screen.process(&bytes[..count]);
                text.bytes.extend_from_slice(&bytes[..count]);
                reader.changed.notify_all();
            }
            reader.lock().is_over = true;
            reader.changed.notify_all();
        });
        shown
    }

    pub(super) fn resize(&self, rows: u16, columns: u16) {
        self.lock().screen.screen_mut().set_size(cells(rows), cells(columns));
    }

    /// Waits until something is found on the screen.
    #[track_caller]
    pub(super) fn find<T>(
        &self,
        wanted: &dyn fmt::Display,
        patience: Duration,
        find: impl Fn(&Screen) -> Option<T>,
    ) -> T {
        let began = Instant::now();
        let mut text = self.lock();
        loop {
            if let Some(found) = find(text.screen.screen()) {
                return found;
            }
            let left = watchdog::left(began, patience);
            let goes_on = !text.is_over && !left.is_zero();
            assert!(goes_on, "no {wanted} on\n{}", text.screen.screen().contents());
            let changed = self.changed.wait_timeout(text, left);
            text = changed.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the terminal's programs have ended. Returns all that they wrote.
    #[track_caller]
    pub(super) fn bytes(&self, patience: Duration) -> Vec<u8> {
        let text = self.lock();
        let goes_on = |text: &mut Text| !text.is_over;
        let waited = self.changed.wait_timeout_while(text, patience, goes_on);
        let text = waited.unwrap_or_else(PoisonError::into_inner).0;
        assert!(text.is_over, "a program goes on:\n{}", text.screen.screen().contents());
        text.bytes.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lock().screen.screen().contents())
    }
}

/// Returns the rows of a screen, without the blanks that end them.
pub(super) fn rows(screen: &Screen) -> Vec<String> {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect()
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has cells")
}
