//! A page to all neighbours who have the key: by the phone that runs in the folder, or by one that
//! runs for it.

use std::time::Duration;

use rnphone_rs::control::{Command, Event, Reply};
use rnphone_rs::folder::Folder;
use rnphone_rs::service::{self, Client, ClientEvents, Listener, Overrides, Service, Start};
use rnphone_rs::{errln, words};
use tokio::sync::mpsc;

use crate::begin::{folder, not_used};
use crate::failure::Failure;
use crate::network::network;
use crate::options::{Options, PageOptions};
use crate::signals;

pub(crate) async fn run(options: &Options, page: &PageOptions) -> Result<u8, Failure> {
    let folder = folder(options)?;
    let path = page.file.clone().map(std::path::absolute).transpose()?;
    let command = Command::Page { on: true, path, is_urgent: page.urgent };
    let mut stops = signals::stops()?;
    if let Some((client, events)) = service::connect(&folder.control()).await? {
        if let Some(option) = options.start.first().or(options.first_of_network()) {
            return Err(not_used(option, &folder));
        }
        return speak(command, &client, events, stops).await;
    }
    let phone = start(options, folder).await?;
    let (client, events) = phone.control().client().await?;
    let is_connected = tokio::select! {
        is_connected = connected(&client) => Some(is_connected),
        _ = stops.recv() => None,
    };
    let spoken = match is_connected {
        None => Err(stopped()),
        Some(true) => speak(command, &client, events, stops).await,
        Some(false) => Err(Failure { text: "no network within 15 s".to_owned(), code: NO_PATH }),
    };
    phone.stop().await;
    spoken
}

/// Starts the phone of the folder.
async fn start(options: &Options, folder: Folder) -> Result<Service, Failure> {
    lxst_tokio::host::create_private_folder(folder.path())?;
    let listener = Listener::bind(&folder.control())?;
    let sound = options.start.sound(options.no_devices);
    let network = network(options)?;
    let overrides = Overrides::default();
    let phone = Service::start(Start { folder, network, sound, overrides }).await?;
    tokio::spawn(listener.serve(phone.control().clone()));
    Ok(phone)
}

/// Waits until the phone is connected.
async fn connected(client: &Client) -> bool {
    for _ in 0..150 {
        if let Ok(Reply::Status(status)) = client.ask(Command::Status {}).await
            && status.connections > 0
        {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

/// Pages until the file or a signal ends it.
async fn speak(
    command: Command,
    client: &Client,
    mut events: ClientEvents,
    mut stops: mpsc::Receiver<()>,
) -> Result<u8, Failure> {
    let refused = |error: service::CommandError| Failure::refused(error.to_string());
    if stops.try_recv().is_ok() {
        return Err(stopped());
    }
    client.ask(command).await.map_err(refused)?;
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            _ = stops.recv() => {
                let off = Command::Page { on: false, path: None, is_urgent: false };
                // A page that has just ended is told.
                let _ = client.ask(off).await;
                continue;
            }
        };
        match event {
            Some(Event::PageSent { fault: None }) => return Ok(0),
            Some(Event::PageSent { fault: Some(fault) }) => return Err(Failure::refused(fault)),
            Some(event @ Event::Warning { .. }) => {
                errln!("rnphone-rs: {}", words::event(&event).unwrap_or_default());
            }
            Some(_) => {}
            None => return Err(Failure::refused("the phone has ended")),
        }
    }
}

fn stopped() -> Failure {
    Failure::refused("stopped before the page began")
}

/// The exit code without a network.
const NO_PATH: u8 = 3;
