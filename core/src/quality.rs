//! The measured quality of a call.

use core::fmt;
use core::time::Duration;

use crate::audio::Samples;

/// The measured quality of a call, told by [`Event::Quality`](crate::Event::Quality).
///
/// Counts are totals since the call was established. Rates and the mean opinion score are those of
/// the last second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quality {
    /// Media packets received.
    pub packets_received: u64,
    /// Frames received.
    pub frames_received: u64,
    /// Frames lost by the network, estimated from the sender's clock.
    pub frames_lost: u64,
    /// Frames lost by the network that a copy replaced.
    pub frames_recovered: u64,
    /// Packets sent that carry copies of frames, because the peer loses packets.
    pub copies_sent: u64,
    /// Audio concealed (PLC): for lost frames, and at the beginning of pauses.
    pub concealed: Samples,
    /// Silence played after concealment ended. Pauses (DTX) do not count.
    pub starved: Samples,
    /// Audio of received frames that were dropped for lack of room, or to shed delay.
    pub dropped: Samples,
    /// Audio of our microphone that was dropped although it was to be sent, because its port or the
    /// encoder could not keep up.
    pub capture_dropped: Samples,
    /// Audio dropped by the speaker's port because it could not keep up.
    pub playback_dropped: Samples,
    /// Audio shed to reduce delay, by time-compression and by skipping pauses.
    pub shed: Samples,
    /// Audio added by time-stretching.
    pub expanded: Samples,
    /// Average delay of the jitter buffer in the last seconds, from arrival to playout.
    pub delay: Duration,
    /// Jitter of the last seconds: the difference between the earliest and the latest arrival, each
    /// measured against its due time.
    pub jitter: Duration,
    /// Encoded audio received, in bits per second.
    pub received_bps: u32,
    /// Encoded audio sent, in bits per second.
    pub sent_bps: u32,
    /// Estimated mean opinion score (MOS) of the worse direction; zero until audio was received. It
    /// rates what we hear, or what the peer hears if more of our microphone was dropped here.
    pub mos: Mos,
    /// Whether no media arrived for [`SILENCE`](crate::limits::SILENCE).
    pub is_peer_silent: bool,
}

impl Quality {
    /// Returns the estimated share of frames lost, in thousandths.
    #[must_use]
    pub fn loss_per_mille(&self) -> u16 {
        let sent = self.frames_received.saturating_add(self.frames_lost).max(1);
        // Bounded by a thousand, which fits.
        u16::try_from(self.frames_lost.saturating_mul(1_000) / sent).unwrap_or(1_000)
    }
}

/// A mean opinion score (MOS) estimated by the E-model: 1 is bad, 4.5 is the best.
///
/// *Units*: hundredths.
///
/// *Source*: ITU-T G.107 for Codec2, G.107.1 for Opus and raw audio. The codecs' impairments are
/// our choice, near those that G.113 gives for codecs of similar bitrates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mos(pub u16);

impl fmt::Display for Mos {
    /// Writes two decimals: `4.21`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}
