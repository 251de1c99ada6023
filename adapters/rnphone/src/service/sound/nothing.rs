//! What a build without devices has in their place.

use lxst_audio::{Sink, Source};
use lxst_tokio::{AudioError, CallId, Phone};
use tokio::sync::mpsc;

use super::{Levels, SoundSettings, none};
use crate::control::{DeviceInfo, DeviceUse};
use crate::echo_cancellation::EchoCancellation;
use crate::service::news::News;
use crate::service::refused::Refused;
use crate::settings::Settings;
use crate::sounds::Ringtones;

/// No devices.
#[derive(Debug)]
pub(in crate::service) struct Sound;

impl Sound {
    pub(in crate::service) async fn attach(
        _: &Phone,
        _: SoundSettings,
        _: &Settings,
        _: mpsc::Sender<News>,
    ) -> Result<Self, AudioError> {
        Ok(Self)
    }

    pub(in crate::service) fn set_ringtones(&mut self, _: &Ringtones) {}

    pub(in crate::service) fn handle_settings(&mut self, _: &Settings) {}

    pub(in crate::service) fn set_echo_cancellation(
        &self,
        _: EchoCancellation,
    ) -> Result<(), Refused> {
        Err(none())
    }

    pub(in crate::service) fn cancels_echo(&self) -> Option<bool> {
        None
    }

    pub(in crate::service) fn play(&self, _: impl Source + Send + 'static) -> Result<(), Refused> {
        Err(none())
    }

    pub(in crate::service) fn stop_playing(&self) {}

    pub(in crate::service) fn listen(&self, _: impl Sink + Send + 'static) -> Result<(), Refused> {
        Err(none())
    }

    pub(in crate::service) fn stop_listening(&self) {}

    pub(in crate::service) async fn event(&self) -> (DeviceUse, String) {
        std::future::pending().await
    }

    pub(in crate::service) fn take(&self, _: DeviceUse, _: Option<&str>) -> Result<(), Refused> {
        Err(none())
    }

    pub(in crate::service) fn set_volume(&mut self, _: f32) -> Result<(), Refused> {
        Err(none())
    }

    pub(in crate::service) fn leave_to_app(&self, _: CallId) {}

    pub(in crate::service) fn levels(&self) -> Levels {
        Levels::default()
    }

    pub(in crate::service) const fn volume(&self) -> f32 {
        0.0
    }
}

/// Lists the devices of this machine.
pub(in crate::service) async fn list() -> Result<Vec<DeviceInfo>, Refused> {
    Err(none())
}
