//! The sound devices of the phone, where it has them.

use lxst_tokio::{AudioError, CallId, Phone};

use super::files::SoundFiles;
use super::refused::Refused;
use crate::control::{DeviceInfo, DeviceUse};
use crate::settings::Settings;

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
                Some(PhoneDevices::attach(&lxst_tokio::Tokio, phone, wished).await?)
            }
        };
        Ok(Self { devices, volume: 0.0 })
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
    ) -> Result<Self, AudioError> {
        Ok(Self { volume: 0.0 })
    }

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

fn none() -> Refused {
    Refused::new("this phone has no sound devices")
}
