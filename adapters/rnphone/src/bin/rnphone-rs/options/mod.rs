//! The command line.

mod page;
mod room;
mod script;
mod start;
mod station;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use lxst_tokio::IdentityHash;

pub(crate) use page::PageOptions;
pub(crate) use room::RoomOptions;
pub(crate) use script::ScriptOptions;
use start::StartOptions;
pub(crate) use station::StationOptions;

/// The codec that is under another licence.
#[cfg(any(feature = "codec2", feature = "codec2-system"))]
macro_rules! codec2_licence {
    () => {
        ", Codec2 (LGPL-2.1)"
    };
}
#[cfg(not(any(feature = "codec2", feature = "codec2-system")))]
macro_rules! codec2_licence {
    () => {
        ""
    };
}

/// A phone for voice calls over Reticulum. It calls LXST phones, and is called by them.
#[derive(Debug, Parser)]
#[command(name = "rnphone-rs", version, long_version = LICENCES, after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// The folder of the phone, in place of /etc/rnphone, ~/.config/rnphone or ~/.rnphone
    #[arg(long, visible_alias = "folder", value_name = "FOLDER", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// The folder of Reticulum's configuration, in place of /etc/reticulum, ~/.config/reticulum or
    /// ~/.reticulum
    #[arg(long, value_name = "FOLDER", global = true)]
    #[arg(conflicts_with_all = ["connect", "listen", "udp", "shared"])]
    pub(crate) rnsconfig: Option<PathBuf>,

    /// Connect to a Reticulum TCP server, again and again until it is there. May be repeated
    #[arg(long, value_name = "HOST:PORT", global = true)]
    pub(crate) connect: Vec<String>,

    /// Be a Reticulum TCP server. Port 0 takes a free one. May be repeated
    #[arg(long, value_name = "HOST:PORT", global = true)]
    pub(crate) listen: Vec<String>,

    /// Receive UDP datagrams on LOCAL, and send them to PEER. May be repeated
    #[arg(long, num_args = 2, value_names = ["LOCAL", "PEER"], global = true)]
    pub(crate) udp: Vec<String>,

    /// Attach to the rnsd, or another shared instance, of this machine: to the one of this name, or
    /// by TCP where a port is given in its place
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "default")]
    #[arg(global = true)]
    pub(crate) shared: Option<String>,

    /// The network name of an access code (IFAC) on all these but --shared
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) ifac_name: Option<String>,

    /// The passphrase of an access code (IFAC) on all these but --shared. Others on this machine
    /// see it in the list of processes
    #[arg(long, value_name = "PASSPHRASE", conflicts_with = "ifac_passphrase_file", global = true)]
    pub(crate) ifac_passphrase: Option<String>,

    /// The same, from the first line of a file. Without either, LXST_IFAC_PASSPHRASE of the
    /// environment counts
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) ifac_passphrase_file: Option<PathBuf>,

    /// Use no microphone and no speaker
    #[arg(long, global = true)]
    pub(crate) no_devices: bool,

    /// Show the phone on the whole screen: contacts, history, the call and its quality
    #[cfg(feature = "tui")]
    #[arg(long, conflicts_with_all = ["service", "json"])]
    pub(crate) tui: bool,

    /// Run without a prompt, for `rnphone-rs ctl` and other programs
    #[arg(long, short)]
    pub(crate) service: bool,

    /// List the microphones and speakers of this machine
    #[arg(long, short)]
    pub(crate) list_devices: bool,

    /// Tell more: -v of interfaces, -vv of everything
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,

    #[command(flatten)]
    pub(crate) script: ScriptOptions,

    #[command(flatten)]
    pub(crate) start: StartOptions,

    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

impl Options {
    /// Whether the phone is shown on the whole screen.
    pub(crate) const fn is_full_screen(&self) -> bool {
        #[cfg(feature = "tui")]
        return self.tui;
        #[cfg(not(feature = "tui"))]
        false
    }

    /// Whether the phone is somebody's, and no script's: a service, or a prompt on a terminal.
    #[cfg(all(feature = "notifications", unix, not(target_os = "macos")))]
    pub(crate) fn has_user(&self) -> bool {
        let is_typed_at = self.is_attended() && io::stdin().is_terminal();
        (self.service || is_typed_at) && !self.script.is_any()
    }

    /// Returns the first option that says by what the mesh is reached.
    pub(crate) fn first_of_network(&self) -> Option<&'static str> {
        let given = [
            (self.rnsconfig.is_some(), "--rnsconfig"),
            (!self.connect.is_empty(), "--connect"),
            (!self.listen.is_empty(), "--listen"),
            (!self.udp.is_empty(), "--udp"),
            (self.shared.is_some(), "--shared"),
            (self.ifac_name.is_some(), "--ifac-name"),
            (self.ifac_passphrase.is_some(), "--ifac-passphrase"),
            (self.ifac_passphrase_file.is_some(), "--ifac-passphrase-file"),
        ];
        given.into_iter().find_map(|(is_given, name)| is_given.then_some(name))
    }

    /// Whether somebody types at a prompt, or pipes commands into it. A script reads no commands
    /// but those of a person.
    pub(crate) fn is_attended(&self) -> bool {
        let has_sound = self.start.stdin_is_sound() || self.start.stdout_is_sound();
        let is_scripted =
            self.script.is_any() || self.script.json || self.start.audio_out.is_some();
        !self.service && !has_sound && (!is_scripted || io::stdin().is_terminal())
    }
}

/// What to do in place of being a phone.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Have the phone that runs in the folder do a command, as at its prompt: `ctl dial mary`.
    /// `ctl events` prints what happens, a JSON object a line, until the phone ends. `ctl listen`
    /// writes what both sides of calls say to standard output, for a player: raw s16le, 48 kHz, mono
    Ctl {
        /// Print the reply as JSON
        #[arg(long)]
        json: bool,
        /// Let what listen writes begin as a WAV file
        #[arg(long)]
        wav: bool,
        /// The command.
        #[arg(required = true, allow_negative_numbers = true)]
        words: Vec<String>,
    },
    /// Be an echo line: answer callers, and play back what they say after a second, so that they
    /// hear how they are heard
    Echo {
        /// What callers hear first: a WAV or Ogg/Opus file
        #[arg(long, value_name = "FILE")]
        greeting: Option<PathBuf>,
    },
    /// Check the devices and the network of this machine, and the path to a phone. Nobody's phone
    /// rings
    Check {
        /// The identity of a phone
        #[arg(value_name = "HASH")]
        to: Option<IdentityHash>,
    },
    /// Be a station: broadcast a file or standard input to all who tune in
    Station(StationOptions),
    /// Be a room that phones call: each member hears all others. Typed lines name a member by the
    /// number of its call: members, mute N, unmute N, remove N; lock turns all callers away, unlock
    /// lets them in again
    Room(RoomOptions),
    /// Listen to a station at the speaker of this machine. Where standard output is a pipe or a file,
    /// raw s16le, 48 kHz, mono goes there instead. Nobody learns who listens
    Tune {
        /// The identity of the station
        #[arg(value_name = "HASH")]
        station: IdentityHash,
    },
    /// Speak to all neighbours who have the page key, by the microphone until Ctrl-C, or by a file
    Page(PageOptions),
    /// Print the page key of the folder, and make it where there is none; or take that of others.
    /// Who has it can page and hear pages
    PageKey {
        /// A file of the key, or - for standard input
        #[arg(value_name = "FILE|-")]
        from: Option<PathBuf>,
    },
    /// Print a unit for the systemd of this user, which runs the phone as a service
    Systemd,
}

const LICENCES: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\n\nrnphone-rs is under MIT or Apache-2.0, at your option. Built in are libopus (BSD-3-Clause),",
    "\nthe rns crates of rsReticulum (Reticulum License)",
    codec2_licence!(),
    " and other crates under",
    "\nMIT, Apache-2.0 and licences alike."
);

const AFTER_HELP: &str = "\
Without an option for the network, it attaches to the rnsd of this machine; where none runs, it uses
the interfaces of Reticulum's configuration, else AutoInterface on the local network. If a phone runs in the
folder already, its prompt is shown, and options of the network are refused.

At the prompt, type help. Scripts in a terminal have it too, unless standard input or output is sound.
Ctrl-C and SIGTERM hang up, so that the peer sees the link close, and end the phone; a second one
ends it at once. A terminal that closes hangs up too, unless nohup keeps the phone.

Exit codes (with --call, --answer, --reject or --once, those of the last call):
  0  the phone ended as asked, and the call took place
  1  the phone refused the command of ctl, or died under the prompt of another process
  2  the options are wrong, or the phone cannot start
  3  no path, or no link; check found a fault; tune cannot hear the station
  4  busy
  5  rejected
  6  no answer: the peer closed before it answered, or it rang out, or was cancelled
  7  link lost

Examples:
  rnphone-rs
  rnphone-rs --service --connect host:4242
  rnphone-rs ctl dial mary
  rnphone-rs ctl hangup
  rnphone-rs ctl listen | aplay -qf S16_LE -r 48000 -c1
  rnphone-rs check f293e5612b27dbc491e52cc9845d3f53
  rnphone-rs station music.wav --title \"Radio\" --listen 0.0.0.0:4242
  rnphone-rs page-key
  rnphone-rs page dinner.wav
  rnphone-rs room --members 6 --title \"Our room\" --connect host:4242
  rnphone-rs tune f293e5612b27dbc491e52cc9845d3f53
  rnphone-rs tune f293e5612b27dbc491e52cc9845d3f53 | aplay -qf S16_LE -r 48000 -c1
  rnphone-rs --listen 0.0.0.0:4242 --identity me --answer 2 --audio-out heard.wav
  rnphone-rs --call mary --audio-in hello.wav --hang-up-after 10
  arecord -qf S16_LE -r 48000 -c1 | rnphone-rs --call mary --audio-in - --audio-out - \\
      | aplay -qf S16_LE -r 48000 -c1";
