//! The first line of a client: whose sound it wants, and in which format.

use lxst_tokio::{AudioFormat, CallId};
use serde::Deserialize;

/// What a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) call: Which,
    pub(super) format: AudioFormat,
    /// Whether what it says is of now, and is dropped where it comes faster than it can be spoken.
    pub(super) is_live: bool,
    /// Whether it hears both sides, and says nothing.
    pub(super) listens: bool,
}

/// Which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The one that is talked on, one after the other.
    Current,
    Call(CallId),
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Line {
    call: CallName,
    rate: u32,
    channels: u16,
    live: bool,
    listen: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CallName {
    Number(u64),
    Word(Word),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Current,
}

impl Default for Line {
    fn default() -> Self {
        let AudioFormat { rate_hz, channels } = AudioFormat::PHONE;
        let call = CallName::Word(Word::Current);
        Self { call, rate: rate_hz, channels, live: false, listen: false }
    }
}

impl Wish {
    /// # Errors
    /// In words: no JSON, an unknown field, or a value out of bounds.
    pub(super) fn from_line(line: &[u8]) -> Result<Self, String> {
        let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let Line { call, rate: rate_hz, channels, live, listen } = line;
        if listen {
            check_listener(rate_hz, channels, live)?;
        }
        if !RATES_HZ.contains(&rate_hz) {
            return Err(format!("rate {rate_hz}; allowed are 8000 to 192000"));
        }
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(format!("channels {channels}; allowed are 1 to {MAX_CHANNELS}"));
        }
        let call = match call {
            CallName::Number(call) => Which::Call(CallId(call)),
            CallName::Word(Word::Current) => Which::Current,
        };
        Ok(Self { call, format: AudioFormat { rate_hz, channels }, is_live: live, listens: listen })
    }
}

/// A listener is not converted for: it gets what a recording holds.
fn check_listener(rate_hz: u32, channels: u16, is_live: bool) -> Result<(), String> {
    let usual = AudioFormat::PHONE.rate_hz;
    match (rate_hz, channels) {
        _ if is_live => {
            Err("live is for a client that says something, and this one listens".into())
        }
        (rate_hz, _) if rate_hz != usual => {
            Err(format!("rate {rate_hz}; allowed for a client that listens is {usual}"))
        }
        (_, 1 | 2) => Ok(()),
        (_, channels) => {
            Err(format!("channels {channels}; allowed for a client that listens are 1 and 2"))
        }
    }
}

const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=192_000;
const MAX_CHANNELS: u16 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_says_what_is_other_than_usual_and_mistakes_are_told() {
        let usual = Wish {
            call: Which::Current,
            format: AudioFormat::PHONE,
            is_live: false,
            listens: false,
        };
        assert_eq!(Wish::from_line(b"{}\n"), Ok(usual));
        assert_eq!(Wish::from_line(br#"{"call":"current"}"#), Ok(usual));
        let format = AudioFormat { rate_hz: 16_000, channels: 2 };
        let other = Wish { call: Which::Call(CallId(7)), format, is_live: true, listens: false };
        let line = br#"{"call":7,"rate":16000,"channels":2,"live":true}"#;
        assert_eq!(Wish::from_line(line), Ok(other));
        let listener = Wish { listens: true, ..usual };
        assert_eq!(Wish::from_line(br#"{"listen":true,"channels":1}"#), Ok(listener));
        for (line, wanted) in [
            ("hello", "expected value"),
            ("[]x", "trailing"),
            (r#"{"call":"mary"}"#, "did not match"),
            (r#"{"rate":7999}"#, "allowed are 8000 to 192000"),
            (r#"{"channels":0}"#, "allowed are 1 to 8"),
            (r#"{"listen":true,"channels":3}"#, "are 1 and 2"),
            (r#"{"listen":true,"rate":16000}"#, "is 48000"),
            (r#"{"listen":true,"live":true}"#, "this one listens"),
            (r#"{"depth":24}"#, "unknown field `depth`"),
        ] {
            let reason = Wish::from_line(line.as_bytes()).unwrap_err();
            assert!(reason.contains(wanted), "{line}: {reason}");
        }
    }
}
