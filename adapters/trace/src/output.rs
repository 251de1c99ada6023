//! The lines of the core's outputs. Each kind is written and read; see the table in the crate's
//! documentation.

use lxst_core::{
    CodecProfile, Event, Instant, JobId, LinkRequest, Mos, Output, Profile, Quality, RawDepth,
    Samples, SendFormat, Tempo, Work,
};
use serde_json::Value;

use crate::input::{call, destination, identity, link, samples, stream, unknown};
use crate::line::{Fields, Line, LineError, wrong};
use crate::names::{Named, drop_reason, end_reason, snake};

pub(crate) fn write_output(line: &mut Line, output: &Output<'_>) {
    match *output {
        Output::Transmit { link, class, data } => line
            .text("out", "transmit")
            .number("link", link.0)
            .name("class", class)
            .hex("data", data),
        Output::Link { link, request } => {
            line.text("out", "link").number("link", link.0);
            match request {
                LinkRequest::Open(to) => {
                    line.text("request", "open").text("to", to.identity).text("name", to.name)
                }
                LinkRequest::Identify => line.text("request", "identify"),
                LinkRequest::Close => line.text("request", "close"),
            }
        }
        Output::Announce => line.text("out", "announce"),
        Output::Stream { stream, direction, change } => line
            .text("out", "stream")
            .number("stream", stream.0)
            .name("direction", direction)
            .name("change", change),
        Output::Job { job, stream, direction, work } => {
            line.text("out", "job")
                .number("job", job.0)
                .number("stream", stream.0)
                .name("direction", direction);
            write_work(line, &work)
        }
        Output::Event(event) => write_event(line.text("out", "event"), event),
    };
}

/// Reads the rest of a line whose `out` was read. `None` is an event without a name in this
/// version.
pub(crate) fn read_output<'b>(
    kind: &str,
    fields: &mut Fields,
    bytes: &'b mut Vec<u8>,
) -> Result<Option<Output<'b>>, LineError> {
    Ok(Some(match kind {
        "transmit" => Output::Transmit {
            link: link(fields)?,
            class: fields.name("class")?,
            data: fields.hex("data", bytes)?,
        },
        "link" => Output::Link {
            link: link(fields)?,
            request: match fields.text("request")?.as_str() {
                "open" => LinkRequest::Open(destination(fields, "to")?),
                "identify" => LinkRequest::Identify,
                "close" => LinkRequest::Close,
                other => return Err(unknown("request", other)),
            },
        },
        "announce" => Output::Announce,
        "stream" => Output::Stream {
            stream: stream(fields)?,
            direction: fields.name("direction")?,
            change: fields.name("change")?,
        },
        "job" => Output::Job {
            job: JobId(fields.number("job")?),
            stream: stream(fields)?,
            direction: fields.name("direction")?,
            work: read_work(fields, bytes)?,
        },
        "event" => return Ok(read_event(fields)?.map(Output::Event)),
        other => return Err(unknown("out", other)),
    }))
}

fn write_work<'l>(line: &'l mut Line, work: &Work<'_>) -> &'l mut Line {
    match *work {
        Work::Encode { format, source, samples } => line
            .text("work", "encode")
            .text(
                "format",
                match format {
                    SendFormat::Profile(profile) => Named::name(profile),
                    SendFormat::Raw(depth) => Named::name(depth),
                    SendFormat::Codec(profile) => Named::name(profile),
                },
            )
            .name("source", source)
            .number("samples", samples.0),
        Work::Discard { samples } => line.text("work", "discard").number("samples", samples.0),
        Work::Decode { codec, payload, tempo } => {
            let line = line.text("work", "decode").text("codec", codec);
            write_tempo(line, tempo).hex("data", payload)
        }
        Work::Conceal { samples } => line.text("work", "conceal").number("samples", samples.0),
    }
}

fn write_tempo(line: &mut Line, tempo: Tempo) -> &mut Line {
    match tempo {
        Tempo::Normal => line.text("tempo", "normal"),
        Tempo::Faster { most } => line.text("tempo", "faster").number("most", most.0),
        Tempo::Skip => line.text("tempo", "skip"),
        Tempo::Slower => line.text("tempo", "slower"),
    }
}

fn read_tempo(fields: &mut Fields) -> Result<Tempo, LineError> {
    Ok(match fields.text("tempo")?.as_str() {
        "normal" => Tempo::Normal,
        "faster" => Tempo::Faster { most: Samples(fields.number("most")?) },
        "skip" => Tempo::Skip,
        "slower" => Tempo::Slower,
        other => return Err(unknown("tempo", other)),
    })
}

fn read_work<'b>(fields: &mut Fields, bytes: &'b mut Vec<u8>) -> Result<Work<'b>, LineError> {
    Ok(match fields.text("work")?.as_str() {
        "encode" => Work::Encode {
            format: send_format(fields)?,
            source: fields.name("source")?,
            samples: samples(fields)?,
        },
        "discard" => Work::Discard { samples: samples(fields)? },
        "decode" => Work::Decode {
            codec: fields.codec("codec")?,
            tempo: read_tempo(fields)?,
            payload: fields.hex("data", bytes)?,
        },
        "conceal" => Work::Conceal { samples: samples(fields)? },
        other => return Err(unknown("work", other)),
    })
}

fn send_format(fields: &mut Fields) -> Result<SendFormat, LineError> {
    let text = fields.text("format")?;
    let profile = Profile::named(&text).map(SendFormat::Profile);
    profile
        .or_else(|| RawDepth::named(&text).map(SendFormat::Raw))
        .or_else(|| CodecProfile::named(&text).map(SendFormat::Codec))
        .ok_or_else(|| wrong("format", &Value::from(text), "a profile or a raw depth"))
}

fn write_event(line: &mut Line, event: Event) -> &mut Line {
    match event {
        Event::Screening { call, from, until, limit } => {
            line.text("event", "screening")
                .number("call", call.0)
                .text("from", from)
                .number("until", until.as_micros());
            match limit {
                Some(limit) => line.name("limit", limit),
                None => line,
            }
        }
        Event::CallerGone { call } => line.text("event", "caller_gone").number("call", call.0),
        Event::Incoming { call, from } => {
            line.text("event", "incoming").number("call", call.0).text("from", from)
        }
        Event::Ringing { call } => line.text("event", "ringing").number("call", call.0),
        Event::Connecting { call } => line.text("event", "connecting").number("call", call.0),
        Event::Established { call, profile, mode } => line
            .text("event", "established")
            .number("call", call.0)
            .name("profile", profile)
            .name("mode", mode),
        Event::ProfileChanged { call, profile, by } => line
            .text("event", "profile_changed")
            .number("call", call.0)
            .name("profile", profile)
            .name("by", by),
        Event::ProfileUnavailable { call, asked, used } => line
            .text("event", "profile_unavailable")
            .number("call", call.0)
            .name("asked", asked)
            .name("used", used),
        Event::ModeChanged { call, mode, by } => line
            .text("event", "mode_changed")
            .number("call", call.0)
            .name("mode", mode)
            .name("by", by),
        Event::PeerSilent { call } => line.text("event", "peer_silent").number("call", call.0),
        Event::PeerAudible { call } => line.text("event", "peer_audible").number("call", call.0),
        Event::Quality { call, quality } => {
            write_quality(line.text("event", "quality").number("call", call.0), &quality)
        }
        Event::CallerLimited { from, limit } => {
            line.text("event", "caller_limited").text("from", from).name("limit", limit)
        }
        Event::CallerTurnedAway { from } => {
            line.text("event", "caller_turned_away").text("from", from)
        }
        Event::Ended { call, reason } => {
            line.text("event", "ended").number("call", call.0).text("reason", snake(reason))
        }
        Event::Dropped { link, reason } => {
            line.text("event", "dropped").number("link", link.0).text("reason", snake(reason))
        }
    }
}

fn read_event(fields: &mut Fields) -> Result<Option<Event>, LineError> {
    Ok(Some(match fields.text("event")?.as_str() {
        "screening" => Event::Screening {
            call: call(fields)?,
            from: identity(fields, "from")?,
            until: Instant::from_micros(fields.number("until")?),
            limit: if fields.has("limit") { Some(fields.name("limit")?) } else { None },
        },
        "caller_gone" => Event::CallerGone { call: call(fields)? },
        "incoming" => Event::Incoming { call: call(fields)?, from: identity(fields, "from")? },
        "ringing" => Event::Ringing { call: call(fields)? },
        "connecting" => Event::Connecting { call: call(fields)? },
        "established" => Event::Established {
            call: call(fields)?,
            profile: fields.name("profile")?,
            mode: fields.name("mode")?,
        },
        "profile_changed" => Event::ProfileChanged {
            call: call(fields)?,
            profile: fields.name("profile")?,
            by: fields.name("by")?,
        },
        "profile_unavailable" => Event::ProfileUnavailable {
            call: call(fields)?,
            asked: fields.name("asked")?,
            used: fields.name("used")?,
        },
        "mode_changed" => Event::ModeChanged {
            call: call(fields)?,
            mode: fields.name("mode")?,
            by: fields.name("by")?,
        },
        "peer_silent" => Event::PeerSilent { call: call(fields)? },
        "peer_audible" => Event::PeerAudible { call: call(fields)? },
        "quality" => Event::Quality { call: call(fields)?, quality: read_quality(fields)? },
        "caller_limited" => {
            Event::CallerLimited { from: identity(fields, "from")?, limit: fields.name("limit")? }
        }
        "caller_turned_away" => Event::CallerTurnedAway { from: identity(fields, "from")? },
        "ended" => {
            let (call, reason) = (call(fields)?, fields.text("reason")?);
            return Ok(end_reason(&reason).map(|reason| Event::Ended { call, reason }));
        }
        "dropped" => {
            let (link, reason) = (link(fields)?, fields.text("reason")?);
            return Ok(drop_reason(&reason).map(|reason| Event::Dropped { link, reason }));
        }
        other => return Err(unknown("event", other)),
    }))
}

fn write_quality<'l>(line: &'l mut Line, quality: &Quality) -> &'l mut Line {
    let Quality {
        packets_received,
        frames_received,
        frames_lost,
        frames_recovered,
        copies_sent,
        concealed,
        starved,
        dropped,
        capture_dropped,
        playback_dropped,
        shed,
        expanded,
        delay,
        jitter,
        received_bps,
        sent_bps,
        mos,
        is_peer_silent,
    } = *quality;
    line.number("packets_received", packets_received)
        .number("frames_received", frames_received)
        .number("frames_lost", frames_lost)
        .number("frames_recovered", frames_recovered)
        .number("copies_sent", copies_sent)
        .number("concealed", concealed.0)
        .number("starved", starved.0)
        .number("dropped", dropped.0)
        .number("capture_dropped", capture_dropped.0)
        .number("playback_dropped", playback_dropped.0)
        .number("shed", shed.0)
        .number("expanded", expanded.0)
        .duration("delay_ns", delay)
        .duration("spread_ns", jitter)
        .number("received_bps", received_bps.into())
        .number("sent_bps", sent_bps.into())
        .number("mos", mos.0.into())
        .flag("is_peer_silent", is_peer_silent)
}

fn read_quality(fields: &mut Fields) -> Result<Quality, LineError> {
    Ok(Quality {
        packets_received: fields.number("packets_received")?,
        frames_received: fields.number("frames_received")?,
        frames_lost: fields.number("frames_lost")?,
        frames_recovered: fields.number("frames_recovered")?,
        copies_sent: fields.number("copies_sent")?,
        concealed: Samples(fields.number("concealed")?),
        starved: Samples(fields.number("starved")?),
        dropped: Samples(fields.number("dropped")?),
        capture_dropped: Samples(fields.number("capture_dropped")?),
        playback_dropped: Samples(fields.number("playback_dropped")?),
        shed: Samples(fields.number("shed")?),
        expanded: Samples(fields.number("expanded")?),
        delay: fields.duration("delay_ns")?,
        jitter: fields.duration("spread_ns")?,
        received_bps: fields.number("received_bps")?,
        sent_bps: fields.number("sent_bps")?,
        mos: Mos(fields.number("mos")?),
        is_peer_silent: fields.flag("is_peer_silent")?,
    })
}
