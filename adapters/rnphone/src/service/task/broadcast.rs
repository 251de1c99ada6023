//! What the task does for the station of the phone: a file, for all who tune in.

use std::path::PathBuf;

use super::Task;
use crate::service::broadcast::OnAir;
use crate::service::refused::Refused;

impl Task {
    /// Begins to broadcast a file, or ends that.
    pub(super) async fn broadcast(
        &mut self,
        file: Option<PathBuf>,
        title: Option<String>,
    ) -> Result<(), Refused> {
        let Some(file) = file else {
            let none = || Refused::new("no station is on the air: begin with station FILE");
            self.on_air.take().ok_or_else(none)?.stop().await;
            return Ok(());
        };
        if self.on_air.is_some() {
            return Err(Refused::new("a station is on the air: end it first by station off"));
        }
        let named = || self.people.settings().display_name.map(|name| name.as_str().to_owned());
        let title = title.or_else(named).unwrap_or_else(|| "rnphone-rs".to_owned());
        let (identity, destinations) = (self.phone.identity(), self.stations.destinations());
        let news = self.studio.news.clone();
        let on_air = OnAir::start(destinations, identity, &title, &file, news).await?;
        self.on_air = Some(on_air);
        Ok(())
    }
}
