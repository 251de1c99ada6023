//! A station and its listeners: one phone broadcasts a file, others play it.
//!
//! ```text
//! cargo run --example broadcast -- music.wav --port 4242        # broadcasts, and prints the hash
//! cargo run --example broadcast -- --tune HASH --port 4242 | aplay -f S16_LE -r 48000
//! ```
//!
//! The station encodes a frame once and sends it to all. It repeats the file until it is
//! interrupted. A listener writes 16-bit mono PCM at 48 kHz to its standard output until the pipe
//! ends, and tunes in again when the station is lost.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use futures_lite::future::or;
use lxst_examples::console::{detach, left_out};
use lxst_examples::wav::read_wav;
use lxst_examples::{errln, outln};
use lxst_tokio::rooms::{StationConfig, StationEvent, StationProfile, TunerEvent};
use lxst_tokio::{
    AudioFormat, Identity, IdentityHash, Interface, OsRng, PhoneBuilder, RadioBuilder,
    StationBuilder, TunerBuilder,
};

#[derive(Debug, Parser)]
#[command(about = "Broadcasts a file, or plays a broadcast")]
struct Options {
    /// The WAV file to broadcast.
    #[arg(required_unless_present = "tune")]
    file: Option<PathBuf>,
    /// Play the station of this identity.
    #[arg(long, conflicts_with = "file")]
    tune: Option<IdentityHash>,
    /// The TCP port of the station, on this machine.
    #[arg(long, default_value_t = 4242)]
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    let _console = detach(left_out);
    let Options { file, tune, port } = Options::parse();
    let ran = match (file, tune) {
        (_, Some(station)) => listen(station, port).await,
        (Some(file), None) => broadcast(file, port).await,
        (None, None) => Ok(()),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            errln!("broadcast: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn broadcast(file: PathBuf, port: u16) -> Result<(), Box<dyn Error>> {
    let music = read_wav(&file)?;
    let address = format!("127.0.0.1:{port}");
    let builder = PhoneBuilder::new(Identity::generate(&mut OsRng));
    let builder = builder.interface(Interface::tcp_server(address));
    let destinations = builder.destinations();
    let (phone, _) = builder.start().await?;
    let config = StationConfig::new(phone.identity(), "Broadcast", StationProfile::MusicHigh)?;
    let (station, events) = StationBuilder::new(config).start(&destinations).await?;
    let (radio, _) = RadioBuilder::new().start()?;
    station.play(&radio).await?;
    let mut source = radio.audio_source(AudioFormat::PHONE).await?;
    radio.press_to_talk().await?;
    outln!("{} is the station", phone.identity());
    let tuned = async {
        while let Some(event) = events.next().await {
            if let StationEvent::TunedIn { .. } | StationEvent::TunedOut { .. } = event {
                outln!("{} listeners", station.status().await?.listeners.len());
            }
        }
        Ok(())
    };
    let played = async {
        loop {
            source.write(&music).await?;
        }
    };
    or(tuned, played).await
}

async fn listen(station: IdentityHash, port: u16) -> Result<(), Box<dyn Error>> {
    let builder = PhoneBuilder::new(Identity::generate(&mut OsRng));
    let builder = builder.interface(Interface::tcp_client(format!("127.0.0.1:{port}")));
    let destinations = builder.destinations();
    let (phone, _) = builder.start().await?;
    let (radio, _) = RadioBuilder::new().start()?;
    let mut sink = radio.audio_sink(AudioFormat::PHONE).await?;
    let (tuner, events) = TunerBuilder::new().start(&destinations, &radio);
    tuner.tune(station).await?;
    let ended = async {
        while let Some(event) = events.next().await {
            match event {
                TunerEvent::Program(program) => {
                    errln!("{} sends {}", program.name, program.profile);
                }
                TunerEvent::Closed { again: Some(pause), .. } => {
                    errln!("the station is lost; again in {} s", pause.as_secs());
                }
                TunerEvent::Closed { again: None, .. } => break,
                _ => {}
            }
        }
        Ok(())
    };
    let played = async {
        let (mut block, mut speaker) = ([0_i16; 960], std::io::stdout());
        loop {
            sink.read(&mut block).await?;
            let bytes: Vec<u8> = block.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            if speaker.write_all(&bytes).is_err() {
                return Ok(());
            }
        }
    };
    let heard: Result<(), Box<dyn Error>> = or(ended, played).await;
    tuner.shutdown().await;
    radio.shutdown().await;
    phone.shutdown().await;
    heard
}
