//! The settings of a telephone.

use core::time::Duration;

use crate::limits::{FRAMES_PER_PACKET, MAX_SCREENING, MIN_ANNOUNCE_INTERVAL};
use crate::profile::{Mode, Profile, ProfileSet};
use crate::wire::CodecSet;

/// The settings of a [`Telephone`](crate::Telephone).
///
/// *Source*: the defaults are those of `Telephone` in LXST/Primitives/Telephony.py (`RING_TIME`,
/// `WAIT_TIME`, `ANNOUNCE_INTERVAL`); those of screening and of [`CallerLimits`] are our choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The profile of an incoming call if the caller sends no preference. If `profiles` lacks it,
    /// the [nearest](ProfileSet::nearest) one is used.
    pub profile: Profile,
    /// The mode of an incoming call if the caller sends no preference.
    pub mode: Mode,
    /// The profiles that our encoder can send. Dialling or switching to another profile is refused.
    /// A peer who prefers another profile is told the [nearest](ProfileSet::nearest) of these, and
    /// the call uses that one: [`Event::ProfileUnavailable`](crate::Event::ProfileUnavailable).
    pub profiles: ProfileSet,
    /// The codecs whose frames are accepted. A frame of another codec, and the frames after it in
    /// its packet, count as [`frames_unknown`](crate::Counters::frames_unknown). An accepted frame
    /// that no decoder can decode counts as
    /// [`frames_undecodable`](crate::Counters::frames_undecodable).
    pub codecs: CodecSet,
    /// What happens to a caller who prefers a profile for a thin path that our encoder cannot send.
    pub thin_path: ThinPath,
    /// The codec that our side sends.
    pub transmit: TransmitCodec,
    /// Upper bound of the frames in one packet. More frames mean fewer packets and more delay. The
    /// profile ([`Profile::max_frames_per_packet`]) and the link's mdu may allow fewer.
    pub frames_per_packet: FramesPerPacket,
    /// Upper bound of the air that copies of frames and loss reports may take. The peer gets copies
    /// while it reports loss, if it is a phone that knows them; others never do.
    pub air_budget: AirBudget,
    /// Whether the peer is told of the packets that are lost, so that it sends copies of frames. A
    /// copy comes a packet after its frame: while the peer sends copies, the jitter buffer keeps
    /// one frame more of delay, which [`Quality::delay`](crate::Quality::delay) includes.
    pub asks_for_copies: bool,
    /// What is sent in full duplex while the microphone is muted.
    pub when_muted: InsteadOfVoice,
    /// Who answers an incoming call.
    pub answer: AnswerMode,
    /// The decision on every caller. With `None` the app decides on each one before the call rings:
    /// [`Event::Screening`](crate::Event::Screening).
    pub callers: Option<Admission>,
    /// How long an incoming call rings. On expiry it ends as
    /// [`RingTimeout`](crate::EndReason::RingTimeout).
    pub ring_time: Duration,
    /// How long an outgoing call waits for the answer, path search included; RINGING starts the
    /// time again.
    pub wait_time: Duration,
    /// How long the app has to decide on [`Event::Screening`](crate::Event::Screening).
    pub screening_time: ScreeningTime,
    /// The decision on a caller if the app does not decide within `screening_time`.
    pub screening_default: Admission,
    /// How often strangers may call.
    pub limits: CallerLimits,
    /// Whether the peer may open our microphone by switching from half duplex to full duplex. A
    /// caller's preference before the answer may do so regardless, unless our app chose the mode.
    pub peer_may_open_microphone: bool,
    /// When we announce.
    pub announce: AnnouncePolicy,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: Profile::MediumQuality,
            mode: Mode::FullDuplex,
            profiles: ProfileSet::OPUS,
            codecs: CodecSet::REFERENCE,
            thin_path: ThinPath::Refuse,
            transmit: TransmitCodec::Profile,
            frames_per_packet: FramesPerPacket::ONE,
            air_budget: AirBudget::default(),
            asks_for_copies: true,
            when_muted: InsteadOfVoice::Silence,
            answer: AnswerMode::App,
            callers: Some(Admission::Ring),
            ring_time: Duration::from_secs(60),
            wait_time: Duration::from_secs(70),
            screening_time: ScreeningTime::default(),
            screening_default: Admission::Ring,
            limits: CallerLimits::default(),
            peer_may_open_microphone: false,
            announce: AnnouncePolicy::default(),
        }
    }
}

impl Config {
    /// Returns whether peers are told that we know loss reports and copies.
    pub(crate) fn has_mark(&self) -> bool {
        self.air_budget > AirBudget::NONE || self.asks_for_copies
    }
}

/// What happens to a caller who prefers a profile below 2 kbit/s ([`Profile::is_for_thin_paths`])
/// that our encoder cannot send, if the profile that we send in its place needs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThinPath {
    /// The call is rejected, because our media would congest the path. It ends here as
    /// [`ProfileUnavailable`](crate::EndReason::ProfileUnavailable).
    Refuse,
    /// The call goes on with our profile.
    Accept,
}

/// The codec that our side sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransmitCodec {
    /// The codec of the current profile.
    Profile,
    /// Raw samples, for every profile. A frame is the longest of 10, 5, 4, 2, 1 and 0.5 ms that
    /// fits a packet of the link.
    Raw {
        /// The sample format.
        depth: RawDepth,
    },
}

/// What is sent in full duplex in place of the microphone's audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InsteadOfVoice {
    /// Nothing but one frame of silence every [`PRESENCE`](crate::limits::PRESENCE), which shows
    /// that we are there.
    Nothing,
    /// Silence at the full packet rate, as the reference sends it.
    Silence,
}

/// The sample format of a raw frame. Samples are little endian.
///
/// *Source*: `Raw` in LXST/Codecs/Raw.py.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RawDepth {
    /// IEEE 754 binary16.
    Float16 = 0,
    /// IEEE 754 binary32.
    Float32 = 1,
    /// IEEE 754 binary64.
    Float64 = 2,
    /// x87 extended precision in 16 bytes.
    Float128 = 3,
}

impl RawDepth {
    /// Returns the size of one sample, in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        2 << self as u8
    }
}

/// Who answers an incoming call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerMode {
    /// The app, by [`Command::Answer`](crate::Command::Answer).
    App,
    /// The telephone itself, as soon as it has heard the caller's preferences.
    Automatic,
}

/// How often strangers may ring within a window of time, which begins with their first attempt.
/// Beyond the limit a caller gets BUSY.
///
/// A caller is no stranger if we dialled or talked with them, or if
/// [`Command::Know`](crate::Command::Know) named them. Callers who are turned away before the call
/// rings are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallerLimits {
    /// Length of the window.
    pub window: Duration,
    /// Attempts of one identity. The latest
    /// [`CALLERS_REMEMBERED`](crate::limits::CALLERS_REMEMBERED) identities are counted, each
    /// apart.
    pub one_caller: u16,
    /// Attempts of all strangers together. An attempt that is answered no longer counts. One that
    /// is rejected after it rang still counts: a series of such strangers would keep the line busy.
    pub strangers: u16,
}

impl Default for CallerLimits {
    /// 20 attempts of one caller and 60 of all strangers in 10 min: our choice.
    fn default() -> Self {
        Self { window: Duration::from_secs(600), one_caller: 20, strangers: 60 }
    }
}

/// A decision on a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Admission {
    /// The call rings.
    Ring,
    /// The caller gets BUSY.
    Busy,
    /// The caller gets REJECTED.
    Reject,
    /// The link closes without a signal.
    Drop,
}

/// When the telephone announces, besides [`Command::Announce`](crate::Command::Announce).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AnnouncePolicy {
    /// Announces when the telephone is created.
    pub at_start: bool,
    /// Announces when an interface comes up.
    pub on_interface_up: bool,
    /// The time between two announces; `None` for no repeats.
    pub interval: Option<AnnounceInterval>,
}

impl AnnouncePolicy {
    /// Announces on command only.
    pub const ON_COMMAND: Self = Self { at_start: false, on_interface_up: false, interval: None };
}

impl Default for AnnouncePolicy {
    fn default() -> Self {
        Self { at_start: true, on_interface_up: true, interval: Some(AnnounceInterval::default()) }
    }
}

/// The number of frames that one packet may hold.
///
/// *Default*: 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FramesPerPacket(u8);

impl FramesPerPacket {
    /// One frame in each packet.
    pub const ONE: Self = Self(1);

    /// Checks a number of frames.
    ///
    /// *Bounds*: 1 to [`FRAMES_PER_PACKET`].
    ///
    /// # Errors
    /// [`SettingError::FramesPerPacket`] outside of the bounds.
    pub const fn new(frames: u8) -> Result<Self, SettingError> {
        if frames == 0 || frames as usize > FRAMES_PER_PACKET {
            return Err(SettingError::FramesPerPacket(frames));
        }
        Ok(Self(frames))
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for FramesPerPacket {
    fn default() -> Self {
        Self::ONE
    }
}

/// Upper bound of the air that copies of frames and loss reports may take, in percent of what the
/// media packets take without them. Each packet counts with its header and Reticulum's padding.
///
/// A packet carries a copy of the packet before it if the budget allows it. One copy for each
/// packet takes 54 % in Medium Quality, 32 % in Low Latency, 19 % in Ultra Low Latency, 66 % in High
/// Quality, at most 71 % in Super High Quality, 42 to 49 % in the profiles of Codec2.
///
/// *Default*: 60 %, our choice: every packet of Medium Quality, nine of ten of High Quality, eight
/// of ten of Super High Quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AirBudget(u8);

impl AirBudget {
    /// No copies and no reports beside media.
    pub const NONE: Self = Self(0);

    /// Checks a budget in percent.
    ///
    /// *Bounds*: at most 100.
    ///
    /// # Errors
    /// [`SettingError::AirBudget`] beyond it.
    pub const fn new(percent: u8) -> Result<Self, SettingError> {
        if percent > 100 {
            return Err(SettingError::AirBudget(percent));
        }
        Ok(Self(percent))
    }

    /// Returns the budget in percent.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }
}

impl Default for AirBudget {
    fn default() -> Self {
        Self(60)
    }
}

/// How long an app may take to decide on a caller.
///
/// *Default*: 1.5 s, our choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScreeningTime(Duration);

impl ScreeningTime {
    /// Checks a time.
    ///
    /// *Bounds*: at most [`MAX_SCREENING`].
    ///
    /// # Errors
    /// [`SettingError::ScreeningTime`] beyond it.
    pub fn new(time: Duration) -> Result<Self, SettingError> {
        (time <= MAX_SCREENING).then_some(Self(time)).ok_or(SettingError::ScreeningTime(time))
    }

    /// Returns the time.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Default for ScreeningTime {
    fn default() -> Self {
        Self(Duration::from_millis(1_500))
    }
}

/// The time between two announces.
///
/// *Default*: 3 h, as `ANNOUNCE_INTERVAL` in LXST/Primitives/Telephony.py.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnnounceInterval(Duration);

impl AnnounceInterval {
    /// Checks a time.
    ///
    /// *Bounds*: at least [`MIN_ANNOUNCE_INTERVAL`].
    ///
    /// # Errors
    /// [`SettingError::AnnounceInterval`] below it.
    pub fn new(interval: Duration) -> Result<Self, SettingError> {
        let is_possible = interval >= MIN_ANNOUNCE_INTERVAL;
        is_possible.then_some(Self(interval)).ok_or(SettingError::AnnounceInterval(interval))
    }

    /// Returns the time.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Default for AnnounceInterval {
    fn default() -> Self {
        Self(Duration::from_secs(3 * 60 * 60))
    }
}

/// A setting outside of its bounds. No setting is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// The encoder of the profile's codec is not built in.
    #[error(
        "profile {0} cannot be sent: its codec is not built in; \
         Codec2 is a feature, codec2 or codec2-system"
    )]
    Profile(Profile),
    /// The number is zero or more than [`FRAMES_PER_PACKET`].
    #[error("frames_per_packet {0}, where 1 to {FRAMES_PER_PACKET} are possible")]
    FramesPerPacket(u8),
    /// The budget is more than 100 %.
    #[error("air budget {0} %, where 0 to 100 % are possible")]
    AirBudget(u8),
    /// The time is longer than [`MAX_SCREENING`]: callers give up before.
    #[error(
        "screening time {0:?}, where {MAX_SCREENING:?} is the most: \
         a caller gives up 5 s after it dialled"
    )]
    ScreeningTime(Duration),
    /// The time is shorter than [`MIN_ANNOUNCE_INTERVAL`]. Each announce loads the whole network.
    #[error("announced every {0:?}, where every {MIN_ANNOUNCE_INTERVAL:?} is the most often")]
    AnnounceInterval(Duration),
}
