//! Decodes the text of a file from the usual encodings of editors and shells.

use std::fmt;

/// Why bytes are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoText {
    /// Neither UTF-8 nor marked as anything else.
    Utf8,
    /// Marked as UTF-16, but the last character is cut off, or a code unit is not a character.
    Utf16,
}

impl fmt::Display for NoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoText::Utf8 => "it is not UTF-8 text",
            NoText::Utf16 => "it is marked as UTF-16, but it is damaged or incomplete",
        })
    }
}

impl std::error::Error for NoText {}

/// The text: UTF-8 with or without a byte order mark, or UTF-16 with one, as Windows PowerShell 5.1
/// writes it (`>`, `Out-File`, `Set-Content -Encoding utf8`). cmkctl does not guess the code pages
/// of other programs.
///
/// # Errors
/// Bytes that are neither UTF-8 nor marked UTF-16.
pub fn decoded(bytes: Vec<u8>) -> Result<String, NoText> {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => decoded_utf8(rest.to_vec()),
        _ => decoded_utf8(bytes),
    }
}

fn decoded_utf8(bytes: Vec<u8>) -> Result<String, NoText> {
    String::from_utf8(bytes).map_err(|_| NoText::Utf8)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NoText> {
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return Err(NoText::Utf16);
    };
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).map_err(|_| NoText::Utf16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn as_utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(bytes).collect()
    }

    proptest! {
        #[test]
        fn every_text_is_read_as_it_was_written(text in "[^\u{feff}]{0,40}") {
            let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
            for bytes in [
                text.clone().into_bytes(),
                marked,
                as_utf16(&text, u16::to_le_bytes),
                as_utf16(&text, u16::to_be_bytes),
            ] {
                prop_assert_eq!(decoded(bytes), Ok(text.clone()));
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            // Text without a mark stays the same text.
            let marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            let same = std::str::from_utf8(&bytes).map(|text| text.trim_start_matches('\u{feff}'));
            let read = decoded(bytes.clone());
            let read = read.as_deref().map(|text| text.trim_start_matches('\u{feff}'));
            prop_assert!(marked || read.ok() == same.ok());
        }
    }

    #[test]
    fn what_is_cut_off_or_in_a_code_page_is_refused() {
        let mut cut = as_utf16("tenant", u16::to_le_bytes);
        cut.pop();
        assert_eq!(decoded(cut), Err(NoText::Utf16));
        // Half of a pair.
        assert_eq!(decoded(vec![0xff, 0xfe, 0x3d, 0xd8]), Err(NoText::Utf16));
        assert_eq!(decoded(b"Gr\xf6\xdfe".to_vec()), Err(NoText::Utf8));
    }
}
