//! Other Reticulum programs of this machine that start, which only Linux tells.

use std::future::pending;
use std::path::Path;

#[derive(Debug)]
pub(super) struct Neighbours;

impl Neighbours {
    pub(super) const fn new(_: Option<&Path>) -> Self {
        Self
    }

    pub(super) async fn start(&self) {
        pending().await
    }
}
