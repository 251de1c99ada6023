//! The sound devices of the phone, where it has them.

use lxst_audio::{Sink, Source};
use lxst_tokio::{AudioError, CallId, Phone};
use tokio::sync::mpsc;

use super::files::SoundFiles;
use super::news::News;
use super::refused::Refused;
use crate::control::{DeviceInfo, DeviceUse};
use crate::settings::Settings;
#[cfg(feature = "devices")]
use crate::sounds::Ring;
use crate::sounds::Ringtones;

/// What a phone hears and plays with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoundSettings {
    /// The devices of this machine, as the settings of the folder say.
    Devices,
    /// Files and pipes.
    Files(SoundFiles),
    /// Nothing: the ports of the phone are free for others.
    Nothing,
}

/// The devices that are attached.
pub(super) struct Sound {
    #[cfg(feature = "devices")]
    devices: Option<(lxst_device::PhoneDevices, lxst_device::DeviceEvents)>,
    #[cfg(feature = "devices")]
    news: mpsc::Sender<News>,
    #[cfg(feature = "devices")]
    ringtones: Ringtones,
    volume: f32,
}

/// Peaks in dBFS.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Levels {
    pub(super) microphone: Option<f32>,
    pub(super) speaker: Option<f32>,
}

#[cfg(feature = "devices")]
impl Sound {
    pub(super) async fn attach(
        phone: &Phone,
        sound: SoundSettings,
        settings: &Settings,
        news: mpsc::Sender<News>,
    ) -> Result<Self, AudioError> {
        use lxst_device::{DeviceSettings, PhoneDevices, Wish};
        let devices = match sound {
            SoundSettings::Files(_) | SoundSettings::Nothing => None,
            SoundSettings::Devices => {
                let wish =
                    |name: &Option<String>| name.as_deref().map_or(Wish::Default, Wish::named);
                let mut wished = DeviceSettings::default();
                wished.microphone = wish(&settings.microphone);
                wished.speaker = wish(&settings.speaker);
                wished.ringer = wish(&settings.ringer);
                wished.ringtones = Some(rings(&settings.ringtones, news.clone()));
                Some(PhoneDevices::attach(&lxst_tokio::Tokio, phone, wished).await?)
            }
        };
        Ok(Self { devices, news, ringtones: settings.ringtones.clone(), volume: 0.0 })
    }

    /// Rings by other ringtones, if they are others.
    pub(super) fn set_ringtones(&mut self, ringtones: &Ringtones) {
        if let Some((devices, _)) = &self.devices
            && self.ringtones != *ringtones
        {
            self.ringtones.clone_from(ringtones);
            devices.set_ringtones(Some(rings(ringtones, self.news.clone())));
        }
    }

    /// Plays at the speaker until it is stopped, or a call comes.
    pub(super) fn play(&self, sound: impl Source + Send + 'static) -> Result<(), Refused> {
        let (devices, _) = self.devices.as_ref().ok_or_else(none)?;
        devices.play(sound);
        Ok(())
    }

    pub(super) fn stop_playing(&self) {
        if let Some((devices, _)) = &self.devices {
            devices.stop_playing();
        }
    }

    /// Hears the microphone until it is stopped, or a call comes.
    pub(super) fn listen(&self, sink: impl Sink + Send + 'static) -> Result<(), Refused> {
        let (devices, _) = self.devices.as_ref().ok_or_else(none)?;
        devices.listen(sink);
        Ok(())
    }

    pub(super) fn stop_listening(&self) {
        if let Some((devices, _)) = &self.devices {
            devices.stop_listening();
        }
    }

    /// Waits for what becomes of a device.
    pub(super) async fn event(&self) -> (DeviceUse, String) {
        if let Some((_, events)) = &self.devices
            && let Ok(event) = events.recv().await
        {
            let role = match event.role {
                lxst_device::DeviceRole::Microphone => DeviceUse::Microphone,
                lxst_device::DeviceRole::Speaker => DeviceUse::Speaker,
                lxst_device::DeviceRole::Ringer => DeviceUse::Ringer,
            };
            return (role, event.to_string());
        }
        std::future::pending().await
    }

    pub(super) fn take(&self, role: DeviceUse, name: Option<&str>) -> Result<(), Refused> {
        let (devices, _) = self.devices.as_ref().ok_or_else(none)?;
        let wish = name.map_or(lxst_device::Wish::Default, lxst_device::Wish::named);
        match role {
            DeviceUse::Microphone => devices.set_microphone(wish),
            DeviceUse::Speaker => devices.set_speaker(wish),
            DeviceUse::Ringer => devices.set_ringer(wish),
        }
        Ok(())
    }

    pub(super) fn set_volume(&mut self, decibels: f32) -> Result<(), Refused> {
        let (devices, _) = self.devices.as_ref().ok_or_else(none)?;
        devices.set_volume(decibels);
        self.volume = decibels;
        Ok(())
    }

    /// Keeps the devices out of a call that the app answers itself.
    pub(super) fn leave_to_app(&self, call: CallId) {
        if let Some((devices, _)) = &self.devices {
            devices.leave_to_app(call);
        }
    }

    pub(super) fn levels(&self) -> Levels {
        let peaks = self.devices.as_ref().map(|(devices, _)| devices.peaks());
        Levels {
            microphone: peaks.map(|peaks| peaks.microphone_dbfs),
            speaker: peaks.map(|peaks| peaks.speaker_dbfs),
        }
    }
}

#[cfg(not(feature = "devices"))]
impl Sound {
    pub(super) async fn attach(
        _: &Phone,
        _: SoundSettings,
        _: &Settings,
        _: mpsc::Sender<News>,
    ) -> Result<Self, AudioError> {
        Ok(Self { volume: 0.0 })
    }

    pub(super) fn set_ringtones(&mut self, _: &Ringtones) {}

    pub(super) fn play(&self, _: impl Source + Send + 'static) -> Result<(), Refused> {
        Err(none())
    }

    pub(super) fn stop_playing(&self) {}

    pub(super) fn listen(&self, _: impl Sink + Send + 'static) -> Result<(), Refused> {
        Err(none())
    }

    pub(super) fn stop_listening(&self) {}

    pub(super) async fn event(&self) -> (DeviceUse, String) {
        std::future::pending().await
    }

    pub(super) fn take(&self, _: DeviceUse, _: Option<&str>) -> Result<(), Refused> {
        Err(none())
    }

    pub(super) fn set_volume(&mut self, _: f32) -> Result<(), Refused> {
        Err(none())
    }

    pub(super) fn leave_to_app(&self, _: CallId) {}

    pub(super) fn levels(&self) -> Levels {
        Levels::default()
    }
}

impl Sound {
    pub(super) const fn volume(&self) -> f32 {
        self.volume
    }
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sound").finish_non_exhaustive()
    }
}

/// Lists the devices of this machine.
#[cfg(feature = "devices")]
pub(super) async fn list() -> Result<Vec<DeviceInfo>, Refused> {
    // It may ask the hardware.
    let devices = tokio::task::spawn_blocking(lxst_device::devices).await??;
    let info = |device: lxst_device::Device| DeviceInfo {
        name: device.name,
        is_microphone: device.direction == lxst_device::Direction::Input,
        is_default: device.is_default,
        format: device.format.to_string(),
    };
    Ok(devices.into_iter().map(info).collect())
}

/// Lists the devices of this machine.
#[cfg(not(feature = "devices"))]
pub(super) async fn list() -> Result<Vec<DeviceInfo>, Refused> {
    Err(none())
}

/// Rings as the settings say. A file that cannot be read is told when it is to ring.
#[cfg(feature = "devices")]
fn rings(ringtones: &Ringtones, news: mpsc::Sender<News>) -> lxst_device::Ringtones {
    let ringtones = ringtones.clone();
    lxst_device::Ringtones::by_caller(move |caller| {
        let ring = ringtones.of(caller);
        let (sound, fault) = ring.sound();
        if let (Some(fault), Ring::File(path)) = (fault, ring) {
            let text = format!("the ringtone {}: {fault}: our bell rings", path.display());
            // Where many news wait, one more is not missed.
            let _ = news.try_send(News::Warning(text));
        }
        sound
    })
}

fn none() -> Refused {
    Refused::new("this phone has no sound devices")
}
