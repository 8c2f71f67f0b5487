//! The ids that an administrator pastes. They are parsed once and strictly, so nothing malformed
//! reaches a URL.

use crate::model::bad_input::{BadInput, read};
use serde::{Deserialize, Deserializer, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use uuid::Uuid;

/// The resource types that cmkctl accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// `Microsoft.PowerPlatform/enterprisePolicies`
    EnterprisePolicy,
    /// `Microsoft.KeyVault/vaults`
    Vault,
    /// `Microsoft.KeyVault/managedHSMs`
    ManagedHsm,
}

impl ResourceKind {
    const ALL: [ResourceKind; 3] = [Self::EnterprisePolicy, Self::Vault, Self::ManagedHsm];

    /// The type as Azure Resource Manager spells it.
    pub const fn arm_type(self) -> &'static str {
        match self {
            Self::EnterprisePolicy => "Microsoft.PowerPlatform/enterprisePolicies",
            Self::Vault => "Microsoft.KeyVault/vaults",
            Self::ManagedHsm => "Microsoft.KeyVault/managedHSMs",
        }
    }
}

/// The id of an Azure resource of an accepted type. Comparison ignores case, as in Azure.
#[derive(Debug, Clone)]
pub struct ArmId {
    /// Lower-case GUID of the subscription.
    pub subscription: String,
    /// Resource group, as typed.
    pub group: String,
    /// Resource type.
    pub kind: ResourceKind,
    /// Resource name, as typed.
    pub name: String,
}

/// The error for a text that is not an id of an expected type, with the expected form.
fn no_such_id(text: &str, expected: &[ResourceKind], why: &str) -> BadInput {
    let wanted = expected
        .iter()
        .map(|kind| format!("`{}`", kind.arm_type()))
        .collect::<Vec<_>>()
        .join(" or ");
    BadInput::new(
        format!("`{text}` is not the id of a resource of type {wanted}: {why}."),
        format!(
            "An id looks like this: `/subscriptions/00000000-0000-0000-0000-000000000000/\
            resourceGroups/GROUP/providers/{}/NAME`.",
            expected.first().map_or("TYPE", |kind| kind.arm_type())
        ),
    )
}

impl ArmId {
    /// Parses `/subscriptions/…/resourceGroups/…/providers/TYPE/NAME`.
    ///
    /// # Errors
    /// Says which part is wrong. An id of another resource type names that type.
    pub fn parse(text: &str, expected: &[ResourceKind]) -> Result<Self, BadInput> {
        let bad = |why: String| no_such_id(text, expected, &why);
        let parts: Vec<&str> = text.trim().trim_end_matches('/').split('/').collect();
        let [
            "",
            subscriptions,
            subscription,
            groups,
            group,
            providers,
            namespace,
            kind,
            name,
        ] = parts[..]
        else {
            return Err(bad(
                "it does not have the four parts subscription, resource group, type and name"
                    .to_owned(),
            ));
        };
        for (got, word) in [
            (subscriptions, "subscriptions"),
            (groups, "resourceGroups"),
            (providers, "providers"),
        ] {
            if !got.eq_ignore_ascii_case(word) {
                return Err(bad(format!("cmkctl expects `{word}` instead of `{got}`")));
            }
        }
        let subscription = parse_guid(subscription)
            .ok_or_else(|| bad(format!("`{subscription}` is not a valid subscription id")))?;
        let arm_type = format!("{namespace}/{kind}");
        let kind = ResourceKind::ALL
            .into_iter()
            .find(|kind| expected.contains(kind) && kind.arm_type().eq_ignore_ascii_case(&arm_type))
            .ok_or_else(|| bad(format!("its type is `{arm_type}`")))?;
        if !is_group(group) {
            return Err(bad(format!("`{group}` is not a valid resource group name")));
        }
        if !is_name(name) {
            return Err(bad(format!("`{name}` is not a valid resource name")));
        }
        Ok(Self {
            subscription,
            group: group.to_owned(),
            kind,
            name: name.to_owned(),
        })
    }

    /// An id from its parts.
    ///
    /// # Errors
    /// As [`ArmId::parse`].
    pub fn new(
        subscription: &str,
        group: &str,
        kind: ResourceKind,
        name: &str,
    ) -> Result<Self, BadInput> {
        Self::parse(
            &format!(
                "/subscriptions/{subscription}/resourceGroups/{group}/providers/{}/{name}",
                kind.arm_type()
            ),
            &[kind],
        )
    }

    /// Is it the same vault or managed HSM? Their names are unique in a cloud. After a move, the
    /// resource group or subscription differs.
    pub fn is_same_vault(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name.eq_ignore_ascii_case(&other.name)
    }

    /// The scope of its subscription.
    pub fn subscription_scope(&self) -> String {
        format!("/subscriptions/{}", self.subscription)
    }

    /// The scope of its resource group.
    pub fn group_scope(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}",
            self.subscription, self.group
        )
    }
}

impl fmt::Display for ArmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/providers/{}/{}",
            self.group_scope(),
            self.kind.arm_type(),
            self.name
        )
    }
}

impl PartialEq for ArmId {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ArmId {}

impl PartialOrd for ArmId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Ignores case, so that equal ids have the same hash.
impl Hash for ArmId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for part in [&self.subscription, &self.group, &self.name] {
            part.to_ascii_lowercase().hash(state);
        }
        self.kind.hash(state);
    }
}

/// Ignores case, as in Azure.
impl Ord for ArmId {
    fn cmp(&self, other: &Self) -> Ordering {
        let part = |left: &str, right: &str| {
            let lower = |byte: u8| byte.to_ascii_lowercase();
            left.bytes().map(lower).cmp(right.bytes().map(lower))
        };
        part(&self.name, &other.name)
            .then_with(|| part(&self.group, &other.group))
            .then_with(|| part(&self.subscription, &other.subscription))
            .then_with(|| self.kind.cmp(&other.kind))
    }
}

impl Serialize for ArmId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ArmId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |text| Self::parse(text, &ResourceKind::ALL))
    }
}

/// Are two ids the same? Ignores case and surrounding slashes.
pub fn same_id(left: &str, right: &str) -> bool {
    left.trim_matches('/')
        .eq_ignore_ascii_case(right.trim_matches('/'))
}

/// A GUID with or without dashes, as lower case with dashes.
pub fn parse_guid(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = (text.len() == 32 || text.len() == 36)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if !plain {
        return None;
    }
    Uuid::try_parse(text)
        .ok()
        .map(|guid| guid.hyphenated().to_string())
}

/// The GUID at the end of a role definition's id, in lower case. Without a GUID, the last segment.
pub fn role_guid(id: &str) -> String {
    let last = id.trim_end_matches('/').rsplit('/').next().unwrap_or(id);
    parse_guid(last).unwrap_or_else(|| last.to_ascii_lowercase())
}

/// Is this a valid resource group name? Letters, digits, `-_.()`, up to 90, not ending in a dot.
fn is_group(name: &str) -> bool {
    let known = |ch: char| ch.is_alphanumeric() || "-_.()".contains(ch);
    !name.is_empty()
        && name.chars().count() <= 90
        && name.chars().all(known)
        && !name.ends_with('.')
}

/// Is this a resource name that cmkctl accepts? Letters, digits, `-_.`, up to 127, not only dots.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 127
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && name.bytes().any(|byte| byte != b'.')
}

/// A repeatable name for a role assignment: version 5 UUID of scope, principal and role, all lower
/// case. A repeated `PUT` then names the same assignment.
pub fn assignment_name(scope: &str, principal: &str, role: &str) -> String {
    let key = format!("{}|{}|{}", scope.trim_matches('/'), principal, role).to_ascii_lowercase();
    Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes())
        .hyphenated()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-cmk/providers/Microsoft.PowerPlatform/enterprisePolicies/ep-cmk";

    #[test]
    fn an_id_is_read_and_written_and_compared_without_case() {
        let id = ArmId::parse(POLICY, &[ResourceKind::EnterprisePolicy]).unwrap();
        assert_eq!(id.to_string(), POLICY);
        assert_eq!(
            id,
            ArmId::parse(&POLICY.to_uppercase(), &[ResourceKind::EnterprisePolicy]).unwrap()
        );
        assert_eq!(
            id,
            ArmId::parse(&format!(" {POLICY}/ "), &[ResourceKind::EnterprisePolicy]).unwrap()
        );
        let capitals =
            ArmId::parse(&POLICY.to_uppercase(), &[ResourceKind::EnterprisePolicy]).unwrap();
        let sorted = std::collections::BTreeMap::from([(id.clone(), 1)]);
        let hashed = std::collections::HashMap::from([(id, 1)]);
        assert_eq!(
            (sorted.get(&capitals), hashed.get(&capitals)),
            (Some(&1), Some(&1))
        );
    }

    #[test]
    fn a_wrong_id_says_what_is_wrong() {
        let cases = [
            ("", "four parts"),
            ("ep-cmk", "four parts"),
            (
                "/subscriptions/1/resourceGroups/g/providers/Microsoft.PowerPlatform/enterprisePolicies/n",
                "`1` is not a valid subscription id",
            ),
            (
                "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.KeyVault/vaults/n",
                "its type is `Microsoft.KeyVault/vaults`",
            ),
            (
                "/subscriptions/11111111-2222-3333-4444-555555555555/groups/g/providers/Microsoft.PowerPlatform/enterprisePolicies/n",
                "cmkctl expects `resourceGroups`",
            ),
            (
                "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.PowerPlatform/enterprisePolicies/a?b",
                "`a?b` is not a valid",
            ),
            (
                "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.PowerPlatform/enterprisePolicies/..",
                "`..` is not a valid",
            ),
            (
                "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a \
                b/providers/Microsoft.PowerPlatform/enterprisePolicies/n",
                "`a b` is not a valid resource group name",
            ),
        ];
        for (text, why) in cases {
            let error = ArmId::parse(text, &[ResourceKind::EnterprisePolicy]).unwrap_err();
            assert!(error.message.contains(why), "{text}: {error}");
            assert!(error.fix.contains("enterprisePolicies"), "{}", error.fix);
        }
    }

    #[test]
    fn guids_with_and_without_dashes_are_the_same() {
        let dashed = "11111111-2222-3333-4444-55555555555a";
        assert_eq!(
            parse_guid("1111111122223333444455555555555A").as_deref(),
            Some(dashed)
        );
        assert_eq!(parse_guid(dashed).as_deref(), Some(dashed));
        for bad in [
            "",
            "x",
            "{11111111-2222-3333-4444-55555555555a}",
            "urn:uuid:11111111-2222-3333-4444-55555555555a",
        ] {
            assert_eq!(parse_guid(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_assignment_name_is_repeatable() {
        let name = assignment_name("/subscriptions/S/x", "P", "R");
        assert_eq!(name, assignment_name("subscriptions/s/x/", "p", "r"));
        assert_ne!(name, assignment_name("/subscriptions/S/y", "P", "R"));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_parsed_id_reads_itself(text in "(/[a-zA-Z.-]{0,20}){0,9}|.{0,80}") {
            let all = [ResourceKind::EnterprisePolicy, ResourceKind::Vault,
                ResourceKind::ManagedHsm];
            if let Ok(id) = ArmId::parse(&text, &all) {
                prop_assert_eq!(ArmId::parse(&id.to_string(), &all).unwrap(), id);
            }
            drop((parse_guid(&text), role_guid(&text)));
        }

        #[test]
        fn any_valid_id_survives(group in "[a-zA-Z0-9_()-]{1,30}", name in "[a-zA-Z0-9-]{1,30}",
            guid in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}") {
            let id = ArmId::new(&guid, &group, ResourceKind::Vault, &name).unwrap();
            prop_assert_eq!(ArmId::parse(&id.to_string(), &[ResourceKind::Vault]).unwrap(), id);
        }
    }
}
