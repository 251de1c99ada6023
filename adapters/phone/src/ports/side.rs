//! The audio ports of one direction.

use event_listener::EventListener;
use lxst_core::{CallId, Direction, InputError, Instant, PortChange, Samples, Stack, StreamId};
use lxst_engine::Engine;

use crate::audio::Port;
use crate::patience::Patience;

/// The sources or the sinks.
#[derive(Debug)]
pub(super) struct Side<P> {
    pub(super) attached: Vec<Attached<P>>,
    /// Samples that ports which are gone dropped.
    gone: u64,
}

/// A port that is attached.
#[derive(Debug)]
pub(super) struct Attached<P> {
    pub(super) port: P,
    /// The call whose own port it is; `None` where it is that of all calls.
    pub(super) of: Option<CallId>,
    /// The streams that it serves.
    pub(super) streams: Vec<StreamId>,
    /// What the engine was told that it dropped.
    told: u64,
    /// What its device is to be given.
    pub(super) wanted: usize,
    /// How long that waits for the coder.
    pub(super) patience: Patience,
}

impl<P: Port> Side<P> {
    pub(super) const fn new() -> Self {
        Self { attached: Vec::new(), gone: 0 }
    }

    /// Attaches a port in the place of an earlier one.
    ///
    /// # Errors
    /// [`InputError::UnknownStream`]: there is no such call.
    pub(super) fn attach<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
        of: Option<CallId>,
        port: P,
    ) -> Result<(), InputError> {
        change(engine, now, of, P::DIRECTION, PortChange::Attached)?;
        self.tell_overruns(engine, now);
        self.remove(|earlier| earlier.of == of);
        let (streams, patience) = (Vec::new(), Patience::of_device());
        self.attached.push(Attached { port, of, streams, told: 0, wanted: 0, patience });
        Ok(())
    }

    /// Removes the ports whose owners dropped them. The engine is told where `is_detached` says so
    /// of the call whose port it was.
    pub(super) fn remove_over<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
        is_detached: impl Fn(Option<CallId>) -> bool,
    ) {
        self.tell_overruns(engine, now);
        for of in self.remove(|attached| attached.port.is_over()) {
            if is_detached(of) {
                // Its call may be over.
                let _ = change(engine, now, of, P::DIRECTION, PortChange::Detached);
            }
        }
    }

    /// Removes the port of a call's own.
    pub(super) fn remove_of(&mut self, call: CallId) {
        self.remove(|attached| attached.of == Some(call));
    }

    /// Returns whose ports were removed.
    fn remove(&mut self, is: impl Fn(&Attached<P>) -> bool) -> Vec<Option<CallId>> {
        let removed = self.attached.extract_if(.., |attached| is(attached));
        let count = |removed: Attached<P>| {
            self.gone += removed.port.dropped();
            removed.of
        };
        removed.map(count).collect()
    }

    /// Serves the streams that are open, and tells which ports begin to serve any, and which cease
    /// to.
    pub(super) fn serve(&mut self, open: &[StreamId], mut turn: impl FnMut(&mut P, bool)) {
        let without_own = self.without_own(open);
        for attached in &mut self.attached {
            let was_open = attached.is_open();
            attached.streams = match attached.of {
                Some(call) => open.iter().copied().filter(|open| *open == call.into()).collect(),
                None => without_own.clone(),
            };
            if attached.is_open() != was_open {
                let is_open = attached.is_open();
                turn(&mut attached.port, is_open);
            }
        }
    }

    /// The streams whose calls have no port of their own.
    pub(super) fn without_own(&self, open: &[StreamId]) -> Vec<StreamId> {
        let own =
            |stream: StreamId| move |port: &Attached<P>| port.of.map(Into::into) == Some(stream);
        open.iter().copied().filter(|stream| !self.attached.iter().any(own(*stream))).collect()
    }

    /// Tells the engine of what the ports dropped, so that it shows in the calls' figures.
    pub(super) fn tell_overruns<S: Stack, const LINES: usize>(
        &mut self,
        engine: &mut Engine<S, LINES>,
        now: Instant,
    ) {
        for Attached { port, streams, told, .. } in &mut self.attached {
            let dropped = Samples(port.dropped() - *told);
            *told += dropped.0;
            for stream in streams {
                engine.overrun(now, *stream, P::DIRECTION, dropped);
            }
        }
    }

    /// Listeners for what the owners of the ports do.
    pub(super) fn listeners(&self) -> impl Iterator<Item = EventListener> {
        self.attached.iter().map(|attached| attached.port.gone())
    }

    pub(super) fn is_any_over(&self) -> bool {
        self.attached.iter().any(|attached| attached.port.is_over())
    }

    /// Whether there is a port of all calls.
    pub(super) fn has_common(&self) -> bool {
        self.attached.iter().any(|attached| attached.of.is_none())
    }

    /// What the ports dropped, those that are gone included.
    pub(super) fn dropped(&self) -> u64 {
        self.gone + self.attached.iter().map(|attached| attached.port.dropped()).sum::<u64>()
    }

    /// The ports that serve a stream.
    pub(super) fn open(&self) -> impl Iterator<Item = &Attached<P>> {
        self.attached.iter().filter(|attached| attached.is_open())
    }
}

impl<P> Attached<P> {
    /// Whether it serves a stream.
    pub(super) const fn is_open(&self) -> bool {
        !self.streams.is_empty()
    }
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
