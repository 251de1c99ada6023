//! A telephone with the microphone, the speaker and the bell of this machine.
//!
//! ```sh
//! cargo run -p lxst-device --example talk -- [--plain] shared|HOST:PORT [HASH]
//! ```
//!
//! It attaches to the rnsd of this machine (`shared`) or to a Reticulum TCP server, calls HASH or
//! waits for calls. Enter answers, and hangs up; with the end of the input it ends. `--plain` sends
//! what the microphone hears as it is, and plays no tones.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use async_channel::Receiver;
use futures_lite::future::{block_on, or};
use lxst_device::{DeviceEvent, DeviceSettings, PhoneDevices};
use lxst_smol::{
    CallState, CallStatus, Event, Events, Identity, IdentityHash, InsteadOfVoice, Interface, OsRng,
    Phone, PhoneBuilder, Profile, Role, Settings, Smol, Voice,
};

fn main() -> ExitCode {
    match block_on(talk(std::env::args().skip(1))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A terminal that is gone is told nothing.
            let _ = writeln!(io::stderr(), "talk: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn talk(arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let (options, arguments): (Vec<_>, Vec<_>) =
        arguments.partition(|argument| argument.starts_with("--"));
    let is_plain = match options.as_slice() {
        [] => false,
        [option] if option == "--plain" => true,
        _ => return Err(USAGE.into()),
    };
    let (network, whom) = match arguments.as_slice() {
        [network] => (network, None),
        [network, hash] => (network, Some(hash.parse::<IdentityHash>()?)),
        _ => return Err(USAGE.into()),
    };
    let interface = match network.as_str() {
        "shared" => Interface::shared_instance(),
        server => Interface::tcp_client(server),
    };
    let silence = Voice::default().when_no_microphone(InsteadOfVoice::Silence);
    let (phone, events) = PhoneBuilder::new(Identity::generate(&mut OsRng))
        .interface(interface)
        .settings(Settings::default().voice(silence))
        .start()
        .await?;
    let settings = if is_plain { DeviceSettings::plain() } else { DeviceSettings::default() };
    let (_devices, told) = PhoneDevices::attach(&Smol, &phone, settings).await?;
    writeln!(io::stdout(), "this is {}", phone.identity())?;
    if let Some(whom) = whom {
        phone.dial(whom, Profile::MediumQuality).await?;
    }
    let ended = serve(&phone, events, &told, &lines()).await;
    phone.shutdown().await;
    ended
}

/// What there is to tell or to do.
enum Next {
    Event(Option<Event>),
    Device(DeviceEvent),
    /// Enter was pressed, or the input has ended.
    Line(Option<()>),
}

async fn serve(
    phone: &Phone,
    mut events: Events,
    told: &Receiver<DeviceEvent>,
    lines: &Receiver<()>,
) -> Result<(), Box<dyn Error>> {
    loop {
        let event = async { Next::Event(events.next().await) };
        let device = async {
            match told.recv().await {
                Ok(told) => Next::Device(told),
                Err(_) => core::future::pending().await,
            }
        };
        let line = async { Next::Line(lines.recv().await.ok()) };
        match or(event, or(device, line)).await {
            Next::Event(None) | Next::Line(None) => return Ok(()),
            Next::Event(Some(Event::Ended { reason, .. })) => {
                writeln!(io::stdout(), "ended: {reason}")?;
            }
            Next::Event(Some(event)) => {
                let call = phone.state().call.filter(|call| event.call() == Some(call.call));
                if let Some(CallStatus { state, peer, .. }) = call {
                    writeln!(io::stdout(), "{state}: {peer}")?;
                }
            }
            Next::Device(told) => writeln!(io::stdout(), "{told}")?,
            Next::Line(Some(())) => press(phone).await?,
        }
    }
}

/// Answers a call that rings, and hangs up any other.
async fn press(phone: &Phone) -> io::Result<()> {
    let Some(CallStatus { call, role, state, .. }) = phone.state().call else {
        return writeln!(io::stdout(), "there is no call");
    };
    let call = phone.call(call);
    let done = match (role, state) {
        (Role::Callee, CallState::Ringing) => call.answer().await,
        _ => call.hang_up().await,
    };
    // The call may have ended at this very moment.
    if let Err(error) = done {
        writeln!(io::stdout(), "{error}")?;
    }
    Ok(())
}

/// Standard input, on a thread of its own: reading blocks.
fn lines() -> Receiver<()> {
    let (sender, lines) = async_channel::bounded(1);
    std::thread::spawn(move || {
        for line in io::stdin().lines() {
            if line.is_err() || sender.send_blocking(()).is_err() {
                return;
            }
        }
    });
    lines
}

const USAGE: &str = "usage: talk [--plain] shared|HOST:PORT [HASH]";
