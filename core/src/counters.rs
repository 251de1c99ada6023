//! The counters of a telephone.

use crate::audio::Samples;
use crate::output::DropReason;

/// Counters since the telephone was created. All saturate at their largest value. Losses, which are
/// estimated, and the audio that decoders report as shed or added may decrease a little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counters {
    /// Media packets handed out for transmission.
    pub media_packets_sent: u64,
    /// Media packets received in calls.
    pub media_packets_received: u64,
    /// Frames received.
    pub frames_received: u64,
    /// Bytes of the frames received, codec bytes included.
    pub bytes_received: u64,
    /// Bytes of the frames handed out for transmission, codec bytes included.
    pub bytes_sent: u64,
    /// Frames lost by the network: an estimate from the sender's clock. Pauses (DTX) do not count.
    pub frames_lost: u64,
    /// Frames lost by the network that a copy replaced.
    pub frames_recovered: u64,
    /// Packets handed out for transmission that carry copies of frames.
    pub copies_sent: u64,
    /// Frames dropped because newer ones needed their room, or to shed delay.
    pub frames_shed: u64,
    /// Numbered frames dropped because they came twice, or after their place had played.
    pub frames_discarded: u64,
    /// Frames dropped because as many talkers as there are places talk.
    pub frames_refused: u64,
    /// Frames dropped because receiving was muted or no speaker was attached.
    pub frames_unheard: u64,
    /// Frames that the decoder refused, or that have no decoder.
    pub frames_undecodable: u64,
    /// Audio of the frames counted in `frames_shed`.
    pub dropped: Samples,
    /// Audio concealed (PLC) in place of missing frames.
    pub concealed: Samples,
    /// Audio shed to reduce delay, by time-compression and by skipping pauses.
    pub shed: Samples,
    /// Audio added by time-stretching.
    pub expanded: Samples,
    /// Silence played after concealment ended. Pauses (DTX) do not count.
    pub starved: Samples,
    /// Frames not sent because the encoder found no voice (DTX).
    pub frames_dtx: u64,
    /// Captured audio discarded while muted or while the talk button was released.
    pub capture_discarded: Samples,
    /// Captured audio dropped although it was to be sent: by the microphone's port
    /// ([`Input::Overrun`](crate::Input::Overrun)), or because it waited too long for an encoder.
    pub capture_dropped: Samples,
    /// Decoded audio dropped by the speaker's port ([`Input::Overrun`](crate::Input::Overrun)).
    pub playback_dropped: Samples,
    /// Encoded frames not sent because they exceed the link's mdu, or because sending was muted
    /// meanwhile.
    pub frames_unsent: u64,
    /// Encode jobs that failed.
    pub encodes_failed: u64,
    /// Jobs reported after their stream had closed.
    pub jobs_void: u64,
    /// Packets dropped as malformed.
    pub packets_malformed: u64,
    /// Signals ignored because they are unknown or no integers.
    pub signals_unknown: u64,
    /// Preferences ignored because the profile or mode does not exist, or cannot be sent.
    pub preferences_unsupported: u64,
    /// Frames ignored because they are no binary value, empty, too long, or of a codec that is not
    /// in [`Config::codecs`](crate::Config::codecs).
    pub frames_unknown: u64,
    /// Callers who got BUSY because of [`CallerLimits`](crate::CallerLimits).
    pub callers_limited: u64,
    /// Incoming links closed because of [`PENDING_LINKS`](crate::limits::PENDING_LINKS).
    pub links_refused: u64,
}

impl Counters {
    /// Returns the sums of two sets of counters.
    pub(crate) fn plus(self, other: &Self) -> Self {
        let (a, b) = (self, other);
        // A counter that is in neither list does not compile.
        macro_rules! sums {
            (counts: $($count:ident)*; audio: $($audio:ident)*) => {
                Self {
                    $($count: a.$count.saturating_add(b.$count),)*
                    $($audio: a.$audio + b.$audio,)*
                }
            };
        }
        sums! {
            counts:
                media_packets_sent media_packets_received frames_received bytes_received bytes_sent
                frames_lost frames_recovered copies_sent frames_shed frames_discarded
                frames_refused frames_unheard frames_undecodable frames_dtx frames_unsent
                encodes_failed jobs_void packets_malformed signals_unknown
                preferences_unsupported frames_unknown callers_limited links_refused;
            audio:
                dropped concealed shed expanded starved capture_discarded capture_dropped
                playback_dropped
        }
    }

    /// Counts a drop, and returns its reason.
    pub(crate) fn drop_for(&mut self, reason: DropReason) -> DropReason {
        count(match reason {
            DropReason::MalformedPacket => &mut self.packets_malformed,
            DropReason::UnknownSignal => &mut self.signals_unknown,
            DropReason::UnsupportedPreference => &mut self.preferences_unsupported,
            DropReason::UnknownFrame => &mut self.frames_unknown,
            DropReason::UndecodableFrame => &mut self.frames_undecodable,
        });
        reason
    }
}

/// Adds one, saturating.
pub(crate) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
