//! What a start of the phone has in place of the settings of its folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use lxst_tokio::trace::Payloads;
use lxst_tokio::{BuiltInCodecs, Codecs, DisplayName, IdentityHash, Profile, ProfileChoice};
use rnphone_rs::echo_cancellation::EchoCancellation;
use rnphone_rs::service::{Lines, Overrides, SoundFiles, SoundSettings};
use rnphone_rs::wav::Existing;

use super::script::{ScriptOptions, seconds};
use crate::failure::Failure;

/// What a start of the phone has in place of the settings of its folder.
#[derive(Debug, Args)]
#[command(next_help_heading = "In place of the folder's settings")]
pub(crate) struct StartOptions {
    /// Be who this Reticulum identity file says, which is made (mode 0600) if it is not there, and
    /// have no folder: no contacts, no history, no settings
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "service"])]
    pub(crate) identity: Option<PathBuf>,

    /// Tell this name in announces, to everybody who hears them: 64 bytes of UTF-8 at most
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<DisplayName>,

    /// Let only this identity's calls ring; others hear that the line is busy. May be repeated
    #[arg(long, value_name = "HASH")]
    pub(crate) allow: Vec<IdentityHash>,

    /// Let this identity's calls not ring: it hears that the line is busy. May be repeated
    #[arg(long, value_name = "HASH")]
    pub(crate) block: Vec<IdentityHash>,

    /// Let calls ring whose caller prefers a profile below 2 kbit/s that is not built in. Without
    /// it, they are rejected: ours may be too much for their path
    #[arg(long)]
    pub(crate) accept_thin_paths: bool,

    /// How long our calls may take until they are answered, the path search (15 s at most)
    /// included: 70 s unless said
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) wait_time: Option<Duration>,

    /// The microphone: a WAV file of any common shape, spoken from the answer on and followed by
    /// silence; or - for raw s16le, 48 kHz, mono from a recorder on standard input, of which is
    /// sent what it hears in a call. Without it, but with --audio-out, nothing is sent
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

    /// Step down from --profile to profiles that need less of the path where it loses too much, and
    /// up again
    #[arg(long)]
    pub(crate) adapt: bool,

    /// When the echo of the speaker is taken out of the microphone: auto (unless the speaker says
    /// that it sits at the ear), on or off
    #[arg(long, value_name = "auto|on|off")]
    pub(crate) echo_cancellation: Option<EchoCancellation>,

    /// Cancel the echo, suppress noise, and even out the level, also where the microphone is a file
    /// or a pipe (feature voice-processing)
    #[arg(long)]
    pub(crate) process: bool,

    /// Record what the telephone did into a new file (mode 0600), for the example replay. It holds
    /// the conversation, both voices included
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// Leave the voices out of the trace: it draws, but does not replay
    #[arg(long, requires = "trace")]
    pub(crate) trace_without_voices: bool,
}

impl StartOptions {
    pub(crate) fn stdin_is_sound(&self) -> bool {
        self.audio_in.as_deref() == Some(Path::new("-"))
    }

    pub(crate) fn stdout_is_sound(&self) -> bool {
        self.audio_out.as_deref() == Some(Path::new("-"))
    }

    /// Returns the first option that a phone which runs already cannot have.
    pub(crate) fn first(&self) -> Option<&'static str> {
        let given = [
            (self.identity.is_some(), "--identity"),
            (self.name.is_some(), "--name"),
            (!self.allow.is_empty(), "--allow"),
            (!self.block.is_empty(), "--block"),
            (self.accept_thin_paths, "--accept-thin-paths"),
            (self.wait_time.is_some(), "--wait-time"),
            (self.audio_in.is_some(), "--audio-in"),
            (self.audio_out.is_some(), "--audio-out"),
            (self.dtx, "--dtx"),
            (self.adapt, "--adapt"),
            (self.echo_cancellation.is_some(), "--echo-cancellation"),
            (self.process, "--process"),
            (self.trace.is_some(), "--trace"),
        ];
        given.into_iter().find_map(|(is_given, name)| is_given.then_some(name))
    }

    pub(crate) fn sound(&self, no_devices: bool) -> SoundSettings {
        let Self { audio_in, audio_out, force, .. } = self;
        match (audio_in, audio_out) {
            (None, None) if no_devices => SoundSettings::Nothing,
            (None, None) => SoundSettings::Devices,
            (microphone, speaker) => SoundSettings::Files(SoundFiles {
                microphone: microphone.clone(),
                speaker: speaker.clone(),
                existing: if *force { Existing::Replaced } else { Existing::Kept },
            }),
        }
    }

    /// # Errors
    /// A profile or a processing that is not built in.
    pub(crate) fn overrides(&self, script: &ScriptOptions) -> Result<Overrides, Failure> {
        let Self { trace, trace_without_voices, .. } = self;
        let payloads = if *trace_without_voices { Payloads::Stripped } else { Payloads::Kept };
        let mut overrides = Overrides::default();
        overrides.identity = self.identity.clone();
        overrides.display_name = self.name;
        overrides.allowed = self.allow.iter().copied().collect();
        overrides.blocked = self.block.iter().copied().collect();
        overrides.profile = script.profile.map(sendable).transpose()?;
        if let (true, Some(ProfileChoice::Exactly(profile))) = (self.adapt, overrides.profile) {
            overrides.profile = Some(ProfileChoice::UpTo(profile));
        }
        overrides.mode = script.mode();
        overrides.adaptive_profile = self.adapt;
        overrides.echo_cancellation = self.echo_cancellation;
        overrides.dtx = self.dtx;
        overrides.accepts_thin_paths = self.accept_thin_paths;
        overrides.wait_time = self.wait_time;
        overrides.trace = trace.clone().map(|path| (path, payloads));
        overrides.lines = if script.is_any() { Lines::One } else { Lines::Two };
        if self.process {
            #[cfg(not(feature = "voice-processing"))]
            return Err(Failure::usage(
                "--process is not built in: build with --features voice-processing",
            ));
            #[cfg(feature = "voice-processing")]
            {
                overrides.voice_processing = lxst_tokio::VoiceProcessing::ALL;
            }
        }
        Ok(overrides)
    }
}

fn sendable(choice: ProfileChoice) -> Result<ProfileChoice, Failure> {
    let (ProfileChoice::Exactly(profile) | ProfileChoice::UpTo(profile)) = choice else {
        return Ok(choice);
    };
    if BuiltInCodecs.profiles().contains(profile) {
        return Ok(choice);
    }
    let feature = if profile == Profile::UltraLowBandwidth { "codec2-system" } else { "codec2" };
    Err(Failure::usage(format!("{profile} needs Codec2: build with --features {feature}")))
}
