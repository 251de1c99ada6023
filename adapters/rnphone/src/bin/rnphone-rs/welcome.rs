//! What a person is told without having asked.

use std::path::PathBuf;

use lxst_tokio::IdentityHash;
use rnphone_rs::control::{Command, Event, PastCall, Reply};
use rnphone_rs::history::UnixTime;
use rnphone_rs::service::Client;
use rnphone_rs::terminal::columns_of_stdout;
use rnphone_rs::{outln, words};

/// How a person is received.
#[derive(Clone, Debug)]
pub(crate) struct Welcome {
    /// Whether the phone was made just now.
    pub(crate) is_first_run: bool,
    /// The file of earlier lines.
    pub(crate) lines: PathBuf,
    /// Whether events are told in JSON.
    pub(crate) json: bool,
}

/// Tells who we are, what is listened on, and what was missed.
pub(crate) async fn tell(
    client: &Client,
    identity: IdentityHash,
    listening: &[String],
    is_first_run: bool,
) {
    if is_first_run {
        outln!("{FIRST}");
    }
    outln!("identity  {identity}   others dial this");
    match is_first_run {
        true => outln!("Try\n{}", words::usages(&TRY, columns_of_stdout().unwrap_or(80))),
        false => outln!("type help for help"),
    }
    for address in listening {
        outln!("listening {address}");
    }
    tell_missed(client).await;
}

/// Tells the missed calls that were not told before.
pub(crate) async fn tell_missed(client: &Client) {
    let Ok(Reply::Status(status)) = client.ask(Command::Status {}).await else { return };
    if status.missed == 0 {
        return;
    }
    let search = Some("missed".to_owned());
    let limit = status.missed;
    let Ok(Reply::History(calls)) = client.ask(Command::History { search, limit }).await else {
        return;
    };
    let missed: Vec<PastCall> = calls.into_iter().filter(|call| call.is_missed).collect();
    if let Some(text) = words::missed(&missed, UnixTime::now()) {
        outln!("{text}");
    }
    // A phone that cannot write it says so by an event.
    let _ = client.ask(Command::MissedSeen {}).await;
}

/// Tells of a line that plays back what it hears, which a new user calls first.
pub(crate) fn tell_echo_line(event: &Event) {
    if let Event::Announced { peer, .. } = event
        && peer.name.to_lowercase().contains("echo")
    {
        outln!("{} announced itself: to hear yourself, dial {}", peer.name, peer.hash);
    }
}

const FIRST: &str = "This is a new phone.";
const TRY: [(&str, &str); 4] = [
    ("dial HASH", "call somebody by the 32 hex digits of an identity"),
    ("who", "list the phones that announced themselves"),
    ("add HASH NAME", "keep somebody in the phonebook, to dial by name"),
    ("help", "tell the rest; Tab completes what you type"),
];
