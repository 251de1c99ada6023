//! What is done with calls without a person.

use std::time::Duration;

use clap::{Args, ValueEnum};
use lxst_tokio::{Mode, ProfileChoice};

/// What is done with calls without a person.
#[derive(Debug, Args)]
#[command(next_help_heading = "Scripts")]
pub(crate) struct ScriptOptions {
    /// Call somebody, and end when the call does: a contact's name or number, or an identity hash of
    /// 32 hex digits, also as <HASH>
    #[arg(long, value_name = "WHOM")]
    pub(crate) call: Option<String>,

    /// Answer an incoming call so long after it began to ring. Without it, calls ring out
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) answer: Option<Duration>,

    /// Reject incoming calls
    #[arg(long, conflicts_with = "answer")]
    pub(crate) reject: bool,

    /// Hang up so long after a call is established
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) hang_up_after: Option<Duration>,

    /// End after the first call, whoever dialled
    #[arg(long)]
    pub(crate) once: bool,

    /// Be busy for everybody
    #[arg(long)]
    pub(crate) busy: bool,

    /// What to send: auto takes what fits the path, and follows it during the call; mq, hq, shq, ll or
    /// ull, a key like quality_medium, or a number like 0x40 is used exactly; with Codec2 built in,
    /// lbw, vlbw and ulbw too
    #[arg(long, value_name = "PROFILE", value_parser = clap::value_parser!(ProfileChoice))]
    pub(crate) profile: Option<ProfileChoice>,

    /// Whether both may speak at once, or each on pressing a button
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeName>,

    /// Write each event as a line of JSON on standard error, in place of the text: those of the
    /// control protocol
    #[arg(long)]
    pub(crate) json: bool,
}

/// The modes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ModeName {
    Full,
    Half,
}

impl ScriptOptions {
    /// Whether calls are dialled, answered, rejected or counted here.
    pub(crate) const fn is_any(&self) -> bool {
        self.call.is_some() || self.answer.is_some() || self.reject || self.once
    }

    pub(crate) fn mode(&self) -> Option<Mode> {
        self.mode.map(|mode| match mode {
            ModeName::Full => Mode::FullDuplex,
            ModeName::Half => Mode::HalfDuplex,
        })
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| *duration <= MAX_SECONDS)
        .ok_or_else(|| "allowed are 0 to 86400 seconds".to_owned())
}

const MAX_SECONDS: Duration = Duration::from_secs(86_400);
