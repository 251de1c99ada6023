//! The command line.

use core::time::Duration;
use std::env;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, ValueEnum};
use lxst_phone::{Callers, DisplayName, IdentityHash, Ifac, Interface, Mode, Profile, Sockets};

/// A scriptable telephone: voice calls with LXST phones over Reticulum.
#[derive(Debug, Parser)]
#[command(name = "phone", version, after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// Who we are: a Reticulum identity file, made (mode 0600) if it is not there. Without it,
    /// somebody new
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,

    /// Connect to a Reticulum TCP server, again and again until it is there. May be repeated
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) connect: Vec<String>,

    /// Be a Reticulum TCP server. Port 0 takes a free one. May be repeated
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Vec<String>,

    /// Receive UDP datagrams on LOCAL, and send them to PEER. May be repeated
    #[arg(long, num_args = 2, value_names = ["LOCAL", "PEER"])]
    pub(crate) udp: Vec<String>,

    /// Attach to the rnsd, or another shared instance, of this machine: to the one of this name, or
    /// by TCP where a port is given in its place
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "default")]
    pub(crate) shared: Option<String>,

    /// The network name of an access code (IFAC) on all these but --shared
    #[arg(long, value_name = "NAME")]
    pub(crate) ifac_name: Option<String>,

    /// The passphrase of an access code (IFAC) on all these but --shared. Others on this machine
    /// see it in the list of processes
    #[arg(long, value_name = "PASSPHRASE", conflicts_with = "ifac_passphrase_file")]
    pub(crate) ifac_passphrase: Option<String>,

    /// The same, from the first line of a file. Without either, LXST_IFAC_PASSPHRASE of the
    /// environment counts
    #[arg(long, value_name = "FILE")]
    pub(crate) ifac_passphrase_file: Option<PathBuf>,

    /// Keep in this folder who we are and whom we know, in place of --identity
    #[arg(long, value_name = "FOLDER", conflicts_with = "identity")]
    pub(crate) folder: Option<PathBuf>,

    /// Tell this name in announces, to everybody who hears them: 64 bytes of UTF-8 at most. Without
    /// it, none is told
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<DisplayName>,

    /// What runs the phone. Nobody can hear the difference
    #[arg(long, value_enum, default_value_t = RuntimeName::Tokio)]
    pub(crate) runtime: RuntimeName,

    /// Call this identity hash (32 hex digits, also as <HASH>), and end when the call does. The
    /// path is searched
    #[arg(long, value_name = "HASH")]
    pub(crate) call: Option<IdentityHash>,

    /// What to send: mq, hq, shq, ll or ull, a key like quality_medium, or a number like 0x40; with
    /// Codec2 built in, lbw, vlbw and ulbw too
    #[arg(long, value_name = "PROFILE", default_value = "mq", value_parser = Profile::from_str)]
    pub(crate) profile: Profile,

    /// Whether both may speak at once, or each on pressing a button
    #[arg(long, value_enum, default_value_t = ModeName::Full)]
    pub(crate) mode: ModeName,

    /// Let only this identity's calls ring; others hear that the line is busy. May be repeated
    #[arg(long, value_name = "HASH")]
    pub(crate) allow: Vec<IdentityHash>,

    /// Let this identity's calls not ring: it hears that the line is busy. May be repeated
    #[arg(long, value_name = "HASH")]
    pub(crate) block: Vec<IdentityHash>,

    /// Be busy for everybody
    #[arg(long)]
    pub(crate) busy: bool,

    /// Let calls ring whose caller prefers a profile below 2 kbit/s that is not built in. Without
    /// it, they are rejected: ours may be too much for their path
    #[arg(long)]
    pub(crate) accept_thin_paths: bool,

    /// Answer an incoming call so long after it began to ring. Without it, calls ring out
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) answer: Option<Duration>,

    /// Reject incoming calls
    #[arg(long, conflicts_with = "answer")]
    pub(crate) reject: bool,

    /// How long our call may take until it is answered, its path search (15 s at most) included
    #[arg(long, value_name = "SECONDS", default_value = "70", value_parser = seconds)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) wait_time: Duration,

    /// Hang up so long after a call is established
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) hang_up_after: Option<Duration>,

    /// The microphone: a WAV file of any common shape, spoken from the answer on and followed by
    /// silence; or - for raw s16le, 48 kHz, mono from a recorder on standard input, of which is
    /// sent what it hears in a call. Without it, nothing is sent
    #[arg(long, value_name = "FILE.wav|-")]
    pub(crate) audio_in: Option<PathBuf>,

    /// The speaker: a new WAV file (mode 0600); or - for raw s16le, 48 kHz, mono on standard output
    #[arg(long, value_name = "FILE.wav|-")]
    pub(crate) audio_out: Option<PathBuf>,

    /// Let --audio-out replace a file that is there
    #[arg(long, requires = "audio_out")]
    pub(crate) force: bool,

    /// Send nothing while nobody speaks
    #[arg(long)]
    pub(crate) dtx: bool,

    /// Step down to profiles that need less of the path where it loses too much, and up again
    #[arg(long)]
    pub(crate) adapt: bool,

    /// Cancel the echo, suppress noise, and even out the microphone's level (feature
    /// voice-processing)
    #[arg(long)]
    pub(crate) process: bool,

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

/// The runtimes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RuntimeName {
    Tokio,
    Smol,
}

/// The modes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ModeName {
    Full,
    Half,
}

impl Options {
    /// The ways into the network.
    pub(crate) fn interfaces<R: Sockets>(&self) -> Result<Vec<Interface<R>>, String> {
        let clients = self.connect.iter().map(Interface::tcp_client);
        let servers = self.listen.iter().map(Interface::tcp_server);
        // clap saw to it that there are two each.
        let udp = self.udp.chunks_exact(2).map(|pair| Interface::udp(&pair[0], &pair[1]));
        let mut interfaces: Vec<Interface<R>> = clients.chain(servers).chain(udp).collect();
        let passphrase = self.passphrase(!interfaces.is_empty())?;
        if self.ifac_name.is_some() || passphrase.is_some() {
            if interfaces.is_empty() {
                let message =
                    "an access code is for --connect, --listen and --udp, of which there is none";
                return Err(message.to_owned());
            }
            let name = self.ifac_name.as_deref();
            let ifac = Ifac::new(name, passphrase.as_deref(), Ifac::SIZE)
                .map_err(|error| error.to_string())?;
            interfaces =
                interfaces.into_iter().map(|interface| interface.with_ifac(ifac)).collect();
        }
        interfaces.extend(self.shared.as_ref().map(|name| match name.parse() {
            Ok(port) => Interface::shared_instance_on(port),
            Err(_) => Interface::named_shared_instance(name),
        }));
        Ok(interfaces)
    }

    /// The passphrase of the access code: of the option, the file, or the environment, which counts
    /// where there is an interface for it.
    fn passphrase(&self, has_interfaces: bool) -> Result<Option<String>, String> {
        if let Some(path) = &self.ifac_passphrase_file {
            let failed =
                |error: &dyn Display| format!("--ifac-passphrase-file {}: {error}", path.display());
            let mut line = String::new();
            File::open(path)
                .and_then(|file| BufReader::new(file.take(MAX_PASSPHRASE)).read_line(&mut line))
                .map_err(|error| failed(&error))?;
            let passphrase = line.trim_end_matches(['\r', '\n']);
            return match passphrase.len() as u64 {
                0 => Err(failed(&"its first line is empty; allowed is a passphrase")),
                MAX_PASSPHRASE => Err(failed(&"a line without an end; allowed are 4095 bytes")),
                _ => Ok(Some(passphrase.to_owned())),
            };
        }
        let of_environment = || env::var(PASSPHRASE).ok().filter(|word| !word.is_empty());
        let given = self.ifac_passphrase.clone();
        Ok(given.or_else(|| of_environment().filter(|_| has_interfaces)))
    }

    pub(crate) fn mode(&self) -> Mode {
        match self.mode {
            ModeName::Full => Mode::FullDuplex,
            ModeName::Half => Mode::HalfDuplex,
        }
    }

    pub(crate) fn callers(&self) -> Callers {
        let others = if self.allow.is_empty() { Callers::all() } else { Callers::none() };
        others.allowed(self.allow.iter().copied()).blocked(self.block.iter().copied())
    }
}

const AFTER_HELP: &str = "\
Keys, where standard input is a terminal:
  a answer   h hang up   r reject   p next profile   m mute   t talk (half duplex)   q quit

Exit codes (the first call's, where the phone ends after it):
  0  the call took place, or the phone was stopped while idle
  2  the options are wrong, or the phone could not start
  3  no path, or no link
  4  busy
  5  rejected
  6  no answer: the peer closed before it answered, or it rang out, or was cancelled
  7  link lost

Without a network, it tells who it is, and ends. Others call the identity, not the destination.
Ctrl-C and SIGTERM hang up, so that the peer sees the link close, and end the phone; a second one
ends it at once. A terminal that closes hangs up too, unless nohup keeps the phone.
It announces itself on every interface that comes up.

Examples:
  phone --listen 0.0.0.0:4242 --identity me --answer 2 --audio-out heard.wav
  phone --shared --folder ~/.phone
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

const PASSPHRASE: &str = "LXST_IFAC_PASSPHRASE";
/// One more than a passphrase may have.
const MAX_PASSPHRASE: u64 = 4_096;
const MOST_SECONDS: Duration = Duration::from_secs(86_400);
