//! What is asked about a right, what the answer looks like, and scopes: where an assignment
//! applies, and how a place is called.

use crate::model::ids::{ArmId, same_id};
use crate::model::key_ids::KeyName;
use crate::model::known::Verdict;
use crate::model::rights::{Denial, Held, Operation, RoleAssignment};
use crate::model::roles::{BuiltIn, of_azure, of_hsm};
use crate::model::seen::Unreadable;

/// What a principal needs a right for.
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
    /// All of these must be allowed, and none denied.
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

/// Who needs it, where, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Object id.
    pub principal: &'a str,
    /// The resource: a policy, or a key (see [`key_scope`]).
    pub at: &'a str,
    /// For what.
    pub need: Need,
}

/// The scope at which the use of a key is judged; without the key's name, that of its vault. A
/// managed HSM has scopes of its own (`/keys/NAME`).
pub fn key_scope(vault: &ArmId, key: Option<&KeyName>, need: Need) -> String {
    match (need, key) {
        (Need::HsmKey, Some(key)) => format!("/keys/{key}"),
        (Need::HsmKey, None) => "/keys".to_owned(),
        (_, Some(key)) => format!("{vault}/keys/{key}"),
        (_, None) => vault.to_string(),
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Right<'a> {
    /// Yes, by these assignments together; by none of them where an access policy gives it.
    Yes(Vec<&'a RoleAssignment>),
    /// Nothing gives it.
    No,
    /// A deny assignment takes it away, whatever gives it.
    Denied(&'a Denial),
    /// What would decide is not known.
    CantTell(Doubt),
}

/// Why it can't be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The reason.
    pub why: Unreadable,
    /// Of which kind it is, because each has a remedy of its own.
    pub about: About,
}

/// What can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Something was not read: it may be read later, or by another account.
    Reading,
    /// A condition of a role assignment: nobody knows it before the right is used.
    Condition,
    /// Whether a deny assignment covers the principal.
    Denial,
}

impl Doubt {
    /// It was not read.
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
    /// Yes, no, or can't tell.
    pub fn verdict(&self) -> Verdict {
        match self {
            Right::Yes(_) => Verdict::Yes,
            Right::No | Right::Denied(_) => Verdict::No,
            Right::CantTell(doubt) => Verdict::CantTell(doubt.why.clone()),
        }
    }
}

/// The name of the management group whose scope this is.
pub fn management_group(scope: &str) -> Option<&str> {
    const BEGIN: &str = "providers/microsoft.management/managementgroups/";
    let scope = scope.trim_matches('/');
    let head = scope.get(..BEGIN.len())?;
    let name = &scope[BEGIN.len()..];
    (head.eq_ignore_ascii_case(BEGIN) && !name.is_empty() && !name.contains('/')).then_some(name)
}

/// Does an assignment at `assigned` apply at `at`? A list that was asked for at `at` holds the
/// management groups above it and no others.
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

/// Is there an assignment of another user or service principal in a list that was asked for this
/// principal? Then the service did not do as asked, and whether the principal is in a group of the
/// list is not known.
pub(super) fn names_others(asked: Asked<'_>, roles: &[RoleAssignment]) -> bool {
    let mut all = roles.iter();
    all.any(|role| !role.group && !same_id(&role.principal_id, asked.principal))
}

/// A role's name where it is known, or else its id.
pub(super) fn role_name(need: Need, held: &Held, role: &str) -> String {
    let defined = || {
        let definition = held.definitions.get(role)?.present()?;
        definition.name.clone()
    };
    need.built_in(role)
        .map(|known| known.name.to_owned())
        .or_else(defined)
        .unwrap_or_else(|| role.to_owned())
}

/// A scope in words.
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
