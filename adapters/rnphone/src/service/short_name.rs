//! The name of this phone where pages and stations tell it.

use lxst_tokio::rooms::limits::NAME;

/// Cuts a display name, behind a whole character, to the bytes that pages and stations have for one.
pub(super) fn short_name(name: &str) -> &str {
    (0..=name.len().min(NAME)).rev().find_map(|end| name.get(..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_behind_a_whole_character() {
        assert_eq!(short_name("Ann"), "Ann");
        assert_eq!(short_name(&"n".repeat(64)), "n".repeat(48));
        let name = format!("{}\u{e9}", "n".repeat(46));
        assert_eq!(short_name(&name), name);
        assert_eq!(short_name(&format!("n{name}")), "n".repeat(47));
    }
}
