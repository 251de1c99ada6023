//! The listener of a station: at the speaker of this machine, or for a player behind a pipe.

use std::io::{self, IsTerminal};
use std::thread;

use futures_lite::future::block_on;
use lxst_tokio::rooms::{CloseReason, TunerEvent};
use lxst_tokio::{
    AudioError, AudioFormat, Identity, IdentityHash, Network, OsRng, PhoneBuilder, Radio,
    RadioBuilder, Settings, TunerBuilder, TunerEvents,
};
use rnphone_rs::errln;
use rnphone_rs::raw_audio::write_stdout;
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::listen::check_stdout;
use crate::network::network;
use crate::options::Options;
use crate::signals;

/// Plays what the station sends, or writes it to standard output where that is a pipe or a file,
/// until a signal or the reader ends it.
///
/// It is somebody new: nobody learns who listens.
pub(crate) async fn run(options: &Options, station: IdentityHash) -> Result<u8, Failure> {
    let is_piped = !io::stdout().is_terminal();
    if options.no_devices || cfg!(not(feature = "devices")) {
        check_stdout()?;
    }
    let silent = Settings::default().network(Network::announced_on_command());
    let builder = network(options)?
        .attach(PhoneBuilder::new(Identity::generate(&mut OsRng)).settings(silent));
    let mut stops = signals::stops()?;
    let destinations = builder.destinations();
    let (phone, _events) = builder.start().await?;
    let (radio, _) = RadioBuilder::new().start()?;
    let (tuner, events) = TunerBuilder::new().start(&destinations, &radio);
    tuner.tune(station).await?;
    let played = async {
        match is_piped {
            true => pipe(&radio).await,
            false => play(&radio).await,
        }
    };
    let code = tokio::select! {
        () = tell(&events) => LOST,
        played = played => {
            played?;
            0
        }
        _ = stops.recv() => 0,
    };
    tuner.shutdown().await;
    radio.shutdown().await;
    phone.shutdown().await;
    Ok(code)
}

/// Writes to standard output until its reader is gone.
async fn pipe(radio: &Radio) -> Result<(), AudioError> {
    let sink = radio.audio_sink(AudioFormat::PHONE).await?;
    let (sender, read) = oneshot::channel::<()>();
    thread::spawn(move || {
        let _sender = sender;
        block_on(write_stdout(sink));
    });
    // Nothing is sent: the channel closes.
    let _ = read.await;
    Ok(())
}

/// Plays at the speaker of this machine, without an end.
#[cfg(feature = "devices")]
async fn play(radio: &Radio) -> Result<(), AudioError> {
    use lxst_device::{Speaker, Wish};

    let radio = radio.clone();
    let (_speaker, events) = Speaker::open(Wish::Default, move |format| {
        let format = AudioFormat { rate_hz: format.rate_hz, channels: format.channels };
        // The thread of the device makes it, which may wait.
        let mut sink = block_on(radio.device_sink(format));
        Box::new(move |block: &mut [f32]| match &mut sink {
            // A sink that is detached gives silence.
            Ok(sink) => _ = sink.fill(block),
            Err(_) => block.fill(0.0),
        })
    });
    while let Ok(event) = events.recv().await {
        errln!("{event}");
    }
    std::future::pending().await
}

#[cfg(not(feature = "devices"))]
async fn play(_: &Radio) -> Result<(), AudioError> {
    std::future::pending().await
}

/// Tells what is heard, until the station is gone for good.
async fn tell(events: &TunerEvents) {
    while let Some(event) = events.next().await {
        match event {
            TunerEvent::Program(program) if program.is_on_air => {
                errln!("station   {} ({})", program.name, program.profile);
            }
            TunerEvent::Program(program) => errln!("station   {} is silent", program.name),
            TunerEvent::Closed { reason, again } => {
                let reason = match reason {
                    CloseReason::Refused(reason) => reason,
                    CloseReason::UnknownProgram => "it sends what is unknown here".to_owned(),
                    CloseReason::Failed(_) => "it does not answer".to_owned(),
                    _ => "the link is lost".to_owned(),
                };
                match again {
                    Some(pause) => errln!("lost      {reason}; again in {} s", pause.as_secs()),
                    None => {
                        errln!("rnphone-rs: {reason}");
                        return;
                    }
                }
            }
            _ => {}
        }
    }
}

/// The exit code of a station that cannot be heard.
const LOST: u8 = 3;
