//! What an interface reports to the phone's task.

use std::io;
use std::net::IpAddr;

use async_channel::Receiver;
use bytes::Bytes;
use lxst_engine::InterfaceOrigin;
use lxst_reticulum::{Attachment, InterfaceConfig};

use crate::network::intake::{Inlet, Intake};
use crate::network::io::Io;
use crate::request::Reply;

/// What the connections of one configured interface share: their settings, and the queue to the
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
    /// Reports a connection, and returns the queue of what it is to send; `None` when the phone has
    /// ended.
    pub(super) async fn up(&self) -> Option<(Connection, Receiver<Bytes>)> {
        let (writer, outgoing) = async_channel::bounded(1);
        let (number, reply) = Reply::channel();
        let (origin, config) = (self.origin, self.config);
        let inlet = self.intake.inlet(origin);
        inlet.send(Io::Up { origin, config, writer, number }).await;
        Some((Connection { number: reply.recv().await.ok()?, inlet }, outgoing))
    }

    /// Reports why connecting failed. The first of several failures in a row is logged as a
    /// warning, except that no shared instance runs: many machines have none.
    pub(super) async fn trouble(&self, trouble: String, is_first: bool) {
        match is_first {
            true if self.is_shared_instance() => tracing::info!("{trouble}; trying again"),
            true => tracing::warn!("{trouble}; trying again"),
            false => tracing::debug!("{trouble}"),
        }
        self.intake.inlet(self.origin).send(Io::Trouble { origin: self.origin, trouble }).await;
    }

    /// Reports that a connection broke off. It is made again.
    pub(super) async fn broke_off(&self, connection: Connection, why: &io::Error) {
        let trouble = format!("{} broke off: {why}", self.name);
        tracing::warn!("{trouble}; connecting again");
        connection.down(Some(trouble)).await;
    }

    /// Counts a datagram that is dropped before it is anybody's.
    pub(super) fn count_dropped(&self) {
        self.intake.count_dropped();
    }

    pub(super) fn is_shared_instance(&self) -> bool {
        self.config.attachment == Attachment::SharedInstance
    }
}

impl Connection {
    pub(super) async fn received(&self, bytes: Bytes) {
        self.inlet.send(Io::Received { number: self.number, bytes }).await;
    }

    /// Queues a datagram. Returns whether one was dropped because too many of an address wait.
    pub(super) fn received_from(&self, address: IpAddr, bytes: Bytes) -> bool {
        self.inlet.offer(address, Io::Datagram { number: self.number, from: address, bytes })
    }

    pub(super) async fn written(&self) {
        self.inlet.send(Io::Written { number: self.number }).await;
    }

    /// Reports that the connection has ended, and why, where the app is to know.
    pub(super) async fn down(self, trouble: Option<String>) {
        self.inlet.send(Io::Down { number: self.number, trouble }).await;
    }
}
