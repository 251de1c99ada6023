//! Counters.

use core::fmt;

/// Counters of the endpoint's packets, and of what it dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets received, dropped ones included.
    pub packets_in: u64,
    /// Bytes of packets received, without framing.
    pub bytes_in: u64,
    /// Packets handed to interfaces.
    pub packets_out: u64,
    /// Bytes of packets handed to interfaces, without framing.
    pub bytes_out: u64,
    dropped: [u64; DropReason::ALL.len()],
}

impl Counters {
    /// Returns how many packets or events were dropped for this reason.
    #[must_use]
    pub fn dropped(&self, reason: DropReason) -> u64 {
        // The array has one place per reason, and reasons number from 0.
        self.dropped[reason as usize]
    }

    pub(crate) fn drop(&mut self, reason: DropReason) {
        self.dropped[reason as usize] += 1;
    }
}

/// Why a packet or event was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// A frame or packet that cannot be parsed.
    Malformed,
    /// A packet without the access code of its interface, or with an access code on an open
    /// interface. Only a sample of the packets that are dropped for another reason has its code
    /// checked.
    Ifac,
    /// A packet for a destination or channel that is not ours, or of a kind that an endpoint does
    /// not use.
    NotForUs,
    /// A packet that was received before, or the echo of a packet of ours.
    Duplicate,
    /// A packet for a link that does not exist.
    UnknownLink,
    /// A packet for a link on another interface than the link's own.
    WrongInterface,
    /// A link packet that its link does not expect in its state.
    WrongState,
    /// A packet whose cipher, signature or proof is invalid.
    Unauthentic,
    /// An announce that is neither newer nor better than the known path.
    StaleAnnounce,
    /// An announce of a known destination with another key.
    KeyChange,
    /// A link request, path request, announce, broadcast or access code beyond its rate.
    RateLimited,
    /// A link request, or a link that its peer established, beyond the incoming links of the
    /// destination; or a half-open link that made room for a newer one.
    LinksFull,
    /// Media older than [`MEDIA_AGE`](crate::limits::MEDIA_AGE).
    MediaExpired,
    /// The oldest media of a full queue, which made room for newer media.
    MediaOverflow,
    /// A link management packet whose queue was full.
    ControlOverflow,
    /// A signal or an identification refused as [`QueueFull`](crate::LinkError::QueueFull), or a
    /// broadcast signal whose interface had a full queue.
    SignalRefused,
    /// An event beyond [`EVENTS`](crate::limits::EVENTS) that were not polled.
    EventOverflow,
}

impl DropReason {
    /// All reasons, in the order of their declaration.
    pub const ALL: [Self; 17] = [
        Self::Malformed,
        Self::Ifac,
        Self::NotForUs,
        Self::Duplicate,
        Self::UnknownLink,
        Self::WrongInterface,
        Self::WrongState,
        Self::Unauthentic,
        Self::StaleAnnounce,
        Self::KeyChange,
        Self::RateLimited,
        Self::LinksFull,
        Self::MediaExpired,
        Self::MediaOverflow,
        Self::ControlOverflow,
        Self::SignalRefused,
        Self::EventOverflow,
    ];
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed frames or packets",
            Self::Ifac => "packets without this network's access code",
            Self::NotForUs => "packets for others",
            Self::Duplicate => "packets that were seen before",
            Self::UnknownLink => "packets of unknown links",
            Self::WrongInterface => "link packets on another interface than their link's",
            Self::WrongState => "link packets that came too early or too late",
            Self::Unauthentic => "packets that are not authentic",
            Self::StaleAnnounce => "announces that tell nothing new",
            Self::KeyChange => "announces of known destinations with other keys",
            Self::RateLimited => "packets of strangers beyond their share",
            Self::LinksFull => "links of strangers beyond their share",
            Self::MediaExpired => "media packets that could not be sent in time",
            Self::MediaOverflow => "media packets beyond what an interface can send",
            Self::ControlOverflow => "link packets beyond what an interface can send",
            Self::SignalRefused => "signals beyond what an interface can send",
            Self::EventOverflow => "events beyond what is taken",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter() {
        let mut counters = Counters::default();
        for (place, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
            counters.drop(reason);
            assert_eq!(counters.dropped(reason), 1);
        }
    }
}
