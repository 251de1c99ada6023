//! Single keys of a terminal.

use std::io::{self, IsTerminal, Read};
use std::sync::Mutex;
use std::thread;

use async_channel::Receiver;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Answer,
    HangUp,
    Reject,
    NextProfile,
    Mute,
    Talk,
    Quit,
}

/// Reads keys on a thread of its own, where standard input is a terminal.
pub(crate) fn read() -> Receiver<Key> {
    let (sender, keys) = async_channel::unbounded();
    if io::stdin().is_terminal()
        && let Ok(usual) = tcgetattr(io::stdin())
    {
        let mut single = usual.clone();
        single.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        if tcsetattr(io::stdin(), OptionalActions::Now, &single).is_ok() {
            remember(Some(usual));
        }
        thread::spawn(move || {
            for byte in io::stdin().lock().bytes().map_while(Result::ok) {
                if let Some(key) = key(byte)
                    && sender.try_send(key).is_err()
                {
                    return;
                }
            }
        });
    }
    keys
}

/// Makes the terminal what it was.
pub(crate) fn restore_terminal() {
    if let Some(usual) = remember(None) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &usual);
    }
}

fn remember(usual: Option<Termios>) -> Option<Termios> {
    static USUAL: Mutex<Option<Termios>> = Mutex::new(None);
    USUAL.lock().map_or(None, |mut remembered| std::mem::replace(&mut *remembered, usual))
}

const fn key(byte: u8) -> Option<Key> {
    Some(match byte {
        b'a' => Key::Answer,
        b'h' => Key::HangUp,
        b'r' => Key::Reject,
        b'p' => Key::NextProfile,
        b'm' => Key::Mute,
        b't' => Key::Talk,
        b'q' => Key::Quit,
        _ => return None,
    })
}
