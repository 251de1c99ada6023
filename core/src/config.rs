//! The settings of a telephone.

use core::time::Duration;

use crate::profile::{Mode, Profile, ProfileSet};

/// The settings of a [`Telephone`](crate::Telephone).
///
/// *Source*: the defaults are those of `Telephone` in LXST/Primitives/Telephony.py (`RING_TIME`,
/// `WAIT_TIME`, `ANNOUNCE_INTERVAL`); those of screening and of [`CallerLimits`] are our choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The profile of an incoming call whose caller prefers none. If `profiles` lacks it, the
    /// [nearest](ProfileSet::nearest) one counts.
    pub profile: Profile,
    /// The mode of an incoming call whose caller prefers none.
    pub mode: Mode,
    /// The profiles that our encoder can send. Dialling or switching to another one is refused. A peer
    /// who prefers another one is told the [nearest](ProfileSet::nearest) of these, and the call uses
    /// that: [`Event::ProfileUnavailable`](crate::Event::ProfileUnavailable).
    pub profiles: ProfileSet,
    /// What happens to a caller who prefers a profile for a thin path that our encoder cannot send.
    pub thin_path: ThinPath,
    /// What our side sends.
    pub transmit: TransmitCodec,
    /// Upper bound of the frames of one packet: more frames mean fewer packets and more delay. The
    /// profile ([`Profile::max_frames_per_packet`]) and the link's mdu may allow fewer.
    ///
    /// *Bounds*: 1 to [`FRAMES_PER_PACKET`](crate::limits::FRAMES_PER_PACKET). A value beyond counts as
    /// the bound.
    pub frames_per_packet: u8,
    /// What is sent in full duplex while the microphone is muted.
    pub when_muted: InsteadOfVoice,
    /// Who answers an incoming call.
    pub answer: AnswerMode,
    /// Who may call.
    pub callers: CallerPolicy,
    /// How long an incoming call rings.
    pub ring_time: Duration,
    /// How long an outgoing call may take until it is answered, path search included.
    pub wait_time: Duration,
    /// How long the app has to decide on [`Event::Screening`](crate::Event::Screening).
    ///
    /// *Bounds*: at most [`MAX_SCREENING`](crate::limits::MAX_SCREENING). A longer time counts as this.
    pub screening_time: Duration,
    /// The decision on a caller if the app does not decide in time.
    pub screening_default: Admission,
    /// How often strangers may call.
    pub limits: CallerLimits,
    /// Whether the peer may open our microphone by switching from half duplex to full duplex. A
    /// caller's preference before the answer always may, unless our app chose the mode.
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
            thin_path: ThinPath::Refuse,
            transmit: TransmitCodec::Profile,
            frames_per_packet: 1,
            when_muted: InsteadOfVoice::Silence,
            answer: AnswerMode::App,
            callers: CallerPolicy::All,
            ring_time: Duration::from_secs(60),
            wait_time: Duration::from_secs(70),
            screening_time: Duration::from_millis(1_500),
            screening_default: Admission::Ring,
            limits: CallerLimits::default(),
            peer_may_open_microphone: false,
            announce: AnnouncePolicy::default(),
        }
    }
}

/// What happens to a caller who prefers a profile below 2 kbit/s ([`Profile::is_for_thin_paths`]) that
/// our encoder cannot send, if ours needs more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThinPath {
    /// The call is rejected, since it would fill the path. It ends here as
    /// [`ProfileUnavailable`](crate::EndReason::ProfileUnavailable).
    Refuse,
    /// The call goes on with our profile.
    Accept,
}

/// The codec that our side sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransmitCodec {
    /// The codec of the profile in force.
    Profile,
    /// Raw samples, whatever the profile. A frame is the longest of 10, 5, 4, 2, 1 and 0.5 ms that fits
    /// a packet of the link.
    Raw {
        /// The sample format.
        depth: RawDepth,
    },
}

/// What is sent in full duplex in place of the microphone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InsteadOfVoice {
    /// Nothing, except one frame of silence every [`PRESENCE`](crate::limits::PRESENCE), which shows
    /// that we are there.
    Nothing,
    /// Silence at the full packet rate, as the reference sends.
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

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerPolicy {
    /// Everybody rings.
    All,
    /// Everybody hears that the line is busy.
    None,
    /// The app decides on each caller before anything rings.
    Ask,
}

/// How often strangers may ring within a window of time that begins with their first attempt. Beyond
/// it they hear that the line is busy.
///
/// A caller is no stranger if we dialled or talked with them, or if
/// [`Command::Know`](crate::Command::Know) named them. Callers who are turned away before they ring are
/// not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallerLimits {
    /// The window.
    pub window: Duration,
    /// Attempts of one identity, of which the latest
    /// [`CALLERS_REMEMBERED`](crate::limits::CALLERS_REMEMBERED) are counted apart.
    pub one_caller: u16,
    /// Attempts of all strangers together. An attempt that is answered no longer counts; one that is
    /// rejected after it rang does, since such strangers in a row would keep the line busy.
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
    /// The caller hears that the line is busy.
    Busy,
    /// The caller hears that the call was rejected.
    Reject,
    /// The link closes without a signal.
    Drop,
}

/// When we announce, besides [`Command::Announce`](crate::Command::Announce).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AnnouncePolicy {
    /// Whether to announce at the start.
    pub at_start: bool,
    /// Whether to announce when an interface comes up.
    pub on_interface_up: bool,
    /// The time between two announces; `None` for no repeats.
    ///
    /// *Bounds*: at least [`MIN_INTERVAL`](Self::MIN_INTERVAL). A shorter time counts as this.
    pub interval: Option<Duration>,
}

impl AnnouncePolicy {
    /// Announces on command only.
    pub const ON_COMMAND: Self = Self { at_start: false, on_interface_up: false, interval: None };

    /// The shortest interval.
    ///
    /// *Source*: `ANNOUNCE_INTERVAL_MIN` in LXST/Primitives/Telephony.py.
    pub const MIN_INTERVAL: Duration = Duration::from_secs(5 * 60);
}

impl Default for AnnouncePolicy {
    fn default() -> Self {
        Self {
            at_start: true,
            on_interface_up: true,
            interval: Some(Duration::from_secs(3 * 60 * 60)),
        }
    }
}
