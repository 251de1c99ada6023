//! What interfaces tell the phone's task.

use std::net::IpAddr;

use async_channel::Sender;
use bytes::Bytes;
use lxst_engine::InterfaceOrigin;
use lxst_reticulum::InterfaceConfig;

use crate::request::Reply;

/// What an interface tells the phone's task.
#[derive(Debug)]
pub(crate) enum Io {
    /// It is connected. It sends what `writer` gives it, and reports under the number that comes
    /// back.
    Up {
        origin: InterfaceOrigin,
        config: InterfaceConfig,
        writer: Sender<Bytes>,
        number: Reply<u32>,
    },
    /// It could not be connected, and this is why.
    Trouble { origin: InterfaceOrigin, trouble: String },
    /// It received bytes of its stream.
    Received { number: u32, bytes: Bytes },
    /// It received a datagram.
    Datagram { number: u32, from: IpAddr, bytes: Bytes },
    /// It has written what it was given, and can take more.
    Written { number: u32 },
    /// Its connection has ended, and this is why, where the app is to know.
    Down { number: u32, trouble: Option<String> },
}
