//! `Microsoft.Authorization` in Azure Resource Manager: role assignments, what roles allow, what is
//! denied, the caller's own permissions, locks.

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
    /// Role assignments at a scope, above it (management groups too) and below it.
    /// `assigned_to`: only those of this principal and of the groups that it is in, directly or
    /// through others; the service's filter `assignedTo` finds them.
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

    /// What a role allows, by the last GUID of its id. Each definition is read once by a session,
    /// whichever scope it is asked for at.
    ///
    /// # Errors
    /// The service's refusal; 404 when there is no such role at the scope.
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

    /// Deny assignments at a scope, above it and below it: one of a single key counts too, and the
    /// filter `atScope()` would leave it out (Microsoft Learn, *List Azure deny assignments*). It
    /// takes the right `Microsoft.Authorization/denyAssignments/read`, which a Key Vault
    /// administrator may lack.
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

    /// What the caller may do at a scope, by everything that is assigned to the caller there,
    /// directly or through groups.
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

    /// The roles that the caller may activate at a scope, or above it.
    ///
    /// # Errors
    /// The service's refusal: not every tenant has Privileged Identity Management.
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

/// What is only shown may be missing; what a command is made of may not.
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
    /// Assigns a role under a name that follows from scope, principal and role, so that sending it
    /// again changes nothing. `RoleAssignmentExists` (the same assignment under another name) is
    /// what was wanted.
    ///
    /// # Errors
    /// `PrincipalNotFound` while a new identity is not yet known everywhere.
    pub async fn assign_role(
        &self,
        scope: &str,
        principal: &str,
        role: &str,
        principal_type: Option<&str>,
    ) -> Reply<Written> {
        let name = assignment_name(scope, principal, role);
        let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        // The subscription part of the scope holds the definitions that apply there.
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

/// What one assignment allows its owner.
///
/// # Errors
/// A clause: its actions can't be understood.
pub fn permission(value: &Value) -> Result<Permission, String> {
    let actions = must(value, "actions", as_texts).required()?;
    entry(value, actions)
}

/// An entry of what is allowed or denied; whatever it leaves out is empty.
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

/// Is there a condition? One that can't be read is one.
fn conditional(value: &Value, path: &str) -> bool {
    match look(value, path) {
        Ok(None) => false,
        Ok(Some(condition)) => condition
            .as_str()
            .is_none_or(|text| !text.trim().is_empty()),
        Err(_) => true,
    }
}

/// Is it a group, by what the service calls it? Where it says nothing, it may be one.
fn is_group(kind: Option<&str>) -> bool {
    let single = ["User", "ServicePrincipal", "Device"];
    !kind.is_some_and(|kind| single.iter().any(|own| kind.eq_ignore_ascii_case(own)))
}

/// A role definition out of JSON; `role` is the GUID that was asked for.
///
/// # Errors
/// A clause: it is that of another role, or what it allows can't be understood.
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

/// A deny assignment out of JSON (Microsoft Learn, *List Azure deny assignments*).
///
/// # Errors
/// A clause: its scope, what it denies, or whom, can't be understood.
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

/// What a role allows or a denial denies. An entry that says nothing of operations is not
/// understood; one for data alone may leave out `actions`.
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

/// A lock out of JSON.
///
/// # Errors
/// A clause: its id is not a lock's.
pub fn lock(value: &Value) -> Result<Lock, String> {
    let id = must(value, "id", as_text).required()?;
    // The scope is what stands before the lock's own part of its id.
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

/// A role assignment out of JSON.
///
/// # Errors
/// A clause: its scope, its role or its owner can't be understood.
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
