//! `Microsoft.Authorization` in Azure Resource Manager: role assignments, role definitions, deny
//! assignments, the caller's permissions, and locks.

use crate::cloud::arm::Written;
use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::{as_date, as_flag, as_text, as_texts, look, maybe, must, text};
use crate::cloud::session::{Reader, Writer};
use crate::cloud::versions;
use crate::model::ids::{assignment_name, role_guid};
use crate::model::rights::{
    Denial, Eligible, Permission, Principal, RoleAssignment, RoleDefinition,
};
use crate::model::surroundings::Lock;
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
        text(value, &format!("properties.{name}")).ok_or_else(|| format!("it has no `{name}`"))
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
        // Role definitions are addressed below the scope's subscription.
        let subscription: String = scope.split('/').take(3).collect::<Vec<_>>().join("/");
        let definition =
            format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}");
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

/// Reads one permission of a role from JSON.
///
/// # Errors
/// A clause: the `actions` are unreadable.
pub fn permission(value: &Value) -> Result<Permission, String> {
    let actions = must(value, "actions", as_texts).required()?;
    entry(value, actions)
}

/// Reads one permission from JSON. A missing list is empty.
fn entry(value: &Value, actions: Vec<String>) -> Result<Permission, String> {
    Ok(Permission {
        actions,
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
    !kind.is_some_and(|kind| single.iter().any(|own| kind.eq_ignore_ascii_case(own)))
}

/// Reads a role definition from JSON. `role` is the requested GUID.
///
/// # Errors
/// A clause: the JSON describes another role, or its permissions are unreadable.
pub fn role_definition(role: &str, value: &Value) -> Result<RoleDefinition, String> {
    let id = text(value, "name").or_else(|| text(value, "id"));
    if let Some(other) = id.filter(|id| role_guid(id) != role) {
        return Err(format!("it describes another role, `{other}`"));
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

/// The permissions of a role or deny assignment. An entry needs `actions` or `dataActions`; an
/// entry for data may omit `actions`.
fn permissions(value: &Value) -> Result<Vec<Permission>, String> {
    let one = |value: &Value| {
        let says = |name| matches!(look(value, name), Ok(Some(_)));
        if !says("actions") && !says("dataActions") {
            return Err("one of its permissions has no actions".to_owned());
        }
        entry(value, listed(value, "actions")?)
    };
    match look(value, "properties.permissions")? {
        Some(Value::Array(all)) => all.iter().map(one).collect(),
        _ => Err("`permissions` is no list".to_owned()),
    }
}

fn principals(value: &Value, name: &str) -> Result<Option<Vec<Principal>>, String> {
    let one = |value: &Value| {
        Ok(Principal {
            id: must(value, "id", as_text).required()?.to_ascii_lowercase(),
            group: is_group(text(value, "type").as_deref()),
        })
    };
    match look(value, &format!("properties.{name}"))? {
        None => Ok(None),
        Some(Value::Array(all)) => all.iter().map(one).collect::<Result<_, _>>().map(Some),
        Some(_) => Err(format!("`{name}` is no list")),
    }
}

/// Reads a lock from JSON.
///
/// # Errors
/// A clause: its id is not the id of a lock.
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
        level: text(value, "properties.level").unwrap_or_default(),
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
