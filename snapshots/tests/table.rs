//! The table of a call's transitions, to read and as a graph.

use lxst_core::{CallState, Next, Role, TRANSITIONS, Transition};

#[test]
fn transitions() {
    insta::assert_snapshot!(text());
}

/// `dot -Tsvg` draws it.
#[test]
fn graph() {
    insta::assert_snapshot!(dot());
}

/// One line for each state and trigger, in the order of a call: where it is, what happens, where it
/// leads, what is done on the way.
fn text() -> String {
    let mut lines = Vec::new();
    for (role, state) in states() {
        let rows = TRANSITIONS.iter().filter(|row| row.role == role && row.from.contains(&state));
        for row in rows {
            let (trigger, to) = (format!("{:?}", row.trigger), row.to.to_string());
            let from = name(role, state);
            let line = format!("{from:<18} {trigger:<16} > {to:<25} {}", row.does);
            lines.push(line.trim_end().to_owned());
        }
        lines.push(String::new());
    }
    lines.join("\n")
}

fn dot() -> String {
    let mut lines = vec!["digraph call {".to_owned(), "    rankdir=LR".to_owned()];
    for (role, state) in states() {
        for other in states().into_iter().filter(|other| other.1 != CallState::Idle) {
            let leads = |row: &&Transition| row.to == Next::State(other.0, other.1);
            lines.extend(edge((role, state), &name(other.0, other.1), leads));
        }
        let ends = |row: &&Transition| matches!(row.to, Next::End(_));
        lines.extend(edge((role, state), "idle", ends));
    }
    lines.push("}".to_owned());
    lines.join("\n")
}

/// One edge for all causes that lead from a state to a node.
fn edge(
    (role, state): (Role, CallState),
    to: &str,
    leads: impl Fn(&&Transition) -> bool,
) -> Option<String> {
    let rows = TRANSITIONS.iter().filter(|row| row.role == role && row.from.contains(&state));
    let causes: Vec<String> = rows
        .filter(leads)
        .map(|row| match row.to {
            Next::State(..) => format!("{:?}", row.trigger),
            Next::End(reason) => format!("{:?}: {reason}", row.trigger),
        })
        .collect();
    let from = if state == CallState::Idle { "idle".to_owned() } else { name(role, state) };
    let label = causes.join("\\n");
    (!causes.is_empty()).then(|| format!("    \"{from}\" -> \"{to}\" [label=\"{label}\"]"))
}

/// Every state that a row leads out of, in the order of a call.
fn states() -> Vec<(Role, CallState)> {
    let rows = TRANSITIONS.iter();
    let mut states: Vec<_> =
        rows.flat_map(|row| row.from.iter().map(|from| (row.role, *from))).collect();
    states.sort_by_key(|(role, state)| (*role == Role::Callee, *state));
    states.dedup();
    states
}

fn name(role: Role, state: CallState) -> String {
    format!("{role} {state}")
}
