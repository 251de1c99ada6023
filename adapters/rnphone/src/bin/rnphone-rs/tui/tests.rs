mod keys;
mod snapshots;
mod support;
