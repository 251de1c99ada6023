//! The audio ports of a phone, and which calls each of them serves: that of all calls those without
//! one of their own.
//!
//! What a source brings is sent in each call that it serves. What is received in the calls that a
//! sink serves is added up.

#[cfg(feature = "conference")]
mod bridge;
mod inserts;
mod side;
mod taps;

use std::collections::BTreeMap;

use event_listener::EventListener;
use lxst_core::{
    CallId, Direction, InputError, Instant, InsteadOfVoice, Mute, PortChange, Stack, StreamChange,
    StreamId,
};
use lxst_engine::Engine;

use crate::audio::{AudioTap, BLOCK, SinkPort, SourcePort};
#[cfg(feature = "conference")]
use crate::bridge::Bridge;
use crate::pace::{BLOCK_TIME, DEVICE_TIME, Pace};
use crate::patience::Patience;
use inserts::Inserts;
use side::{Attached, Side};

/// The ports, and the streams that are open.
#[derive(Debug)]
pub(crate) struct Ports {
    when_no_microphone: InsteadOfVoice,
    sources: Side<SourcePort>,
    sinks: Side<SinkPort>,
    streams: BTreeMap<StreamId, Open>,
    inserts: Inserts,
    /// The streams that send silence for want of a source.
    silent: Vec<StreamId>,
    /// The clock of sources at the phone's pace.
    capture: Pace,
    /// The clock of sinks at the phone's pace.
    playout: Pace,
    /// How long a block of that clock waits for the coder.
    patience: Patience,
    /// When ports at a device's pace are looked at, whose callbacks wake nobody.
    devices: Pace,
}

/// Samples that ports dropped.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dropped {
    pub(crate) captured: u64,
    pub(crate) played: u64,
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
            sources: Side::new(),
            sinks: Side::new(),
            streams: BTreeMap::new(),
            inserts: Inserts::default(),
            silent: Vec::new(),
            capture: Pace::new(BLOCK_TIME),
            playout: Pace::new(BLOCK_TIME),
            patience: Patience::of_reader(),
            devices: Pace::new(DEVICE_TIME),
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
        self.sources.attach(engine, now, of, port)?;
        self.serve(now);
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
        self.sinks.attach(engine, now, of, port)?;
        self.serve(now);
        Ok(())
    }

    /// Shows a tap the audio of a call.
    ///
    /// # Errors
    /// [`InputError::UnknownCall`]: it is over, or is being screened.
    pub(crate) fn tap<S: Stack, const LINES: usize>(
        &mut self,
        engine: &Engine<S, LINES>,
        of: CallId,
        tap: AudioTap,
    ) -> Result<(), InputError> {
        let is_known = engine.calls().any(|status| status.call == of);
        is_known.then(|| self.inserts.taps.add(of.into(), tap)).ok_or(InputError::UnknownCall)
    }

    /// Detaches the ports whose owners dropped them, and listens for what the others do.
    pub(crate) fn see<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) -> Vec<EventListener> {
        // First listened, then looked: nothing falls between.
        let listeners = self.sources.listeners().chain(self.sinks.listeners()).collect();
        if self.sources.is_any_over() || self.sinks.is_any_over() {
            let sends_nothing = self.when_no_microphone == InsteadOfVoice::Nothing;
            self.sources.remove_over(engine, now, |of| of.is_some() || sends_nothing);
            self.sinks.remove_over(engine, now, |_| true);
            self.serve(now);
        }
        listeners
    }

    /// Lets calls hear each other.
    #[cfg(feature = "conference")]
    pub(crate) fn set_bridge(&mut self, bridge: &Bridge) {
        self.inserts.bridge.set(bridge);
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
        self.serve(now);
    }

    /// The call is over, and with it the ports of its own.
    pub(crate) fn on_ended(&mut self, call: CallId) {
        self.sources.remove_of(call);
        self.sinks.remove_of(call);
        self.inserts.remove_of(call.into());
    }

    /// The app muted the speaker of a call or unmuted it: what waits to be heard of it alone is
    /// forgotten.
    pub(crate) fn on_speaker(&mut self, call: CallId, mute: Mute) {
        let stream = call.into();
        let Some(open) = self.streams.get_mut(&stream) else { return };
        open.is_speaker_muted = mute == Mute::Muted;
        for sink in self.sinks.attached.iter_mut().filter(|sink| sink.streams == [stream]) {
            sink.port.flush();
        }
    }

    /// Does what the ports' clocks are due for.
    pub(crate) fn on_due<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) {
        while self.capture.take_due(now) {
            self.capture_block(engine, now);
        }
        if self.take_playout(engine, now) {
            for sink in &mut self.sinks.attached {
                if sink.is_open() && !sink.port.is_device() {
                    play(engine, &mut self.inserts, now, &self.streams, sink, BLOCK);
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
        for Attached { port, streams, .. } in &mut self.sources.attached {
            match port {
                SourcePort::Device(port) if !streams.is_empty() => {
                    let pcm = port.take(now);
                    if !pcm.is_empty() {
                        is_heard = true;
                        for stream in streams {
                            capture(engine, &mut self.inserts, now, *stream, &pcm);
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
        is_heard
    }

    /// Learns how much each device wants, for [`fill`](Self::fill) to give.
    pub(crate) fn ask_devices(&mut self, now: Instant) {
        for sink in &mut self.sinks.attached {
            sink.wanted = sink.port.wants(now);
        }
    }

    /// Gives each device a block of what it wants, and tells whether one had some. Waits for
    /// what the coder has not finished: with several streams, no longer than the patience.
    pub(crate) fn fill<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) -> bool {
        let mut is_filled = false;
        for sink in &mut self.sinks.attached {
            let block = sink.wanted.min(BLOCK / 2);
            if !sink.is_open() || block == 0 {
                sink.patience.renew();
                continue;
            }
            let is_awaited = |stream: &StreamId| engine.awaits_audio(*stream, block);
            let is_alone = sink.streams.len() < 2;
            if sink.streams.iter().any(is_awaited) && (is_alone || !sink.patience.is_over(now)) {
                continue;
            }
            play(engine, &mut self.inserts, now, &self.streams, sink, block);
            sink.wanted -= block;
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
        self.sources.tell_overruns(engine, now);
        self.sinks.tell_overruns(engine, now);
    }

    /// Runs the clocks while a port has need of one.
    pub(crate) fn run_clocks(&mut self, now: Instant) {
        let is_live = |source: &Attached<SourcePort>| source.port.is_live();
        let is_device = |sink: &Attached<SinkPort>| sink.port.is_device();
        let is_captured = self.sources.open().any(|it| !is_live(it)) || !self.silent.is_empty();
        let is_played = self.sinks.open().any(|it| !is_device(it));
        let is_looked_at = self.sources.open().any(is_live) || self.sinks.open().any(is_device);
        self.capture.run_while(is_captured, now);
        self.playout.run_while(is_played, now);
        self.devices.run_while(is_looked_at, now);
    }

    /// When the clocks are due. While a frame is being decoded, its end wakes the phone, or the end
    /// of the patience.
    pub(crate) fn due<S: Stack, const LINES: usize>(
        &self,
        engine: &Engine<S, LINES>,
    ) -> Option<Instant> {
        let playout = self.playout.next().and_then(|at| match self.awaits_audio(engine) {
            false => Some(at),
            true if self.read().count() < 2 => None,
            true => Some(self.patience.due(at)),
        });
        [self.capture.next(), self.devices.next(), playout].into_iter().flatten().min()
    }

    /// What the ports dropped, those that are gone included.
    pub(crate) fn dropped(&self) -> Dropped {
        Dropped { captured: self.sources.dropped(), played: self.sinks.dropped() }
    }

    /// Whether there is a source of all calls.
    pub(crate) fn has_source(&self) -> bool {
        self.sources.has_common()
    }

    /// Whether there is a sink of all calls.
    pub(crate) fn has_sink(&self) -> bool {
        self.sinks.has_common()
    }

    /// Lets each port serve the streams that are its own, after a change of either.
    fn serve(&mut self, now: Instant) {
        let open = |is: fn(&Open) -> bool| -> Vec<StreamId> {
            let open = self.streams.iter().filter(|(_, open)| is(open));
            open.map(|(stream, _)| *stream).collect()
        };
        let (sending, receiving) = (open(|open| open.is_sending), open(|open| open.is_receiving));
        self.sources.serve(
            &sending,
            |source, is_open| {
                if is_open { source.open(now) } else { source.close() }
            },
        );
        self.sinks.serve(&receiving, |sink, is_open| {
            if is_open {
                // What nobody took of an earlier call.
                sink.flush();
            }
        });
        let is_silent = self.when_no_microphone == InsteadOfVoice::Silence && !self.has_source();
        self.silent = if is_silent { self.sources.without_own(&sending) } else { Vec::new() };
    }

    /// Sends a block of each written source, and of silence for want of one.
    fn capture_block<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) {
        for Attached { port, streams, .. } in &mut self.sources.attached {
            if let (SourcePort::Written(port), false) = (port, streams.is_empty()) {
                let block = port.take_block();
                for stream in streams {
                    capture(engine, &mut self.inserts, now, *stream, &block);
                }
            }
        }
        for stream in &self.silent {
            capture(engine, &mut self.inserts, now, *stream, &[0.0; BLOCK]);
        }
    }

    /// Tells whether a block for readers is due that waits for the coder no more, and counts it as
    /// done.
    fn take_playout<S: Stack, const LINES: usize>(
        &mut self,
        engine: &Engine<S, LINES>,
        now: Instant,
    ) -> bool {
        if self.playout.next().is_some_and(|at| at <= now) && self.awaits_audio(engine) {
            let is_alone = self.read().count() < 2;
            if is_alone || !self.patience.is_over(now) {
                return false;
            }
        }
        self.patience.renew();
        self.playout.take_due(now)
    }

    /// Tells whether a block for a reader would be cut short only because the coder is at it.
    fn awaits_audio<S: Stack, const LINES: usize>(&self, engine: &Engine<S, LINES>) -> bool {
        self.read().any(|stream| engine.awaits_audio(stream, BLOCK))
    }

    /// The streams of readers.
    fn read(&self) -> impl Iterator<Item = StreamId> {
        let readers = self.sinks.open().filter(|sink| !sink.port.is_device());
        readers.flat_map(|sink| sink.streams.iter().copied())
    }
}

/// Gives the engine what a source heard.
fn capture<S: Stack, const LINES: usize>(
    engine: &mut Engine<S, LINES>,
    inserts: &mut Inserts,
    now: Instant,
    stream: StreamId,
    pcm: &[f32],
) {
    let sent = inserts.sent(stream, pcm, engine.sends_voice(stream));
    engine.capture(now, stream, &sent);
}

/// Gives a sink so many samples of what the engine plays.
fn play<S: Stack, const LINES: usize>(
    engine: &mut Engine<S, LINES>,
    inserts: &mut Inserts,
    now: Instant,
    open: &BTreeMap<StreamId, Open>,
    sink: &mut Attached<SinkPort>,
    samples: usize,
) {
    let (mut mix, mut pcm) = ([0.0; BLOCK], [0.0; BLOCK]);
    // A block is at most BLOCK long.
    let length = samples.min(BLOCK);
    for stream in &sink.streams {
        engine.play(now, *stream, &mut pcm[..length]);
        let is_heard = open.get(stream).is_some_and(|open| !open.is_speaker_muted);
        if is_heard {
            inserts.played(*stream, &pcm[..length]);
            mix.iter_mut().zip(&pcm[..length]).for_each(|(sum, sample)| *sum += sample);
        } else {
            inserts.taps.show_silence(*stream, Direction::Receive, length);
        }
    }
    inserts.end_block(sink.of, length);
    sink.port.give(&mix[..length]);
}
