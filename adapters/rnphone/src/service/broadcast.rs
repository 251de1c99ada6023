//! The station of the phone: a file, for all who tune in.

use lxst_tokio::rooms::{StationConfig, StationEvent, StationProfile};
use lxst_tokio::{
    AudioFormat, Destinations, IdentityHash, Radio, RadioBuilder, Station, StationBuilder,
};
use tokio::sync::mpsc;

use super::news::News;
use super::refused::Refused;

/// A station that is on the air.
#[derive(Debug)]
pub(super) struct OnAir {
    station: Station,
    radio: Radio,
}

impl OnAir {
    /// Broadcasts a file, again and again.
    pub(super) async fn start(
        destinations: &Destinations,
        identity: IdentityHash,
        title: &str,
        pcm: Vec<f32>,
        news: mpsc::Sender<News>,
    ) -> Result<Self, Refused> {
        let config = StationConfig::new(identity, title, StationProfile::MusicHigh)?;
        let (station, events) = StationBuilder::new(config).start(destinations).await?;
        let (radio, _) = RadioBuilder::new().start()?;
        station.play(&radio).await?;
        let mut source = radio.audio_source(AudioFormat::PHONE).await?;
        radio.press_to_talk().await?;
        tokio::spawn(async move { while source.write(&pcm).await.is_ok() {} });
        let told = station.clone();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let StationEvent::TunedIn { .. } | StationEvent::TunedOut { .. } = event
                    && let Ok(status) = told.status().await
                    && news.send(News::Listeners(status.listeners.len())).await.is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { station, radio })
    }

    /// Tells the mesh of it, after a new connection.
    pub(super) async fn announce(&self) {
        // A station that ends needs none.
        let _ = self.station.announce().await;
    }

    pub(super) async fn stop(self) {
        self.radio.shutdown().await;
        self.station.shutdown().await;
    }
}
