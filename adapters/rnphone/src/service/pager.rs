//! The pager of the phone: its key, its radio, and the page of ours.

use lxst_tokio::rooms::{BoundError, GroupId, PageKey, PageRule, PagerConfig};
use lxst_tokio::{Destinations, Pager, PagerBuilder, Radio, RadioBuilder};
use tokio::sync::mpsc;

use super::news::News;
use super::progress::Progress;
use super::radio_sound::{RadioMicrophone, RadioSpeaker, Speaking};
use super::refused::Refused;
use super::sound::Sound;

/// A pager with the key of the folder.
#[derive(Debug)]
pub(super) struct OpenPager {
    pub(super) key: PageKey,
    pub(super) name: String,
    pager: Pager,
    radio: Radio,
    heard: Option<Heard>,
    sent: Option<Sent>,
    news: mpsc::Sender<News>,
}

/// The page of a neighbour that goes on.
#[derive(Debug)]
pub(super) enum Heard {
    Unplayed,
    /// The speaker plays it.
    Played(Speaking),
}

/// A page of ours that goes on.
#[derive(Debug)]
enum Sent {
    /// What the microphone hears.
    Spoken(Progress),
    File,
}

impl OpenPager {
    pub(super) async fn open(
        destinations: &Destinations,
        key: PageKey,
        name: &str,
        news: mpsc::Sender<News>,
    ) -> Result<Self, Refused> {
        let config: Result<_, BoundError> =
            PagerConfig::new(name).and_then(|config| config.group(key, PageRule::Play));
        let (radio, _) = RadioBuilder::new().start()?;
        let (pager, events) = PagerBuilder::new(config?).start(destinations, &radio).await?;
        let told = news.clone();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if told.send(News::Page(event)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { key, name: name.to_owned(), pager, radio, heard: None, sent: None, news })
    }

    /// Ends it, and gives the channel free.
    pub(super) async fn close(self) {
        self.pager.shutdown().await;
        self.radio.shutdown().await;
    }

    pub(super) const fn is_pressed(&self) -> bool {
        self.sent.is_some()
    }

    /// Whether the microphone is heard.
    pub(super) const fn is_spoken(&self) -> bool {
        matches!(self.sent, Some(Sent::Spoken(_)))
    }

    /// Whether the microphone was taken away.
    pub(super) fn is_cut(&self) -> bool {
        matches!(&self.sent, Some(Sent::Spoken(progress)) if progress.is_dropped())
    }

    /// Whether the speaker plays the page of a neighbour.
    pub(super) const fn is_played(&self) -> bool {
        matches!(self.heard, Some(Heard::Played(_)))
    }

    /// A neighbour begins a page.
    pub(super) fn begin_heard(&mut self) {
        self.heard.get_or_insert(Heard::Unplayed);
    }

    /// Plays the page of a neighbour at the speaker.
    pub(super) async fn play(&mut self, sound: &Sound) -> Result<(), Refused> {
        let (speaker, speaking) = RadioSpeaker::of(&self.radio).await?;
        sound.play(speaker)?;
        self.heard = Some(Heard::Played(speaking));
        Ok(())
    }

    /// The page of a neighbour is over: what came of it still plays. Returns the page, if there was
    /// one.
    pub(super) fn end_heard(&mut self) -> Option<Heard> {
        let heard = self.heard.take();
        if let Some(Heard::Played(speaking)) = &heard {
            speaking.end();
        }
        heard
    }

    /// Pages what the microphone hears.
    pub(super) async fn speak(&mut self, sound: &Sound, is_urgent: bool) -> Result<(), Refused> {
        let microphone = RadioMicrophone::of(&self.radio).await?;
        self.pager.press(GroupId(0), is_urgent).await?;
        let progress = Progress::default();
        if let Err(refused) = sound.listen(progress.of(microphone)) {
            // The page had no word.
            let _ = self.pager.release().await;
            return Err(refused);
        }
        self.sent = Some(Sent::Spoken(progress));
        Ok(())
    }

    /// Pages a file.
    pub(super) async fn say(&mut self, pcm: Vec<f32>, is_urgent: bool) -> Result<(), Refused> {
        let mut source = self.radio.audio_source(lxst_tokio::AudioFormat::PHONE).await?;
        self.pager.press(GroupId(0), is_urgent).await?;
        self.sent = Some(Sent::File);
        let news = self.news.clone();
        tokio::spawn(async move {
            // A page that ended before the file takes no more of it.
            if source.write(&pcm).await.is_ok() && source.drain().await.is_ok() {
                // The phone may have ended.
                let _ = news.send(News::PageSaid).await;
            }
        });
        Ok(())
    }

    /// Ends the page of ours, and tells when its last packet is sent. Returns whether there was one.
    pub(super) fn release(&mut self, sound: &Sound, fault: Option<String>) -> bool {
        let Some(sent) = self.sent.take() else { return false };
        // Where the microphone was taken away, another may hear it.
        if let Sent::Spoken(progress) = sent
            && !progress.is_dropped()
        {
            sound.stop_listening();
        }
        let (pager, news) = (self.pager.clone(), self.news.clone());
        tokio::spawn(async move {
            // One whose time is up has ended.
            let _ = pager.release().await;
            // The phone may have ended.
            let _ = news.send(News::PageSent { fault }).await;
        });
        true
    }
}
