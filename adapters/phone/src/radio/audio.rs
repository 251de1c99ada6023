//! The microphone and the speaker of a radio, at most one of each.

use event_listener::EventListener;
use lxst_core::{Direction, Instant, PortChange, Samples};
use lxst_engine::RadioEngine;

use crate::audio::{BLOCK, Port, SinkPort, SourcePort};
use crate::pace::{BLOCK_TIME, DEVICE_TIME, Pace};
use crate::patience::Patience;

#[derive(Debug)]
pub(super) struct Audio {
    source: Option<Attached<SourcePort>>,
    sink: Option<Attached<SinkPort>>,
    /// Whether the talk button is pressed.
    is_talking: bool,
    /// Blocks of silence that complete the frame after a written source.
    padding: u32,
    /// The clock of a source that is written.
    capture: Pace,
    /// The clock of a sink that is read.
    playout: Pace,
    /// How long a block of a sink waits for the coder.
    patience: Patience,
    /// When devices are looked at, whose callbacks wake nobody.
    devices: Pace,
}

#[derive(Debug)]
struct Attached<P> {
    port: P,
    /// What the engine was told that it dropped.
    told: u64,
}

impl Audio {
    pub(super) const fn new() -> Self {
        Self {
            source: None,
            sink: None,
            is_talking: false,
            padding: 0,
            capture: Pace::new(BLOCK_TIME),
            playout: Pace::new(BLOCK_TIME),
            patience: Patience::of_reader(),
            devices: Pace::new(DEVICE_TIME),
        }
    }

    /// Attaches a source in the place of an earlier one.
    pub(super) fn attach_source(
        &mut self,
        engine: &mut RadioEngine,
        now: Instant,
        mut port: SourcePort,
    ) {
        port.open(now);
        self.source = Some(Attached { port, told: 0 });
        engine.port(now, Direction::Send, PortChange::Attached);
    }

    /// Attaches a sink in the place of an earlier one.
    pub(super) fn attach_sink(&mut self, engine: &mut RadioEngine, now: Instant, port: SinkPort) {
        self.patience = match port.is_device() {
            true => Patience::of_device(),
            false => Patience::of_reader(),
        };
        self.sink = Some(Attached { port, told: 0 });
        engine.port(now, Direction::Receive, PortChange::Attached);
    }

    /// The talk button was pressed or released.
    pub(super) fn on_talk(&mut self, is_pressed: bool) {
        if self.is_talking && !is_pressed {
            self.padding = PADDING_BLOCKS;
        }
        self.is_talking = is_pressed;
    }

    /// Returns whether a released talk button still sends.
    pub(super) const fn is_ending(&self) -> bool {
        self.padding > 0 && !self.is_talking && self.source.is_some()
    }

    /// Detaches the ports whose owners dropped them, and listens for the end of the others.
    pub(super) fn see(&mut self, engine: &mut RadioEngine, now: Instant) -> Vec<EventListener> {
        // First listened, then looked: nothing falls between.
        let source = self.source.as_ref().map(|source| source.port.gone());
        let sink = self.sink.as_ref().map(|sink| sink.port.gone());
        if let Some(source) = &mut self.source {
            source.tell_overruns(engine, now);
            // The last frame of a written source is completed.
            let is_sent = source.port.is_live() || engine.capture_unsent() == 0;
            if source.port.is_over() && is_sent {
                self.source = None;
                engine.port(now, Direction::Send, PortChange::Detached);
            }
        }
        if let Some(sink) = &mut self.sink {
            sink.tell_overruns(engine, now);
            if sink.port.is_over() {
                self.sink = None;
                engine.port(now, Direction::Receive, PortChange::Detached);
            }
        }
        source.into_iter().chain(sink).collect()
    }

    /// Takes what a device heard, and gives a device what it wants. Returns whether there was any.
    pub(super) fn serve_devices(&mut self, engine: &mut RadioEngine, now: Instant) -> bool {
        let mut is_any = false;
        match self.source.as_mut().map(|source| &mut source.port) {
            Some(SourcePort::Device(port)) => {
                let pcm = port.take(now);
                if !pcm.is_empty() {
                    engine.capture(now, &pcm);
                    is_any = true;
                }
            }
            Some(SourcePort::Written(port)) => port.sent_but(engine.capture_unsent()),
            None => {}
        }
        let Some(sink) = &mut self.sink else { return is_any };
        let wanted = sink.port.wants(now).min(BLOCK / 2);
        if !sink.port.is_device() {
            return is_any;
        }
        if wanted == 0 || !is_heard(engine) {
            self.patience.renew();
        } else if !engine.awaits_audio(wanted) || is_waited(engine, &mut self.patience, now) {
            play(engine, now, &mut sink.port, wanted);
            is_any = true;
        }
        is_any
    }

    /// Does what the clocks are due for.
    pub(super) fn on_due(&mut self, engine: &mut RadioEngine, now: Instant) {
        while self.capture.take_due(now) {
            self.capture_block(engine, now);
        }
        if self.take_playout(engine, now)
            && let Some(sink) = self.sink.as_mut().filter(|sink| !sink.port.is_device())
        {
            play(engine, now, &mut sink.port, BLOCK);
        }
        // The devices are looked at each time.
        while self.devices.take_due(now) {}
    }

    /// Runs the clocks while a port has need of one.
    pub(super) fn run_clocks(&mut self, engine: &RadioEngine, now: Instant) {
        let is_live = self.source.as_ref().map(|source| source.port.is_live());
        let is_device = self.sink.as_ref().map(|sink| sink.port.is_device());
        let is_heard = is_heard(engine);
        let is_sending = self.is_talking || self.is_ending();
        self.capture.run_while(is_live == Some(false) && is_sending, now);
        self.playout.run_while(is_device == Some(false) && is_heard, now);
        let is_looked_at = is_live == Some(true) && is_sending || is_device == Some(true);
        self.devices.run_while(is_looked_at, now);
    }

    /// When the clocks are due. While a frame is being decoded, its end wakes the task, or the end of
    /// the patience.
    pub(super) fn due(&self, engine: &RadioEngine) -> Option<Instant> {
        let playout = self.playout.next().and_then(|at| match engine.awaits_audio(BLOCK) {
            false => Some(at),
            true if is_alone(engine) => None,
            true => Some(self.patience.due(at)),
        });
        [self.capture.next(), self.devices.next(), playout].into_iter().flatten().min()
    }

    /// Tells whether a block for a reader is due that waits for the coder no more, and counts it as
    /// done.
    fn take_playout(&mut self, engine: &RadioEngine, now: Instant) -> bool {
        // The patience of a device is its own.
        let Some(at) = self.playout.next() else { return false };
        if at <= now && engine.awaits_audio(BLOCK) && !is_waited(engine, &mut self.patience, now) {
            return false;
        }
        self.patience.renew();
        self.playout.take_due(now)
    }

    fn capture_block(&mut self, engine: &mut RadioEngine, now: Instant) {
        let Some(SourcePort::Written(port)) = self.source.as_mut().map(|source| &mut source.port)
        else {
            return;
        };
        if self.is_talking {
            engine.capture(now, &port.take_block());
        } else {
            self.padding = self.padding.saturating_sub(1);
            engine.capture(now, &[0.0; BLOCK]);
        }
    }
}

impl<P: Port> Attached<P> {
    fn tell_overruns(&mut self, engine: &mut RadioEngine, now: Instant) {
        let dropped = self.port.dropped();
        engine.overrun(now, P::DIRECTION, Samples(dropped - self.told));
        self.told = dropped;
    }
}

/// Returns whether a talker has a place, who may be heard.
fn is_heard(engine: &RadioEngine) -> bool {
    engine.talkers().next().is_some()
}

/// Returns whether one talker alone has a place.
fn is_alone(engine: &RadioEngine) -> bool {
    engine.talkers().count() < 2
}

/// Returns whether the talkers waited for the coder of one of them for long enough.
fn is_waited(engine: &RadioEngine, patience: &mut Patience, now: Instant) -> bool {
    !is_alone(engine) && patience.is_over(now)
}

fn play(engine: &mut RadioEngine, now: Instant, port: &mut SinkPort, samples: usize) {
    let mut pcm = [0.0; BLOCK];
    // At most BLOCK are asked for.
    let pcm = &mut pcm[..samples.min(BLOCK)];
    engine.play(now, pcm);
    port.give(pcm);
}

/// 400 ms, the longest frame.
const PADDING_BLOCKS: u32 = 20;
