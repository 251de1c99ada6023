//! A voice feature in the shape of an app with a user interface, on tokio: commands come from
//! buttons, a view goes to the screen, and audio uses devices that come and go.
//!
//! `app.rs` is the part that such an app writes; `device.rs` simulates its sound card. Two of these
//! apps call each other, and this file presses the buttons. Every printed line is what a screen
//! would show. The exit code is 0 if each heard the other.

mod app;
mod device;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use lxst_examples::console::{detach, left_out};
use lxst_examples::errln;
use lxst_tokio::{Interface, Profile};
use tokio::time::timeout;

use app::{App, Settings, View};

/// Lets two apps with voice calls call each other, and prints what their screens show.
#[derive(Debug, Parser)]
#[command(name = "embedded_app")]
struct Args {}

#[tokio::main]
async fn main() -> ExitCode {
    Args::parse();
    let _console = detach(left_out);
    match timeout(PATIENCE, run()).await {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            errln!("embedded_app: {error}");
            ExitCode::FAILURE
        }
        Err(_) => {
            errln!("embedded_app: it did not come to an end within {PATIENCE:?}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("lxst-embedded-{}", std::process::id()));
    let server = Interface::tcp_server("127.0.0.1:0");
    let bob = App::start(Settings::new("bob", &folder, server)).await?;
    let client = Interface::tcp_client(bob.address().ok_or("bob listens")?.to_string());
    let alice = App::start(Settings::new("alice", &folder, client)).await?;

    // A stranger is not admitted, and gets BUSY.
    alice.until(|view| view.is_online).await?;
    bob.announce().await?;
    let refused = alice.dial(bob.identity(), Profile::MediumQuality).await?;
    let view = alice.until(|view| view.ended == Some(refused)).await?;
    expect(view.status == "busy", "a stranger hears that the line is busy", &view)?;

    // A contact rings. Both speak, in a call that goes on without a microphone.
    bob.add_contact(alice.identity()).await?;
    alice.dial(bob.identity(), Profile::MediumQuality).await?;
    let ringing = bob.until(|view| view.status == "ringing").await?;
    bob.answer(ringing.call.ok_or("a call rings")?).await?;
    alice.open_devices().await?;
    bob.open_devices().await?;
    heard(&alice, 1.0).await?;
    heard(&bob, 1.0).await?;
    alice.unplug_microphone();
    alice.until(|view| !view.has_microphone).await?;
    alice.open_devices().await?;
    bob.switch_profile(Profile::HighQuality).await?;
    alice.until(|view| view.profile == Some(Profile::HighQuality.key())).await?;
    heard(&alice, 2.0).await?;

    // The end of a call is told once, and its handle affects no later call.
    let over = alice.hang_up().await?;
    bob.until(|view| view.ended.is_some() && view.call.is_none()).await?;
    expect(alice.answer(over).await.is_err(), "a call that is over is refused", &alice.view())?;
    alice.shut_down().await;
    bob.shut_down().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Waits until the speaker has played this many seconds of audio.
async fn heard(app: &App, seconds: f32) -> Result<(), Box<dyn Error>> {
    while app.seconds_heard() < seconds {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn expect(is_so: bool, what: &str, view: &View) -> Result<(), Box<dyn Error>> {
    if is_so { Ok(()) } else { Err(format!("{what}: {view:?}").into()) }
}

const PATIENCE: Duration = Duration::from_secs(60);
