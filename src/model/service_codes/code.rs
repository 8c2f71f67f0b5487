//! One code of a service.

use crate::model::cause::Cause;
use serde::Serialize;

/// One code of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ServiceCode {
    /// As the service writes it, such as `OperationNotStartable`.
    pub code: &'static str,
    /// Who says it.
    pub service: &'static str,
    /// What kind of trouble it is. `None` for a code that says no more than the HTTP status: then
    /// what was asked for decides what helps.
    pub means: Option<Cause>,
    /// What happens and why.
    pub cause: &'static str,
    /// What helps: a command to paste where there is one.
    pub fix: &'static str,
    /// The role that can do it.
    pub who: &'static str,
    /// The code of the catalogue that it belongs to.
    pub belongs_to: Option<&'static str>,
    /// The public source with its date.
    pub source: &'static str,
}

impl ServiceCode {
    /// What helps, with what is known in the place of its blanks. A blank is a whole word:
    /// `TENANT_ID` is none in `AZURE_TENANT_ID`.
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
