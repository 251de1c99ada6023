//! What the task does for stations.

use lxst_tokio::IdentityHash;
use lxst_tokio::rooms::wire::StationKind;
use lxst_tokio::rooms::{CloseReason, TunerEvent};

use super::Task;
use crate::control::{Event, StationInfo};
use crate::service::refused::Refused;
use crate::service::tuner::{Heard, is_over};

impl Task {
    /// Hears the announces of stations from here on.
    pub(super) async fn hear_stations(&self) {
        if let Err(refused) = self.stations.hear().await {
            self.tell(Event::Warning { text: format!("stations: {}", refused.into_text()) });
        }
    }

    /// Tunes in to a station.
    pub(super) async fn tune(&mut self, text: &str) -> Result<(), Refused> {
        self.check_free()?;
        let station = match self.stations.named(text) {
            Some(station) => station,
            None => self.whom(text)?,
        };
        self.stop_playing();
        self.stations.tune(station, &self.sound).await
    }

    pub(super) async fn leave_station(&mut self) -> Result<(), Refused> {
        match self.stations.leave().await {
            true => Ok(()),
            false => Err(Refused::new("no station is heard: begin with tune")),
        }
    }

    /// Leaves the station while there is a call, and hears it again after it.
    pub(super) async fn follow_calls(&mut self) {
        let is_call = !self.phone.state().calls.is_empty();
        let Some(tuned) = &mut self.stations.tuned else { return };
        if is_call && !tuned.is_paused() {
            // One that waits to tune in again has no link to leave.
            let _ = tuned.pause().await;
        } else if !is_call && tuned.is_paused() {
            let resumed = tuned.resume().await;
            self.tell_unheard(resumed.map_err(Refused::from));
            self.free_speaker();
        }
    }

    /// Plays the station again after another sound, unless there is one more, or the microphone is
    /// to hear none.
    pub(super) async fn play_station(&mut self) {
        let is_call = !self.phone.state().calls.is_empty();
        let is_in_studio = self.studio.playback.is_some() || self.studio.greeting.is_some();
        let is_page = self.pages.is_played() || self.pages.is_spoken();
        let Some(tuned) = &mut self.stations.tuned else { return };
        if !(is_call || is_in_studio || is_page) {
            let played = tuned.play(&self.sound).await;
            self.tell_unheard(played);
        }
    }

    /// Ends what plays, and plays the station again.
    pub(super) async fn stop_and_play_station(&mut self) {
        self.stop_playing();
        self.play_station().await;
    }

    fn tell_unheard(&self, result: Result<(), Refused>) {
        if let Err(refused) = result {
            self.tell(Event::Warning { text: format!("the station: {}", refused.into_text()) });
        }
    }

    pub(super) fn station_infos(&self) -> Vec<StationInfo> {
        let info = |(hash, heard): (IdentityHash, &Heard)| StationInfo {
            hash,
            name: heard.station.name.clone(),
            is_relay: heard.station.kind == StationKind::Relay,
            profile: heard.station.profile.map(|profile| profile.to_string()),
            hops: heard.hops,
            seconds_ago: heard.at.elapsed().as_secs(),
        };
        self.stations.latest_first().into_iter().map(info).collect()
    }

    /// The tuner tells something.
    pub(super) async fn on_tuner(&mut self, event: TunerEvent) {
        let Some(tuned) = &self.stations.tuned else { return };
        let is_over = is_over(&event) && !tuned.is_paused();
        match event {
            TunerEvent::Program(program) => self.tell(Event::Tuned {
                station: tuned.station,
                name: program.name,
                profile: program.profile.to_string(),
                is_on_air: program.is_on_air,
            }),
            // The user left it, or a call did.
            TunerEvent::Closed { reason: CloseReason::Left, .. } => return,
            TunerEvent::Closed { reason, again } => self.tell(Event::TuneLost {
                reason: lost(reason),
                again_in_seconds: again.map(|pause| pause.as_secs()),
            }),
            // The enum is non_exhaustive.
            _ => {}
        }
        if is_over {
            self.stations.leave().await;
        }
    }
}

fn lost(reason: CloseReason) -> String {
    match reason {
        CloseReason::Refused(reason) => reason,
        CloseReason::UnknownProgram => "it sends what is unknown here".to_owned(),
        CloseReason::Failed(_) => "it does not answer".to_owned(),
        _ => "the link is lost".to_owned(),
    }
}
