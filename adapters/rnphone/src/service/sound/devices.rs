//! Microphones, speakers and ringers of this machine.

use std::fmt;

use lxst_audio::{Sink, Source};
use lxst_device::{DeviceSettings, PhoneDevices, Wish};
use lxst_tokio::{AudioError, CallId, Phone};
use tokio::sync::mpsc;

use super::{Levels, SoundSettings, none};
use crate::control::{DeviceInfo, DeviceUse};
use crate::echo_cancellation::EchoCancellation;
use crate::service::news::News;
use crate::service::refused::Refused;
use crate::settings::Settings;
use crate::sounds::{Ring, Ringtones};

/// The devices that are attached.
pub(in crate::service) struct Sound {
    devices: Option<(PhoneDevices, lxst_device::DeviceEvents)>,
    news: mpsc::Sender<News>,
    ringtones: Ringtones,
    /// As the settings said last.
    echo_cancellation: EchoCancellation,
    volume: f32,
}

impl Sound {
    pub(in crate::service) async fn attach(
        phone: &Phone,
        sound: SoundSettings,
        settings: &Settings,
        news: mpsc::Sender<News>,
    ) -> Result<Self, AudioError> {
        let devices = match sound {
            SoundSettings::Files(_) | SoundSettings::Nothing => None,
            SoundSettings::Devices => {
                let wish =
                    |name: &Option<String>| name.as_deref().map_or(Wish::Default, Wish::named);
                let mut wished = DeviceSettings::default();
                wished.microphone = wish(&settings.microphone);
                wished.speaker = wish(&settings.speaker);
                wished.ringer = wish(&settings.ringer);
                wished.aec = aec(settings.echo_cancellation);
                wished.ringtones = Some(rings(&settings.ringtones, news.clone()));
                Some(PhoneDevices::attach(&lxst_tokio::Tokio, phone, wished).await?)
            }
        };
        let Settings { ringtones, echo_cancellation, .. } = settings.clone();
        Ok(Self { devices, news, ringtones, echo_cancellation, volume: 0.0 })
    }

    /// Rings by other ringtones, if they are others.
    pub(in crate::service) fn set_ringtones(&mut self, ringtones: &Ringtones) {
        if let Some((devices, _)) = &self.devices
            && self.ringtones != *ringtones
        {
            self.ringtones.clone_from(ringtones);
            devices.set_ringtones(Some(rings(ringtones, self.news.clone())));
        }
    }

    /// Takes over what the settings say now and did not before.
    pub(in crate::service) fn handle_settings(&mut self, settings: &Settings) {
        let wanted = settings.echo_cancellation;
        if wanted != self.echo_cancellation {
            self.echo_cancellation = wanted;
            // Without devices there is no echo.
            let _ = self.set_echo_cancellation(wanted);
        }
    }

    pub(in crate::service) fn set_echo_cancellation(
        &self,
        when: EchoCancellation,
    ) -> Result<(), Refused> {
        let (devices, _) = self.devices.as_ref().ok_or_else(none)?;
        devices.set_aec(aec(when));
        Ok(())
    }

    /// Whether the echo of the present speaker is cancelled.
    pub(in crate::service) fn cancels_echo(&self) -> Option<bool> {
        self.devices.as_ref().map(|(devices, _)| devices.cancels_echo())
    }

    /// Plays at the speaker until it is stopped, or a call comes.
    pub(in crate::service) fn play(
        &self,
        sound: impl Source + Send + 'static,
    ) -> Result<(), Refused> {
        let (devices, _) = self.devices.as_ref().ok_or_else(none)?;
        devices.play(sound);
        Ok(())
    }

    pub(in crate::service) fn stop_playing(&self) {
        if let Some((devices, _)) = &self.devices {
            devices.stop_playing();
        }
    }

    /// Hears the microphone until it is stopped, or a call comes.
    pub(in crate::service) fn listen(
        &self,
        sink: impl Sink + Send + 'static,
    ) -> Result<(), Refused> {
        let (devices, _) = self.devices.as_ref().ok_or_else(none)?;
        devices.listen(sink);
        Ok(())
    }

    pub(in crate::service) fn stop_listening(&self) {
        if let Some((devices, _)) = &self.devices {
            devices.stop_listening();
        }
    }

    /// Waits for what becomes of a device.
    pub(in crate::service) async fn event(&self) -> (DeviceUse, String) {
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

    pub(in crate::service) fn take(
        &self,
        role: DeviceUse,
        name: Option<&str>,
    ) -> Result<(), Refused> {
        let (devices, _) = self.devices.as_ref().ok_or_else(none)?;
        let wish = name.map_or(Wish::Default, Wish::named);
        match role {
            DeviceUse::Microphone => devices.set_microphone(wish),
            DeviceUse::Speaker => devices.set_speaker(wish),
            DeviceUse::Ringer => devices.set_ringer(wish),
        }
        Ok(())
    }

    pub(in crate::service) fn set_volume(&mut self, decibels: f32) -> Result<(), Refused> {
        let (devices, _) = self.devices.as_ref().ok_or_else(none)?;
        devices.set_volume(decibels);
        self.volume = decibels;
        Ok(())
    }

    /// Keeps the devices out of a call that the app answers itself.
    pub(in crate::service) fn leave_to_app(&self, call: CallId) {
        if let Some((devices, _)) = &self.devices {
            devices.leave_to_app(call);
        }
    }

    pub(in crate::service) fn levels(&self) -> Levels {
        let peaks = self.devices.as_ref().map(|(devices, _)| devices.peaks());
        Levels {
            microphone: peaks.map(|peaks| peaks.microphone_dbfs),
            speaker: peaks.map(|peaks| peaks.speaker_dbfs),
        }
    }

    pub(in crate::service) const fn volume(&self) -> f32 {
        self.volume
    }
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sound").finish_non_exhaustive()
    }
}

/// Lists the devices of this machine.
pub(in crate::service) async fn list() -> Result<Vec<DeviceInfo>, Refused> {
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

const fn aec(when: EchoCancellation) -> lxst_device::Aec {
    match when {
        EchoCancellation::Auto => lxst_device::Aec::Auto,
        EchoCancellation::On => lxst_device::Aec::On,
        EchoCancellation::Off => lxst_device::Aec::Off,
    }
}

/// Rings as the settings say. A file that cannot be read is told when it is to ring.
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
