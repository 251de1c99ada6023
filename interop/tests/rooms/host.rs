//! Our server on an endpoint, on a thread of its own.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant as Moment};

use lxst_core::wire::Packet;
use lxst_core::{Class, LinkId, LinkRequest};
use lxst_reticulum::{DestinationConfig, Event, LinkHandle, name_hash};
use lxst_rooms::wire::encode_announce;
use lxst_rooms::{
    Input, MemberId, Output, RoomId, Server, ServerCommand, ServerConfig, ServerEvent,
};

use crate::PATIENCE;
use crate::node::{Node, ROOM};

/// A server that runs while the test looks at others.
pub(crate) struct Host {
    hash: String,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    server: Server,
    node: Node,
    events: Vec<ServerEvent>,
    /// Packets of voice, and ends of talks, as they went to listeners.
    relayed: Vec<Vec<u8>>,
    is_over: bool,
}

/// What the test asks of a member.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) id: MemberId,
    pub(crate) name: String,
    pub(crate) room: Option<RoomId>,
}

impl Host {
    pub(crate) fn new(config: ServerConfig, udp: &[(u16, u16)]) -> Self {
        let mut node = Node::new(udp);
        let server = Server::new(config, node.now());
        let mut app_data = [0; 300];
        let length = encode_announce(&server.announced(), &mut app_data).unwrap();
        let destination = DestinationConfig::new(name_hash(ROOM));
        let destination = destination.app_data(&app_data[..length]).unwrap();
        let hash = node.endpoint.register(destination).unwrap().to_string();
        let (events, relayed) = Default::default();
        let shared = Shared { server, node, events, relayed, is_over: false };
        let shared = Arc::new(Mutex::new(shared));
        let running = Arc::clone(&shared);
        std::thread::spawn(move || {
            while !running.lock().unwrap().turn() {
                // Others may have the lock.
                std::thread::yield_now();
            }
        });
        Self { hash, shared }
    }

    /// The destination hash, in hex digits.
    pub(crate) fn hash(&self) -> String {
        self.hash.clone()
    }

    pub(crate) fn command(&self, command: ServerCommand) {
        self.lock().give(Input::Command(command));
    }

    pub(crate) fn members(&self) -> Vec<Listed> {
        let shared = self.lock();
        let members = shared.server.members().map(|member| Listed {
            id: member.id,
            name: member.name.to_owned(),
            room: member.room,
        });
        members.collect()
    }

    /// Waits for an event, skipping others.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, find: impl Fn(&ServerEvent) -> bool) {
        let deadline = Moment::now() + PATIENCE;
        while Moment::now() < deadline {
            let mut shared = self.lock();
            if let Some(at) = shared.events.iter().position(&find) {
                shared.events.drain(..=at);
                return;
            }
            drop(shared);
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("{what} did not come: {:?}", self.lock().events)
    }

    /// Waits until such a packet of voice went to a listener, skipping others.
    #[track_caller]
    pub(crate) fn until_relayed(&self, what: &str, find: impl Fn(&Packet<'_>) -> bool) {
        let deadline = Moment::now() + PATIENCE;
        while Moment::now() < deadline {
            let mut shared = self.lock();
            let is_it = |data: &Vec<u8>| Packet::parse(data).is_ok_and(|packet| find(&packet));
            if let Some(at) = shared.relayed.iter().position(is_it) {
                shared.relayed.drain(..=at);
                return;
            }
            drop(shared);
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("{what} did not come")
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Ok(mut shared) = self.shared.lock() {
            shared.is_over = true;
        }
    }
}

impl Shared {
    /// Runs once through. Returns whether it is over.
    fn turn(&mut self) -> bool {
        for event in self.node.receive() {
            match event {
                // A link has its handle's number.
                Event::Link { link, event } => {
                    self.give(Input::Link { link: LinkId(link.0), event });
                }
                Event::Packet { link, data } => {
                    self.give(Input::Packet { link: LinkId(link.0), data: &data });
                }
                _ => {}
            }
        }
        if self.server.poll_timeout().is_some_and(|due| due <= self.node.now()) {
            self.give(Input::Timeout);
        }
        self.is_over
    }

    fn give(&mut self, input: Input<'_, ServerCommand>) {
        let now = self.node.now();
        self.server.handle_input(now, input).expect("the outputs are drained");
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Transmit { link, class, data } => {
                    if class == Class::Media {
                        self.relayed.push(data.to_vec());
                    }
                    // A link that has just closed takes nothing.
                    let _ = self.node.endpoint.send(now, LinkHandle(link.0), class, &data);
                }
                Output::Link { link, request: LinkRequest::Close } => {
                    self.node.endpoint.close(now, LinkHandle(link.0));
                }
                Output::Link { request, .. } => panic!("a server asks for {request:?}"),
                Output::Event(event) => self.events.push(event),
            }
            self.node.flush();
        }
    }
}
