//! The lines of the core's inputs. Each kind is written and read; see the table in the crate's
//! documentation.

use lxst_core::wire::Frame;
use lxst_core::{
    CallId, CallerLimits, Command, Destination, IdentityHash, Input, JobId, LinkEvent, LinkId,
    NameHash, Outcome, Samples, StreamId,
};
use serde_json::Value;

use crate::line::{Fields, Line, LineError, wrong};

pub(crate) fn write_input(line: &mut Line, input: &Input<'_>) {
    match *input {
        Input::Timeout => line.text("in", "timeout"),
        Input::Packet { link, data } => {
            line.text("in", "packet").number("link", link.0).hex("data", data)
        }
        Input::Link { link, event } => {
            line.text("in", "link").number("link", link.0);
            write_link_event(line, event)
        }
        Input::InterfaceUp => line.text("in", "interface_up"),
        Input::Command(command) => write_command(line.text("in", "command"), command),
        Input::Captured { stream, samples } => {
            line.text("in", "captured").number("stream", stream.0).number("samples", samples.0)
        }
        Input::Consumed { stream, samples } => {
            line.text("in", "consumed").number("stream", stream.0).number("samples", samples.0)
        }
        Input::Overrun { stream, direction, samples } => line
            .text("in", "overrun")
            .number("stream", stream.0)
            .name("direction", direction)
            .number("samples", samples.0),
        Input::Port { stream, direction, change } => line
            .text("in", "port")
            .number("stream", stream.0)
            .name("direction", direction)
            .name("change", change),
        Input::JobDone { job, outcome } => {
            line.text("in", "job_done").number("job", job.0);
            match outcome {
                Outcome::Encoded(Frame { codec, payload }) => {
                    line.text("outcome", "encoded").text("codec", codec).hex("data", payload)
                }
                Outcome::NoVoice => line.text("outcome", "no_voice"),
                Outcome::Played { samples, level } => line
                    .text("outcome", "played")
                    .number("samples", samples.0)
                    .number("level", level.into()),
                Outcome::Discarded => line.text("outcome", "discarded"),
                Outcome::Failed => line.text("outcome", "failed"),
            }
        }
    };
}

/// Reads the rest of a line whose `in` was read.
pub(crate) fn read_input<'b>(
    kind: &str,
    fields: &mut Fields,
    bytes: &'b mut Vec<u8>,
) -> Result<Input<'b>, LineError> {
    Ok(match kind {
        "timeout" => Input::Timeout,
        "packet" => Input::Packet { link: link(fields)?, data: fields.hex("data", bytes)? },
        "link" => Input::Link { link: link(fields)?, event: read_link_event(fields)? },
        "interface_up" => Input::InterfaceUp,
        "command" => Input::Command(read_command(fields)?),
        "captured" => Input::Captured { stream: stream(fields)?, samples: samples(fields)? },
        "consumed" => Input::Consumed { stream: stream(fields)?, samples: samples(fields)? },
        "overrun" => Input::Overrun {
            stream: stream(fields)?,
            direction: fields.name("direction")?,
            samples: samples(fields)?,
        },
        "port" => Input::Port {
            stream: stream(fields)?,
            direction: fields.name("direction")?,
            change: fields.name("change")?,
        },
        "job_done" => Input::JobDone {
            job: JobId(fields.number("job")?),
            outcome: match fields.text("outcome")?.as_str() {
                "encoded" => Outcome::Encoded(Frame {
                    codec: fields.codec("codec")?,
                    payload: fields.hex("data", bytes)?,
                }),
                "no_voice" => Outcome::NoVoice,
                "played" => {
                    Outcome::Played { samples: samples(fields)?, level: fields.number("level")? }
                }
                "discarded" => Outcome::Discarded,
                "failed" => Outcome::Failed,
                other => return Err(unknown("outcome", other)),
            },
        },
        other => return Err(unknown("in", other)),
    })
}

fn write_link_event(line: &mut Line, event: LinkEvent) -> &mut Line {
    match event {
        LinkEvent::Incoming { on, rtt, mdu } => line
            .text("event", "incoming")
            .text("on", on.identity)
            .text("name", on.name)
            .optional("rtt_ns", rtt, Line::duration)
            .optional("mdu", mdu.map(|mdu| mdu as u64), Line::number),
        LinkEvent::Up { rtt, mdu } => line
            .text("event", "up")
            .optional("rtt_ns", rtt, Line::duration)
            .optional("mdu", mdu.map(|mdu| mdu as u64), Line::number),
        LinkEvent::Failed(reason) => line.text("event", "failed").name("reason", reason),
        LinkEvent::Identified(identity) => {
            line.text("event", "identified").text("identity", identity)
        }
        LinkEvent::Heard => line.text("event", "heard"),
        LinkEvent::Closed(reason) => line.text("event", "closed").name("reason", reason),
    }
}

fn read_link_event(fields: &mut Fields) -> Result<LinkEvent, LineError> {
    Ok(match fields.text("event")?.as_str() {
        "incoming" => LinkEvent::Incoming {
            on: destination(fields, "on")?,
            rtt: fields.optional("rtt_ns", Fields::duration)?,
            mdu: fields.optional("mdu", Fields::number)?,
        },
        "up" => LinkEvent::Up {
            rtt: fields.optional("rtt_ns", Fields::duration)?,
            mdu: fields.optional("mdu", Fields::number)?,
        },
        "failed" => LinkEvent::Failed(fields.name("reason")?),
        "identified" => LinkEvent::Identified(identity(fields, "identity")?),
        "heard" => LinkEvent::Heard,
        "closed" => LinkEvent::Closed(fields.name("reason")?),
        other => return Err(unknown("event", other)),
    })
}

fn write_command(line: &mut Line, command: Command) -> &mut Line {
    match command {
        Command::Dial { call, link, to, profile, mode } => line
            .text("command", "dial")
            .number("call", call.0)
            .number("link", link.0)
            .text("to", to)
            .name("profile", profile)
            .name("mode", mode),
        Command::Answer(call) => line.text("command", "answer").number("call", call.0),
        Command::HangUp(call) => line.text("command", "hang_up").number("call", call.0),
        Command::Screen(call, admission) => {
            line.text("command", "screen").number("call", call.0).name("admission", admission)
        }
        Command::SetProfile(call, profile) => {
            line.text("command", "set_profile").number("call", call.0).name("profile", profile)
        }
        Command::SetMode(call, mode) => {
            line.text("command", "set_mode").number("call", call.0).name("mode", mode)
        }
        Command::Talk(call, talk) => {
            line.text("command", "talk").number("call", call.0).name("talk", talk)
        }
        Command::Mute(call, direction, mute) => line
            .text("command", "mute")
            .number("call", call.0)
            .name("direction", direction)
            .name("mute", mute),
        Command::SetAvailable(available) => {
            line.text("command", "set_available").flag("available", available)
        }
        Command::Know(identity) => line.text("command", "know").text("who", identity),
        Command::LimitCallers(limits) => {
            write_limits(line.text("command", "limit_callers"), limits)
        }
        Command::Announce => line.text("command", "announce"),
    }
}

fn read_command(fields: &mut Fields) -> Result<Command, LineError> {
    Ok(match fields.text("command")?.as_str() {
        "dial" => Command::Dial {
            call: call(fields)?,
            link: link(fields)?,
            to: identity(fields, "to")?,
            profile: fields.name("profile")?,
            mode: fields.name("mode")?,
        },
        "answer" => Command::Answer(call(fields)?),
        "hang_up" => Command::HangUp(call(fields)?),
        "screen" => Command::Screen(call(fields)?, fields.name("admission")?),
        "set_profile" => Command::SetProfile(call(fields)?, fields.name("profile")?),
        "set_mode" => Command::SetMode(call(fields)?, fields.name("mode")?),
        "talk" => Command::Talk(call(fields)?, fields.name("talk")?),
        "mute" => Command::Mute(call(fields)?, fields.name("direction")?, fields.name("mute")?),
        "set_available" => Command::SetAvailable(fields.flag("available")?),
        "know" => Command::Know(identity(fields, "who")?),
        "limit_callers" => Command::LimitCallers(read_limits(fields)?),
        "announce" => Command::Announce,
        other => return Err(unknown("command", other)),
    })
}

pub(crate) fn write_limits(line: &mut Line, limits: CallerLimits) -> &mut Line {
    let CallerLimits { window, one_caller, strangers } = limits;
    line.duration("limit_window_ns", window)
        .number("limit_one_caller", one_caller.into())
        .number("limit_strangers", strangers.into())
}

pub(crate) fn read_limits(fields: &mut Fields) -> Result<CallerLimits, LineError> {
    Ok(CallerLimits {
        window: fields.duration("limit_window_ns")?,
        one_caller: fields.number("limit_one_caller")?,
        strangers: fields.number("limit_strangers")?,
    })
}

pub(crate) fn link(fields: &mut Fields) -> Result<LinkId, LineError> {
    fields.number("link").map(LinkId)
}

pub(crate) fn call(fields: &mut Fields) -> Result<CallId, LineError> {
    fields.number("call").map(CallId)
}

pub(crate) fn stream(fields: &mut Fields) -> Result<StreamId, LineError> {
    fields.number("stream").map(StreamId)
}

pub(crate) fn samples(fields: &mut Fields) -> Result<Samples, LineError> {
    fields.number("samples").map(Samples)
}

pub(crate) fn identity(fields: &mut Fields, key: &str) -> Result<IdentityHash, LineError> {
    let text = fields.text(key)?;
    text.parse().map_err(|_| wrong(key, &Value::from(text), "32 hex digits"))
}

/// Reads a destination: its identity under `key`, and its `name`.
pub(crate) fn destination(fields: &mut Fields, key: &str) -> Result<Destination, LineError> {
    let identity = identity(fields, key)?;
    let mut bytes = Vec::new();
    let name = fields.hex("name", &mut bytes)?;
    let wrong = |_| wrong("name", &Value::from(name.len()), "10 bytes of hex");
    let name = NameHash(name.try_into().map_err(wrong)?);
    Ok(Destination { identity, name })
}

pub(crate) fn unknown(key: &str, found: &str) -> LineError {
    wrong(key, &Value::from(found), "those of the format")
}
