//! Raw audio on standard streams and sockets: signed 16 bits, the low byte first (s16le).

use std::io::{self, Write};

use lxst_tokio::AudioSink;

/// Returns the whole samples of bytes.
pub fn samples(bytes: &[u8]) -> impl Iterator<Item = i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
}

/// Returns the bytes of samples.
pub fn bytes(samples: &[i16]) -> impl Iterator<Item = u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes())
}

/// Writes what a sink plays to standard output, in blocks of 480 samples as they come, until the
/// sink ends or nobody reads any more. This blocks.
///
/// On Linux a pipe holds 43 ms from then on: of the usual 64 KiB, a player that is late would play
/// 0.7 s ago.
pub async fn write_stdout(sink: AudioSink) {
    shorten_pipe();
    let mut sink = sink.live();
    let mut block = [0; BLOCK];
    while sink.read(&mut block).await.is_ok() && write(&block).is_ok() {}
}

fn write(block: &[i16]) -> io::Result<()> {
    let bytes: Vec<u8> = bytes(block).collect();
    let mut stdout = io::stdout().lock();
    stdout.write_all(&bytes)?;
    stdout.flush()
}

/// Lets a pipe of standard output hold 43 ms at 48 kHz mono from here on, on Linux.
pub fn shorten_pipe() {
    #[cfg(target_os = "linux")]
    // Another kind of file has no such size.
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdout(), 4_096);
}

/// 10 ms at 48 kHz mono.
const BLOCK: usize = 480;
