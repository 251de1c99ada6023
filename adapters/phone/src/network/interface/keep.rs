//! Connects an interface, and connects it again when the connection ends.

use std::future::Future;
use std::io;
use std::mem;
use std::time::Duration;

use super::uplink::Uplink;
use crate::runtime::Runtime;

/// Keeps an interface connected: connects, carries packets until the connection ends, pauses, and
/// starts over. The pause doubles from [`MIN_RECONNECT`] until a connection has lasted [`LASTING`].
pub(super) async fn keep<R: Runtime, T, C, D>(
    runtime: &R,
    uplink: &Uplink,
    connect: impl Fn() -> C,
    carry: impl Fn(T) -> D,
) where
    C: Future<Output = io::Result<T>>,
    D: Future<Output = ()>,
{
    let name = &uplink.name;
    // A shared instance is on this machine: trying it costs no network.
    let most = if uplink.is_shared_instance() { MAX_LOCAL_RECONNECT } else { MAX_RECONNECT };
    let mut pause = MIN_RECONNECT;
    let mut is_first_failure = true;
    loop {
        match connect().await {
            Ok(connected) => {
                tracing::info!("{name} is connected");
                let since = runtime.now();
                carry(connected).await;
                is_first_failure = true;
                if runtime.now() >= since + LASTING {
                    pause = MIN_RECONNECT;
                }
            }
            Err(error) => {
                let trouble = format!("{name} is not connected: {error}");
                uplink.trouble(trouble, mem::take(&mut is_first_failure)).await;
            }
        }
        runtime.sleep_until(runtime.now() + pause).await;
        pause = (pause * 2).min(most);
    }
}

pub(super) const MIN_RECONNECT: Duration = Duration::from_millis(250);
const MAX_RECONNECT: Duration = Duration::from_secs(30);
const MAX_LOCAL_RECONNECT: Duration = Duration::from_secs(2);
/// A connection that lasted this long is made again after the shortest pause.
const LASTING: Duration = Duration::from_secs(10);
