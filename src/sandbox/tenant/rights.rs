//! The rights of a tenant: role definitions, groups, management groups and deny assignments. Ids,
//! names and actions of built-in roles are those of Microsoft's articles on built-in roles (Azure
//! RBAC: 2026-07, local RBAC of managed HSM: 2026) and of a recorded list of an HSM.

use super::parts::Role;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Key Vault Crypto Service Encryption User.
pub(crate) const ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
/// Managed HSM Crypto Service Encryption User, a local role.
pub(crate) const HSM_ENCRYPTION_USER: &str = "33413926-3206-4cdd-b39a-83574fe37a17";

/// Allowed or denied actions in the service's spelling. They are patterns with any number of `*`,
/// matched without case.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Permission {
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
}

impl Permission {
    /// Does it include this action, and not exclude it? `data` selects the data plane.
    pub(crate) fn names(&self, action: &str, data: bool) -> bool {
        let (given, taken) = if data {
            (&self.data_actions, &self.not_data_actions)
        } else {
            (&self.actions, &self.not_actions)
        };
        let any = |list: &[String]| list.iter().any(|pattern| fits(pattern, action));
        any(given) && !any(taken)
    }
}

/// Does an action match a pattern?
pub(crate) fn fits(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let Some(tail) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part).and_then(|at| rest.get(at + part.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(tail)
}

/// A role definition.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Definition {
    pub(crate) name: String,
    /// A GUID in lower case.
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) permission: Permission,
    /// A condition that applies to every assignment of the role (version 2.0).
    #[serde(default)]
    pub(crate) condition: Option<String>,
    /// Scopes of a custom role; empty for a built-in role, which can be assigned at every scope.
    #[serde(default)]
    pub(crate) assignable_scopes: Vec<String>,
}

/// The role definitions that every tenant has.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct BuiltIn {
    /// Roles of Azure RBAC.
    pub(crate) azure: Vec<Definition>,
    /// Roles of the local RBAC of a managed HSM.
    pub(crate) managed_hsm: Vec<Definition>,
}

/// Read once. A test checks that the text is valid.
pub(crate) static BUILT_IN: LazyLock<BuiltIn> = LazyLock::new(|| {
    serde_json::from_str(include_str!("role_definitions.json")).unwrap_or_default()
});

/// A group of Microsoft Entra.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) object_id: String,
    pub(crate) name: String,
    /// Object ids of users, identities and other groups.
    pub(crate) members: BTreeSet<String>,
}

/// A management group.
#[derive(Debug)]
pub(crate) struct ManagementGroup {
    pub(crate) name: String,
    /// The name of the parent group; `None` means the root group, whose name is the tenant's id.
    pub(crate) parent: Option<String>,
    /// Ids of the subscriptions directly below.
    pub(crate) subscriptions: BTreeSet<String>,
}

/// A deny assignment.
#[derive(Debug)]
pub(crate) struct Denial {
    /// A GUID.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scope: String,
    /// Object ids; [`EVERYONE`] means all principals.
    pub(crate) principals: Vec<String>,
    pub(crate) excluded: Vec<String>,
    pub(crate) permission: Permission,
}

/// The id of *All Principals* in a deny assignment.
pub(crate) const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

/// All rights of a tenant except role assignments.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    pub(crate) groups: Vec<Group>,
    pub(crate) management_groups: Vec<ManagementGroup>,
    /// Custom roles.
    pub(crate) custom: Vec<Definition>,
    pub(crate) denials: Vec<Denial>,
    /// Role assignments that a user can activate.
    pub(crate) eligible: Vec<Role>,
}

impl Rights {
    /// The definitions of Azure RBAC, built-in and custom.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = &Definition> {
        BUILT_IN.azure.iter().chain(&self.custom)
    }

    /// The definition of Azure RBAC with this GUID.
    pub(crate) fn definition(&self, id: &str) -> Option<&Definition> {
        self.definitions()
            .find(|definition| definition.id.eq_ignore_ascii_case(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_any_number_of_times() {
        for (pattern, action, expected) in [
            ("*", "Microsoft.KeyVault/vaults/read", true),
            ("*/read", "Microsoft.KeyVault/vaults/read", true),
            ("*/read", "Microsoft.KeyVault/vaults/write", false),
            (
                "Microsoft.KeyVault/*",
                "microsoft.keyvault/vaults/write",
                true,
            ),
            (
                "Microsoft.KeyVault/vaults/*/read",
                "Microsoft.KeyVault/vaults/keys/read",
                true,
            ),
            // The pattern has two slashes, and the path must have both.
            (
                "Microsoft.KeyVault/vaults/*/read",
                "Microsoft.KeyVault/vaults/read",
                false,
            ),
            (
                "Microsoft.Authorization/*/Delete",
                "microsoft.authorization/locks/delete",
                true,
            ),
            (
                "Microsoft.*/vaults/*/wrap/*",
                "Microsoft.KeyVault/vaults/keys/wrap/action",
                true,
            ),
            (
                "Microsoft.*/vaults/*/wrap/*",
                "Microsoft.KeyVault/vaults/keys/unwrap/action",
                false,
            ),
            ("a*b*a", "aba", true),
            ("a*b*a", "ab", false),
            ("a*a", "a", false),
            (
                "Microsoft.KeyVault/vaults/read",
                "Microsoft.KeyVault/vaults/reads",
                false,
            ),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, action), expected, "{pattern} {action}");
        }
    }

    #[test]
    fn a_permission_takes_back_what_it_names() {
        let contributor = &BUILT_IN.azure[1].permission;
        for (action, data, expected) in [
            ("Microsoft.KeyVault/vaults/write", false, true),
            ("Microsoft.Authorization/roleAssignments/read", false, true),
            (
                "Microsoft.Authorization/roleAssignments/write",
                false,
                false,
            ),
            ("Microsoft.Authorization/locks/delete", false, false),
            ("Microsoft.Authorization/elevateAccess/action", false, false),
            ("Microsoft.KeyVault/vaults/keys/read", true, false),
        ] {
            assert_eq!(contributor.names(action, data), expected, "{action}");
        }
    }

    #[test]
    fn the_built_in_roles_are_read() {
        let ids: BTreeSet<&str> = BUILT_IN
            .azure
            .iter()
            .chain(&BUILT_IN.managed_hsm)
            .map(|definition| definition.id.as_str())
            .collect();
        assert_eq!((BUILT_IN.azure.len(), BUILT_IN.managed_hsm.len()), (20, 9));
        assert_eq!(ids.len(), 29);
        for definition in BUILT_IN.azure.iter().chain(&BUILT_IN.managed_hsm) {
            let permission = &definition.permission;
            assert!(
                !permission.actions.is_empty() || !permission.data_actions.is_empty(),
                "{}",
                definition.name
            );
            assert!(uuid::Uuid::parse_str(&definition.id).is_ok());
        }
        let named = |list: &[Definition], id: &str| {
            let found = list.iter().find(|definition| definition.id == id);
            found.map(|definition| definition.name.clone())
        };
        assert_eq!(
            named(&BUILT_IN.azure, ENCRYPTION_USER).as_deref(),
            Some("Key Vault Crypto Service Encryption User")
        );
        assert_eq!(
            named(&BUILT_IN.managed_hsm, HSM_ENCRYPTION_USER).as_deref(),
            Some("Managed HSM Crypto Service Encryption User")
        );
        let conditional = BUILT_IN
            .azure
            .iter()
            .filter(|definition| definition.condition.is_some());
        assert_eq!(conditional.count(), 1);
    }
}
