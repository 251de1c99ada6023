//! What a long life of phones leaves behind on tokio.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod leaks;
mod support;

use lxst_tokio::Tokio;
use tokio::runtime::{Builder, Handle};

#[test]
fn a_long_life_leaves_nothing_behind() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = || Handle::current().metrics().num_alive_tasks();
    runtime.block_on(leaks::a_long_life_leaves_nothing_behind(Tokio, tasks));
}
