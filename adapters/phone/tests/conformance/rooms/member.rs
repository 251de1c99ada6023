//! A member of a server of rooms, and what tests wait for.

use lxst_phone::rooms::{
    ClientConfig, ClientEvent, CloseReason, Join, RoomConfig, RoomId, RoomProfile, ServerConfig,
    ServerEvent,
};
use lxst_phone::{
    AudioFormat, Radio, RadioBuilder, RoomClient, RoomClientBuilder, RoomClientEvents, RoomError,
    RoomServer, RoomServerBuilder, RoomServerEvents,
};

use crate::node::{Node, stop};
use crate::support::sound::{hear, speak_of};
use crate::support::{TestRuntime, eventually, within};

impl<R: TestRuntime> Node<R> {
    pub(super) async fn rooms<const N: usize>(
        &self,
        rooms: [RoomConfig; N],
    ) -> (RoomServer, RoomServerEvents) {
        self.start_rooms(rooms).await.unwrap()
    }

    pub(super) async fn start_rooms<const N: usize>(
        &self,
        rooms: [RoomConfig; N],
    ) -> Result<(RoomServer, RoomServerEvents), RoomError> {
        let config = ServerConfig::new("Test").unwrap();
        let config = rooms.into_iter().fold(config, |config, room| config.room(room).unwrap());
        RoomServerBuilder::<R>::new(config).start(&self.destinations).await
    }
}

/// A client on a phone of its own.
pub(super) struct Member<R> {
    pub(super) node: Node<R>,
    pub(super) radio: Radio,
    pub(super) client: RoomClient,
    pub(super) events: RoomClientEvents,
}

impl<R: TestRuntime> Member<R> {
    pub(super) async fn of(node: Node<R>, name: &str, host: &Node<R>, join: Join) -> Self {
        let (radio, _) = RadioBuilder::<R>::new().start().unwrap();
        let config = ClientConfig::new(name).unwrap();
        let builder = RoomClientBuilder::<R>::new(config);
        let (client, events) = builder.start(&node.destinations, &radio);
        client.join(host.identity(), join).await.unwrap();
        Self { node, radio, client, events }
    }

    pub(super) async fn until(&self, rt: &R, is: impl Fn(&ClientEvent) -> bool) -> ClientEvent {
        let found = async {
            loop {
                let event = self.events.next().await.unwrap();
                if is(&event) {
                    return event;
                }
            }
        };
        within(rt, "the event comes", found).await
    }

    pub(super) async fn entered(&self, rt: &R, room: RoomId) {
        self.until(rt, |event| *event == ClientEvent::Entered(Some(room))).await;
        assert_eq!(self.client.status().await.unwrap().room, Some(room));
    }

    pub(super) async fn refused(&self, rt: &R) -> (Option<RoomId>, &'static str) {
        let known = ["wrong password", "you are not on this room's allow list"];
        match self.until(rt, |event| matches!(event, ClientEvent::Refused { .. })).await {
            ClientEvent::Refused { room, reason } => {
                (room, known.into_iter().find(|known| *known == reason).unwrap())
            }
            other => unreachable!("{other:?}"),
        }
    }

    /// Returns why the link closed, and whether the client joins again.
    pub(super) async fn closed(&self, rt: &R) -> (CloseReason, bool) {
        match self.until(rt, |event| matches!(event, ClientEvent::Closed { .. })).await {
            ClientEvent::Closed { reason, again } => (reason, again.is_some()),
            other => unreachable!("{other:?}"),
        }
    }

    /// Waits until these members are listed.
    pub(super) async fn sees(&self, rt: &R, names: &[&str]) {
        eventually(rt, async || {
            let members = self.client.status().await.unwrap().members;
            members.iter().map(|member| &*member.name).collect::<Vec<_>>() == names
        })
        .await;
    }

    /// Speaks a tone.
    pub(super) async fn talk(&self, rt: &R) {
        speak_of(rt, self.radio.audio_source(AudioFormat::PHONE).await.unwrap(), 500);
        self.radio.press_to_talk().await.unwrap();
    }

    pub(super) async fn hear(&self, rt: &R) {
        let mut speaker = self.radio.audio_sink(AudioFormat::PHONE).await.unwrap();
        hear::<R, f32>(rt, &mut speaker, 960).await;
    }
}

/// Joins one after the other, and waits until each is in the lobby.
pub(super) async fn join_all<R: TestRuntime, const N: usize>(
    rt: &R,
    host: &Node<R>,
    names: [&str; N],
) -> [Member<R>; N] {
    let mut members = Vec::new();
    for name in names {
        let node = Node::start(rt, Some(host)).await;
        let member = Member::of(node, name, host, Join::default()).await;
        member.entered(rt, LOBBY).await;
        members.push(member);
    }
    members.try_into().unwrap_or_else(|_| unreachable!("one for each name"))
}

pub(super) async fn stop_all<R: TestRuntime, const N: usize>(rt: &R, members: [Member<R>; N]) {
    for member in members {
        within(rt, "the client ends", member.client.shutdown()).await;
        within(rt, "the radio ends", member.radio.shutdown()).await;
        stop([member.node]).await;
    }
}

pub(super) async fn until<R: TestRuntime>(
    rt: &R,
    events: &RoomServerEvents,
    is: impl Fn(&ServerEvent) -> bool,
) -> ServerEvent {
    let found = async {
        loop {
            let event = events.next().await.unwrap();
            if is(&event) {
                return event;
            }
        }
    };
    within(rt, "the event comes", found).await
}

pub(super) fn room(name: &str, profile: RoomProfile) -> RoomConfig {
    RoomConfig::new(name, profile).unwrap()
}

pub(super) const LOBBY: RoomId = RoomId(1);
pub(super) const SECRET: RoomId = RoomId(2);
pub(super) const CLUB: RoomId = RoomId(3);
