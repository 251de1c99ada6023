//! What the task does for pages.

use std::time::Duration;

use lxst_tokio::rooms::PagerEvent;

use super::Task;
use crate::control::Event;
use crate::page_key;
use crate::service::news::News;
use crate::service::pager::{Heard, OpenPager};
use crate::service::pages::Pages;
use crate::service::refused::Refused;
use crate::service::short_name::short_name;
use crate::settings::PlayedPages;

impl Task {
    /// Opens the pager with the key of the settings, in place of one with another key or name.
    pub(super) async fn open_pager(&mut self) {
        if let Err(refused) = self.try_open_pager().await {
            self.tell(Event::Warning { text: refused.into_text() });
        }
    }

    async fn try_open_pager(&mut self) -> Result<(), Refused> {
        let settings = self.people.settings();
        let default = || self.people.folder().page_key();
        let path = settings.page_key.clone().unwrap_or_else(default);
        let own = self.phone.identity().to_string();
        let name = settings.display_name.map_or(own, |name| short_name(name.as_str()).to_owned());
        let key = page_key::read(&path);
        let is_same = |open: &OpenPager| {
            matches!(&key, Ok(Some(key)) if *key == open.key) && name == open.name
        };
        if self.pages.open.as_ref().is_some_and(is_same) {
            return Ok(());
        }
        self.end_page(Some("the page key or the name is another".to_owned()));
        self.end_heard();
        if let Some(open) = self.pages.open.take() {
            open.close().await;
        }
        let Some(key) = key? else { return Ok(()) };
        let Pages { destinations, news, .. } = &self.pages;
        self.pages.open = Some(OpenPager::open(destinations, key, &name, news.clone()).await?);
        Ok(())
    }

    /// Begins to page what the microphone hears, or ends the page of ours.
    pub(super) async fn page(&mut self, on: bool, is_urgent: bool) -> Result<(), Refused> {
        if !on {
            return self.release_page();
        }
        self.check_page().await?;
        // The microphone would hear it.
        self.stop_playing();
        if let Err(refused) = self.pages.opened()?.speak(&self.sound, is_urgent).await {
            self.free_speaker();
            return Err(refused);
        }
        self.pages.looked();
        self.tell(Event::Paging {});
        Ok(())
    }

    /// Begins to page a file.
    pub(super) async fn page_file(
        &mut self,
        pcm: Vec<f32>,
        is_urgent: bool,
    ) -> Result<(), Refused> {
        self.check_page().await?;
        self.pages.opened()?.say(pcm, is_urgent).await?;
        self.tell(Event::Paging {});
        Ok(())
    }

    /// Refuses a page that nobody would hear, and a second one.
    pub(super) async fn check_page(&mut self) -> Result<(), Refused> {
        self.check_free()?;
        self.try_open_pager().await?;
        if self.phone.state().connections == 0 {
            return Err(Refused::new("no network is connected: nobody would hear the page"));
        }
        match self.pages.opened()?.is_pressed() {
            true => Err(Refused::new(PAGE_GOES_ON)),
            false => Ok(()),
        }
    }

    /// Ends the page of ours as the user wants it.
    fn release_page(&mut self) -> Result<(), Refused> {
        match self.end_page(None) {
            true => Ok(()),
            false => Err(Refused::new("no page goes on: begin with page")),
        }
    }

    /// Ends the page of ours, if there is one. Returns whether there was.
    pub(super) fn end_page(&mut self, fault: Option<String>) -> bool {
        let is_spoken = self.pages.is_spoken();
        let sound = &self.sound;
        let was_sent = self.pages.open.as_mut().is_some_and(|pager| pager.release(sound, fault));
        if is_spoken {
            self.free_speaker();
        }
        was_sent
    }

    /// Ends the page of a neighbour, if there is one.
    fn end_heard(&mut self) {
        let Some(heard) = self.pages.open.as_mut().and_then(OpenPager::end_heard) else { return };
        if let Heard::Played(_) = heard {
            self.free_speaker();
        }
        self.tell(Event::PageEnded {});
    }

    /// Ends our page when a call has taken the microphone.
    pub(super) fn look_at_page(&mut self) {
        self.pages.looked();
        if self.pages.open.as_ref().is_some_and(OpenPager::is_cut) {
            self.end_page(Some("a call came, or the microphone went".to_owned()));
        }
    }

    /// The pager tells something.
    pub(super) async fn on_page(&mut self, event: PagerEvent) {
        match event {
            PagerEvent::Began { name, is_urgent, .. } => {
                if let Some(pager) = &mut self.pages.open {
                    pager.begin_heard();
                }
                let name = name.map(|name| self.shown(&name));
                let refused = match self.unplayed(name.as_ref(), is_urgent) {
                    Some(why) => Some(why.to_owned()),
                    None => self.play_page().await.err().map(Refused::into_text),
                };
                let name = name.map(|(name, _)| name);
                self.tell(Event::PageHeard { name, is_urgent, unplayed: refused });
            }
            PagerEvent::Ended(_) => self.end_heard(),
            PagerEvent::TimeUp => {
                self.end_page(Some("a page lasts at most two minutes".to_owned()));
            }
            // The enum is non_exhaustive.
            _ => {}
        }
    }

    /// Lets the station play again once what came of a page is played.
    pub(super) fn free_speaker(&self) {
        let news = self.pages.news.clone();
        tokio::spawn(async move {
            tokio::time::sleep(REST).await;
            // The phone may have ended.
            let _ = news.send(News::SpeakerFree).await;
        });
    }

    async fn play_page(&mut self) -> Result<(), Refused> {
        self.stop_playing();
        self.pages.opened()?.play(&self.sound).await
    }

    /// Returns why the speaker does not play a page, if it does not.
    fn unplayed(&self, from: Option<&(String, bool)>, is_urgent: bool) -> Option<&'static str> {
        let state = self.phone.state();
        let is_contact = from.is_some_and(|(_, is_contact)| *is_contact);
        match self.people.settings().pages {
            PlayedPages::Never => Some("pages = never"),
            PlayedPages::Urgent if !is_urgent => Some("pages = urgent"),
            PlayedPages::Contacts if !is_contact => Some("pages = contacts"),
            _ if !state.calls.is_empty() => Some("there is a call"),
            _ if !state.is_available => Some("do not disturb"),
            _ if self.quiet.until().is_some() && !is_urgent => Some("quiet hours"),
            _ if self.studio.greeting.is_some() => Some("a greeting is recorded"),
            _ => None,
        }
    }

    /// Returns the name of who pages as it is shown, and whether it is that of a contact: phones
    /// without a name page by their hash.
    fn shown(&self, name: &str) -> (String, bool) {
        let contacts = &self.people.settings().contacts;
        let by_hash = name.parse().ok().and_then(|hash| contacts.get(hash));
        let is_it = |contact: &&crate::contacts::Contact| {
            contact.name.to_lowercase() == name.to_lowercase()
        };
        match by_hash.or_else(|| contacts.iter().find(is_it)) {
            Some(contact) => (contact.name.clone(), true),
            None => (name.to_owned(), false),
        }
    }
}

/// Why there is no other use of the microphone, and no second page.
pub(super) const PAGE_GOES_ON: &str = "a page goes on: end it first by page off";
/// What waits to be played at the end of a page, at most.
const REST: Duration = Duration::from_secs(1);
