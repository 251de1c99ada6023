//! Our client on an endpoint.

use std::collections::BTreeSet;
use std::time::{Duration, Instant as Moment};

use lxst_core::wire::Packet;
use lxst_core::{Destination, IdentityHash, LinkEvent, LinkId, LinkRequest};
use lxst_reticulum::{Event, LinkHandle, name_hash};
use lxst_rooms::wire::AnnouncedRoom;
use lxst_rooms::{Client, ClientCommand, ClientConfig, ClientEvent, Input, Join, Output};

use crate::PATIENCE;
use crate::node::{Node, ROOM};

/// A client that runs while the test waits for its events.
pub(crate) struct Guest {
    client: Client,
    node: Node,
    link: Option<LinkHandle>,
    events: Vec<ClientEvent>,
    announced: Option<(IdentityHash, u8)>,
    /// How many frames each packet of ours had.
    pub(crate) spoken: Vec<usize>,
}

impl Guest {
    pub(crate) fn new(name: &str, udp: (u16, u16)) -> Self {
        let mut node = Node::new(&[udp]);
        node.endpoint.hear(name_hash(ROOM)).unwrap();
        let client = Client::new(ClientConfig::new(name).unwrap());
        let (events, spoken) = Default::default();
        Self { client, node, link: None, events, announced: None, spoken }
    }

    pub(crate) fn identity(&self) -> IdentityHash {
        self.node.endpoint.identity()
    }

    /// Waits for an announce, and joins the server of it.
    #[track_caller]
    pub(crate) fn join(&mut self, join: Join) {
        let deadline = Moment::now() + PATIENCE;
        while self.announced.is_none() {
            assert!(Moment::now() < deadline, "no server is announced: {:?}", self.node.endpoint);
            self.turn();
        }
        let (identity, hops) = self.announced.unwrap();
        let server = Destination { identity, name: name_hash(ROOM) };
        self.command(ClientCommand::Join { link: LINK, server, hops: Some(hops), join });
    }

    #[track_caller]
    pub(crate) fn command(&mut self, command: ClientCommand<'_>) {
        self.give(Input::Command(command));
    }

    /// Runs until a matching event, skipping others.
    #[track_caller]
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut find: impl FnMut(ClientEvent) -> Option<T>,
    ) -> T {
        let deadline = Moment::now() + PATIENCE;
        while Moment::now() < deadline {
            while !self.events.is_empty() {
                if let Some(found) = find(self.events.remove(0)) {
                    return found;
                }
            }
            self.turn();
        }
        panic!("{what} did not come: {:?} {:?}", self.client, self.node.endpoint)
    }

    /// Runs for a time.
    #[track_caller]
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = Moment::now() + time;
        while Moment::now() < end {
            self.turn();
        }
    }

    /// Runs until these members are listed.
    #[track_caller]
    pub(crate) fn until_listed(&mut self, names: &[&str]) {
        let names: BTreeSet<_> = names.iter().copied().collect();
        let deadline = Moment::now() + PATIENCE;
        while self.client.members().map(|member| member.name).collect::<BTreeSet<_>>() != names {
            assert!(Moment::now() < deadline, "{:?}", self.client);
            self.turn();
        }
    }

    fn turn(&mut self) {
        for event in self.node.receive() {
            match event {
                Event::Announced { identity, name, hops, app_data, .. }
                    if name == name_hash(ROOM) =>
                {
                    let told = AnnouncedRoom::from_app_data(&app_data.unwrap()).unwrap();
                    assert_eq!(told.name, "Python");
                    self.announced = Some((identity, hops));
                }
                Event::Link { link, event } if Some(link) == self.link => {
                    self.give(Input::Link { link: LINK, event });
                    if matches!(event, LinkEvent::Failed(_) | LinkEvent::Closed(_)) {
                        self.link = None;
                    }
                }
                Event::Packet { link, data } if Some(link) == self.link => {
                    self.give(Input::Packet { link: LINK, data: &data });
                }
                _ => {}
            }
        }
        if self.client.poll_timeout().is_some_and(|due| due <= self.node.now()) {
            self.give(Input::Timeout);
        }
    }

    #[track_caller]
    fn give(&mut self, input: Input<'_, ClientCommand<'_>>) {
        let now = self.node.now();
        self.client.handle_input(now, input).expect("it can be done");
        while let Some(output) = self.client.poll_output() {
            let endpoint = &mut self.node.endpoint;
            match (output, self.link) {
                (Output::Event(event), _) => self.events.push(event),
                (Output::Link { request: LinkRequest::Open(to), .. }, _) => {
                    self.link = Some(endpoint.open(now, to));
                }
                (Output::Transmit { class, data, .. }, Some(link)) => {
                    let frames = Packet::parse(&data).map_or(0, |packet| packet.frames().count());
                    self.spoken.extend((frames > 0).then_some(frames));
                    endpoint.send(now, link, class, &data).expect("the link stands");
                }
                (Output::Link { request: LinkRequest::Identify, .. }, Some(link)) => {
                    endpoint.identify(now, link).expect("the link stands");
                }
                (Output::Link { request: LinkRequest::Close, .. }, Some(link)) => {
                    endpoint.close(now, link);
                }
                (output, None) => panic!("no link for {output:?}"),
            }
            self.node.flush();
        }
    }
}

/// The only link.
const LINK: LinkId = LinkId(1);
