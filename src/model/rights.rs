//! What Azure says of rights: who holds which role where, what a role allows, and what is denied.

use crate::model::known::{Known, Verdict};
use crate::model::seen::Seen;
use crate::model::whole::Whole;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What was read of one principal's rights at one resource. The lists may hold more than applies
/// there: `steps::rights` judges.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Held {
    /// The role assignments of the principal and of the groups that it is in, at, above and below
    /// the resource.
    pub roles: Seen<Whole<RoleAssignment>>,
    /// Definitions of roles that are not built in, by the role's GUID in lower case; only those
    /// that the answer depends on.
    pub definitions: BTreeMap<String, Seen<RoleDefinition>>,
    /// Deny assignments at, above and below the resource, of all principals. `Unreadable` with
    /// `forbidden` means that the service does not show them to this caller.
    pub denials: Seen<Whole<Denial>>,
}

impl Held {
    /// The service says that nothing is assigned and nothing is denied.
    pub fn nothing() -> Self {
        Self::of(Vec::new())
    }

    /// These assignments, and nothing is denied.
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
    /// Such as `Microsoft.PowerPlatform/enterprisePolicies/write`.
    pub right: String,
    /// ARM id of where it is needed.
    pub scope: String,
}

/// A role that the caller may activate (Privileged Identity Management).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligible {
    /// The role definition's last GUID, lower case.
    pub role: String,
    /// Its name, where the service said it.
    pub name: Option<String>,
    /// The scope that it is for.
    pub scope: String,
    /// ARM id of the definition, as the service writes it.
    pub definition: String,
    /// Who may activate it.
    pub principal: String,
}

/// A role assignment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Its ARM id, where the service said it.
    pub id: Option<String>,
    /// Scope it was made at.
    pub scope: String,
    /// The role definition's last GUID, lower case.
    pub role: String,
    /// To whom.
    pub principal_id: String,
    /// Is that a group? Yes also where the service does not say what it is.
    pub group: bool,
    /// Does it hold only under a condition (ABAC)? What a condition says is not judged.
    pub conditional: bool,
    /// When it was made.
    pub created: Known<Timestamp>,
}

/// What a role allows, and what its name is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleDefinition {
    /// Its name, where the service said it.
    pub name: Option<String>,
    /// What it allows: entries add up.
    pub permissions: Vec<Permission>,
}

/// One entry of what a role allows, of what the caller may do at a scope
/// (`Microsoft.Authorization/permissions`), or of what is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permission {
    /// Operations at Resource Manager, with `*` for anything.
    pub actions: Vec<String>,
    /// Taken out of these.
    pub not_actions: Vec<String>,
    /// Operations on the data of a resource, such as keys.
    pub data_actions: Vec<String>,
    /// Taken out of these.
    pub not_data_actions: Vec<String>,
    /// Does it hold only under a condition?
    pub conditional: bool,
}

/// A deny assignment. Azure makes them, for managed applications and deployment stacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Denial {
    /// Its name, or else its id's last part.
    pub name: String,
    /// Scope it was made at.
    pub scope: String,
    /// Does it leave out what lies below its scope?
    pub only_at_scope: bool,
    /// What it denies.
    pub permissions: Vec<Permission>,
    /// Whom it denies it.
    pub principals: Vec<Principal>,
    /// Whom it leaves out of these.
    pub excluded: Vec<Principal>,
    /// Does it hold only under a condition?
    pub conditional: bool,
}

/// A principal that a deny assignment names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// Object id.
    pub id: String,
    /// Is it a group? Yes also where the service does not say what it is.
    pub group: bool,
}

/// All principals, as deny assignments write them (Microsoft Learn, *List Azure deny assignments*).
const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

impl Principal {
    /// Does it stand for all principals?
    pub fn is_everyone(&self) -> bool {
        self.id == EVERYONE
    }
}

/// An operation, at Resource Manager or on the data of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'a> {
    /// Such as `Microsoft.PowerPlatform/enterprisePolicies/write`.
    Control(&'a str),
    /// Such as `Microsoft.KeyVault/vaults/keys/wrap/action`.
    Data(&'a str),
}

impl Permission {
    /// Does it name the operation, and not take it out again? Whether its condition holds is
    /// another question.
    pub fn names(&self, operation: Operation<'_>) -> bool {
        let (listed, except, name) = match operation {
            Operation::Control(name) => (&self.actions, &self.not_actions, name),
            Operation::Data(name) => (&self.data_actions, &self.not_data_actions, name),
        };
        let fits = |pattern: &String| matches(pattern, name);
        listed.iter().any(fits) && !except.iter().any(fits)
    }
}

/// Do these permissions allow an operation? One that an entry takes out may still be allowed by
/// another: entries are assignments, and assignments add up. What an entry with a condition adds
/// can't be told.
pub fn allows(permissions: &[Permission], operation: Operation<'_>) -> Verdict {
    let named = permissions.iter().filter(|entry| entry.names(operation));
    Verdict::any(named.map(|entry| {
        if entry.conditional {
            Verdict::cant_tell("the role has a condition")
        } else {
            Verdict::Yes
        }
    }))
}

/// A pattern with any number of `*`, without case.
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
        // What is allowed at Resource Manager is nothing on the data.
        let owner = entry(&["*"], &[]);
        let wrap = Operation::Data("Microsoft.KeyVault/vaults/keys/wrap/action");
        assert_eq!(allows(&[owner], wrap), Verdict::No);
    }

    /// The same question asked letter by letter.
    fn slowly(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some((b'*', rest)), _) => (0..=text.len()).any(|from| slowly(rest, &text[from..])),
            (Some((own, rest)), Some((letter, more))) => {
                own.eq_ignore_ascii_case(letter) && slowly(rest, more)
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
