//! What one start of a phone has in place of the settings of its folder.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use lxst_tokio::reticulum::Config as EndpointConfig;
use lxst_tokio::reticulum::limits::PATH_SEARCH;
use lxst_tokio::trace::Payloads;
use lxst_tokio::{
    Admission, Callers, DisplayName, IdentityHash, InsteadOfVoice, Mode, PhoneBuilder,
    ProfileChoice, Settings as PhoneSettings, ThinPath, Timing, Voice,
};

use super::sound::SoundSettings;
use crate::echo_cancellation::EchoCancellation;
use crate::quiet::LocalClock;
use crate::settings::{Settings, Who};

/// What one start of a phone has in place of the settings of its folder. The default changes
/// nothing.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Overrides {
    /// A file with the identity, in place of that of the folder. It is made if it is not there.
    pub identity: Option<PathBuf>,
    /// The name that announces tell.
    pub display_name: Option<DisplayName>,
    /// Who alone may call; empty for whom the settings say.
    pub allowed: BTreeSet<IdentityHash>,
    /// Who may not either.
    pub blocked: BTreeSet<IdentityHash>,
    /// The profile of calls that are dialled without one, and of calls that come in.
    pub profile: Option<ProfileChoice>,
    /// The mode of calls that come in.
    pub mode: Option<Mode>,
    /// Lets the profile of calls that come in follow what the path carries.
    pub adaptive_profile: bool,
    /// When the echo of the speaker is cancelled.
    pub echo_cancellation: Option<EchoCancellation>,
    /// Sends nothing while nobody speaks.
    pub dtx: bool,
    /// Processes the voice, whatever its source.
    #[cfg(feature = "voice-processing")]
    pub voice_processing: lxst_tokio::VoiceProcessing,
    /// Lets calls ring whose caller prefers a profile below 2 kbit/s that is not built in.
    pub accepts_thin_paths: bool,
    /// How long a dialled call may take until it is answered, its search of a path included.
    pub wait_time: Option<Duration>,
    /// A new file that gets the trace of the calls.
    pub trace: Option<(PathBuf, Payloads)>,
    /// How many calls there may be at a time.
    pub lines: Lines,
    /// The clock that quiet hours go by.
    pub clock: LocalClock,
}

/// How many calls there may be at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lines {
    /// One: who calls meanwhile hears that the line is busy.
    One,
    /// One that is talked on, and one that waits or is held.
    #[default]
    Two,
}

impl Overrides {
    /// Changes settings that were read.
    pub(super) fn apply(&self, settings: &mut Settings) {
        settings.display_name = self.display_name.or(settings.display_name);
        if !self.allowed.is_empty() {
            settings.allowed = Who::Listed(self.allowed.clone());
        }
        settings.blocked.extend(&self.blocked);
        if let Some(profile) = self.profile {
            settings.profile = profile;
        }
        settings.echo_cancellation = self.echo_cancellation.unwrap_or(settings.echo_cancellation);
    }

    /// Gives a builder the settings of the folder with these changes, which
    /// [`apply`](Self::apply) made.
    pub(super) fn build(
        &self,
        builder: PhoneBuilder,
        settings: &Settings,
        callers: Callers,
        sound: &SoundSettings,
    ) -> PhoneBuilder {
        let phone = PhoneSettings::default().callers(callers);
        let phone = phone.voice(self.voice(settings, sound));
        let phone = match settings.display_name {
            Some(name) => phone.display_name(name),
            None => phone,
        };
        // The phone asks in quiet hours alone.
        let timing = Timing::default().screening(SCREENING, Admission::Busy);
        let (timing, builder) = match self.wait_time {
            Some(time) => {
                let search = EndpointConfig::default().path_search(PATH_SEARCH.min(time));
                (timing.wait_time(time), builder.endpoint(search))
            }
            None => (timing, builder),
        };
        let builder = builder.settings(phone.timing(timing));
        match &self.trace {
            Some((path, payloads)) => builder.trace(path, *payloads),
            None => builder,
        }
    }

    fn voice(&self, settings: &Settings, sound: &SoundSettings) -> Voice {
        let is_mute = matches!(sound, SoundSettings::Files(files) if files.microphone.is_none());
        let instead = if is_mute { InsteadOfVoice::Nothing } else { InsteadOfVoice::Silence };
        let is_auto = matches!(settings.profile, ProfileChoice::Auto);
        let thin = if self.accepts_thin_paths { ThinPath::Accept } else { ThinPath::Refuse };
        let voice = Voice::default()
            .when_no_microphone(instead)
            .thin_path(thin)
            .dtx(self.dtx)
            .adaptive_profile(self.adaptive_profile || is_auto);
        let voice = match self.profile {
            Some(ProfileChoice::UpTo(profile) | ProfileChoice::Exactly(profile)) => {
                voice.profile(profile)
            }
            Some(ProfileChoice::Auto) | None => voice,
        };
        #[cfg(feature = "voice-processing")]
        let voice = voice.voice_processing(self.voice_processing);
        match self.mode {
            Some(mode) => voice.mode(mode),
            None => voice,
        }
    }
}

/// How long the phone waits for a decision on a caller. Python LXST gives up 5 s after it dialled.
const SCREENING: Duration = Duration::from_millis(1_500);
