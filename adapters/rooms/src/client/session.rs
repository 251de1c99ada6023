//! The link to a server, from joining to the end.

use alloc::string::String;
use core::time::Duration;

use bytes::Bytes;
use lxst_core::{Class, Instant, LinkEvent, LinkId, LinkRequest};

use super::event::{ClientEvent, CloseReason, Join, JoinRoom};
use super::{Client, Muted};
use crate::id::MemberId;
use crate::limits::{
    HELLO_AGAIN, MDU, PACKET_BYTES, RECONNECT, STATE_AGAIN, STATES_AGAIN, WELCOME_TIME,
    WELCOME_TRIPS,
};
use crate::wire::{ClientMessage, Hello, RoomKey, VERSION};

/// Where we are on the way to a server.
#[derive(Clone, Debug)]
pub(super) enum Session {
    Idle,
    /// The link is being opened.
    Opening {
        link: LinkId,
        hops: Option<u8>,
        join: Join,
    },
    /// HELLO was said, and is said again until the server answers.
    Joining {
        link: LinkId,
        rtt: Duration,
        mdu: usize,
        until: Instant,
        again: Instant,
        hello: Bytes,
    },
    /// We are a member.
    Joined {
        link: LinkId,
        rtt: Duration,
        mdu: usize,
        member: MemberId,
    },
}

impl Session {
    pub(super) const fn link(&self) -> Option<LinkId> {
        match self {
            Self::Idle => None,
            Self::Opening { link, .. } | Self::Joining { link, .. } | Self::Joined { link, .. } => {
                Some(*link)
            }
        }
    }
}

impl Client {
    pub(super) fn on_link(&mut self, link: LinkId, event: LinkEvent) {
        if self.session.link() != Some(link) {
            return;
        }
        match event {
            LinkEvent::Up { rtt, mdu } => self.on_up(rtt.unwrap_or_default(), mdu.unwrap_or(MDU)),
            LinkEvent::Failed(why) => self.on_lost(CloseReason::Failed(why)),
            LinkEvent::Closed(why) => self.on_lost(CloseReason::Closed(why)),
            LinkEvent::Incoming { .. } | LinkEvent::Identified(_) | LinkEvent::Heard => {}
        }
    }

    pub(super) fn on_timeout(&mut self) {
        self.on_joining_timeout();
        if let Some((room, until)) = self.moving
            && until <= self.now
        {
            self.moving = None;
            let reason = String::from("no answer from the server");
            self.out.event(ClientEvent::Refused { room: Some(room), reason });
        }
        if let Some((again, times)) = self.state_again
            && again <= self.now
        {
            self.tell_state(times + 1);
        }
    }

    /// Gives up a server that does not answer, or says HELLO once more.
    fn on_joining_timeout(&mut self) {
        let pause = self.at_least(HELLO_AGAIN, 3);
        let Session::Joining { link, until, again, hello, .. } = &mut self.session else { return };
        let link = *link;
        if *until <= self.now {
            self.out.link(link, LinkRequest::Close);
            self.on_lost(CloseReason::NoAnswer);
        } else if *again <= self.now {
            *again = self.now + pause;
            let hello = hello.clone();
            self.out.transmit(link, Class::Signal, hello);
        }
    }

    /// Tells the server what is muted, and looks later whether it took it.
    pub(super) fn tell_state(&mut self, times: u32) {
        let Session::Joined { link, .. } = self.session else {
            self.state_again = None;
            return;
        };
        let Muted { microphone: is_muted, speaker: is_deaf } = self.muted;
        self.send(link, &ClientMessage::State { is_muted, is_deaf });
        let again = self.now + self.at_least(STATE_AGAIN, 3);
        self.state_again = (times < STATES_AGAIN).then_some((again, times));
    }

    /// Ends a session that may be tried again.
    pub(super) fn on_lost(&mut self, reason: CloseReason) {
        let pause = RECONNECT.get(self.lost).or(RECONNECT.last()).copied();
        self.lost = self.lost.saturating_add(1);
        self.end(reason, pause);
    }

    pub(super) fn end(&mut self, reason: CloseReason, again: Option<Duration>) {
        self.session = Session::Idle;
        self.roster = super::Roster::default();
        self.talk = super::Talk::default();
        (self.room, self.can_speak) = (None, false);
        (self.moving, self.state_again) = (None, None);
        self.out.event(ClientEvent::Closed { reason, again });
    }

    fn on_up(&mut self, rtt: Duration, mdu: usize) {
        let Session::Opening { link, hops, join } = &self.session else { return };
        let (link, hops, join) = (*link, *hops, join.clone());
        let rtt_ms = u32::try_from(rtt.as_micros().div_ceil(1_000)).ok();
        let room = join.room.as_ref().map(|room| match room {
            JoinRoom::Id(id) => RoomKey::from(*id),
            JoinRoom::Name(name) => RoomKey::Name(name),
        });
        let config = self.config.clone();
        let hello = ClientMessage::Hello(Some(Hello {
            name: &config.name,
            room,
            password: join.password.as_deref(),
            server_password: join.server_password.as_deref(),
            is_text_only: config.is_text_only,
            is_muted: self.muted.microphone,
            is_deaf: self.muted.speaker,
            hops,
            rtt_ms,
            version: Some(VERSION),
            app: &config.app,
        }));
        let hello = self.out.packet(|buffer| hello.encode(buffer));
        let (never, mdu) = (Instant::MAX, mdu.min(PACKET_BYTES));
        let joining =
            |until, again, hello| Session::Joining { link, rtt, mdu, until, again, hello };
        self.session = joining(never, never, Bytes::new());
        let until = self.now + self.at_least(WELCOME_TIME, WELCOME_TRIPS);
        let again = self.now + self.at_least(HELLO_AGAIN, 3);
        self.session = joining(until, again, hello.clone());
        self.out.link(link, LinkRequest::Identify);
        self.out.transmit(link, Class::Signal, hello);
    }
}
