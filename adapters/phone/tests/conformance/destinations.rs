//! Other destinations, links and channels of an app beside the telephone.

use std::pin::pin;
use std::time::Duration;

use futures_lite::future::poll_once;
use futures_lite::{StreamExt, future};
use lxst_phone::reticulum::{
    BroadcastError, Channel, Config as EndpointConfig, DestinationConfig, GroupKey, LinkError,
    limits, name_hash,
};
use lxst_phone::{
    Announces, Broadcasts, Class, Destination, DestinationError, Destinations, Interface, Link,
    LinkClosed, LinkFailed, LinkMessage, PhoneBuilder, Served,
};

use crate::support::{
    App, TestRuntime, builder, establish, eventually, finish, impatient, nobody, spawn, tcp_server,
    within,
};

on_each_runtime!(
    a_room_is_announced_visited_and_left_while_a_call_goes_on,
    packets_go_both_ways_on_plain_and_group_channels,
    a_peer_that_floods_one_link_takes_nothing_from_another,
    announces_of_which_a_later_one_waits_are_left_out,
    what_is_taken_or_the_telephones_is_refused,
    an_open_that_fails_says_why_and_one_that_is_cancelled_leaves_no_link,
    the_telephone_has_links_left_when_an_app_opens_all_that_it_may,
    a_room_that_nobody_serves_any_more_takes_no_links_and_what_was_taken_stands,
    a_shutdown_closes_links_and_ends_streams_and_requests,
    requests_to_a_phone_that_never_starts_are_refused,
);

async fn a_room_is_announced_visited_and_left_while_a_call_goes_on<R: TestRuntime>(rt: R) {
    let (mut visitor, mut host) = Node::pair(&rt).await;
    let announces = visitor.destinations.hear(name_hash(ROOM)).await.unwrap();
    let room = host.serve().await;
    let (call, _) = establish(&mut visitor.app, &mut host.app).await;

    room.announce().await.unwrap();
    let heard = within(&rt, "the room is heard", announces.next()).await.unwrap();
    assert_eq!((heard.destination, heard.hops), (room.destination(), 1));
    assert_eq!(heard.app_data.as_deref(), Some(&b"lobby"[..]));

    let (ours, mut theirs) = meet(&rt, &visitor, &room).await;
    assert_eq!((ours.on(), theirs.on()), (room.destination(), room.destination()));
    assert_eq!(theirs.peer(), None);
    ours.identify().await.unwrap();
    let who = visitor.app.identity();
    assert_eq!(read(&rt, &theirs).await, Some(LinkMessage::Identified(who)));
    assert_eq!(theirs.peer(), Some(who));
    ours.send(Class::Signal, b"hello").await.unwrap();
    let said = within(&rt, "it is read as a stream", StreamExt::next(&mut theirs)).await;
    assert_eq!(said, Some(packet(b"hello")));
    theirs.send(Class::Media, vec![7; theirs.mdu()]).await.unwrap();
    assert_eq!(read(&rt, &ours).await, Some(LinkMessage::Packet(vec![7; ours.mdu()])));
    let (len, mdu) = (ours.mdu() + 1, ours.mdu());
    let refused = ours.send(Class::Signal, vec![7; len]).await.unwrap_err();
    assert_eq!(refused, DestinationError::Link(LinkError::TooLong { len, mdu }));
    let refused = theirs.identify().await.unwrap_err();
    assert_eq!(refused, DestinationError::Link(LinkError::NotInitiator));

    drop(ours);
    assert_eq!(read(&rt, &theirs).await, None);
    assert_eq!(theirs.closed(), Some(LinkClosed::Peer));
    let refused = theirs.send(Class::Signal, b"anybody?").await.unwrap_err();
    assert_eq!(refused, DestinationError::Link(LinkError::Unknown));

    // The call took no note of any of it.
    let counters = host.app.counters().await.telephone;
    assert_eq!((counters.packets_malformed, counters.links_refused), (0, 0));
    assert!(visitor.app.phone.state().call.is_some());
    drop((room, theirs));
    finish(call, visitor.app, host.app).await;
}

async fn packets_go_both_ways_on_plain_and_group_channels<R: TestRuntime>(rt: R) {
    let (a, b) = Node::pair(&rt).await;
    for channel in [plain as fn() -> Channel, group] {
        let [ours, theirs] = [a.join(channel()).await, b.join(channel()).await];
        for (from, to) in [(&ours, &theirs), (&theirs, &ours)] {
            assert_eq!(from.send(Class::Signal, b"to all").await, Ok(1));
            let heard = within(&rt, "it is heard", to.next()).await;
            assert_eq!(heard.as_deref(), Some(&b"to all"[..]));
            let (len, mdu) = (channel().mdu() + 1, channel().mdu());
            let refused = from.send(Class::Signal, vec![1; len]).await.unwrap_err();
            let too_long = BroadcastError::TooLong { len, mdu };
            assert_eq!(refused, DestinationError::Broadcast(too_long));
        }
        // What nobody reads is bounded, and the latest is kept.
        for n in 0..=Broadcasts::PACKETS as u8 {
            ours.send(Class::Signal, [n]).await.unwrap();
        }
        eventually(&rt, async || theirs.lost() == 1).await;
        assert_eq!(within(&rt, "the oldest but one is read", theirs.next()).await, Some(vec![1]));
    }
    let again = a.join(plain()).await;
    let refused = a.destinations.join(plain()).await.unwrap_err();
    assert_eq!(refused, DestinationError::Taken);
    drop(again);
    // A handle that was dropped makes room at once.
    a.join(plain()).await;
    stop([a, b]).await;
}

async fn a_peer_that_floods_one_link_takes_nothing_from_another<R: TestRuntime>(rt: R) {
    let (flooder, host) = Node::pair(&rt).await;
    let neighbour = Node::visiting(&rt, &host.app).await;
    let room = host.serve().await;
    let (flood, flooded) = meet(&rt, &flooder, &room).await;
    let (ours, theirs) = meet(&rt, &neighbour, &room).await;
    ours.send(Class::Signal, b"first").await.unwrap();
    for n in 0..300_u16 {
        send_patiently(&rt, &flood, n.to_be_bytes()).await;
    }
    ours.send(Class::Signal, b"second").await.unwrap();
    let lost = 300 - Link::MESSAGES as u64;
    eventually(&rt, async || flooded.lost() == lost).await;
    for said in [&b"first"[..], b"second"] {
        assert_eq!(read(&rt, &theirs).await, Some(packet(said)));
    }
    assert_eq!(theirs.lost(), 0);
    let oldest = u16::try_from(lost).unwrap().to_be_bytes();
    assert_eq!(read(&rt, &flooded).await, Some(packet(&oldest)), "the latest are kept");
    stop([flooder, neighbour, host]).await;
}

async fn announces_of_which_a_later_one_waits_are_left_out<R: TestRuntime>(rt: R) {
    let (visitor, host) = Node::pair(&rt).await;
    let announces = visitor.destinations.hear(name_hash(ROOM)).await.unwrap();
    let room = host.serve().await;
    room.announce().await.unwrap();
    room.set_app_data(b"open").await.unwrap();
    // Announces are a second apart.
    room.announce().await.unwrap();
    eventually(&rt, async || announces.lost() == 1).await;
    let heard = within(&rt, "the later one is heard", announces.next()).await.unwrap();
    assert_eq!(heard.app_data.as_deref(), Some(&b"open"[..]));
    let refused = room.set_app_data(vec![0; limits::APP_DATA + 1]).await.unwrap_err();
    assert_eq!(refused.to_string(), "bytes of app data: 317 is not within 0 to 316");
    stop([visitor, host]).await;
}

async fn what_is_taken_or_the_telephones_is_refused<R: TestRuntime>(rt: R) {
    let (node, other) = Node::pair(&rt).await;
    let telephony = lxst_core::NameHash::TELEPHONY;
    let serve = async |name| node.destinations.serve(DestinationConfig::new(name)).await;
    assert_eq!(serve(telephony).await.unwrap_err(), DestinationError::Telephony);
    let heard = node.destinations.hear(telephony).await.unwrap_err();
    assert_eq!(heard, DestinationError::Telephony);
    let served = serve(name_hash(ROOM)).await.unwrap();
    assert_eq!(serve(name_hash(ROOM)).await.unwrap_err(), DestinationError::Taken);
    let heard = node.destinations.hear(name_hash(ROOM)).await.unwrap();
    let again = node.destinations.hear(name_hash(ROOM)).await.unwrap_err();
    assert_eq!(again, DestinationError::Taken);

    let mut others = Vec::new();
    let refused = loop {
        match serve(name_hash(&format!("app.{}", others.len()))).await {
            Ok(served) => others.push(served),
            Err(refused) => break refused,
        }
    };
    assert_eq!(others.len() + 1, limits::APPS);
    assert_eq!(refused.to_string(), "apps served or heard: 17 is not within 0 to 16");
    // Dropped handles make room; a name that is heard as well is heard on.
    drop((served, others));
    let room = other.serve().await;
    room.announce().await.unwrap();
    within(&rt, "the room is heard", heard.next()).await.unwrap();
    serve(name_hash("app.again")).await.unwrap();
    stop([node, other]).await;
}

async fn an_open_that_fails_says_why_and_one_that_is_cancelled_leaves_no_link<R: TestRuntime>(
    rt: R,
) {
    let alone = Node::start(&rt, builder().endpoint(impatient())).await;
    let to = Destination { identity: nobody(), name: name_hash(ROOM) };
    let failed = alone.destinations.open(to).await.unwrap_err();
    assert_eq!(failed, DestinationError::Failed(LinkFailed::NoNetwork));
    stop([alone]).await;

    let listening = Node::start(&rt, builder().endpoint(impatient()).interface(tcp_server())).await;
    let failed = within(&rt, "it fails", listening.destinations.open(to)).await.unwrap_err();
    assert_eq!(failed, DestinationError::Failed(LinkFailed::NoPath));
    let own = Destination { identity: listening.app.identity(), name: name_hash(ROOM) };
    let failed = listening.destinations.open(own).await.unwrap_err();
    assert_eq!(failed, DestinationError::Failed(LinkFailed::Refused));
    stop([listening]).await;

    // A path search of an hour: what is cancelled is closed, or there would soon be no more.
    let hour = EndpointConfig::default().path_search(Duration::from_secs(3_600));
    let patient = Node::start(&rt, builder().endpoint(hour).interface(tcp_server())).await;
    for _ in 0..3 * limits::OUTGOING_LINKS {
        let mut open = pin!(patient.destinations.open(to));
        // The next request is done after the one before.
        let opened = poll_once(&mut open).await;
        assert!(opened.is_none(), "{opened:?}");
        patient.destinations.hear(name_hash("app.other")).await.unwrap();
        assert!(poll_once(&mut open).await.is_none());
    }
    stop([patient]).await;
}

async fn the_telephone_has_links_left_when_an_app_opens_all_that_it_may<R: TestRuntime>(rt: R) {
    let (mut visitor, mut host) = Node::pair(&rt).await;
    let room = host.serve().await;
    let mut links = Vec::new();
    let refused = loop {
        match visitor.destinations.open(room.destination()).await {
            Ok(link) => links.push(link),
            Err(refused) => break refused,
        }
    };
    let most = limits::OUTGOING_LINKS - 2;
    assert_eq!((links.len(), refused), (most, DestinationError::LinksFull(most)));
    let (call, _) = establish(&mut visitor.app, &mut host.app).await;
    drop((links, room));
    finish(call, visitor.app, host.app).await;
}

async fn a_room_that_nobody_serves_any_more_takes_no_links_and_what_was_taken_stands<
    R: TestRuntime,
>(
    rt: R,
) {
    let (visitor, host) = Node::pair(&rt).await;
    let room = host.serve().await;
    let (ours, theirs) = meet(&rt, &visitor, &room).await;
    let untaken = visitor.destinations.open(room.destination()).await.unwrap();
    // What is read here comes after the report that establishes that link there.
    ours.send(Class::Signal, b"and a friend").await.unwrap();
    assert_eq!(read(&rt, &theirs).await, Some(packet(b"and a friend")));
    drop(room);
    assert_eq!(read(&rt, &untaken).await, None, "nobody will take it");
    ours.send(Class::Signal, b"still here").await.unwrap();
    assert_eq!(read(&rt, &theirs).await, Some(packet(b"still here")));
    let room = host.serve().await;
    drop(meet(&rt, &visitor, &room).await);
    stop([visitor, host]).await;
}

async fn a_shutdown_closes_links_and_ends_streams_and_requests<R: TestRuntime>(rt: R) {
    let (visitor, host) = Node::pair(&rt).await;
    let room = host.serve().await;
    let channel = host.join(plain()).await;
    let announces: Announces = host.destinations.hear(name_hash("app.other")).await.unwrap();
    let (ours, theirs) = meet(&rt, &visitor, &room).await;
    host.app.shutdown().await;
    assert_eq!(read(&rt, &ours).await, None);
    assert_eq!(ours.closed(), Some(LinkClosed::Peer), "the peer is told");
    assert_eq!(read(&rt, &theirs).await, None);
    assert!(room.next().await.is_none());
    assert_eq!((channel.next().await, announces.next().await), (None, None));
    let refused = [
        room.announce().await.unwrap_err(),
        channel.send(Class::Signal, b"x").await.unwrap_err(),
        theirs.send(Class::Signal, b"x").await.unwrap_err(),
        host.destinations.hear(name_hash(ROOM)).await.unwrap_err(),
    ];
    assert_eq!(refused, [DestinationError::ShutDown; 4]);
    stop([visitor]).await;
}

async fn requests_to_a_phone_that_never_starts_are_refused<R: TestRuntime>(rt: R) {
    let builder: PhoneBuilder<R> = builder();
    let destinations = builder.destinations();
    let asked = destinations.clone();
    let asked = spawn(&rt, async move { asked.hear(name_hash(ROOM)).await.map(drop) });
    future::yield_now().await;
    drop(builder);
    let refused = within(&rt, "it is refused", asked).await;
    assert_eq!(refused, Err(DestinationError::ShutDown));
    let refused = destinations.hear(name_hash(ROOM)).await.unwrap_err();
    assert_eq!(refused, DestinationError::ShutDown);
}

/// A phone with the handle to its other destinations.
struct Node<R> {
    app: App<R>,
    destinations: Destinations,
}

impl<R: TestRuntime> Node<R> {
    async fn start(rt: &R, builder: PhoneBuilder<R>) -> Self {
        let destinations = builder.destinations();
        Self { app: App::start(rt, builder).await, destinations }
    }

    /// A visitor that is connected to a host.
    async fn pair(rt: &R) -> (Self, Self) {
        let host = Self::start(rt, builder().interface(tcp_server())).await;
        (Self::visiting(rt, &host.app).await, host)
    }

    async fn visiting(rt: &R, host: &App<R>) -> Self {
        let before = host.phone.state().connections;
        let interface = Interface::tcp_client(host.address());
        let visitor = Self::start(rt, builder().interface(interface)).await;
        visitor.app.until_connected().await;
        host.until_state(|state| state.connections > before).await;
        // A server that says nothing is connected to again, and nothing is announced meanwhile.
        host.phone.announce().await.unwrap();
        let heard = async || visitor.app.counters().await.endpoint.unwrap().packets_in > 0;
        eventually(rt, heard).await;
        visitor
    }

    async fn serve(&self) -> Served {
        let config = DestinationConfig::new(name_hash(ROOM)).app_data(b"lobby").unwrap();
        self.destinations.serve(config).await.unwrap()
    }

    async fn join(&self, channel: Channel) -> Broadcasts {
        self.destinations.join(channel).await.unwrap()
    }
}

async fn stop<R: TestRuntime, const N: usize>(nodes: [Node<R>; N]) {
    for node in nodes {
        node.app.shutdown().await;
    }
}

/// Opens a link to a room, and returns both sides' handles.
async fn meet<R: TestRuntime>(rt: &R, visitor: &Node<R>, room: &Served) -> (Link, Link) {
    let open = visitor.destinations.open(room.destination());
    let ours = within(rt, "the link comes up", open).await.unwrap();
    let theirs = within(rt, "the link comes in", room.next()).await.unwrap();
    (ours, theirs)
}

/// Sends a signal when there is room for it.
async fn send_patiently<R: TestRuntime>(rt: &R, link: &Link, data: [u8; 2]) {
    eventually(rt, async || match link.send(Class::Signal, data).await {
        Err(DestinationError::Link(LinkError::QueueFull)) => false,
        sent => {
            sent.unwrap();
            true
        }
    })
    .await;
}

async fn read<R: TestRuntime>(rt: &R, link: &Link) -> Option<LinkMessage> {
    within(rt, "the link is read", link.next()).await
}

fn packet(data: &[u8]) -> LinkMessage {
    LinkMessage::Packet(data.to_vec())
}

fn plain() -> Channel {
    Channel::Plain(name_hash("lxst.intercom"))
}

fn group() -> Channel {
    let identity = lxst_phone::IdentityHash([3; 16]);
    let destination = Destination { identity, name: name_hash("lxst.net") };
    Channel::Group(destination, GroupKey::from_bytes(&[7; 64]).unwrap())
}

const ROOM: &str = "lxst.room";
