//! The task of an AutoInterface: it joins the machine that knows the peers, the sockets of each
//! network interface, and the phone.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use async_channel::{Receiver, Sender};
use async_executor::{Executor, Task};
use bytes::Bytes;
use futures_lite::future;

use super::super::datagrams::{self, Datagrams};
use super::super::keep::MIN_RECONNECT;
use super::super::sockets::Sockets;
use super::super::uplink::Uplink;
use super::discovery::{Discovery, Dropped, JOB_INTERVAL, LinkIndex, Output, PeerId};
use super::group::Group;
use super::links::{self, Devices, Found, LinkSockets, Ports, address};
use crate::log_limit::LogLimit;

/// An AutoInterface whose sockets are open on the network interfaces that there were.
pub(super) struct Auto<R: Sockets> {
    runtime: R,
    group: Group,
    ports: Ports,
    devices: Devices,
    links: BTreeMap<LinkIndex, Link<R>>,
    /// Why a network interface is not used.
    refused: Option<String>,
}

/// The sockets of a network interface.
struct Link<R: Sockets> {
    found: Found,
    multicasts: Arc<R::Udp>,
    own_tokens: Arc<R::Udp>,
    data: Arc<R::Udp>,
}

impl<R: Sockets> Auto<R> {
    /// Takes the sockets of the network interfaces that there are.
    ///
    /// # Errors
    /// A port that is in use. What else may fail is tried again.
    pub(super) fn open(
        runtime: R,
        group: Group,
        ports: Ports,
        devices: Devices,
    ) -> io::Result<Self> {
        let (links, refused) = (BTreeMap::new(), None);
        let mut auto = Self { runtime, group, ports, devices, links, refused };
        let (_, error) = auto.look_around();
        match error {
            Some(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
            _ => Ok(auto),
        }
    }

    /// Serves the interface until it is dropped.
    pub(super) async fn serve(self, uplink: Uplink) {
        let (sender, arrivals) = async_channel::bounded(ARRIVALS);
        let tasks = Arc::new(Executor::new());
        let now = self.runtime.now();
        let mut serving = Serving {
            discovery: Discovery::new(self.group.clone(), now),
            look_at: now + JOB_INTERVAL,
            begun: now,
            told: None,
            log: LogLimit::default(),
            readers: BTreeMap::new(),
            peers: BTreeMap::new(),
            arrivals,
            sender,
            tasks: tasks.clone(),
            uplink,
            auto: self,
        };
        let opened = serving.auto.links.keys().copied().collect();
        serving.change(now, Changes { closed: Vec::new(), opened });
        tasks.run(serving.run()).await;
    }

    /// Opens and closes sockets as network interfaces come and go.
    fn look_around(&mut self) -> (Changes, Option<io::Error>) {
        let mut changes = Changes::default();
        let in_use =
            |found: &Found| self.links.get(&found.index).is_some_and(|link| link.found == *found);
        let chosen = match links::list() {
            Ok(listed) => self.devices.choose(listed, in_use),
            Err(error) => {
                self.refused = Some(format!("the network interfaces cannot be listed: {error}"));
                return (changes, Some(error));
            }
        };
        let gone = |link: &&Link<R>| !chosen.contains(&link.found);
        changes.closed = self.links.values().filter(gone).map(|link| link.found.index).collect();
        for index in &changes.closed {
            self.links.remove(index);
        }
        let mut refused = None;
        for found in chosen {
            if self.links.contains_key(&found.index) {
                continue;
            }
            match Link::open(&self.runtime, &found, self.group.multicast(), self.ports) {
                Ok(link) => {
                    changes.opened.push(found.index);
                    self.links.insert(found.index, link);
                }
                Err(error) => {
                    tracing::debug!("AutoInterface cannot use {}: {error}", found.name);
                    refused = Some((format!("{} cannot be used: {error}", found.name), error));
                }
            }
        }
        let (refused, error) = refused.unzip();
        self.refused = refused;
        (changes, error)
    }
}

impl<R: Sockets> Link<R> {
    fn open(runtime: &R, found: &Found, group: Ipv6Addr, ports: Ports) -> io::Result<Self> {
        let LinkSockets { multicasts, own_tokens, data } = links::open(found, group, ports)?;
        let adopt = |socket: UdpSocket| runtime.adopt_udp(socket).map(Arc::new);
        let (multicasts, own_tokens) = (adopt(multicasts)?, adopt(own_tokens)?);
        Ok(Self { found: found.clone(), multicasts, own_tokens, data: adopt(data)? })
    }
}

#[derive(Default)]
struct Changes {
    closed: Vec<LinkIndex>,
    opened: Vec<LinkIndex>,
}

struct Serving<R: Sockets> {
    auto: Auto<R>,
    discovery: Discovery,
    /// When the network interfaces are looked at next.
    look_at: Moment,
    /// When the first network interface was there.
    begun: Moment,
    /// The trouble that the app was told.
    told: Option<String>,
    log: LogLimit<Dropped>,
    /// The tasks that read the sockets. Dropping one ends it.
    readers: BTreeMap<LinkIndex, [Task<()>; 3]>,
    /// The queues to the tasks of the peers. Dropping one ends its task.
    peers: BTreeMap<PeerId, Sender<Bytes>>,
    arrivals: Receiver<Arrival>,
    sender: Sender<Arrival>,
    tasks: Arc<Executor<'static>>,
    uplink: Uplink,
}

/// A datagram.
struct Arrival {
    link: LinkIndex,
    from: Ipv6Addr,
    to: Door,
    bytes: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Tokens,
    Data,
}

impl<R: Sockets> Serving<R> {
    async fn run(mut self) {
        loop {
            self.carry_out().await;
            self.tell().await;
            let due = self.discovery.poll_timeout().min(self.look_at);
            let arrival = async { self.arrivals.recv().await.ok() };
            let late = async {
                self.auto.runtime.sleep_until(due).await;
                None
            };
            let arrival = future::or(arrival, late).await;
            let now = self.auto.runtime.now();
            if let Some(arrival) = arrival {
                self.handle(now, arrival);
            }
            if self.discovery.poll_timeout() <= now {
                self.discovery.handle_timeout(now);
            }
            if self.look_at <= now {
                let (changes, error) = self.auto.look_around();
                // An address is not available until the network was asked whether another has it.
                self.look_at = now + if error.is_some() { RETRY } else { JOB_INTERVAL };
                self.change(now, changes);
            }
        }
    }

    fn change(&mut self, now: Moment, Changes { closed, opened }: Changes) {
        for index in closed {
            tracing::info!("{}: a network interface is gone", self.uplink.name);
            self.readers.remove(&index);
            self.discovery.close(index);
        }
        for index in opened {
            let Some(link) = self.auto.links.get(&index) else { continue };
            if self.readers.is_empty() {
                self.begun = now;
            }
            tracing::info!("{} is on {}", self.uplink.name, link.found.name);
            self.discovery.open(now, index, link.found.address);
            let readers = [
                (&link.multicasts, Door::Tokens),
                (&link.own_tokens, Door::Tokens),
                (&link.data, Door::Data),
            ]
            .map(|(socket, to)| {
                let (runtime, sender) = (self.auto.runtime.clone(), self.sender.clone());
                let (socket, buffer) = (socket.clone(), datagrams::buffer(&self.uplink));
                self.tasks.spawn(read(runtime, socket, (index, to), buffer, sender))
            });
            self.readers.insert(index, readers);
        }
    }

    fn handle(&mut self, now: Moment, Arrival { link, from, to, bytes }: Arrival) {
        let taken = match to {
            Door::Tokens => self.discovery.handle_token(now, link, from, &bytes),
            Door::Data => self.discovery.handle_packet(now, link, from, &bytes).map(|peer| {
                // A peer whose connection is not up yet has this many to wait.
                if self.peers.get(&peer).is_some_and(|peer| peer.try_send(bytes).is_err()) {
                    self.uplink.count_dropped();
                }
            }),
        };
        let Err(why) = taken else { return };
        if why != Dropped::Duplicate {
            self.uplink.count_dropped();
        }
        if let Some(more) = self.log.line(now, why) {
            tracing::debug!("{} drops a datagram of {from}: {why}{more}", self.uplink.name);
        }
    }

    async fn carry_out(&mut self) {
        while let Some(output) = self.discovery.poll_output() {
            match output {
                Output::Announce { link, token } => {
                    let (group, port) = (self.auto.group.multicast(), self.auto.ports.tokens);
                    self.send(link, address(link, group, port), &token).await;
                }
                Output::AnnounceTo { link, peer, token } => {
                    let to = address(link, peer, self.auto.ports.own_tokens);
                    self.send(link, to, &token).await;
                }
                Output::PeerUp { peer, link, address } => self.begin(peer, link, address),
                Output::PeerDown { peer } => {
                    self.peers.remove(&peer);
                }
                Output::Echo { link, is_heard } => {
                    let name = self.auto.links.get(&link).map_or("", |link| &*link.found.name);
                    match is_heard {
                        true => tracing::info!("multicasts on {name} come back"),
                        false => tracing::warn!("multicasts on {name} do not come back"),
                    }
                }
            }
        }
    }

    async fn send(&self, link: LinkIndex, to: SocketAddr, token: &[u8]) {
        let Some(link) = self.auto.links.get(&link) else { return };
        if let Err(error) = self.auto.runtime.send(&link.data, token, to).await {
            tracing::debug!("{} cannot send on {}: {error}", self.uplink.name, link.found.name);
        }
    }

    /// Begins to exchange packets with a peer.
    fn begin(&mut self, peer: PeerId, link: LinkIndex, at: Ipv6Addr) {
        let Some(of) = self.auto.links.get(&link) else { return };
        tracing::debug!("{} found {at} on {}", self.uplink.name, of.found.name);
        let (sender, incoming) = async_channel::bounded(PEER_BACKLOG);
        let runtime = self.auto.runtime.clone();
        let to = address(link, at, self.auto.ports.data);
        let transport = Peer { runtime: runtime.clone(), socket: of.data.clone(), to, incoming };
        let uplink = self.uplink.clone();
        let task = async move { datagrams::run_found(&runtime, transport, &uplink).await };
        self.tasks.spawn(task).detach();
        self.peers.insert(peer, sender);
    }

    /// Tells the app why there is no peer, whenever the reason is another one.
    async fn tell(&mut self) {
        let trouble = self.trouble();
        if trouble != self.told {
            self.told.clone_from(&trouble);
            if let Some(trouble) = trouble {
                let trouble = format!("{} reaches nobody: {trouble}", self.uplink.name);
                self.uplink.trouble(trouble, true).await;
            }
        }
    }

    fn trouble(&self) -> Option<String> {
        if self.discovery.has_peers() {
            return None;
        }
        if self.auto.links.is_empty() {
            return Some(self.auto.refused.clone().unwrap_or_else(|| {
                let remedy = self.auto.devices.remedy();
                format!("no network interface has an IPv6 link-local address; {remedy}")
            }));
        }
        if self.auto.runtime.now() < self.begun + PATIENCE {
            // What was told before may be over.
            return self.told.clone();
        }
        let names = self.auto.links.values().map(|link| &*link.found.name);
        let names = names.collect::<Vec<_>>().join(", ");
        Some(match self.discovery.is_deaf() {
            true => format!(
                "multicasts on {names} do not come back; allow IPv6 multicasts and UDP port {} \
                 there",
                self.auto.ports.tokens
            ),
            false => format!("no other node is found on {names}"),
        })
    }
}

/// A peer, as a transport of datagrams.
struct Peer<R: Sockets> {
    runtime: R,
    socket: Arc<R::Udp>,
    to: SocketAddr,
    incoming: Receiver<Bytes>,
}

impl<R: Sockets> Datagrams for Peer<R> {
    async fn receive(&self, datagram: &mut [u8]) -> io::Result<(usize, Option<std::net::IpAddr>)> {
        let bytes = self.incoming.recv().await.map_err(|_| io::ErrorKind::ConnectionAborted)?;
        let length = bytes.len().min(datagram.len());
        datagram[..length].copy_from_slice(&bytes[..length]);
        Ok((length, Some(self.to.ip())))
    }

    async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.runtime.send(&self.socket, datagram, self.to).await
    }
}

/// Reads a socket until it is dropped.
async fn read<R: Sockets>(
    runtime: R,
    socket: Arc<R::Udp>,
    (link, to): (LinkIndex, Door),
    mut buffer: Vec<u8>,
    arrivals: Sender<Arrival>,
) {
    loop {
        match runtime.receive(&socket, &mut buffer).await {
            Ok((length, SocketAddr::V6(from))) => {
                // Windows gives what came over the others too.
                if from.scope_id() != link.0 {
                    continue;
                }
                let bytes = Bytes::copy_from_slice(&buffer[..length.min(buffer.len())]);
                let arrival = Arrival { link, from: *from.ip(), to, bytes };
                if arrivals.send(arrival).await.is_err() {
                    return;
                }
            }
            Ok((_, SocketAddr::V4(_))) => {}
            Err(error) => {
                // The network may be away, and come back: receiving again at once would spin.
                tracing::debug!("cannot receive a datagram: {error}");
                runtime.sleep_until(runtime.now() + MIN_RECONNECT).await;
            }
        }
    }
}

/// Datagrams that wait for the task; the sockets keep the rest.
const ARRIVALS: usize = 64;
/// Packets of one peer that wait for its connection.
const PEER_BACKLOG: usize = 64;
/// How soon a network interface that cannot be used is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long peers have to be found before that is trouble: four intervals of tokens, with those of
/// a node that starts at the same time. *Source*: our choice.
const PATIENCE: Duration = Duration::from_millis(6_500);
