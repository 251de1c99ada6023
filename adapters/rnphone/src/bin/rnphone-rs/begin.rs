//! The start of the phone, or of a client of the one that runs in the folder.

use rnphone_rs::folder::{Folder, Surroundings};
use rnphone_rs::service::{self, Client, ClientEvents, Listener, Service, SoundSettings, Start};
use rnphone_rs::{errln, outln, words};
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::network::network;
use crate::options::Options;
use crate::person::{self, AtEnd};
#[cfg(feature = "tui")]
use crate::tui;
use crate::welcome::Welcome;
use crate::{signals, systemd};

/// Runs the phone until its user, a client or a signal ends it.
pub(crate) async fn run(options: Options) -> Result<u8, Failure> {
    #[cfg(feature = "tui")]
    if options.tui {
        tui::check()?;
    }
    let folder = folder(&options)?;
    if let Some((client, events)) = service::connect(&folder.control()).await? {
        if options.service {
            let path = folder.path().display();
            return Err(Failure::usage(format!("a phone runs in {path} already")));
        }
        let welcome = Welcome { is_first_run: false, lines: folder.prompt_history() };
        let stops = signals::stops()?;
        return attend(&options, client, events, stops, AtEnd::Leave, welcome).await;
    }
    lxst_tokio::host::create_private_folder(folder.path()).map_err(|error| {
        let path = folder.path().display();
        Failure::usage(format!("{path} cannot be made: {error}; name another folder with --config"))
    })?;
    let is_first_run = !folder.identity().exists();
    let welcome = Welcome { is_first_run, lines: folder.prompt_history() };
    let listener = Listener::bind(&folder.control())
        .map_err(|error| Failure::usage(format!("{error}; name another folder with --config")))?;
    let network = network(&options)?;
    let sound = match options.no_devices {
        true => SoundSettings::Nothing,
        false => SoundSettings::Devices,
    };
    let mut stops = signals::stops()?;
    let mut phone = Service::start(Start { folder, network, sound }).await?;
    for mistake in phone.skipped() {
        errln!("rnphone-rs: {mistake}");
    }
    tokio::spawn(listener.serve(phone.control().clone()));
    if options.service {
        outln!("identity  {}   others dial this", phone.identity());
        for address in phone.listening() {
            outln!("listening {address}");
        }
        systemd::notify_ready();
        tokio::select! {
            () = phone.ended() => {}
            _ = stops.recv() => phone.stop().await,
        }
        return Ok(0);
    }
    let (client, events) = phone.control().client().await?;
    let code = attend(&options, client, events, stops, AtEnd::Stop, welcome).await;
    phone.stop().await;
    code
}

/// Lets the user use the phone, until one of both leaves.
async fn attend(
    options: &Options,
    client: Client,
    events: ClientEvents,
    stops: mpsc::Receiver<()>,
    at_end: AtEnd,
    welcome: Welcome,
) -> Result<u8, Failure> {
    match options.is_full_screen() {
        #[cfg(feature = "tui")]
        true => tui::show(client, events, stops, at_end).await,
        _ => person::talk(client, events, stops, at_end, welcome).await,
    }
}

/// Prints the devices of this machine.
pub(crate) async fn list_devices() -> Result<u8, Failure> {
    let devices = service::devices().await.map_err(Failure::usage)?;
    outln!("{}", words::reply(&rnphone_rs::control::Reply::Devices(devices)));
    Ok(0)
}

/// Finds the folder of the phone.
pub(crate) fn folder(options: &Options) -> Result<Folder, Failure> {
    Ok(Folder::find(Surroundings::of_process(options.config.clone()))?)
}
