//! The devices that the server has.

use std::ffi::CStr;

use pulseaudio::protocol::{
    Command, Prop, Props, SampleSpec, ServerInfo, SinkInfoList, SourceInfoList, SubscriptionMask,
};
use pulseaudio::socket_path_from_env;

use super::connection::Connection;
use crate::device::{Device, Direction, Form, Format};
use crate::system::DeviceError;

/// The server, which tells when its devices change.
pub(crate) struct Server {
    connection: Connection,
}

impl Server {
    /// Tells whether there is one.
    pub(crate) fn is_there() -> bool {
        socket_path_from_env().is_some()
    }

    pub(crate) fn new() -> Result<Self, DeviceError> {
        let mut connection = Connection::new()?;
        let devices = SubscriptionMask::SINK | SubscriptionMask::SOURCE | SubscriptionMask::SERVER;
        connection.send(&Command::Subscribe(devices))?;
        Ok(Self { connection })
    }

    /// Tells whether a device may have changed since this was asked last.
    pub(crate) fn has_changed(&mut self) -> Result<bool, DeviceError> {
        self.connection.take_event()
    }

    pub(crate) fn devices(&mut self, direction: Direction) -> Result<Vec<Device>, DeviceError> {
        let server: ServerInfo = self.connection.ask(&Command::GetServerInfo)?;
        Ok(match direction {
            Direction::Input => {
                let sources: SourceInfoList = self.connection.ask(&Command::GetSourceInfoList)?;
                let default = server.default_source_name;
                let device = |it: &_| describe(direction, it, default.as_deref());
                let told = sources.iter().map(|it| Told {
                    name: &it.name,
                    description: it.description.as_deref(),
                    props: &it.props,
                    spec: it.sample_spec,
                });
                told.map(|it| device(&it)).collect()
            }
            Direction::Output => {
                let sinks: SinkInfoList = self.connection.ask(&Command::GetSinkInfoList)?;
                let default = server.default_sink_name;
                let device = |it: &_| describe(direction, it, default.as_deref());
                let told = sinks.iter().map(|it| Told {
                    name: &it.name,
                    description: it.description.as_deref(),
                    props: &it.props,
                    spec: it.sample_spec,
                });
                told.map(|it| device(&it)).collect()
            }
        })
    }
}

/// What is told of a source and of a sink alike.
struct Told<'a> {
    name: &'a CStr,
    description: Option<&'a CStr>,
    props: &'a Props,
    spec: SampleSpec,
}

fn describe(direction: Direction, told: &Told<'_>, default: Option<&CStr>) -> Device {
    let id = told.name.to_string_lossy().into_owned();
    let name = told.description.unwrap_or(told.name).to_string_lossy().into_owned();
    let form_factor = told.props.get(Prop::DeviceFormFactor).unwrap_or_default();
    let form = match Form::of_name(&id, &name) {
        Form::Loudspeaker => Form::of_name(&id, &String::from_utf8_lossy(form_factor)),
        known => known,
    };
    let SampleSpec { sample_rate, channels, .. } = told.spec;
    let format = Format { rate_hz: sample_rate, channels: channels.into() };
    Device { id, name, direction, form, is_default: default == Some(told.name), format }
}
