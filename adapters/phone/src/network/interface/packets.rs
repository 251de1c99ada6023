//! Connections over channels of whole packets, inside a process.

use std::io;
use std::net::IpAddr;

use async_channel::{Receiver, Sender};
use bytes::Bytes;

use super::datagrams::Datagrams;

/// The stack's side of an [`Interface::packets`](super::Interface::packets). A clone is the same
/// port.
///
/// *Shape*: raw Reticulum packets without framing; masked, where the interface has an access code.
///
/// *Bounds*: 64 packets wait for the phone, and 4 for the stack; the side that brings more waits.
/// Voice that waits longer than 200 ms before those 4 is dropped and counted.
#[derive(Clone, Debug)]
pub struct PacketPort {
    from_phone: Receiver<Bytes>,
    to_phone: Sender<Bytes>,
}

/// A phone's side.
#[derive(Clone, Debug)]
pub(super) struct Packets {
    from_stack: Receiver<Bytes>,
    to_stack: Sender<Bytes>,
}

pub(super) fn channel() -> (Packets, PacketPort) {
    let (to_stack, from_phone) = async_channel::bounded(FOR_STACK);
    let (to_phone, from_stack) = async_channel::bounded(FOR_PHONE);
    (Packets { from_stack, to_stack }, PacketPort { from_phone, to_phone })
}

/// The two sides of a channel between two phones.
pub(super) fn pair() -> [Packets; 2] {
    let (there, arrived) = async_channel::bounded(FOR_STACK);
    let (back, returned) = async_channel::bounded(FOR_STACK);
    [
        Packets { from_stack: returned, to_stack: there },
        Packets { from_stack: arrived, to_stack: back },
    ]
}

impl PacketPort {
    /// Waits for the next packet that the phone sends; `None` when the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no packet is lost.
    pub async fn next(&self) -> Option<Bytes> {
        self.from_phone.recv().await.ok()
    }

    /// As [`next`](Self::next), for a thread.
    #[must_use]
    pub fn next_blocking(&self) -> Option<Bytes> {
        self.from_phone.recv_blocking().ok()
    }

    /// Hands the phone a packet. Waits while 64 wait; drops it when the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancelled, the packet is not handed over.
    pub async fn deliver(&self, packet: impl Into<Bytes>) {
        // As documented.
        let _ = self.to_phone.send(packet.into()).await;
    }

    /// As [`deliver`](Self::deliver), for a thread.
    pub fn deliver_blocking(&self, packet: impl Into<Bytes>) {
        // As documented.
        let _ = self.to_phone.send_blocking(packet.into());
    }
}

impl Packets {
    /// Returns the channel.
    ///
    /// # Errors
    /// The other side is gone.
    pub(super) fn connected(&self) -> io::Result<Self> {
        if self.to_stack.is_closed() {
            return Err(gone());
        }
        Ok(self.clone())
    }
}

impl Datagrams for Packets {
    async fn receive(&self, datagram: &mut [u8]) -> io::Result<(usize, Option<IpAddr>)> {
        let packet = self.from_stack.recv().await.map_err(|_| gone())?;
        let length = packet.len().min(datagram.len());
        datagram[..length].copy_from_slice(&packet[..length]);
        Ok((length, None))
    }

    async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        let packet = Bytes::copy_from_slice(datagram);
        self.to_stack.send(packet).await.map_err(|_| gone())
    }
}

fn gone() -> io::Error {
    let message = "the other end of the channel was dropped; start a phone with a new one";
    io::Error::new(io::ErrorKind::NotConnected, message)
}

/// Packets that wait for the phone.
const FOR_PHONE: usize = 64;
/// Packets that wait for the stack: few, because their age is not looked at here.
const FOR_STACK: usize = 4;
