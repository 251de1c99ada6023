//! One phone, written like a packet diagram: at a moment something comes in, and this goes out.

use core::time::Duration;

use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    CallId, Command, Config, Counters, Destination, Direction, EndReason, Event, IdentityHash,
    Input, InputError, Instant, JobId, LinkClosed, LinkEvent, LinkFailed, LinkId, Mode, Outcome,
    PortChange, Profile, Quality, Samples, StreamId, Telephone,
};

use super::{OPUS_60_MS, OwnedOutput, feed};

/// A phone with a script. Deadlines come at their exact moments while time goes on.
#[derive(Debug)]
pub struct Script {
    pub phone: Telephone,
    now: Instant,
    done: Vec<OwnedOutput>,
    /// What was told of the quality, which stands apart: it comes every second.
    pub qualities: Vec<Quality>,
}

/// The link and the call of [`Script::dial`].
pub const OUT: LinkId = LinkId(2);
pub const OUT_CALL: CallId = CallId(1);

/// The stream of that call.
pub const OUT_STREAM: StreamId = StreamId(1);

/// The link and the call of [`Script::incoming`].
pub const IN: LinkId = LinkId(3);
pub const IN_CALL: CallId = CallId(3);

/// Our side, the lower of the two.
pub const US: IdentityHash = IdentityHash([0xaa; 16]);

/// The other side.
pub const PEER: IdentityHash = IdentityHash([0xbb; 16]);

/// What a caller hears from link-up to the established call.
pub const ESTABLISHING: [Signal; 4] =
    [Signal::Available, Signal::Ringing, Signal::Connecting, Signal::Established];

const RTT: Duration = Duration::from_millis(20);
const MDU: usize = 431;

impl Script {
    pub fn new(config: Config) -> Self {
        Self {
            phone: Telephone::new(US, config, Instant::ORIGIN),
            now: Instant::ORIGIN,
            done: Vec::new(),
            qualities: Vec::new(),
        }
    }

    /// A call that we dialled and that stands since 1 s, both ports attached.
    pub fn established_caller(config: Config, mode: Mode) -> Self {
        let mut script = Self::new(config);
        script.at(1_000).establish_with(mode);
        script.attached()
    }

    /// A call of the peer's that stands since 1 s, both ports attached.
    pub fn established_callee(config: Config, preferences: &[Signal]) -> Self {
        let mut script = Self::new(config);
        script.incoming().at(5).identified().rx_on(IN, preferences);
        script.at(1_000).command(Command::Answer(IN_CALL));
        script.attached()
    }

    /// A phone where a call of the peer's rings, its preferences not heard.
    pub fn ringing(config: Config) -> Self {
        let mut script = Self::new(config);
        script.incoming().at(5).identified();
        script.done.clear();
        script
    }

    fn attached(mut self) -> Self {
        self.attach(Direction::Send).attach(Direction::Receive);
        self.done.clear();
        self
    }

    /// Lets time go on to this many ms; what is due on the way happens at its moment.
    pub fn at(&mut self, millis: u64) -> &mut Self {
        let target = Instant::from_millis(millis);
        assert!(target >= self.now, "a script does not go back");
        for _ in 0..1_000 {
            let Some(due) = self.phone.poll_timeout().filter(|due| due.at <= target) else {
                self.now = target;
                return self;
            };
            self.now = self.now.max(due.at);
            self.give(Input::Timeout);
        }
        panic!("livelock of timeouts at {}", self.now);
    }

    /// Lets this many ms pass.
    pub fn pass(&mut self, millis: u64) -> &mut Self {
        self.at(self.millis() + millis)
    }

    pub fn try_give(&mut self, input: Input<'_>) -> Result<(), InputError> {
        for output in feed(&mut self.phone, self.now, input, |_| {})? {
            match output {
                OwnedOutput::Event(Event::Quality { quality, .. }) => self.qualities.push(quality),
                output => self.done.push(output),
            }
        }
        Ok(())
    }

    pub fn give(&mut self, input: Input<'_>) -> &mut Self {
        if let Err(error) = self.try_give(input) {
            panic!("{input:?} was refused: {error}");
        }
        self
    }

    /// Checks all that went out since the last look.
    #[track_caller]
    pub fn expect<const N: usize>(&mut self, expected: [OwnedOutput; N]) -> &mut Self {
        let done = core::mem::take(&mut self.done);
        assert_eq!(done, expected, "at {}", self.now);
        self
    }

    /// Takes all that went out since the last look.
    pub fn take(&mut self) -> Vec<OwnedOutput> {
        core::mem::take(&mut self.done)
    }

    pub fn dial(&mut self) -> &mut Self {
        self.dial_with(Profile::MediumQuality, Mode::FullDuplex)
    }

    pub fn dial_with(&mut self, profile: Profile, mode: Mode) -> &mut Self {
        self.command(Command::Dial { call: OUT_CALL, link: OUT, to: PEER, profile, mode })
    }

    /// Dials and hears all that leads to an established call.
    pub fn establish(&mut self) -> &mut Self {
        self.establish_with(Mode::FullDuplex)
    }

    fn establish_with(&mut self, mode: Mode) -> &mut Self {
        self.dial_with(Profile::MediumQuality, mode).link_up();
        for status in ESTABLISHING {
            self.rx_on(OUT, &[status]);
        }
        self
    }

    pub fn link_up(&mut self) -> &mut Self {
        self.link(OUT, LinkEvent::Up { rtt: Some(RTT), mdu: Some(MDU) })
    }

    pub fn link_failed(&mut self, failure: LinkFailed) -> &mut Self {
        self.link(OUT, LinkEvent::Failed(failure))
    }

    pub fn incoming(&mut self) -> &mut Self {
        self.incoming_on(IN, RTT)
    }

    pub fn incoming_on(&mut self, link: LinkId, rtt: Duration) -> &mut Self {
        let (rtt, mdu) = (Some(rtt), Some(MDU));
        self.link(link, LinkEvent::Incoming { on: Destination::telephony(US), rtt, mdu })
    }

    pub fn identified(&mut self) -> &mut Self {
        self.link(IN, LinkEvent::Identified(PEER))
    }

    /// The caller's preferences, so that RINGING is not said again.
    pub fn preferred(&mut self) -> &mut Self {
        self.rx_on(IN, &[Signal::PreferredMode(1)])
    }

    pub fn closed(&mut self, link: LinkId, end: LinkClosed) -> &mut Self {
        self.link(link, LinkEvent::Closed(end))
    }

    pub fn link(&mut self, link: LinkId, event: LinkEvent) -> &mut Self {
        self.give(Input::Link { link, event })
    }

    /// Signals on the call's link, whoever dialled.
    pub fn rx<const N: usize>(&mut self, signals: [Signal; N]) -> &mut Self {
        let link = self.call_link();
        self.rx_on(link, &signals)
    }

    pub fn rx_on(&mut self, link: LinkId, signals: &[Signal]) -> &mut Self {
        let mut buf = [0; 200];
        let length = wire::encode_signals(signals, &mut buf).expect("a test's signals fit");
        self.rx_bytes(link, &buf[..length])
    }

    /// An Opus frame of 60 ms on the call's link: this, after the byte that tells its length.
    pub fn rx_frame(&mut self, rest: &[u8]) -> &mut Self {
        let mut buf = [0; 1_500];
        let codec = Codec::Opus;
        let payload = &[&[OPUS_60_MS], rest].concat();
        let length = wire::encode_frame(Frame { codec, payload }, &mut buf).expect("a frame fits");
        let link = self.call_link();
        self.rx_bytes(link, &buf[..length])
    }

    pub fn rx_bytes(&mut self, link: LinkId, data: &[u8]) -> &mut Self {
        self.give(Input::Packet { link, data })
    }

    pub fn command(&mut self, command: Command) -> &mut Self {
        self.give(Input::Command(command))
    }

    #[track_caller]
    pub fn refuse(&mut self, input: Input<'_>, error: InputError) -> &mut Self {
        assert_eq!(self.try_give(input), Err(error));
        self
    }

    pub fn attach(&mut self, direction: Direction) -> &mut Self {
        self.port(direction, PortChange::Attached)
    }

    /// Changes a port of the call that there is.
    pub fn port(&mut self, direction: Direction, change: PortChange) -> &mut Self {
        let stream = self.stream();
        self.give(Input::Port { stream, direction, change })
    }

    pub fn captured(&mut self, millis: u64) -> &mut Self {
        let (stream, samples) = (self.stream(), Samples::from_millis(millis));
        self.give(Input::Captured { stream, samples })
    }

    pub fn consumed(&mut self, millis: u64) -> &mut Self {
        let (stream, samples) = (self.stream(), Samples::from_millis(millis));
        self.give(Input::Consumed { stream, samples })
    }

    /// An Opus frame was made.
    pub fn encoded(&mut self, job: u64, payload: &[u8]) -> &mut Self {
        self.encoded_as(Codec::Opus, job, payload)
    }

    /// A frame of a codec was made.
    pub fn encoded_as(&mut self, codec: Codec, job: u64, payload: &[u8]) -> &mut Self {
        self.job_done(job, Outcome::Encoded(Frame { codec, payload }))
    }

    pub fn played(&mut self, job: u64, millis: u64) -> &mut Self {
        let samples = Samples::from_millis(millis);
        self.job_done(job, Outcome::Played { samples, level: 30 })
    }

    pub fn job_done(&mut self, job: u64, outcome: Outcome<'_>) -> &mut Self {
        let job = JobId(job);
        self.give(Input::JobDone { job, outcome })
    }

    /// The ms since the script began.
    pub fn millis(&self) -> u64 {
        self.now.as_micros() / 1_000
    }

    pub fn counters(&self) -> Counters {
        self.phone.counters()
    }

    /// Checks that this call ended, once and for this reason, since the last look, and that the
    /// line is idle and waits for nothing.
    #[track_caller]
    pub fn expect_ended(&mut self, reason: EndReason) -> &mut Self {
        let ended: Vec<EndReason> = self
            .take()
            .into_iter()
            .filter_map(|output| match output {
                OwnedOutput::Event(Event::Ended { reason, .. }) => Some(reason),
                _ => None,
            })
            .collect();
        assert_eq!(ended, [reason], "at {}", self.now);
        assert_eq!(self.phone.call(), None);
        self
    }

    /// The stream of the call that there is.
    pub fn stream(&self) -> StreamId {
        self.phone.call().expect("there is a call").call.into()
    }

    fn call_link(&self) -> LinkId {
        let call = self.phone.call().expect("there is a call").call;
        if call == OUT_CALL { OUT } else { IN }
    }
}
