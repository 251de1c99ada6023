//! Interfaces: connections of the endpoint to other nodes.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use lxst_core::{Instant, NameHash};
use rns_core::constants::{LINK_MTU_MAX, MTU};

use crate::bucket::TokenBucket;
use crate::counters::DropReason;
use crate::destination::{App, BoundError, within};
use crate::framing::{Deframer, Framing};
use crate::ifac::{Ifac, IfacCodec};
use crate::limits::{self, ACCEPTED_HOLD, INSTANCE_SILENCE};
use crate::packet::Outbound;
use crate::queue::TransmitQueue;
use crate::strangers::{Guard, Rates, Sharer, Strangers};

/// An interface, from its up to its down. No id is reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceId(pub u32);

/// What is at the other end of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// Other nodes.
    Network,
    /// A node that connected to us. Nothing is sent to it before its first packet, for
    /// [`ACCEPTED_HOLD`] at most: RNS drops a connection that carries data before its interface is
    /// set up, and reconnects only after 5 s.
    Accepted,
    /// An `rnsd` or another shared instance, with this app as a local client. It does not count as
    /// a hop, and each packet that it sends is for us.
    SharedInstance,
}

/// The largest packet of an interface, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mtu(u32);

impl Mtu {
    /// 500 bytes, which every Reticulum interface carries.
    pub const MIN: Self = Self(MTU as u32);
    /// 2,097,151 bytes, the most that a link request can signal.
    pub const MAX: Self = Self(LINK_MTU_MAX);

    /// Checks a number of bytes.
    ///
    /// # Errors
    /// [`BoundError`] below [`MIN`](Self::MIN) or beyond [`MAX`](Self::MAX).
    pub const fn new(bytes: u32) -> Result<Self, BoundError> {
        let bounds = (Self::MIN.0 as usize, Self::MAX.0 as usize);
        match within("bytes of an interface's mtu", bytes as usize, bounds) {
            Ok(_) => Ok(Self(bytes)),
            Err(error) => Err(error),
        }
    }

    /// Returns the number of bytes.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The settings of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceConfig {
    /// How it delimits packets.
    pub framing: Framing,
    /// The largest packet. Links over this interface are offered packets of this size. An access
    /// code is added to it, as in RNS.
    pub mtu: Mtu,
    /// What is at its other end.
    pub attachment: Attachment,
    /// The access code of its network; `None` for an open one. A packet with another code, without
    /// the code, or with a code on an open interface is dropped as [`DropReason::Ifac`].
    pub ifac: Option<Ifac>,
}

impl InterfaceConfig {
    /// A TCP connection to another node. *Source*: RNS/Interfaces/Interface.py `optimise_mtu`, at
    /// the bit rate that RNS/Interfaces/TCPInterface.py assumes.
    pub const TCP: Self = Self {
        framing: Framing::Hdlc,
        mtu: Mtu(16_384),
        attachment: Attachment::Network,
        ifac: None,
    };
    /// A TCP connection that another node opened to us.
    pub const TCP_ACCEPTED: Self = Self { attachment: Attachment::Accepted, ..Self::TCP };
    /// A connection to an `rnsd` on this machine, over TCP or a Unix socket. The reference allows
    /// larger packets here, which voice does not need.
    pub const SHARED_INSTANCE: Self = Self { attachment: Attachment::SharedInstance, ..Self::TCP };
    /// A UDP socket. *Source*: RNS/Interfaces/UDPInterface.py, which negotiates no larger link
    /// packets than Reticulum's 500 bytes.
    pub const UDP: Self = Self {
        framing: Framing::Datagram,
        mtu: Mtu::MIN,
        attachment: Attachment::Network,
        ifac: None,
    };
    /// A peer that AutoInterface found. *Source*: RNS/Interfaces/AutoInterface.py `HW_MTU`.
    pub const AUTO: Self = Self { mtu: Mtu(1_196), ..Self::UDP };
    /// A serial line. *Source*: RNS/Interfaces/SerialInterface.py, which negotiates no larger link
    /// packets than Reticulum's 500 bytes.
    pub const SERIAL: Self = Self { framing: Framing::Hdlc, ..Self::UDP };
    /// A packet radio modem that speaks KISS. *Source*: RNS/Interfaces/KISSInterface.py, which
    /// negotiates no larger link packets than Reticulum's 500 bytes.
    pub const KISS: Self = Self { framing: Framing::Kiss, ..Self::UDP };

    /// Returns this interface as part of a network with an access code.
    #[must_use]
    pub const fn with_ifac(self, ifac: Ifac) -> Self {
        Self { ifac: Some(ifac), ..self }
    }
}

/// Whether an interface has received anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// It has, or it need not.
    Heard,
    /// Not yet: a shared instance has until then.
    Unheard { until: Instant },
    /// It has not: a shared instance that has lost us.
    Deaf,
}

impl Hearing {
    pub(crate) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Unheard { until } => Some(until),
            Self::Heard | Self::Deaf => None,
        }
    }
}

/// The state of one interface.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) config: InterfaceConfig,
    pub(crate) deframer: Deframer,
    pub(crate) queue: TransmitQueue,
    ifac: Option<IfacCodec>,
    /// Nothing is sent before this.
    pub(crate) held_until: Option<Instant>,
    pub(crate) hearing: Hearing,
    access_codes: TokenBucket,
    samples: TokenBucket,
    /// The shares of strangers, for each app of ours.
    strangers: BTreeMap<Sharer, Strangers>,
    filter_seed: u64,
}

impl Interface {
    pub(crate) fn new(now: Instant, config: InterfaceConfig, seed: u64) -> Self {
        // A packet in transport also carries the id of a node.
        let longest = config.mtu.get() as usize + 16 + config.ifac.map_or(0, |ifac| ifac.size());
        let deframer = Deframer::new(config.framing, longest);
        let hearing = match config.attachment {
            Attachment::SharedInstance => Hearing::Unheard { until: now + INSTANCE_SILENCE },
            Attachment::Network | Attachment::Accepted => Hearing::Heard,
        };
        Self {
            config,
            deframer,
            queue: TransmitQueue::default(),
            ifac: config.ifac.map(IfacCodec::new),
            held_until: (config.attachment == Attachment::Accepted).then(|| now + ACCEPTED_HOLD),
            hearing,
            access_codes: TokenBucket::new(limits::ACCESS_CODES),
            samples: TokenBucket::new(limits::ACCESS_CODES_SAMPLED),
            strangers: BTreeMap::new(),
            filter_seed: seed,
        }
    }

    /// Returns the share of strangers for one app.
    pub(crate) fn strangers(&mut self, of: Sharer, rates: Rates) -> &mut Strangers {
        let seed = self.filter_seed;
        self.strangers.entry(of).or_insert_with(|| Strangers::new(rates, seed))
    }

    /// Returns what is left to strangers here for the app with this name.
    pub(crate) fn guard<'s>(&'s mut self, name: NameHash, app: &'s mut App) -> Guard<'s> {
        Guard { strangers: self.strangers(Sharer::App(name), app.rates), totals: &mut app.totals }
    }

    /// Drops the share of an app that was removed or has other rates.
    pub(crate) fn forget_strangers(&mut self, of: Sharer) {
        self.strangers.remove(&of);
    }

    /// Returns the packet without its access code, which is still to be checked.
    pub(crate) fn unmask<'p>(&self, raw: &'p [u8]) -> Result<Cow<'p, [u8]>, DropReason> {
        match &self.ifac {
            None => Ok(Cow::Borrowed(raw)),
            Some(ifac) => ifac.unmask(raw).map(Cow::Owned).ok_or(DropReason::Ifac),
        }
    }

    /// Checks the access code of `raw` against the packet in it.
    pub(crate) fn check_code(
        &mut self,
        now: Instant,
        raw: &[u8],
        packet: &[u8],
    ) -> Result<(), DropReason> {
        let Some(ifac) = &self.ifac else { return Ok(()) };
        if !self.access_codes.take(now) {
            return Err(DropReason::RateLimited);
        }
        ifac.is_genuine(raw, packet).then_some(()).ok_or(DropReason::Ifac)
    }

    /// Appends a packet to `out` with its framing. Returns its length without framing.
    pub(crate) fn write(&self, packet: &Outbound, out: &mut Vec<u8>) -> usize {
        let masked;
        let parts = match &self.ifac {
            None => packet.parts(),
            Some(ifac) => {
                masked = ifac.mask(&packet.parts().concat());
                [masked.as_slice(), &[]]
            }
        };
        self.config.framing.write(&parts, out);
        parts.iter().map(|part| part.len()).sum()
    }

    /// Checks the access code of some packets that are dropped anyway, so that another network's
    /// packets show in the counters.
    pub(crate) fn sample_code(
        &mut self,
        now: Instant,
        raw: &[u8],
        packet: &[u8],
    ) -> Result<(), DropReason> {
        let Some(ifac) = &self.ifac else { return Ok(()) };
        let is_wrong = self.samples.take(now) && !ifac.is_genuine(raw, packet);
        if is_wrong { Err(DropReason::Ifac) } else { Ok(()) }
    }

    pub(crate) fn is_shared_instance(&self) -> bool {
        self.config.attachment == Attachment::SharedInstance
    }
}
