//! The first line of a trace.

use core::time::Duration;

use lxst_core::limits::{FRAMES_PER_PACKET, MAX_SCREENING, MIN_ANNOUNCE_INTERVAL};
use lxst_core::wire::CodecSet;
use lxst_core::{
    Admission, AirBudget, AnnounceInterval, AnnouncePolicy, Config, FramesPerPacket, Instant,
    Profile, ProfileSet, RawDepth, ScreeningTime, SettingError, TransmitCodec,
};
use serde_json::Value;

use crate::header::{Header, MAX_LINES, Payloads, VERSION};
use crate::input::{identity, read_limits, write_limits};
use crate::line::{Fields, Line, LineError, wrong};
use crate::names::Named;

impl Header {
    pub(crate) fn write(&self) -> String {
        let mut line = Line::first("trace", VERSION);
        line.prose("by", &self.by)
            .text("payloads", if self.payloads == Payloads::Kept { KEPT } else { STRIPPED })
            .number("t", self.at.as_micros())
            .text("identity", self.identity);
        if self.lines != 1 {
            line.number("lines", self.lines as u64);
        }
        write_config(&mut line, &self.config);
        line.end()
    }

    pub(crate) fn read(mut fields: Fields) -> Result<Self, LineError> {
        let header = Self {
            by: fields.text("by")?,
            payloads: match fields.text("payloads")?.as_str() {
                KEPT => Payloads::Kept,
                STRIPPED => Payloads::Stripped,
                other => {
                    let allowed = format!("{KEPT}, {STRIPPED}");
                    return Err(wrong("payloads", &Value::from(other), &allowed));
                }
            },
            at: Instant::from_micros(fields.number("t")?),
            identity: identity(&mut fields, "identity")?,
            lines: read_lines(&mut fields)?,
            config: read_config(&mut fields)?,
        };
        fields.end()?;
        Ok(header)
    }
}

fn read_lines(fields: &mut Fields) -> Result<usize, LineError> {
    if !fields.has("lines") {
        return Ok(1);
    }
    let lines = fields.number("lines")?;
    match lines {
        1..=MAX_LINES => Ok(lines),
        _ => Err(wrong("lines", &Value::from(lines), &format!("1 to {MAX_LINES}"))),
    }
}

fn write_config(line: &mut Line, config: &Config) {
    let Config {
        profile,
        mode,
        profiles,
        codecs,
        thin_path,
        transmit,
        frames_per_packet,
        air_budget,
        asks_for_copies,
        when_muted,
        answer,
        callers,
        ring_time,
        wait_time,
        screening_time,
        screening_default,
        limits,
        peer_may_open_microphone,
        announce: AnnouncePolicy { at_start, on_interface_up, interval },
    } = config;
    let held: Vec<&str> = Profile::ALL
        .into_iter()
        .filter(|profile| profiles.contains(*profile))
        .map(Profile::abbreviation)
        .collect();
    line.name("profile", *profile)
        .name("mode", *mode)
        .text("profiles", held.join(" "))
        .name("thin_path", *thin_path)
        .text(
            "transmit",
            match transmit {
                TransmitCodec::Profile => OF_PROFILE,
                TransmitCodec::Raw { depth } => depth.name(),
            },
        )
        .number("frames_per_packet", frames_per_packet.get().into())
        .number("air_budget", air_budget.percent().into())
        .flag("asks_for_copies", *asks_for_copies)
        .name("when_muted", *when_muted)
        .name("answer", *answer)
        .duration("ring_time_ns", *ring_time)
        .duration("wait_time_ns", *wait_time)
        .duration("screening_time_ns", screening_time.get())
        .name("screening_default", *screening_default);
    write_limits(line, *limits)
        .flag("peer_may_open_microphone", *peer_may_open_microphone)
        .flag("announce_at_start", *at_start)
        .flag("announce_on_interface_up", *on_interface_up);
    if *codecs != CodecSet::REFERENCE {
        let names: Vec<_> = codecs.iter().map(|codec| codec.to_string()).collect();
        line.text("codecs", names.join(" "));
    }
    if let Some(admission) = callers {
        line.name("callers", *admission);
    }
    if let Some(interval) = interval {
        line.duration("announce_interval_ns", interval.get());
    }
}

fn read_config(fields: &mut Fields) -> Result<Config, LineError> {
    Ok(Config {
        profile: fields.name("profile")?,
        mode: fields.name("mode")?,
        profiles: profiles(fields)?,
        codecs: codecs(fields)?,
        thin_path: fields.name("thin_path")?,
        transmit: transmit(fields)?,
        frames_per_packet: frames_per_packet(fields)?,
        air_budget: bounded(fields, "air_budget", "at most 100", AirBudget::new)?,
        asks_for_copies: fields.flag("asks_for_copies")?,
        when_muted: fields.name("when_muted")?,
        answer: fields.name("answer")?,
        callers: callers(fields)?,
        ring_time: fields.duration("ring_time_ns")?,
        wait_time: fields.duration("wait_time_ns")?,
        screening_time: screening_time(fields)?,
        screening_default: fields.name("screening_default")?,
        limits: read_limits(fields)?,
        peer_may_open_microphone: fields.flag("peer_may_open_microphone")?,
        announce: AnnouncePolicy {
            at_start: fields.flag("announce_at_start")?,
            on_interface_up: fields.flag("announce_on_interface_up")?,
            interval: interval(fields)?,
        },
    })
}

fn callers(fields: &mut Fields) -> Result<Option<Admission>, LineError> {
    fields.has("callers").then(|| fields.name("callers")).transpose()
}

fn profiles(fields: &mut Fields) -> Result<ProfileSet, LineError> {
    let text = fields.text("profiles")?;
    text.split_whitespace().try_fold(ProfileSet::EMPTY, |set, name| {
        let profile = Profile::named(name)
            .ok_or_else(|| wrong("profiles", &Value::from(name), "abbreviations of profiles"))?;
        Ok(set.with(profile))
    })
}

fn codecs(fields: &mut Fields) -> Result<CodecSet, LineError> {
    if fields.has("codecs") {
        return fields.codecs("codecs");
    }
    Ok(CodecSet::REFERENCE)
}

fn transmit(fields: &mut Fields) -> Result<TransmitCodec, LineError> {
    let text = fields.text("transmit")?;
    if text == OF_PROFILE {
        return Ok(TransmitCodec::Profile);
    }
    RawDepth::named(&text)
        .map(|depth| TransmitCodec::Raw { depth })
        .ok_or_else(|| wrong("transmit", &Value::from(text), "profile, or a raw depth"))
}

fn interval(fields: &mut Fields) -> Result<Option<AnnounceInterval>, LineError> {
    if fields.has("announce_interval_ns") {
        let (key, allowed) =
            ("announce_interval_ns", format!("at least {MIN_ANNOUNCE_INTERVAL:?}"));
        return bounded(fields, key, &allowed, |nanos| {
            AnnounceInterval::new(Duration::from_nanos(nanos)).map(Some)
        });
    }
    Ok(None)
}

fn frames_per_packet(fields: &mut Fields) -> Result<FramesPerPacket, LineError> {
    let allowed = format!("1 to {FRAMES_PER_PACKET}");
    bounded(fields, "frames_per_packet", &allowed, FramesPerPacket::new)
}

fn screening_time(fields: &mut Fields) -> Result<ScreeningTime, LineError> {
    bounded(fields, "screening_time_ns", &format!("at most {MAX_SCREENING:?}"), |nanos| {
        ScreeningTime::new(Duration::from_nanos(nanos))
    })
}

/// Reads a number and checks its bounds.
fn bounded<N: TryFrom<u64> + Copy + Into<Value>, T>(
    fields: &mut Fields,
    key: &str,
    allowed: &str,
    check: impl Fn(N) -> Result<T, SettingError>,
) -> Result<T, LineError> {
    let number = fields.number(key)?;
    check(number).map_err(|_| wrong(key, &number.into(), allowed))
}

const KEPT: &str = "kept";
const STRIPPED: &str = "stripped";
const OF_PROFILE: &str = "profile";
