//! The rows of a drawing of a conversation.

use core::time::Duration;

use lxst_core::{CallState, Side};

use crate::view::conversation::{Action, Conversation, Step, StepKind};

/// A row of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) at: Duration,
    pub(crate) by: Side,
    pub(crate) line: Option<usize>,
    pub(crate) mark: Mark,
    /// The states of each line from here on, of the left and the right side.
    states: Vec<[CallState; 2]>,
    /// The prefix that names the line, if there are several.
    pub(crate) prefix: String,
}

impl Row {
    fn is_of(&self, step: &Step) -> bool {
        (self.by, self.line) == (step.by, step.line)
    }

    /// Returns the state of a side's line from here on.
    pub(crate) fn state(&self, side: Side, line: usize) -> CallState {
        self.states.get(line).map_or(CallState::Idle, |states| states[column(side)])
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    Action(String),
    Link(String),
    Signals(String),
    Media { packets: usize, bytes: usize, lasted: Duration },
}

/// Returns the rows of a conversation, one for each step.
///
/// Media is one row for each direction and each stretch of its call without signals, at the moment
/// of its first packet. Equal steps in a row are one row with their count.
pub(crate) fn rows(conversation: &Conversation) -> Vec<Row> {
    let lines = conversation.lines();
    let mut rows = Rows {
        rows: Vec::new(),
        states: vec![[CallState::Idle; 2]; lines],
        stretches: vec![0; lines + 1],
        repeated: 1,
    };
    for step in &conversation.steps {
        rows.add(step);
    }
    rows.rows
}

struct Rows {
    rows: Vec<Row>,
    states: Vec<[CallState; 2]>,
    /// Start of the current stretch of media, for steps without a call and for each line.
    stretches: Vec<usize>,
    /// How often the latest row was repeated.
    repeated: usize,
}

impl Rows {
    fn add(&mut self, step: &Step) {
        let mark = match &step.kind {
            StepKind::Media { payload_bytes, .. } => return self.add_media(step, *payload_bytes),
            StepKind::Action(act) => {
                if let Some((state, line)) = act.state().zip(step.line) {
                    self.states[line][column(step.by)] = state;
                }
                match describe(act) {
                    Some(what) => Mark::Action(what),
                    None => {
                        if let Some(row) = self.rows.last_mut() {
                            row.states.clone_from(&self.states);
                        }
                        return;
                    }
                }
            }
            StepKind::Link(label) => Mark::Link(label.clone()),
            StepKind::Signals(label) => Mark::Signals(label.clone()),
        };
        match self.rows.last_mut() {
            Some(row) if row.is_of(step) && says(&row.mark, &mark, self.repeated) => {
                self.repeated += 1;
                row.mark = times(mark, self.repeated);
            }
            _ => {
                self.repeated = 1;
                self.push(step, mark);
            }
        }
        match step.line {
            Some(_) => self.stretches[stretch(step)] = self.rows.len(),
            None => self.stretches.fill(self.rows.len()),
        }
    }

    fn add_media(&mut self, step: &Step, payload_bytes: usize) {
        let since = self.stretches[stretch(step)];
        let is_its = |row: &&mut Row| row.is_of(step) && matches!(row.mark, Mark::Media { .. });
        if let Some(row) = self.rows[since..].iter_mut().find(is_its)
            && let Mark::Media { packets, bytes, lasted } = &mut row.mark
        {
            *packets += 1;
            *bytes += payload_bytes;
            *lasted = step.at.saturating_sub(row.at);
        } else {
            let (bytes, lasted) = (payload_bytes, Duration::ZERO);
            self.push(step, Mark::Media { packets: 1, bytes, lasted });
        }
    }

    fn push(&mut self, step: &Step, mark: Mark) {
        let Step { at, by, line, .. } = *step;
        let named = line.filter(|_| self.states.len() > 1);
        let prefix = named.map(|line| format!("{}: ", line + 1)).unwrap_or_default();
        self.rows.push(Row { at, by, line, mark, states: self.states.clone(), prefix });
    }
}

/// Returns the index of a step's stretch of media.
fn stretch(step: &Step) -> usize {
    step.line.map_or(0, |line| line + 1)
}

/// Returns the column of a side: left or right.
const fn column(side: Side) -> usize {
    match side {
        Side::Local => 0,
        Side::Remote => 1,
    }
}

/// Writes a number of bytes in thousands, with one decimal.
#[must_use]
pub fn kilobytes(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1_000.0)
}

/// Describes an action; `None` if the arrow before it says the same.
fn describe(act: &Action) -> Option<String> {
    Some(match act {
        Action::HearsRinging | Action::Connects => return None,
        Action::Dials(_) => "dials".into(),
        Action::Rings(_) => "rings".into(),
        Action::Answers => "answers".into(),
        Action::Established(..) => "established, audio is open".into(),
        Action::HangsUp => "hangs up".into(),
        Action::Ended(reason) => format!("ended: {reason}"),
        Action::Other(what) => what.clone(),
    })
}

fn says(told: &Mark, mark: &Mark, repeated: usize) -> bool {
    *told == times(mark.clone(), repeated)
}

fn times(mark: Mark, count: usize) -> Mark {
    let counted =
        |label: String| if count > 1 { format!("{label} ({count} times)") } else { label };
    match mark {
        Mark::Action(label) => Mark::Action(counted(label)),
        Mark::Link(label) => Mark::Link(counted(label)),
        Mark::Signals(label) => Mark::Signals(counted(label)),
        Mark::Media { .. } => mark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_parts_the_media_before_it_from_the_media_after_it() {
        let steps = vec![
            media(0, Side::Local),
            step(10, Side::Remote, StepKind::Signals("ESTABLISHED".into())),
            media(20, Side::Local),
            media(30, Side::Local),
        ];
        let packets: Vec<usize> = rows(&conversation(steps))
            .iter()
            .filter_map(|row| match row.mark {
                Mark::Media { packets, .. } => Some(packets),
                _ => None,
            })
            .collect();
        assert_eq!(packets, [1, 2]);
    }

    #[test]
    fn what_is_said_again_and_again_is_told_once() {
        let dropped = || StepKind::Action(Action::Other("leaves out an unknown signal".into()));
        let signal = || StepKind::Signals("BUSY".into());
        let steps = vec![
            step(0, Side::Local, dropped()),
            step(1, Side::Local, dropped()),
            step(2, Side::Local, dropped()),
            step(3, Side::Local, signal()),
            step(4, Side::Remote, signal()),
        ];
        let rows = rows(&conversation(steps));
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].mark, Mark::Action("leaves out an unknown signal (3 times)".into()));
        assert_eq!(rows[0].at, Duration::ZERO);
    }

    #[test]
    fn a_state_lasts_from_its_act_to_the_next() {
        let steps = vec![
            step(0, Side::Local, StepKind::Action(Action::Rings(lxst_core::IdentityHash([1; 16])))),
            step(1, Side::Local, StepKind::Action(Action::Answers)),
            step(2, Side::Local, StepKind::Action(Action::Connects)),
            step(3, Side::Local, StepKind::Action(Action::Ended(lxst_core::EndReason::LinkLost))),
        ];
        let states: Vec<CallState> =
            rows(&conversation(steps)).iter().map(|row| row.state(Side::Local, 0)).collect();
        assert_eq!(states, [CallState::Ringing, CallState::Connecting, CallState::Idle]);
    }

    fn conversation(steps: Vec<Step>) -> Conversation {
        Conversation { names: ["a", "b"], steps }
    }

    fn step(millis: u64, by: Side, kind: StepKind) -> Step {
        Step { at: Duration::from_millis(millis), by, line: Some(0), kind }
    }

    fn media(millis: u64, by: Side) -> Step {
        step(millis, by, StepKind::Media { payload_bytes: 60, plaintext_bytes: 65 })
    }
}
