//! A scriptable telephone: see `--help`.

mod audio;
mod keys;
mod options;
mod report;
mod session;
mod status;
mod terminal;

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process;
use std::thread;

use async_channel::Receiver;
use clap::Parser;
use lxst_examples::console::{Log, detach, left_out};
use lxst_examples::errln;
use lxst_examples::sound::Existing;
use lxst_smol::Smol;
use lxst_tokio::reticulum::Config as EndpointConfig;
use lxst_tokio::reticulum::limits::PATH_SEARCH;
use lxst_tokio::trace::Payloads;
use lxst_tokio::{
    BuiltInCodecs, Codecs, Identity, InsteadOfVoice, OsRng, Profile, Settings, Sockets, ThinPath,
    Timing, Tokio, Voice, load_or_create_identity,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tracing_subscriber::filter::LevelFilter;

use audio::{AudioIn, AudioOut, Listening};
use options::{Options, RuntimeName};
use report::{Reporter, exit_code};
use session::Session;
use status::StatusLine;
use terminal::Terminal;

/// The builder of a phone on any runtime.
type PhoneBuilder<R> = lxst_phone::PhoneBuilder<R>;
type Failure = Box<dyn std::error::Error>;

fn main() {
    let options = Options::parse();
    let level = match options.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::TRACE,
    };
    let console = detach(if options.json { report::left_out } else { left_out });
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(|| Log)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .init();
    let ended = match options.runtime {
        RuntimeName::Tokio => on_tokio(options),
        RuntimeName::Smol => smol::block_on(run(Smol, options)),
    };
    let code = ended.unwrap_or_else(|error| {
        errln!("phone: {error}");
        USAGE
    });
    drop(console);
    terminal::restore();
    // Standard input may be blocked on a thread, which a return would wait for.
    process::exit(code.into());
}

fn on_tokio(options: Options) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(Tokio, options))
}

async fn run<R: Sockets>(runtime: R, options: Options) -> Result<u8, Failure> {
    if !BuiltInCodecs.profiles().contains(options.profile) {
        let profile = options.profile;
        return Err(
            format!("{profile} needs Codec2: build with --features {}", feature(profile)).into()
        );
    }
    let interfaces = options.interfaces()?;
    let is_alone = interfaces.is_empty();
    if options.call.is_some() && is_alone {
        return Err("--call needs a network: give --connect, --listen, --udp or --shared".into());
    }
    let audio_in = options.audio_in.as_deref().map(AudioIn::open).transpose()?;

    let mut builder = builder::<R>(&options)?;
    for interface in interfaces {
        builder = builder.interface(interface);
    }
    let (phone, events) = builder.start().await?;
    // Until here there is no call to end, and a signal ends the process.
    let stops = stops()?;
    let existing = if options.force { Existing::Replaced } else { Existing::Kept };
    let open = |path| AudioOut::open(path, existing);
    let audio_out = options.audio_out.as_deref().map(open).transpose()?;
    let stdout_is_audio = matches!(audio_out, Some(AudioOut::Pipe));
    let status = StatusLine::new(options.json);
    let reporter = Reporter::new(options.json);
    reporter.ready(&phone, stdout_is_audio);
    if is_alone {
        phone.shutdown().await;
        return Ok(0);
    }
    let stdin_is_audio =
        matches!(options.audio_in.as_deref(), Some(path) if path == Path::new("-"));
    let keys = keys::read(Terminal::open(stdin_is_audio));
    if let Some(audio_in) = &audio_in {
        audio_in.listen(&phone).await?;
    }
    let listening = match audio_out {
        Some(out) => Some(Listening::start(out, &phone).await?),
        None => None,
    };
    let session = Session::new(runtime.clone(), options, phone, reporter, status, audio_in);
    let ended = session.run(events, stops, keys).await?;
    if let Some(listening) = listening {
        listening.finish(&runtime).await;
    }
    Ok(ended.map_or(0, exit_code))
}

fn builder<R: Sockets>(options: &Options) -> Result<PhoneBuilder<R>, Failure> {
    let builder = match (&options.folder, &options.identity) {
        (Some(folder), _) => PhoneBuilder::open(folder)?,
        (None, Some(file)) => PhoneBuilder::new(load_or_create_identity(file)?),
        (None, None) => PhoneBuilder::new(Identity::generate(&mut OsRng)),
    };
    let path_search = PATH_SEARCH.min(options.wait_time);
    let builder = builder
        .settings(settings(options)?)
        .endpoint(EndpointConfig::default().path_search(path_search));
    Ok(match &options.trace {
        Some(path) if options.trace_without_voices => builder.trace(path, Payloads::Stripped),
        Some(path) => builder.trace(path, Payloads::Kept),
        None => builder,
    })
}

fn settings(options: &Options) -> Result<Settings, Failure> {
    let has_microphone = options.audio_in.is_some();
    let voice = Voice::default()
        .profile(options.profile)
        .mode(options.mode())
        .thin_path(if options.accept_thin_paths { ThinPath::Accept } else { ThinPath::Refuse })
        .when_no_microphone(match has_microphone {
            true => InsteadOfVoice::Silence,
            false => InsteadOfVoice::Nothing,
        })
        .dtx(options.dtx)
        .adaptive_profile(options.adapt);
    #[cfg(not(feature = "voice-processing"))]
    if options.process {
        return Err("--process is not built in: build with --features voice-processing".into());
    }
    #[cfg(feature = "voice-processing")]
    let voice =
        if options.process { voice.processing(lxst_tokio::VoiceProcessing::ALL) } else { voice };
    let settings = Settings::default().callers(options.callers());
    let settings = match options.name {
        Some(name) => settings.display_name(name),
        None => settings,
    };
    Ok(settings.voice(voice).timing(Timing::default().wait_time(options.wait_time)))
}

/// Returns the cargo feature of a profile's codec.
pub(crate) const fn feature(profile: Profile) -> &'static str {
    match profile {
        Profile::UltraLowBandwidth => "codec2-system",
        _ => "codec2",
    }
}

/// Returns the signals that stop the phone: Ctrl-C, SIGTERM, and a terminal that closes. The first
/// hangs up, a second ends the process.
fn stops() -> io::Result<Receiver<()>> {
    let (sender, stops) = async_channel::bounded(1);
    let mut wanted = vec![SIGINT, SIGTERM];
    if !is_ignored(SIGHUP) {
        wanted.push(SIGHUP);
    }
    let mut signals = Signals::new(wanted)?;
    thread::spawn(move || {
        for (earlier, signal) in signals.forever().enumerate() {
            if earlier > 0 {
                terminal::restore();
                process::exit(128 + signal);
            }
            // The session may have ended.
            let _ = sender.try_send(());
        }
    });
    Ok(stops)
}

/// Returns whether a signal was ignored at our start, as by `nohup`. Known on Linux only.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The exit code of wrong options and of a phone that cannot start; also clap's.
const USAGE: u8 = 2;
