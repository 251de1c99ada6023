//! Bytes as lower-case hexadecimal text.

use core::fmt::Write;

pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String succeeds");
        text
    })
}

/// Returns the bytes; `None` unless the text is pairs of hexadecimal digits.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Returns the bytes; `None` unless the text is exactly `N` bytes in hexadecimal.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_convert_both_ways() {
        assert_eq!(encode(&[0x00, 0x9f, 0xff]), "009fff");
        assert_eq!(decode("009fff"), Some(vec![0x00, 0x9f, 0xff]));
    }

    #[test]
    fn odd_length_and_foreign_characters_are_refused() {
        assert_eq!(decode("009"), None);
        assert_eq!(decode("+1"), None);
        assert_eq!(decode_array::<2>("00"), None);
    }
}
