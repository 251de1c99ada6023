//! The start of the phone, or of a client of the one that runs in the folder.

use std::path::PathBuf;

use rnphone_rs::control::Reply;
use rnphone_rs::folder::{Folder, Surroundings};
use rnphone_rs::service::{self, Client, ClientEvents, Listener, PcmListener, Service, Start};
use rnphone_rs::{errln, outln, words};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::network::network;
#[cfg(all(feature = "notifications", unix, not(target_os = "macos")))]
use crate::notifications::Notifications;
use crate::options::Options;
use crate::person::{self, AtEnd};
use crate::report::Reporter;
use crate::script::Script;
#[cfg(feature = "tui")]
use crate::tui;
use crate::welcome::Welcome;
use crate::{signals, systemd};

/// Runs the phone until its user, a client, a signal or the options end it.
pub(crate) async fn run(options: Options) -> Result<u8, Failure> {
    #[cfg(feature = "tui")]
    if options.tui {
        tui::check()?;
    }
    let (folder, _temporary) = home(&options)?;
    if let Some(client) = service::connect(&folder.control()).await? {
        return join(&options, &folder, client).await;
    }
    lxst_tokio::host::create_private_folder(folder.path()).map_err(|error| {
        let path = folder.path().display();
        Failure::usage(format!("{path} cannot be made: {error}; name another folder with --config"))
    })?;
    let is_first_run = options.start.identity.is_none() && !folder.identity().exists();
    let welcome = welcome(&options, &folder, is_first_run);
    let listener = Listener::bind(&folder.control())
        .map_err(|error| Failure::usage(format!("{error}; name another folder with --config")))?;
    let pcm = PcmListener::bind(&folder.pcm())?;
    let network = network(&options)?;
    let (sound, overrides) =
        (options.start.sound(options.no_devices), options.start.overrides(&options.script)?);
    let phone = Service::start(Start { folder, network, sound, overrides }).await?;
    // Until here there is no call to end, and a signal ends the process.
    let stops = signals::stops()?;
    for mistake in phone.skipped() {
        errln!("rnphone-rs: {mistake}");
    }
    tokio::spawn(listener.serve(phone.control().clone()));
    tokio::spawn(pcm.serve(phone.pcm().clone()));
    let mut script =
        Script::new(phone.control().client().await?, &options.script, reporter(&options));
    #[cfg(all(feature = "notifications", unix, not(target_os = "macos")))]
    let notifications = Notifications::start(&options, &phone).await?;
    let begun = script.begin().await;
    if begun.is_ok() && options.service {
        systemd::notify_ready();
    }
    let over = match begun {
        Ok(()) if options.is_attended() => {
            let person = phone.control().client().await?;
            attend(&options, &mut script, person, stops, AtEnd::Stop, welcome).await
        }
        Ok(()) => Ok(wait(&mut script, stops).await),
        Err(failure) => Err(failure),
    };
    phone.stop().await;
    #[cfg(all(feature = "notifications", unix, not(target_os = "macos")))]
    notifications.end().await;
    match over? {
        Some(code) => Ok(code),
        None => Ok(script.run().await),
    }
}

/// Uses the phone that runs in the folder.
async fn join(
    options: &Options,
    folder: &Folder,
    client: (Client, ClientEvents),
) -> Result<u8, Failure> {
    let path = folder.path().display();
    if options.service {
        return Err(Failure::usage(format!("a phone runs in {path} already")));
    }
    if let Some(option) = options.start.first().or(options.first_of_network()) {
        return Err(not_used(option, folder));
    }
    let stops = signals::stops()?;
    let welcome = welcome(options, folder, false);
    let mut script = Script::new(client, &options.script, reporter(options));
    script.begin().await?;
    let over = if options.is_attended() {
        let gone = || Failure::refused("the phone has ended");
        let person = service::connect(&folder.control()).await?.ok_or_else(gone)?;
        attend(options, &mut script, person, stops, AtEnd::Leave, welcome).await?
    } else {
        wait(&mut script, stops).await
    };
    match over {
        Some(code) => Ok(code),
        None => Ok(script.leave().await),
    }
}

/// Tells of an option that a phone which runs already cannot have.
pub(crate) fn not_used(option: &str, folder: &Folder) -> Failure {
    let path = folder.path().display();
    Failure::usage(format!(
        "{option} is for a phone that starts, and one runs in {path}: leave it out, or name another \
         folder with --config"
    ))
}

/// Lets the user use the phone beside the options, until one of both is through. Returns the exit
/// code of the options; `None` where the user left.
async fn attend(
    options: &Options,
    script: &mut Script<'_>,
    (client, events): (Client, ClientEvents),
    stops: mpsc::Receiver<()>,
    at_end: AtEnd,
    welcome: Welcome,
) -> Result<Option<u8>, Failure> {
    let person = async {
        match options.is_full_screen() {
            #[cfg(feature = "tui")]
            true => tui::show(client, events, stops, at_end).await,
            _ => person::talk(client, events, stops, at_end, welcome).await,
        }
    };
    let scripted = async {
        let code = script.run().await;
        if script.is_phone_over() || !options.script.is_any() {
            // The person is told.
            std::future::pending().await
        }
        code
    };
    tokio::select! {
        left = person => left.map(|_| None),
        code = scripted => Ok(Some(code)),
    }
}

/// Lets the options use the phone, until they are through or a signal comes. Returns their exit
/// code.
async fn wait(script: &mut Script<'_>, mut stops: mpsc::Receiver<()>) -> Option<u8> {
    tokio::select! {
        code = script.run() => Some(code),
        _ = stops.recv() => None,
    }
}

fn reporter(options: &Options) -> Reporter {
    match options {
        options if options.is_attended() => Reporter::Silent,
        options if options.script.json => Reporter::Json,
        options if options.service => Reporter::Hello,
        options => Reporter::Text { stdout_is_sound: options.start.stdout_is_sound() },
    }
}

fn welcome(options: &Options, folder: &Folder, is_first_run: bool) -> Welcome {
    Welcome { is_first_run, lines: folder.prompt_history(), json: options.script.json }
}

/// Prints the devices of this machine.
pub(crate) async fn list_devices() -> Result<u8, Failure> {
    let devices = service::devices().await.map_err(Failure::usage)?;
    outln!("{}", words::reply(&Reply::Devices(devices)));
    Ok(0)
}

/// Finds the folder of the phone.
pub(crate) fn folder(options: &Options) -> Result<Folder, Failure> {
    at(options.config.clone())
}

/// Finds the folder, or makes one for an identity that has none, which goes with its guard.
fn home(options: &Options) -> Result<(Folder, Option<TempDir>), Failure> {
    if options.start.identity.is_none() {
        return Ok((folder(options)?, None));
    }
    let mut private = tempfile::Builder::new();
    private.prefix("rnphone-rs-");
    #[cfg(unix)]
    private.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let temporary = private.tempdir()?;
    Ok((at(Some(temporary.path().to_owned()))?, Some(temporary)))
}

fn at(config: Option<PathBuf>) -> Result<Folder, Failure> {
    Ok(Folder::find(Surroundings::of_process(config))?)
}
