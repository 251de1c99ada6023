//! A phone for voice calls over Reticulum: see `--help`.

mod begin;
mod check;
mod ctl;
mod echo;
mod failure;
mod input;
mod listen;
mod network;
#[cfg(all(feature = "notifications", unix, not(target_os = "macos")))]
mod notifications;
mod options;
mod page;
mod page_key;
mod person;
mod prompt;
mod report;
mod room;
mod script;
mod signals;
mod station;
mod systemd;
#[cfg(feature = "tui")]
mod tui;
mod tune;
mod welcome;

use std::io::{self, IsTerminal};
use std::process;

use clap::Parser;
#[cfg(not(feature = "tui"))]
use rnphone_rs::console::Log;
use rnphone_rs::console::{detach, left_out};
use rnphone_rs::errln;
use tracing_subscriber::filter::LevelFilter;

use failure::Failure;
use options::{Options, Task};
#[cfg(feature = "tui")]
use tui::Log;

fn main() {
    let options = Options::parse();
    let level = match options.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::TRACE,
    };
    let console = detach(if options.script.json { report::left_out } else { left_out });
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(|| Log)
        .with_ansi(io::stderr().is_terminal() && !options.is_full_screen())
        .with_target(false)
        .without_time()
        .init();
    let code = run(options).unwrap_or_else(|Failure { text, code }| {
        errln!("rnphone-rs: {text}");
        code
    });
    drop(console);
    // Standard input may be read on a thread, which a return would wait for.
    process::exit(code.into());
}

fn run(options: Options) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &options.task {
            Some(Task::Ctl { json, wav, words }) => ctl::run(&options, *json, *wav, words).await,
            Some(Task::Echo { greeting }) => echo::run(&options, greeting.clone()).await,
            Some(Task::Check { to }) => check::run(&options, *to).await,
            Some(Task::Station(station)) => station::run(&options, station).await,
            Some(Task::Room(room)) => room::run(&options, room).await,
            Some(Task::Tune { station }) => tune::run(&options, *station).await,
            Some(Task::Page(page)) => page::run(&options, page).await,
            Some(Task::PageKey { from }) => page_key::run(&options, from.as_deref()).await,
            Some(Task::Systemd) => systemd::print(&options),
            None if options.list_devices => begin::list_devices().await,
            None => begin::run(options).await,
        }
    })
}
