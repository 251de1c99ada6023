//! The call, with its meters; without one, who dials us.

use std::time::Duration;

use lxst_phone::Mode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use rnphone_rs::control::{CallInfo, CallStage};
use rnphone_rs::words::clock;

use super::look::{Look, Tone, fit};
use super::{framed, graph, put};
use crate::tui::meters::PeakHold;
use crate::tui::screen::{Screen, rings_here};

pub(super) fn draw(screen: &Screen, look: Look, area: Rect, buffer: &mut Buffer) {
    let inner = framed(Line::styled(" Call ", look.bold()), look, area, buffer);
    let mut rows = Rows { next: 0, area: inner, buffer };
    let Some(call) = screen.main_call() else {
        draw_idle(screen, look, &mut rows);
        return;
    };
    let name = fit(&call.peer.name, usize::from(inner.width).saturating_sub(2));
    let width = usize::from(inner.width).saturating_sub(1);
    rows.put(Line::styled(format!(" {name:<width$}"), look.bold().patch(look.reversed())));
    rows.put(state_line(call, look));
    rows.put(Line::raw(format!("{}, {}", call.profile, mode(call.mode))));
    rows.put(meter("mic", screen.microphone, inner.width, look));
    rows.put(meter("spk", screen.speaker, inner.width, look));
    for other in screen.calls().iter().filter(|other| other.call != call.call) {
        let key = match other {
            other if rings_here(other) => "a answers",
            CallInfo { is_merged: true, .. } => "in a conference",
            _ => "x swaps, c merges",
        };
        let state = stage(other);
        let text = format!("{}: {state}, {key}", other.peer.name);
        rows.put(Line::styled(fit(&text, inner.width.into()), look.bold()));
    }
    let used = rows.next.min(inner.height);
    let rest = Rect { y: inner.y + used, height: inner.height - used, ..inner };
    graph::draw(screen, call, look, rest, buffer);
}

/// Lines that are put one below the other.
struct Rows<'a> {
    next: u16,
    area: Rect,
    buffer: &'a mut Buffer,
}

impl Rows<'_> {
    fn put(&mut self, line: Line<'_>) {
        put(self.buffer, self.area, self.next, line);
        self.next += 1;
    }
}

fn draw_idle(screen: &Screen, look: Look, rows: &mut Rows<'_>) {
    rows.put(Line::styled("no call", look.faint()));
    let Some(status) = &screen.status else { return };
    rows.put(Line::default());
    rows.put(Line::raw("others dial"));
    rows.put(Line::styled(status.identity.to_string(), look.bold()));
    rows.put(Line::default());
    let width = rows.area.width;
    if status.microphone_dbfs.is_some() || status.speaker_dbfs.is_some() {
        rows.put(meter("mic", screen.microphone, width, look));
        rows.put(meter("spk", screen.speaker, width, look));
    } else {
        rows.put(Line::styled("the sound devices are closed", look.faint()));
    }
    rows.put(Line::raw(format!("volume {:+.0} dB", status.volume)));
    if status.new_messages > 0 {
        rows.put(Line::styled(format!("new messages: {}", status.new_messages), look.bold()));
    }
}

fn state_line(call: &CallInfo, look: Look) -> Line<'static> {
    let mut line = vec![Span::styled(stage(call), look.bold())];
    for (is_so, word) in [
        (call.is_muted, " MUTED "),
        (call.is_talking, " TALKING "),
        (call.is_recorded, " RECORDING "),
    ] {
        if is_so {
            line.push(Span::raw("  "));
            line.push(Span::styled(word, look.warned()));
        }
    }
    Line::from(line)
}

/// How far a call is, in words.
fn stage(call: &CallInfo) -> String {
    let state = match call.state {
        CallStage::Ringing if call.is_incoming => "calls you",
        CallStage::Ringing => "ringing",
        CallStage::Connecting => "connecting",
        CallStage::Established if call.is_voicemail => "leaves a message",
        CallStage::Established if call.is_held => "held",
        CallStage::Established => "talking",
        _ => "calling",
    };
    match call.seconds {
        Some(seconds) => format!("{state} {}", clock(Duration::from_secs_f64(seconds.max(0.0)))),
        None => state.to_owned(),
    }
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::FullDuplex => "full duplex",
        Mode::HalfDuplex => "half duplex",
    }
}

/// A level from [`FLOOR_DBFS`] to 0, with the peak of the last seconds.
fn meter(name: &str, meter: PeakHold, columns: u16, look: Look) -> Line<'static> {
    let Some(level) = meter.level_dbfs else {
        return Line::from(vec![
            Span::raw(format!("{name} ")),
            Span::styled("no device", look.faint()),
        ]);
    };
    let room = usize::from(columns).saturating_sub(name.len() + 1 + " -60 dBFS".len());
    let filled = cells(level, room);
    let peak = meter.peak_dbfs().map(|peak| cells(peak, room).saturating_sub(1));
    let cell = |index: usize| {
        let of = FLOOR_DBFS - FLOOR_DBFS * (index as f32 + 1.0) / room.max(1) as f32;
        let tone = if of > LOUD_DBFS { Tone::Bad } else { Tone::Good };
        match index {
            index if index < filled => Span::styled("█", look.tone(tone)),
            index if Some(index) == peak => Span::styled("│", look.tone(tone)),
            _ => Span::styled("·", look.faint()),
        }
    };
    let mut line = vec![Span::raw(format!("{name} "))];
    line.extend((0..room).map(cell));
    line.push(Span::raw(format!(" {:>3.0} dBFS", level.max(-99.0))));
    Line::from(line)
}

/// How many cells of a meter a level fills.
fn cells(level_dbfs: f32, room: usize) -> usize {
    let part = ((level_dbfs - FLOOR_DBFS) / -FLOOR_DBFS).clamp(0.0, 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the room"
    )]
    let filled = (part * room as f32).round() as usize;
    filled
}

const FLOOR_DBFS: f32 = -60.0;
/// Above it, a voice is about to be clipped.
const LOUD_DBFS: f32 = -6.0;
