//! The summary of a conversation: its calls, their states and timings, and how they ended.

use core::fmt;
use core::time::Duration;

use lxst_core::{CallState, EndReason, IdentityHash, Mode, Profile, Side};

use crate::view::conversation::{Action, Conversation, MediaTotal, Step, StepKind};
use crate::view::page::{Page, wrap};
use crate::view::rows::kilobytes;

/// The calls of a conversation as text, as wide as its page.
#[derive(Debug)]
pub struct Summary<'a> {
    /// The conversation to draw.
    pub conversation: &'a Conversation,
    /// Its width and character set.
    pub page: Page,
}

/// A call of the left side.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its line, counted from 0.
    pub line: usize,
    /// The side that dialled.
    pub dialled_by: Side,
    /// The identity of the other side.
    pub peer: IdentityHash,
    /// The states in order, with their moments.
    pub states: Vec<(Duration, CallState)>,
    /// The profile and mode, if it was established.
    pub established: Option<(Profile, Mode)>,
    /// When and why it ended, if it did.
    pub ended: Option<(Duration, EndReason)>,
    /// The media that the left and the right side sent.
    pub media: [MediaTotal; 2],
}

impl Call {
    /// Returns the calls of a conversation's left side.
    #[must_use]
    pub fn all(conversation: &Conversation) -> Vec<Self> {
        let steps = &conversation.steps;
        (0..steps.len()).filter_map(|start| Self::of(&steps[start..])).collect()
    }

    /// Returns the call that begins with the first of these steps.
    fn of(steps: &[Step]) -> Option<Self> {
        let (first, later) = steps.split_first()?;
        let line = first.line?;
        let (dialled_by, peer) = begun(first)?;
        let end = later.iter().position(|step| step.line == Some(line) && begun(step).is_some());
        let later = &later[..end.unwrap_or(later.len())];
        let steps: Vec<&Step> = [first]
            .into_iter()
            .chain(later.iter().filter(|step| step.line == Some(line)))
            .collect();
        let mut call = Self {
            line,
            dialled_by,
            peer,
            states: Vec::new(),
            established: None,
            ended: None,
            media: [Side::Local, Side::Remote].map(|by| MediaTotal::of(steps.iter().copied(), by)),
        };
        for step in steps.iter().filter(|step| step.by == Side::Local) {
            let StepKind::Action(act) = &step.kind else { continue };
            if let Action::Ended(reason) = act {
                call.ended = Some((step.at, *reason));
                break;
            }
            if let Action::Established(profile, mode) = act {
                call.established = Some((*profile, *mode));
            }
            if let Some(state) = act.state() {
                call.states.push((step.at, state));
            }
        }
        Some(call)
    }

    /// Returns how long it was established.
    #[must_use]
    pub fn talked(&self) -> Option<Duration> {
        let is_it = |(_, state): &&(Duration, CallState)| *state == CallState::Established;
        let (since, _) = self.states.iter().find(is_it)?;
        let (until, _) = self.ended?;
        Some(until.saturating_sub(*since))
    }
}

/// Returns who dialled, and the other side, if a step begins a call of the left side.
fn begun(step: &Step) -> Option<(Side, IdentityHash)> {
    match &step.kind {
        StepKind::Action(Action::Dials(to)) if step.by == Side::Local => Some((Side::Local, *to)),
        StepKind::Action(Action::Rings(from)) if step.by == Side::Local => {
            Some((Side::Remote, *from))
        }
        _ => None,
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = Call::all(self.conversation);
        if calls.is_empty() {
            return writeln!(f, "no call");
        }
        (1..).zip(&calls).try_for_each(|(number, call)| {
            let who = match call.dialled_by {
                Side::Local => "to",
                Side::Remote => "from",
            };
            let columns = self.page.columns;
            let line = match self.conversation.lines() {
                1 => String::new(),
                _ => format!(" on line {}", call.line + 1),
            };
            let title = format!("call {number}{line} {who} {}", call.peer);
            writeln!(f, "{}", wrap(&title, columns, 2))?;
            let start = call.states.first().map(|(at, _)| *at).unwrap_or_default();
            let ended = call.ended.map(|(at, _)| at);
            let nexts = call.states.iter().skip(1).map(|(at, _)| Some(*at)).chain([ended]);
            for ((at, state), next) in call.states.iter().zip(nexts) {
                let lasted = next.map_or("open".into(), |next| duration(next.saturating_sub(*at)));
                let at = duration(at.saturating_sub(start));
                let line = format!("  {:<12}{at:>11}  for {lasted:>9}", state.to_string());
                match (state, call.established) {
                    (CallState::Established, Some((profile, mode))) => {
                        let agreed = format!("{profile}, {mode}");
                        if line.len() + 2 + agreed.len() <= columns {
                            writeln!(f, "{line}  {agreed}")?;
                        } else {
                            writeln!(f, "{line}\n{:4}{agreed}", "")?;
                        }
                    }
                    _ => writeln!(f, "{line}")?,
                }
            }
            match call.ended {
                Some((at, reason)) => {
                    let at = duration(at.saturating_sub(start));
                    writeln!(f, "  {:<12}{at:>11}  {reason}", "ended")?;
                }
                None => {
                    let open = "  the recording ends before the call does";
                    writeln!(f, "{}", wrap(open, columns, 2))?;
                }
            }
            for (name, media) in ["sent", "received"].into_iter().zip(&call.media) {
                let (packets, bytes) = (media.packets, kilobytes(media.payload_bytes));
                let seconds = media.lasted.as_secs_f64();
                let media = format!("{packets} media packets in {seconds:.1} s, {bytes}");
                writeln!(f, "{}", wrap(&format!("  {name:<12}{media}"), columns, 14))?;
            }
            Ok(())
        })
    }
}

/// Writes a duration with its unit, at most 9 columns wide: `12.3 ms`, `1.234 s`, `123.4 s`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1_000.0)
    } else if seconds < 100.0 {
        format!("{seconds:.3} s")
    } else {
        format!("{seconds:.1} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_tells_states_timings_and_the_end_of_each_call() {
        let act = |millis, act| Step {
            at: Duration::from_millis(millis),
            by: Side::Local,
            line: Some(0),
            kind: StepKind::Action(act),
        };
        let media = |millis, by| Step {
            at: Duration::from_millis(millis),
            by,
            line: Some(0),
            kind: StepKind::Media { payload_bytes: 60, plaintext_bytes: 65 },
        };
        let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
        let steps = vec![
            act(1_000, Action::Dials(IdentityHash([7; 16]))),
            act(1_080, Action::HearsRinging),
            act(3_000, Action::Connects),
            act(3_010, Action::Established(profile, mode)),
            media(3_100, Side::Local),
            media(3_200, Side::Remote),
            media(3_300, Side::Remote),
            act(9_000, Action::HangsUp),
            act(9_000, Action::Ended(EndReason::LocalHangup)),
            act(20_000, Action::Rings(IdentityHash([8; 16]))),
        ];
        let conversation = Conversation { names: ["a", "b"], steps };
        let summary = Summary { conversation: &conversation, page: Page::WIDE }.to_string();
        let expected = "
call 1 to 07070707070707070707070707070707
  calling          0.0 ms  for   80.0 ms
  ringing         80.0 ms  for   1.920 s
  connecting      2.000 s  for   10.0 ms
  established     2.010 s  for   5.990 s  Medium Quality, full duplex
  ended           8.000 s  hung up here
  sent        1 media packets in 0.0 s, 0.1 kB
  received    2 media packets in 0.1 s, 0.1 kB
call 2 from 08080808080808080808080808080808
  ringing          0.0 ms  for      open
  the recording ends before the call does
  sent        0 media packets in 0.0 s, 0.0 kB
  received    0 media packets in 0.0 s, 0.0 kB
";
        assert_eq!(summary, expected.trim_start_matches('\n'), "\n{summary}");

        let page = Page { columns: 40, ..Page::WIDE };
        let narrow = Summary { conversation: &conversation, page }.to_string();
        assert!(narrow.lines().all(|line| line.len() <= 40), "{narrow}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&narrow), words(&summary));
    }

    #[test]
    fn a_conversation_without_a_call_says_so() {
        let conversation = Conversation { names: ["a", "b"], steps: Vec::new() };
        let summary = Summary { conversation: &conversation, page: Page::WIDE };
        assert_eq!(summary.to_string(), "no call\n");
    }
}
