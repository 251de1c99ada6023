//! The running phone, which clients use by the [control protocol](crate::control).

mod announced;
mod broadcast;
mod calls;
mod client;
mod conference;
mod error;
mod files;
mod greeting;
mod messages;
mod network_access;
mod new_file;
mod news;
mod no_speaker;
mod overrides;
mod pager;
mod pages;
mod pcm;
mod people;
mod playback;
mod progress;
mod quiet;
mod radio_sound;
mod recordings;
mod refused;
mod server;
mod short_name;
mod socket;
mod sound;
mod sound_file;
mod studio;
mod task;
mod told;
mod tuner;

use lxst_tokio::host::create_private_folder;
use lxst_tokio::{IdentityHash, PhoneBuilder, load_or_create_identity};
use tokio::task::JoinHandle;

pub use client::{Client, ClientEvents, CommandError};
pub use error::ServiceError;
pub use files::{SoundFiles, SoundFilesError};
pub use network_access::NetworkAccess;
pub use overrides::{Lines, Overrides};
pub use pcm::Pcm;
pub use server::Control;
pub use socket::{Listener, PcmListener, SocketError, connect};
pub use sound::SoundSettings;

use crate::control::DeviceInfo;
use crate::folder::Folder;
use crate::history::History;
use crate::settings::Mistake;
use files::{Files, Microphone};
use messages::Messages;
use pages::Pages;
use people::People;
use quiet::Quiet;
use recordings::Recordings;
use sound::Sound;
use studio::Studio;
use task::{Parts, Task};
use tuner::Stations;

/// What a phone begins with.
#[derive(Debug)]
pub struct Start {
    /// Where who we are, whom we know and the history are kept.
    pub folder: Folder,
    /// By what the mesh is reached.
    pub network: NetworkAccess,
    /// The microphone, the speaker and what rings.
    pub sound: SoundSettings,
    /// What this start has in place of the settings of the folder.
    pub overrides: Overrides,
}

/// A phone that runs. It ends with [`Service::stop`], or with the command
/// [`Stop`](crate::control::Command::Stop).
#[derive(Debug)]
pub struct Service {
    control: Control,
    pcm: Pcm,
    identity: IdentityHash,
    listening: Vec<String>,
    skipped: Vec<Mistake>,
    task: JoinHandle<()>,
}

/// Lists the microphones and speakers of this machine.
///
/// # Errors
/// In words: the system does not answer, or this build has no devices.
pub async fn devices() -> Result<Vec<DeviceInfo>, String> {
    sound::list().await.map_err(refused::Refused::into_text)
}

impl Service {
    /// Starts a phone.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn start(start: Start) -> Result<Self, ServiceError> {
        let Start { folder, network, sound, overrides } = start;
        let files = match &sound {
            SoundSettings::Files(files) => Some(files.clone()),
            _ => None,
        };
        let microphone = files.as_ref().and_then(|files| files.microphone.as_deref());
        let microphone = microphone.map(Microphone::open).transpose()?;
        create_private_folder(folder.path())
            .map_err(|error| ServiceError::Folder { path: folder.path().into(), error })?;
        let identity = overrides.identity.clone().unwrap_or_else(|| folder.identity());
        let identity = load_or_create_identity(&identity)?;
        let (people, skipped) = People::read(folder.clone(), identity.hash(), overrides.clone())?;
        let history = History::open(&folder.history())
            .map_err(|error| ServiceError::History { path: folder.history(), error })?;
        let (tell, news) = news::channel();
        let messages = Messages::open(&folder, tell.clone())?;
        let recordings = Recordings::new(folder.recordings(), tell.clone());
        let settings = people.settings();
        let quiet = Quiet::new(overrides.clock.clone(), &settings.quiet_hours);
        let builder = PhoneBuilder::new(identity);
        let builder = overrides.build(builder, settings, quiet.callers(settings), &sound);
        let builder = network.attach(builder);
        let destinations = builder.destinations();
        let (phone, events) = match overrides.lines {
            Lines::One => builder.start_with_lines::<1>().await?,
            Lines::Two => builder.start_with_lines::<2>().await?,
        };
        if let NetworkAccess::Found(found) = &network {
            let (found, phone) = (found.clone(), phone.clone());
            // It ends with the phone.
            tokio::spawn(async move { found.watch(&phone, |_| {}).await });
        }
        let files = match &files {
            Some(files) => Files::attach(&phone, microphone, files).await?,
            None => Files::default(),
        };
        no_speaker::attach(&phone, &sound).await?;
        let mut sound = Sound::attach(&phone, sound, people.settings(), tell.clone()).await?;
        sound.set_ringtones(&quiet.ringtones(people.settings()));
        let identity = phone.identity();
        let listening: Vec<String> = phone.listening().iter().map(ToString::to_string).collect();
        let (control, asked) = Control::new(identity, listening.clone());
        let pcm = Pcm::new(phone.clone(), control.clone());
        let parts = Parts {
            people,
            quiet,
            history,
            messages,
            recordings,
            sound,
            files,
            studio: Studio::new(tell.clone()),
            pages: Pages::new(destinations.clone(), tell.clone()),
            stations: Stations::new(destinations, tell),
        };
        let task = Task::new(phone, parts, control.clone(), network);
        let task = tokio::spawn(task.run(events, asked, news));
        Ok(Self { control, pcm, identity, listening, skipped, task })
    }

    /// Returns the door of clients.
    #[must_use]
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// Returns the sound of the calls, for clients.
    #[must_use]
    pub const fn pcm(&self) -> &Pcm {
        &self.pcm
    }

    /// Returns the identity of this phone, which others dial.
    #[must_use]
    pub const fn identity(&self) -> IdentityHash {
        self.identity
    }

    /// Returns the local addresses of the TCP servers and UDP sockets.
    #[must_use]
    pub fn listening(&self) -> &[String] {
        &self.listening
    }

    /// Returns what of the settings was not understood and is skipped.
    #[must_use]
    pub fn skipped(&self) -> &[Mistake] {
        &self.skipped
    }

    /// Waits until the phone ends.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn ended(&mut self) {
        // It ends in one way only; a panic is told where it happens.
        let _ = (&mut self.task).await;
    }

    /// Ends the calls and the phone.
    pub async fn stop(mut self) {
        self.control.stop().await;
        self.ended().await;
    }
}
