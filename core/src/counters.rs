//! What a phone counts.

use crate::audio::Samples;
use crate::output::DropReason;

/// Counters since the phone was made. All saturate; those that are estimated, or said to be left
/// out or added by a decoder, may take back a little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counters {
    /// Media packets handed out for transmission.
    pub media_packets_sent: u64,
    /// Media packets of the call that arrived.
    pub media_packets_received: u64,
    /// Frames in them.
    pub frames_received: u64,
    /// Bytes of the frames that arrived, codec bytes included.
    pub bytes_received: u64,
    /// Bytes of the frames handed out for transmission, codec bytes included.
    pub bytes_sent: u64,
    /// Frames that were lost on the way, estimated: what the sender's clock made due, less what
    /// arrived. Pauses do not count.
    pub frames_lost: u64,
    /// Frames dropped because newer ones needed their room, or their delay could not be shed in time.
    pub frames_shed: u64,
    /// Frames dropped because receiving was muted or no speaker was attached.
    pub frames_unheard: u64,
    /// Frames that the decoder refused.
    pub frames_undecodable: u64,
    /// Audio of frames dropped because newer ones needed their room, or its delay could not be shed
    /// in time.
    pub dropped: Samples,
    /// Audio that stood in for missing frames.
    pub concealed: Samples,
    /// Audio that was left out to shed delay: by playing faster, and in pauses.
    pub shed: Samples,
    /// Audio that was added by playing slower.
    pub expanded: Samples,
    /// Silence where there was too little to make up. Pauses do not count.
    pub starved: Samples,
    /// Frames not sent because the encoder found silence.
    pub frames_dtx: u64,
    /// Captured audio that was not meant to be sent: mute, talk button.
    pub capture_discarded: Samples,
    /// Captured audio that was to be sent, and was dropped: by the microphone's port
    /// ([`Input::Overrun`](crate::Input::Overrun)), or because it waited too long for an encoder.
    pub capture_dropped: Samples,
    /// Audio that was handed out and the speaker's port dropped
    /// ([`Input::Overrun`](crate::Input::Overrun)).
    pub playback_dropped: Samples,
    /// Encoded frames that were not sent: too long for the link, or muted meanwhile.
    pub frames_unsent: u64,
    /// Encode jobs that failed.
    pub encodes_failed: u64,
    /// Jobs that ended after their stream had closed.
    pub jobs_void: u64,
    /// Packets dropped as malformed.
    pub packets_malformed: u64,
    /// Signals ignored as unknown or as no integer.
    pub signals_unknown: u64,
    /// Profiles and modes that do not exist or that we cannot send.
    pub preferences_unsupported: u64,
    /// Frames ignored because their codec is unknown, or they are too long.
    pub frames_unknown: u64,
    /// Callers who heard BUSY because they tried too often.
    pub callers_limited: u64,
    /// Incoming links closed for want of room.
    pub links_refused: u64,
}

impl Counters {
    /// Counts something of the peer's that is left out, and hands the reason back.
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

/// Adds one.
pub(crate) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
