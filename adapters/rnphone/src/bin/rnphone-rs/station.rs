//! A station: a file or standard input, for all who tune in.

use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::thread;

use lxst_tokio::rooms::{StationConfig, StationEvent};
use lxst_tokio::{
    AudioError, AudioFormat, AudioSource, Network, Phone, PhoneBuilder, RadioBuilder, Settings,
    Station, StationBuilder, StationEvents, load_or_create_identity,
};
use rnphone_rs::outln;
use rnphone_rs::raw_audio::samples;
use rnphone_rs::service::Listener;
use rnphone_rs::wav::{from_i16, read_wav};
use tokio::sync::mpsc;

use crate::begin::folder;
use crate::failure::Failure;
use crate::network::network;
use crate::options::{Options, StationOptions};
use crate::signals;

/// What is played.
enum Sound {
    File(Vec<f32>),
    Pipe,
}

/// Broadcasts until a signal or standard input ends it.
pub(crate) async fn run(options: &Options, wished: &StationOptions) -> Result<u8, Failure> {
    let sound = Sound::open(&wished.sound)?;
    let folder = folder(options)?;
    lxst_tokio::host::create_private_folder(folder.path())?;
    // Nobody else has the folder's identity meanwhile.
    let _listener = Listener::bind(&folder.control())?;
    let identity = load_or_create_identity(&folder.identity())?;
    // It is no phone that others are to find.
    let silent = Settings::default().network(Network::announced_on_command());
    let builder = network(options)?.attach(PhoneBuilder::new(identity).settings(silent));
    let mut stops = signals::stops()?;
    let destinations = builder.destinations();
    let (phone, _events) = builder.start().await?;
    let config = StationConfig::new(phone.identity(), &wished.title, wished.music.profile())?;
    let (station, events) = StationBuilder::new(config).start(&destinations).await?;
    let (radio, _) = RadioBuilder::new().start()?;
    station.play(&radio).await?;
    let source = radio.audio_source(AudioFormat::PHONE).await?;
    radio.press_to_talk().await?;
    outln!("identity  {}   others tune in to this", phone.identity());
    for address in phone.listening() {
        outln!("listening {address}");
    }
    let played = tokio::select! {
        played = play(source, sound) => played,
        () = tell(&station, &events) => Ok(()),
        () = announce(&phone, &station) => Ok(()),
        _ = stops.recv() => Ok(()),
    };
    radio.shutdown().await;
    station.shutdown().await;
    phone.shutdown().await;
    Ok(played.map(|()| 0)?)
}

impl Sound {
    fn open(path: &Path) -> Result<Self, Failure> {
        if path != Path::new("-") {
            let pcm = read_wav(path)?;
            return match pcm.is_empty() {
                true => Err(Failure::usage(format!("{}: there is no sound in it", path.display()))),
                false => Ok(Self::File(pcm)),
            };
        }
        if io::stdin().is_terminal() {
            return Err(Failure::usage("standard input is a terminal: pipe raw audio into it"));
        }
        Ok(Self::Pipe)
    }
}

async fn play(mut source: AudioSource, sound: Sound) -> Result<(), AudioError> {
    match sound {
        Sound::File(pcm) => loop {
            source.write(&pcm).await?;
        },
        Sound::Pipe => {
            let mut blocks = stdin();
            while let Some(block) = blocks.recv().await {
                source.write(&block).await?;
            }
            source.drain().await
        }
    }
}

/// Reads standard input, on a thread of its own: reading blocks.
fn stdin() -> mpsc::Receiver<Vec<f32>> {
    let (sender, blocks) = mpsc::channel(BLOCKS);
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut bytes = Vec::new();
            // A read that fails is the end.
            let read = stdin.by_ref().take(BLOCK_BYTES).read_to_end(&mut bytes);
            let block = samples(&bytes).map(from_i16).collect();
            if !matches!(read, Ok(1..)) || sender.blocking_send(block).is_err() {
                return;
            }
        }
    });
    blocks
}

/// Tells how many listen.
async fn tell(station: &Station, events: &StationEvents) {
    while let Some(event) = events.next().await {
        if let StationEvent::TunedIn { .. } | StationEvent::TunedOut { .. } = event
            && let Ok(status) = station.status().await
        {
            outln!("listeners {}", status.listeners.len());
        }
    }
}

/// Announces the station after each new connection.
async fn announce(phone: &Phone, station: &Station) {
    let mut watch = phone.watch();
    let mut connections = 0;
    while let Some(state) = watch.changed().await {
        if state.connections > connections && station.announce().await.is_err() {
            return;
        }
        connections = state.connections;
    }
}

/// 20 ms.
const BLOCK_BYTES: u64 = 1_920;
/// Blocks of standard input that wait to be sent.
const BLOCKS: usize = 4;
