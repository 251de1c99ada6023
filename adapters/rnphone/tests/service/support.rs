//! Phones that run beside a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lxst_tokio::{IdentityHash, Interface};
use rnphone_rs::control::{Command, Event, Reply, Status};
use rnphone_rs::folder::{Folder, Surroundings};
use rnphone_rs::service::{
    Client, ClientEvents, Listener, NetworkAccess, Overrides, PcmListener, Service, SoundSettings,
    Start,
};
use rnphone_rs::words;

pub(crate) struct Phone {
    pub(crate) identity: IdentityHash,
    folder: PathBuf,
    address: String,
    service: Service,
    client: Client,
    events: ClientEvents,
}

impl Phone {
    /// A phone with a TCP server for each of three others.
    pub(crate) async fn listening(name: &str) -> Self {
        let folder = new_folder(name);
        Self::start(folder, listen(), SoundSettings::Nothing).await
    }

    /// A listening phone with these settings.
    pub(crate) async fn set_up(name: &str, settings: &str) -> Self {
        Self::set_up_with(name, settings, Overrides::default()).await
    }

    /// A listening phone with these settings, of which this start changes some.
    pub(crate) async fn set_up_with(name: &str, settings: &str, overrides: Overrides) -> Self {
        let folder = new_folder(name);
        fs::write(folder.join("config"), settings).expect("it is written");
        Self::begin(folder, listen(), SoundSettings::Nothing, overrides).await
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens the socket for programs.
    pub(crate) fn open_control(&self) {
        let listener = Listener::bind(&self.folder.join("control")).expect("a socket");
        tokio::spawn(listener.serve(self.service.control().clone()));
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A phone that is connected to another.
    pub(crate) async fn calling(name: &str, to: &Self) -> Self {
        let folder = new_folder(name);
        let mut phone =
            Self::start(folder, vec![Interface::tcp_client(&to.address)], SoundSettings::Nothing)
                .await;
        phone.until(|event| matches!(event, Event::Network { connections: 1.., .. })).await;
        phone
    }

    /// The same phone after its end.
    pub(crate) async fn restarted(self) -> Self {
        self.service.stop().await;
        Self::start(self.folder, Vec::new(), SoundSettings::Nothing).await
    }

    pub(crate) async fn start(
        path: PathBuf,
        interfaces: Vec<Interface>,
        sound: SoundSettings,
    ) -> Self {
        Self::begin(path, interfaces, sound, Overrides::default()).await
    }

    async fn begin(
        path: PathBuf,
        interfaces: Vec<Interface>,
        sound: SoundSettings,
        overrides: Overrides,
    ) -> Self {
        let folder = Folder::find(Surroundings::of_process(Some(path.clone()))).expect("a folder");
        let pcm = PcmListener::bind(&folder.pcm()).expect("a socket");
        let start = Start {
            folder,
            network: NetworkAccess::Given { interfaces, text: "TCP".to_owned() },
            sound,
            overrides,
        };
        let service = Service::start(start).await.expect("it starts");
        tokio::spawn(pcm.serve(service.pcm().clone()));
        let (client, mut events) = service.control().client().await.expect("it answers");
        let Some(Event::Hello { identity, listening, .. }) = events.next().await else {
            panic!("no hello");
        };
        let address = listening.first().cloned().unwrap_or_default();
        Self { identity, folder: path, address, service, client, events }
    }

    /// Waits for an event; those before it are left out.
    pub(crate) async fn until(&mut self, is_it: impl Fn(&Event) -> bool) -> Event {
        let mut seen = Vec::new();
        let found = async {
            loop {
                let event = self.events.next().await.expect("the phone runs");
                if is_it(&event) {
                    return event;
                }
                seen.push(event);
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("it did not come after {seen:#?}"))
    }

    pub(crate) async fn status(&self) -> Status {
        match self.client.ask(Command::Status {}).await {
            Ok(Reply::Status(status)) => *status,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn ended(&mut self) {
        self.service.ended().await;
    }
}

/// Has a line done, as typed.
pub(crate) async fn ask(phone: &Phone, line: &str) -> Result<Reply, String> {
    let command = words::parse(line).map_err(|error| error.to_string())?;
    phone.client.ask(command).await.map_err(|error| error.to_string())
}

pub(crate) async fn done(phone: &Phone, command: Command) {
    assert_eq!(phone.client.ask(command).await, Ok(Reply::Done));
}

pub(crate) fn listen() -> Vec<Interface> {
    vec![Interface::tcp_server("127.0.0.1:0")]
}

pub(crate) fn new_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("service").join(name);
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Time limit of an event.
const PATIENCE: Duration = Duration::from_secs(60);
