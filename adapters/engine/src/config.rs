//! The settings of an engine.

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
    /// The settings of the telephone. The engine overwrites `profiles` and `codecs` with those of
    /// [`codecs`](Self::codecs), and `callers` and `limits` with those of
    /// [`callers`](Self::callers).
    pub telephone: lxst_core::Config,
    /// Admission of callers.
    pub callers: Callers,
    /// The display name in the phone's announces. *Default*: none.
    pub display_name: Option<DisplayName>,
    /// The codecs of the [`Coder`](crate::Coder) that does the tasks. The phone offers the profiles
    /// that these can send. *Default*: [`BuiltInCodecs`].
    pub codecs: Arc<dyn Codecs>,
    /// Whether the profile of calls that come in adapts to the path; that of a dialled call does as
    /// its [`ProfileChoice`](crate::ProfileChoice) says. It steps down when more than 8 % of the voice
    /// is lost for 5 s, and up again after 20 s with less than 2 %. A frame that a copy replaces is not
    /// lost.
    pub adaptive_profile: bool,
    /// Processing of the microphone's audio: AEC, noise suppression, AGC.
    #[cfg(feature = "voice-processing")]
    pub voice_processing: VoiceProcessing,
    /// Sees every input and output of the core.
    pub tap: Option<Tap>,
    /// The counter of link and call ids. The code that names the links of a
    /// [`LinkQueue`](crate::LinkQueue) has a clone.
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
