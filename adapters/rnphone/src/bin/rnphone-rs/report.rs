//! Events as text or as lines of JSON.

use rnphone_rs::control::{Event, Message};
use rnphone_rs::{errln, outln, words};

/// Prints what happens, where no person is told it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reporter {
    /// Nothing: a person is told.
    Silent,
    /// Who the phone is, and nothing of its calls.
    Hello,
    /// Text.
    Text {
        /// Whether standard output carries sound.
        stdout_is_sound: bool,
    },
    /// Lines of JSON on standard error.
    Json,
}

impl Reporter {
    pub(crate) fn event(self, event: &Event) {
        match (self, event) {
            (Self::Silent, _) => {}
            (Self::Json, event) => errln!("{}", json(event)),
            (Self::Hello | Self::Text { .. }, Event::Hello { identity, listening, .. }) => {
                self.say(&format!("identity  {identity}   others dial this"));
                for address in listening {
                    self.say(&format!("listening {address}"));
                }
            }
            (Self::Text { .. }, event) => {
                if let Some(text) = words::event(event) {
                    errln!("{text}");
                }
            }
            (Self::Hello, _) => {}
        }
    }

    fn say(self, line: &str) {
        match self {
            Self::Text { stdout_is_sound: true } => errln!("{line}"),
            _ => outln!("{line}"),
        }
    }
}

/// Returns an event as a line without its end.
pub(crate) fn json(event: &Event) -> String {
    Message::Event(event.clone()).to_line().trim_end().to_owned()
}

/// Returns the event for lines that nobody read in time.
pub(crate) fn left_out(events: u64) -> String {
    json(&Event::LeftOut { events })
}
