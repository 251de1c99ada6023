//! The counters of a call as a small table.

use std::fmt;
use std::time::Duration;

use lxst_core::Side;
use lxst_tokio::Counters;
use lxst_tokio::trace::view::{Action, Charset, Conversation, MediaTotal, Page, kilobytes};

/// The counters of a call. [`Display`](fmt::Display) draws them, as wide as the page.
#[derive(Debug)]
pub struct Report<'a> {
    /// The conversation of both sides.
    pub conversation: &'a Conversation,
    /// The caller's counters.
    pub caller: &'a Counters,
    /// The callee's counters.
    pub callee: &'a Counters,
    /// Mouth to ear, from the caller's microphone to the callee's speaker, if it is known.
    pub mouth_to_ear: Option<Duration>,
    /// Its width and character set.
    pub page: Page,
}

/// The media of one direction.
struct MediaDirection<'a> {
    media: MediaTotal,
    sender: &'a Counters,
    hearer: &'a lxst_core::Counters,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dialled = self.conversation.first(Side::Local, |act| matches!(act, Action::Dials(_)));
        let rang = self.conversation.first(Side::Local, |act| *act == Action::HearsRinging);
        let answered = self.conversation.first(Side::Remote, |act| *act == Action::Answers);
        let stood =
            self.conversation.first(Side::Local, |act| matches!(act, Action::Established(..)));
        let known = |duration: Option<Duration>| duration.map_or("unknown".into(), millis);
        let between = |from: Option<Duration>, to: Option<Duration>| {
            known(from.zip(to).map(|(from, to)| to.saturating_sub(from)))
        };

        let there = self.direction(Side::Local, self.caller, self.callee);
        let back = self.direction(Side::Remote, self.callee, self.caller);
        let to = match self.page.charset() {
            Charset::Unicode => '►',
            Charset::Ascii => '>',
        };
        let heads = [format!("caller {to} callee"), format!("callee {to} caller")];
        let [there_head, back_head] = heads;
        let mut table = vec![[String::new(), there_head, back_head]];
        let mut row = |name: &str, cell: fn(&MediaDirection<'_>) -> String| {
            table.push([name.into(), cell(&there), cell(&back)]);
        };
        row("media packets", |direction| {
            format!("{} of {}", direction.hearer.media_packets_received, direction.media.packets)
        });
        row("encoded audio", |direction| {
            rate(direction.media.payload_bytes, direction.media.lasted)
        });
        row("on the air", |direction| rate(direction.media.air_bytes, direction.media.lasted));
        row("all packets", |direction| {
            let bytes = direction.sender.endpoint.as_ref().map_or(0, |endpoint| endpoint.bytes_out);
            kilobytes(usize::try_from(bytes).unwrap_or(usize::MAX))
        });
        row("concealed", |direction| millis(direction.hearer.concealed.duration()));
        row("starved", |direction| millis(direction.hearer.starved.duration()));
        row("shed", |direction| millis(direction.hearer.shed.duration()));

        writeln!(f, "dialled to ringing       {}", between(dialled, rang))?;
        writeln!(f, "answered to established  {}", between(answered, stood))?;
        writeln!(f, "mouth to ear             {}\n", known(self.mouth_to_ear))?;
        if self.page.columns() >= BESIDE {
            return table.iter().try_for_each(|[name, there, back]| {
                writeln!(f, "{name:<15}{there:>22}{back:>22}")
            });
        }
        (1..=2).try_for_each(|direction| {
            table.iter().try_for_each(|row| match &*row[0] {
                "" => writeln!(f, "{}", row[direction]),
                name => writeln!(f, "  {name:<15}{:>22}", row[direction]),
            })
        })
    }
}

impl<'a> Report<'a> {
    fn direction(
        &self,
        from: Side,
        sender: &'a Counters,
        hearer: &'a Counters,
    ) -> MediaDirection<'a> {
        MediaDirection { media: self.conversation.media(from), sender, hearer: &hearer.telephone }
    }
}

/// Columns that both directions take side by side.
const BESIDE: usize = 59;

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

/// Writes an amount, and its rate per second.
fn rate(bytes: usize, duration: Duration) -> String {
    if duration.is_zero() {
        return kilobytes(bytes);
    }
    let kilobits = bytes as f64 * 8.0 / 1_000.0 / duration.as_secs_f64();
    format!("{}, {kilobits:.1} kbit/s", kilobytes(bytes))
}
