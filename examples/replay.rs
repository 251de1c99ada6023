//! Replays traces, and draws them: see `--help`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use lxst_examples::console::write_out;
use lxst_examples::{drawing, terminal};
use lxst_examples::{errln, outln};
use lxst_tokio::trace::view::{Conversation, ConversationReader, LadderSvg, Summary};
use lxst_tokio::trace::{Divergence, Ending, Payloads, Reader, Recorded, Replay, TraceError};

/// Gives the inputs of recorded calls to a fresh telephone and compares what it does.
///
/// A trace is what `rnphone-rs --trace FILE` and `PhoneBuilder::trace` write. It holds the
/// conversation, voices included, unless its payloads were stripped: pass it on with care.
#[derive(Debug, Parser)]
#[command(name = "replay", verbatim_doc_comment, after_help = AFTER_HELP)]
struct Args {
    /// The traces; one line tells of each
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<PathBuf>,

    /// Draw the conversation as a ladder diagram, as far as it is on record. For one trace
    #[arg(long, value_name = "FILE.svg")]
    ladder: Option<PathBuf>,

    /// Print each call's states, how long they lasted, and how it ended
    #[arg(long)]
    summary: bool,
}

const AFTER_HELP: &str = "\
Exit codes (of the first trace that did not give 0):
  0  every output was the same
  1  an output was another: the line, what was expected and what came are printed
  2  wrong options, or a trace that cannot be read: damaged, cut, or of a newer version
  3  the same as far as it goes, but recording ended by overflow
  4  the payloads were stripped: it draws, but does not replay

Examples:
  replay call.trace.jsonl
  replay call.trace.jsonl --summary --ladder call.svg";

fn main() -> ExitCode {
    let args = Args::parse();
    if args.ladder.is_some() && args.traces.len() > 1 {
        errln!("replay: --ladder draws one trace; give one, or leave --ladder out");
        return ExitCode::from(UNREADABLE);
    }
    let mut code = 0;
    for path in &args.traces {
        let one = run(path, &args).unwrap_or_else(|failure| {
            errln!("replay: {failure}");
            UNREADABLE
        });
        if code == 0 {
            code = one;
        }
    }
    ExitCode::from(code)
}

/// Replays one trace, and draws what the options ask for.
fn run(path: &Path, args: &Args) -> Result<u8, String> {
    let name = path.display();
    let outcome = replay(path)?;
    let told = match &outcome.end {
        End::Unreadable(error) => {
            errln!("replay: {name}: {error}");
            None
        }
        End::Divergence(divergence) => Some(divergence.to_string()),
        End::Stripped => Some("stripped of its payloads: it cannot be replayed".into()),
        End::Same(Ending::Closed) => Some("the same".into()),
        End::Same(Ending::Overflow) => Some("the same, up to the overflow of its recording".into()),
    };
    if let Some(told) = told {
        let Outcome { inputs, outputs, .. } = outcome;
        outln!("{name}: {told} ({inputs} inputs, {outputs} outputs)");
    }
    if args.summary {
        let page = terminal::page();
        let summary = Summary { conversation: &outcome.conversation, page };
        write_out(format_args!("{summary}"));
    }
    if let Some(ladder) = &args.ladder {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let note = match &outcome.end {
            End::Unreadable(error) => format!("{file}, up to line {}", error.line),
            End::Divergence(divergence) => {
                format!("{file}; replay diverges at line {}", divergence.line)
            }
            End::Same(Ending::Overflow) => format!("{file}, up to the overflow of its recording"),
            End::Same(Ending::Closed) | End::Stripped => file.into_owned(),
        };
        let drawing = LadderSvg { conversation: &outcome.conversation, note: &note };
        drawing::save(ladder, &drawing)
            .map_err(|error| format!("cannot write {}: {error}", ladder.display()))?;
    }
    Ok(outcome.end.code())
}

/// The result of a trace.
struct Outcome {
    conversation: Conversation,
    inputs: u64,
    outputs: u64,
    end: End,
}

enum End {
    Same(Ending),
    Divergence(Divergence),
    Stripped,
    Unreadable(TraceError),
}

impl End {
    const fn code(&self) -> u8 {
        match self {
            Self::Same(Ending::Closed) => 0,
            Self::Divergence(_) => 1,
            Self::Unreadable(_) => UNREADABLE,
            Self::Same(Ending::Overflow) => 3,
            Self::Stripped => 4,
        }
    }
}

/// Reads a trace to its end, and replays it until it diverges.
fn replay(path: &Path) -> Result<Outcome, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| failed(&error))?;
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let mut reader = Reader::new(BufReader::new(file)).map_err(|error| failed(&error))?;

    let is_whole = reader.header().payloads == Payloads::Kept;
    let mut replay = is_whole.then(|| Replay::new(reader.header()));
    let mut divergence = None;
    let mut conversation = ConversationReader::new();
    let (mut inputs, mut outputs) = (0, 0);
    let mut progress = Progress::new(bytes);
    let damage = loop {
        match reader.next_record() {
            Ok(Some(record)) => {
                match record.what {
                    Recorded::Input(_) => inputs += 1,
                    Recorded::Output(_) => outputs += 1,
                }
                progress.pass(record.text.len() + 1);
                conversation.read(&record);
                if let Some(Err(found)) = replay.as_mut().map(|replay| replay.step(&record)) {
                    replay = None;
                    divergence = Some(found);
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let end = match (damage, divergence, reader.ending()) {
        (None, Some(divergence), _) => End::Divergence(divergence),
        (Some(error), ..) => End::Unreadable(error),
        (None, None, ending) => {
            let ending = ending.unwrap_or(Ending::Closed); // the reader has come to it
            let line = reader.line();
            match replay.map(|mut replay| replay.end(line, ending)) {
                Some(Ok(())) => End::Same(ending),
                Some(Err(divergence)) => End::Divergence(divergence),
                None => End::Stripped,
            }
        }
    };
    Ok(Outcome { conversation: conversation.conversation(), inputs, outputs, end })
}

/// Shows the progress of a long trace, on stderr if that is a terminal.
struct Progress {
    began: Instant,
    bytes: u64,
    passed: u64,
    bar: Option<ProgressBar>,
}

impl Progress {
    fn new(bytes: u64) -> Self {
        Self { began: Instant::now(), bytes, passed: 0, bar: None }
    }

    fn pass(&mut self, bytes: usize) {
        self.passed += bytes as u64;
        if let Some(bar) = &self.bar {
            bar.set_position(self.passed);
        } else if self.began.elapsed() > PATIENCE {
            let style = ProgressStyle::with_template("{wide_bar:.cyan/dim} {percent}% {eta}");
            let style = style.expect("the template is a constant, and valid");
            self.bar = Some(ProgressBar::new(self.bytes).with_style(style));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

const UNREADABLE: u8 = 2;
const PATIENCE: Duration = Duration::from_secs(2);
