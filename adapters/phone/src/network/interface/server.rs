//! Interfaces that others connect to: TCP servers.

use std::time::Duration;

use async_executor::Executor;

use super::keep::MIN_RECONNECT;
use super::seats::{CONNECTIONS, Seats};
use super::sockets::Sockets;
use super::stream::run_accepted;
use super::uplink::Uplink;
use crate::log_limit::LogLimit;

/// Accepts the connections of a server interface; each is an interface of its own.
pub(super) async fn serve<R: Sockets>(runtime: &R, listener: &R::Listener, uplink: &Uplink) {
    let connections = Executor::new();
    let (mut seats, mut lines) = (Seats::default(), LogLimit::default());
    connections
        .run(async {
            loop {
                match runtime.accept(listener).await {
                    Ok((stream, peer)) => {
                        if seats.are_taken() {
                            runtime.sleep_until(runtime.now() + CHANGE_OF_SEATS).await;
                        }
                        let (seat, was_full) = seats.take(peer.ip());
                        if let Some(more) = lines.line(runtime.now(), was_full) {
                            match was_full {
                                false => tracing::info!("{peer} connected{more}"),
                                true => tracing::warn!(
                                    "{peer} connected; {CONNECTIONS} were, and a silent one made \
                                     room{more}"
                                ),
                            }
                        }
                        let uplink = uplink.clone();
                        let connection = async move { run_accepted(stream, &uplink, &seat).await };
                        connections.spawn(connection).detach();
                    }
                    Err(error) => {
                        // Out of file handles, for example: accepting again at once would spin.
                        tracing::warn!("cannot accept a connection: {error}");
                        runtime.sleep_until(runtime.now() + MIN_RECONNECT).await;
                    }
                }
            }
        })
        .await
}

/// The least time between two connections that make room. All of them but the newest can be made to
/// in 6.4 s, so that one which speaks every 5 s, as a call does at least, never is.
const CHANGE_OF_SEATS: Duration = Duration::from_millis(100);
