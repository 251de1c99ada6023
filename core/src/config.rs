//! What a phone is told once, at its start.

use core::time::Duration;

use crate::profile::{Mode, Profile, ProfileSet};

/// The settings of a [`Telephone`](crate::Telephone).
///
/// *Source*: the defaults are the reference's (`RING_TIME`, `WAIT_TIME`, `JOB_INTERVAL` in
/// LXST/Primitives/Telephony.py), those of screening our choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The profile of an incoming call whose caller prefers none. One that is not in `profiles`
    /// gives way to the [nearest](ProfileSet::nearest) that is.
    pub profile: Profile,
    /// The mode of an incoming call whose caller prefers none.
    pub mode: Mode,
    /// The profiles that our encoder can send. Dialling or switching to another is refused. A peer
    /// who prefers another is told the [nearest](ProfileSet::nearest) of these, which a call then
    /// uses; see [`Event::ProfileUnavailable`](crate::Event::ProfileUnavailable).
    pub profiles: ProfileSet,
    /// What becomes of a caller who prefers a profile for a thin path, which our encoder cannot
    /// send.
    pub thin_path: ThinPath,
    /// What our side sends.
    pub transmit: TransmitCodec,
    /// How many frames go out in one packet at most: fewer packets for more delay. The profile in
    /// force may allow fewer ([`Profile::max_frames_per_packet`]), and so may the room of the link.
    ///
    /// *Bounds*: 1 to [`FRAMES_PER_PACKET`](crate::limits::FRAMES_PER_PACKET); what is beyond counts
    /// as the bound.
    pub frames_per_packet: u8,
    /// What a muted microphone sends in full duplex.
    pub when_muted: InsteadOfVoice,
    /// Who answers.
    pub answer: AnswerMode,
    /// Who may call.
    pub callers: CallerPolicy,
    /// How long an incoming call rings.
    pub ring_time: Duration,
    /// How long an outgoing call may take until it is answered, its path search included.
    pub wait_time: Duration,
    /// How long the app may think about [`Event::Screening`](crate::Event::Screening). At most 3 s:
    /// a Python caller gives up 5 s after it dialled.
    pub screening_time: Duration,
    /// What happens to a caller about whom the app did not decide in time.
    pub screening_default: Admission,
    /// How often callers may try.
    pub limits: CallerLimits,
    /// Whether the peer may open our microphone path by switching half duplex to full duplex. A
    /// caller's preference before the answer may, unless our app has chosen the mode, by dialling
    /// or by switching.
    pub peer_may_open_microphone: bool,
    /// When we announce ourselves.
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

/// What becomes of a caller who prefers a profile below 2 kbit/s
/// ([`Profile::is_for_thin_paths`]) that our encoder cannot send, where ours needs more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThinPath {
    /// The call is rejected, and ends here as
    /// [`ProfileUnavailable`](crate::EndReason::ProfileUnavailable): it would fill the path.
    Refuse,
    /// The call goes on with our profile.
    Accept,
}

/// What our side sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransmitCodec {
    /// The codec of the profile in force.
    Profile,
    /// Raw samples, whatever the profile, in the longest of 10, 5, 4, 2, 1 and 0.5 ms that fits a
    /// packet of the link.
    Raw {
        /// The sample format.
        depth: RawDepth,
    },
}

/// What is sent in full duplex in place of a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InsteadOfVoice {
    /// Nothing, but for a frame of silence every
    /// [`PRESENCE`](crate::limits::PRESENCE), which shows that we are there.
    Nothing,
    /// Silence at the full rate, as the reference does.
    Silence,
}

/// The sample format of a raw frame, little endian.
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
    /// Tells the bytes of one sample.
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
    /// The phone itself, as soon as the caller's preferences are heard.
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

/// How often callers whom we do not know may ring, in a window of time that begins with their first
/// attempt. Beyond it they hear that the line is busy, as a caller who comes at a bad time does.
/// Whom we dialled or talked with, or who was named by [`Command::Know`](crate::Command::Know), is
/// not counted, nor is who is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallerLimits {
    /// The window.
    pub window: Duration,
    /// Attempts of one identity. The [`CALLERS_REMEMBERED`](crate::limits::CALLERS_REMEMBERED)
    /// latest are told apart.
    pub one_caller: u16,
    /// Attempts of all identities that we never talked with, together. One that is answered is not
    /// counted any more. One that is refused after it rang is: strangers who are refused one after
    /// the other would hold the line, and keep friends out.
    pub strangers: u16,
}

impl Default for CallerLimits {
    /// 20 attempts of one caller and 60 of strangers in 10 min; our choice.
    fn default() -> Self {
        Self { window: Duration::from_secs(600), one_caller: 20, strangers: 60 }
    }
}

/// What becomes of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Admission {
    /// The call rings.
    Ring,
    /// The caller hears that the line is busy.
    Busy,
    /// The caller hears that the call was rejected.
    Reject,
    /// The link closes without a word.
    Drop,
}

/// When we announce ourselves, besides [`Command::Announce`](crate::Command::Announce).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AnnouncePolicy {
    /// At the start.
    pub at_start: bool,
    /// Whenever an interface comes up.
    pub on_interface_up: bool,
    /// Again and again, at least every 5 min.
    pub interval: Option<Duration>,
}

impl AnnouncePolicy {
    /// Only on command.
    pub const ON_COMMAND: Self = Self { at_start: false, on_interface_up: false, interval: None };

    /// The least interval; a shorter one is taken as this.
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
