//! The voice feature of an app: a phone, the app's lists, and the state of the screen.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lxst_examples::outln;
use lxst_tokio::{
    Admission, Call, CallError, CallId, CallState, Callers, EndReason, Event, Events, IdentityHash,
    Interface, Network, Phone, PhoneBuilder, Profile, Role, State,
};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::device::{Device, FORMAT};

/// The app's settings at start.
#[derive(Debug)]
pub(crate) struct Settings {
    name: &'static str,
    folder: PathBuf,
    interface: Interface,
}

impl Settings {
    pub(crate) fn new(name: &'static str, folder: &Path, interface: Interface) -> Self {
        Self { name, folder: folder.join(name), interface }
    }
}

/// The state of the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct View {
    pub(crate) is_online: bool,
    /// A word that users know: idle calling ringing connecting established, and how the last call
    /// ended.
    pub(crate) status: String,
    pub(crate) call: Option<CallId>,
    pub(crate) peer: Option<IdentityHash>,
    pub(crate) profile: Option<&'static str>,
    pub(crate) has_microphone: bool,
    pub(crate) has_speaker: bool,
    pub(crate) ended: Option<CallId>,
}

/// The app. Its methods are the actions of buttons.
#[derive(Debug)]
pub(crate) struct App {
    phone: Phone,
    screen: watch::Receiver<View>,
    contacts: Contacts,
    devices: Mutex<Devices>,
    sound: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

/// The identities whose calls ring here.
type Contacts = Arc<Mutex<BTreeSet<IdentityHash>>>;

#[derive(Debug, Default)]
struct Devices {
    microphone: Option<Device>,
    speaker: Option<Device>,
}

type Done<T = ()> = Result<T, Box<dyn Error>>;

impl App {
    pub(crate) async fn start(settings: Settings) -> Done<Self> {
        // This app decides on each caller before the call rings, and announces by a button.
        let voice_calls = lxst_tokio::Settings::default()
            .callers(Callers::ask())
            .network(Network::announced_on_command());
        let (phone, events) = PhoneBuilder::open(&settings.folder)?
            .interface(settings.interface)
            .settings(voice_calls)
            .start()
            .await?;
        let (view, screen) = watch::channel(View::default());
        let contacts = Contacts::default();
        tokio::spawn(show(settings.name, phone.clone(), view));
        let task = tokio::spawn(follow(phone.clone(), events, contacts.clone()));
        let (devices, sound) = (Mutex::default(), Arc::default());
        Ok(Self { phone, screen, contacts, devices, sound, task })
    }

    pub(crate) fn identity(&self) -> IdentityHash {
        self.phone.identity()
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.phone.listening().first().copied()
    }

    pub(crate) async fn announce(&self) -> Result<(), CallError> {
        self.phone.announce().await
    }

    pub(crate) async fn add_contact(&self, contact: IdentityHash) -> Done {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner).insert(contact);
        Ok(())
    }

    /// Returns at once; the screen shows the progress.
    pub(crate) async fn dial(&self, to: IdentityHash, profile: Profile) -> Done<CallId> {
        Ok(self.phone.dial(to, profile).await?.id())
    }

    /// Answers the call that the button was drawn for, and no other.
    pub(crate) async fn answer(&self, call: CallId) -> Result<(), CallError> {
        self.phone.call(call).answer().await
    }

    pub(crate) async fn hang_up(&self) -> Done<CallId> {
        let call = self.call()?;
        call.hang_up().await?;
        Ok(call.id())
    }

    pub(crate) async fn switch_profile(&self, profile: Profile) -> Done {
        Ok(self.call()?.set_profile(profile).await?)
    }

    /// Opens the devices that are not open: after a permission was given, or a device came back.
    /// The call goes on meanwhile.
    pub(crate) async fn open_devices(&self) -> Done {
        let source = self.phone.device_source(FORMAT).await?;
        let sink = self.phone.device_sink(FORMAT).await?;
        let mut devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
        devices.microphone = Some(Device::microphone(source));
        devices.speaker = Some(Device::speaker(sink, self.sound.clone()));
        Ok(())
    }

    /// Unplugs the microphone: the call goes on, and the peer is still heard.
    pub(crate) fn unplug_microphone(&self) {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner).microphone = None;
    }

    pub(crate) fn seconds_heard(&self) -> f32 {
        self.sound.load(Ordering::Relaxed) as f32 / FORMAT.rate_hz as f32
    }

    pub(crate) fn view(&self) -> View {
        self.screen.borrow().clone()
    }

    /// Waits for a state of the screen.
    pub(crate) async fn until(&self, is_shown: impl FnMut(&View) -> bool) -> Done<View> {
        Ok(self.screen.clone().wait_for(is_shown).await?.clone())
    }

    pub(crate) async fn shut_down(self) {
        self.phone.shutdown().await;
        // The task ends with the phone's events.
        let _ = self.task.await;
    }

    fn call(&self) -> Done<Call> {
        let status = self.phone.state().call.ok_or("there is no call")?;
        Ok(self.phone.call(status.call))
    }
}

/// Handles the events on which the app decides. Everything else shows in the phone's state.
async fn follow(phone: Phone, mut events: Events, contacts: Contacts) {
    while let Some(event) = events.next().await {
        if let Event::Screening { call, from, .. } = event {
            let is_contact =
                contacts.lock().unwrap_or_else(PoisonError::into_inner).contains(&from);
            let admission = if is_contact { Admission::Ring } else { Admission::Busy };
            // The caller may have given up meanwhile.
            let _ = phone.call(call).screen(admission).await;
        }
    }
}

/// Draws the screen whenever the phone's state has changed. A slow screen skips states.
async fn show(name: &'static str, phone: Phone, screen: watch::Sender<View>) {
    let mut watch = phone.watch();
    // This task must not keep the phone alive.
    drop(phone);
    while let Some(state) = watch.changed().await {
        let view = view(&state);
        if screen.send_if_modified(|shown| std::mem::replace(shown, view.clone()) != view) {
            let peer = view.peer.map(|peer| peer.to_string());
            let line = json!({
                "app": name, "status": view.status, "peer": peer, "profile": view.profile,
                "microphone": view.has_microphone, "speaker": view.has_speaker,
            });
            outln!("{line}");
        }
    }
}

fn view(state: &State) -> View {
    let status = match (&state.call, state.ended) {
        (Some(call), _) => match (call.state, call.role) {
            (CallState::Ringing, Role::Caller) => "ringing there",
            (CallState::Ringing, Role::Callee) => "ringing",
            (CallState::Connecting, _) => "connecting",
            (CallState::Established, _) => "established",
            _ => "calling",
        }
        .to_owned(),
        (None, Some((_, EndReason::Cancelled | EndReason::LocalHangup)) | None) => {
            "idle".to_owned()
        }
        (None, Some((_, reason))) => reason.to_string(),
    };
    View {
        is_online: state.connections > 0,
        status,
        call: state.call.map(|call| call.call),
        peer: state.call.map(|call| call.peer),
        profile: state.call.map(|call| call.profile.key()),
        has_microphone: state.has_source,
        has_speaker: state.has_sink,
        ended: state.ended.map(|(call, _)| call),
    }
}
