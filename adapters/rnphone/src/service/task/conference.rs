//! Two calls that are a conference: the user hears both, and they hear the user and each other.

use lxst_tokio::{Bridge, CallError, CallId, Direction};

use super::Task;
use crate::control::Event;
use crate::service::calls::Wanted;
use crate::service::conference::SilentSpeaker;
use crate::service::refused::Refused;

impl Task {
    /// Makes a conference of both calls.
    pub(super) async fn merge(&mut self) -> Result<(), Refused> {
        if !self.calls.merged().is_empty() {
            return Err(Refused::new("both calls are in a conference"));
        }
        let calls = self.calls.users_established(&self.phone.state());
        if calls.len() < 2 {
            return Err(Refused::new("a conference takes two calls: dial or answer a second one"));
        }
        let is_muted = calls.iter().any(|call| self.calls.line(*call).is_muted);
        if !self.phone.state().has_sink {
            self.silent_speaker = Some(SilentSpeaker::start(&self.phone).await?);
        }
        self.bridge(&calls, is_muted).await?;
        // Also where one of them ends meanwhile: the conference is then ended with it.
        for call in &calls {
            let line = self.calls.line(*call);
            (line.is_merged, line.is_muted) = (true, is_muted);
        }
        for call in &calls {
            let handle = self.phone.call(*call);
            self.calls.set_held(&handle, false).await?;
            // The bridge mutes the microphone, and lets the other call through.
            handle.unmute(Direction::Send).await?;
        }
        self.tell(Event::Merged { calls: calls.iter().map(|call| call.0).collect() });
        Ok(())
    }

    /// Ends the conference. Its calls go on, each with the user alone.
    pub(super) async fn split(&mut self) -> Result<(), Refused> {
        let calls = self.calls.merged();
        if calls.is_empty() {
            return Ok(());
        }
        // A microphone that the bridge mutes is closed for each call before the bridge goes.
        for call in &calls {
            if self.calls.line(*call).is_muted {
                // The call may be over.
                let _ = self.phone.call(*call).mute(Direction::Send).await;
            }
        }
        self.phone.set_bridge(Bridge::default()).await?;
        self.silent_speaker = None;
        for call in calls {
            self.calls.line(call).is_merged = false;
        }
        self.tell(Event::Split {});
        Ok(())
    }

    /// Ends the conference when one call of it is left.
    pub(super) async fn leave_conference(&mut self) {
        if self.calls.merged().len() == 1 {
            // A phone that has shut down has no calls.
            let _ = self.split().await;
        }
    }

    /// Ends the conference, goes on with one call of it and holds the other.
    pub(super) async fn go_on_alone(&mut self, call: u64) -> Result<(), Refused> {
        let status = self.find(Some(call), Wanted::Talked)?;
        let merged = self.calls.merged();
        self.split().await?;
        for other in merged.into_iter().filter(|other| *other != status.call) {
            let other = self.find(Some(other.0), Wanted::Talked)?;
            self.hold(other).await?;
        }
        Ok(())
    }

    /// Closes the microphone in the conference, or opens it. The calls go on hearing each other.
    /// Returns whether there is a conference.
    pub(super) async fn mute_in_conference(&mut self, on: bool) -> Result<bool, Refused> {
        let calls = self.calls.merged();
        if calls.is_empty() {
            return Ok(false);
        }
        self.bridge(&calls, on).await?;
        for call in calls {
            self.calls.line(call).is_muted = on;
            let status = self.find(Some(call.0), Wanted::Talked)?;
            self.tell_microphone(status);
        }
        Ok(true)
    }

    async fn bridge(&self, calls: &[CallId], is_muted: bool) -> Result<(), CallError> {
        let bridge = Bridge::of(calls.iter().copied()).mute_microphone(is_muted);
        self.phone.set_bridge(bridge).await
    }
}
