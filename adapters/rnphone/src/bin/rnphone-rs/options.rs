//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// A phone for voice calls over Reticulum. It calls LXST phones, and is called by them.
#[derive(Debug, Parser)]
#[command(name = "rnphone-rs", version, after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// The folder of the phone, in place of /etc/rnphone, ~/.config/rnphone or ~/.rnphone
    #[arg(long, value_name = "FOLDER", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// The folder of Reticulum's configuration, in place of /etc/reticulum, ~/.config/reticulum or
    /// ~/.reticulum
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["connect", "listen", "udp", "shared"])]
    pub(crate) rnsconfig: Option<PathBuf>,

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

    /// Use no microphone and no speaker
    #[arg(long)]
    pub(crate) no_devices: bool,

    /// Run without a prompt, for `rnphone-rs ctl` and other programs
    #[arg(long, short)]
    pub(crate) service: bool,

    /// List the microphones and speakers of this machine
    #[arg(long, short)]
    pub(crate) list_devices: bool,

    /// Tell more: -v of interfaces, -vv of everything
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

/// What to do in place of being a phone.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Have the phone that runs in the folder do a command, as at its prompt: `ctl dial mary`.
    /// `ctl events` prints what happens, a JSON object a line, until the phone ends
    Ctl {
        /// The command.
        #[arg(trailing_var_arg = true, required = true)]
        words: Vec<String>,
    },
}

const AFTER_HELP: &str = "\
Without an option for the network, it attaches to the rnsd of this machine; where none runs, it uses
the interfaces of Reticulum's configuration, else AutoInterface on the local network. If a phone runs in the
folder already, its prompt is shown.

At the prompt, type help. Exit codes:
  0  the phone ended as asked
  1  the phone refused the command of ctl
  2  the options are wrong, or the phone cannot start

Examples:
  rnphone-rs
  rnphone-rs --service --connect host:4242
  rnphone-rs ctl dial mary
  rnphone-rs ctl hangup";
