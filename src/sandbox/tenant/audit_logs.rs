//! The audit logs of vaults in Log Analytics workspaces.

use super::ids::guid;
use super::keys::{uri, version_id};
use super::workspaces::{OWN, Workspace};
use super::world::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

impl World {
    /// The name of the workspace with this id of its own.
    pub(crate) fn workspace_of(&self, id: &str) -> Option<String> {
        let is = |(name, workspace): &(&String, &Workspace)| {
            let derived = || guid(&format!("workspace/{name}"));
            let workspace_id = workspace.id.map_or_else(derived, |id| id.to_string());
            workspace_id.eq_ignore_ascii_case(id)
        };
        self.workspaces
            .iter()
            .find(is)
            .map(|(name, _)| name.clone())
    }

    /// The ARM id of a workspace.
    pub(crate) fn workspace_id(&self, name: &str) -> String {
        let place = self
            .workspaces
            .get(name)
            .map(|workspace| workspace.place.clone());
        format!(
            "{}/providers/Microsoft.OperationalInsights/workspaces/{name}",
            self.group_id(&place.unwrap_or_default())
        )
    }

    /// The rows of a workspace's table: the first log of each vault, the scenario's uses, and the
    /// hourly use by the policy of each linked environment. That an environment uses its key every
    /// hour is inferred.
    pub(crate) fn audit_rows(&self, workspace: &Workspace) -> Vec<Value> {
        let days = |days: f64| {
            let ago = SignedDuration::try_from_secs_f64(days * 86_400.0);
            self.clock.epoch - ago.unwrap_or(SignedDuration::ZERO)
        };
        let sends = |vault: &str| workspace.vaults.iter().any(|name| name == vault);
        let mut rows: Vec<Value> = workspace
            .vaults
            .iter()
            .map(|vault| self.row(workspace, ("VaultGet", vault), days(workspace.days), None))
            .collect();
        for used in workspace.uses.iter().filter(|used| sends(&used.vault)) {
            let id = version_id(&used.vault, &used.key, used.version);
            let policy = used.policy.as_ref().map(|name| self.policy_id(name));
            let policy = policy.and_then(|id| self.policies.get(&id.to_ascii_lowercase()));
            let object = (self.key_uri(&used.vault, &used.key, &id), policy);
            rows.push(self.row(
                workspace,
                (&used.operation, &used.vault),
                days(used.days_ago),
                Some(object),
            ));
        }
        let linked = self
            .environments
            .values()
            .filter_map(|environment| environment.link.as_ref());
        let mut policies: Vec<&String> = linked.map(|(policy, _)| policy).collect();
        policies.sort();
        policies.dedup();
        let hour = self.clock.now() - SignedDuration::from_hours(1);
        for policy in policies.into_iter().filter_map(|id| self.policies.get(id)) {
            let vault = policy.vault_id.rsplit('/').next().unwrap_or_default();
            let key = self
                .vaults
                .get(vault)
                .and_then(|stored| stored.keys.get(&policy.key));
            if let Some(key) = key.filter(|_| sends(vault)) {
                let latest = || version_id(vault, &policy.key, key.versions);
                let id = policy.version.clone().unwrap_or_else(latest);
                let object = (self.key_uri(vault, &policy.key, &id), Some(policy));
                rows.push(self.row(workspace, ("KeyUnwrap", vault), hour, Some(object)));
            }
        }
        rows
    }

    fn key_uri(&self, vault: &str, key: &str, version: &str) -> String {
        let base = self.vaults.get(vault).map(|stored| uri(vault, stored));
        format!("{}keys/{key}/{version}", base.unwrap_or_default())
    }

    /// A row with the columns of its table (learn.microsoft.com, `azure-monitor/reference/tables`).
    fn row(
        &self,
        workspace: &Workspace,
        (operation, vault): (&str, &str),
        at: Timestamp,
        used: Option<(String, Option<&super::parts::Policy>)>,
    ) -> Value {
        let (object, policy) = used.unwrap_or_default();
        let oid = policy.map(super::parts::Policy::principal);
        let vault = self.vault_id(vault).to_ascii_lowercase();
        let at = at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        if workspace.table == OWN {
            json!({
                "TimeGenerated": at,
                "OperationName": operation,
                "_ResourceId": vault,
                "Id": object,
                "HttpStatusCode": 200,
                "Identity": { "claim": { "oid": oid } },
                "Type": workspace.table,
            })
        } else {
            json!({
                "TimeGenerated": at,
                "OperationName": operation,
                "_ResourceId": vault,
                "ResourceProvider": "MICROSOFT.KEYVAULT",
                "id_s": object,
                "httpStatusCode_d": 200.0,
                "identity_claim_oid_g": oid.unwrap_or_default(),
                "Type": workspace.table,
            })
        }
    }
}
