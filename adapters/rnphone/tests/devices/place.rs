//! A phone among devices, and who calls it.

use std::f32::consts::TAU;
use std::future::Future;
use std::path::{Path, PathBuf};

use lxst_audio::SoundWriter;
use lxst_interop::environment::short_name;
use lxst_tokio::{
    Call, Events, Identity, Interface, OsRng, Phone as Caller, PhoneBuilder, Profile,
};
use rnphone_rs::service::SoundSettings;

use crate::server::on_server;
use crate::sound::Recording;
use crate::support::{Phone, listen, new_folder};

/// The folder of a phone that is to start.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    settings: String,
}

/// Somebody who calls.
pub(crate) struct Somebody {
    pub(crate) identity: Identity,
}

pub(crate) struct Calling {
    _phone: (Caller, Events),
    pub(crate) call: Call,
}

/// Runs a test where there are a mouth, an ear, a bell and a headset.
pub(crate) fn among_devices<F: Future<Output = ()>>(
    test: &'static str,
    body: impl FnOnce(Place) -> F,
) {
    on_server(test, |server| {
        for device in ["mouth", "ear", "bell", "headset"] {
            server.room(device);
        }
        let settings = "[telephone]\nmicrophone = at-mouth\nspeaker = ear\nringer = bell\n";
        let place = Place { folder: new_folder(&short_name(test)), settings: settings.to_owned() };
        // What is heard is waited for on this thread.
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        runtime.block_on(body(place));
    });
}

impl Place {
    pub(crate) fn with(mut self, settings: &str) -> Self {
        self.settings.push_str(settings);
        self
    }

    pub(crate) fn write_settings(&self) {
        let config = self.folder.join("config");
        std::fs::write(config, &self.settings).expect("the folder can be written to");
    }

    pub(crate) async fn phone(&self) -> Phone {
        self.write_settings();
        Phone::start(self.folder.clone(), listen(), SoundSettings::Devices).await
    }
}

impl Somebody {
    pub(crate) fn new() -> Self {
        Self { identity: Identity::generate(&mut OsRng) }
    }

    pub(crate) async fn dials(self, phone: &Phone) -> Calling {
        let (caller, events) = PhoneBuilder::new(self.identity)
            .interface(Interface::tcp_client(phone.address()))
            .start()
            .await
            .expect("it starts");
        let call = caller.dial(phone.identity, Profile::MediumQuality).await.expect("it dials");
        Calling { _phone: (caller, events), call }
    }
}

pub(crate) fn bell() -> Recording {
    Recording::at("at-bell")
}

pub(crate) fn ear() -> Recording {
    Recording::at("at-ear")
}

/// Writes a steady note of so many seconds.
pub(crate) fn note(mut file: impl SoundWriter, hz: f32, seconds: u32) {
    let moment = |at: u32| 0.3 * (TAU * hz * (at % 48_000) as f32 / 48_000.0).sin();
    let sound: Vec<f32> = (0..48_000 * seconds).map(moment).collect();
    file.write(&sound).expect("the folder can be written to");
    file.finish().expect("the folder can be written to");
}

pub(crate) fn make_folder(path: &Path) {
    std::fs::create_dir_all(path).expect("the folder can be written to");
}
