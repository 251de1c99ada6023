//! The established call: switches of profile and mode, and whether the peer is still there.

use core::mem;

use super::table::Trigger;
use super::{Call, Context, Line};
use crate::config::{Config, ThinPath};
use crate::error::InputError;
use crate::id::CallId;
use crate::limits::{FIRST_MEDIA, FIRST_MEDIA_TRIPS, MEDIA_TIMEOUT, PROFILES_TOLD, SILENCE};
use crate::outbox::Outbox;
use crate::output::{DropReason, Event, Side};
use crate::profile::{Mode, Profile};
use crate::state::CallState;
use crate::time::Instant;
use crate::timers::CallTimer;
use crate::wire::{self, Signal};

/// When the peer was last heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Presence {
    media: Instant,
    anything: Instant,
    is_silent: bool,
}

impl Line {
    /// Starts the call's media: the call is established.
    pub(super) fn open_streams(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        call.presence.media = call.first_media_by(cx.now);
        call.presence.anything = cx.now;
        let first_media_by = call.presence.media;
        cx.limiter.know(cx.now, call.peer);
        if mem::take(&mut call.is_counted) {
            cx.limiter.give_back(call.rings_since);
        }
        let (call, profile, mode) = (call.id, call.profile, call.mode);
        self.timers.stop_all();
        self.timers.start(CallTimer::Silence, first_media_by + SILENCE);
        self.timers.start(CallTimer::Media, first_media_by + MEDIA_TIMEOUT);
        cx.out.event(Event::Established { call, profile, mode });
    }

    /// Handles the arrival of a packet on the call's link.
    pub(crate) fn on_heard(&mut self, now: Instant) {
        if let Some(call) = &mut self.call
            && call.state == CallState::Established
        {
            call.presence.anything = now;
        }
    }

    /// Notes whether a packet on the call's link shows that the peer knows loss reports and copies
    /// of frames.
    pub(crate) fn on_mark(&mut self, packet: &wire::Packet<'_>) {
        if let Some(call) = &mut self.call {
            call.knows_copies |= packet.loss().is_some();
        }
    }

    /// Handles [`LinkEvent::Heard`](crate::LinkEvent::Heard): a keepalive or the like on the call's
    /// link.
    pub(super) fn on_link_heard(&mut self, cx: &mut Context<'_>) {
        cx.exchange.on_link_heard(cx.now);
        if let Some(call) = &mut self.call {
            call.presence.anything = cx.now;
        }
    }

    /// Handles the arrival of media: the peer has set up its streams.
    pub(crate) fn on_media(&mut self, cx: &mut Context<'_>) {
        self.step(Trigger::Media, cx);
        self.end_repeats();
        let Some(call) = &mut self.call else { return };
        call.presence.media = call.presence.media.max(cx.now);
        if mem::take(&mut call.presence.is_silent) {
            cx.out.event(Event::PeerAudible { call: call.id });
            self.timers.start(CallTimer::Silence, cx.now + SILENCE);
        }
    }

    pub(super) fn on_silence(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        let due = call.presence.media + SILENCE;
        if cx.now < due {
            self.timers.start(CallTimer::Silence, due);
        } else if call.mode == Mode::FullDuplex {
            call.presence.is_silent = true;
            cx.out.event(Event::PeerSilent { call: call.id });
        }
    }

    pub(super) fn on_media_timeout(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        let missed_at = cx.exchange.missed_at(call.presence.media.max(call.presence.anything));
        match missed_at.filter(|_| call.mode == Mode::FullDuplex) {
            Some(at) if at <= cx.now => self.step(Trigger::MediaExpired, cx),
            Some(at) => self.timers.start(CallTimer::Media, at),
            None => self.timers.start(CallTimer::Media, cx.now + MEDIA_TIMEOUT),
        }
    }

    pub(super) fn set_profile(
        &mut self,
        profile: Profile,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        let profiles = cx.exchange.config.profiles;
        let call = self.call_mut()?;
        if !profiles.contains(profile) {
            return Err(InputError::UnsupportedProfile(profile));
        }
        call.may_switch()?;
        if mem::replace(&mut call.profile, profile) != profile {
            call.propose(Signal::PreferredProfile(profile.id().into()), cx.out);
            cx.out.event(Event::ProfileChanged { call: call.id, profile, by: Side::Local });
        }
        Ok(())
    }

    pub(super) fn set_mode(&mut self, mode: Mode, cx: &mut Context<'_>) -> Result<(), InputError> {
        let call = self.call_mut()?;
        call.may_switch()?;
        call.mode_chosen = true;
        if mem::replace(&mut call.mode, mode) != mode {
            call.propose(Signal::PreferredMode(mode.id()), cx.out);
            self.on_mode_changed(Side::Local, cx);
        }
        Ok(())
    }

    pub(super) fn on_preferred_profile(
        &mut self,
        id: u16,
        cx: &mut Context<'_>,
    ) -> Option<DropReason> {
        let profiles = cx.exchange.config.profiles;
        let call = self.call.as_mut()?;
        let Some(profile) = Profile::from_id(id.into()) else {
            return Some(cx.counters.drop_for(DropReason::UnsupportedPreference));
        };
        if call.state < CallState::Ringing {
            return None;
        }
        call.preferences_heard = true;
        if !profiles.contains(profile) {
            return self.on_unavailable_profile(profile, cx);
        }
        let is_new = mem::replace(&mut call.profile, profile) != profile;
        if is_new && call.state == CallState::Established {
            cx.out.event(Event::ProfileChanged { call: call.id, profile, by: Side::Remote });
        }
        None
    }

    /// Tells the peer what we send in place of a profile that we cannot send, so that both sides
    /// can decode each other; or rejects a caller whose path may not carry it.
    fn on_unavailable_profile(
        &mut self,
        asked: Profile,
        cx: &mut Context<'_>,
    ) -> Option<DropReason> {
        let Config { profiles, thin_path, .. } = cx.exchange.config;
        let call = self.call.as_mut()?;
        let dropped = cx.counters.drop_for(DropReason::UnsupportedPreference);
        let used = profiles.nearest(asked)?;
        if call.profiles_told == PROFILES_TOLD {
            return Some(dropped);
        }
        call.profiles_told += 1;
        cx.out.event(Event::ProfileUnavailable { call: call.id, asked, used });
        let is_thin = asked.is_for_thin_paths() && !used.is_for_thin_paths();
        if is_thin && thin_path == ThinPath::Refuse && call.is_of_the_peer() {
            self.step(Trigger::ProfileRefused, cx);
        }
        // The call was rejected and is gone.
        let call = self.call.as_mut()?;
        let is_new = mem::replace(&mut call.profile, used) != used;
        // A callee sends it together with CONNECTING. Between CONNECTING and ESTABLISHED a caller
        // sends nothing.
        if call.state != CallState::Connecting {
            call.propose(Signal::PreferredProfile(used.id().into()), cx.out);
        }
        if is_new && call.state == CallState::Established {
            let by = Side::Remote;
            cx.out.event(Event::ProfileChanged { call: call.id, profile: used, by });
        }
        None
    }

    pub(super) fn on_preferred_mode(&mut self, id: u8, cx: &mut Context<'_>) -> Option<DropReason> {
        let call = self.call.as_mut()?;
        let Some(mode) = Mode::from_id(id) else {
            return Some(cx.counters.drop_for(DropReason::UnsupportedPreference));
        };
        if call.state < CallState::Ringing {
            return None;
        }
        call.preferences_heard = true;
        let is_established = call.state == CallState::Established;
        let opens_microphone = mode == Mode::FullDuplex && (is_established || call.mode_chosen);
        if opens_microphone && !cx.exchange.config.peer_may_open_microphone {
            return None;
        }
        if mem::replace(&mut call.mode, mode) != mode && is_established {
            self.on_mode_changed(Side::Remote, cx);
        }
        None
    }

    fn on_mode_changed(&mut self, by: Side, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        cx.out.event(Event::ModeChanged { call: call.id, mode: call.mode, by });
        if call.state == CallState::Established {
            call.presence.is_silent = false;
            call.presence.media = call.first_media_by(cx.now);
            let silence = call.presence.media + SILENCE;
            self.timers.start(CallTimer::Silence, silence);
        }
    }
}

impl Call {
    /// Refuses a switch between CONNECTING and ESTABLISHED, which a Python callee would apply
    /// partly.
    fn may_switch(&self) -> Result<(), InputError> {
        if self.state == CallState::Connecting {
            return Err(InputError::NotAllowed { state: self.state });
        }
        Ok(())
    }

    /// Returns whether the peer dialled and our app did not.
    fn is_of_the_peer(&self) -> bool {
        self.id == CallId::from(self.link)
    }

    /// Returns the moment from which the peer's silence counts: `now`, moved back if the round
    /// trips of its first media take longer than [`FIRST_MEDIA`].
    fn first_media_by(&self, now: Instant) -> Instant {
        now + self.rtt.times(FIRST_MEDIA_TRIPS).saturating_sub(FIRST_MEDIA)
    }

    fn propose(&self, preference: Signal, out: &mut Outbox) {
        if self.state >= CallState::Ringing {
            out.signal(self.link, &[preference]);
        }
    }
}
