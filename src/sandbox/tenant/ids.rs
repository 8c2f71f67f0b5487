//! Ids that are the same in every sandbox.

use uuid::Uuid;

/// A deterministic GUID for a name.
pub(crate) fn guid(name: &str) -> String {
    Uuid::new_v5(
        &Uuid::NAMESPACE_DNS,
        format!("{name}.sandbox.cmkctl").as_bytes(),
    )
    .hyphenated()
    .to_string()
}

pub(crate) fn organization(key: &str) -> String {
    guid(&format!("organization/{key}"))
}

pub(crate) fn lcs_id(key: &str) -> String {
    guid(&format!("lcs/{key}"))
}
