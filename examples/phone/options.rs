//! The command line.

use core::time::Duration;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;
use lxst_tokio::{IdentityHash, Profile};

/// A scriptable telephone: voice calls with LXST phones over Reticulum.
#[derive(Debug, Parser)]
#[command(name = "phone", version, after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// Who we are: a Reticulum identity file, made (mode 0600) if it is not there. Without it,
    /// somebody new
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,

    /// Connect to a Reticulum TCP server, again and again until it is there. May be repeated
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub(crate) connect: Vec<String>,

    /// Be a Reticulum TCP server. Port 0 takes a free one. May be repeated
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub(crate) listen: Vec<String>,

    /// Call this identity hash (32 hex digits), and end when the call does. The path is searched
    #[arg(long, value_name = "HASH")]
    pub(crate) call: Option<IdentityHash>,

    /// What to send: mq, hq, shq, ll or ull, a key like quality_medium, or a number like 0x40
    #[arg(long, value_name = "PROFILE", default_value = "mq", value_parser = Profile::from_str)]
    pub(crate) profile: Profile,

    /// Answer an incoming call so long after it began to ring. Without it, calls ring out
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) answer: Option<Duration>,

    /// Reject incoming calls
    #[arg(long, conflicts_with = "answer")]
    pub(crate) reject: bool,

    /// How long our call may take until it is answered, its path search (15 s at most) included
    #[arg(long, value_name = "SECONDS", default_value = "70", value_parser = seconds)]
    pub(crate) wait_time: Duration,

    /// Hang up so long after a call is established
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) hang_up_after: Option<Duration>,

    /// The microphone: a WAV file of any common shape, spoken from the answer on and followed by
    /// silence; or - for raw s16le, 48 kHz, mono on standard input. Without it, nothing is sent
    #[arg(long, value_name = "FILE.wav|-")]
    pub(crate) audio_in: Option<PathBuf>,

    /// The speaker: a WAV file to write; or - for raw s16le, 48 kHz, mono on standard output
    #[arg(long, value_name = "FILE.wav|-")]
    pub(crate) audio_out: Option<PathBuf>,

    /// Record what the telephone did into a new file (mode 0600), for the replay example. It holds
    /// the conversation, both voices included
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// Leave the voices out of the trace: it draws, but does not replay
    #[arg(long, requires = "trace")]
    pub(crate) trace_without_voices: bool,

    /// End after the first call, whoever dialled
    #[arg(long)]
    pub(crate) once: bool,

    /// Write each event as one JSON line on standard error, in place of the text
    #[arg(long)]
    pub(crate) json: bool,

    /// Tell more: -v of interfaces, -vv of everything
    #[arg(short, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

const AFTER_HELP: &str = "\
Exit codes (the first call's, where the phone ends after it):
  0  the call took place, or the phone was stopped while idle
  2  the options are wrong, or the phone could not start
  3  no path, or no link
  4  busy
  5  rejected
  6  no answer: the peer closed before it answered, or it rang out, or was cancelled
  7  link lost

Ctrl-C and SIGTERM hang up, so that the peer sees the link close, and end the phone.
It announces itself on every interface that comes up.

Examples:
  phone --listen 0.0.0.0:4242 --identity me --answer 2 --audio-out heard.wav
  phone --connect host:4242 --call f293e5612b27dbc491e52cc9845d3f53 --audio-in hello.wav
  arecord -qf S16_LE -r 48000 -c1 | phone --connect host:4242 --call HASH \\
      --audio-in - --audio-out - | aplay -qf S16_LE -r 48000 -c1";

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| *duration <= MOST_SECONDS)
        .ok_or_else(|| "allowed are 0 to 86400 seconds".to_owned())
}

fn address(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match port.map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(_)) => Ok(text.to_owned()),
        _ => Err("not of the form HOST:PORT".to_owned()),
    }
}

const MOST_SECONDS: Duration = Duration::from_secs(86_400);
