//! The start of the phone, or of a client of the one that runs in the folder.

use lxst_tokio::Interface;
use rnphone_rs::folder::{Folder, Surroundings};
use rnphone_rs::network::{Network, NetworkOptions};
use rnphone_rs::service::{self, Listener, Service, SoundSettings, Start, Way};
use rnphone_rs::{errln, outln, words};

use crate::failure::Failure;
use crate::options::Options;
use crate::{person, signals};

/// Runs the phone until its user, a client or a signal ends it.
pub(crate) async fn run(options: Options) -> Result<u8, Failure> {
    let folder = folder(&options)?;
    if let Some((client, events)) = service::connect(&folder.control()).await? {
        if options.service {
            let path = folder.path().display();
            return Err(Failure::usage(format!("a phone runs in {path} already")));
        }
        return person::talk(client, events, signals::stops()?, person::AtEnd::Leave).await;
    }
    lxst_tokio::host::create_private_folder(folder.path())?;
    let listener = Listener::bind(&folder.control())?;
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
        tokio::select! {
            () = phone.ended() => {}
            _ = stops.recv() => phone.stop().await,
        }
        return Ok(0);
    }
    let (client, events) = phone.control().client().await?;
    let code = person::talk(client, events, stops, person::AtEnd::Stop).await;
    phone.stop().await;
    code
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

/// What the options say of the network; where they say nothing, what is found.
fn network(options: &Options) -> Result<Way, Failure> {
    let clients = options.connect.iter().map(Interface::tcp_client);
    let servers = options.listen.iter().map(Interface::tcp_server);
    // clap saw to it that there are two each.
    let udp = options.udp.chunks_exact(2).map(|pair| Interface::udp(&pair[0], &pair[1]));
    let mut interfaces: Vec<Interface> = clients.chain(servers).chain(udp).collect();
    let mut names: Vec<String> =
        [&options.connect, &options.listen, &options.udp].into_iter().flatten().cloned().collect();
    if let Some(name) = &options.shared {
        names.push("the shared instance of this machine".to_owned());
        interfaces.push(match name.parse() {
            Ok(port) => Interface::shared_instance_on(port),
            Err(_) => Interface::named_shared_instance(name),
        });
    }
    if interfaces.is_empty() {
        let found = Network::find(&NetworkOptions::of_process(options.rnsconfig.clone()))?;
        for problem in found.problems() {
            errln!("rnphone-rs: {problem}");
        }
        return Ok(Way::Found(found));
    }
    Ok(Way::Given { interfaces, text: names.join(", ") })
}
