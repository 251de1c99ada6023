//! A whole call in one process: two phones, joined by TCP on loopback, one recording, one result.
//!
//! `cargo run --release --example call` needs no network, no sound card, and besides Rust only a C
//! compiler and CMake. The call is in `converse.rs`; this file prints its result.

mod converse;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::Parser;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use lxst_examples::drawing;
use lxst_examples::reference::of_reference;
use lxst_examples::relay::Conditions;
use lxst_examples::report::Report;
use lxst_examples::terminal;
use lxst_examples::wav::{Existing, WavSink, read_wav, to_i16};
use lxst_examples::{errln, outln};
use lxst_sim::envelope::{CorrelationPeak, EnvelopeError, Pcm, correlation};
use lxst_tokio::codecs::SAMPLE_RATE_HZ;
use lxst_tokio::trace::view::{Charset, Chart, Ladder, Page, Panel, wrap};
use lxst_tokio::{BuiltInCodecs, Codecs, Profile};

use converse::{BLOCK_SAMPLES, Failure, LISTENING_BLOCKS, Outcome, converse};

/// Calls from one phone to another in this process, plays a recording into the
/// caller's microphone, writes what the callee's speaker plays, and compares the two.
///
/// Both phones are complete: Reticulum endpoint, telephone, codecs. Between them is
/// real TCP on loopback, encrypted and signed as on any Reticulum link. At the end
/// stand every signal of the call with its moment, its counters, and whether the
/// speech came through.
///
/// With --loss, --jitter or --stall, the two are joined by UDP through a network that
/// does this to what the caller says, and a picture shows what the callee's receive
/// path made of it.
#[derive(Debug, Parser)]
#[command(verbatim_doc_comment)]
#[command(after_help = "The exit code is 0 when the speech came through, else 1.")]
struct Args {
    /// What is sent: mq, hq, shq (medium, high, super high quality,
    /// frames of 60 ms), ll, ull (low and ultra low latency, 20 and 10 ms);
    /// all for each that this build can send, in one table
    #[arg(long, default_value = "mq", verbatim_doc_comment)]
    profile: Profiles,
    /// How many of a hundred packets get lost
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    loss: f64,
    /// By up to how many milliseconds packets are late
    #[arg(long, value_name = "MS", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=10_000))]
    jitter: u64,
    /// For how many milliseconds the network stands still, once
    #[arg(long, value_name = "MS", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=10_000))]
    stall: u64,
    /// What the caller says, of a second or more [default: speech.wav of the sources]
    #[arg(long, value_name = "FILE.wav", default_value = SPEECH, hide_default_value = true)]
    speech: PathBuf,
    /// Where to write what the callee hears; its folder is made. With all profiles,
    /// the name of each is added
    #[arg(long, value_name = "FILE.wav", default_value = OUT, verbatim_doc_comment)]
    out: PathBuf,
    /// Replace a file that is there by --out
    #[arg(long)]
    force: bool,
    /// Where to draw the callee's receive path over time [default: beside --out, where
    /// the network is not plain]
    #[arg(long, value_name = "FILE.svg", verbatim_doc_comment)]
    svg: Option<PathBuf>,
}

/// One profile, or all that this build can send.
#[derive(Clone, Copy, Debug)]
enum Profiles {
    One(Profile),
    All,
}

impl FromStr for Profiles {
    type Err = <Profile as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" { Ok(Self::All) } else { text.parse().map(Self::One) }
    }
}

impl Args {
    fn conditions(&self) -> Conditions {
        Conditions {
            loss_percent: self.loss,
            jitter: Duration::from_millis(self.jitter),
            stall: Duration::from_millis(self.stall),
        }
    }

    /// Creates the file of the callee's audio. An earlier file is replaced only at the default
    /// path.
    fn create(&self, path: &Path) -> Result<WavSink, Failure> {
        if let Some(folder) = path.parent() {
            let failed = |error| format!("cannot make the folder {}: {error}", folder.display());
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let is_ours = self.force || self.out == Path::new(OUT);
        let existing = if is_ours { Existing::Replaced } else { Existing::Kept };
        Ok(WavSink::create(path, existing)?)
    }

    /// Returns the chart of a call.
    fn panel(&self, profile: Profile, outcome: &Outcome, lag: Option<Duration>) -> Panel {
        let grade = outcome.grade.map(|grade| grade.to_string());
        let lag = lag.map(|lag| format!("{} ms from mouth to ear", lag.as_millis()));
        Panel {
            profile,
            verdict: grade.into_iter().chain(lag).collect::<Vec<_>>().join(", "),
            playout: outcome.playout.clone(),
            reference: of_reference(&outcome.playout, profile),
            has_stall: self.stall > 0,
        }
    }

    /// Draws the charts, and prints where.
    fn draw(&self, panels: &[Panel]) -> Result<(), Failure> {
        let Some(picture) = self.picture() else { return Ok(()) };
        let mut network = Vec::new();
        if self.loss > 0.0 {
            network.push(format!("{} % loss", self.loss));
        }
        if self.jitter > 0 {
            network.push(format!("up to {} ms of jitter", self.jitter));
        }
        if self.stall > 0 {
            network.push(format!("a stall of {} ms", self.stall));
        }
        if network.is_empty() {
            network.push("a plain network".into());
        }
        let title = format!("A call over {}", network.join(", "));
        drawing::save(&picture, &Chart { title: &title, panels })
            .map_err(|error| format!("cannot draw {}: {error}", picture.display()))?;
        outln!("drawn    {}", picture.display());
        Ok(())
    }

    /// Returns where to draw, if anything is drawn.
    fn picture(&self) -> Option<PathBuf> {
        let beside = (!self.conditions().is_plain()).then(|| self.out.with_extension("svg"));
        self.svg.clone().or(beside)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.profile {
        Profiles::One(profile) => one(&args, profile).await,
        Profiles::All => all(&args).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            errln!("call: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Makes one call, and prints every signal of it.
async fn one(args: &Args, profile: Profile) -> Result<(), Failure> {
    let page = terminal::page();
    let speech = read_wav(&args.speech)?;
    let sink = args.create(&args.out)?;
    let progress = progress(speech.len(), page);
    let outcome = converse(&speech, profile, args.conditions(), sink, &progress).await;
    progress.finish_and_clear();
    let outcome = outcome?;

    outln!("{}", Ladder { conversation: &outcome.conversation, page });
    let verdict = compare(&speech, &outcome.heard, args.conditions());
    let lag = verdict.as_ref().ok().map(|heard| heard.lag);
    let report = Report {
        conversation: &outcome.conversation,
        caller: &outcome.caller,
        callee: &outcome.callee,
        mouth_to_ear: lag,
        page,
    };
    outln!("{report}");
    outln!("heard    {}", args.out.display());
    args.draw(&[args.panel(profile, &outcome, lag)])?;
    let correlation = judge(&outcome, verdict, args.conditions())?;
    let grade = outcome.grade.map_or("unknown".into(), |grade| grade.to_string());
    outln!("quality  {grade}");
    let verdict = format!("verdict  the speech came through, correlation {correlation:.3}");
    outln!("{}", wrap(&verdict, page.columns(), VALUE));
    Ok(())
}

/// Makes a call in each profile, and prints one row of a table for each.
async fn all(args: &Args) -> Result<(), Failure> {
    let page = terminal::page();
    let speech = read_wav(&args.speech)?;
    let sendable = BuiltInCodecs.profiles();
    let profiles = Profile::ALL.into_iter().filter(|profile| sendable.contains(*profile));
    let mut panels = Vec::new();
    let mut failures = Vec::new();
    let table = Table { columns: page.columns() };
    table.row("", ["quality", "to ear", "made up", "shed", "match", "on the air"]);
    let bars = MultiProgress::new();
    for profile in profiles {
        let out = named(&args.out, profile);
        let progress = bars.add(progress(speech.len(), page));
        let sink = args.create(&out)?;
        let outcome = converse(&speech, profile, args.conditions(), sink, &progress).await;
        progress.finish_and_clear();
        let outcome = outcome?;
        let verdict = compare(&speech, &outcome.heard, args.conditions());
        table.row_of(profile, &outcome, verdict.as_ref().ok());
        let lag = verdict.as_ref().ok().map(|heard| heard.lag);
        panels.push(args.panel(profile, &outcome, lag));
        if let Err(failure) = judge(&outcome, verdict, args.conditions()) {
            failures.push(format!("{profile}: {failure}"));
        }
    }
    outln!("heard    {}", named(&args.out, Profile::MediumQuality).display());
    args.draw(&panels)?;
    let (whole, calls) = (panels.len() - failures.len(), panels.len());
    let verdict = format!("verdict  the speech came through in {whole} of {calls} profiles");
    outln!("{}", wrap(&verdict, page.columns(), VALUE));
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n      ").into()) }
}

/// The table of the calls in all profiles, as wide as the page allows.
struct Table {
    columns: usize,
}

impl Table {
    fn row_of(&self, profile: Profile, outcome: &Outcome, heard: Option<&Comparison>) {
        let is_narrow = self.columns < NARROW;
        let name = if is_narrow { profile.abbreviation().into() } else { profile.to_string() };
        let at_callee = &outcome.callee.telephone;
        let media = outcome.conversation.media(lxst_tokio::Side::Local);
        let millis = |duration: Duration| format!("{} ms", duration.as_millis());
        let air = media.air_bytes as f64 * 8.0 / 1_000.0 / media.lasted.as_secs_f64().max(1.0);
        let cells = [
            outcome.grade.map_or("unknown".into(), |grade| grade.to_string()),
            heard.map_or("unknown".into(), |heard| millis(heard.lag)),
            millis(at_callee.concealed.duration()),
            millis(at_callee.shed.duration()),
            heard.map_or("none".into(), |heard| format!("{:.3}", heard.correlation)),
            format!("{air:.1} kbit/s"),
        ];
        self.row(&name, cells.each_ref().map(String::as_str));
    }

    fn row(&self, name: &str, cells: [&str; 6]) {
        let [grade, lag, concealed, shed, correlation, air] = cells;
        if self.columns < NARROW {
            return outln!("{name:<5}{grade:<20}{lag:>7}{concealed:>8}");
        }
        let line = format!("{name:<20}{grade:<20}{lag:>7}{concealed:>8}");
        if self.columns < WIDE {
            outln!("{line}");
        } else {
            outln!("{line}{shed:>7}{correlation:>6}{air:>12}");
        }
    }
}

/// Prints whether the speech came through.
fn judge(
    outcome: &Outcome,
    verdict: Result<Comparison, EnvelopeError>,
    conditions: Conditions,
) -> Result<f64, Failure> {
    let Comparison { correlation, .. } = verdict?;
    let least = if conditions.is_plain() { MIN_CORRELATION } else { MIN_CORRELATION_ROUGH };
    if correlation >= least {
        return Ok(correlation);
    }
    let starved = outcome.callee.telephone.starved.duration();
    let hint = if starved.is_zero() {
        String::new()
    } else {
        format!("; the speaker starved for {starved:.0?}: is the machine busy?")
    };
    Err(format!(
        "the speech did not come through: correlation {correlation:.3}, at least {least} is \
         wanted{hint}"
    )
    .into())
}

/// How well speech came through.
struct Comparison {
    correlation: f64,
    /// Mouth to ear.
    lag: Duration,
}

/// Compares the speech with what was heard. A network with jitter moves words relative to each
/// other, so each stretch of the speech is searched alone, and the medians count.
fn compare(
    speech: &[f32],
    heard: &[f32],
    conditions: Conditions,
) -> Result<Comparison, EnvelopeError> {
    let [speech, heard] =
        [speech, heard].map(|pcm| pcm.iter().copied().map(to_i16).collect::<Vec<i16>>());
    let pcm = |samples| Pcm { samples, rate_hz: SAMPLE_RATE_HZ };
    if conditions.is_plain() || speech.len() < STRETCH {
        let CorrelationPeak { correlation, lag } = correlation(pcm(&speech), pcm(&heard), MAX_LAG)?;
        return Ok(Comparison { correlation, lag });
    }
    let (mut correlations, mut lags) = (Vec::new(), Vec::new());
    for from in (0..=speech.len() - STRETCH).step_by(STRETCH / 2) {
        let heard = heard.get(from..).unwrap_or_default();
        let stretch = pcm(&speech[from..from + STRETCH]);
        let verdict = correlation(stretch, pcm(heard), MAX_LAG)?;
        correlations.push(verdict.correlation);
        lags.push(verdict.lag);
    }
    correlations.sort_by(f64::total_cmp);
    lags.sort();
    // There is a stretch: the speech is long enough.
    Ok(Comparison { correlation: correlations[correlations.len() / 2], lag: lags[lags.len() / 2] })
}

/// Returns the file of one profile of several.
fn named(out: &Path, profile: Profile) -> PathBuf {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    let extension = out.extension().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!("{stem}-{}.{extension}", profile.key()))
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=100.0).contains(&percent) { Ok(percent) } else { Err("allowed are 0 to 100".into()) }
}

/// Shows the progress of the speech, on stderr if that is a terminal.
fn progress(speech: usize, page: Page) -> ProgressBar {
    let blocks = speech.div_ceil(BLOCK_SAMPLES) + LISTENING_BLOCKS;
    let style = ProgressStyle::with_template("{msg:9} {wide_bar:.cyan/dim} {elapsed}");
    let style = style.expect("the template is a constant, and valid");
    let charset = match page.charset() {
        Charset::Unicode => "█░",
        Charset::Ascii => "#-",
    };
    ProgressBar::new(blocks as u64)
        .with_style(style.progress_chars(charset))
        .with_message("starting")
}

const OUT: &str = "target/heard.wav";
const SPEECH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/speech.wav");
/// Largest lag at which the speech is searched.
const MAX_LAG: Duration = Duration::from_secs(1);
/// Stretch of speech that is searched alone: 1.2 s.
const STRETCH: usize = 57_600;
/// Columns from which the table is complete.
const WIDE: usize = 80;
/// Columns from which it has full profile names.
const NARROW: usize = 55;
/// Column of the values after their names.
const VALUE: usize = 9;
/// Smallest correlation of speech that came through.
const MIN_CORRELATION: f64 = 0.9;
/// The same for a network with loss, jitter or a stall.
const MIN_CORRELATION_ROUGH: f64 = 0.5;
