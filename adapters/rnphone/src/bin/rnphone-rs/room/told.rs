//! What happens in a room, as text or as lines of JSON.

use std::net::SocketAddr;

use lxst_tokio::rooms::ConferenceEvent;
use lxst_tokio::{CallId, IdentityHash};
use rnphone_rs::contacts::Contacts;
use rnphone_rs::control::Peer;
use rnphone_rs::outln;
use serde::Serialize;

/// Prints on standard output.
#[derive(Debug)]
pub(super) struct Teller {
    contacts: Contacts,
    is_json: bool,
}

/// A line of JSON.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Told<'a> {
    Hello { identity: String, listening: &'a [SocketAddr] },
    Joined { call: u64, peer: Peer, members: usize },
    Left { call: u64, peer: Peer, members: usize },
    TurnedAway { peer: Peer },
    Members { members: Vec<Member> },
}

#[derive(Serialize)]
struct Member {
    call: u64,
    peer: Peer,
}

impl Teller {
    pub(super) const fn new(contacts: Contacts, is_json: bool) -> Self {
        Self { contacts, is_json }
    }

    pub(super) fn hello(&self, identity: IdentityHash, listening: &[SocketAddr]) {
        if self.is_json {
            return print(&Told::Hello { identity: identity.to_string(), listening });
        }
        outln!("identity  {identity}   others call this");
        for address in listening {
            outln!("listening {address}");
        }
    }

    /// Tells an event, and how many members there are.
    pub(super) fn event(&self, event: ConferenceEvent, members: usize) {
        let told = match event {
            ConferenceEvent::Joined { call, from } => {
                Told::Joined { call: call.0, peer: self.peer(from), members }
            }
            ConferenceEvent::Left { call, from } => {
                Told::Left { call: call.0, peer: self.peer(from), members }
            }
            ConferenceEvent::TurnedAway { from } => Told::TurnedAway { peer: self.peer(from) },
            _ => return,
        };
        match told {
            told if self.is_json => print(&told),
            Told::Joined { call, peer, members } => {
                outln!("joined {call}  {}   members {members}", peer.name);
            }
            Told::Left { call, peer, members } => {
                outln!("left {call}  {}   members {members}", peer.name);
            }
            Told::TurnedAway { peer } => outln!("turned away {}", peer.name),
            Told::Hello { .. } | Told::Members { .. } => {}
        }
    }

    pub(super) fn members(&self, members: &[(CallId, IdentityHash)]) {
        let member =
            |(call, from): &(CallId, IdentityHash)| Member { call: call.0, peer: self.peer(*from) };
        let members: Vec<Member> = members.iter().map(member).collect();
        if self.is_json {
            return print(&Told::Members { members });
        }
        outln!("members {}", members.len());
        for Member { call, peer } in members {
            outln!("  {call}  {}", peer.name);
        }
    }

    fn peer(&self, hash: IdentityHash) -> Peer {
        Peer::new(hash, &self.contacts.name(hash, None))
    }
}

fn print(told: &Told<'_>) {
    // Texts and numbers: it cannot fail.
    outln!("{}", serde_json::to_string(told).unwrap_or_default());
}
