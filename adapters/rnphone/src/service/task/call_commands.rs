//! What the commands of clients do to calls.

use std::path::PathBuf;

use lxst_tokio::{CallStatus, IdentityHash, Mode, Profile, ProfileChoice};

use super::Task;
use crate::control::{Event, Reply};
use crate::history::{CallDirection, CallRecord, UnixTime};
use crate::service::calls::Wanted;
use crate::service::refused::Refused;

impl Task {
    pub(super) fn find(&self, call: Option<u64>, wanted: Wanted) -> Result<CallStatus, Refused> {
        self.calls.find(&self.phone.state(), call, wanted)
    }

    pub(super) async fn dial(
        &mut self,
        to: IdentityHash,
        profile: Option<Profile>,
        mode: Mode,
    ) -> Result<Reply, Refused> {
        if to == self.phone.identity() {
            return Err(Refused::new("this is the identity of this phone"));
        }
        if let Some(identity) = self.people.announced.identity_at(to) {
            return Err(Refused::new(format!(
                "this is the hash of a destination; the identity to dial is {identity}"
            )));
        }
        if !self.calls.merged().is_empty() {
            return Err(Refused::new("both calls are in a conference: hang up one first"));
        }
        let talked = self.calls.talked(&self.phone.state());
        if let Some(status) = talked {
            self.hold(status).await?;
        }
        let profile = profile.map_or_else(|| self.people.profile(), ProfileChoice::Exactly);
        let dialled = self.phone.dial_in_mode(to, profile, mode).await;
        if let (Err(_), Some(status)) = (&dialled, talked) {
            self.resume(Some(status.call.0)).await?;
        }
        let call = dialled?;
        self.tracker.handle_dialled(call.id(), to, UnixTime::now());
        self.tell(Event::Dialled { call: call.id().0, peer: self.peer(to) });
        Ok(Reply::Call(call.id().0))
    }

    pub(super) async fn dial_again(&mut self, direction: CallDirection) -> Result<Reply, Refused> {
        let last = self.history.last(direction);
        let Some(CallRecord { peer, .. }) = last else {
            return Err(Refused::new(match direction {
                CallDirection::Outgoing => "nobody was called yet",
                CallDirection::Incoming => "nobody called yet",
            }));
        };
        self.dial(*peer, None, Mode::FullDuplex).await
    }

    pub(super) async fn answer(&mut self, call: Option<u64>) -> Result<(), Refused> {
        let status = self.find(call, Wanted::RingingHere)?;
        if let Some(talked) = self.calls.talked(&self.phone.state()) {
            self.hold(talked).await?;
        }
        Ok(self.phone.call(status.call).answer().await?)
    }

    /// Holds a call. In a conference, the other goes on.
    pub(super) async fn hold(&mut self, status: CallStatus) -> Result<(), Refused> {
        self.split().await?;
        self.calls.set_held(&self.phone.call(status.call), true).await?;
        self.tell(Event::Held { call: status.call.0 });
        Ok(())
    }

    pub(super) async fn resume(&mut self, call: Option<u64>) -> Result<(), Refused> {
        if let [first, ..] = *self.calls.merged() {
            return self.go_on_alone(call.unwrap_or(first.0)).await;
        }
        let status = self.find(call, Wanted::Held)?;
        let talked = self.calls.talked(&self.phone.state());
        if let Some(talked) = talked.filter(|talked| talked.call != status.call) {
            self.hold(talked).await?;
        }
        self.calls.set_held(&self.phone.call(status.call), false).await?;
        self.tell(Event::Resumed { call: status.call.0 });
        Ok(())
    }

    pub(super) async fn mute(&mut self, on: bool) -> Result<(), Refused> {
        if self.mute_in_conference(on).await? {
            return Ok(());
        }
        let status = self.find(None, Wanted::Talked)?;
        self.calls.set_muted(&self.phone.call(status.call), on).await?;
        self.tell_microphone(status);
        Ok(())
    }

    pub(super) async fn talk(&mut self, on: bool) -> Result<(), Refused> {
        let status = self.find(None, Wanted::Talked)?;
        if status.mode != Mode::HalfDuplex {
            return Err(Refused::new("both may speak at once: the call is in full duplex"));
        }
        let call = self.phone.call(status.call);
        match on {
            true => call.press_to_talk().await?,
            false => call.release().await?,
        }
        self.calls.line(status.call).is_talking = on;
        self.tell_microphone(status);
        Ok(())
    }

    pub(super) async fn record(
        &mut self,
        on: bool,
        call: Option<u64>,
        path: Option<PathBuf>,
    ) -> Result<Reply, Refused> {
        let status = self.find(call, Wanted::Talked)?;
        if !on {
            return Ok(Reply::File(self.recordings.stop(status.call)?));
        }
        let path = self.recordings.start(&self.phone.call(status.call), &status, path).await?;
        self.tell(Event::RecordingStarted { call: status.call.0, path: path.clone() });
        Ok(Reply::File(path))
    }

    pub(super) fn tell_microphone(&mut self, status: CallStatus) {
        let line = *self.calls.line(status.call);
        self.tell(Event::Microphone {
            call: status.call.0,
            is_muted: line.is_muted,
            is_talking: line.is_talking,
        });
    }
}
