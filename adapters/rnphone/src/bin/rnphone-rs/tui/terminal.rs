//! The terminal: a thread that draws, and one that reads keys.
//!
//! A terminal that stalls (Ctrl-S, a slow line) holds up the thread that draws, and nothing else: it
//! draws the latest state when it goes on.

use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use futures_lite::future::block_on;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rnphone_rs::errln;
use tokio::sync::{mpsc, watch};

use super::draw::{Look, draw};
use super::log;
use super::screen::Screen;
use crate::failure::Failure;

/// The terminal while the screen is shown. Dropping it restores what was there.
#[derive(Debug)]
pub(super) struct FullScreen {
    screens: watch::Sender<Option<Screen>>,
    keys: mpsc::Receiver<event::Event>,
}

/// Checks that there is a terminal that can show the screen.
pub(crate) fn check() -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Failure::usage("--tui needs a terminal: use --service and rnphone-rs ctl"));
    }
    match std::env::var("TERM") {
        Ok(name) if name != "dumb" && !name.is_empty() => Ok(()),
        _ => {
            Err(Failure::usage("--tui needs more than a dumb terminal: leave it out, or set TERM"))
        }
    }
}

impl FullScreen {
    pub(super) fn open() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        IS_SHOWN.store(true, Ordering::SeqCst);
        let (screens, shown) = watch::channel(None);
        let (sender, keys) = mpsc::channel(MAX_KEYS);
        let full_screen = Self { screens, keys };
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        let look = Look::of_terminal();
        thread::Builder::new().name(DRAWING.to_owned()).spawn(move || {
            let mut shown = shown;
            let drawn = draw_all(&mut shown, look);
            restore();
            if let Err(error) = drawn {
                errln!("rnphone-rs: the terminal: {error}");
            }
            // Who closes the screen waits until this is dropped.
            drop(shown);
        })?;
        thread::Builder::new().name("keys".to_owned()).spawn(move || {
            while let Ok(event) = event::read() {
                if sender.blocking_send(event).is_err() {
                    return;
                }
            }
        })?;
        Ok(full_screen)
    }

    pub(super) fn show(&self, screen: &Screen) {
        self.screens.send_replace(Some(screen.clone()));
    }

    /// Waits for a key or a paste; `None` when the terminal is gone, or nothing can be drawn.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(super) async fn event(&mut self) -> Option<event::Event> {
        tokio::select! {
            event = self.keys.recv() => event,
            () = self.screens.closed() => None,
        }
    }

    /// Restores the terminal. One that stalls is given up after a second.
    pub(super) async fn close(self) {
        let Self { screens, .. } = &self;
        screens.send_replace(None);
        if tokio::time::timeout(PATIENCE, screens.closed()).await.is_err() {
            // Writing would stall here as well.
            IS_SHOWN.store(false, Ordering::SeqCst);
        }
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        restore();
        // There may be no terminal any more.
        let _ = disable_raw_mode();
        log::release();
    }
}

/// Draws each state, until there is none.
///
/// [`ratatui::Terminal`] would ask for the cursor's position when the size changes, and take the reply
/// from the thread that reads keys.
fn draw_all(screens: &mut watch::Receiver<Option<Screen>>, look: Look) -> io::Result<()> {
    let mut terminal = CrosstermBackend::new(io::stdout());
    terminal.hide_cursor()?;
    let mut shown = Buffer::default();
    let mut rung = 0;
    while block_on(screens.changed()).is_ok() {
        let Some(screen) = screens.borrow_and_update().clone() else { break };
        let mut next = Buffer::empty(terminal.size()?.into());
        let area = next.area;
        draw(&screen, look, area, &mut next);
        if shown.area != next.area {
            terminal.clear()?;
            shown = Buffer::empty(next.area);
        }
        if IS_SHOWN.load(Ordering::SeqCst) {
            terminal.draw(shown.diff(&next).into_iter())?;
            if screen.bells > rung {
                terminal.write_all(BELL)?;
            }
            Backend::flush(&mut terminal)?;
        }
        rung = screen.bells;
        shown = next;
    }
    Ok(())
}

/// Shows again what was on the terminal.
fn restore() {
    if IS_SHOWN.swap(false, Ordering::SeqCst) {
        // There may be no terminal any more. One that stalls takes lines again all the same.
        let _ = disable_raw_mode();
        let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    }
}

/// Shows again what was on the terminal. One that stalls is given up after a second.
pub(crate) fn restore_soon() {
    let (done, restored) = std::sync::mpsc::channel();
    let restoring = thread::Builder::new().spawn(move || {
        restore();
        // Who waits may have given up.
        let _ = done.send(());
    });
    if restoring.is_ok() {
        // The process ends anyway.
        let _ = restored.recv_timeout(PATIENCE);
    }
}

/// A panic of a thread that the phone survives is a line of the log. Another one is told where it can
/// be read.
fn restore_on_panic() {
    let earlier = panic::take_hook();
    panic::set_hook(Box::new(move |info| match thread::current().name() {
        Some("main" | DRAWING) => {
            restore();
            log::release();
            earlier(info);
        }
        _ => log::line(&info.to_string()),
    }));
}

static IS_SHOWN: AtomicBool = AtomicBool::new(false);
/// The name of the thread that draws.
pub(super) const DRAWING: &str = "screen";
const BELL: &[u8] = b"\x07";
/// Keys that wait.
const MAX_KEYS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(1);
