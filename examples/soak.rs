//! Many calls in a row between a phone of this library and a Python LXST phone, to find leaks.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use futures_lite::future::or;
use indicatif::{ProgressBar, ProgressStyle};
use lxst_examples::{errln, outln};
use lxst_interop::{Command, PythonPeer};
use lxst_phone::PhoneBuilder;
use lxst_smol::Smol;
use lxst_tokio::{
    Call, CallerLimits, Callers, EndReason, Event, Events, Identity, IdentityHash, InsteadOfVoice,
    OsRng, Phone, Profile, Runtime, Settings, Sockets, Tokio, Voice,
};

/// Lets a phone of this library and one of Python LXST call each other again and again, and tells
/// whether memory, handles or threads grow, and which calls failed.
///
/// They take turns in dialling and in hanging up. The first tenth of the calls is there to warm up;
/// growth is counted from then on. Python LXST is set up under target/ on first use.
#[derive(Debug, Parser)]
#[command(
    after_help = "The exit code is 0 when no call failed and nothing grew, else 1. Memory may \
                        vary by 2 MiB.\nThree hundred calls take about four minutes."
)]
struct Args {
    /// How many calls
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    calls: u32,
    /// How long each lasts, in milliseconds
    #[arg(long, default_value_t = 200, value_name = "MS")]
    talk: u64,
    /// What runs our phone
    #[arg(long, value_enum, default_value_t = RuntimeName::Tokio)]
    runtime: RuntimeName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RuntimeName {
    Tokio,
    Smol,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.runtime {
        RuntimeName::Tokio => on_tokio(&args),
        RuntimeName::Smol => {
            soak(Smol, &args, &|step: &mut (dyn Future<Output = ()> + Unpin)| smol::block_on(step))
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            errln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn on_tokio(args: &Args) -> Result<bool, Box<dyn Error>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    soak(Tokio, args, &|step: &mut (dyn Future<Output = ()> + Unpin)| runtime.block_on(step))
}

/// Runs a step to its end on the phone's runtime.
type BlockOn<'a> = &'a dyn Fn(&mut (dyn Future<Output = ()> + Unpin));

fn wait<T>(block_on: BlockOn<'_>, step: impl Future<Output = T>) -> T {
    let mut result = None;
    let mut step = Box::pin(async { result = Some(step.await) });
    block_on(&mut step);
    drop(step);
    result.expect("the step has ended")
}

fn soak<R: Sockets>(
    runtime: R,
    args: &Args,
    block_on: BlockOn<'_>,
) -> Result<bool, Box<dyn Error>> {
    // Python listens first, because a client without a server tries again only after 5 s.
    let mut python =
        PythonPeer::builder("soak", "python").auto_answer(0.05).log_media_first(0).spawn();
    let limits =
        CallerLimits { one_caller: u16::MAX, strangers: u16::MAX, ..CallerLimits::default() };
    let builder = PhoneBuilder::<R>::new(Identity::generate(&mut OsRng))
        .interface(lxst_phone::Interface::tcp_client(format!("127.0.0.1:{}", python.port())))
        .settings(
            Settings::default()
                .callers(Callers::all().limits(limits))
                .voice(Voice::default().when_no_microphone(InsteadOfVoice::Silence)),
        );
    let (phone, events) = wait(block_on, builder.start())?;
    let talk = Duration::from_millis(args.talk);
    let mut pair = Pair { runtime, block_on, phone, events, talk };
    python.send(&Command::AwaitPath { identity: pair.phone.identity().0, timeout: PATIENCE });
    python.expect("path", PATIENCE);

    let progress = ProgressBar::new(args.calls.into()).with_style(
        ProgressStyle::with_template("{pos:>4} of {len} calls {bar:40.cyan/dim} {elapsed} {msg}")
            .expect("the template is a constant, and valid"),
    );
    let mut failures = BTreeMap::<String, u32>::new();
    let mut usage = Vec::new();
    for call in 0..args.calls {
        if let Err(failure) = pair.call(&mut python, call) {
            *failures.entry(failure).or_default() += 1;
            pair.recover(&mut python);
        }
        python.forget();
        usage.push(ResourceUsage::count()?);
        progress.inc(1);
        progress.set_message(usage[usage.len() - 1].to_string());
    }
    progress.finish_and_clear();
    wait(block_on, pair.phone.shutdown());
    python.quit();
    Ok(report(&usage, &failures))
}

/// Our phone, and how to wait for it.
struct Pair<'a, R> {
    runtime: R,
    block_on: BlockOn<'a>,
    phone: Phone,
    events: Events,
    talk: Duration,
}

impl<R: Runtime> Pair<'_, R> {
    /// Makes one call. We dial the even ones, and Python hangs up every second pair of them.
    fn call(&mut self, python: &mut PythonPeer, number: u32) -> Result<(), String> {
        let is_ours = number.is_multiple_of(2);
        let call = if is_ours {
            let to = IdentityHash(python.identity());
            let dialled = wait(self.block_on, self.phone.dial(to, Profile::MediumQuality));
            dialled.map_err(|error| format!("cannot dial: {error}"))?
        } else {
            python.send(&Command::call(self.phone.identity().0));
            let call = self.incoming().ok_or("Python's call did not ring here")?;
            wait(self.block_on, call.answer())
                .map_err(|error| format!("cannot answer: {error}"))?;
            call
        };
        let established = self.in_time(call.established()).ok_or("not established in time")?;
        established.map_err(|error| format!("not established: {error}"))?;
        python.next("established", PATIENCE).ok_or("Python did not establish the call")?;
        wait(self.block_on, self.runtime.sleep_until(self.runtime.now() + self.talk));

        let wanted = if number % 4 < 2 {
            wait(self.block_on, call.hang_up())
                .map_err(|error| format!("cannot hang up: {error}"))?;
            EndReason::LocalHangup
        } else {
            python.send(&Command::HangUp);
            EndReason::RemoteHangup
        };
        let ended = self.in_time(call.ended());
        python.next("ended", PATIENCE).ok_or("Python did not end the call")?;
        match ended {
            Some(Ok(reason)) if reason == wanted => Ok(()),
            Some(Ok(reason)) => Err(format!("ended: {reason}, and not: {wanted}")),
            Some(Err(error)) => Err(format!("no end is known: {error}")),
            None => Err("not ended in time".into()),
        }
    }

    /// Ends what a failed call left.
    fn recover(&mut self, python: &mut PythonPeer) {
        python.send(&Command::HangUp);
        if let Some(status) = self.phone.state().call {
            // It may have ended by itself.
            let call = self.phone.call(status.call);
            let _ = wait(self.block_on, call.hang_up());
            self.in_time(call.ended());
        }
    }

    /// Waits until a call rings here.
    fn incoming(&mut self) -> Option<Call> {
        let Self { runtime, block_on, phone, events, .. } = self;
        let rings = async {
            loop {
                if let Event::Incoming { call, .. } = events.next().await? {
                    return Some(call);
                }
            }
        };
        in_time(runtime, *block_on, rings)?.map(|call| phone.call(call))
    }

    fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        in_time(&self.runtime, self.block_on, work)
    }
}

/// Waits for something with a time limit.
fn in_time<R: Runtime, T>(
    runtime: &R,
    block_on: BlockOn<'_>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let late = async {
        runtime.sleep_until(runtime.now() + PATIENCE).await;
        None
    };
    wait(block_on, or(async { Some(work.await) }, late))
}

/// The resources of this process.
#[derive(Clone, Copy, Debug)]
struct ResourceUsage {
    memory_kib: u64,
    files: usize,
    threads: usize,
}

impl ResourceUsage {
    /// *Source*: proc(5).
    fn count() -> Result<Self, Box<dyn Error>> {
        let status = fs::read_to_string("/proc/self/status")?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory_kib = resident.and_then(|rest| rest.trim().strip_suffix(" kB"));
        Ok(Self {
            memory_kib: memory_kib.ok_or("no VmRSS in /proc/self/status")?.trim().parse()?,
            files: fs::read_dir("/proc/self/fd")?.count(),
            threads: fs::read_dir("/proc/self/task")?.count(),
        })
    }
}

impl fmt::Display for ResourceUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory_kib, files, threads } = self;
        write!(f, "{:6.1} MiB  {files:3} files  {threads:3} threads", *memory_kib as f64 / 1024.0)
    }
}

/// Prints the resources over time. Returns whether nothing grew and nothing failed.
fn report(usage: &[ResourceUsage], failures: &BTreeMap<String, u32>) -> bool {
    let warm = usage.len() / 10;
    let steps = (0..=9).map(|step| warm + (usage.len() - 1 - warm) * step / 9);
    for call in steps {
        outln!("after {:5} calls  {}", call + 1, usage[call]);
    }
    let third = (usage.len() - warm) / 3;
    let [early, late] = [&usage[warm..warm + third], &usage[usage.len() - third..]];
    let grown = |of: fn(&ResourceUsage) -> u64| median(late, of).saturating_sub(median(early, of));
    let memory = grown(|usage| usage.memory_kib);
    let files = grown(|usage| usage.files as u64);
    let threads = grown(|usage| usage.threads as u64);
    outln!("growth             {memory} KiB, {files} files, {threads} threads");
    for (failure, times) in failures {
        outln!("failed {times} times: {failure}");
    }
    let is_well = failures.is_empty() && memory <= MEMORY_KIB && files == 0 && threads == 0;
    outln!(
        "verdict            {}",
        if is_well { "nothing grew, no call failed" } else { "NOT well" }
    );
    is_well
}

/// Returns the median over a stretch of calls.
fn median(usage: &[ResourceUsage], of: fn(&ResourceUsage) -> u64) -> u64 {
    let mut values: Vec<u64> = usage.iter().map(of).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

const PATIENCE: Duration = Duration::from_secs(20);
/// Variation of memory that is no growth.
const MEMORY_KIB: u64 = 2_048;
