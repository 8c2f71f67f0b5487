//! `Microsoft.Authorization` in Azure Resource Manager: role assignments, the caller's own
//! permissions, locks.

use crate::cloud::arm::Written;
use crate::cloud::clouds::Service;
use crate::cloud::fault::Reply;
use crate::cloud::json::{as_date, as_text, as_texts, maybe, must, text};
use crate::cloud::session::{Reader, Writer};
use crate::cloud::versions;
use crate::model::ids::{assignment_name, role_guid, same_id};
use crate::model::protection::RoleAssignment;
use crate::model::surroundings::{Lock, Permission};
use reqwest::Method;
use serde_json::{Value, json};

impl Reader {
    /// What a principal is assigned at a scope or above it. The service also lists what lies below;
    /// that is left out.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn role_assignments(
        &self,
        scope: &str,
        principal: Option<&str>,
    ) -> Reply<Vec<RoleAssignment>> {
        let mut url = self.session.arm(
            &format!("{scope}/providers/Microsoft.Authorization/roleAssignments"),
            versions::ROLES,
        );
        if let Some(principal) = principal {
            url.push_str(&format!("&$filter=principalId%20eq%20%27{principal}%27"));
        }
        let mut all = self
            .session
            .pages(Service::Arm, &url, role_assignment)
            .await?;
        all.retain(|found| covers(&found.scope, scope));
        Ok(all)
    }

    /// What the caller may do at a scope, by everything that is assigned to the caller there,
    /// directly or through groups.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn permissions(&self, scope: &str) -> Reply<Vec<Permission>> {
        let url = self.session.arm(
            &format!("{scope}/providers/Microsoft.Authorization/permissions"),
            versions::ROLES,
        );
        self.session.pages(Service::Arm, &url, permission).await
    }

    /// The locks at a scope, above it and below it.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn locks(&self, scope: &str) -> Reply<Vec<Lock>> {
        let url = self.session.arm(
            &format!("{scope}/providers/Microsoft.Authorization/locks"),
            versions::LOCKS,
        );
        self.session.pages(Service::Arm, &url, lock).await
    }
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
    let list = |name: &str| {
        maybe(value, name, as_texts)
            .map(Option::unwrap_or_default)
            .required()
    };
    Ok(Permission {
        actions: must(value, "actions", as_texts).required()?,
        not_actions: list("notActions")?,
    })
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
        created: must(value, "properties.createdOn", as_date),
    })
}

/// Does an assignment at `assigned` apply at `scope`?
fn covers(assigned: &str, scope: &str) -> bool {
    let (assigned, scope) = (
        assigned.trim_matches('/').to_ascii_lowercase(),
        scope.trim_matches('/').to_ascii_lowercase(),
    );
    assigned.is_empty() || same_id(&assigned, &scope) || scope.starts_with(&format!("{assigned}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_assignments_at_or_above_the_scope_count() {
        let scope = "/subscriptions/s/resourceGroups/g/providers/P/v/n";
        for (assigned, counts) in [
            ("/", true),
            ("/subscriptions/S", true),
            ("/subscriptions/s/resourcegroups/G", true),
            (scope, true),
            (
                "/subscriptions/s/resourceGroups/g/providers/P/v/n/keys/k",
                false,
            ),
            ("/subscriptions/s/resourceGroups/g2", false),
            ("/subscriptions/s/resourceGroups/g/providers/P/v/n2", false),
        ] {
            assert_eq!(covers(assigned, scope), counts, "{assigned}");
        }
    }
}
