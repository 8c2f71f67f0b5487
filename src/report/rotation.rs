//! The rotation policy of a key.

use super::terminal::Out;
use super::values::Sheet;
use crate::model::day::day;
use crate::model::finding::Finding;
use crate::model::key_ids::KeyVersion;
use crate::model::protection::Key;
use crate::model::rotation::RotationPolicy;
use jiff::Timestamp;
use serde::Serialize;

/// The facts about the rotation of a key.
#[derive(Debug)]
pub struct RotationFacts<'a> {
    /// When the facts were read, in the cloud's time.
    pub at: Timestamp,
    /// ARM id of the vault.
    pub vault: String,
    /// The latest version of the key.
    pub key: &'a Key,
    /// The rotation policy of the key, if it is visible.
    pub rotation: Option<&'a RotationPolicy>,
    /// Until when backups need the earlier versions, if that is known.
    pub old_versions_until: Option<Timestamp>,
    /// The findings about the rotation policy.
    pub findings: &'a [Finding],
}

/// Version 1 of `rotation-policy show`.
#[derive(Serialize)]
struct RotationV1<'a> {
    schema: &'static str,
    at: Timestamp,
    vault: &'a str,
    key: &'a str,
    key_version: Option<&'a str>,
    created: Option<Timestamp>,
    expires: Option<Timestamp>,
    /// `null` if it is not visible.
    rotation: Option<&'a RotationPolicy>,
    next_rotation: Option<Timestamp>,
    old_versions_until: Option<Timestamp>,
    findings: &'a [Finding],
}

/// Prints a rotation policy and the findings about it.
pub fn rotation_policy(out: &mut Out, facts: &RotationFacts<'_>) {
    let key = facts.key;
    let next = facts
        .rotation
        .and_then(|rotation| key.validity.next(rotation));
    let document = RotationV1 {
        schema: "cmkctl/rotation-policy/v1",
        at: facts.at,
        vault: &facts.vault,
        key: &key.name,
        key_version: key.version.known().map(KeyVersion::as_str),
        created: key.validity.created.known().copied(),
        expires: key.validity.end(),
        rotation: facts.rotation,
        next_rotation: next,
        old_versions_until: facts.old_versions_until,
        findings: facts.findings,
    };
    let policy = facts
        .rotation
        .map_or("not visible to you".to_owned(), RotationPolicy::in_words);
    let mut sheet = Sheet::default()
        .row("Key", key.name.as_str())
        .row("Vault", facts.vault.as_str())
        .row("Version", document.key_version.unwrap_or("unknown"))
        .row_if("Created", document.created.map(day))
        .row_if("Expires", document.expires.map(day))
        .row("Rotation policy", policy)
        .row_if("Next version", next.map(day))
        .row_if("Old versions until", facts.old_versions_until.map(day));
    for finding in facts.findings {
        let label = format!("{} {}", finding.code, finding.severity.word());
        sheet = sheet.row(&label, format!("{}\n{}", finding.message, finding.remedy));
    }
    out.data(&document, &sheet);
}
