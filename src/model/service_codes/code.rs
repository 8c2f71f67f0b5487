//! One error code of a service.

use crate::model::cause::Cause;
use serde::Serialize;

/// One error code of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ServiceCode {
    /// As the service writes it, such as `OperationNotStartable`.
    pub code: &'static str,
    /// The service that returns it.
    pub service: &'static str,
    /// The cause. `None` for a code that says no more than the HTTP status: then the request
    /// decides the remedy.
    pub means: Option<Cause>,
    /// What happens and why.
    pub cause: &'static str,
    /// The remedy, as a command if there is one.
    pub fix: &'static str,
    /// The role that can apply it.
    pub who: &'static str,
    /// The finding code that it belongs to.
    pub belongs_to: Option<&'static str>,
    /// The public source, with its date.
    pub source: &'static str,
}

impl ServiceCode {
    /// The remedy with its placeholders filled from `known`. A placeholder is a whole word:
    /// `TENANT_ID` is not a placeholder inside `AZURE_TENANT_ID`.
    pub fn fix_with(&self, known: &[(&str, Option<&str>)]) -> String {
        let inside = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
        let mut out = String::with_capacity(self.fix.len());
        let mut rest = self.fix;
        while let Some(at) = rest.find(inside) {
            let (before, word) = rest.split_at(at);
            let end = word.find(|ch| !inside(ch)).unwrap_or(word.len());
            let (word, behind) = word.split_at(end);
            let value = known.iter().find(|(blank, _)| *blank == word);
            out.push_str(before);
            out.push_str(value.and_then(|(_, value)| *value).unwrap_or(word));
            rest = behind;
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use crate::model::service_codes::find;

    #[test]
    fn a_blank_is_a_whole_word() {
        let fix = |code: &str, known: &[(&str, Option<&str>)]| find(code).unwrap().fix_with(known);
        assert_eq!(
            fix("AADSTS900023", &[("TENANT_ID", Some("t"))]),
            "Pass the tenant's id: `--tenant t`, or set AZURE_TENANT_ID."
        );
        assert_eq!(
            fix(
                "AADSTS65001",
                &[("RESOURCE", Some("https://x")), ("TENANT_ID", None)]
            ),
            "az login --scope https://x/.default"
        );
        let blank = find("ForbiddenByRbac").unwrap().fix;
        assert_eq!(fix("ForbiddenByRbac", &[("VAULT", Some("kv"))]), blank);
    }
}
