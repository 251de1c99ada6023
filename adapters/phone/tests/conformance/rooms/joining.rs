//! Who joins, who is refused, and what ends.

use lxst_phone::reticulum::name_hash;
use lxst_phone::rooms::wire::{Action, AnnouncedRoom};
use lxst_phone::rooms::{
    ClientConfig, ClientEvent, CloseReason, InputError, Join, JoinRoom, RoomProfile, ServerEvent,
};
use lxst_phone::{
    DestinationError, LinkClosed, Profile, RadioBuilder, RoomClientBuilder, RoomError,
};

use super::member::{CLUB, LOBBY, Member, SECRET, join_all, room, stop_all, until};
use crate::node::{Node, stop};
use crate::support::{TestRuntime, eventually, within};

on_each_runtime!(
    a_room_takes_whom_it_is_for,
    a_client_joins_again_where_it_was_when_its_server_comes_back,
    what_operators_do_reaches_the_member,
    what_cannot_be_is_refused_and_what_is_over_says_so,
);

async fn a_room_takes_whom_it_is_for<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let [ann, bob] = [Node::start(&rt, Some(&host)).await, Node::start(&rt, Some(&host)).await];
    let secret = room("Secret", RoomProfile::OpusHigh).password("swordfish").unwrap();
    let club = room("Club", RoomProfile::OpusHigh).allow([ann.identity()]);
    let (server, _events) = host.rooms([room("Lobby", RoomProfile::OpusHigh), secret, club]).await;
    let join = Join { room: Some(JoinRoom::Name("club".into())), ..Join::default() };
    let ann = Member::of(ann, "ann", &host, join.clone()).await;
    ann.entered(&rt, CLUB).await;
    let bob = Member::of(bob, "bob", &host, join).await;
    assert_eq!(bob.refused(&rt).await, (Some(CLUB), "you are not on this room's allow list"));
    bob.entered(&rt, LOBBY).await;

    let rooms = bob.client.status().await.unwrap().rooms;
    let access: Vec<_> = rooms.iter().map(|room| (&*room.name, room.access)).collect();
    assert_eq!(
        access.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["Lobby", "Secret", "Club"]
    );
    assert!(access[1].1.password && access[2].1.listed && !access[0].1.identified);

    bob.client.enter(SECRET, Some("shark".into())).await.unwrap();
    assert_eq!(bob.refused(&rt).await, (Some(SECRET), "wrong password"));
    bob.client.enter(SECRET, Some("swordfish".into())).await.unwrap();
    bob.entered(&rt, SECRET).await;
    // Who is not in the room neither hears nor reads it.
    ann.client.write("in the club").await.unwrap();
    bob.client.enter(LOBBY, None).await.unwrap();
    bob.entered(&rt, LOBBY).await;
    let members = server.status().await.unwrap().members;
    let identities: Vec<_> = members.iter().map(|member| member.identity.unwrap()).collect();
    assert_eq!(identities, [ann.node.identity(), bob.node.identity()]);

    stop_all(&rt, [ann, bob]).await;
    server.shutdown().await;
    stop([host]).await;
}

async fn a_client_joins_again_where_it_was_when_its_server_comes_back<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let rooms = || {
        let secret = room("Secret", RoomProfile::OpusMedium).password("swordfish").unwrap();
        [room("Lobby", RoomProfile::OpusHigh), secret]
    };
    let (server, _events) = host.rooms(rooms()).await;
    let [ann] = join_all(&rt, &host, ["ann"]).await;
    ann.client.enter(SECRET, Some("swordfish".into())).await.unwrap();
    ann.entered(&rt, SECRET).await;
    // The last handle of a server ends it.
    drop(server);
    assert_eq!(ann.closed(&rt).await, (CloseReason::Closed(LinkClosed::Peer), true));
    let mut again = None;
    eventually(&rt, async || {
        again = host.start_rooms(rooms()).await.ok();
        again.is_some()
    })
    .await;
    ann.entered(&rt, SECRET).await;
    let (server, _events) = again.unwrap();
    // A radio that shuts down takes its client along.
    within(&rt, "the radio ends", ann.radio.shutdown()).await;
    eventually(&rt, async || server.status().await.unwrap().members.is_empty()).await;
    assert!(matches!(ann.client.leave().await, Err(RoomError::Ended)));
    server.shutdown().await;
    stop([ann.node, host]).await;
}

async fn what_operators_do_reaches_the_member<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let visitor = Node::start(&rt, Some(&host)).await;
    let announces = visitor.destinations.hear(name_hash("lxst.room")).await.unwrap();
    let (server, events) = host.rooms([room("Lobby", RoomProfile::OpusHigh)]).await;
    server.announce().await.unwrap();
    let heard = within(&rt, "it is announced", announces.next()).await.unwrap();
    assert_eq!(heard.destination, server.destination());
    let announced = AnnouncedRoom::from_app_data(&heard.app_data.unwrap()).unwrap();
    assert_eq!((&*announced.name, announced.has_password), ("Test", false));

    let [ann, bob] = join_all(&rt, &host, ["ann", "bob"]).await;
    bob.sees(&rt, &["ann", "bob"]).await;
    let ann_id = ann.client.status().await.unwrap().member.unwrap();
    bob.client.operate(Action::Kick, ann_id).await.unwrap();
    let notice = bob.until(&rt, |event| matches!(event, ClientEvent::Notice(_))).await;
    assert_eq!(notice, ClientEvent::Notice("operators only".into()));
    let bob_id = bob.client.status().await.unwrap().member.unwrap();
    server.operate(Action::Promote, bob_id).await.unwrap();
    let promoted = until(&rt, &events, |event| matches!(event, ServerEvent::Promoted(_))).await;
    assert_eq!(promoted, ServerEvent::Promoted(bob.node.identity()));
    bob.client.operate(Action::Kick, ann_id).await.unwrap();
    let kicked = CloseReason::Refused("kicked by bob".into());
    assert_eq!(ann.closed(&rt).await, (kicked, false));
    server.set_motd("Be kind").await.unwrap();
    bob.until(&rt, |event| *event == ClientEvent::Motd("Be kind".into())).await;

    stop_all(&rt, [ann, bob]).await;
    server.shutdown().await;
    stop([visitor, host]).await;
}

async fn what_cannot_be_is_refused_and_what_is_over_says_so<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let (server, events) = host.rooms([room("Lobby", RoomProfile::OpusHigh)]).await;
    let again = host.start_rooms([]).await;
    assert!(matches!(again, Err(RoomError::Destination(DestinationError::Taken))), "{again:?}");
    let refused = |result: Result<(), RoomError>| match result {
        Err(RoomError::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(server.remove_room(LOBBY).await), InputError::DefaultRoom);
    assert_eq!(refused(server.remove_room(CLUB).await), InputError::UnknownRoom);

    let node = Node::start(&rt, Some(&host)).await;
    let (radio, _) = RadioBuilder::<R>::new().start().unwrap();
    let config = ClientConfig::new("ann").unwrap();
    let builder = RoomClientBuilder::<R>::new(config);
    let (client, of_client) = builder.start(&node.destinations, &radio);
    assert_eq!(refused(client.leave().await), InputError::NotJoined);
    assert_eq!(refused(client.write("hello").await), InputError::NotJoined);
    assert_eq!(refused(client.enter(LOBBY, None).await), InputError::NotJoined);
    client.join(host.identity(), Join::default()).await.unwrap();
    let ann = Member { node, radio, client, events: of_client };
    ann.entered(&rt, LOBBY).await;
    assert_eq!(refused(ann.client.enter(CLUB, None).await), InputError::UnknownRoom);

    // A frame of another format than the room's is not sent.
    ann.talk(&rt).await;
    ann.radio.set_format(Profile::MediumQuality).await.unwrap();
    eventually(&rt, async || ann.client.status().await.unwrap().unsent > 0).await;
    assert_eq!(server.status().await.unwrap().counters.voice_malformed, 0);

    // A phone that shuts down ends its servers and clients.
    host.app.shutdown().await;
    let ended = async { while events.next().await.is_some() {} };
    within(&rt, "the events of the server end", ended).await;
    assert!(matches!(server.announce().await, Err(RoomError::Ended)));
    let builder = RoomClientBuilder::<R>::new(ClientConfig::new("idle").unwrap());
    let (_idle, of_idle) = builder.start(&ann.node.destinations, &ann.radio);
    ann.node.app.shutdown().await;
    for events in [&ann.events, &of_idle] {
        let ended = async { while events.next().await.is_some() {} };
        within(&rt, "the events of the client end", ended).await;
    }
    assert!(matches!(ann.client.status().await, Err(RoomError::Ended)));
    within(&rt, "the radio ends", ann.radio.shutdown()).await;
}
