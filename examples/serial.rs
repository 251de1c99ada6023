//! A call over a serial line: what an app writes to run a phone on a transport of its own.
//!
//! ```text
//! cargo run --example serial -- /dev/ttyUSB0            # answers, and prints whom to call
//! cargo run --example serial -- /dev/ttyUSB0 HASH       # calls
//! cargo run --example serial -- --kiss /dev/ttyUSB0     # through a packet radio modem
//! ```
//!
//! [`serial`] is the whole transport: a function that opens the line. The phone calls it again
//! whenever the line has ended, so a cable may be unplugged and plugged in again. With HDLC framing
//! it talks to Reticulum's `SerialInterface`, with KISS to its `KISSInterface`.
//!
//! The caller hangs up after a second. The exit code is 0 if the caller hung up, else 1.

use std::error::Error;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use lxst_examples::console::{detach, left_out};
use lxst_examples::{errln, outln};
use lxst_smol::{
    ByteStream, EndReason, Event, Framing, Identity, IdentityHash, Interface, OsRng, PhoneBuilder,
    Profile,
};
use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use smol::{Async, Timer};

/// An interface on a serial line.
fn serial(path: PathBuf, framing: Framing) -> Interface {
    Interface::stream(path.display().to_string(), framing, move || {
        let opened = open(&path).map_err(|error| {
            io::Error::new(error.kind(), format!("{error}: is it plugged in, and may you use it?"))
        });
        async { opened }
    })
}

fn open(path: &Path) -> io::Result<ByteStream> {
    let flags = (OFlags::NOCTTY | OFlags::NONBLOCK).bits() as i32;
    let line = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
    let mut mode = tcgetattr(&line)?;
    mode.make_raw();
    mode.set_speed(BAUD)?;
    tcsetattr(&line, OptionalActions::Now, &mode)?;
    Ok(ByteStream::duplex(Async::new(line)?))
}

/// Twice the rate of the default profile, and a usual speed of USB adapters.
const BAUD: u32 = 115_200;

#[derive(Debug, Parser)]
#[command(about = "Calls over a serial line")]
struct Options {
    /// Speak KISS, to a packet radio modem.
    #[arg(long)]
    kiss: bool,
    /// The line's device.
    line: PathBuf,
    /// Whom to call; without it, answer who calls.
    call: Option<IdentityHash>,
}

fn main() -> ExitCode {
    let _console = detach(left_out);
    match smol::block_on(run(Options::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            errln!("serial: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let framing = if options.kiss { Framing::Kiss } else { Framing::Hdlc };
    let (phone, mut events) = PhoneBuilder::new(Identity::generate(&mut OsRng))
        .interface(serial(options.line, framing))
        .start()
        .await?;
    outln!("{} is whom to call", phone.identity());
    let call = match options.call {
        Some(peer) => phone.dial(peer, Profile::MediumQuality).await?,
        None => loop {
            match events.next().await {
                Some(Event::Incoming { call, from }) => {
                    outln!("{from} calls");
                    phone.call(call).answer().await?;
                    break phone.call(call);
                }
                Some(_) => {}
                None => return Ok(()),
            }
        },
    };
    call.established().await?;
    outln!("the call stands");
    if options.call.is_some() {
        Timer::after(TALK).await;
        call.hang_up().await?;
    }
    let reason = call.ended().await?;
    outln!("the call is over: {reason}");
    phone.shutdown().await;
    match reason {
        EndReason::LocalHangup | EndReason::RemoteHangup => Ok(()),
        failed => Err(failed.to_string().into()),
    }
}

/// Length of the call.
const TALK: Duration = Duration::from_secs(1);
