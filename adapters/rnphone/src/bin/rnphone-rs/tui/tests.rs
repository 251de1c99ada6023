mod keys;
mod messages;
mod snapshots;
mod support;
