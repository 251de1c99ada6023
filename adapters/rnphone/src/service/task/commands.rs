//! What the commands of clients do.

use std::time::Instant;

use lxst_tokio::{CallStatus, IdentityHash};

use super::Task;
use crate::contacts::{self, Contact};
use crate::control::{AnnouncedInfo, Command, Event, Reply, Status};
use crate::history::{CallDirection, History};
use crate::service::calls::Wanted;
use crate::service::refused::Refused;
use crate::service::sound;

impl Task {
    /// Does a command.
    pub(super) async fn handle(&mut self, command: Command) -> Result<Reply, Refused> {
        match command {
            Command::Status {} => return Ok(Reply::Status(Box::new(self.status()))),
            Command::Dial { to, profile, mode } => {
                let to = self.whom(&to)?;
                return self.dial(to, profile, mode).await;
            }
            Command::Redial {} => return self.dial_again(CallDirection::Outgoing).await,
            Command::CallBack {} => return self.dial_again(CallDirection::Incoming).await,
            Command::Answer { call } => self.answer(call).await?,
            Command::Reject { call } => {
                let status = self.find(call, Wanted::RingingHere)?;
                self.phone.call(status.call).reject().await?;
            }
            Command::HangUp { call } => {
                let [rings, held, talked] = [Wanted::RingingHere, Wanted::Held, Wanted::Talked]
                    .map(|wanted| self.find(call, wanted));
                let status = talked.or_else(|none| rings.or(held).map_err(|_| none))?;
                self.phone.call(status.call).hang_up().await?;
            }
            Command::Hold { call } => {
                let status = self.find(call, Wanted::Talked)?;
                self.hold(status).await?;
            }
            Command::Resume { call } => self.resume(call).await?,
            Command::Merge {} => self.merge().await?,
            Command::Mute { on } => self.mute(on).await?,
            Command::Talk { on } => self.talk(on).await?,
            Command::Profile { profile } => {
                let status = self.find(None, Wanted::Talked)?;
                self.phone.call(status.call).set_profile(profile).await?;
            }
            Command::Mode { mode } => {
                let status = self.find(None, Wanted::Talked)?;
                self.phone.call(status.call).set_mode(mode).await?;
            }
            Command::Record { on, call, path } => return self.record(on, call, path).await,
            Command::Volume { decibels } => self.set_volume(decibels)?,
            Command::Devices {} => return Ok(Reply::Devices(sound::list().await?)),
            Command::UseDevice { role, name } => self.sound.take(role, name.as_deref())?,
            Command::EchoCancellation { when } => self.sound.set_echo_cancellation(when)?,
            Command::Announce {} => self.phone.announce().await?,
            Command::DoNotDisturb { on } => self.phone.set_available(!on).await?,
            command => return self.handle_messages(command).await,
        }
        Ok(Reply::Done)
    }

    /// Does a command of the voicemail.
    async fn handle_messages(&mut self, command: Command) -> Result<Reply, Refused> {
        match command {
            Command::Away { on } => self.messages.set_away(on),
            Command::Messages {} => return self.list_messages(),
            Command::MessageHeard { message } => {
                self.messages.mark_heard(self.messages.id(&message)?)?;
            }
            Command::PlayMessage { message } => self.play_message(&message)?,
            Command::StopPlaying {} => self.stop_and_play_station().await,
            Command::Greeting { action } => self.handle_greeting(action)?,
            Command::DeleteMessage { message } => self.messages.delete(&message)?,
            command => return self.handle_air(command).await,
        }
        Ok(Reply::Done)
    }

    /// Does a command of stations and pages.
    async fn handle_air(&mut self, command: Command) -> Result<Reply, Refused> {
        match command {
            Command::Tune { station } => self.tune(&station).await?,
            Command::StopTuning {} => self.leave_station().await?,
            Command::Stations {} => return Ok(Reply::Stations(self.station_infos())),
            // With files, they come once those are read.
            Command::Station { .. } => self.end_broadcast().await?,
            Command::Page { on, is_urgent, .. } => self.page(on, is_urgent).await?,
            command => return self.handle_people(command).await,
        }
        Ok(Reply::Done)
    }

    /// Does a command of the phonebook or the history.
    async fn handle_people(&mut self, command: Command) -> Result<Reply, Refused> {
        match command {
            Command::Contacts {} => return Ok(Reply::Contacts(self.people.contacts())),
            Command::Announced {} => return Ok(Reply::Announced(self.announced())),
            Command::History { search, limit } => {
                let search = search.unwrap_or_default();
                let limit = limit.min(History::MAX_CALLS);
                return Ok(Reply::History(self.past_calls(&search, limit)));
            }
            Command::ExportHistory { format, search, path } => {
                return self.export(format, &search.unwrap_or_default(), path);
            }
            Command::MissedSeen {} => {
                self.history.mark_seen()?;
                return Ok(Reply::Done);
            }
            Command::AddContact { name, who, number } => {
                let hash = self.whom(&who)?;
                self.people.add(&Contact { name, hash, number })?;
            }
            Command::RenameContact { name, new } => {
                self.people.edit(|config| contacts::rename(config, &name, &new))?;
            }
            Command::RemoveContact { name } => {
                self.people.edit(|config| contacts::remove(config, &name))?;
            }
            Command::Block { who } => {
                let hash = self.whom(&who)?;
                self.people.edit(|config| contacts::block(config, hash))?;
            }
            Command::Unblock { who } => {
                let hash = self.whom(&who)?;
                self.people.edit(|config| contacts::unblock(config, hash))?;
            }
            Command::Reload {} => {
                for mistake in self.people.reload()? {
                    self.tell(Event::Warning { text: mistake.to_string() });
                }
            }
            _ => return Err(Refused::new("this phone does not know the command")),
        }
        self.look_at_clock().await;
        self.set_callers().await?;
        self.sound.handle_settings(self.people.settings());
        self.phone.set_display_name(self.people.settings().display_name).await?;
        self.open_pager().await;
        self.tell(Event::SettingsChanged {});
        Ok(Reply::Done)
    }

    fn list_messages(&self) -> Result<Reply, Refused> {
        let (messages, damaged) = self.messages.list(&self.people.settings().contacts)?;
        for text in damaged {
            self.tell(Event::Warning { text });
        }
        Ok(Reply::Messages(messages))
    }

    /// Returns whom a text means: `last` is the peer of the latest call, `#7` that of a past one.
    pub(super) fn whom(&self, text: &str) -> Result<IdentityHash, Refused> {
        if let Some(number) = text.trim().strip_prefix('#') {
            let call = number.parse().ok().and_then(|number| self.history.get(number));
            let none = || Refused::new(format!("there is no call #{number}: see history"));
            return call.map(|call| call.peer).ok_or_else(none);
        }
        if !text.trim().eq_ignore_ascii_case("last") {
            return self.people.find(text);
        }
        let state = self.phone.state();
        let open = state.calls.iter().max_by_key(|status| status.call).map(|status| status.peer);
        let latest = open.or_else(|| self.history.calls().last().map(|call| call.peer));
        latest.ok_or_else(|| Refused::new("there was no call yet"))
    }

    fn set_volume(&mut self, decibels: f32) -> Result<(), Refused> {
        if !(-60.0..=20.0).contains(&decibels) {
            return Err(Refused::new(format!("{decibels} dB; allowed are -60 to 20")));
        }
        self.sound.set_volume(decibels)
    }

    fn status(&self) -> Status {
        let state = self.phone.state();
        let now = Instant::now();
        let levels = self.sound.levels();
        let info = |status: &CallStatus| {
            let is_recorded = self.recordings.is_recorded(status.call);
            self.calls.info(&self.phone, status, now, is_recorded, |hash| self.peer(hash))
        };
        Status {
            identity: self.phone.identity(),
            name: self.people.settings().display_name.map(|name| name.as_str().to_owned()),
            network: self.network(),
            connections: state.connections,
            trouble: self.trouble(),
            do_not_disturb: !state.is_available,
            quiet_until: self.quiet.until().map(|end| end.to_string()),
            calls: state.calls.iter().map(info).collect(),
            missed: self.history.missed().count(),
            new_messages: self.messages.new_messages(),
            is_away: self.messages.is_away(),
            microphone_dbfs: levels.microphone,
            speaker_dbfs: levels.speaker,
            volume: self.sound.volume(),
            cancels_echo: self.sound.cancels_echo().filter(|_| !state.calls.is_empty()),
            shows_notifications: self.people.settings().notifications,
        }
    }

    fn announced(&self) -> Vec<AnnouncedInfo> {
        let info =
            |(hash, latest): (IdentityHash, crate::service::announced::Latest)| AnnouncedInfo {
                peer: self.peer(hash),
                name: latest.name.map(|name| name.as_str().to_owned()),
                hops: latest.hops,
                seconds_ago: latest.at.elapsed().as_secs(),
            };
        self.people.announced.latest_first().into_iter().map(info).collect()
    }
}
