//! Texts that peers give.

use alloc::string::String;

use lxst_core::wire::is_invisible;
use unicode_normalization::UnicodeNormalization;

/// Returns one line of visible text of at most `bytes` bytes: invisible characters are left out,
/// white space is a single space between words, and the rest is cut at a character.
#[must_use]
pub fn clean(text: &str, bytes: usize) -> String {
    let mut cleaned = String::new();
    let mut is_apart = false;
    for found in text.chars() {
        if found.is_whitespace() {
            is_apart = !cleaned.is_empty();
            continue;
        }
        if is_invisible(found) {
            continue;
        }
        let space = usize::from(is_apart);
        if cleaned.len() + space + found.len_utf8() > bytes {
            break;
        }
        if is_apart {
            cleaned.push(' ');
        }
        cleaned.push(found);
        is_apart = false;
    }
    cleaned
}

/// Returns the form in which names are compared: without compatibility variants, case and
/// characters that show nothing.
pub(crate) fn folded(name: &str) -> String {
    let visible = name.trim().chars().filter(|found| !is_invisible(*found));
    // Upper case first: it unfolds what lower case alone leaves, such as sharp s.
    let upper = visible.nfkc().flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_of_visible_characters_cut_between_them() {
        for (given, bytes, shown) in [
            ("  two \u{a0}\r\n words ", 300, "two words"),
            ("\u{1b}[2J\u{202e}abc\u{200b}", 300, "[2Jabc"),
            ("ääää", 5, "ää"),
            ("ab cd", 3, "ab"),
            ("\u{feff} \u{2060}", 300, ""),
        ] {
            assert_eq!(clean(given, bytes), shown, "{given:?}");
        }
    }

    #[test]
    fn names_that_look_alike_are_equal() {
        for (one, other) in [
            ("Alice", "aLICE"),
            ("\u{ff21}da", "Ada"),
            ("stra\u{df}e", "STRASSE"),
            ("a\u{200b}b", "ab"),
        ] {
            assert_eq!(folded(one), folded(other), "{one:?}");
        }
        assert_ne!(folded("Ada"), folded("Ad"));
    }
}
