//! The lines that a drawing of a conversation has.

use core::time::Duration;

use lxst_core::{CallState, Side};

use crate::view::conversation::{Action, Step, StepKind};

/// A line of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) at: Duration,
    pub(crate) by: Side,
    pub(crate) mark: Mark,
    /// The states of the left and the right side from here on.
    pub(crate) states: [CallState; 2],
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    Action(String),
    Link(String),
    Signals(String),
    Media { packets: usize, bytes: usize, lasted: Duration },
}

/// Makes a row of each step.
///
/// Media is one row for each direction and each stretch without signals, at the moment of its first
/// packet. Steps that say the same in a row are told once, with their count.
pub(crate) fn rows(steps: &[Step]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut states = [CallState::Idle; 2];
    let mut stretch = 0;
    let mut repeated = 1;
    for step in steps {
        let (at, by) = (step.at, step.by);
        let mark = match &step.kind {
            StepKind::Media { payload_bytes, .. } => {
                if let Some(row) = rows[stretch..].iter_mut().find(|row| row.by == by)
                    && let Mark::Media { packets, bytes, lasted } = &mut row.mark
                {
                    *packets += 1;
                    *bytes += payload_bytes;
                    *lasted = at.saturating_sub(row.at);
                } else {
                    let lasted = Duration::ZERO;
                    let mark = Mark::Media { packets: 1, bytes: *payload_bytes, lasted };
                    rows.push(Row { at, by, mark, states });
                }
                continue;
            }
            StepKind::Action(act) => {
                if let Some(state) = act.state() {
                    states[column(by)] = state;
                }
                match describe(act) {
                    Some(what) => Mark::Action(what),
                    None => {
                        if let Some(row) = rows.last_mut() {
                            row.states = states;
                        }
                        continue;
                    }
                }
            }
            StepKind::Link(label) => Mark::Link(label.clone()),
            StepKind::Signals(label) => Mark::Signals(label.clone()),
        };
        match rows.last_mut() {
            Some(row) if row.by == by && says(&row.mark, &mark, repeated) => {
                repeated += 1;
                row.mark = times(mark, repeated);
            }
            _ => {
                repeated = 1;
                rows.push(Row { at, by, mark, states });
            }
        }
        stretch = rows.len();
    }
    rows
}

/// The place of a side: left or right.
pub(crate) const fn column(side: Side) -> usize {
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

/// Says what a side does; `None` where the arrow that it follows has said it.
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
        let steps = [
            media(0, Side::Local),
            step(10, Side::Remote, StepKind::Signals("ESTABLISHED".into())),
            media(20, Side::Local),
            media(30, Side::Local),
        ];
        let packets: Vec<usize> = rows(&steps)
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
        let steps = [
            step(0, Side::Local, dropped()),
            step(1, Side::Local, dropped()),
            step(2, Side::Local, dropped()),
            step(3, Side::Local, signal()),
            step(4, Side::Remote, signal()),
        ];
        let rows = rows(&steps);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].mark, Mark::Action("leaves out an unknown signal (3 times)".into()));
        assert_eq!(rows[0].at, Duration::ZERO);
    }

    #[test]
    fn a_state_lasts_from_its_act_to_the_next() {
        let steps = [
            step(0, Side::Local, StepKind::Action(Action::Rings(lxst_core::IdentityHash([1; 16])))),
            step(1, Side::Local, StepKind::Action(Action::Answers)),
            step(2, Side::Local, StepKind::Action(Action::Connects)),
            step(3, Side::Local, StepKind::Action(Action::Ended(lxst_core::EndReason::LinkLost))),
        ];
        let states: Vec<CallState> = rows(&steps).iter().map(|row| row.states[0]).collect();
        assert_eq!(states, [CallState::Ringing, CallState::Connecting, CallState::Idle]);
    }

    fn step(millis: u64, by: Side, kind: StepKind) -> Step {
        Step { at: Duration::from_millis(millis), by, kind }
    }

    fn media(millis: u64, by: Side) -> Step {
        step(millis, by, StepKind::Media { payload_bytes: 60, plaintext_bytes: 65 })
    }
}
