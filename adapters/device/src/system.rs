//! The devices of the system, by cpal.

use std::fs;

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{DeviceType, ErrorKind};

use crate::device::{Device, Direction, Form, Format};

/// Lists the microphones and speakers that the system has now.
///
/// It may take some 100 ms where the system asks the hardware.
///
/// # Errors
/// [`DeviceError`] where the system does not answer. No device at all is an empty list.
pub fn devices() -> Result<Vec<Device>, DeviceError> {
    let system = System::new(false)?;
    let [inputs, outputs] =
        [Direction::Input, Direction::Output].map(|direction| system.devices(direction));
    Ok(inputs?.into_iter().chain(outputs?).map(|found| found.device).collect())
}

/// A way to the devices.
pub(crate) struct System {
    host: cpal::Host,
    /// By a sound server, which tells of devices at no cost.
    pub(crate) is_served: bool,
}

/// A device, and what opens it.
pub(crate) struct Found {
    pub(crate) device: Device,
    pub(crate) handle: cpal::Device,
    /// By a sound server.
    pub(crate) is_served: bool,
}

impl System {
    /// Asks the sound server where there is one, or where one `was_served`: the hardware below a
    /// server that is being started again is not for us.
    pub(crate) fn new(was_served: bool) -> Result<Self, DeviceError> {
        match server().filter(|id| was_served || cpal::available_hosts().contains(id)) {
            Some(id) => Ok(Self { host: cpal::host_from_id(id)?, is_served: true }),
            None => {
                keep_quiet();
                Ok(Self { host: cpal::default_host(), is_served: false })
            }
        }
    }

    /// Tells whether a server has come that was not there.
    pub(crate) fn is_outdated(&self) -> bool {
        !self.is_served && server().is_some_and(|id| cpal::available_hosts().contains(&id))
    }

    /// Returns what changes where the hardware does; `None` where only a list tells.
    ///
    /// ALSA opens each device for a list, and plugins of it write to the terminal then.
    pub(crate) fn hardware(&self) -> Option<Vec<u8>> {
        if self.is_served { None } else { fs::read("/proc/asound/cards").ok() }
    }

    pub(crate) fn devices(&self, direction: Direction) -> Result<Vec<Found>, DeviceError> {
        keep_quiet();
        let default = match direction {
            Direction::Input => self.host.default_input_device(),
            Direction::Output => self.host.default_output_device(),
        };
        let default = default.and_then(|device| device.id().ok());
        let found = self.host.devices()?.filter_map(|handle| {
            let id = handle.id().ok().filter(|id| id.id() != NOWHERE)?;
            let is_default = default.as_ref() == Some(&id);
            // A device that goes while it is asked is none.
            let device = describe(&handle, id.id().to_owned(), direction, is_default)?;
            Some(Found { device, handle, is_served: self.is_served })
        });
        Ok(found.collect())
    }
}

/// ALSA's device that plays to nobody and hears zeros.
const NOWHERE: &str = "null";

/// The sound server that cpal can speak to here. PipeWire answers as PulseAudio.
fn server() -> Option<cpal::HostId> {
    cpal::ALL_HOSTS.iter().copied().find(|id| id.name() == "PulseAudio")
}

/// Keeps ALSA's library from writing to people's terminals about each device that it cannot open.
fn keep_quiet() {
    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
    // Where that fails, it writes.
    let _ = alsa::Output::local_error_handler();
}

fn describe(
    handle: &cpal::Device,
    id: String,
    direction: Direction,
    is_default: bool,
) -> Option<Device> {
    let config = match direction {
        Direction::Input => handle.default_input_config(),
        Direction::Output => handle.default_output_config(),
    };
    let config = config.ok()?;
    let description = handle.description().ok()?;
    let name = description.name().to_owned();
    let form = match description.device_type() {
        DeviceType::Headphones => Form::Headphones,
        DeviceType::Headset => Form::Headset,
        DeviceType::Handset => Form::Handset,
        DeviceType::Earpiece => Form::Earpiece,
        DeviceType::HearingAid => Form::HearingAid,
        _ => Form::of_name(&id, &name),
    };
    let format = Format { rate_hz: config.sample_rate(), channels: config.channels() };
    Some(Device { id, name, direction, form, is_default, format })
}

/// Why a device or the system does not do as asked, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// Another program has it for itself.
    #[error("another program uses it: close that, or choose another device")]
    Busy,
    /// The system does not let this program.
    #[error("no permission: allow this program the microphone, or join the group \"audio\"")]
    Denied,
    /// It is not there any more.
    #[error("it is not there any more")]
    Gone,
    /// It takes or gives no samples that we can make or read.
    #[error("it has no sample format that is known here: {0}")]
    Format(String),
    /// No sound server answers.
    #[error(
        "no sound system answers: start PulseAudio or PipeWire, or see /proc/asound/cards ({0})"
    )]
    NoSystem(String),
    /// What the system says, word by word.
    #[error("{0}")]
    System(String),
}

impl From<cpal::Error> for DeviceError {
    fn from(error: cpal::Error) -> Self {
        match error.kind() {
            ErrorKind::DeviceBusy => Self::Busy,
            ErrorKind::PermissionDenied => Self::Denied,
            ErrorKind::DeviceNotAvailable => Self::Gone,
            ErrorKind::UnsupportedConfig => Self::Format(error.to_string()),
            ErrorKind::HostUnavailable => Self::NoSystem(error.to_string()),
            _ => Self::System(error.to_string()),
        }
    }
}
