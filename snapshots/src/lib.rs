//! Snapshot tests, in a crate of their own so that unreferenced snapshots are found.
