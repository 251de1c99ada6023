//! The notifications of the desktop beside the phone.

use std::io;
use std::time::Duration;

use rnphone_rs::service::Service;
use tokio::task::JoinHandle;

use crate::options::Options;

/// What shows notifications, where a person may see them.
pub(crate) struct Notifications(Option<JoinHandle<()>>);

impl Notifications {
    pub(crate) async fn start(options: &Options, phone: &Service) -> io::Result<Self> {
        if !options.has_user() {
            return Ok(Self(None));
        }
        let (client, events) = phone.control().client().await?;
        Ok(Self(Some(tokio::spawn(rnphone_rs::notifications::show(client, events)))))
    }

    /// Waits until those of calls are taken away; not for a server that does not answer.
    pub(crate) async fn end(self) {
        if let Some(task) = self.0 {
            let _ = tokio::time::timeout(PATIENCE, task).await;
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(1);
