//! The options of a page.

use std::path::PathBuf;

use clap::Args;

/// What is paged.
#[derive(Debug, Args)]
pub(crate) struct PageOptions {
    /// A WAV file, after which the page ends. Without it, the microphone is heard until Ctrl-C
    #[arg(value_name = "FILE.wav")]
    pub(crate) file: Option<PathBuf>,
    /// Take over from other pages
    #[arg(long)]
    pub(crate) urgent: bool,
}
