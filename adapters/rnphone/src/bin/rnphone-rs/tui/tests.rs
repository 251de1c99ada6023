mod keys;
mod messages;
mod snapshots;
mod support;
#[cfg(target_os = "linux")]
mod terminal;
