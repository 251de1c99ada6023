//! Messages from the interfaces to the phone's task.

use std::net::IpAddr;

use async_channel::Sender;
use bytes::Bytes;
use lxst_engine::InterfaceOrigin;
use lxst_reticulum::InterfaceConfig;

use crate::request::Reply;

/// A message from an interface to the phone's task.
#[derive(Debug)]
pub(crate) enum Io {
    /// A connection was made. It sends the packets of `writer`, and reports under the number that
    /// is sent back.
    Up {
        origin: InterfaceOrigin,
        config: InterfaceConfig,
        writer: Sender<Bytes>,
        number: Reply<u32>,
    },
    /// Connecting failed, for this reason.
    Trouble { origin: InterfaceOrigin, trouble: String },
    /// A connection received bytes of its stream.
    Received { number: u32, bytes: Bytes },
    /// A connection received a datagram.
    Datagram { number: u32, from: IpAddr, bytes: Bytes },
    /// A connection has written a packet of its queue.
    Written { number: u32 },
    /// A connection has ended; `trouble` is the reason, if the app is to know it.
    Down { number: u32, trouble: Option<String> },
    /// A backup was opened or closed, or cannot be opened for this reason: what it had for
    /// connections has ended.
    Reset { origin: InterfaceOrigin, trouble: Option<String> },
}
