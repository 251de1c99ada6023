//! The devices of the system: those of a sound server, else those that cpal lists.

use std::fs;

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{DeviceType, ErrorKind};

use crate::device::{Device, Direction, Form, Format};
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
use crate::pulse::Server;

/// Lists the microphones and speakers that the system has now.
///
/// It may take some 100 ms where the system asks the hardware.
///
/// # Errors
/// [`DeviceError`] where the system does not answer. No device at all is an empty list.
pub fn devices() -> Result<Vec<Device>, DeviceError> {
    let mut system = System::new(false)?;
    let [inputs, outputs] =
        [Direction::Input, Direction::Output].map(|direction| system.devices(direction));
    Ok(inputs?.into_iter().chain(outputs?).map(|found| found.device).collect())
}

/// A way to the devices.
pub(crate) enum System {
    /// A sound server, which tells of devices at no cost.
    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
    Server(Server),
    Host {
        host: cpal::Host,
        /// What changes where the hardware does, when it was listed.
        hardware: Option<Vec<u8>>,
    },
}

/// A device, and what opens it.
pub(crate) struct Found {
    pub(crate) device: Device,
    /// `None` for a sound server's, which is opened by its id.
    pub(crate) handle: Option<cpal::Device>,
}

impl System {
    /// Asks the sound server where there is one, or where one `was_served`: the hardware below a
    /// server that is being started again is not for us.
    pub(crate) fn new(was_served: bool) -> Result<Self, DeviceError> {
        #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
        if was_served || Server::is_there() {
            return Ok(Self::Server(Server::new()?));
        }
        let _ = was_served;
        keep_quiet();
        Ok(Self::Host { host: cpal::default_host(), hardware: None })
    }

    pub(crate) const fn is_served(&self) -> bool {
        !matches!(self, Self::Host { .. })
    }

    /// Tells whether a server has come that was not there.
    pub(crate) fn is_outdated(&self) -> bool {
        #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
        return !self.is_served() && Server::is_there();
        #[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd")))]
        false
    }

    /// Tells whether the devices may have changed since they were listed.
    ///
    /// ALSA opens each device for a list, and plugins of it write to the terminal then.
    pub(crate) fn has_changed(&mut self) -> Result<bool, DeviceError> {
        match self {
            #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
            Self::Server(server) => server.has_changed(),
            Self::Host { hardware, .. } => Ok(hardware.is_none() || *hardware != cards()),
        }
    }

    pub(crate) fn devices(&mut self, direction: Direction) -> Result<Vec<Found>, DeviceError> {
        match self {
            #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
            Self::Server(server) => {
                let devices = server.devices(direction)?.into_iter();
                Ok(devices.map(|device| Found { device, handle: None }).collect())
            }
            Self::Host { host, hardware } => {
                *hardware = cards();
                devices_of(host, direction)
            }
        }
    }
}

fn devices_of(host: &cpal::Host, direction: Direction) -> Result<Vec<Found>, DeviceError> {
    keep_quiet();
    let default = match direction {
        Direction::Input => host.default_input_device(),
        Direction::Output => host.default_output_device(),
    };
    let default = default.and_then(|device| device.id().ok());
    let found = host.devices()?.filter_map(|handle| {
        let id = handle.id().ok().filter(|id| is_wanted(id.id()))?;
        let is_default = default.as_ref() == Some(&id);
        // A device that goes while it is asked is none.
        let device = describe(&handle, id.id().to_owned(), direction, is_default)?;
        Some(Found { device, handle: Some(handle) })
    });
    Ok(found.collect())
}

/// Returns the sound cards; `None` where only a list of the devices tells.
fn cards() -> Option<Vec<u8>> {
    fs::read("/proc/asound/cards").ok()
}

/// Whether a device is worth a question. `null` plays to nobody and hears zeros; `jack` without its
/// server writes five lines to the terminal.
fn is_wanted(id: &str) -> bool {
    match id {
        "null" => false,
        "jack" => is_jack_there(),
        _ => true,
    }
}

/// Tells whether a JACK server runs, of any name and user: its socket is `jack_NAME_UID_0`.
fn is_jack_there() -> bool {
    let Ok(files) = fs::read_dir("/dev/shm") else { return false };
    files.filter_map(Result::ok).any(|file| {
        let is_socket = file.file_type().is_ok_and(|kind| !kind.is_file() && !kind.is_dir());
        is_socket && file.file_name().as_encoded_bytes().starts_with(b"jack_")
    })
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
