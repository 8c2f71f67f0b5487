//! The tenant: what is there now, who may do what, and how time passes.

use super::clock::Clock;
use super::events::Event;
use super::http::Request;
use super::lifecycle::Operation;
use super::setup::{Settings, Target};
use super::tenant::{Environment, Lock, Policy, Role, User, Vault};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A deterministic GUID for a name.
pub(super) fn guid(name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_DNS, format!("{name}.sandbox.cmkctl").as_bytes()).hyphenated().to_string()
}

/// Everything that is there.
#[derive(Debug)]
pub(super) struct World {
    pub(super) summary: String,
    pub(super) tenant: String,
    pub(super) subscription: String,
    pub(super) clock: Clock,
    pub(super) settings: Settings,
    pub(super) users: BTreeMap<String, User>,
    pub(super) provider: String,
    pub(super) provider_since: Option<Timestamp>,
    pub(super) azure_policy: Option<String>,
    /// What whoever looks at a generated tenant should find: environment ids by state.
    pub(super) planted: BTreeMap<&'static str, Vec<String>>,
    /// What happens while the sandbox runs, and has not happened yet.
    pub(super) events: Vec<Event>,
    /// Environments that a generated tenant has in the middle of an operation.
    pub(super) unfinished: Vec<String>,
    pub(super) provider_locations: Vec<String>,
    pub(super) environments: BTreeMap<String, Environment>,
    pub(super) vaults: BTreeMap<String, Vault>,
    pub(super) policies: BTreeMap<String, Policy>,
    pub(super) roles: Vec<Role>,
    pub(super) locks: Vec<Lock>,
    pub(super) operations: Vec<Operation>,
    pub(super) managers: Vec<String>,
    pub(super) effects: Vec<(&'static str, String)>,
    pub(super) tokens: u64,
    pub(super) polls: u64,
    pub(super) target: Target,
}

/// The resource group that everything is in.
pub(super) const GROUP: &str = "rg-contoso-cmk";

impl World {
    /// ARM id of a policy of this name.
    pub(super) fn policy_id(&self, name: &str) -> String {
        format!("{}/providers/Microsoft.PowerPlatform/enterprisePolicies/{name}", self.group_id())
    }

    pub(super) fn group_id(&self) -> String {
        format!("/subscriptions/{}/resourceGroups/{GROUP}", self.subscription)
    }

    /// ARM id of the vault of this name.
    pub(super) fn vault_id(&self, name: &str) -> String {
        let kind = if self.vaults.get(name).is_some_and(|vault| vault.hsm) { "managedHSMs" } else { "vaults" };
        format!("{}/providers/Microsoft.KeyVault/{kind}/{name}", self.group_id())
    }

    pub(super) fn defaults(&self) -> Value {
        let environment = self.environments.get(&self.target.environment);
        json!({
            "environment": environment.map(|environment| environment.id.clone()),
            "environment_name": environment.map(|environment| environment.name.clone()),
            "policy": self.policy_id(&self.target.policy),
            "vault": self.vault_id(&self.target.vault),
            "key": self.target.key,
        })
    }

    /// What is there, for whoever compares two ends. Times are left out.
    pub(super) fn document(&mut self) -> Value {
        self.advance();
        let environments: BTreeMap<&String, Value> = self
            .environments
            .iter()
            .map(|(key, environment)| {
                let running = self.running(key).is_some();
                (key, json!({ "link": environment.link, "managed": environment.managed, "running": running, "runtime": environment.runtime }))
            })
            .collect();
        let mut roles: Vec<String> =
            self.roles.iter().map(|role| format!("{} {} {}", role.role, role.principal, role.scope)).collect();
        roles.sort();
        let policies: BTreeMap<&String, Value> = self
            .policies
            .iter()
            .map(|(id, policy)| {
                let key = (&policy.vault_id, &policy.key, &policy.version);
                (id, json!({ "location": policy.location, "kind": policy.kind, "key": key }))
            })
            .collect();
        let vaults: BTreeMap<&String, Value> = self
            .vaults
            .iter()
            .map(|(name, vault)| {
                let versions: BTreeMap<&String, u32> =
                    vault.keys.iter().map(|(name, key)| (name, key.versions)).collect();
                (name, json!({ "properties": vault.properties, "versions": versions }))
            })
            .collect();
        json!({ "provider": self.provider, "environments": environments, "policies": policies, "roles": roles, "vaults": vaults })
    }

    /// The claims of a token of ours; `None` for any other.
    pub(super) fn claims(&self, request: &Request) -> Option<Value> {
        let mut parts = request.bearer.as_ref()?.split('.');
        let (_, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if signature != "sandbox" {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    /// The name of the user who sent this, for the ledger.
    pub(super) fn user_of(&self, request: &Request) -> String {
        let object = self.claims(request).and_then(|claims| claims["oid"].as_str().map(str::to_owned));
        let user = self.users.iter().find(|(_, user)| Some(&user.object_id) == object.as_ref());
        user.map(|(name, _)| name.clone()).unwrap_or_default()
    }

    /// Who sent this, with a token for one of `audiences`; `None` means 401.
    pub(super) fn caller(&mut self, request: &Request, audiences: &[&str]) -> Option<User> {
        if request.bearer.is_some() && self.claims(request).is_none() {
            // A test proves that no real token ever arrives.
            self.effects.push(("foreign-token", request.host.clone()));
        }
        let claims = self.claims(request)?;
        let audience = claims["aud"].as_str()?.trim_end_matches('/').to_ascii_lowercase();
        if !audiences.iter().any(|wanted| wanted.trim_end_matches('/').eq_ignore_ascii_case(&audience)) {
            return None;
        }
        if let Some(lifetime) = self.settings.token_seconds {
            let issued = Timestamp::from_second(claims["sandbox_iat"].as_i64()?).ok()?;
            if self.clock.since(issued) > lifetime {
                return None;
            }
        }
        let object = claims["oid"].as_str()?;
        self.users.values().find(|user| user.object_id == object).cloned()
    }

    pub(super) fn effect(&mut self, what: &'static str, subject: impl Into<String>) {
        self.effects.push((what, subject.into()));
    }

    /// The environment with this id.
    pub(super) fn environment_key(&self, id: &str) -> Option<String> {
        self.environments
            .iter()
            .find(|(_, environment)| environment.id.eq_ignore_ascii_case(id))
            .map(|(key, _)| key.clone())
    }

    /// Lets time have its effect.
    pub(super) fn advance(&mut self) {
        if let Some(since) = self.provider_since
            && self.clock.since(since) >= self.settings.provider_seconds
        {
            self.provider = "Registered".to_owned();
            self.provider_since = None;
        }
        self.advance_operations();
        self.advance_events();
        self.advance_locks();
    }
}
