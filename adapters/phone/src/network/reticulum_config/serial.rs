//! Serial lines of the configuration.

use std::fmt;
use std::future::Future;
use std::io;

use lxst_reticulum::{Framing, Ifac};

use super::ConfigFault;
use super::reader::Reader;
use crate::network::interface::{ByteStream, Interface};
use crate::runtime::Runtime;

/// A serial line of the configuration, which the app opens without flow control.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SerialLine {
    /// The name of the section.
    pub name: String,
    /// The system's name of the port, such as `/dev/ttyUSB0`.
    pub port: String,
    /// In bits per second.
    pub speed: u32,
    /// From 5 to 8.
    pub data_bits: u8,
    /// The parity bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
    /// [`Framing::Kiss`] of a packet radio modem, else [`Framing::Hdlc`].
    pub framing: Framing,
    /// What is to be written whenever the port was opened: the settings of a modem. RNS gives a
    /// modem 2 s to start before.
    pub setup: Vec<u8>,
    pub(super) ifac: Option<Ifac>,
}

/// The parity bit of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// None.
    None,
    /// An even number of ones.
    Even,
    /// An odd number of ones.
    Odd,
}

impl SerialLine {
    pub(super) fn read(
        name: &str,
        keys: Reader<'_>,
        framing: Framing,
        ifac: Option<Ifac>,
    ) -> Result<Self, ConfigFault> {
        let small = |key, values: &[u8], wanted| -> Result<u8, ConfigFault> {
            let number = keys.number(key, 255, wanted)?.unwrap_or(u32::from(values[0]));
            values
                .iter()
                .copied()
                .find(|value| u32::from(*value) == number)
                .ok_or_else(|| ConfigFault::Value { key, value: number.to_string(), wanted })
        };
        let setup = if framing == Framing::Kiss { kiss_setup(keys)? } else { Vec::new() };
        let speed = keys.number("speed", u32::MAX, "a number of bits per second")?;
        Ok(Self {
            name: name.to_owned(),
            port: keys.needed("port")?.to_owned(),
            speed: speed.unwrap_or(SPEED),
            data_bits: small("databits", &[8, 7, 6, 5], "from 5 to 8")?,
            // RNS takes other words for none.
            parity: match &*keys.text("parity")?.unwrap_or_default().to_lowercase() {
                "e" | "even" => Parity::Even,
                "o" | "odd" => Parity::Odd,
                _ => Parity::None,
            },
            stop_bits: small("stopbits", &[1, 2], "1 or 2")?,
            framing,
            setup,
            ifac,
        })
    }

    /// Returns the interface on the opened line. `connect` is called as that of
    /// [`Interface::stream`] is.
    pub fn interface<R, C, F>(&self, connect: C) -> Interface<R>
    where
        R: Runtime,
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<ByteStream>> + Send + 'static,
    {
        let interface = Interface::stream(self.to_string(), self.framing, connect);
        match self.ifac {
            Some(ifac) => interface.with_ifac(ifac),
            None => interface,
        }
    }
}

impl fmt::Display for SerialLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.framing == Framing::Kiss { "KISSInterface" } else { "SerialInterface" };
        write!(f, "{kind} \"{}\"", self.name)
    }
}

/// The settings of a KISS modem: for each a frame with a command and its value.
///
/// *Source*: RNS/Interfaces/KISSInterface.py `configure_device`.
fn kiss_setup(keys: Reader<'_>) -> Result<Vec<u8>, ConfigFault> {
    let remedy = "run rnsd, which does, and the phone attaches to it; or remove it";
    keys.refuse("id_callsign", remedy)?;
    if keys.switch("flow_control")? == Some(true) {
        keys.refuse("flow_control", remedy)?;
    }
    let mut setup = Vec::new();
    for (key, command, default, unit) in [
        ("preamble", 0x01, 350, 10),
        ("txtail", 0x04, 20, 10),
        ("persistence", 0x02, 64, 1),
        ("slottime", 0x03, 20, 10),
    ] {
        let value = keys.number(key, u32::MAX, "a number from 0")?.unwrap_or(default) / unit;
        setup.extend([FRAME_END, command, u8::try_from(value).unwrap_or(u8::MAX), FRAME_END]);
    }
    Ok(setup)
}

const FRAME_END: u8 = 0xC0;
/// *Source*: RNS/Interfaces/SerialInterface.py, KISSInterface.py.
const SPEED: u32 = 9_600;
