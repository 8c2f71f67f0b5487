//! The catalogue of finding codes: meaning, cause, remedy, the role that can act, and the source.
//!
//! The number of a code is never reused for another meaning.

mod entry;
mod later;
mod start;

pub use entry::Entry;

/// Every code, in the order of its number.
pub const CATALOGUE: [Entry; 57] = joined();

/// The same at one place, so that references to entries outlive a call.
static ALL: [Entry; 57] = CATALOGUE;

/// Every entry, in the order of its number.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    ALL.iter()
}

/// The entry of `code`; case does not matter.
pub fn entry(code: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.code.eq_ignore_ascii_case(code))
}

const fn joined() -> [Entry; 57] {
    let mut all = [start::START[0]; 57];
    let mut index = 0;
    while index < all.len() {
        all[index] = if index < start::START.len() {
            start::START[index]
        } else {
            later::LATER[index - start::START.len()]
        };
        index += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_place() {
        for (index, entry) in CATALOGUE.iter().enumerate() {
            assert_eq!(entry.code, format!("CMK{:03}", index + 1));
        }
        assert_eq!(entry("cmk006"), Some(&CATALOGUE[5]));
        assert_eq!(entry("CMK058"), None);
        assert_eq!(entry("CMK6"), None);
    }
}
