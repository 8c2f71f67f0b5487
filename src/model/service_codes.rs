//! The services' error codes, as users meet them: what each means here, and the remedy.

mod azure;
mod code;
mod dataverse;
mod entra;
mod power_platform;
mod roles;
mod vault;

pub use code::ServiceCode;

/// Every code, service by service.
pub fn all() -> impl Iterator<Item = &'static ServiceCode> {
    power_platform::CODES
        .iter()
        .chain(dataverse::CODES)
        .chain(azure::CODES)
        .chain(roles::CODES)
        .chain(vault::CODES)
        .chain(entra::CODES)
}

/// The entry of `code`; case does not matter. Dataverse codes are 32-bit numbers, and some answers
/// contain them in decimal, signed or unsigned. Microsoft Entra codes may also come as their number
/// only.
pub fn find(code: &str) -> Option<&'static ServiceCode> {
    let is = |code: &str| all().find(|known| known.code.eq_ignore_ascii_case(code));
    is(code).or_else(|| {
        let number: i64 = code.parse().ok()?;
        let unsigned =
            u32::try_from(number).or_else(|_| i32::try_from(number).map(i32::cast_unsigned));
        is(&format!("{:#010x}", unsigned.ok()?)).or_else(|| is(&format!("AADSTS{number}")))
    })
}

/// The codes in a text that tell a cause, last one first: services put the most specific code
/// innermost. Codes that are also plain words do not count.
pub fn named_in(text: &str) -> Vec<&'static ServiceCode> {
    let words = text.split(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_'));
    let mut found: Vec<&ServiceCode> = Vec::new();
    for known in words.filter(|word| is_no_word(word)).filter_map(find) {
        if known.means.is_some() && !found.contains(&known) {
            found.insert(0, known);
        }
    }
    found
}

/// Is this a code, not a plain word? It has a digit, or a capital letter after the first.
fn is_no_word(word: &str) -> bool {
    word.chars()
        .skip(1)
        .any(|ch| ch.is_ascii_uppercase() || ch.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue;

    #[test]
    fn a_code_is_there_once_and_belongs_to_an_entry() {
        for known in all() {
            assert_eq!(
                all()
                    .filter(|other| other.code.eq_ignore_ascii_case(known.code))
                    .count(),
                1,
                "{}",
                known.code
            );
            assert!(
                known
                    .belongs_to
                    .is_none_or(|code| catalogue::entry(code).is_some()),
                "{}",
                known.code
            );
        }
        assert_eq!(
            find("operationnotstartable").and_then(|known| known.belongs_to),
            Some("CMK023")
        );
        for number in ["-2147015328", "2147951968"] {
            assert_eq!(find(number), find("0x80072560"), "{number}");
        }
        assert_eq!(find("53003"), find("AADSTS53003"));
        let codes = |text| {
            named_in(text)
                .iter()
                .map(|known| known.code)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes("denied (0x80095ffe): a conflict"), ["0x80095ffe"]);
        assert_eq!(codes("Conflict, Throttled"), Vec::<&str>::new());
        assert!(find("0x80072560").is_some());
        assert_eq!(find("no such code"), None);
    }
}
