//! What members say in a room reaches the others.

use std::future::pending;
use std::time::Duration;

use futures_lite::future::or;
use lxst_phone::rooms::{ClientEvent, CloseReason, RoomId, RoomProfile, ServerEvent};
use lxst_phone::{Class, Direction, LinkClosed, RoomError};

use super::member::{LOBBY, join_all, room, stop_all, until};
use crate::node::{Node, stop};
use crate::support::{TestRuntime, eventually, within};

on_each_runtime!(
    members_talk_and_write_until_the_server_ends,
    each_kind_of_room_is_heard_in_its_profile,
    a_member_that_floods_the_room_takes_nothing_from_others,
);

async fn members_talk_and_write_until_the_server_ends<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let (server, events) = host.rooms([room("Lobby", RoomProfile::OpusHigh)]).await;
    let [ann, bob, cid] = join_all(&rt, &host, ["ann", "bob", "cid"]).await;
    until(&rt, &events, |event| matches!(event, ServerEvent::Joined { .. })).await;
    eventually(&rt, async || server.status().await.unwrap().members.len() == 3).await;
    for member in [&ann, &bob, &cid] {
        member.sees(&rt, &["ann", "bob", "cid"]).await;
    }

    ann.talk(&rt).await;
    bob.hear(&rt).await;
    cid.hear(&rt).await;
    ann.radio.release().await.unwrap();
    let end = |event: &ClientEvent| matches!(event, ClientEvent::TalkEnd(_));
    bob.until(&rt, end).await;
    assert_eq!(ann.client.status().await.unwrap().unsent, 0);

    ann.client.write("hello, all").await.unwrap();
    let text = bob.until(&rt, |event| matches!(event, ClientEvent::Text { .. })).await;
    let ann_id = ann.client.status().await.unwrap().member.unwrap();
    assert_eq!(text, ClientEvent::Text { from: ann_id, text: "hello, all".into() });
    bob.client.poke(ann_id, "hello, ann").await.unwrap();
    let poke = ann.until(&rt, |event| matches!(event, ClientEvent::Poke { .. })).await;
    let bob_id = bob.client.status().await.unwrap().member.unwrap();
    assert_eq!(poke, ClientEvent::Poke { from: bob_id, text: "hello, ann".into() });

    // A deaf member is told to be, and one that leaves is gone.
    bob.client.mute(Direction::Receive).await.unwrap();
    eventually(&rt, async || {
        let members = server.status().await.unwrap().members;
        members.iter().any(|member| member.name == "bob" && member.is_deaf && member.is_muted)
    })
    .await;
    cid.client.leave().await.unwrap();
    assert_eq!(cid.closed(&rt).await, (CloseReason::Left, false));
    until(&rt, &events, |event| matches!(event, ServerEvent::Left { .. })).await;
    ann.sees(&rt, &["ann", "bob"]).await;

    within(&rt, "the server ends", server.shutdown()).await;
    assert_eq!(bob.closed(&rt).await, (CloseReason::Closed(LinkClosed::Peer), true));
    assert!(matches!(server.status().await, Err(RoomError::Ended)));
    stop_all(&rt, [ann, bob, cid]).await;
    stop([host]).await;
}

async fn each_kind_of_room_is_heard_in_its_profile<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let radio = room("Radio", RoomProfile::OpusLow);
    let radio = radio.push_to_talk(Duration::from_millis(600)).unwrap();
    let lobby = room("Lobby", RoomProfile::OpusMedium);
    let (server, _events) = host.rooms([lobby, radio]).await;
    let [ann, bob] = join_all(&rt, &host, ["ann", "bob"]).await;
    let music = room("Music", RoomProfile::MusicHigh).speakers([ann.node.identity()]);
    server.add_room(music).await.unwrap();
    ann.talk(&rt).await;
    bob.hear(&rt).await;
    for (id, push_to_talk, is_broadcast) in
        [(RoomId(2), Some(Duration::from_millis(600)), false), (RoomId(3), None, true)]
    {
        for member in [&ann, &bob] {
            let is_listed = async || {
                let status = member.client.status().await.unwrap();
                status.rooms.iter().any(|room| room.id == id)
            };
            eventually(&rt, is_listed).await;
            member.client.enter(id, None).await.unwrap();
            member.entered(&rt, id).await;
        }
        let rooms = bob.client.status().await.unwrap().rooms;
        let room = rooms.iter().find(|room| room.id == id).unwrap();
        assert_eq!((room.push_to_talk, room.is_broadcast), (push_to_talk, is_broadcast));
        bob.hear(&rt).await;
    }
    // Bob is no speaker of the room of music.
    eventually(&rt, async || !bob.client.status().await.unwrap().can_speak).await;
    assert!(ann.client.status().await.unwrap().can_speak);
    bob.talk(&rt).await;
    eventually(&rt, async || bob.client.status().await.unwrap().unsent > 0).await;
    assert_eq!(server.status().await.unwrap().counters.voice_malformed, 0);
    server.remove_room(RoomId(3)).await.unwrap();
    bob.entered(&rt, LOBBY).await;
    eventually(&rt, async || bob.client.status().await.unwrap().can_speak).await;

    stop_all(&rt, [ann, bob]).await;
    server.shutdown().await;
    stop([host]).await;
}

async fn a_member_that_floods_the_room_takes_nothing_from_others<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let (server, _events) = host.rooms([room("Lobby", RoomProfile::OpusHigh)]).await;
    let [ann, bob, mallory] = join_all(&rt, &host, ["ann", "bob", "mallory"]).await;
    // What a stranger on a link of its own sends is never read.
    let stranger = Node::start(&rt, Some(&host)).await;
    let link = stranger.destinations.open(server.destination()).await.unwrap();
    ann.talk(&rt).await;
    let flood = async {
        while link.send(Class::Media, [0; 64]).await.is_ok() {}
        // The server closes the link of one who does not say who it is.
        pending().await
    };
    let texts = async {
        loop {
            mallory.client.write("flood").await.unwrap();
        }
    };
    let heard = async {
        bob.hear(&rt).await;
        eventually(&rt, async || {
            let counters = server.status().await.unwrap().counters;
            counters.packets > 0 && counters.messages_excess > 0
        })
        .await;
    };
    or(heard, or(flood, texts)).await;
    assert_eq!(server.status().await.unwrap().members.len(), 3);

    drop(link);
    stop_all(&rt, [ann, bob, mallory]).await;
    server.shutdown().await;
    stop([stranger, host]).await;
}
