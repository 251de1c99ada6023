//! What the app wants.

use lxst_core::wire::Signal;
use lxst_core::{
    Admission, CallId, CallState, CallStatus, CallTimer, Command, Destination, EndReason, Event,
    IdentityHash, LinkId, LinkRequest, Mode, Profile, Role, Side,
};

use super::trip::Trip;
use super::{Model, Stage, Timer};
use crate::support::OwnedOutput;

impl Model {
    pub(super) fn command(&mut self, command: Command) -> bool {
        let (call, wants) = match command {
            Command::Dial { call, link, to, profile, mode } => {
                return self.dial(call, link, to, profile, mode);
            }
            Command::SetAvailable(available) => {
                self.is_busy = !available;
                return true;
            }
            Command::Screen(call, admission) => {
                let link = LinkId(call.0);
                let caller = self.caller(link);
                if caller.is_some_and(|caller| caller.stage == Stage::Screened) {
                    self.decide(link, admission);
                    return true;
                }
                (call, command)
            }
            Command::Answer(call)
            | Command::HangUp(call)
            | Command::SetProfile(call, _)
            | Command::SetMode(call, _) => (call, command),
            other => panic!("{other:?} is not modelled"),
        };
        let Some(status) = self.status().filter(|status| status.call == call) else {
            return false;
        };
        let (link, is_callee) = (self.link(), status.role == Role::Callee);
        let rings_here = is_callee && status.state == CallState::Ringing;
        match wants {
            Command::Answer(_) if rings_here => {
                self.connect();
                if self.call.as_ref().is_some_and(|call| call.has_preferences) {
                    self.answer();
                }
            }
            Command::Answer(_) => return is_callee,
            Command::HangUp(_) if rings_here => {
                self.goodbye(link, &[Signal::Rejected]);
                self.end(EndReason::Rejected);
            }
            Command::HangUp(_) => {
                if status.state != CallState::GlareWait {
                    self.close(link);
                }
                let is_answered = status.state >= CallState::Connecting;
                self.end(if is_answered { EndReason::LocalHangup } else { EndReason::Cancelled });
            }
            Command::Screen(_, admission) if rings_here => self.screen_again(admission),
            Command::SetProfile(..) | Command::SetMode(..)
                if status.state == CallState::Connecting =>
            {
                return false;
            }
            Command::SetProfile(_, profile) => self.choose_profile(profile),
            Command::SetMode(_, mode) => self.choose_mode(mode),
            _ => return false,
        }
        true
    }

    /// Takes the app's word on a caller who rings already.
    fn screen_again(&mut self, admission: Admission) {
        let link = self.link();
        match admission {
            Admission::Ring => {}
            Admission::Busy => {
                self.goodbye(link, &[Signal::Busy]);
                self.end(EndReason::Blocked);
            }
            Admission::Reject => {
                self.goodbye(link, &[Signal::Rejected]);
                self.end(EndReason::Rejected);
            }
            Admission::Drop => {
                self.close(link);
                self.end(EndReason::Blocked);
            }
        }
    }

    fn choose_profile(&mut self, profile: Profile) {
        let status = self.status_mut();
        if profile != status.profile {
            status.profile = profile;
            let call = status.call;
            self.propose(Signal::PreferredProfile(profile.id().into()));
            self.tell(Event::ProfileChanged { call, profile, by: Side::Local });
        }
    }

    fn choose_mode(&mut self, mode: Mode) {
        self.call.as_mut().expect("the mode is its").is_mode_chosen = true;
        let CallStatus { call, mode: current, .. } = *self.status_mut();
        if mode != current {
            self.set_mode(mode);
            self.propose(Signal::PreferredMode(mode.id()));
            self.tell(Event::ModeChanged { call, mode, by: Side::Local });
        }
    }

    fn dial(
        &mut self,
        call: CallId,
        link: LinkId,
        peer: IdentityHash,
        profile: Profile,
        mode: Mode,
    ) -> bool {
        if self.call.is_some() || !self.config.profiles.contains(profile) {
            return false;
        }
        let (role, state) = (Role::Caller, CallState::Calling);
        let status = CallStatus { call, role, peer, state, profile, mode };
        self.begin(
            status,
            link,
            Trip::default(),
            (Timer::Call(CallTimer::Wait), self.config.wait_time),
        );
        let now = self.now;
        self.trip().ask(now);
        self.outputs.push(OwnedOutput::Link(link, LinkRequest::Open(Destination::telephony(peer))));
        true
    }
}
