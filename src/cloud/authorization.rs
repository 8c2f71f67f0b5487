//! `Microsoft.Authorization` in Azure Resource Manager: role assignments, role definitions, deny
//! assignments, the caller's permissions, and locks.

use crate::cloud::arm::Written;
use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::{as_date, as_flag, as_text, as_texts, look, maybe, must, text, word};
use crate::cloud::session::{Reader, Writer};
use crate::cloud::versions;
use crate::model::ids::{assignment_name, role_guid};
use crate::model::preconditions::Lock;
use crate::model::rights::{
    Denial, Eligible, Permission, Principal, RoleAssignment, RoleDefinition,
};
use crate::model::whole::Whole;
use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

impl Reader {
    /// Role assignments at a scope, above it (management groups too) and below it. With
    /// `assigned_to`, only those of this principal and its direct or nested groups. The service's
    /// filter `assignedTo` selects them.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn role_assignments(
        &self,
        scope: &str,
        assigned_to: Option<&str>,
    ) -> Reply<Whole<RoleAssignment>> {
        let mut url = self.session.arm(
            &format!("{scope}/providers/Microsoft.Authorization/roleAssignments"),
            versions::ROLES,
        );
        if let Some(principal) = assigned_to {
            let filter = format!("assignedTo('{}')", principal.replace('\'', "''"));
            url.push_str("&$filter=");
            url.extend(byte_serialize(filter.as_bytes()));
        }
        self.session
            .pages(Service::Arm, &url, role_assignment)
            .await
    }

    /// The definition of a role, by the last GUID of its id. A session reads each definition once,
    /// at whichever scope.
    ///
    /// # Errors
    /// The service's refusal; 404 if the scope has no such role.
    pub async fn role_definition(&self, scope: &str, role: &str) -> Reply<RoleDefinition> {
        let url = self.session.arm(
            &format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
            versions::ROLES,
        );
        let answer = self
            .session
            .definitions
            .once_known(role, self.session.read(Service::Arm, &url))
            .await?;
        let value = super::exchange::parse(Service::Arm, &answer)?;
        role_definition(role, &value).map_err(|why| Fault::shape(Service::Arm, &answer, why))
    }

    /// Deny assignments at a scope, above it and below it. One of a single key counts too, and the
    /// filter `atScope()` would omit it (Microsoft Learn, *List Azure deny assignments*). This
    /// needs `Microsoft.Authorization/denyAssignments/read`, which a Key Vault administrator may
    /// lack.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn denials(&self, scope: &str) -> Reply<Whole<Denial>> {
        let url = self.session.arm(
            &format!("{scope}/providers/Microsoft.Authorization/denyAssignments"),
            versions::ROLES,
        );
        self.session.pages(Service::Arm, &url, denial).await
    }

    /// What the caller may do at a scope, from every assignment to the caller or to the caller's
    /// groups.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn permissions(&self, scope: &str) -> Reply<Whole<Permission>> {
        let url = self.session.arm(
            &format!("{scope}/providers/Microsoft.Authorization/permissions"),
            versions::ROLES,
        );
        self.session.pages(Service::Arm, &url, permission).await
    }

    /// The roles that the caller may activate at a scope or above it.
    ///
    /// # Errors
    /// The service's refusal. Not every tenant has Privileged Identity Management.
    pub async fn eligible(&self, scope: &str) -> Reply<Whole<Eligible>> {
        let mut url = self.session.arm(
            &format!("{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances"),
            versions::ELIGIBILITIES,
        );
        url.push_str("&$filter=asTarget()");
        self.session.pages(Service::Arm, &url, eligible).await
    }

    /// The locks at a scope, above it and below it.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn locks(&self, scope: &str) -> Reply<Whole<Lock>> {
        let url = self.session.arm(
            &format!("{scope}/providers/Microsoft.Authorization/locks"),
            versions::LOCKS,
        );
        self.session.pages(Service::Arm, &url, lock).await
    }
}

/// `name` and `scope_name` are only shown and may be missing. The parts of a command may not.
fn eligible(value: &Value) -> Result<Eligible, String> {
    let part = |name: &str| {
        text(value, &format!("properties.{name}"))
            .ok_or_else(|| format!("the role eligibility has no `{name}`"))
    };
    let definition = part("roleDefinitionId")?;
    Ok(Eligible {
        role: role_guid(&definition),
        name: text(
            value,
            "properties.expandedProperties.roleDefinition.displayName",
        ),
        scope: part("scope")?,
        definition,
        principal: part("principalId")?,
    })
}

impl Writer {
    /// Assigns a role. The assignment's name follows from scope, principal and role, so a repeated
    /// request changes nothing. `RoleAssignmentExists` counts as success: the same assignment has
    /// another name.
    ///
    /// # Errors
    /// `PrincipalNotFound` until every replica of Entra ID knows a new identity.
    pub async fn assign_role(
        &self,
        scope: &str,
        principal: &str,
        role: &str,
        principal_type: Option<&str>,
    ) -> Reply<Written> {
        let name = assignment_name(scope, principal, role);
        let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        let definition = definition_id(scope, role);
        let mut body =
            json!({ "properties": { "roleDefinitionId": definition, "principalId": principal } });
        if let Some(kind) = principal_type {
            body["properties"]["principalType"] = json!(kind);
        }
        let url = self.session.arm(&path, versions::ROLES);
        match self.arm_change(Method::PUT, &url, Some(&body)).await {
            Err(fault) if fault.is("RoleAssignmentExists") => Ok(fault.correlation.into()),
            reply => reply,
        }
    }
}

/// Full id of a role definition: below the scope's subscription, or without one at `/` and at
/// management groups.
fn definition_id(scope: &str, role: &str) -> String {
    let parts: Vec<&str> = scope.split('/').collect();
    let below = match parts.as_slice() {
        ["", kind, id, ..] if kind.eq_ignore_ascii_case("subscriptions") => {
            format!("/subscriptions/{id}")
        }
        _ => String::new(),
    };
    format!("{below}/providers/Microsoft.Authorization/roleDefinitions/{role}")
}

/// Reads one permission of a role, of a deny assignment or of the caller from JSON. It needs
/// `actions` or `dataActions`, because one for data may omit `actions`. Any other missing list is
/// empty.
///
/// # Errors
/// A clause: both are missing, or a list is unreadable.
pub fn permission(value: &Value) -> Result<Permission, String> {
    let says = |name| matches!(look(value, name), Ok(Some(_)));
    if !says("actions") && !says("dataActions") {
        return Err("a permission has neither `actions` nor `dataActions`".to_owned());
    }
    Ok(Permission {
        actions: listed(value, "actions")?,
        not_actions: listed(value, "notActions")?,
        data_actions: listed(value, "dataActions")?,
        not_data_actions: listed(value, "notDataActions")?,
        conditional: conditional(value, "condition"),
    })
}

fn listed(value: &Value, name: &str) -> Result<Vec<String>, String> {
    maybe(value, name, as_texts)
        .map(Option::unwrap_or_default)
        .required()
}

/// Is there a condition? An unreadable condition counts as one.
fn conditional(value: &Value, path: &str) -> bool {
    match look(value, path) {
        Ok(None) => false,
        Ok(Some(condition)) => condition
            .as_str()
            .is_none_or(|text| !text.trim().is_empty()),
        Err(_) => true,
    }
}

/// Can this principal be a group? A missing or unknown type counts as yes.
fn is_group(kind: Option<&str>) -> bool {
    let single = ["User", "ServicePrincipal", "Device"];
    !kind.is_some_and(|kind| {
        single
            .iter()
            .any(|listed| kind.eq_ignore_ascii_case(listed))
    })
}

/// Reads a role definition from JSON. `role` is the requested GUID.
///
/// # Errors
/// A clause: the JSON describes another role, or its permissions are unreadable.
pub fn role_definition(role: &str, value: &Value) -> Result<RoleDefinition, String> {
    let id = text(value, "name").or_else(|| text(value, "id"));
    if let Some(other) = id.filter(|id| role_guid(id) != role) {
        return Err(format!("the answer describes another role, `{other}`"));
    }
    Ok(RoleDefinition {
        name: text(value, "properties.roleName"),
        permissions: permissions(value)?,
    })
}

/// Reads a deny assignment from JSON (Microsoft Learn, *List Azure deny assignments*).
///
/// # Errors
/// A clause: its scope, its permissions or its principals are unreadable.
pub fn denial(value: &Value) -> Result<Denial, String> {
    let flag = maybe(value, "properties.doNotApplyToChildScopes", as_flag).required()?;
    let name = text(value, "properties.denyAssignmentName").or_else(|| text(value, "name"));
    Ok(Denial {
        name: name.unwrap_or_else(|| "without a name".to_owned()),
        scope: must(value, "properties.scope", as_text).required()?,
        only_at_scope: flag.unwrap_or_default(),
        permissions: permissions(value)?,
        principals: principals(value, "principals")?.ok_or("`principals` is missing")?,
        excluded: principals(value, "excludePrincipals")?.unwrap_or_default(),
        conditional: conditional(value, "properties.condition"),
    })
}

/// The permissions of a role or deny assignment.
fn permissions(value: &Value) -> Result<Vec<Permission>, String> {
    match look(value, "properties.permissions")? {
        Some(Value::Array(all)) => all.iter().map(permission).collect(),
        _ => Err("`permissions` is not a list".to_owned()),
    }
}

fn principals(value: &Value, name: &str) -> Result<Option<Vec<Principal>>, String> {
    let principal = |value: &Value| {
        Ok(Principal {
            id: must(value, "id", as_text).required()?.to_ascii_lowercase(),
            group: is_group(text(value, "type").as_deref()),
        })
    };
    match look(value, &format!("properties.{name}"))? {
        None => Ok(None),
        Some(Value::Array(all)) => all
            .iter()
            .map(principal)
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(format!("`{name}` is not a list")),
    }
}

/// Reads a lock from JSON.
///
/// # Errors
/// A clause: the id is not the id of a lock.
pub fn lock(value: &Value) -> Result<Lock, String> {
    let id = must(value, "id", as_text).required()?;
    // The scope is the part of the id before the lock's provider.
    let end = id
        .to_ascii_lowercase()
        .rfind("/providers/microsoft.authorization/locks/");
    let scope = end
        .and_then(|end| id.get(..end))
        .ok_or_else(|| format!("`{id}` is not the id of a lock"))?
        .to_owned();
    let name =
        text(value, "name").unwrap_or_else(|| id.rsplit('/').next().unwrap_or_default().to_owned());
    Ok(Lock {
        scope,
        level: word(value, "properties.level"),
        name,
    })
}

/// Reads a role assignment from JSON.
///
/// # Errors
/// A clause: its scope, role or principal is unreadable.
pub fn role_assignment(value: &Value) -> Result<RoleAssignment, String> {
    let part = |name: &str| must(value, &format!("properties.{name}"), as_text).required();
    Ok(RoleAssignment {
        id: text(value, "id"),
        scope: part("scope")?,
        role: role_guid(&part("roleDefinitionId")?),
        principal_id: part("principalId")?,
        group: is_group(text(value, "properties.principalType").as_deref()),
        conditional: conditional(value, "properties.condition"),
        created: must(value, "properties.createdOn", as_date),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preconditions::LockLevel;

    #[test]
    fn a_role_is_addressed_below_the_subscription_or_the_tenant() {
        const ROLE: &str = "/providers/Microsoft.Authorization/roleDefinitions/r";
        for (scope, below) in [
            ("/subscriptions/s/resourceGroups/g", "/subscriptions/s"),
            ("/Subscriptions/s", "/subscriptions/s"),
            ("/", ""),
            ("/providers/Microsoft.Management/managementGroups/m", ""),
        ] {
            assert_eq!(
                definition_id(scope, "r"),
                format!("{below}{ROLE}"),
                "{scope}"
            );
        }
    }

    #[test]
    fn the_level_of_a_lock_is_a_known_word_or_named() {
        let level = |level: Value| {
            let lock = lock(&json!({
                "id": "/subscriptions/s/providers/Microsoft.Authorization/locks/l",
                "properties": { "level": level },
            }));
            lock.unwrap().level
        };
        for (word, means) in [
            ("READONLY", LockLevel::ReadOnly),
            ("CanNotDelete", LockLevel::CanNotDelete),
        ] {
            assert_eq!(level(json!(word)).known(), Some(&means));
        }
        for (value, why) in [
            (
                json!("Wibble"),
                "`level` is `Wibble`, which cmkctl does not know",
            ),
            (json!(7), "`level` is `7`, which can't be understood"),
            (Value::Null, "`level` is missing"),
        ] {
            assert_eq!(level(value).means.unknown(), Some(why));
        }
    }

    #[test]
    fn a_permission_for_data_may_omit_actions() {
        let read = permission(&json!({ "dataActions": ["a"] })).unwrap();
        assert_eq!(
            (read.actions, read.data_actions),
            (vec![], vec!["a".to_owned()])
        );
        for odd in [
            json!({}),
            json!({ "notActions": [] }),
            json!({ "actions": "*", "dataActions": [] }),
        ] {
            assert!(permission(&odd).is_err(), "{odd}");
        }
    }
}
