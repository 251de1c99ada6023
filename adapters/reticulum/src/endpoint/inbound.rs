//! Inbound packets: which are dropped, and the effects of link packets.

use rns_core::constants::{
    CONTEXT_KEEPALIVE, CONTEXT_LINKCLOSE, CONTEXT_LINKIDENTIFY, CONTEXT_LRRTT, CONTEXT_NONE, MTU,
};
use rns_core::link::handshake::{pack_rtt, unpack_rtt};
use rns_core::link::{LinkAction, LinkEngine};

use super::asked::clamp_signalled_mtu;
use super::links::{INITIATOR_KEEPALIVE, RESPONDER_KEEPALIVE};
use super::*;
use crate::link::{Active, Request, RoundTrips};
use crate::packet::{Kind, Packet};

/// The purpose of a packet that was not dropped.
enum Screened {
    /// An announce of a destination with this name.
    Announce(NameHash),
    Broadcast,
    /// A search for a destination of ours.
    PathRequest(NameHash),
    /// A request to open a link to a destination of ours; its data, with the MTU clamped to the
    /// interface's.
    LinkRequest(NameHash, Vec<u8>),
    LinkData(LinkHandle),
    LinkProof(LinkHandle),
}

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
                Ok((self.screen(id, &parsed)?, parsed))
            });
            if let Some(interface) = self.interfaces.get_mut(&id) {
                match &screened {
                    Ok(_) => interface.check_code(now, raw, &packet)?,
                    Err(_) => interface.sample_code(now, raw, &packet)?,
                }
            }
            let (screened, packet) = screened?;
            self.dispatch(now, id, screened, &packet)
        });
        if let Err(reason) = outcome {
            self.counters.drop(reason);
        }
    }

    /// Returns the purpose of a packet. Drops malformed packets and those that are not for us, at
    /// little cost.
    fn screen(&self, id: InterfaceId, packet: &Packet<'_>) -> Result<Screened, DropReason> {
        let shared = self.interfaces.get(&id).is_some_and(Interface::is_shared_instance);
        if packet.transported && packet.kind != Kind::Announce && !shared {
            return Err(DropReason::NotForUs);
        }
        match packet.kind {
            Kind::Announce => {
                let is_searched = || self.is_searched(DestinationHash(packet.destination));
                let name = self.paths.screen_announce(packet, &self.destinations, is_searched);
                name.map(Screened::Announce)
            }
            Kind::PlainData | Kind::GroupData if self.channels.hears(packet) => {
                Ok(Screened::Broadcast)
            }
            Kind::PlainData => {
                let name = self.paths.screen_path_request(packet, &self.destinations);
                name.map(Screened::PathRequest)
            }
            Kind::LinkData => self.handle_of(packet).map(Screened::LinkData),
            Kind::LinkProof => self.handle_of(packet).map(Screened::LinkProof),
            Kind::LinkRequest => {
                let name = self.destinations.name_at(&packet.destination);
                let name = name.ok_or(DropReason::NotForUs)?;
                let clamped = clamp_signalled_mtu(packet.data, self.mtu_of(id));
                let clamped = clamped.ok_or(DropReason::Malformed)?;
                Ok(Screened::LinkRequest(name, clamped))
            }
            Kind::GroupData | Kind::Other => Err(DropReason::NotForUs),
        }
    }

    fn dispatch(
        &mut self,
        now: Instant,
        id: InterfaceId,
        screened: Screened,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
        let shared = self.interfaces.get(&id).is_some_and(Interface::is_shared_instance);
        // A shared instance on this machine is no hop.
        let hops = packet.hops + u8::from(!shared);
        match screened {
            Screened::Announce(name) => self.on_announce(now, id, name, packet),
            Screened::Broadcast => self.on_broadcast(now, id, hops, packet),
            Screened::PathRequest(name) => self.on_path_request(now, id, name, packet),
            Screened::LinkRequest(name, data) => {
                self.on_link_request(now, id, hops, (name, &data), packet)
            }
            Screened::LinkData(link) => self.on_link_data(now, id, hops, link, packet),
            Screened::LinkProof(link) => self.on_link_proof(now, id, hops, link, packet),
        }
    }

    fn on_link_proof(
        &mut self,
        now: Instant,
        id: InterfaceId,
        hops: u8,
        handle: LinkHandle,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
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
        let (rtt, mdu) = (Some(rtt.min(limits::MAX_RTT)), Some(link.session.mdu()));
        // The other requests end: their proofs belong to an unknown link then.
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
        handle: LinkHandle,
        packet: &Packet<'_>,
    ) -> Result<(), DropReason> {
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
        // Only authentic packets may evict others from the filter.
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
            let micros = claimed.min(limits::MAX_RTT.as_secs_f64()) * 1e6;
            let claimed = Duration::from_micros((micros + 0.5) as u64);
            let rtts = RoundTrips { shortest: claimed, longest: lasted.max(claimed) };
            (None, plausible.min(claimed), rtts)
        } else {
            // The report was lost, and with it the initiator's measurement. Any authentic packet
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
        let (name, is_full) = (link.on, self.is_full(link.on));
        let link = Active::new(now, link.session, link.interface, rtts).incoming(name);
        let (rtt, mdu) = (Some(rtt.min(limits::MAX_RTT)), Some(link.session.mdu()));
        self.links.insert(handle, Link::Active(link));
        if is_full {
            // Other links were established while it was half open. The peer takes it for
            // established.
            self.close(now, handle);
            return Err(DropReason::LinksFull);
        }
        let on = Destination { identity: self.identity(), name };
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
        // Anybody on the path can forge one, so it proves nothing that could be reported.
        Ok(())
    }

    pub(super) fn mtu_of(&self, id: InterfaceId) -> u32 {
        self.interfaces.get(&id).map_or(MTU as u32, |interface| interface.config.mtu.get())
    }

    fn handle_of(&self, packet: &Packet<'_>) -> Result<LinkHandle, DropReason> {
        let handle = self.links_by_id.get(&packet.destination);
        handle.copied().ok_or(DropReason::UnknownLink)
    }
}

/// Estimates the round-trip time of an exchange whose packets may have been repeated. `lasted`
/// counts from the first packet to the answer: too long if the first was lost. `since_last` counts
/// from the latest packet: too short if the repeat was needless. A quarter of `lasted` covers the
/// growing pauses.
fn plausible_rtt(lasted: Duration, since_last: Duration) -> Duration {
    since_last.max(lasted / 4)
}

/// Checks that the packet holds the link's own id, encrypted.
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

/// Length of the signature and the key of a proof, from a peer that negotiates no MTU.
const PROOF_WITHOUT_MTU: usize = 96;
