//! The audio ports of a phone, and which calls each of them serves: that of all calls those without one
//! of their own.
//!
//! What a source brings is sent in each call that it serves. What is received in the calls that a sink
//! serves is added up.

use std::collections::BTreeMap;

use event_listener::EventListener;
use lxst_core::{
    CallId, Direction, InputError, Instant, InsteadOfVoice, Mute, PortChange, Samples, Stack,
    StreamChange, StreamId,
};
use lxst_engine::Engine;

use crate::audio::{BLOCK, SinkPort, SourcePort};
use crate::pace::{BLOCK_TIME, DEVICE_TIME, Pace};

/// The ports, and the streams that are open.
#[derive(Debug)]
pub(crate) struct Ports {
    when_no_microphone: InsteadOfVoice,
    sources: Vec<Attached<SourcePort>>,
    sinks: Vec<Attached<SinkPort>>,
    streams: BTreeMap<StreamId, Open>,
    /// The clock of sources at the phone's pace.
    capture: Pace,
    /// The clock of sinks at the phone's pace.
    playout: Pace,
    /// When ports at a device's pace are looked at, whose callbacks wake nobody.
    devices: Pace,
    /// What ports that are gone dropped.
    gone: Dropped,
}

/// Samples that ports dropped.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dropped {
    pub(crate) captured: u64,
    pub(crate) played: u64,
}

/// A port that is attached.
#[derive(Debug)]
struct Attached<P> {
    port: P,
    /// The call whose own port it is; `None` where it is that of all calls.
    of: Option<CallId>,
    /// Whether it serves a stream.
    is_open: bool,
    /// What the engine was told that it dropped.
    told: u64,
    /// What its device is to be given.
    wanted: usize,
}

/// The directions of a call's audio.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    is_sending: bool,
    is_receiving: bool,
    is_speaker_muted: bool,
}

impl Ports {
    pub(crate) fn new(when_no_microphone: InsteadOfVoice) -> Self {
        Self {
            when_no_microphone,
            sources: Vec::new(),
            sinks: Vec::new(),
            streams: BTreeMap::new(),
            capture: Pace::new(BLOCK_TIME),
            playout: Pace::new(BLOCK_TIME),
            devices: Pace::new(DEVICE_TIME),
            gone: Dropped::default(),
        }
    }

    /// Attaches what holds without any port.
    pub(crate) fn begin<S: Stack, const LINES: usize>(&self, engine: &mut Engine<S, LINES>) {
        if self.when_no_microphone == InsteadOfVoice::Silence {
            engine.port(Instant::ORIGIN, Direction::Send, PortChange::Attached);
        }
    }

    /// Attaches a source in the place of an earlier one.
    ///
    /// # Errors
    /// [`InputError::UnknownStream`]: there is no such call.
    pub(crate) fn attach_source<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
        of: Option<CallId>,
        port: SourcePort,
    ) -> Result<(), InputError> {
        change(engine, now, of, Direction::Send, PortChange::Attached)?;
        self.tell_overruns(engine, now);
        let earlier = self.sources.extract_if(.., |source| source.of == of);
        self.gone.captured += earlier.map(|source| source.port.dropped()).sum::<u64>();
        self.sources.push(Attached::new(port, of));
        self.open_and_close(now);
        Ok(())
    }

    /// Attaches a sink in the place of an earlier one.
    ///
    /// # Errors
    /// [`InputError::UnknownStream`]: there is no such call.
    pub(crate) fn attach_sink<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
        of: Option<CallId>,
        port: SinkPort,
    ) -> Result<(), InputError> {
        change(engine, now, of, Direction::Receive, PortChange::Attached)?;
        self.tell_overruns(engine, now);
        let earlier = self.sinks.extract_if(.., |sink| sink.of == of);
        self.gone.played += earlier.map(|sink| sink.port.dropped()).sum::<u64>();
        self.sinks.push(Attached::new(port, of));
        self.open_and_close(now);
        Ok(())
    }

    /// Detaches the ports whose owners dropped them, and listens for what the others do.
    pub(crate) fn see<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) -> Vec<EventListener> {
        // First listened, then looked: nothing falls between.
        let sources = self.sources.iter().map(|source| source.port.gone());
        let listeners = sources.chain(self.sinks.iter().map(|sink| sink.port.gone())).collect();
        let is_gone = self.sources.iter().any(|source| source.port.is_over())
            || self.sinks.iter().any(|sink| sink.port.is_dropped());
        if is_gone {
            self.tell_overruns(engine, now);
            for source in self.sources.extract_if(.., |source| source.port.is_over()) {
                self.gone.captured += source.port.dropped();
                if source.of.is_some() || self.when_no_microphone == InsteadOfVoice::Nothing {
                    // Its call may be over.
                    let _ = change(engine, now, source.of, Direction::Send, PortChange::Detached);
                }
            }
            for sink in self.sinks.extract_if(.., |sink| sink.port.is_dropped()) {
                self.gone.played += sink.port.dropped();
                let _ = change(engine, now, sink.of, Direction::Receive, PortChange::Detached);
            }
            self.open_and_close(now);
        }
        listeners
    }

    /// A direction of a call's audio begins or ends.
    pub(crate) fn on_stream(
        &mut self,
        now: Instant,
        stream: StreamId,
        direction: Direction,
        change: StreamChange,
    ) {
        let open = self.streams.entry(stream).or_default();
        let is_open = change == StreamChange::Opened;
        match direction {
            Direction::Send => open.is_sending = is_open,
            Direction::Receive => open.is_receiving = is_open,
        }
        if !open.is_sending && !open.is_receiving {
            self.streams.remove(&stream);
        }
        self.open_and_close(now);
    }

    /// The call is over, and with it the ports of its own.
    pub(crate) fn on_ended(&mut self, call: CallId) {
        let of = Some(call);
        let sources = self.sources.extract_if(.., |source| source.of == of);
        self.gone.captured += sources.map(|source| source.port.dropped()).sum::<u64>();
        let sinks = self.sinks.extract_if(.., |sink| sink.of == of);
        self.gone.played += sinks.map(|sink| sink.port.dropped()).sum::<u64>();
    }

    /// The app muted the speaker of a call or unmuted it: what waits to be heard of it alone is forgotten.
    pub(crate) fn on_speaker(&mut self, call: CallId, mute: Mute) {
        let stream = call.into();
        let Some(open) = self.streams.get_mut(&stream) else { return };
        open.is_speaker_muted = mute == Mute::Muted;
        let served: Vec<_> = self.sinks.iter().map(|sink| self.played_by(sink.of)).collect();
        for (sink, streams) in self.sinks.iter_mut().zip(served) {
            if streams == [stream] {
                sink.port.flush();
            }
        }
    }

    /// Does what the ports' clocks are due for.
    pub(crate) fn on_due<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) {
        while self.capture.take_due(now) {
            self.capture_written(engine, now);
        }
        if !self.awaits_audio(engine) && self.playout.take_due(now) {
            for index in 0..self.sinks.len() {
                if self.sinks[index].is_open && !self.sinks[index].port.is_device() {
                    self.play(engine, now, index, BLOCK);
                }
            }
        }
        // The devices are looked at each time.
        while self.devices.take_due(now) {}
    }

    /// Takes what devices heard, and tells whether there was anything; notes what of the written
    /// sources was sent.
    pub(crate) fn hear<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) -> bool {
        let mut is_heard = false;
        for index in 0..self.sources.len() {
            let streams = self.sent_from(self.sources[index].of);
            let source = &mut self.sources[index];
            match &mut source.port {
                SourcePort::Device(port) if source.is_open => {
                    let pcm = port.take(now);
                    if !pcm.is_empty() {
                        is_heard = true;
                        for stream in streams {
                            engine.capture(now, stream, &pcm);
                        }
                    }
                }
                SourcePort::Device(_) => {}
                SourcePort::Written(port) => {
                    let unsent = streams.iter().map(|stream| engine.capture_unsent(*stream)).max();
                    port.sent_but(unsent.unwrap_or(0));
                }
            }
        }
        for index in 0..self.sinks.len() {
            self.sinks[index].wanted = self.sinks[index].port.wants(now);
        }
        is_heard
    }

    /// Gives each device a block of what it wants, and tells whether one had some. What the coder has
    /// not finished is waited for.
    pub(crate) fn fill<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) -> bool {
        let mut is_filled = false;
        for index in 0..self.sinks.len() {
            let Attached { of, is_open, wanted, .. } = self.sinks[index];
            let block = wanted.min(BLOCK / 2);
            if !is_open || block == 0 {
                continue;
            }
            let streams = self.played_by(of);
            if streams.iter().any(|stream| engine.awaits_audio(*stream, block)) {
                continue;
            }
            self.play(engine, now, index, block);
            self.sinks[index].wanted -= block;
            is_filled = true;
        }
        is_filled
    }

    /// Tells the engine of what the ports dropped, so that it shows in the calls' figures.
    pub(crate) fn tell_overruns<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) {
        for index in 0..self.sources.len() {
            let streams = self.sent_from(self.sources[index].of);
            let source = &mut self.sources[index];
            let dropped = Samples(source.port.dropped() - source.told);
            source.told += dropped.0;
            for stream in streams {
                engine.overrun(now, stream, Direction::Send, dropped);
            }
        }
        for index in 0..self.sinks.len() {
            let streams = self.played_by(self.sinks[index].of);
            let sink = &mut self.sinks[index];
            let dropped = Samples(sink.port.dropped() - sink.told);
            sink.told += dropped.0;
            for stream in streams {
                engine.overrun(now, stream, Direction::Receive, dropped);
            }
        }
    }

    /// Runs the clocks while a port has need of one.
    pub(crate) fn run_clocks(&mut self, now: Instant) {
        let is_live = |source: &&Attached<SourcePort>| source.port.is_live();
        let is_device = |sink: &&Attached<SinkPort>| sink.port.is_device();
        let sources = || self.sources.iter().filter(|source| source.is_open);
        let sinks = || self.sinks.iter().filter(|sink| sink.is_open);
        let is_captured = sources().any(|source| !is_live(&source)) || self.is_silence_due();
        let is_played = sinks().any(|sink| !is_device(&sink));
        let is_looked_at = sources().any(|it| is_live(&it)) || sinks().any(|it| is_device(&it));
        self.capture.run_while(is_captured, now);
        self.playout.run_while(is_played, now);
        self.devices.run_while(is_looked_at, now);
    }

    /// When the clocks are due. While a frame is being decoded, the end of that wakes the phone.
    pub(crate) fn due<S: Stack, const LINES: usize>(
        &self,
        engine: &Engine<S, LINES>,
    ) -> Option<Instant> {
        let playout = self.playout.next().filter(|_| !self.awaits_audio(engine));
        [self.capture.next(), self.devices.next(), playout].into_iter().flatten().min()
    }

    /// What the ports dropped, those that are gone included.
    pub(crate) fn dropped(&self) -> Dropped {
        let captured: u64 = self.sources.iter().map(|source| source.port.dropped()).sum();
        let played: u64 = self.sinks.iter().map(|sink| sink.port.dropped()).sum();
        Dropped { captured: self.gone.captured + captured, played: self.gone.played + played }
    }

    /// Whether there is a source of all calls.
    pub(crate) fn has_source(&self) -> bool {
        self.sources.iter().any(|source| source.of.is_none())
    }

    /// Whether there is a sink of all calls.
    pub(crate) fn has_sink(&self) -> bool {
        self.sinks.iter().any(|sink| sink.of.is_none())
    }

    /// Opens the ports that begin to serve a stream, and closes those that serve none any more.
    fn open_and_close(&mut self, now: Instant) {
        for index in 0..self.sources.len() {
            let is_open = !self.sent_from(self.sources[index].of).is_empty();
            let source = &mut self.sources[index];
            match (std::mem::replace(&mut source.is_open, is_open), is_open) {
                (false, true) => source.port.open(now),
                (true, false) => source.port.close(),
                (true, true) | (false, false) => {}
            }
        }
        for index in 0..self.sinks.len() {
            let is_open = !self.played_by(self.sinks[index].of).is_empty();
            let sink = &mut self.sinks[index];
            if !std::mem::replace(&mut sink.is_open, is_open) && is_open {
                // What nobody took of an earlier call.
                sink.port.flush();
            }
        }
    }

    fn capture_written<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) {
        for index in 0..self.sources.len() {
            let streams = self.sent_from(self.sources[index].of);
            let source = &mut self.sources[index];
            if let (SourcePort::Written(port), true) = (&mut source.port, source.is_open) {
                let block = port.take_block();
                for stream in streams {
                    engine.capture(now, stream, &block);
                }
            }
        }
        if self.is_silence_due() {
            for stream in self.sent_from(None) {
                engine.capture(now, stream, &[0.0; BLOCK]);
            }
        }
    }

    /// Whether a call sends silence for want of a source.
    fn is_silence_due(&self) -> bool {
        self.when_no_microphone == InsteadOfVoice::Silence
            && !self.has_source()
            && !self.sent_from(None).is_empty()
    }

    /// Gives a sink so many samples of what the engine plays.
    fn play<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
        sink: usize,
        samples: usize,
    ) {
        let (mut mix, mut pcm) = ([0.0; BLOCK], [0.0; BLOCK]);
        // A block is at most BLOCK long.
        let length = samples.min(BLOCK);
        for stream in self.played_by(self.sinks[sink].of) {
            engine.play(now, stream, &mut pcm[..length]);
            if self.streams.get(&stream).is_some_and(|open| !open.is_speaker_muted) {
                mix.iter_mut().zip(&pcm[..length]).for_each(|(sum, sample)| *sum += sample);
            }
        }
        self.sinks[sink].port.give(&mix[..length]);
    }

    /// Tells whether a block for a reader would be cut short only because the coder is at it.
    fn awaits_audio<S: Stack, const LINES: usize>(&self, engine: &Engine<S, LINES>) -> bool {
        let readers = self.sinks.iter().filter(|sink| sink.is_open && !sink.port.is_device());
        let mut streams = readers.flat_map(|sink| self.played_by(sink.of));
        streams.any(|stream| engine.awaits_audio(stream, BLOCK))
    }

    /// The streams that the source of a call, or that of all calls, is sent in.
    fn sent_from(&self, of: Option<CallId>) -> Vec<StreamId> {
        let own: Vec<StreamId> = own(&self.sources);
        let sending = self.streams.iter().filter(|(_, open)| open.is_sending);
        sending.map(|(stream, _)| *stream).filter(|stream| serves(of, *stream, &own)).collect()
    }

    /// The streams that the sink of a call, or that of all calls, plays.
    fn played_by(&self, of: Option<CallId>) -> Vec<StreamId> {
        let own: Vec<StreamId> = own(&self.sinks);
        let receiving = self.streams.iter().filter(|(_, open)| open.is_receiving);
        receiving.map(|(stream, _)| *stream).filter(|stream| serves(of, *stream, &own)).collect()
    }
}

impl<P> Attached<P> {
    const fn new(port: P, of: Option<CallId>) -> Self {
        Self { port, of, is_open: false, told: 0, wanted: 0 }
    }
}

/// The streams that have a port of their own.
fn own<P>(ports: &[Attached<P>]) -> Vec<StreamId> {
    ports.iter().filter_map(|port| port.of.map(StreamId::from)).collect()
}

fn serves(of: Option<CallId>, stream: StreamId, own: &[StreamId]) -> bool {
    of.map_or_else(|| !own.contains(&stream), |call| stream == call.into())
}

fn change<S: Stack, const LINES: usize>(
    engine: &mut Engine<S, LINES>,
    now: Instant,
    of: Option<CallId>,
    direction: Direction,
    change: PortChange,
) -> Result<(), InputError> {
    match of {
        Some(call) => engine.own_port(now, call, direction, change),
        None => {
            engine.port(now, direction, change);
            Ok(())
        }
    }
}
