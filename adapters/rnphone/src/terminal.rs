//! The width and the characters of the terminal.

use std::env;
use std::io;
#[cfg(unix)]
use std::os::fd::AsFd;

use lxst_tokio::trace::view::{Charset, Page};
#[cfg(unix)]
use rustix::termios::tcgetwinsize;

/// Returns the page of standard output: the width from `COLUMNS`, else the terminal's; the
/// character set from the locale.
#[must_use]
pub fn page() -> Page {
    let told = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let columns = told.filter(|columns| *columns > 0);
    let columns = columns.or_else(columns_of_stdout).unwrap_or(Page::MAX_COLUMNS);
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| env::var(name).ok());
    let locale = locale.filter(|value| !value.is_empty()).take(1);
    let is_unicode = locale
        .map(|value| value.to_lowercase())
        .any(|value| value.replace('-', "").contains("utf8"));
    let columns = columns.clamp(Page::MIN_COLUMNS, Page::MAX_COLUMNS);
    let charset = if is_unicode { Charset::Unicode } else { Charset::Ascii };
    Page::new(columns, charset).unwrap_or(Page::WIDE)
}

/// Returns the width of standard output, if that is a terminal.
#[must_use]
pub fn columns_of_stdout() -> Option<usize> {
    seen(&io::stdout())
}

/// Returns the width of standard error, if that is a terminal.
#[must_use]
pub fn columns_of_stderr() -> Option<usize> {
    seen(&io::stderr())
}

#[cfg(unix)]
fn seen(terminal: &impl AsFd) -> Option<usize> {
    let columns = tcgetwinsize(terminal).ok()?.ws_col;
    Some(columns.into()).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
const fn seen<T>(_: &T) -> Option<usize> {
    None
}
