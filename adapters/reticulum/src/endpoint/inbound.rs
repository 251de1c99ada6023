//! What arriving packets do.

use rns_core::constants::{
    CONTEXT_KEEPALIVE, CONTEXT_LINKCLOSE, CONTEXT_LINKIDENTIFY, CONTEXT_LRPROOF, CONTEXT_LRRTT,
    CONTEXT_NONE, LINK_ECPUBSIZE, MTU, PACKET_TYPE_PROOF,
};
use rns_core::link::handshake::{
    build_signalling_bytes, pack_rtt, parse_signalling_bytes, unpack_rtt,
};
use rns_core::link::{LinkAction, LinkEngine, LinkMode};
use rns_core::packet::RawPacket;

use super::links::{INITIATOR_KEEPALIVE, RESPONDER_KEEPALIVE};
use super::*;
use crate::identity::DestinationHash;
use crate::link::{Active, Proven, Request, RoundTrips, responder_timeout};
use crate::packet::{Kind, Packet};
use crate::repeat::Repeat;

impl Endpoint {
    pub(super) fn handle_packet(
        &mut self,
        now: Instant,
        id: InterfaceId,
        from: Option<IpAddr>,
        raw: &[u8],
    ) {
        let Some(interface) = self.interfaces.get(&id) else {
            return;
        };
        self.counters.packets_in += 1;
        self.counters.bytes_in += raw.len() as u64;
        let unmasked = interface.unmask(raw);
        let outcome = unmasked.and_then(|packet| {
            let screened = Packet::parse(&packet).and_then(|parsed| {
                let parsed = Packet { from, ..parsed };
                self.screen(id, &parsed)?;
                Ok(parsed)
            });
            if let Some(interface) = self.interfaces.get_mut(&id) {
                match &screened {
                    Ok(_) => interface.check_code(now, raw, &packet)?,
                    Err(_) => interface.sample_code(now, raw, &packet)?,
                }
            }
            self.dispatch(now, id, &screened?)
        });
        if let Err(reason) = outcome {
            self.counters.drop(reason);
        }
    }

    /// Drops at little cost what means nothing to us, and what is malformed.
    fn screen(&self, id: InterfaceId, packet: &Packet<'_>) -> Result<(), DropReason> {
        let shared = self.interfaces.get(&id).is_some_and(Interface::is_shared_instance);
        if packet.transported && packet.kind != Kind::Announce && !shared {
            return Err(DropReason::NotForUs);
        }
        self.paths.screen(packet)?;
        match packet.kind {
            Kind::LinkData | Kind::LinkProof => self.handle_of(packet).map(drop),
            Kind::LinkRequest => clamp_signalled_mtu(packet.data, self.mtu_of(id))
                .map(drop)
                .ok_or(DropReason::Malformed),
            Kind::Announce | Kind::PlainData | Kind::Other => Ok(()),
        }
    }

    fn dispatch(
        &mut self,
        now: Instant,
        id: InterfaceId,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let shared = self.interfaces.get(&id).is_some_and(Interface::is_shared_instance);
        // A shared instance on this machine is no hop.
        let hops = packet.hops + u8::from(!shared);
        match packet.kind {
            Kind::LinkData => self.on_link_data(now, id, hops, packet),
            Kind::Announce => self.on_announce(now, id, packet),
            Kind::PlainData => self.on_path_request(now, id, packet),
            Kind::LinkRequest => self.on_link_request(now, id, hops, packet),
            Kind::LinkProof => self.on_link_proof(now, id, hops, packet),
            Kind::Other => Err(DropReason::NotForUs),
        }
    }

    fn on_announce(
        &mut self,
        now: Instant,
        id: InterfaceId,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let wanted = self.searched().iter().any(|to| {
            let telephony = DestinationHash::telephony(*to);
            telephony.0 == packet.destination || to.0 == packet.destination
        });
        let Some(interface) = self.interfaces.get_mut(&id) else { return Ok(()) };
        let share = (wanted, &mut interface.strangers);
        let announce = self.paths.handle_announce(now, id, packet, share, &mut *self.rng)?;
        let identity = IdentityHash(announce.identity_hash);
        let event = Event::Announced {
            identity,
            destination: DestinationHash(announce.destination_hash),
            hops: announce.hops,
            interface: id,
            app_data: announce.app_data,
        };
        self.push_event(event);
        self.end_searches(now, identity);
        Ok(())
    }

    fn on_path_request(
        &mut self,
        now: Instant,
        id: InterfaceId,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let Some(interface) = self.interfaces.get_mut(&id) else { return Ok(()) };
        let strangers = &mut interface.strangers;
        self.paths.handle_path_request(now, id, packet, strangers, &mut *self.rng)?;
        let response = self.announces.path_response();
        interface.queue.push_announce(response, &mut self.counters);
        Ok(())
    }

    fn on_link_request(
        &mut self,
        now: Instant,
        id: InterfaceId,
        hops: u8,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let Some(interface) = self.interfaces.get_mut(&id) else { return Ok(()) };
        let strangers = &mut interface.strangers;
        self.paths.handle_link_request(now, id, packet, strangers, &mut *self.rng)?;
        let data =
            clamp_signalled_mtu(packet.data, self.mtu_of(id)).ok_or(DropReason::Malformed)?;
        let raw = RawPacket::unpack(packet.raw).map_err(|_| DropReason::Malformed)?;
        let (signing_key, signing_public_key) = self.identity.signing_key();
        let (session, proof) = LinkEngine::new_responder(
            signing_key,
            signing_public_key,
            &data,
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
        self.make_room_for_incoming(id)?;
        let handle = self.allocate_link();
        let link = Proven {
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

    /// A flood of link requests pushes out half-open links of its own interface, and never an
    /// established one.
    fn make_room_for_incoming(&mut self, id: InterfaceId) -> Result<(), DropReason> {
        let mut half_open = BTreeMap::<InterfaceId, usize>::new();
        let mut established = 0;
        for link in self.links.values() {
            match link {
                Link::Proven(link) => *half_open.entry(link.interface).or_default() += 1,
                Link::Active(link) => established += usize::from(!link.session.is_initiator()),
                Link::Opening(_) => {}
            }
        }
        if established >= limits::INCOMING_LINKS {
            return Err(DropReason::LinksFull);
        }
        let is_full = half_open.get(&id).is_some_and(|own| *own >= limits::HALF_OPEN_LINKS);
        let from = if is_full {
            Some(id)
        } else if half_open.values().sum::<usize>() >= limits::HALF_OPEN_LINKS_TOTAL {
            half_open.iter().max_by_key(|(_, links)| **links).map(|(most, _)| *most)
        } else {
            None
        };
        let is_of =
            |link: &Link| matches!(link, Link::Proven(link) if Some(link.interface) == from);
        let oldest = self.links.iter().find(|(_, link)| is_of(link)).map(|(handle, _)| *handle);
        if let Some(oldest) = oldest {
            self.remove_link(oldest);
            self.counters.drop(DropReason::LinksFull);
        }
        Ok(())
    }

    fn on_link_proof(
        &mut self,
        now: Instant,
        id: InterfaceId,
        hops: u8,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let handle = self.handle_of(packet)?;
        let Some(Link::Opening(link)) = self.links.get_mut(&handle) else {
            return Err(DropReason::WrongState);
        };
        let proved = |request: &Request| *request.session.link_id() == packet.destination;
        let index = link.requests.iter().position(proved).ok_or(DropReason::WrongState)?;
        let last_sent_at = link.requests[link.requests.len() - 1].sent_at;
        let request = &mut link.requests[index];
        let (report, _) = request
            .session
            .handle_lrproof_with_hops(
                packet.data,
                &request.signing_key,
                Some(hops),
                seconds(now),
                &mut *self.rng,
            )
            .map_err(|_| DropReason::Unauthentic)?;
        let mut request = link.requests.swap_remove(index);
        let confirmed = match packet.data.len() {
            PROOF_WITHOUT_MTU => MTU as u32,
            _ => request.session.mtu(),
        };
        request.session.set_mtu(confirmed.min(self.mtu_of(id)));
        let lasted = now.since(request.sent_at);
        let rtt = plausible_rtt(lasted, now.since(last_sent_at));
        let rtts = RoundTrips { shortest: lasted, longest: lasted };
        let link =
            Active::new(now, request.session, id, rtts).with_report(now, rtt, request.sent_at);
        let (rtt, mdu) = (rtt.min(limits::RTT_MAX), link.session.mdu());
        // The other requests are over: what answers them is of an unknown link.
        self.remove_link(handle);
        self.links_by_id.insert(packet.destination, handle);
        self.links.insert(handle, Link::Active(link));
        self.send_on_link(now, handle, Class::Signal, CONTEXT_LRRTT, report);
        self.push_link_event(handle, LinkEvent::Up { rtt, mdu });
        Ok(())
    }

    fn on_link_data(
        &mut self,
        now: Instant,
        id: InterfaceId,
        hops: u8,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let handle = self.handle_of(packet)?;
        let Some(link) = self.links.get_mut(&handle) else {
            return Err(DropReason::UnknownLink);
        };
        if link.interface().is_some_and(|interface| interface != id) {
            return Err(DropReason::WrongInterface);
        }
        if packet.context == CONTEXT_KEEPALIVE {
            return self.on_keepalive(now, handle, packet);
        }
        let hash = packet.hash();
        if self.seen.get(&handle).is_some_and(|seen| seen.is_duplicate(&hash)) {
            return Err(DropReason::Duplicate);
        }
        match link {
            Link::Proven(_) => self.on_half_open_data(now, handle, hops, packet)?,
            Link::Active(_) => self.on_active_data(now, handle, packet)?,
            Link::Opening(_) => return Err(DropReason::WrongState),
        }
        // Only what proved to be the peer's may push others out of the filter.
        self.see(handle, hash);
        Ok(())
    }

    fn on_half_open_data(
        &mut self,
        now: Instant,
        handle: LinkHandle,
        hops: u8,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let Some(Link::Proven(link)) = self.links.get_mut(&handle) else {
            return Err(DropReason::WrongState);
        };
        if packet.context == CONTEXT_LINKCLOSE {
            check_close(&link.session, packet)?;
            self.remove_link(handle);
            return Ok(());
        }
        let plaintext = link.session.decrypt(packet.data).map_err(|_| DropReason::Unauthentic)?;
        let lasted = now.since(link.received_at);
        let plausible = plausible_rtt(lasted, now.since(link.proved_at));
        let (report, rtt, rtts) = if packet.context == CONTEXT_LRRTT {
            let claimed = unpack_rtt(&plaintext).ok_or(DropReason::Malformed)?;
            let micros = claimed.min(limits::RTT_MAX.as_secs_f64()) * 1e6;
            let claimed = Duration::from_micros((micros + 0.5) as u64);
            let rtts = RoundTrips { shortest: claimed, longest: lasted.max(claimed) };
            (None, plausible.min(claimed), rtts)
        } else {
            // The report was lost, and with it what the initiator measured. Any authentic packet
            // shows that it has our proof.
            let report = pack_rtt(lasted.as_secs_f64());
            let report = link.session.encrypt(&report, &mut *self.rng);
            let report = report.map_err(|_| DropReason::Unauthentic)?;
            let rtts = RoundTrips { shortest: Duration::ZERO, longest: lasted };
            (Some(report), plausible, rtts)
        };
        link.session
            .handle_lrrtt_with_hops(
                report.as_deref().unwrap_or(packet.data),
                Some(hops),
                seconds(now),
            )
            .map_err(|_| DropReason::Unauthentic)?;
        let Some(Link::Proven(link)) = self.links.remove(&handle) else {
            return Err(DropReason::WrongState);
        };
        let link = Active::new(now, link.session, link.interface, rtts);
        let (rtt, mdu) = (rtt.min(limits::RTT_MAX), link.session.mdu());
        self.links.insert(handle, Link::Active(link));
        let on = Destination::telephony(self.identity());
        self.push_link_event(handle, LinkEvent::Incoming { on, rtt, mdu });
        match packet.context {
            CONTEXT_LRRTT => Ok(()),
            _ => self.on_active_data(now, handle, packet),
        }
    }

    fn on_active_data(
        &mut self,
        now: Instant,
        handle: LinkHandle,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let Some(Link::Active(link)) = self.links.get_mut(&handle) else {
            return Err(DropReason::WrongState);
        };
        let of_link = |event| Event::Link { link: handle, event };
        let event = match packet.context {
            CONTEXT_LINKCLOSE => {
                check_close(&link.session, packet)?;
                self.close_link(handle, LinkClosed::Peer);
                return Ok(());
            }
            CONTEXT_LINKIDENTIFY => {
                let actions = link.session.handle_identify(packet.data);
                let actions = actions.map_err(|_| DropReason::Unauthentic)?;
                let identity = actions.iter().find_map(identified);
                of_link(identity.map_or(LinkEvent::Heard, LinkEvent::Identified))
            }
            context => {
                let plaintext = link.session.decrypt(packet.data);
                let data = plaintext.map_err(|_| DropReason::Unauthentic)?;
                match context {
                    CONTEXT_NONE => Event::Packet { link: handle, data },
                    _ => of_link(LinkEvent::Heard),
                }
            }
        };
        link.heard(now);
        link.end_report();
        self.push_event(event);
        Ok(())
    }

    fn on_keepalive(
        &mut self,
        now: Instant,
        handle: LinkHandle,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let link = self.active_mut(handle).map_err(|_| DropReason::WrongState)?;
        let expected = match link.session.is_initiator() {
            true => RESPONDER_KEEPALIVE,
            false => INITIATOR_KEEPALIVE,
        };
        if packet.data != [expected] {
            return Err(DropReason::Duplicate);
        }
        link.heard(now);
        if link.answers_keepalive(now) {
            self.send_keepalive(now, handle, RESPONDER_KEEPALIVE);
        }
        // Anybody on the way can send one: it proves nothing that would be told.
        Ok(())
    }

    fn mtu_of(&self, id: InterfaceId) -> u32 {
        self.interfaces.get(&id).map_or(MTU as u32, |interface| interface.config.mtu)
    }

    fn handle_of(&self, packet: &Packet<'_>) -> Result<LinkHandle, DropReason> {
        let handle = self.links_by_id.get(&packet.destination);
        handle.copied().ok_or(DropReason::UnknownLink)
    }
}

/// The data of a link request with its signalled MTU at most `mtu`; `None` when they are no link
/// request, or ask for a cipher that RNS has retired. *Source*: RNS/Transport.py `inbound`,
/// RNS/Link.py `ENABLED_MODES`.
fn clamp_signalled_mtu(data: &[u8], mtu: u32) -> Option<Vec<u8>> {
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

/// The round-trip time of an exchange whose packets may have been sent again: `lasted` from the first
/// one to the answer, which is too long if that was lost, `since_last` from the last one, which is too
/// short if it was needless. A quarter of the former covers the repeats' growing pauses.
fn plausible_rtt(lasted: Duration, since_last: Duration) -> Duration {
    since_last.max(lasted / 4)
}

/// A link is closed by its own id, encrypted.
fn check_close(session: &LinkEngine, packet: &Packet<'_>) -> Result<(), DropReason> {
    match session.decrypt(packet.data) {
        Ok(id) if id == session.link_id() => Ok(()),
        _ => Err(DropReason::Unauthentic),
    }
}

fn identified(action: &LinkAction) -> Option<IdentityHash> {
    let LinkAction::RemoteIdentified { identity_hash, .. } = action else {
        return None;
    };
    Some(IdentityHash(*identity_hash))
}

/// The signature and the key of a proof, from a peer that negotiates no MTU.
const PROOF_WITHOUT_MTU: usize = 96;

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
