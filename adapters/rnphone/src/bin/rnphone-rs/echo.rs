//! The echo line: what one calls to hear how one is heard.

use std::path::PathBuf;

use lxst_tokio::{PhoneBuilder, Settings, Tokio, load_or_create_identity};
use rnphone_rs::echo::{EchoConfig, EchoEvent, EchoLine};
use rnphone_rs::service::Listener;
use rnphone_rs::voicemail::Greeting;
use rnphone_rs::{errln, outln, words};

use crate::begin::folder;
use crate::failure::Failure;
use crate::network::network;
use crate::options::Options;
use crate::signals;

/// Answers callers and plays back what they say, until a signal ends it.
pub(crate) async fn run(options: &Options, greeting: Option<PathBuf>) -> Result<u8, Failure> {
    let folder = folder(options)?;
    lxst_tokio::host::create_private_folder(folder.path())?;
    // Nobody else has the folder's identity meanwhile.
    let listener = Listener::bind(&folder.control())?;
    let identity = load_or_create_identity(&folder.identity())?;
    let builder =
        network(options)?.attach(PhoneBuilder::new(identity).settings(Settings::default()));
    let mut stops = signals::stops()?;
    let (phone, mut events) = builder.start().await?;
    outln!("identity  {}   others dial this to hear themselves", phone.identity());
    for address in phone.listening() {
        outln!("listening {address}");
    }
    let greeting = greeting.map_or(Greeting::Notes, Greeting::File);
    let mut line = EchoLine::new(EchoConfig { greeting, ..EchoConfig::default() });
    tokio::select! {
        () = line.serve(&Tokio, &phone, &mut events, tell) => {}
        () = listener.turn_away() => {}
        _ = stops.recv() => phone.shutdown().await,
    }
    Ok(0)
}

fn tell(event: EchoEvent) {
    match event {
        EchoEvent::Answered { from, greeting_fault } => {
            if let Some(fault) = greeting_fault {
                errln!("rnphone-rs: the greeting: {fault}");
            }
            outln!("answered {from}");
        }
        EchoEvent::TurnedAway { from } => outln!("turned away {from}"),
        EchoEvent::Ended { from, result: Ok(time) } => {
            outln!("ended {from} after {}", words::clock(time));
        }
        EchoEvent::Ended { from, result: Err(error) } => outln!("ended {from}: {error}"),
        _ => {}
    }
}
