//! The question about a right, the shape of its answer, and scopes: where an assignment applies,
//! and how a scope is named.

use crate::model::ids::{ArmId, same_id};
use crate::model::key_ids::KeyName;
use crate::model::known::Verdict;
use crate::model::rights::{Denial, Operation, PrincipalRights, RoleAssignment};
use crate::model::roles::{BuiltIn, of_azure, of_hsm};
use crate::model::seen::Unreadable;

/// What a principal needs the right for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Encrypting with a key of a vault.
    Key,
    /// Encrypting with a key of a managed HSM, by its local roles.
    HsmKey,
    /// Reading an enterprise policy.
    Policy,
}

impl Need {
    /// The operations that must all be allowed, and none denied.
    pub(super) const fn operations(self) -> &'static [Operation<'static>] {
        match self {
            Need::Key => &[
                Operation::Data("Microsoft.KeyVault/vaults/keys/read"),
                Operation::Data("Microsoft.KeyVault/vaults/keys/wrap/action"),
                Operation::Data("Microsoft.KeyVault/vaults/keys/unwrap/action"),
            ],
            Need::HsmKey => &[
                Operation::Data("Microsoft.KeyVault/managedHsm/keys/read/action"),
                Operation::Data("Microsoft.KeyVault/managedHsm/keys/wrap/action"),
                Operation::Data("Microsoft.KeyVault/managedHsm/keys/unwrap/action"),
            ],
            Need::Policy => &[Operation::Control(
                "Microsoft.PowerPlatform/enterprisePolicies/read",
            )],
        }
    }

    pub(super) fn built_in(self, role: &str) -> Option<&'static BuiltIn> {
        match self {
            Need::Key | Need::Policy => of_azure(role),
            Need::HsmKey => of_hsm(role),
        }
    }
}

/// The question: which principal, where, and for what.
#[derive(Debug, Clone, Copy)]
pub struct RightsQuery<'a> {
    /// Object id.
    pub principal: &'a str,
    /// The resource: a policy, or a key (see [`key_scope`]).
    pub at: &'a str,
    /// The operations that the principal needs.
    pub need: Need,
}

/// The scope of the question whether a principal may use a key. Without the key's name, it is the
/// vault's. A managed HSM has local scopes (`/keys/NAME`).
pub fn key_scope(vault: &ArmId, key: Option<&KeyName>, need: Need) -> String {
    match (need, key) {
        (Need::HsmKey, Some(key)) => format!("/keys/{key}"),
        (Need::HsmKey, None) => "/keys".to_owned(),
        (_, Some(key)) => format!("{vault}/keys/{key}"),
        (_, None) => vault.to_string(),
    }
}

/// The answer to the question.
#[derive(Debug, Clone, PartialEq)]
pub enum Right<'a> {
    /// Yes, through these assignments together. Empty if an access policy gives the right.
    Yes(Vec<&'a RoleAssignment>),
    /// Nothing gives the right.
    No,
    /// A deny assignment takes the right away, whatever gives it.
    Denied(&'a Denial),
    /// A fact that decides is not known.
    CantTell(Doubt),
}

/// Why the answer can't be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The reason.
    pub why: Unreadable,
    /// The kind of doubt, because each kind has another remedy.
    pub about: About,
}

/// The kind of fact that can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Something was not read. A later read or another account may see it.
    Reading,
    /// A condition of a role assignment. Azure evaluates it only when the right is used.
    Condition,
    /// Whether a deny assignment covers the principal.
    Denial,
}

impl Doubt {
    /// The doubt about something that was not read.
    pub fn unread(why: Unreadable) -> Self {
        Self {
            why,
            about: About::Reading,
        }
    }

    pub(super) fn condition(why: String) -> Self {
        Self {
            why: Unreadable::because(why),
            about: About::Condition,
        }
    }
}

impl Right<'_> {
    /// The answer as yes, no, or can't tell.
    pub fn verdict(&self) -> Verdict {
        match self {
            Right::Yes(_) => Verdict::Yes,
            Right::No | Right::Denied(_) => Verdict::No,
            Right::CantTell(doubt) => Verdict::CantTell(doubt.why.clone()),
        }
    }
}

/// The name of the management group in this scope, if it is one.
pub fn management_group(scope: &str) -> Option<&str> {
    const BEGIN: &str = "providers/microsoft.management/managementgroups/";
    let scope = scope.trim_matches('/');
    let head = scope.get(..BEGIN.len())?;
    let name = &scope[BEGIN.len()..];
    (head.eq_ignore_ascii_case(BEGIN) && !name.is_empty() && !name.contains('/')).then_some(name)
}

/// Does an assignment at `assigned` apply at `at`? A list that was read at `at` holds only the
/// management groups above it.
pub(super) fn applies(assigned: &str, at: &str) -> bool {
    if management_group(assigned).is_some() {
        return true;
    }
    if assigned == "/" {
        return true;
    }
    let (assigned, at) = (
        assigned.trim_matches('/').to_ascii_lowercase(),
        at.trim_matches('/').to_ascii_lowercase(),
    );
    assigned == at || at.starts_with(&format!("{assigned}/"))
}

/// Does a list for this principal hold another user or service principal? Then the service did not
/// filter as asked, and the groups in the list may not be the principal's.
pub(super) fn names_others(asked: RightsQuery<'_>, roles: &[RoleAssignment]) -> bool {
    let mut all = roles.iter();
    all.any(|role| !role.group && !same_id(&role.principal_id, asked.principal))
}

/// A role's name if it is known, else its id.
pub(super) fn role_name(need: Need, rights: &PrincipalRights, role: &str) -> String {
    let defined = || {
        let definition = rights.definitions.get(role)?.present()?;
        definition.name.clone()
    };
    need.built_in(role)
        .map(|known| known.name.to_owned())
        .or_else(defined)
        .unwrap_or_else(|| role.to_owned())
}

/// A scope as words.
pub(super) fn place(scope: &str) -> String {
    if let Some(group) = management_group(scope) {
        return format!("at the management group `{group}`");
    }
    let parts: Vec<&str> = scope.trim_matches('/').split('/').collect();
    match parts[..] {
        [""] => "at the root scope `/`".to_owned(),
        ["keys"] => "on all keys".to_owned(),
        ["keys", key] => format!("on the key `{key}`"),
        [_, subscription] => format!("on the subscription {subscription}"),
        [_, _, _, group] => format!("on the resource group `{group}`"),
        [.., "keys", key] => format!("on the key `{key}`"),
        [.., kind, name] if kind.eq_ignore_ascii_case("vaults") => format!("on the vault `{name}`"),
        [.., kind, name] if kind.eq_ignore_ascii_case("enterprisePolicies") => {
            format!("on the policy `{name}`")
        }
        _ => format!("at {scope}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{key_name, policy_id, vault};
    use super::*;

    #[test]
    fn an_assignment_applies_at_its_scope_and_below() {
        let at = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv";
        for (assigned, expected) in [
            (at, true),
            ("/SUBSCRIPTIONS/S/", true),
            ("/subscriptions/s/resourcegroups/g", true),
            ("/", true),
            ("/providers/Microsoft.Management/managementGroups/m", true),
            ("/subscriptions/s/resourceGroups/g2", false),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv2",
                false,
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/k",
                false,
            ),
        ] {
            assert_eq!(applies(assigned, at), expected, "{assigned}");
        }
    }

    #[test]
    fn places_have_names() {
        let policy = policy_id("ep").to_string();
        for (scope, expected) in [
            ("/", "at the root scope `/`"),
            ("/keys", "on all keys"),
            ("/keys/k", "on the key `k`"),
            ("/subscriptions/s", "on the subscription s"),
            (
                "/subscriptions/s/resourceGroups/g",
                "on the resource group `g`",
            ),
            (
                "/providers/Microsoft.Management/managementGroups/m",
                "at the management group `m`",
            ),
            (policy.as_str(), "on the policy `ep`"),
        ] {
            assert_eq!(place(scope), expected);
        }
        assert_eq!(
            management_group("/providers/Microsoft.Management/managementGroups/"),
            None
        );
        let (vault, key) = (vault().id, key_name());
        assert_eq!(
            place(&key_scope(&vault, None, Need::Key)),
            "on the vault `kv`"
        );
        assert_eq!(
            place(&key_scope(&vault, Some(&key), Need::Key)),
            "on the key `cmk`"
        );
        assert_eq!(key_scope(&vault, Some(&key), Need::HsmKey), "/keys/cmk");
        assert_eq!(key_scope(&vault, None, Need::HsmKey), "/keys");
    }

    #[test]
    fn a_right_is_a_verdict() {
        let doubt = Doubt::unread(Unreadable::because("it did not answer"));
        assert_eq!(Right::Yes(Vec::new()).verdict(), Verdict::Yes);
        assert_eq!(Right::No.verdict(), Verdict::No);
        assert_eq!(Right::Denied(&Denial::default()).verdict(), Verdict::No);
        assert!(Right::CantTell(doubt).verdict().open().is_some());
    }
}
