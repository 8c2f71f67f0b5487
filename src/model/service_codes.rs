//! The error codes of the services, as their users meet them: what each means here and what helps.

mod azure;
mod code;
mod dataverse;
mod entra;
mod power_platform;
mod vault;

pub use code::ServiceCode;

/// Every code, service by service.
pub fn all() -> impl Iterator<Item = &'static ServiceCode> {
    power_platform::CODES
        .iter()
        .chain(dataverse::CODES)
        .chain(azure::CODES)
        .chain(vault::CODES)
        .chain(entra::CODES)
}

/// What is known of `code`, in any case.
pub fn find(code: &str) -> Option<&'static ServiceCode> {
    all().find(|known| known.code.eq_ignore_ascii_case(code))
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
        assert_eq!(find("no such code"), None);
    }
}
