//! Stations and listeners on links with a rate and a delay.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use lxst_core::limits::MEDIA_AGE;
use lxst_core::wire::{Codec, Frame, Media, Packet, Sequence, encode_media};
use lxst_core::{
    Class, Destination, IdentityHash, Instant, LinkClosed, LinkEvent, LinkFailed, LinkId,
    LinkRequest, NameHash, Profile,
};
use lxst_rooms::{
    Input, Output, Station, StationCommand, StationConfig, StationEvent, StationProfile, Tuner,
    TunerCommand, TunerEvent,
};

/// A place of the network, by the identity that it has.
pub(crate) type Place = u8;

#[derive(Default)]
pub(crate) struct Net {
    pub(crate) now: Instant,
    pub(crate) stations: BTreeMap<Place, Station>,
    pub(crate) tuners: BTreeMap<Place, Tuner>,
    pub(crate) told: BTreeMap<Place, Vec<(Instant, StationEvent)>>,
    pub(crate) heard: BTreeMap<Place, Vec<(Instant, TunerEvent)>>,
    /// Bytes per second towards a place. Others are as fast as they need to be.
    pub(crate) rates: BTreeMap<Place, u64>,
    /// Places whose packets are lost, without a word.
    pub(crate) silent: Vec<Place>,
    /// Packets of voice that were sent, and those that the wire dropped.
    pub(crate) sent: usize,
    pub(crate) dropped: usize,
    links: BTreeMap<LinkId, (Place, Place)>,
    /// When the wire towards a place of a link is free.
    free: BTreeMap<(LinkId, Place), Instant>,
    coming: BTreeMap<(Instant, u64), Coming>,
    order: u64,
}

enum Coming {
    Packet { to: Place, link: LinkId, data: Bytes },
    Link { to: Place, link: LinkId, event: LinkEvent },
}

impl Net {
    pub(crate) fn station(&mut self, place: Place) -> &mut Station {
        let config = config(place);
        self.station_of(place, config)
    }

    pub(crate) fn station_of(&mut self, place: Place, config: StationConfig) -> &mut Station {
        self.stations.insert(place, Station::new(config, self.now));
        self.stations.get_mut(&place).unwrap()
    }

    /// A listener that tunes in.
    pub(crate) fn listen(&mut self, place: Place, to: Place) -> LinkId {
        self.tuners.entry(place).or_default();
        let link = self.link();
        let tune = TunerCommand::Tune { link, station: destination(to), identify: true };
        self.tune(place, Input::Command(tune));
        link
    }

    pub(crate) fn relay(&mut self, place: Place, to: Place) {
        let link = self.link();
        let relay = StationCommand::Relay { link, station: destination(to) };
        self.give(place, Input::Command(relay));
    }

    /// Sends a frame of so many bytes and 60 ms, and lets that time pass.
    pub(crate) fn speak(&mut self, place: Place, bytes: usize) {
        let payload = vec![0x18; bytes];
        let frames = [Frame { codec: Codec::Opus, payload: &payload }];
        let mut data = vec![0; bytes + 20];
        let media = Media { frames: &frames, speaker: None, sequence: None };
        let length = encode_media(media, &mut data).unwrap();
        self.give(place, Input::Command(StationCommand::Send(&data[..length])));
        self.pass(Duration::from_millis(60));
    }

    pub(crate) fn give(&mut self, place: Place, input: Input<'_, StationCommand<'_>>) {
        let now = self.now;
        let station = self.stations.get_mut(&place).unwrap();
        station.handle_input(now, input).unwrap();
        while let Some(output) = self.stations.get_mut(&place).unwrap().poll_output() {
            match output {
                Output::Event(event) => self.told.entry(place).or_default().push((now, event)),
                Output::Transmit { link, class, data } => self.send(place, link, class, data),
                Output::Link { link, request } => self.request(place, link, request),
            }
        }
    }

    pub(crate) fn tune(&mut self, place: Place, input: Input<'_, TunerCommand>) {
        let now = self.now;
        self.tuners.get_mut(&place).unwrap().handle_input(now, input).unwrap();
        while let Some(output) = self.tuners.get_mut(&place).unwrap().poll_output() {
            match output {
                Output::Event(event) => self.heard.entry(place).or_default().push((now, event)),
                Output::Transmit { link, class, data } => self.send(place, link, class, data),
                Output::Link { link, request } => self.request(place, link, request),
            }
        }
    }

    /// Lets time pass, from deadline to deadline.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..1_000_000 {
            let stations = self.stations.iter().map(|(place, of)| (of.poll_timeout(), *place));
            let tuners = self.tuners.iter().map(|(place, of)| (of.poll_timeout(), *place));
            let due = stations.chain(tuners).filter_map(|(at, place)| Some((at?, place))).min();
            let coming = self.coming.first_key_value().map(|((at, _), _)| *at);
            let next = [due.map(|(at, _)| at), coming].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            if coming == Some(next) {
                let (_, coming) = self.coming.pop_first().unwrap();
                self.deliver(coming);
            } else if let Some((_, place)) = due {
                match self.stations.contains_key(&place) {
                    true => self.give(place, Input::Timeout),
                    false => self.tune(place, Input::Timeout),
                }
            }
        }
        panic!("time stands still");
    }

    /// The numbers of the frames that a listener heard, and when each came.
    pub(crate) fn frames(&self, place: Place) -> Vec<(u16, Instant)> {
        let heard = self.heard.get(&place).into_iter().flatten();
        let voice = heard.filter_map(|(at, event)| match event {
            TunerEvent::Voice(data) => {
                let Sequence(number) = Packet::parse(data).unwrap().sequence().unwrap();
                Some((number, *at))
            }
            _ => None,
        });
        voice.collect()
    }

    fn link(&mut self) -> LinkId {
        self.order += 1;
        LinkId(self.order)
    }

    fn send(&mut self, from: Place, link: LinkId, class: Class, data: Bytes) {
        let Some(to) = self.other_end(from, link) else { return };
        let media = usize::from(class == Class::Media);
        self.sent += media;
        let free = self.free.entry((link, to)).or_default();
        let begins = self.now.max(*free);
        if class == Class::Media && begins.since(self.now) > MEDIA_AGE {
            self.dropped += 1;
            return;
        }
        let takes = self.rates.get(&to).map_or(0, |rate| data.len() as u64 * 1_000_000 / rate);
        *free = begins + Duration::from_micros(takes);
        let at = *free + DELAY;
        if !self.silent.contains(&from) {
            self.schedule(at, Coming::Packet { to, link, data });
        }
    }

    fn request(&mut self, from: Place, link: LinkId, request: LinkRequest) {
        let at = self.now + DELAY;
        match request {
            LinkRequest::Open(station) => {
                let to = station.identity.0[0];
                let is_there = self.stations.contains_key(&to) && !self.silent.contains(&to);
                let event = match is_there {
                    true => LinkEvent::Up { rtt: Some(2 * DELAY), mdu: None },
                    false => LinkEvent::Failed(LinkFailed::Timeout),
                };
                if is_there {
                    self.links.insert(link, (from, to));
                    let event = LinkEvent::Incoming { on: station, rtt: None, mdu: None };
                    self.schedule(at, Coming::Link { to, link, event });
                }
                self.schedule(at, Coming::Link { to: from, link, event });
            }
            LinkRequest::Identify => {
                let Some(to) = self.other_end(from, link) else { return };
                let event = LinkEvent::Identified(identity(from));
                self.schedule(at, Coming::Link { to, link, event });
            }
            LinkRequest::Close => {
                let Some(to) = self.other_end(from, link) else { return };
                self.links.remove(&link);
                let event = LinkEvent::Closed(LinkClosed::Peer);
                if !self.silent.contains(&from) {
                    self.schedule(at, Coming::Link { to, link, event });
                }
            }
        }
    }

    fn other_end(&self, from: Place, link: LinkId) -> Option<Place> {
        let (one, other) = self.links.get(&link)?;
        Some(if *one == from { *other } else { *one })
    }

    fn schedule(&mut self, at: Instant, coming: Coming) {
        self.order += 1;
        self.coming.insert((at, self.order), coming);
    }

    fn deliver(&mut self, coming: Coming) {
        let (to, link) = match &coming {
            Coming::Packet { to, link, .. } | Coming::Link { to, link, .. } => (*to, *link),
        };
        match coming {
            Coming::Packet { data, .. } if self.stations.contains_key(&to) => {
                self.give(to, Input::Packet { link, data: &data });
            }
            Coming::Packet { data, .. } => self.tune(to, Input::Packet { link, data: &data }),
            Coming::Link { event, .. } if self.stations.contains_key(&to) => {
                self.give(to, Input::Link { link, event });
            }
            Coming::Link { event, .. } => self.tune(to, Input::Link { link, event }),
        }
    }
}

/// A station of Medium Quality, of the name of its place.
pub(crate) fn config(place: Place) -> StationConfig {
    let profile = StationProfile::Voice(Profile::MediumQuality);
    StationConfig::new(identity(place), &format!("station {place}"), profile).unwrap()
}

pub(crate) fn identity(place: Place) -> IdentityHash {
    IdentityHash([place; 16])
}

pub(crate) fn destination(place: Place) -> Destination {
    Destination { identity: identity(place), name: NameHash([9; 10]) }
}

/// One way.
pub(crate) const DELAY: Duration = Duration::from_millis(20);
