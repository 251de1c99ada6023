//! Settings of a client.

use alloc::string::String;

use crate::bounds::{BoundError, text, within};
use crate::limits::{FRAMES, NAME};

/// Settings of a client.
///
/// *Default*: one frame a packet, with microphone and speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    pub(super) name: String,
    pub(super) app: String,
    pub(super) is_text_only: bool,
    pub(super) frames_per_packet: usize,
}

impl ClientConfig {
    /// Makes the settings of a client of this name. The server may add a number to it.
    ///
    /// # Errors
    /// [`BoundError`] if it is empty or has more than [`NAME`] bytes.
    pub fn new(name: &str) -> Result<Self, BoundError> {
        Ok(Self {
            name: text("bytes of the name", name, (1, NAME))?,
            app: concat!("lxst-rooms ", env!("CARGO_PKG_VERSION")).into(),
            is_text_only: false,
            frames_per_packet: 1,
        })
    }

    /// Sets the version that the client tells of its program. *Default*: that of this crate.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`NAME`] bytes.
    pub fn app(self, app: &str) -> Result<Self, BoundError> {
        Ok(Self { app: text("bytes of the program's version", app, (0, NAME))?, ..self })
    }

    /// Joins with neither microphone nor speaker.
    #[must_use]
    pub fn text_only(self) -> Self {
        Self { is_text_only: true, ..self }
    }

    /// Sets how many frames a packet has in rooms other than push-to-talk rooms. More of them cost
    /// delay and save bytes.
    ///
    /// # Errors
    /// [`BoundError`] below 1 or beyond [`FRAMES`].
    pub fn frames_per_packet(self, frames: usize) -> Result<Self, BoundError> {
        Ok(Self { frames_per_packet: within("frames of a packet", frames, (1, FRAMES))?, ..self })
    }
}
