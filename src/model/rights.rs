//! Azure's facts about rights: role assignments, what a role allows, and deny assignments.

use crate::model::known::{Known, Verdict};
use crate::model::seen::Seen;
use crate::model::whole::Whole;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What was read about one principal's rights at one resource. The lists may contain assignments
/// that do not apply there: `steps::rights` judges.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrincipalRights {
    /// The role assignments of the principal and its groups, at, above and below the resource.
    pub roles: Seen<Whole<RoleAssignment>>,
    /// Definitions of custom roles, by the role's GUID in lower case. Only those that the answer
    /// depends on.
    pub definitions: BTreeMap<String, Seen<RoleDefinition>>,
    /// Deny assignments of all principals, at, above and below the resource. `Unreadable` with
    /// `forbidden` means that the service does not show them to this caller.
    pub denials: Seen<Whole<Denial>>,
}

impl PrincipalRights {
    /// No assignments and no deny assignments, as read from the service.
    pub fn nothing() -> Self {
        Self::of(Vec::new())
    }

    /// These assignments, and no deny assignments.
    pub fn of(roles: Vec<RoleAssignment>) -> Self {
        Self {
            roles: Seen::Present(Whole::read_to_end(roles)),
            definitions: BTreeMap::new(),
            denials: Seen::Present(Whole::read_to_end(Vec::new())),
        }
    }
}

/// A right that the caller lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The operation, such as `Microsoft.PowerPlatform/enterprisePolicies/write`.
    pub right: String,
    /// ARM id of the scope where it is required.
    pub scope: String,
}

/// A role that the caller may activate (Privileged Identity Management).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligible {
    /// GUID of the role definition, in lower case.
    pub role: String,
    /// Display name of the role, if the service gave it.
    pub name: Option<String>,
    /// The scope of the eligible assignment.
    pub scope: String,
    /// ARM id of the role definition, as the service writes it.
    pub definition: String,
    /// Object id of the principal that may activate it.
    pub principal: String,
}

/// A role assignment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Its ARM id, if the service gave it.
    pub id: Option<String>,
    /// The scope at which it was made.
    pub scope: String,
    /// GUID of the role definition, in lower case.
    pub role: String,
    /// Object id of the principal.
    pub principal_id: String,
    /// Is the principal a group? Also `true` if the service does not give the type.
    pub group: bool,
    /// Does it have a condition (ABAC)? cmkctl does not evaluate conditions.
    pub conditional: bool,
    /// When it was made.
    pub created: Known<Timestamp>,
}

/// A role's name and what it allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleDefinition {
    /// Display name of the role, if the service gave it.
    pub name: Option<String>,
    /// What it allows; the entries add up.
    pub permissions: Vec<Permission>,
}

/// One entry of allowed or denied operations. It comes from a role, a deny assignment, or the
/// caller's permissions at a scope (`Microsoft.Authorization/permissions`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permission {
    /// Control plane operations; `*` matches any text.
    pub actions: Vec<String>,
    /// Exceptions from `actions`.
    pub not_actions: Vec<String>,
    /// Data plane operations, for example on keys.
    pub data_actions: Vec<String>,
    /// Exceptions from `data_actions`.
    pub not_data_actions: Vec<String>,
    /// Does it have a condition?
    pub conditional: bool,
}

/// A deny assignment. Azure makes them for managed applications and deployment stacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Denial {
    /// Its name, or else the last part of its id.
    pub name: String,
    /// The scope at which it was made.
    pub scope: String,
    /// Does it exclude resources below its scope?
    pub only_at_scope: bool,
    /// The operations that it denies.
    pub permissions: Vec<Permission>,
    /// The principals that it denies them.
    pub principals: Vec<Principal>,
    /// Exceptions from these principals.
    pub excluded: Vec<Principal>,
    /// Does it have a condition?
    pub conditional: bool,
}

/// A principal that a deny assignment names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// Object id.
    pub id: String,
    /// Is it a group? Also `true` if the service does not give the type.
    pub group: bool,
}

/// The id of all principals in deny assignments (Microsoft Learn, *List Azure deny assignments*).
const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

impl Principal {
    /// Does it mean all principals?
    pub fn is_everyone(&self) -> bool {
        self.id == EVERYONE
    }
}

/// An operation on the control plane or the data plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'a> {
    /// Such as `Microsoft.PowerPlatform/enterprisePolicies/write`.
    Control(&'a str),
    /// Such as `Microsoft.KeyVault/vaults/keys/wrap/action`.
    Data(&'a str),
}

impl Permission {
    /// Does this entry list the operation without an exception? The condition is not checked here.
    pub fn names(&self, operation: Operation<'_>) -> bool {
        let (listed, except, name) = match operation {
            Operation::Control(name) => (&self.actions, &self.not_actions, name),
            Operation::Data(name) => (&self.data_actions, &self.not_data_actions, name),
        };
        let fits = |pattern: &String| matches(pattern, name);
        listed.iter().any(fits) && !except.iter().any(fits)
    }
}

/// Do these permissions allow an operation? An operation that one entry excepts may be allowed by
/// another, because entries add up. An entry with a condition makes the answer `CantTell`.
pub fn allows(permissions: &[Permission], operation: Operation<'_>) -> Verdict {
    let named = permissions.iter().filter(|entry| entry.names(operation));
    Verdict::any(named.map(|entry| {
        if entry.conditional {
            Verdict::cant_tell("the role has a condition, and cmkctl can't evaluate conditions")
        } else {
            Verdict::Yes
        }
    }))
}

/// Does a pattern with any number of `*` match? Ignores case.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let parts: Vec<&str> = pattern.split('*').collect();
    let [head, middle @ .., tail] = &parts[..] else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(head) else {
        return false;
    };
    for part in middle {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(actions: &[&str], not: &[&str]) -> Permission {
        let texts = |all: &[&str]| all.iter().map(|action| (*action).to_owned()).collect();
        Permission {
            actions: texts(actions),
            not_actions: texts(not),
            ..Permission::default()
        }
    }

    #[test]
    fn permissions_add_up_and_wildcards_match() {
        let write = "Microsoft.PowerPlatform/enterprisePolicies/write";
        let assign = "Microsoft.Authorization/roleAssignments/write";
        let contributor = entry(
            &["*"],
            &[
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/*/Delete",
            ],
        );
        let reader = entry(&["*/read"], &[]);
        let granter = entry(&["Microsoft.Authorization/roleAssignments/*"], &[]);
        let bound = Permission {
            conditional: true,
            ..granter.clone()
        };
        let may = |all: &[&Permission], action: &str| {
            let all: Vec<Permission> = all.iter().map(|entry| (*entry).clone()).collect();
            allows(&all, Operation::Control(action)).flag()
        };
        assert_eq!(may(&[&contributor], write), Some(true));
        assert_eq!(may(&[&contributor], assign), Some(false));
        assert_eq!(may(&[&contributor, &granter], assign), Some(true));
        assert_eq!(may(&[&contributor, &bound], assign), None);
        assert_eq!(may(&[&bound, &granter], assign), Some(true));
        assert_eq!(may(&[&bound], write), Some(false));
        assert_eq!(may(&[&reader], write), Some(false));
        assert_eq!(
            may(&[&reader], "microsoft.keyvault/vaults/READ"),
            Some(true)
        );
        assert_eq!(may(&[], write), Some(false));
        assert_eq!(may(&[&entry(&["", "Microsoft"], &[])], write), Some(false));
        // A control plane right gives no data plane right.
        let owner = entry(&["*"], &[]);
        let wrap = Operation::Data("Microsoft.KeyVault/vaults/keys/wrap/action");
        assert_eq!(allows(&[owner], wrap), Verdict::No);
    }

    /// A slow reference version of the same match, letter by letter.
    fn slowly(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some((b'*', rest)), _) => (0..=text.len()).any(|from| slowly(rest, &text[from..])),
            (Some((expected, rest)), Some((letter, more))) => {
                expected.eq_ignore_ascii_case(letter) && slowly(rest, more)
            }
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn a_wildcard_is_any_text(pattern in "[aAb/*]{0,8}", text in "[abB/]{0,10}") {
            prop_assert_eq!(
                matches(&pattern, &text),
                slowly(pattern.as_bytes(), text.as_bytes())
            );
        }

        #[test]
        fn a_pattern_out_of_a_name_fits_it(parts in prop::collection::vec("[a-z/.]{0,5}", 1..5)) {
            let name = parts.concat();
            prop_assert!(matches(&parts.join("*"), &name));
            prop_assert!(matches(&name.to_ascii_uppercase(), &name));
            let longer = name.clone() + "x";
            prop_assert!(!matches(&name, &longer));
        }
    }
}
