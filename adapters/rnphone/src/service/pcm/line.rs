//! Bytes of a client, both ways.

use std::io;

use lxst_tokio::AudioFormat;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use crate::raw_audio;

/// What a client sends: a line, and then samples.
pub(super) struct Incoming<R> {
    reader: BufReader<R>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are no whole moment yet.
    held: usize,
    moment_bytes: usize,
    has_ended: bool,
}

/// What a client is sent: a line, and then samples.
pub(super) struct Outgoing<W> {
    writer: W,
    /// What is not written yet of the last block: a client that is slow gets no half sample.
    unsent: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::new(reader),
            buffer: vec![0; BUFFER_BYTES],
            held: 0,
            moment_bytes: 2,
            has_ended: false,
        }
    }

    /// Reads the first line; `None` where there is none.
    pub(super) async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.reader).take(MAX_LINE);
        bounded.read_until(b'\n', &mut line).await?;
        Ok(Some(line).filter(|line| !line.is_empty()))
    }

    pub(super) fn set_channels(&mut self, channels: u16) {
        self.moment_bytes = 2 * usize::from(channels);
    }

    /// Waits for whole moments; `None` when the client sends no more.
    ///
    /// # Cancel safety
    /// Cancel safe: no byte is lost.
    pub(super) async fn samples(&mut self) -> io::Result<Option<Vec<i16>>> {
        while !self.has_ended {
            let count = self.reader.read(&mut self.buffer[self.held..]).await?;
            self.has_ended = count == 0;
            let filled = self.held + count;
            self.held = filled % self.moment_bytes;
            let whole = filled - self.held;
            let samples: Vec<i16> = raw_audio::samples(&self.buffer[..whole]).collect();
            self.buffer.copy_within(whole..filled, 0);
            if !samples.is_empty() {
                return Ok(Some(samples));
            }
        }
        Ok(None)
    }

    /// Drops what comes, until the client sends no more.
    ///
    /// # Cancel safety
    /// Cancel safe: what follows begins with a whole moment.
    pub(super) async fn discard(&mut self) -> io::Result<()> {
        while self.samples().await?.is_some() {}
        Ok(())
    }
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    pub(super) const fn new(writer: W) -> Self {
        Self { writer, unsent: Vec::new() }
    }

    pub(super) async fn accept(&mut self, format: AudioFormat) -> io::Result<()> {
        let AudioFormat { rate_hz, channels } = format;
        self.say(&json!({ "ok": { "rate": rate_hz, "channels": channels } })).await
    }

    pub(super) async fn refuse(&mut self, reason: &str) -> io::Result<()> {
        self.say(&json!({ "error": reason })).await?;
        self.writer.shutdown().await
    }

    async fn say(&mut self, line: &serde_json::Value) -> io::Result<()> {
        self.writer.write_all(format!("{line}\n").as_bytes()).await
    }

    /// Writes a block, after what is left of the one before.
    ///
    /// # Cancel safety
    /// Cancelled, it keeps what is left for the next one.
    pub(super) async fn samples(&mut self, block: &[i16]) -> io::Result<()> {
        self.flush().await?;
        self.unsent.extend(raw_audio::bytes(block));
        self.flush().await
    }

    async fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            let count = self.writer.write(&self.unsent).await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.unsent.drain(..count);
        }
        Ok(())
    }
}

/// The longest first line.
const MAX_LINE: u64 = 1_024;
/// 43 ms at 48 kHz mono.
const BUFFER_BYTES: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_is_followed_by_whole_moments_however_the_bytes_come() {
        let (mut client, phone) = tokio::io::duplex(64);
        let mut incoming = Incoming::new(phone);
        client.write_all(b"{}\n\x01\x00\x02").await.unwrap();
        assert_eq!(incoming.line().await.unwrap().unwrap(), b"{}\n");
        incoming.set_channels(2);
        client.write_all(b"\x00\x03").await.unwrap();
        assert_eq!(incoming.samples().await.unwrap(), Some(vec![1, 2]));
        client.write_all(b"\x00\xff\xff\x05").await.unwrap();
        assert_eq!(incoming.samples().await.unwrap(), Some(vec![3, -1]));
        drop(client);
        assert_eq!(incoming.samples().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_block_that_is_cut_short_goes_on_with_the_next() {
        let (mut client, phone) = tokio::io::duplex(3);
        let mut outgoing = Outgoing::new(phone);
        let cut = outgoing.samples(&[1, 2, 3]);
        assert!(futures_lite::future::poll_once(cut).await.is_none());
        let heard = tokio::spawn(async move {
            let mut bytes = [0; 8];
            client.read_exact(&mut bytes).await.map(|_| bytes)
        });
        outgoing.samples(&[4]).await.unwrap();
        assert_eq!(heard.await.unwrap().unwrap(), [1, 0, 2, 0, 3, 0, 4, 0]);
    }
}
