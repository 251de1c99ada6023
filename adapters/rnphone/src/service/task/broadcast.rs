//! What the task does for the station of the phone: a file, for all who tune in.

use super::Task;
use crate::service::broadcast::OnAir;
use crate::service::refused::Refused;
use crate::service::short_name::short_name;

impl Task {
    /// Begins to broadcast a file.
    pub(super) async fn broadcast(
        &mut self,
        pcm: Vec<f32>,
        title: Option<String>,
    ) -> Result<(), Refused> {
        self.check_off_air()?;
        let named = || {
            let name = self.people.settings().display_name?;
            Some(short_name(name.as_str()).to_owned())
        };
        let title = title.or_else(named).unwrap_or_else(|| "rnphone-rs".to_owned());
        let (identity, destinations) = (self.phone.identity(), self.stations.destinations());
        let news = self.studio.news.clone();
        let on_air = OnAir::start(destinations, identity, &title, pcm, news).await?;
        self.on_air = Some(on_air);
        Ok(())
    }

    pub(super) async fn end_broadcast(&mut self) -> Result<(), Refused> {
        let none = || Refused::new("no station is on the air: begin with station FILE");
        self.on_air.take().ok_or_else(none)?.stop().await;
        Ok(())
    }

    /// Refuses a second station.
    pub(super) fn check_off_air(&self) -> Result<(), Refused> {
        match self.on_air {
            Some(_) => Err(Refused::new("a station is on the air: end it first by station off")),
            None => Ok(()),
        }
    }
}
