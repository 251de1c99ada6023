//! The way of an interface to the phone's task.

use std::net::IpAddr;

use async_channel::Receiver;
use bytes::Bytes;
use lxst_engine::InterfaceOrigin;
use lxst_reticulum::{Attachment, InterfaceConfig};

use crate::network::intake::{Inlet, Intake};
use crate::network::io::Io;
use crate::request::Reply;

/// What the connections of one configured interface share: what they are, and the way to the
/// phone's task.
#[derive(Clone, Debug)]
pub(super) struct Uplink {
    pub(super) name: String,
    pub(super) origin: InterfaceOrigin,
    pub(super) config: InterfaceConfig,
    pub(super) intake: Intake,
}

/// One connection as the phone's task knows it.
#[derive(Debug)]
pub(super) struct Connection {
    number: u32,
    inlet: Inlet,
}

impl Uplink {
    /// Reports a connection, and gets what it is to send; `None` when the phone has no use for it.
    pub(super) async fn up(&self) -> Option<(Connection, Receiver<Bytes>)> {
        let (writer, outgoing) = async_channel::bounded(1);
        let (number, reply) = Reply::channel();
        let (origin, config) = (self.origin, self.config);
        let inlet = self.intake.inlet(origin);
        inlet.send(Io::Up { origin, config, writer, number }).await;
        Some((Connection { number: reply.recv().await.ok()?, inlet }, outgoing))
    }

    /// Reports why there is no connection; the log has the first of a row of failures.
    pub(super) async fn trouble(&self, trouble: String, is_first: bool) {
        if is_first {
            tracing::warn!("{trouble}; trying on");
        } else {
            tracing::debug!("{trouble}");
        }
        self.intake.inlet(self.origin).send(Io::Trouble { origin: self.origin, trouble }).await;
    }

    pub(super) fn is_shared_instance(&self) -> bool {
        self.config.attachment == Attachment::SharedInstance
    }
}

impl Connection {
    pub(super) async fn received(&self, bytes: Bytes) {
        self.inlet.send(Io::Received { number: self.number, bytes }).await;
    }

    /// Tells whether a datagram had to be dropped because too many of its address wait.
    pub(super) fn received_from(&self, address: IpAddr, bytes: Bytes) -> bool {
        self.inlet.offer(address, Io::Datagram { number: self.number, from: address, bytes })
    }

    pub(super) async fn written(&self) {
        self.inlet.send(Io::Written { number: self.number }).await;
    }

    pub(super) async fn down(self) {
        self.inlet.send(Io::Down { number: self.number }).await;
    }
}
