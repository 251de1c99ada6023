//! A phone with the handle to its destinations.

use lxst_phone::{Destinations, IdentityHash, Interface};

use crate::support::{App, TestRuntime, builder, tcp_server};

/// A phone that listens, and may be connected to another one.
pub(crate) struct Node<R> {
    pub(crate) app: App<R>,
    pub(crate) destinations: Destinations,
}

impl<R: TestRuntime> Node<R> {
    pub(crate) async fn start(rt: &R, neighbour: Option<&Self>) -> Self {
        let mut builder = builder().interface(tcp_server());
        if let Some(neighbour) = neighbour {
            builder = builder.interface(Interface::tcp_client(neighbour.app.address()));
        }
        let destinations = builder.destinations();
        let before = neighbour.map(|neighbour| neighbour.app.phone.state().connections);
        let app = App::start(rt, builder).await;
        if let (Some(neighbour), Some(before)) = (neighbour, before) {
            app.until_connected().await;
            neighbour.app.until_state(|state| state.connections > before).await;
        }
        Self { app, destinations }
    }

    pub(crate) fn identity(&self) -> IdentityHash {
        self.app.identity()
    }
}

pub(crate) async fn stop<R: TestRuntime, const N: usize>(nodes: [Node<R>; N]) {
    for node in nodes {
        node.app.shutdown().await;
    }
}
