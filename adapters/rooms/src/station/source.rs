//! Where the voice of a station comes from: the app, or another station.

use alloc::vec;

use lxst_core::{Class, Destination, LinkId};

use super::{Station, StationConfig, StationEvent};
use crate::door::{Input, InputError, Output};
use crate::limits::STATION_PACKET;
use crate::spoken::Spoken;
use crate::tuner::{Tuner, TunerCommand, TunerEvent};
use crate::wire::Program;

impl Station {
    pub(super) fn is_source(&self, link: LinkId) -> bool {
        self.source.as_ref().and_then(Tuner::link) == Some(link)
    }

    /// Sends what the app says.
    pub(super) fn on_send(&mut self, data: &[u8]) -> Result<(), InputError> {
        if self.source.is_some() {
            return Err(InputError::Relays);
        }
        let profile = self.program.profile;
        let spoken = Spoken::read(data, |frame| profile.accepts(frame));
        let mut spoken = spoken.ok_or(InputError::BadPacket)?;
        if let Spoken::Frames { frames, sequence } = &mut spoken {
            let first = *sequence.get_or_insert(self.next);
            self.next = first.plus(frames.len() as u16);
        }
        let mut buffer = [0; STATION_PACKET];
        let length = spoken.write(&mut buffer).map_err(|_| InputError::BadPacket)?;
        let data = bytes::Bytes::copy_from_slice(&buffer[..length]);
        self.send_all(Class::Media, &data);
        Ok(())
    }

    pub(super) fn relay(&mut self, link: LinkId, station: Destination) -> Result<(), InputError> {
        if self.source.as_ref().and_then(Tuner::link).is_some() {
            return Err(InputError::InUse);
        }
        let identity = self.config.identity;
        if station.identity == identity {
            return Err(InputError::OwnStation);
        }
        self.source.get_or_insert_with(|| Tuner::of_relay(identity));
        self.change_program(own_program(&self.config, false));
        let tune = TunerCommand::Tune { link, station, identify: true };
        self.give_source(Input::Command(tune));
        Ok(())
    }

    pub(super) fn stop_relay(&mut self) -> Result<(), InputError> {
        let source = self.source.as_ref().ok_or(InputError::NotJoined)?;
        if source.link().is_some() {
            self.give_source(Input::Command(TunerCommand::Leave));
        }
        self.source = None;
        self.change_program(own_program(&self.config, true));
        Ok(())
    }

    /// Gives the listener of the relayed station an input, and passes on what it hears.
    pub(super) fn give_source(&mut self, input: Input<'_, TunerCommand>) {
        let Some(mut source) = self.source.take() else { return };
        let taken = source.handle_input(self.now, input);
        debug_assert!(taken.is_ok(), "its outputs are drained after each input");
        while let Some(output) = source.poll_output() {
            match output {
                Output::Transmit { link, class, data } => self.out.transmit(link, class, data),
                Output::Link { link, request } => self.out.link(link, request),
                Output::Event(event) => self.on_source(event),
            }
        }
        self.source = Some(source);
    }

    fn on_source(&mut self, event: TunerEvent) {
        match event {
            TunerEvent::Program(mut program) => {
                // The tuner refuses a path that has no place for us.
                program.path.push(self.config.identity);
                self.change_program(program);
            }
            TunerEvent::Voice(data) => self.send_all(Class::Media, &data),
            TunerEvent::TalkEnd => {
                let data = self.out.packet(|buffer| Spoken::TalkEnd.write(buffer));
                self.send_all(Class::Media, &data);
            }
            TunerEvent::Closed { reason, again } => {
                self.change_program(own_program(&self.config, false));
                self.out.event(StationEvent::SourceClosed { reason, again });
            }
        }
    }

    /// Tells all listeners what the station sends, if that is something else.
    fn change_program(&mut self, program: Program) {
        if self.program == program {
            return;
        }
        self.program = program;
        let told = self.told();
        self.send_all(Class::Signal, &told);
        self.out.event(StationEvent::Program(self.program.clone()));
    }
}

/// Returns the program of a station that relays no other.
pub(super) fn own_program(config: &StationConfig, is_on_air: bool) -> Program {
    Program {
        name: config.name.clone(),
        profile: config.profile,
        path: vec![config.identity],
        is_on_air,
    }
}
