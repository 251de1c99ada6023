//! The stations that announced themselves, and the one that is heard.

use std::collections::BTreeMap;
use std::time::Instant;

use lxst_tokio::reticulum::name_hash;
use lxst_tokio::rooms::TunerEvent;
use lxst_tokio::rooms::wire::AnnouncedStation;
use lxst_tokio::{
    Announce, Destinations, IdentityHash, Radio, RadioBuilder, StationError, Tuner, TunerBuilder,
};
use tokio::sync::mpsc;

use super::news::News;
use super::radio_sound::{RadioSpeaker, Speaking};
use super::refused::Refused;
use super::sound::Sound;

/// The latest announce of each station, and the tuner.
///
/// *Bounds*: [`MAX_STATIONS`]; beyond it, the oldest is forgotten.
#[derive(Debug)]
pub(super) struct Stations {
    destinations: Destinations,
    news: mpsc::Sender<News>,
    announced: BTreeMap<IdentityHash, Heard>,
    pub(super) tuned: Option<Tuned>,
}

/// A station that announced itself.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) station: AnnouncedStation,
    pub(super) hops: u8,
    pub(super) at: Instant,
}

/// The tuner, and the station that it is to hear.
#[derive(Debug)]
pub(super) struct Tuned {
    pub(super) station: IdentityHash,
    tuner: Tuner,
    radio: Radio,
    speaking: Option<Speaking>,
    /// A call has the phone.
    is_paused: bool,
}

impl Stations {
    pub(super) const fn new(destinations: Destinations, news: mpsc::Sender<News>) -> Self {
        Self { destinations, news, announced: BTreeMap::new(), tuned: None }
    }

    pub(super) const fn destinations(&self) -> &Destinations {
        &self.destinations
    }

    /// Hears the announces of stations from here on.
    pub(super) async fn hear(&self) -> Result<(), Refused> {
        let announces = self.destinations.hear(name_hash("lxst.station")).await?;
        let news = self.news.clone();
        tokio::spawn(async move {
            while let Some(announce) = announces.next().await {
                if news.send(News::Station(announce)).await.is_err() {
                    return;
                }
            }
        });
        Ok(())
    }

    pub(super) fn on_announce(&mut self, announce: &Announce) {
        let app_data = announce.app_data.as_deref().unwrap_or_default();
        let Some(station) = AnnouncedStation::from_app_data(app_data) else { return };
        let heard = Heard { station, hops: announce.hops, at: Instant::now() };
        self.announced.insert(announce.destination.identity, heard);
        if self.announced.len() > MAX_STATIONS
            && let Some((oldest, _)) = self.announced.iter().min_by_key(|(_, heard)| heard.at)
        {
            let oldest = *oldest;
            self.announced.remove(&oldest);
        }
    }

    /// Returns the stations, the latest first.
    pub(super) fn latest_first(&self) -> Vec<(IdentityHash, &Heard)> {
        let mut stations: Vec<_> =
            self.announced.iter().map(|(hash, heard)| (*hash, heard)).collect();
        stations.sort_by_key(|(_, heard)| std::cmp::Reverse(heard.at));
        stations
    }

    /// Returns the station of a name, if only one announced it.
    pub(super) fn named(&self, name: &str) -> Option<IdentityHash> {
        let wanted = name.trim().to_lowercase();
        let is_it = |heard: &Heard| heard.station.name.to_lowercase() == wanted;
        let mut named = self.announced.iter().filter(|(_, heard)| is_it(heard));
        match (named.next(), named.next()) {
            (Some((hash, _)), None) => Some(*hash),
            _ => None,
        }
    }

    /// Tunes in to a station, and plays it at the speaker.
    pub(super) async fn tune(
        &mut self,
        station: IdentityHash,
        sound: &Sound,
    ) -> Result<(), Refused> {
        if self.tuned.is_none() {
            let (radio, _) = RadioBuilder::new().start()?;
            let (tuner, events) = TunerBuilder::new().start(&self.destinations, &radio);
            let news = self.news.clone();
            tokio::spawn(async move {
                while let Some(event) = events.next().await {
                    if news.send(News::Tuner(event)).await.is_err() {
                        return;
                    }
                }
            });
            let (speaking, is_paused) = (None, false);
            self.tuned = Some(Tuned { station, tuner, radio, speaking, is_paused });
        }
        let Some(tuned) = &mut self.tuned else { return Ok(()) };
        if let Err(refused) = tuned.play(sound).await {
            self.leave().await;
            return Err(refused);
        }
        tuned.station = station;
        Ok(tuned.tuner.tune(station).await?)
    }

    /// Leaves the station. Returns whether there was one.
    pub(super) async fn leave(&mut self) -> bool {
        let Some(tuned) = self.tuned.take() else { return false };
        if let Some(speaking) = tuned.speaking {
            speaking.end();
        }
        tuned.tuner.shutdown().await;
        tuned.radio.shutdown().await;
        true
    }
}

impl Tuned {
    /// Plays what is heard at the speaker, in place of what plays there.
    pub(super) async fn play(&mut self, sound: &Sound) -> Result<(), Refused> {
        let (speaker, speaking) = RadioSpeaker::of(&self.radio).await?;
        sound.play(speaker)?;
        self.speaking = Some(speaking);
        Ok(())
    }

    pub(super) const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Leaves the station while a call has the phone.
    pub(super) async fn pause(&mut self) -> Result<(), StationError> {
        self.is_paused = true;
        self.tuner.leave().await
    }

    /// Tunes in again after the call.
    pub(super) async fn resume(&mut self) -> Result<(), StationError> {
        self.is_paused = false;
        self.tuner.tune(self.station).await
    }
}

/// Whether the station is gone for good.
pub(super) const fn is_over(event: &TunerEvent) -> bool {
    matches!(event, TunerEvent::Closed { again: None, .. })
}

const MAX_STATIONS: usize = 256;
