//! What an engine is told once.

use std::sync::Arc;

#[cfg(feature = "voice-processing")]
use lxst_audio::VoiceProcessing;
use lxst_codecs::{BuiltInCodecs, Codecs};
use lxst_core::DisplayName;

use crate::callers::Callers;
use crate::ids::Ids;
use crate::tap::Tap;

/// The settings of an engine.
#[derive(Debug)]
pub struct Config {
    /// The settings of the telephone. The engine decides on `profiles` and `codecs`, which are those of
    /// [`codecs`](Self::codecs), and on `callers` and `limits`, which are those of
    /// [`callers`](Self::callers).
    pub telephone: lxst_core::Config,
    /// Who may call.
    pub callers: Callers,
    /// What the phone calls itself in its announces. *Default*: it tells no name.
    pub display_name: Option<DisplayName>,
    /// The codecs of the [`Coder`](crate::Coder) that does the tasks. The phone offers the profiles
    /// that these can send. *Default*: [`BuiltInCodecs`].
    pub codecs: Arc<dyn Codecs>,
    /// Whether the profile follows what the path carries: it steps down where more than 8 % of the voice
    /// is lost for 5 s, and up again after 20 s with less than 2 %.
    pub adaptive_profile: bool,
    /// What is done to the microphone's sound.
    #[cfg(feature = "voice-processing")]
    pub voice_processing: VoiceProcessing,
    /// Sees the core's doors.
    pub tap: Option<Tap>,
    /// The numbers of links and calls: whoever names the links of a [`LinkQueue`](crate::LinkQueue)
    /// has a clone.
    pub ids: Ids,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            telephone: lxst_core::Config::default(),
            codecs: Arc::new(BuiltInCodecs),
            callers: Callers::default(),
            display_name: None,
            adaptive_profile: false,
            #[cfg(feature = "voice-processing")]
            voice_processing: VoiceProcessing::default(),
            tap: None,
            ids: Ids::default(),
        }
    }
}
