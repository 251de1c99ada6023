//! Single keys of a terminal.

use std::thread;

use async_channel::Receiver;

use crate::terminal::Terminal;

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

/// Reads keys on a thread of its own. The channel closes if there is no terminal to read.
pub(crate) fn read(terminal: Option<Terminal>) -> Receiver<Key> {
    let (sender, keys) = async_channel::unbounded();
    if let Some(mut terminal) = terminal {
        thread::spawn(move || {
            while let Ok(byte) = terminal.read() {
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
