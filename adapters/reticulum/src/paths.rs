//! Announces, path requests and routes, on the transport engine of `rns-core`.
//!
//! Only the announces of apps that are served, heard or searched for are handled. Link packets do
//! not come here: they need no route.

use alloc::format;
use alloc::vec::Vec;

use lxst_core::{Instant, NameHash};
use rns_core::announce::AnnounceData;
use rns_core::constants;
use rns_core::packet::{PacketFlags, RawPacket};
use rns_core::transport::types::{
    IngressControlConfig, InterfaceId as EngineInterface, InterfaceInfo, PacketBytes,
    PacketHashlistAllocation, ReceivedAnnounce, TransportAction, TransportConfig,
};
use rns_core::transport::{InboundFrame, TransportEngine};
use rns_crypto::Rng;

use crate::counters::DropReason;
use crate::destination::{Destinations, Own};
use crate::identity::{DestinationHash, Identity};
use crate::interface::{Attachment, InterfaceConfig, InterfaceId};
use crate::known::KnownDestinations;
use crate::limits;
use crate::packet::Packet;
use crate::queue::{Purpose, Unsigned};
use crate::strangers::{Ask, Guard};
use crate::wall_clock::UnixTime;

/// The routes and public keys learned from announces.
pub(crate) struct Paths {
    engine: TransportEngine,
    pub(crate) known: KnownDestinations,
    path_requests: DestinationHash,
}

/// The route to a destination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) interface: InterfaceId,
    pub(crate) hops: u8,
    /// The Ed25519 half of the destination's public key.
    pub(crate) signing_key: [u8; 32],
}

impl Paths {
    pub(crate) fn new(rng: &mut dyn Rng) -> Self {
        let mut engine = TransportEngine::new(engine_config());
        engine.seed_table_hashing(rng);
        let path_requests = DestinationHash(rns_core::destination::destination_hash(
            "rnstransport",
            &["path", "request"],
            None,
        ));
        engine.register_destination(path_requests.0, constants::DESTINATION_PLAIN);
        Self { engine, known: KnownDestinations::default(), path_requests }
    }

    /// Accepts link requests and path requests for a destination of ours.
    pub(crate) fn register(&mut self, own: DestinationHash) {
        self.engine.register_destination(own.0, constants::DESTINATION_SINGLE);
    }

    pub(crate) fn deregister(&mut self, own: DestinationHash) {
        self.engine.deregister_destination(&own.0);
    }

    pub(crate) fn interface_up(&mut self, now: Instant, id: InterfaceId, config: InterfaceConfig) {
        self.engine.register_interface(engine_interface(now, id, config));
    }

    pub(crate) fn interface_down(&mut self, id: InterfaceId) {
        self.engine.deregister_interface(engine_id(id));
    }

    /// Checks the parts of an announce that cost nothing: whether it may be used, and for which
    /// app. `is_wanted` returns whether a path search waits for it.
    pub(crate) fn screen_announce(
        &self,
        packet: &Packet<'_>,
        destinations: &Destinations,
        is_wanted: impl FnOnce() -> bool,
    ) -> Result<NameHash, DropReason> {
        let destination = DestinationHash(packet.destination);
        let Some((public_key, rest)) = packet.data.split_first_chunk::<64>() else {
            return Err(DropReason::Malformed);
        };
        let name = NameHash(*rest.first_chunk().ok_or(DropReason::Malformed)?);
        if destinations.name_at(&destination.0).is_some()
            || destinations.get(name).is_none() && !is_wanted()
        {
            return Err(DropReason::NotForUs);
        }
        if rest.len() < ANNOUNCE_REST {
            return Err(DropReason::Malformed);
        }
        if self.known.public_key(destination).is_some_and(|known| known != public_key) {
            return Err(DropReason::KeyChange);
        }
        Ok(name)
    }

    /// Returns the destination of ours whose path a PLAIN packet requests.
    pub(crate) fn screen_path_request(
        &self,
        packet: &Packet<'_>,
        destinations: &Destinations,
    ) -> Result<NameHash, DropReason> {
        let Some((asked, tag)) = packet.data.split_first_chunk::<16>() else {
            return Err(DropReason::NotForUs);
        };
        let is_request = packet.destination == self.path_requests.0;
        let name = destinations.name_at(asked).filter(|_| is_request);
        let name = name.ok_or(DropReason::NotForUs)?;
        // The engine answers no request without a tag.
        (!tag.is_empty()).then_some(name).ok_or(DropReason::Malformed)
    }

    /// Learns from an announce of an app. One that a path search waits for needs no share.
    pub(crate) fn handle_announce(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        packet: &Packet<'_>,
        name: NameHash,
        share: Option<Guard<'_>>,
        rng: &mut dyn Rng,
    ) -> Result<ReceivedAnnounce, DropReason> {
        let destination = DestinationHash(packet.destination);
        if let Some(guard) = share {
            guard.admit(now, Ask::Announce, packet, DropReason::StaleAnnounce)?;
        }
        for action in self.handle_inbound(now, interface, packet, rng) {
            if let TransportAction::AnnounceReceived(announce) = action {
                self.known.remember(destination, (name, announce.public_key), now);
                return Ok(*announce);
            }
            if let TransportAction::ProtocolViolation { .. } = action {
                return Err(DropReason::Unauthentic);
            }
        }
        Err(DropReason::StaleAnnounce)
    }

    /// Accepts a link request to us, once.
    pub(crate) fn handle_link_request(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        packet: &Packet<'_>,
        guard: Guard<'_>,
        rng: &mut dyn Rng,
    ) -> Result<(), DropReason> {
        guard.admit(now, Ask::Link, packet, DropReason::Duplicate)?;
        self.is_for_us(now, interface, packet, rng).then_some(()).ok_or(DropReason::Duplicate)
    }

    /// Returns whether to answer a path request for a destination of ours on its interface. One tag
    /// is answered once.
    pub(crate) fn handle_path_request(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        packet: &Packet<'_>,
        guard: Guard<'_>,
        rng: &mut dyn Rng,
    ) -> Result<(), DropReason> {
        guard.admit(now, Ask::Path, packet, DropReason::Duplicate)?;
        let answers = self.is_for_us(now, interface, packet, rng)
            && self
                .engine
                .handle_path_request(packet.data, engine_id(interface), seconds(now))
                .iter()
                .any(|action| matches!(action, TransportAction::AnnounceLocalPathResponse { .. }));
        answers.then_some(()).ok_or(DropReason::Duplicate)
    }

    /// Returns the route to a destination whose key and path are known.
    pub(crate) fn route(
        &mut self,
        now: Instant,
        destination: DestinationHash,
        rng: &mut dyn Rng,
    ) -> Option<Route> {
        self.engine.tick(seconds(now), rng);
        let interface = self.engine.next_hop_interface(&destination.0)?;
        let hops = self.engine.hops_to(&destination.0)?;
        let public_key = self.known.public_key(destination)?;
        let mut signing_key = [0; 32];
        signing_key.copy_from_slice(&public_key[32..]);
        Some(Route { interface: InterfaceId(interface.0 as u32), hops, signing_key })
    }

    /// Forgets a path over which nobody answered.
    pub(crate) fn forget(&mut self, destination: DestinationHash) {
        self.engine.drop_path(&destination.0);
    }

    /// Returns a request for the path to a destination.
    pub(crate) fn path_request(
        &self,
        destination: DestinationHash,
        rng: &mut dyn Rng,
    ) -> PacketBytes {
        let mut data = Vec::with_capacity(32);
        data.extend_from_slice(&destination.0);
        let mut tag = [0; 16];
        rng.fill_bytes(&mut tag);
        data.extend_from_slice(&tag);
        let flags = flags(constants::DESTINATION_PLAIN, constants::PACKET_TYPE_DATA);
        pack(flags, self.path_requests, constants::CONTEXT_NONE, &data).raw.into()
    }

    /// Returns a link request to send, with a transport header if the route needs one.
    pub(crate) fn link_request(
        &mut self,
        now: Instant,
        destination: DestinationHash,
        data: &[u8],
    ) -> (RawPacket, PacketBytes) {
        let flags = flags(constants::DESTINATION_SINGLE, constants::PACKET_TYPE_LINKREQUEST);
        let packet = pack(flags, destination, constants::CONTEXT_NONE, data);
        let routed = self
            .engine
            .handle_outbound(&packet, constants::DESTINATION_SINGLE, None, seconds(now))
            .into_iter()
            .find_map(|action| {
                let TransportAction::SendOnInterface { raw, .. } = action else {
                    return None;
                };
                Some(raw)
            });
        let raw = routed.unwrap_or_else(|| packet.raw.as_slice().into());
        (packet, raw)
    }

    /// Handles a packet. Returns whether it is for a destination of ours, and new.
    fn is_for_us(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        packet: &Packet<'_>,
        rng: &mut dyn Rng,
    ) -> bool {
        let actions = self.handle_inbound(now, interface, packet, rng);
        actions.iter().any(|action| matches!(action, TransportAction::DeliverLocal { .. }))
    }

    fn handle_inbound(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        packet: &Packet<'_>,
        rng: &mut dyn Rng,
    ) -> Vec<TransportAction> {
        self.engine.tick(seconds(now), rng);
        let frame = InboundFrame::new(packet.raw, engine_id(interface), seconds(now));
        self.engine.handle_inbound(frame, rng)
    }
}

/// Returns a signed announce of a destination of ours.
pub(crate) fn announce(
    stamp: UnixTime,
    identity: &Identity,
    (announce, own): (Unsigned, &Own),
    rng: &mut dyn Rng,
) -> PacketBytes {
    let mut random_hash = [0; 10];
    rng.fill_bytes(&mut random_hash[..5]);
    random_hash[5..].copy_from_slice(&stamp.to_bytes());
    let (data, _) = AnnounceData::pack(
        identity.inner(),
        &own.hash.0,
        &announce.of.0,
        &random_hash,
        None,
        own.app_data.as_deref(),
    )
    .expect("an identity that was made from private keys can sign");
    let flags = flags(constants::DESTINATION_SINGLE, constants::PACKET_TYPE_ANNOUNCE);
    let context = match announce.purpose {
        Purpose::Announce => constants::CONTEXT_NONE,
        Purpose::PathResponse => constants::CONTEXT_PATH_RESPONSE,
    };
    pack(flags, own.hash, context, &data).raw.into()
}

fn engine_config() -> TransportConfig {
    TransportConfig {
        transport_enabled: false,
        // An endpoint forwards nothing, so it has no identity as a transport node.
        identity_hash: None,
        local_hops_delta: 0,
        prefer_shorter_path: false,
        max_paths_per_destination: 1,
        packet_hashlist_max_entries: limits::ROUTED_PACKETS_SEEN,
        packet_hashlist_allocation: PacketHashlistAllocation::Lazy,
        max_discovery_pr_tags: limits::PATH_REQUEST_TAGS,
        max_path_destinations: limits::PATHS,
        max_tunnel_destinations_total: 0,
        destination_timeout_secs: constants::DESTINATION_TIMEOUT,
        announce_table_ttl_secs: constants::ANNOUNCE_TABLE_TTL,
        announce_table_max_bytes: constants::ANNOUNCE_TABLE_MAX_BYTES,
        announce_sig_cache_enabled: true,
        announce_sig_cache_max_entries: 256,
        announce_sig_cache_ttl_secs: constants::ANNOUNCE_SIG_CACHE_TTL,
        announce_queue_max_entries: 0,
        announce_queue_max_interfaces: 0,
    }
}

fn engine_interface(now: Instant, id: InterfaceId, config: InterfaceConfig) -> InterfaceInfo {
    InterfaceInfo {
        id: engine_id(id),
        name: format!("{}", id.0),
        mode: constants::MODE_FULL,
        gravity: 0,
        recursive_prs: false,
        announces_from_internal: true,
        announces_to_internal: None,
        out_capable: true,
        in_capable: true,
        bitrate: None,
        airtime_profile: None,
        announce_rate_target: None,
        announce_rate_grace: 0,
        announce_rate_penalty: 0.0,
        announce_cap: constants::ANNOUNCE_CAP,
        is_local_client: config.attachment == Attachment::SharedInstance,
        wants_tunnel: false,
        tunnel_id: None,
        mtu: config.mtu.get(),
        ingress_control: IngressControlConfig::disabled(),
        ia_freq: 0.0,
        ip_freq: 0.0,
        op_freq: 0.0,
        op_samples: 0,
        started: seconds(now),
    }
}

fn flags(destination_type: u8, packet_type: u8) -> PacketFlags {
    PacketFlags {
        header_type: constants::HEADER_1,
        context_flag: constants::FLAG_UNSET,
        transport_type: constants::TRANSPORT_BROADCAST,
        destination_type,
        packet_type,
    }
}

fn pack(flags: PacketFlags, to: DestinationHash, context: u8, data: &[u8]) -> RawPacket {
    RawPacket::pack(flags, 0, &to.0, None, context, data)
        .expect("announces, path and link requests of ours are shorter than 500 bytes")
}

fn engine_id(id: InterfaceId) -> EngineInterface {
    EngineInterface(u64::from(id.0))
}

/// Converts a moment for the transport engine. The engine rejects announces whose stamp is ahead of
/// its own time. RNS accepts any stamp, and our wall clock may be wrong, so the engine's time is
/// placed after all stamps.
fn seconds(now: Instant) -> f64 {
    STAMPS_END + now.since(Instant::ORIGIN).as_secs_f64()
}

/// Shortest announce after its public key: name hash, random hash and signature.
const ANNOUNCE_REST: usize = 10 + 10 + 64;

/// The end of all stamps, which have 40 bits.
const STAMPS_END: f64 = (1_u64 << 40) as f64;
