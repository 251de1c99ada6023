//! Serial lines: cables and packet radio modems.

use std::io;
use std::time::Duration;

use lxst_tokio::{ByteStream, Interface, Parity, SerialLine, byte_stream};
use serial2_tokio::{CharSize, FlowControl, Parity as ParityBit, SerialPort, Settings, StopBits};
use tokio::time::sleep;

/// Returns the interface on a line, which is opened again whenever it was unplugged.
pub(super) fn interface(line: SerialLine) -> Interface {
    let of = line.clone();
    of.interface(move || open(line.clone()))
}

async fn open(line: SerialLine) -> io::Result<ByteStream> {
    let configure = |settings: Settings| configured(&line, settings);
    let port = SerialPort::open(&line.port, configure).map_err(|error| {
        let port = &line.port;
        let message = format!("{port}: {error}; plug it in, and let this user read and write it");
        io::Error::new(error.kind(), message)
    })?;
    if !line.setup.is_empty() {
        sleep(START_OF_MODEM).await;
        port.write_all(&line.setup).await?;
    }
    Ok(byte_stream(port))
}

fn configured(line: &SerialLine, mut settings: Settings) -> io::Result<Settings> {
    settings.set_raw();
    settings.set_baud_rate(line.speed)?;
    settings.set_char_size(match line.data_bits {
        5 => CharSize::Bits5,
        6 => CharSize::Bits6,
        7 => CharSize::Bits7,
        _ => CharSize::Bits8,
    });
    settings.set_stop_bits(if line.stop_bits == 2 { StopBits::Two } else { StopBits::One });
    settings.set_parity(match line.parity {
        Parity::None => ParityBit::None,
        Parity::Even => ParityBit::Even,
        Parity::Odd => ParityBit::Odd,
    });
    settings.set_flow_control(FlowControl::None);
    Ok(settings)
}

/// *Source*: RNS/Interfaces/KISSInterface.py `configure_device`.
const START_OF_MODEM: Duration = Duration::from_secs(2);
