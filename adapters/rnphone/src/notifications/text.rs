//! What notifications say.

use std::time::Duration;

use crate::control::{MessageInfo, Peer};
use crate::words::clock;

/// A line, and what stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// Never of the network: some servers take it for markup.
    pub(super) summary: String,
    /// As it is to be read, without markup.
    pub(super) body: String,
}

impl Text {
    pub(super) fn incoming(peer: &Peer, is_waiting: bool) -> Self {
        let waiting = if is_waiting { "\nAnswer holds the call that you talk on" } else { "" };
        Self { summary: "Incoming call".to_owned(), body: format!("{}{waiting}", peer.name) }
    }

    /// Of so many missed calls that the user did not see.
    pub(super) fn missed(count: usize, latest: &Peer) -> Self {
        match count {
            0 | 1 => Self { summary: "Missed call".to_owned(), body: latest.name.clone() },
            _ => Self {
                summary: format!("{count} missed calls"),
                body: format!("the latest from {}", latest.name),
            },
        }
    }

    pub(super) fn message(message: &MessageInfo) -> Self {
        let length = clock(Duration::from_millis(message.length_ms));
        Self {
            summary: "New message".to_owned(),
            body: format!("{} left a message of {length}", message.peer.name),
        }
    }

    /// Returns the body for a server that reads markup in it: what somebody chose for a name is shown
    /// as it is.
    pub(super) fn escaped_body(&self) -> String {
        let mut escaped = String::with_capacity(self.body.len());
        for letter in self.body.chars() {
            match letter {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                letter => escaped.push(letter),
            }
        }
        escaped
    }
}

#[cfg(test)]
mod tests {
    use lxst_phone::IdentityHash;

    use super::*;

    fn peer(name: &str) -> Peer {
        Peer { hash: IdentityHash([7; 16]), name: name.to_owned(), is_contact: false }
    }

    #[test]
    fn a_name_is_no_markup() {
        let name = "<a href=\"x\">Mary</a> & <b>co</b> (unverified, 0c1d2e3f..)";
        let text = Text::incoming(&peer(name), false);
        assert_eq!((text.summary.as_str(), text.body.as_str()), ("Incoming call", name));
        assert_eq!(
            text.escaped_body(),
            "&lt;a href=\"x\"&gt;Mary&lt;/a&gt; &amp; &lt;b&gt;co&lt;/b&gt; (unverified, 0c1d2e3f..)"
        );
    }

    #[test]
    fn missed_calls_are_counted() {
        let text = |count| {
            let Text { summary, body } = Text::missed(count, &peer("Mary"));
            (summary, body)
        };
        assert_eq!(text(1), ("Missed call".to_owned(), "Mary".to_owned()));
        assert_eq!(text(3), ("3 missed calls".to_owned(), "the latest from Mary".to_owned()));
        assert!(Text::incoming(&peer("Mary"), true).body.starts_with("Mary\n"));
    }
}
