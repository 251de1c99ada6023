//! Which calls hear each other.

use std::collections::BTreeSet;

use lxst_core::CallId;

/// The calls that hear each other, for [`Phone::set_bridge`](crate::Phone::set_bridge): a
/// conference of this phone's lines.
///
/// Each of them hears the phone's microphone, and all others but itself
/// ([`mix_minus`](lxst_audio::mix_minus)); the phone's speaker plays all of them. Each is encoded in
/// its own profile. A call with ports of its own is bridged too: what its sink plays goes to the
/// others.
///
/// *Bounds*: it delays what a call says by 20 to 40 ms, and by 120 ms at most. A call from which
/// nothing comes is silent for the others.
///
/// *Requires*: a call that is to be heard needs a sink, the phone's or its own, and one that is to
/// hear needs a source, as in any call. A call whose [`Direction::Receive`](crate::Direction::Receive)
/// is muted is not heard by the others, and one whose `Send` is muted hears nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bridge {
    pub(crate) calls: BTreeSet<CallId>,
    pub(crate) is_microphone_muted: bool,
}

impl Bridge {
    /// Bridges these calls.
    #[must_use]
    pub fn of(calls: impl IntoIterator<Item = CallId>) -> Self {
        Self { calls: calls.into_iter().collect(), is_microphone_muted: false }
    }

    /// Sets whether the calls hear each other only, and not what their sources bring. *Default*:
    /// `false`.
    #[must_use]
    pub const fn mute_microphone(mut self, is_muted: bool) -> Self {
        self.is_microphone_muted = is_muted;
        self
    }

    /// Leaves out all calls but these: the others are over.
    pub(crate) fn only(mut self, calls: &[CallId]) -> Self {
        self.calls.retain(|call| calls.contains(call));
        self
    }
}
