//! The settings of a phone, and their bounds.

use std::time::Duration;

use lxst_core::{
    Admission, AirBudget, AnnounceInterval, AnnouncePolicy, AnswerMode, Config, DisplayName,
    FramesPerPacket, InsteadOfVoice, Mode, Profile, ProfileSet, ScreeningTime, SettingError,
    ThinPath, TransmitCodec,
};
use lxst_engine::Callers;
#[cfg(feature = "voice-processing")]
use lxst_engine::VoiceProcessing;

/// The settings of a phone, in four groups. Each has a default: the reference's, if it has one.
///
/// ```
/// use std::time::Duration;
/// use lxst_phone::{Callers, Profile, Settings, Timing, Voice};
///
/// let settings = Settings::default()
///     .callers(Callers::ask())
///     .voice(Voice::default().profile(Profile::HighQuality).dtx(true))
///     .timing(Timing::default().ring_time(Duration::from_secs(30)));
/// ```
/// Values beyond a bound are refused when the phone [starts](crate::PhoneBuilder::start), with a
/// [`SettingError`] that names the bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    callers: Callers,
    display_name: Option<DisplayName>,
    voice: Voice,
    network: Network,
    timing: Timing,
    auto_answer: bool,
}

/// Settings of audio: profile, mode, codec, and what is sent in place of voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    profile: Option<Profile>,
    mode: Mode,
    thin_path: ThinPath,
    transmit: TransmitCodec,
    frames_per_packet: u8,
    air_budget: u8,
    asks_for_copies: bool,
    when_muted: InsteadOfVoice,
    when_no_microphone: InsteadOfVoice,
    dtx: bool,
    adaptive_profile: bool,
    peer_may_open_microphone: bool,
    #[cfg(feature = "voice-processing")]
    voice_processing: VoiceProcessing,
}

/// When the phone announces itself, besides [`Phone::announce`](crate::Phone::announce).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Without its interval, which is checked first.
    announce: AnnouncePolicy,
    interval: Option<Duration>,
}

/// Times of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    ring: Duration,
    wait: Duration,
    screening: Duration,
    unscreened: Admission,
}

impl Settings {
    /// Sets who may call. [`Phone::set_callers`](crate::Phone::set_callers) changes it later.
    #[must_use]
    pub fn callers(mut self, callers: Callers) -> Self {
        self.callers = callers;
        self
    }

    /// Sets the name that the phone's announces tell to everybody who hears them. *Default*: none
    /// is told. [`Phone::set_display_name`](crate::Phone::set_display_name) changes it later.
    #[must_use]
    pub const fn display_name(mut self, name: DisplayName) -> Self {
        self.display_name = Some(name);
        self
    }

    /// Sets the settings of audio.
    #[must_use]
    pub fn voice(mut self, voice: Voice) -> Self {
        self.voice = voice;
        self
    }

    /// Sets when the phone announces itself.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Sets the times of a call.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Answers each incoming call by itself, once the caller's preferences have arrived. *Default*:
    /// off; the app answers.
    #[must_use]
    pub const fn auto_answer(mut self, auto_answer: bool) -> Self {
        self.auto_answer = auto_answer;
        self
    }

    /// Checks the settings against their bounds and the profiles that can be sent.
    ///
    /// # Errors
    /// [`SettingError`].
    pub(crate) fn parse(self, sendable: ProfileSet) -> Result<Parsed, SettingError> {
        let Self { callers, display_name, voice, network, timing, auto_answer } = self;
        let screening_default = timing.unscreened;
        let telephone = Config {
            profile: voice.checked_profile(sendable)?,
            mode: voice.mode,
            thin_path: voice.thin_path,
            transmit: voice.transmit,
            frames_per_packet: FramesPerPacket::new(voice.frames_per_packet)?,
            air_budget: AirBudget::new(voice.air_budget)?,
            asks_for_copies: voice.asks_for_copies,
            when_muted: voice.when_muted,
            answer: if auto_answer { AnswerMode::Automatic } else { AnswerMode::App },
            ring_time: timing.ring,
            wait_time: timing.wait,
            screening_time: ScreeningTime::new(timing.screening)?,
            screening_default,
            peer_may_open_microphone: voice.peer_may_open_microphone,
            announce: network.policy()?,
            ..Config::default()
        };
        let engine = lxst_engine::Config {
            telephone,
            callers,
            display_name,
            adaptive_profile: voice.adaptive_profile,
            #[cfg(feature = "voice-processing")]
            voice_processing: voice.voice_processing,
            ..lxst_engine::Config::default()
        };
        Ok(Parsed { engine, when_no_microphone: voice.when_no_microphone, dtx: voice.dtx })
    }
}

/// Settings within their bounds.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) engine: lxst_engine::Config,
    pub(crate) when_no_microphone: InsteadOfVoice,
    pub(crate) dtx: bool,
}

impl Voice {
    /// Sets the profile of an incoming call whose caller prefers none. *Default*: Medium Quality,
    /// or the nearest profile that the phone can send.
    ///
    /// *Bounds*: a profile that the phone's [`Codecs`](crate::Codecs) can send.
    #[must_use]
    pub const fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Sets the mode of an incoming call whose caller prefers none. *Default*: full duplex.
    #[must_use]
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets how to treat a caller on a path below 2 kbit/s whose codec is not available. *Default*:
    /// the call is refused.
    #[must_use]
    pub const fn thin_path(mut self, thin_path: ThinPath) -> Self {
        self.thin_path = thin_path;
        self
    }

    /// Sets the codec that is sent. *Default*: the profile's codec.
    #[must_use]
    pub const fn transmit(mut self, transmit: TransmitCodec) -> Self {
        self.transmit = transmit;
        self
    }

    /// Sets the most frames in one packet. More frames mean fewer packets and more delay. The
    /// profile ([`Profile::max_frames_per_packet`]) and the packet size of the link may allow
    /// fewer. *Default*: 1.
    ///
    /// *Bounds*: 1 to [`FRAMES_PER_PACKET`](lxst_core::limits::FRAMES_PER_PACKET).
    #[must_use]
    pub const fn frames_per_packet(mut self, frames: u8) -> Self {
        self.frames_per_packet = frames;
        self
    }

    /// Sets the air that copies of frames may take while the peer loses packets, in percent of what
    /// its packets take without them. Only phones of this project get copies. *Default*: 60 %; see
    /// [`AirBudget`] for what a profile takes. With 0 nothing takes more air.
    ///
    /// *Bounds*: at most 100.
    #[must_use]
    pub const fn air_budget(mut self, percent: u8) -> Self {
        self.air_budget = percent;
        self
    }

    /// Sets whether the peer is asked for copies of frames while packets are lost. They take one
    /// frame of delay, which [`Quality::delay`](crate::Quality::delay) includes. *Default*: on.
    #[must_use]
    pub const fn ask_for_copies(mut self, ask: bool) -> Self {
        self.asks_for_copies = ask;
        self
    }

    /// Sets what a muted microphone sends in full duplex. *Default*: silence, as the reference.
    #[must_use]
    pub const fn when_muted(mut self, sent: InsteadOfVoice) -> Self {
        self.when_muted = sent;
        self
    }

    /// Sets what a call sends while no audio source is attached. *Default*: nothing.
    #[must_use]
    pub const fn when_no_microphone(mut self, sent: InsteadOfVoice) -> Self {
        self.when_no_microphone = sent;
        self
    }

    /// Sends nothing while nobody speaks (DTX), which saves airtime. *Default*: off, as the
    /// reference.
    #[must_use]
    pub const fn dtx(mut self, dtx: bool) -> Self {
        self.dtx = dtx;
        self
    }

    /// Adapts the profile of calls that come in to the path: it steps down when more than 8 % of the
    /// voice is lost for 5 s, and up again after 20 s with less than 2 %, until somebody names a
    /// profile. A frame that a copy replaces ([`ask_for_copies`](Self::ask_for_copies)) is not lost.
    /// The profile of a dialled call adapts as its [`ProfileChoice`](crate::ProfileChoice) says.
    /// *Default*: off; only people change it, as in the reference.
    #[must_use]
    pub const fn adaptive_profile(mut self, adaptive: bool) -> Self {
        self.adaptive_profile = adaptive;
        self
    }

    /// Lets the peer open our microphone by a change from half to full duplex during a call.
    /// *Default*: off. A caller's preference before the answer counts in either case, unless the
    /// app has set the [`mode`](Self::mode).
    #[must_use]
    pub const fn peer_may_open_microphone(mut self, may: bool) -> Self {
        self.peer_may_open_microphone = may;
        self
    }

    /// Sets the voice processing of the microphone's audio: AEC, noise suppression, AGC. *Default*:
    /// none.
    #[cfg(feature = "voice-processing")]
    #[must_use]
    pub const fn voice_processing(mut self, processing: VoiceProcessing) -> Self {
        self.voice_processing = processing;
        self
    }

    fn checked_profile(&self, sendable: ProfileSet) -> Result<Profile, SettingError> {
        match self.profile {
            Some(profile) if sendable.contains(profile) => Ok(profile),
            Some(profile) => Err(SettingError::Profile(profile)),
            // The telephone takes the nearest that can be sent.
            None => Ok(Config::default().profile),
        }
    }
}

impl Default for Voice {
    fn default() -> Self {
        let Config {
            mode,
            thin_path,
            transmit,
            frames_per_packet,
            air_budget,
            asks_for_copies,
            when_muted,
            ..
        } = Config::default();
        Self {
            profile: None,
            mode,
            thin_path,
            transmit,
            frames_per_packet: frames_per_packet.get(),
            air_budget: air_budget.percent(),
            asks_for_copies,
            when_muted,
            when_no_microphone: InsteadOfVoice::Nothing,
            dtx: false,
            adaptive_profile: false,
            peer_may_open_microphone: false,
            #[cfg(feature = "voice-processing")]
            voice_processing: VoiceProcessing::default(),
        }
    }
}

impl Network {
    /// Returns settings that announce on command only.
    #[must_use]
    pub const fn announced_on_command() -> Self {
        Self { announce: AnnouncePolicy::ON_COMMAND, interval: None }
    }

    /// Announces at the start. *Default*: on.
    #[must_use]
    pub const fn announce_at_start(mut self, announce: bool) -> Self {
        self.announce.at_start = announce;
        self
    }

    /// Announces whenever an interface comes up. *Default*: on.
    #[must_use]
    pub const fn announce_on_interface_up(mut self, announce: bool) -> Self {
        self.announce.on_interface_up = announce;
        self
    }

    /// Sets the interval of announces; `None` for none. *Default*: 3 h, as the reference.
    ///
    /// *Bounds*: at least [`MIN_ANNOUNCE_INTERVAL`](lxst_core::limits::MIN_ANNOUNCE_INTERVAL), 5
    /// min.
    #[must_use]
    pub const fn announce_every(mut self, interval: Option<Duration>) -> Self {
        self.interval = interval;
        self
    }

    fn policy(&self) -> Result<AnnouncePolicy, SettingError> {
        let interval = self.interval.map(AnnounceInterval::new).transpose()?;
        Ok(AnnouncePolicy { interval, ..self.announce })
    }
}

impl Default for Network {
    fn default() -> Self {
        let announce = AnnouncePolicy::default();
        Self { announce, interval: announce.interval.map(AnnounceInterval::get) }
    }
}

impl Timing {
    /// Sets how long an incoming call rings. *Default*: 60 s, as the reference.
    #[must_use]
    pub const fn ring_time(mut self, time: Duration) -> Self {
        self.ring = time;
        self
    }

    /// Sets how long an outgoing call may take until it is answered, its path search included.
    /// *Default*: 70 s, as the reference.
    #[must_use]
    pub const fn wait_time(mut self, time: Duration) -> Self {
        self.wait = time;
        self
    }

    /// Sets how long the app has to decide after [`Screening`](crate::Event::Screening), and the
    /// decision when it does not. *Default*: 1.5 s, then the call rings.
    ///
    /// *Bounds*: at most [`MAX_SCREENING`](lxst_core::limits::MAX_SCREENING), 3 s.
    #[must_use]
    pub const fn screening(mut self, time: Duration, then: Admission) -> Self {
        (self.screening, self.unscreened) = (time, then);
        self
    }
}

impl Default for Timing {
    fn default() -> Self {
        let Config { ring_time, wait_time, screening_time, screening_default, .. } =
            Config::default();
        let (ring, wait, screening) = (ring_time, wait_time, screening_time.get());
        Self { ring, wait, screening, unscreened: screening_default }
    }
}

#[cfg(test)]
mod tests {
    use lxst_core::CallerLimits;
    use lxst_engine::codecs::{BuiltInCodecs, Codecs};

    use super::*;

    #[test]
    fn what_an_app_sets_is_what_the_telephone_is_given() {
        let [ring, wait, screening, every] = [1, 2, 3, 600].map(Duration::from_secs);
        let depth = lxst_core::RawDepth::Float32;
        let limits = CallerLimits { one_caller: 1, ..CallerLimits::default() };
        let voice = Voice::default()
            .profile(Profile::LowLatency)
            .mode(Mode::HalfDuplex)
            .thin_path(ThinPath::Accept)
            .transmit(TransmitCodec::Raw { depth })
            .frames_per_packet(2)
            .air_budget(7)
            .ask_for_copies(false)
            .when_muted(InsteadOfVoice::Nothing)
            .when_no_microphone(InsteadOfVoice::Silence)
            .dtx(true)
            .adaptive_profile(true)
            .peer_may_open_microphone(true);
        let network = Network::default()
            .announce_at_start(false)
            .announce_on_interface_up(false)
            .announce_every(Some(every));
        let timing = Timing::default()
            .ring_time(ring)
            .wait_time(wait)
            .screening(screening, Admission::Reject);
        let callers = Callers::none().limits(limits);
        let name = DisplayName::new("Ada").expect("it is a name");
        let settings = Settings::default()
            .callers(callers.clone())
            .display_name(name)
            .voice(voice)
            .network(network)
            .timing(timing)
            .auto_answer(true);
        let parsed = settings.parse(BuiltInCodecs.profiles()).expect("it is within its bounds");
        let wanted = Config {
            profile: Profile::LowLatency,
            mode: Mode::HalfDuplex,
            thin_path: ThinPath::Accept,
            transmit: TransmitCodec::Raw { depth },
            frames_per_packet: FramesPerPacket::new(2).expect("within its bounds"),
            air_budget: AirBudget::new(7).expect("within its bounds"),
            asks_for_copies: false,
            when_muted: InsteadOfVoice::Nothing,
            answer: AnswerMode::Automatic,
            ring_time: ring,
            wait_time: wait,
            screening_time: ScreeningTime::new(screening).expect("within its bounds"),
            screening_default: Admission::Reject,
            peer_may_open_microphone: true,
            announce: AnnouncePolicy {
                interval: AnnounceInterval::new(every).ok(),
                ..AnnouncePolicy::ON_COMMAND
            },
            ..Config::default()
        };
        assert_eq!(parsed.engine.telephone, wanted);
        assert_eq!(parsed.engine.callers, callers);
        assert_eq!(parsed.engine.display_name, Some(name));
        assert!(parsed.engine.adaptive_profile && parsed.dtx);
        assert_eq!(parsed.when_no_microphone, InsteadOfVoice::Silence);
    }

    #[test]
    fn what_an_app_leaves_unset_is_the_default() {
        let unset = Settings::default()
            .parse(BuiltInCodecs.profiles())
            .expect("defaults are within bounds");
        assert_eq!(unset.engine.telephone, Config::default());
    }
}
