//! Microphones, speakers and ringers of this machine.
//!
//! A [`Microphone`] or [`Speaker`] holds the device that its [`Wish`] asks for, as long as it is
//! not dropped. Where that device is not there, it holds the system's default; where a device goes,
//! it takes another; where the wished one comes back, it takes that again. Each change is an
//! [`Event`]. No device at all is no error: there is silence, until one comes.
//!
//! Audio passes in the device's own rate and channels, as `f32` from -1 to 1, in periods of 10 ms
//! where the system gives them. Whoever opens a line gives it a maker of callbacks, which is asked
//! once for each device that is taken:
//!
//! ```no_run
//! use lxst_device::{Event, Format, Microphone, Wish};
//!
//! let (microphone, events) = Microphone::open(Wish::named("headset"), |format: Format| {
//!     println!("{} Hz, {} channels", format.rate_hz, format.channels);
//!     Box::new(|block: &[f32]| println!("{} samples", block.len()))
//! });
//! while let Ok(event) = events.recv_blocking() {
//!     println!("{event}");
//!     if let Event::Silent { .. } = event {
//!         break;
//!     }
//! }
//! drop(microphone); // the device is closed
//! ```
//!
//! A microphone listens from [`Microphone::open`] until it is dropped and at no other time: open it
//! when the user answers or dials, never because a peer did something.
//!
//! # Systems
//! Linux by PulseAudio (PipeWire speaks it too), spoken natively, else by ALSA; macOS by CoreAudio,
//! Windows by WASAPI, Android by AAudio. *Source* of the rules of choice: LXST/Platforms, whose
//! look-up by name is case-sensitive and falls back without a word.

mod choice;
mod device;
mod event;
mod keeper;
mod line;
#[cfg(feature = "phone")]
mod phone;
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
mod pulse;
mod stream;
mod system;
mod watch;

pub use choice::{Choice, Reason, Wish, choose};
pub use device::{Device, Direction, Form, Format};
pub use event::{Event, Events};
pub use line::{Input, Line, Microphone, Output, Speaker};
#[cfg(feature = "phone")]
pub use phone::{
    Aec, DeviceEvent, DeviceEvents, DeviceRole, DeviceSettings, Peaks, PhoneDevices, Ringtones,
};
pub use system::{DeviceError, devices};
