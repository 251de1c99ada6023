//! The sound of a call on standard output.

use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::os::unix::net::UnixStream;

use rnphone_rs::folder::Folder;
use rnphone_rs::raw_audio::shorten_pipe;
use rnphone_rs::wav;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Writes what both sides of calls say until the call of the number is over, the phone ends, or nobody
/// reads any more. This blocks: the phone waits for no reader.
pub(crate) fn run(folder: &Folder, call: Option<u64>, is_wav: bool) -> Result<u8, Failure> {
    check_stdout()?;
    let pcm = folder.pcm();
    let mut phone = UnixStream::connect(&pcm)
        .map_err(|error| Failure::usage(format!("{}: {error}", pcm.display())))?;
    let which = call.map_or_else(|| json!("current"), Value::from);
    phone.write_all(format!("{}\n", json!({ "listen": true, "call": which })).as_bytes())?;
    let mut heard = BufReader::new(phone);
    let mut reply = String::new();
    heard.read_line(&mut reply)?;
    if let Some(error) = serde_json::from_str::<Value>(&reply)?["error"].as_str() {
        return Err(Failure::refused(error));
    }
    shorten_pipe();
    let mut bytes = if is_wav { wav::stream_header() } else { Vec::new() };
    let mut stdout = io::stdout().lock();
    loop {
        if stdout.write_all(&bytes).and_then(|()| stdout.flush()).is_err() {
            // The reader is gone.
            return Ok(0);
        }
        bytes.resize(BLOCK, 0);
        match heard.read(&mut bytes)? {
            0 => return Ok(0),
            count => bytes.truncate(count),
        }
    }
}

/// Reads the number of a call.
pub(crate) fn call(text: &str) -> Result<u64, Failure> {
    let usage = "usage: ctl listen [CALL]; ctl --json status tells the numbers of calls";
    text.parse().map_err(|_| Failure::usage(usage))
}

/// Refuses to write sound to a terminal.
pub(crate) fn check_stdout() -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return Err(Failure::usage(
            "standard output is a terminal: pipe it to a player, such as aplay -qf S16_LE -r 48000 \
             -c1",
        ));
    }
    Ok(())
}

/// 20 ms.
const BLOCK: usize = 1_920;
