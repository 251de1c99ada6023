//! What rings for whom.

use core::fmt;
use std::sync::Arc;

use lxst_audio::{Cadence, Source, ToneSource};
use lxst_phone::IdentityHash;

use super::speaker::Sound;

/// What the ringer plays while a call rings here: one sound for all, or one of each caller's own.
///
/// ```
/// use lxst_audio::Ringtone;
/// use lxst_device::Ringtones;
/// use lxst_phone::IdentityHash;
///
/// let mary = IdentityHash([7; 16]);
/// let ringtones = Ringtones::by_caller(move |caller| {
///     let ringtone = if caller == mary { Ringtone::Chime } else { Ringtone::Bell };
///     ringtone.cadence().source()
/// });
/// # drop(ringtones);
/// let all_the_same = Ringtones::from(Ringtone::Warble.cadence());
/// # drop(all_the_same);
/// ```
#[derive(Clone)]
pub struct Ringtones(Arc<dyn Fn(IdentityHash) -> Sound + Send + Sync>);

impl Ringtones {
    /// Plays what the closure makes for the caller, each time a call begins to ring: tones, a file,
    /// any source. It plays from its beginning, and a source that ends is silent from there on.
    ///
    /// The closure runs on the task of the devices: it must not wait.
    pub fn by_caller<S: Source + Send + 'static>(
        sound: impl Fn(IdentityHash) -> S + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |caller| Box::new(sound(caller))))
    }

    pub(super) fn sound(&self, caller: IdentityHash) -> Sound {
        (self.0)(caller)
    }
}

impl From<Cadence> for Ringtones {
    fn from(cadence: Cadence) -> Self {
        Self::by_caller(move |_| ToneSource::new(cadence.clone()))
    }
}

impl fmt::Debug for Ringtones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ringtones").finish_non_exhaustive()
    }
}
