//! Points to the explanation of a code.

use crate::model::catalogue;
use crate::model::service_codes;

/// The command that explains `code`; `None` for an unknown code.
pub(super) fn pointer(code: &str) -> Option<String> {
    let of_cmkctl = catalogue::entry(code).map(|entry| entry.code);
    let known = of_cmkctl.or_else(|| service_codes::find(code).map(|known| known.code));
    known.map(|code| format!("cmkctl explain {code}"))
}

/// The canonical code: `7`, `cmk7` and `CMK-007` all become `CMK007`. Any other code stays as
/// typed.
pub(super) fn spelled(typed: &str) -> String {
    let typed = typed.trim();
    let digits = match typed.get(..3) {
        Some(head) if head.eq_ignore_ascii_case("CMK") => {
            typed[3..].trim_start_matches(['-', '_', ' '])
        }
        _ => typed,
    };
    match digits.parse::<u16>() {
        Ok(number) if digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("CMK{number:03}")
        }
        _ => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_short() {
        for typed in ["7", "07", "007", "cmk7", "CMK-7", "cmk_007", " Cmk007 "] {
            assert_eq!(spelled(typed), "CMK007", "{typed}");
        }
        for typed in [
            "",
            "CMK",
            "cmkx",
            "0007",
            "+7",
            "0x80048d0b",
            "OperationNotStartable",
            "日本語",
            "CMé",
        ] {
            assert_eq!(spelled(typed), typed, "{typed}");
        }
    }

    #[test]
    fn only_known_codes_are_pointed_to() {
        assert_eq!(pointer("cmk006").as_deref(), Some("cmkctl explain CMK006"));
        assert_eq!(
            pointer("SCOPELOCKED").as_deref(),
            Some("cmkctl explain ScopeLocked")
        );
        assert_eq!(pointer("$(reboot)"), None);
    }
}
