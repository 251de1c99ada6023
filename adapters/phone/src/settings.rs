//! What the phone's task is told once.

/// What a call sends while no audio source is attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingSource {
    /// Nothing, but for one frame of silence now and then that shows that we are there.
    #[default]
    Nothing,
    /// Silence, as if somebody held a hand over the microphone.
    Silence,
}
