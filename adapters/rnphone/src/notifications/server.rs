//! The notification server of the session, by D-Bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Urgency};
use tokio::sync::oneshot;

use super::text::Text;

/// The notification server, if there is one. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    /// Whether the log has it that there is none.
    is_told: Arc<AtomicBool>,
}

/// A button of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    Answer,
    Reject,
}

impl Server {
    /// Shows a call with its buttons until one is pressed, the notification is closed, or the sender of
    /// `is_over` is dropped.
    pub(super) async fn ask(&self, text: &Text, is_over: oneshot::Receiver<()>) -> Option<Pressed> {
        let mut notification = Notification::new();
        notification
            .action(ANSWER, "Answer")
            .action(REJECT, "Reject")
            .hint(Hint::Category("call.incoming".to_owned()))
            .urgency(Urgency::Critical)
            .timeout(RINGS);
        let shown = self.show(notification, text).await?;
        let mut pressed = None;
        let waits = shown.wait_for_action_async(|response| pressed = of(response));
        tokio::select! {
            () = waits => {}
            _ = is_over => shown.close_async().await,
        }
        pressed
    }

    /// Shows a text, in place of the notification `before`. Returns its number.
    pub(super) async fn tell(&self, text: &Text, before: Option<u32>) -> Option<u32> {
        let mut notification = Notification::new();
        notification.hint(Hint::Category("call.unanswered".to_owned()));
        if let Some(before) = before {
            notification.id(before);
        }
        self.show(notification, text).await.map(|shown| shown.id())
    }

    async fn show(
        &self,
        mut notification: Notification,
        text: &Text,
    ) -> Option<NotificationHandle> {
        let shown = async {
            let has_markup = capabilities().await?.iter().any(|one| one == "body-markup");
            let body = if has_markup { text.escaped_body() } else { text.body.clone() };
            notification.appname("rnphone-rs").summary(&text.summary).body(&body);
            notification.show_async().await.map_err(|error| error.to_string())
        };
        match shown.await {
            Ok(shown) => Some(shown),
            Err(error) => {
                if !self.is_told.swap(true, Ordering::Relaxed) {
                    tracing::info!("there are no desktop notifications: {error}");
                }
                None
            }
        }
    }
}

/// Asks the server what it can. A thread waits for the answer, and the end of the program does not wait
/// for the thread.
async fn capabilities() -> Result<Vec<String>, String> {
    let (reply, replied) = oneshot::channel();
    let ask = move || drop(reply.send(notify_rust::get_capabilities()));
    thread::Builder::new().spawn(ask).map_err(|error| error.to_string())?;
    match replied.await {
        Ok(capabilities) => capabilities.map_err(|error| error.to_string()),
        Err(_) => Err("the bus is gone".to_owned()),
    }
}

fn of(response: &NotificationResponse) -> Option<Pressed> {
    match response {
        NotificationResponse::Action(name) if name == ANSWER => Some(Pressed::Answer),
        NotificationResponse::Action(name) if name == REJECT => Some(Pressed::Reject),
        _ => None,
    }
}

const ANSWER: &str = "answer";
const REJECT: &str = "reject";
/// A call rings for as long. A phone that was killed leaves no notification for longer.
const RINGS: Duration = Duration::from_secs(60);
