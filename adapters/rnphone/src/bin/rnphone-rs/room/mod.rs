//! A room: a conference that any LXST phone calls.

mod line;
mod told;

use std::io::BufRead;
use std::{io, thread};

use lxst_tokio::rooms::{ConferenceConfig, ConferenceEvent};
use lxst_tokio::{
    Callers, Conference, ConferenceBuilder, ConferenceEvents, IdentityHash, PhoneBuilder,
    Settings as PhoneSettings, load_or_create_identity,
};
use rnphone_rs::contacts::Contacts;
use rnphone_rs::errln;
use rnphone_rs::folder::ConfigFile;
use rnphone_rs::service::Listener;
use rnphone_rs::settings::Settings;
use tokio::sync::mpsc;

use crate::begin::folder;
use crate::failure::Failure;
use crate::network::network;
use crate::options::{Options, RoomOptions};
use crate::signals;
use line::Line;
use told::Teller;

/// Serves callers until a signal ends it.
pub(crate) async fn run(options: &Options, wished: &RoomOptions) -> Result<u8, Failure> {
    let folder = folder(options)?;
    lxst_tokio::host::create_private_folder(folder.path())?;
    // Nobody else has the folder's identity meanwhile.
    let listener = Listener::bind(&folder.control())?;
    let identity = load_or_create_identity(&folder.identity())?;
    let file = ConfigFile::read(&folder.config())?;
    let (settings, skipped) = Settings::read(&folder, &file, identity.hash())?;
    for mistake in skipped {
        errln!("rnphone-rs: {mistake}");
    }
    let builder = network(options)?
        .attach(PhoneBuilder::new(identity).settings(phone_settings(&settings, wished)));
    let mut stops = signals::stops()?;
    let (phone, events) = builder.start_with_lines::<LINES>().await?;
    let conference =
        ConferenceBuilder::new(places(&settings.contacts, wished)?).tones(!wished.no_tones);
    let (conference, events) = conference.start(&phone, events).await?;
    let teller = Teller::new(settings.contacts, wished.json);
    teller.hello(phone.identity(), phone.listening());
    tokio::select! {
        () = serve(&conference, &events, &teller) => {}
        () = listener.turn_away() => {}
        _ = stops.recv() => {}
    }
    conference.shutdown().await;
    phone.shutdown().await;
    Ok(0)
}

fn phone_settings(settings: &Settings, wished: &RoomOptions) -> PhoneSettings {
    let contacts = settings.contacts.iter().map(|contact| contact.hash);
    let callers = match wished.contacts_only {
        true => Callers::none().allowed(contacts).blocked(settings.blocked.iter().copied()),
        false => settings.callers(),
    };
    let phone = PhoneSettings::default().callers(callers);
    match wished.title.or(settings.display_name) {
        Some(name) => phone.display_name(name),
        None => phone,
    }
}

/// Strangers never have all places of a room that has contacts.
fn places(contacts: &Contacts, wished: &RoomOptions) -> Result<ConferenceConfig, Failure> {
    let members = usize::from(wished.members);
    let contacts: Vec<IdentityHash> = contacts.iter().map(|contact| contact.hash).collect();
    let reserved = if contacts.is_empty() { 0 } else { members.div_ceil(4) };
    Ok(ConferenceConfig::default().members(members, members - reserved)?.reserve(contacts)?)
}

/// Tells what happens, and does what is typed, until the phone ends.
async fn serve(conference: &Conference, events: &ConferenceEvents, teller: &Teller) {
    let mut typed = typed();
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => tell(conference, event, teller).await,
                None => return,
            },
            Some(line) = typed.recv() => obey(conference, &line, teller).await,
        }
    }
}

async fn tell(conference: &Conference, event: ConferenceEvent, teller: &Teller) {
    // A conference that has ended has no members.
    let members = conference.members().await.map_or(0, |members| members.len());
    teller.event(event, members);
}

async fn obey(conference: &Conference, line: &str, teller: &Teller) {
    let done = match line.parse() {
        Ok(Line::Members) => match conference.members().await {
            Ok(members) => {
                teller.members(&members);
                Ok(())
            }
            Err(error) => Err(error),
        },
        Ok(Line::Mute(call)) => conference.mute(call).await,
        Ok(Line::Unmute(call)) => conference.unmute(call).await,
        Ok(Line::Remove(call)) => conference.remove(call).await,
        Ok(Line::Lock) => conference.lock().await,
        Ok(Line::Unlock) => conference.unlock().await,
        Err(error) => return errln!("rnphone-rs: {error}"),
    };
    if let Err(error) = done {
        errln!("rnphone-rs: {error}");
    }
}

/// Reads the lines of standard input, on a thread of its own: reading blocks.
fn typed() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(1);
    thread::spawn(move || {
        // A read that fails is the end. The room goes on without.
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if !line.trim().is_empty() && sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The lines of the phone. That of a caller who is turned away is free again at once.
const LINES: usize = 32;
