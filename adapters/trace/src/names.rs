//! The names of enum variants in a trace.

use core::fmt::Debug;

use lxst_core::{
    Admission, AnswerMode, Class, CodecProfile, Direction, DropReason, EndReason, InsteadOfVoice,
    Limit, LinkClosed, LinkFailed, Mode, Mute, PortChange, Profile, RawDepth, Side, Source,
    StreamChange, Talk, ThinPath,
};

/// An enum whose variants have names in a trace.
pub(crate) trait Named: Copy + 'static {
    const ALL: &'static [Self];

    fn name(self) -> &'static str;

    fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == text)
    }
}

/// Names every variant. A variant that is not listed does not compile.
macro_rules! names {
    ($($enum:ty { $($variant:ident = $name:literal,)* })*) => {$(
        impl Named for $enum {
            const ALL: &'static [Self] = &[$(<$enum>::$variant,)*];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    )*};
}

names! {
    AnswerMode { App = "app", Automatic = "automatic", }
    Class { Signal = "signal", Media = "media", }
    Direction { Send = "send", Receive = "receive", }
    Limit { OneCaller = "one_caller", Strangers = "strangers", }
    LinkClosed { Peer = "peer", Timeout = "timeout", Interface = "interface", Unknown = "unknown", }
    LinkFailed { NoPath = "no_path", NoNetwork = "no_network", Timeout = "timeout", Refused = "refused", }
    Mode { FullDuplex = "full_duplex", HalfDuplex = "half_duplex", }
    Mute { Muted = "muted", Unmuted = "unmuted", }
    InsteadOfVoice { Nothing = "nothing", Silence = "silence", }
    PortChange { Attached = "attached", Detached = "detached", }
    RawDepth {
        Float16 = "raw_float16",
        Float32 = "raw_float32",
        Float64 = "raw_float64",
        Float128 = "raw_float128",
    }
    Side { Local = "local", Remote = "remote", }
    Source { Captured = "captured", Silence = "silence", }
    StreamChange { Opened = "opened", Closed = "closed", }
    Talk { Pressed = "pressed", Released = "released", }
    ThinPath { Refuse = "refuse", Accept = "accept", }
    Admission { Ring = "ring", Busy = "busy", Reject = "reject", Drop = "drop", }
}

impl Named for Profile {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.abbreviation()
    }
}

impl Named for CodecProfile {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.name()
    }
}

/// Writes the name of a variant without data as a trace does: `NoAnswer` is `no_answer`.
pub(crate) fn snake(variant: impl Debug) -> String {
    let mut name = String::new();
    for letter in format!("{variant:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// Returns the reason with this name; `None` for an unknown one.
pub(crate) fn end_reason(name: &str) -> Option<EndReason> {
    EndReason::ALL.into_iter().find(|reason| snake(reason) == name)
}

/// Returns the reason with this name; `None` for an unknown one.
pub(crate) fn drop_reason(name: &str) -> Option<DropReason> {
    DROP_REASONS.into_iter().find(|reason| snake(reason) == name)
}

const DROP_REASONS: [DropReason; 5] = [
    DropReason::MalformedPacket,
    DropReason::UnknownSignal,
    DropReason::UnsupportedPreference,
    DropReason::UnknownFrame,
    DropReason::UndecodableFrame,
];
