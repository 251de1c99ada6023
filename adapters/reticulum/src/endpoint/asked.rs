//! Packets of strangers: announces, broadcasts, path requests and link requests.

use rns_core::constants::{CONTEXT_LRPROOF, LINK_ECPUBSIZE, MTU, PACKET_TYPE_PROOF};
use rns_core::link::handshake::{build_signalling_bytes, parse_signalling_bytes};
use rns_core::link::{LinkEngine, LinkMode};
use rns_core::packet::RawPacket;

use super::*;
use crate::broadcast::RATES;
use crate::link::{Proven, responder_timeout};
use crate::packet::Packet;
use crate::repeat::Repeat;
use crate::strangers::{Ask, Sharer};

impl Endpoint {
    pub(super) fn on_announce(
        &mut self,
        now: Instant,
        id: InterfaceId,
        name: NameHash,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let destination = DestinationHash(packet.destination);
        let is_searched = self.is_searched(destination);
        let Some(interface) = self.interfaces.get_mut(&id) else { return Ok(()) };
        let app = self.destinations.get_mut(name).filter(|_| !is_searched);
        let guard = app.map(|app| interface.guard(name, app));
        let announce = self.paths.handle_announce(now, id, packet, name, guard, &mut *self.rng)?;
        let event = Event::Announced {
            identity: IdentityHash(announce.identity_hash),
            name,
            destination,
            hops: announce.hops,
            interface: id,
            app_data: announce.app_data,
        };
        self.push_event(event);
        self.end_searches(now, destination);
        Ok(())
    }

    pub(super) fn on_broadcast(
        &mut self,
        now: Instant,
        id: InterfaceId,
        hops: u8,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        // No node forwards one: see RNS/Transport.py `packet_filter`.
        if hops > 1 {
            return Err(DropReason::NotForUs);
        }
        let channel = DestinationHash(packet.destination);
        let Some(interface) = self.interfaces.get_mut(&id) else { return Ok(()) };
        let Some(joined) = self.channels.get_mut(channel) else { return Ok(()) };
        let strangers = interface.strangers(Sharer::Channel(channel), RATES);
        if !strangers.take(now, Ask::Broadcast, packet.from, &mut joined.totals) {
            return Err(DropReason::RateLimited);
        }
        let data = joined.open(packet)?;
        self.push_event(Event::Broadcast { channel, interface: id, data });
        Ok(())
    }

    pub(super) fn on_path_request(
        &mut self,
        now: Instant,
        id: InterfaceId,
        name: NameHash,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let Some(interface) = self.interfaces.get_mut(&id) else { return Ok(()) };
        let Some(app) = self.destinations.get_mut(name) else { return Ok(()) };
        let guard = interface.guard(name, app);
        self.paths.handle_path_request(now, id, packet, guard, &mut *self.rng)?;
        if let Some(own) = &mut app.own {
            let response = own.announces.path_response(name);
            interface.queue.push_announce(response, &mut self.counters);
        }
        Ok(())
    }

    pub(super) fn on_link_request(
        &mut self,
        now: Instant,
        id: InterfaceId,
        hops: u8,
        (name, data): (NameHash, &[u8]),
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let Some(interface) = self.interfaces.get_mut(&id) else { return Ok(()) };
        let Some(app) = self.destinations.get_mut(name) else { return Ok(()) };
        let guard = interface.guard(name, app);
        self.paths.handle_link_request(now, id, packet, guard, &mut *self.rng)?;
        let raw = RawPacket::unpack(packet.raw).map_err(|_| DropReason::Malformed)?;
        let (signing_key, signing_public_key) = self.identity.signing_key();
        let (session, proof) = LinkEngine::new_responder(
            signing_key,
            signing_public_key,
            data,
            &raw.get_hashable_part(),
            &packet.destination,
            hops,
            seconds(now),
            &mut *self.rng,
        )
        .map_err(|_| DropReason::Malformed)?;
        let link_id = *session.link_id();
        if self.links_by_id.contains_key(&link_id) {
            return Err(DropReason::Duplicate);
        }
        self.make_room_for_incoming(id, name)?;
        let handle = self.allocate_link();
        let link = Proven {
            on: name,
            session: Box::new(session),
            interface: id,
            received_at: now,
            proof: proof.clone(),
            proved_at: now,
            repeat: Repeat::new(now, limits::AGAIN, limits::PROOFS),
            until: now + responder_timeout(hops),
        };
        self.links.insert(handle, Link::Proven(link));
        self.links_by_id.insert(link_id, handle);
        self.transmit(id, Outbound::link(PACKET_TYPE_PROOF, &link_id, CONTEXT_LRPROOF, proof));
        Ok(())
    }

    /// Returns whether a destination of ours has all its established incoming links.
    pub(super) fn is_full(&self, on: NameHash) -> bool {
        let is_of = |link: &&Link| matches!(link, Link::Active(link) if link.on == Some(on));
        let own = self.destinations.get(on).and_then(|app| app.own.as_ref());
        own.is_none_or(|own| self.links.values().filter(is_of).count() >= own.incoming_links)
    }

    /// A flood of link requests evicts half-open links of its own destination and interface, and
    /// never an established one.
    fn make_room_for_incoming(&mut self, id: InterfaceId, on: NameHash) -> Result<(), DropReason> {
        if self.is_full(on) {
            return Err(DropReason::LinksFull);
        }
        let mut half_open = BTreeMap::<InterfaceId, usize>::new();
        for link in self.links.values() {
            if let Link::Proven(link) = link
                && link.on == on
            {
                *half_open.entry(link.interface).or_default() += 1;
            }
        }
        let is_full = half_open.get(&id).is_some_and(|own| *own >= limits::HALF_OPEN_LINKS);
        let from = if is_full {
            Some(id)
        } else if half_open.values().sum::<usize>() >= limits::HALF_OPEN_LINKS_TOTAL {
            half_open.iter().max_by_key(|(_, links)| **links).map(|(most, _)| *most)
        } else {
            None
        };
        let is_of = |link: &Link| match link {
            Link::Proven(link) => link.on == on && Some(link.interface) == from,
            Link::Opening(_) | Link::Active(_) => false,
        };
        let oldest = self.links.iter().find(|(_, link)| is_of(link)).map(|(handle, _)| *handle);
        if let Some(oldest) = oldest {
            self.remove_link(oldest);
            self.counters.drop(DropReason::LinksFull);
        }
        Ok(())
    }
}

/// Returns the data of a link request with its signalled MTU clamped to `mtu`; `None` if they are
/// no link request, or ask for a cipher that RNS has retired. *Source*: RNS/Transport.py `inbound`,
/// RNS/Link.py `ENABLED_MODES`.
pub(super) fn clamp_signalled_mtu(data: &[u8], mtu: u32) -> Option<Vec<u8>> {
    let (keys, signalling) = data.split_at_checked(LINK_ECPUBSIZE)?;
    if signalling.is_empty() {
        return Some(keys.to_vec());
    }
    let (offered, mode) = parse_signalling_bytes(signalling.try_into().ok()?).ok()?;
    if mode != LinkMode::Aes256Cbc {
        return None;
    }
    let offered = if offered == 0 { MTU as u32 } else { offered };
    Some([keys, &build_signalling_bytes(offered.min(mtu), mode)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signalled_mtu_is_clamped_to_the_interface() {
        assert_eq!(agreed(&signalled(16_384, LinkMode::Aes256Cbc), 500), Some(500));
        assert_eq!(agreed(&signalled(1_000, LinkMode::Aes256Cbc), 16_384), Some(1_000));
        assert_eq!(agreed(&signalled(0, LinkMode::Aes256Cbc), 16_384), Some(500));
        assert_eq!(agreed(&[7; LINK_ECPUBSIZE], 16_384), None);
        assert!(clamp_signalled_mtu(&[7; LINK_ECPUBSIZE], 16_384).is_some());
    }

    #[test]
    fn what_is_no_link_request_of_this_time_is_refused() {
        for len in [0, 1, 63, 65, 66, 68, 200] {
            assert_eq!(clamp_signalled_mtu(&[0x20; 200][..len], 500), None, "{len} bytes");
        }
        assert_eq!(clamp_signalled_mtu(&signalled(500, LinkMode::Aes128Cbc), 500), None);
    }

    fn signalled(mtu: u32, mode: LinkMode) -> Vec<u8> {
        [&[7; LINK_ECPUBSIZE][..], &build_signalling_bytes(mtu, mode)].concat()
    }

    fn agreed(data: &[u8], mtu: u32) -> Option<u32> {
        let clamped = clamp_signalled_mtu(data, mtu)?;
        let signalling = clamped[LINK_ECPUBSIZE..].try_into().ok()?;
        parse_signalling_bytes(&signalling).ok().map(|(mtu, _)| mtu)
    }
}
