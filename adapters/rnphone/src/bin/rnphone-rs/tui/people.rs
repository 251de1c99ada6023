//! Contacts, past calls and phones that announced themselves, as rows.

use std::collections::BTreeMap;

use lxst_phone::IdentityHash;
use rnphone_rs::control::{AnnouncedInfo, ContactInfo, MessageInfo, PastCall};
use rnphone_rs::history::UnixTime;

/// A list of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Contacts,
    History,
    Messages,
    Reachable,
}

/// Everybody the phone told of.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    pub(super) contacts: Vec<ContactInfo>,
    pub(super) announced: Vec<AnnouncedInfo>,
    pub(super) history: Vec<PastCall>,
    pub(super) messages: Vec<MessageInfo>,
}

/// What a row stays while others come and go: who, and when the call began.
pub(super) type RowKey = (IdentityHash, u64);

/// A row of a list.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) key: RowKey,
    pub(super) name: String,
    pub(super) is_contact: bool,
    pub(super) mark: Mark,
    /// Shown at the right.
    pub(super) detail: String,
}

/// What stands before a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    /// It announced itself in the last hour.
    Recent,
    /// It announced itself before.
    Earlier,
    Blocked,
    From,
    To,
    Missed,
    /// A message that nobody has heard.
    New,
    /// A message that plays.
    Playing,
}

impl Tab {
    pub(super) const ALL: [Self; 4] =
        [Self::Contacts, Self::History, Self::Messages, Self::Reachable];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Contacts => "Contacts",
            Self::History => "History",
            Self::Messages => "Messages",
            Self::Reachable => "Reachable",
        }
    }

    pub(super) const fn next(self) -> Self {
        match self {
            Self::Contacts => Self::History,
            Self::History => Self::Messages,
            Self::Messages => Self::Reachable,
            Self::Reachable => Self::Contacts,
        }
    }

    pub(super) const fn previous(self) -> Self {
        self.next().next().next()
    }
}

impl People {
    pub(super) fn rows(&self, tab: Tab, today: UnixTime) -> Vec<Row> {
        match tab {
            Tab::Contacts => {
                let seen: BTreeMap<IdentityHash, &AnnouncedInfo> =
                    self.announced.iter().map(|phone| (phone.peer.hash, phone)).collect();
                let row = |contact| contact_row(contact, &seen);
                self.contacts.iter().map(row).collect()
            }
            Tab::History => self.history.iter().map(|call| past_row(call, today)).collect(),
            // These are no people.
            Tab::Messages => Vec::new(),
            Tab::Reachable => self.announced.iter().map(announced_row).collect(),
        }
    }

    /// Everybody whose name or hash holds a text, once each.
    pub(super) fn found(&self, text: &str, today: UnixTime) -> Vec<Row> {
        let wanted = text.trim().to_lowercase();
        let number = |row: &Row| {
            let contact = self.contacts.iter().find(|contact| contact.hash == row.key.0);
            contact.and_then(|contact| contact.number.clone())
        };
        let is_it = |row: &Row| {
            row.name.to_lowercase().contains(&wanted)
                || row.key.0.to_string().contains(&wanted)
                || number(row).is_some_and(|number| number == wanted)
        };
        let mut found: Vec<Row> = Vec::new();
        for tab in [Tab::Contacts, Tab::Reachable, Tab::History] {
            for row in self.rows(tab, today) {
                if is_it(&row) && !found.iter().any(|other| other.key.0 == row.key.0) {
                    found.push(row);
                }
            }
        }
        found
    }
}

fn contact_row(contact: &ContactInfo, seen: &BTreeMap<IdentityHash, &AnnouncedInfo>) -> Row {
    let seen = seen.get(&contact.hash);
    let mark = match seen {
        _ if contact.is_blocked => Mark::Blocked,
        Some(phone) if phone.seconds_ago < RECENT_SECONDS => Mark::Recent,
        Some(_) => Mark::Earlier,
        None => Mark::None,
    };
    let detail = match seen {
        _ if contact.is_blocked => "blocked".to_owned(),
        Some(phone) => hops(phone.hops),
        None => String::new(),
    };
    Row { key: (contact.hash, 0), name: contact.name.clone(), is_contact: true, mark, detail }
}

fn announced_row(phone: &AnnouncedInfo) -> Row {
    let is_recent = phone.seconds_ago < RECENT_SECONDS;
    Row {
        key: (phone.peer.hash, 0),
        name: phone.peer.name.clone(),
        is_contact: phone.peer.is_contact,
        mark: if is_recent { Mark::Recent } else { Mark::Earlier },
        detail: format!("{}, {}", hops(phone.hops), ago(phone.seconds_ago)),
    }
}

fn past_row(call: &PastCall, today: UnixTime) -> Row {
    let mark = match call.is_incoming {
        _ if call.is_missed => Mark::Missed,
        true => Mark::From,
        false => Mark::To,
    };
    let missed = if call.is_missed { "missed, " } else { "" };
    Row {
        key: (call.peer.hash, call.started),
        name: call.peer.name.clone(),
        is_contact: call.peer.is_contact,
        mark,
        detail: format!("{missed}{}", ago(today.0.saturating_sub(call.started))),
    }
}

fn hops(hops: u8) -> String {
    if hops == 1 { "1 hop".to_owned() } else { format!("{hops} hops") }
}

/// An age in its largest unit.
pub(super) fn ago(seconds: u64) -> String {
    match seconds {
        0..60 => "now".to_owned(),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

const RECENT_SECONDS: u64 = 3_600;
