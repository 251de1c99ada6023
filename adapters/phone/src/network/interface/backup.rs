//! Opens and closes a backup interface, as the phone's task decides.

use std::time::Duration;

use futures_lite::future;
use lxst_engine::InterfaceOrigin;
use lxst_reticulum::limits::LINGER;

use super::Unopened;
use crate::network::intake::Intake;
use crate::network::io::Io;
use crate::network::standby::{Decision, Standby};
use crate::runtime::Runtime;

impl Unopened {
    /// Serves a backup until the phone ends, and drops this.
    pub(crate) async fn stand_by<R: Runtime>(
        self,
        runtime: R,
        origin: InterfaceOrigin,
        intake: Intake,
        standby: Standby,
    ) {
        let mut is_first = true;
        let mut told = None;
        loop {
            standby.until(|decision| decision.is_open).await;
            let begun = standby.decision();
            let is_at_once = is_first && !begun.was_connected;
            is_first = false;
            let turn = async {
                if !is_at_once {
                    runtime.sleep_until(runtime.now() + PAUSE).await;
                }
                self.serve(origin, &intake).await
            };
            let closed = async {
                let makes_room = |decision: Decision| decision.made_room != begun.made_room;
                standby.until(|decision| !decision.is_open || makes_room(decision)).await;
                if !makes_room(standby.decision()) {
                    // The other end is to read how the last call ended.
                    runtime.sleep_until(runtime.now() + LINGER).await;
                }
                None
            };
            let trouble = future::or(closed, turn).await;
            if let Some(trouble) =
                trouble.as_ref().filter(|trouble| told.as_ref() != Some(*trouble))
            {
                tracing::warn!("{trouble}; trying again");
            }
            told.clone_from(&trouble);
            intake.inlet(origin).send(Io::Reset { origin, trouble }).await;
        }
    }

    /// Serves the interface until this is dropped, or returns why it cannot be opened.
    async fn serve(&self, origin: InterfaceOrigin, intake: &Intake) -> Option<String> {
        match self.open() {
            Ok(opened) => {
                intake.inlet(origin).send(Io::Reset { origin, trouble: None }).await;
                opened.keep(origin, intake.clone()).await;
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }
}

/// How long the ports stay free before a backup takes them: a Reticulum that is started again needs
/// some seconds. *Source*: our choice.
const PAUSE: Duration = Duration::from_secs(5);
