//! How a call sounds, in figures.

use core::fmt;
use core::time::Duration;

use crate::audio::Samples;

/// The figures of a call, of [`Event::Quality`](crate::Event::Quality). Counts are since the call
/// stands; rates and the mean opinion score are of the last second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quality {
    /// Media packets that arrived.
    pub packets_received: u64,
    /// Frames in them.
    pub frames_received: u64,
    /// Frames lost on the way, estimated against the sender's clock.
    pub frames_lost: u64,
    /// Audio made up for missing frames, and where a pause began.
    pub concealed: Samples,
    /// Silence where there was too little to make up.
    pub starved: Samples,
    /// Audio of frames that arrived and were dropped, for want of room or to shed delay.
    pub dropped: Samples,
    /// Audio of our microphone that was to be sent and was dropped here: its port could not keep up,
    /// or the encoder.
    pub capture_dropped: Samples,
    /// Audio that the speaker's port dropped, because it could not keep up.
    pub playback_dropped: Samples,
    /// Audio left out to shed delay: by playing faster, and in pauses.
    pub shed: Samples,
    /// Audio added by playing slower.
    pub expanded: Samples,
    /// How long what arrives waits until it plays, on the average of late.
    pub delay: Duration,
    /// How unevenly frames arrived in the last seconds: from the earliest to the latest.
    pub jitter: Duration,
    /// What arrived, in bits a second of encoded audio.
    pub received_bps: u32,
    /// What was sent, in bits a second of encoded audio.
    pub sent_bps: u32,
    /// The estimated opinion of a listener, zero until something was heard: of us, or of the peer
    /// where more of our microphone was dropped here than is missing of what we hear.
    pub mos: Mos,
    /// Whether no media came for 5 s.
    pub is_peer_silent: bool,
}

impl Quality {
    /// Tells the estimated share of frames lost, in thousandths.
    #[must_use]
    pub fn loss_per_mille(&self) -> u16 {
        let sent = self.frames_received.saturating_add(self.frames_lost).max(1);
        // A thousand at most.
        u16::try_from(self.frames_lost.saturating_mul(1_000) / sent).unwrap_or(1_000)
    }
}

/// A mean opinion score, as the E-model estimates it: 1 is bad, 4.5 the best.
///
/// *Units*: hundredths.
///
/// *Source*: ITU-T G.107 for Codec2, G.107.1 for the codecs of wider bands. Impairments of the
/// codecs are our choice, after those that G.113 gives to codecs of a like rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mos(pub u16);

impl fmt::Display for Mos {
    /// Writes two decimals: `4.21`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}
