//! The audio graph of LXST telephony: what lies between a call and the sound of a machine, on
//! blocks of 48 kHz.
//!
//! Nodes are plain values of three kinds. A [`Source`] gives sound: mixers, ports, tones, and what
//! an app makes. An [`Effect`] changes it in place: gain, filters, limiter, gain control, voice
//! processing. A [`Sink`] takes it: ports, meters. The graph is *pulled*: whoever has the clock
//! asks the last source for a block, of any length, and it asks those behind it for the same
//! moments. So a mixer's inputs are aligned by time without queues, and nothing waits between
//! nodes. A microphone pushes: its blocks pass effects, and a [`port()`] where they change threads.
//!
//! No node has a lock, and none but players and recorders a thread, a file or a clock. Memory is
//! bounded, and once a graph stands, a block allocates nothing.
//!
//! ```
//! use lxst_audio::{Block, Gain, Limiter, Meter, Mixer, Source, amplitude, port};
//! use lxst_core::Samples;
//!
//! // What a call plays, on its way from the network's thread to the speaker's callback.
//! let (call, incoming) = port(lxst_audio::Channels::Mono, Samples::from_millis(60));
//!
//! let mut mixer = Mixer::new();
//! let voice = mixer.add(incoming, Gain::new(-6.0));
//! let mut speaker = mixer.through((Limiter::new(-1.0), Meter::new()));
//!
//! let mut period = [[0.0; 2]; 480]; // the callback's buffer: 10 ms in stereo
//! speaker.pull(&mut Block::stereo(&mut period));
//!
//! let (_, meter) = &mut speaker.effect;
//! assert_eq!(meter.read().peak_dbfs, lxst_audio::SILENCE_DBFS); // nobody has spoken yet
//! speaker.source.gain(voice).unwrap().set(0.0, Samples::from_millis(20));
//! # drop(call);
//! # assert_eq!(amplitude(20.0), 10.0);
//! ```
//!
//! A [`Player`] reads a file, a [`Recorder`] writes one or both sides of a call, each on a thread
//! of its own: the graph neither waits nor reads. [`OpusReader`], [`WavReader`] and their writers
//! are of any length and hold a few pages.
//!
//! ```
//! # #[cfg(feature = "opus")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::mpsc::channel;
//!
//! use lxst_audio::{Block, OpusProfile, OpusReader, OpusWriter, Recorder, Sink, SoundReader, Tags};
//!
//! # let folder = std::env::temp_dir().join(format!("lxst-audio-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("call.opus");
//! let tags = Tags::call("b1d1c0de", true, "2026-11-26T21:45:00Z")?;
//! let file = OpusWriter::create(&path, OpusProfile::VoiceMax, &tags)?;
//! let (ended, end) = channel();
//! let (recorder, mut ours, mut theirs) = Recorder::start_call(file, move |recorded| {
//!     let _ = ended.send(recorded);
//! })?;
//! ours.take(&Block::mono(&mut [0.1; 480]));
//! theirs.take(&Block::mono(&mut [0.2; 480]));
//! recorder.stop();
//!
//! let recorded = end.recv()?;
//! recorded.result?;
//! let file = OpusReader::open(&path)?;
//! assert_eq!(file.length(), recorded.length);
//! assert_eq!(file.tags().get("LXST_DIRECTION"), Some("incoming"));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "opus"))]
//! # fn main() {}
//! ```
//!
//! Decibels are those of amplitude, everywhere: 6 dB double it.
//!
//! Tones are data: a [`Cadence`] of [`Segment`]s, which a [`ToneSource`] plays. [`CallTones`] has
//! those of calls in several countries, [`dtmf`] those of keys, [`Ringtone`] what rings.

#![forbid(unsafe_code)]

mod agc;
mod block;
mod decibel;
mod file;
mod filter;
mod gain;
mod limiter;
mod meter;
mod mix_minus;
mod mixer;
mod node;
mod player;
mod port;
mod rate;
mod recorder;
mod reference;
mod tone;
#[cfg(feature = "voice-processing")]
mod voice_processing;

pub use agc::{Agc, AgcConfig};
pub use block::Block;
pub use decibel::{SILENCE_DBFS, amplitude, dbfs};
#[cfg(feature = "opus")]
pub use file::opus::{Faults, OpusProfile, OpusReader, OpusWriter};
pub use file::wav::{WavDepth, WavReader, WavWriter};
pub use file::{FileError, SoundReader, SoundWriter, TagError, Tags};
pub use filter::{BandPass, Filter, FilterError, MAX_CUT_OFF_HZ, MIN_CUT_OFF_HZ};
pub use gain::Gain;
pub use limiter::Limiter;
pub use lxst_codecs::Channels;
pub use meter::{Levels, Meter};
pub use mix_minus::mix_minus;
pub use mixer::{InputId, Mixer, SoftClip};
pub use node::{Effect, Silence, Sink, Source, Tee, Through};
pub use player::{Player, PlayerConfig, PlayerSource};
pub use port::{PortSink, PortSource, port};
pub use rate::RateConverter;
pub use recorder::{Recorded, Recorder, RecorderSink};
pub use reference::{ReferenceBandPass, ReferenceChain};
pub use tone::{
    Cadence, CallTones, MAX_SINES, MAX_TONE_HZ, MIN_TONE_HZ, Ringtone, Segment, Tone, ToneError,
    ToneSource, dtmf,
};
#[cfg(feature = "voice-processing")]
pub use voice_processing::{VoiceProcessing, VoiceProcessor};
