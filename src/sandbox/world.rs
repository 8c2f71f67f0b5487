//! The tenant: what is there now, who may do what, and how time passes.

use super::http::Request;
use super::lifecycle::Operation;
use super::scenario::Scenario;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A deterministic GUID for a name.
pub(super) fn guid(name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_DNS, format!("{name}.sandbox.cmkctl").as_bytes()).hyphenated().to_string()
}

/// The scenario file after merging.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setup {
    pub(super) summary: String,
    epoch: Timestamp,
    settings: Settings,
    users: BTreeMap<String, UserSetup>,
    provider: String,
    provider_locations: Vec<String>,
    environments: BTreeMap<String, Environment>,
    vaults: BTreeMap<String, Vault>,
    #[serde(default)]
    policies: BTreeMap<String, PolicySetup>,
    #[serde(default)]
    locks: Vec<Lock>,
    target: Target,
}

/// What commands take without arguments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    environment: String,
    vault: String,
    key: String,
    policy: String,
}

/// Times in sandbox seconds, and habits of the services.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) identity_seconds: f64,
    pub(super) role_seconds: f64,
    pub(super) provider_seconds: f64,
    pub(super) governance_seconds: f64,
    pub(super) link_seconds: f64,
    /// Reads of an environment that still show the old state after an operation has ended.
    pub(super) read_lag: u32,
    pub(super) page_size: usize,
    /// `CustomerManagedKeys` instead of `customerManagedKeys`.
    pub(super) odd_case: bool,
    /// Does a 409 say why?
    pub(super) conflict_body: bool,
    /// Policies are created with 202 and an operation.
    pub(super) policy_async: bool,
    /// When set, services refuse tokens that are older than this many sandbox seconds.
    #[serde(default)]
    pub(super) token_seconds: Option<f64>,
    /// How link operations end: empty for "as they should", `failed`, `failed-silently`, `succeeded-without-link`, `vanished`.
    #[serde(default)]
    pub(super) link_ends: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserSetup {
    about: String,
    #[serde(default)]
    azure: Vec<String>,
    #[serde(default)]
    power_platform: Standing,
    #[serde(default)]
    dataverse: bool,
}

/// A user's standing in Power Platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    /// Power Platform Administrator.
    Admin,
    /// No role.
    #[default]
    None,
    /// A service principal that nobody registered as a management application.
    Unregistered,
}

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) client_id: String,
    pub(super) object_id: String,
    pub(super) about: String,
    pub(super) power_platform: Standing,
    pub(super) dataverse: bool,
}

/// An environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    #[serde(default)]
    pub(super) id: String,
    pub(super) name: String,
    pub(super) sku: String,
    pub(super) location: String,
    pub(super) region: String,
    #[serde(default)]
    pub(super) managed: bool,
    #[serde(default)]
    pub(super) is_default: bool,
    /// First label of the Dataverse host; none without Dataverse.
    #[serde(default)]
    pub(super) domain: Option<String>,
    /// Host of finance and operations.
    #[serde(default)]
    pub(super) app_host: Option<String>,
    /// `Linked` or `Internal`.
    #[serde(default)]
    pub(super) app_type: Option<String>,
    /// What Dataverse answers: `integrated`, `not-integrated`, `mismatch`.
    #[serde(default)]
    pub(super) dataverse_says: Option<String>,
    /// Linked from the start, to the policy of this name.
    #[serde(default)]
    pub(super) policy: Option<String>,
    #[serde(default = "enabled")]
    pub(super) runtime: String,
    #[serde(skip)]
    pub(super) link: Option<(String, String)>,
    #[serde(skip)]
    pub(super) lag: u32,
}

fn enabled() -> String {
    "Enabled".to_owned()
}

/// A key vault or managed HSM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vault {
    #[serde(default)]
    pub(super) hsm: bool,
    /// Properties as Azure Resource Manager shows them; what is absent is absent.
    pub(super) properties: Value,
    pub(super) keys: BTreeMap<String, Key>,
    /// Is the data plane's firewall closed to the client?
    #[serde(default)]
    pub(super) firewall: bool,
}

/// A key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) kty: String,
    #[serde(default)]
    pub(super) bits: u32,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    /// Days from the epoch.
    #[serde(default)]
    pub(super) expires_in_days: Option<i64>,
    #[serde(default)]
    pub(super) starts_in_days: Option<i64>,
    #[serde(default)]
    pub(super) deleted: bool,
    #[serde(default = "one")]
    pub(super) versions: u32,
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicySetup {
    vault: String,
    key: String,
    #[serde(default)]
    version: Option<String>,
    location: String,
    #[serde(default = "encryption")]
    kind: String,
    #[serde(default)]
    granted: bool,
}

fn encryption() -> String {
    "Encryption".to_owned()
}

/// An enterprise policy.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) location: String,
    pub(super) kind: String,
    pub(super) vault_id: String,
    pub(super) key: String,
    pub(super) version: Option<String>,
    pub(super) created: Timestamp,
}

impl Policy {
    pub(super) fn guid(&self) -> String {
        guid(&format!("policy/{}", self.id.to_ascii_lowercase()))
    }

    pub(super) fn principal(&self) -> String {
        guid(&format!("identity/{}", self.id.to_ascii_lowercase()))
    }

    pub(super) fn system_id(&self) -> String {
        format!("/regions/{}/providers/Microsoft.PowerPlatform/enterprisePolicies/{}", self.location, self.guid())
    }
}

/// A resource lock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    pub(super) scope: String,
    pub(super) level: String,
    pub(super) name: String,
}

/// A role assignment.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) scope: String,
    pub(super) role: String,
    pub(super) principal: String,
    pub(super) since: Timestamp,
}

/// Sandbox time.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    pub(super) epoch: Timestamp,
    pub(super) started: Timestamp,
    pub(super) speed: f64,
}

impl Clock {
    pub(super) fn now(&self) -> Timestamp {
        let passed = (Timestamp::now().as_millisecond() - self.started.as_millisecond()).max(0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "milliseconds of a rehearsal, far below 2^52"
        )]
        let passed = (passed as f64 * self.speed) as i64;
        Timestamp::from_millisecond(self.epoch.as_millisecond().saturating_add(passed)).unwrap_or(self.epoch)
    }

    pub(super) fn since(&self, then: Timestamp) -> f64 {
        self.now().duration_since(then).as_secs_f64()
    }

    pub(super) fn http_date(&self) -> String {
        self.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
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
    target: Target,
}

/// The resource group that everything is in.
pub(super) const GROUP: &str = "rg-contoso-cmk";

impl Setup {
    /// Does everything that is named exist?
    pub(super) fn check(&self) -> Result<(), String> {
        let target = &self.target;
        if !self.environments.contains_key(&target.environment) {
            return Err(format!("there is no environment `{}`", target.environment));
        }
        let vault = self.vaults.get(&target.vault).ok_or_else(|| format!("there is no vault `{}`", target.vault))?;
        if !vault.keys.contains_key(&target.key) {
            return Err(format!("there is no key `{}` in `{}`", target.key, target.vault));
        }
        for environment in self.environments.values() {
            if let Some(policy) = environment.policy.as_ref().filter(|policy| !self.policies.contains_key(*policy)) {
                return Err(format!("there is no policy `{policy}`"));
            }
        }
        Ok(())
    }
}

impl World {
    pub(super) fn new(scenario: &Scenario, speed: f64) -> Self {
        let setup = scenario.setup.clone();
        let clock = Clock { epoch: setup.epoch, started: Timestamp::now(), speed };
        let subscription = guid("subscription");
        let mut world = Self {
            summary: setup.summary,
            tenant: guid("tenant"),
            subscription,
            settings: setup.settings,
            users: BTreeMap::new(),
            provider: setup.provider,
            provider_since: None,
            provider_locations: setup.provider_locations,
            environments: setup.environments,
            vaults: setup.vaults,
            policies: BTreeMap::new(),
            roles: Vec::new(),
            locks: setup.locks,
            operations: Vec::new(),
            managers: Vec::new(),
            effects: Vec::new(),
            tokens: 0,
            polls: 0,
            target: setup.target,
            clock,
        };
        let scope = format!("/subscriptions/{}", world.subscription);
        // What is there from the start has been there long enough to be effective.
        let long_ago = Timestamp::UNIX_EPOCH;
        for (name, user) in setup.users {
            let object_id = guid(&format!("user/{name}"));
            for role in &user.azure {
                let role = Role {
                    name: guid(&format!("assignment/{name}/{role}")),
                    scope: scope.clone(),
                    role: super::authorization::role_id(role).to_owned(),
                    principal: object_id.clone(),
                    since: long_ago,
                };
                world.roles.push(role);
            }
            let client_id = guid(&format!("client/{name}"));
            if user.power_platform == Standing::Admin {
                world.managers.push(client_id.clone());
            }
            let user = User {
                client_id,
                object_id,
                about: user.about,
                power_platform: user.power_platform,
                dataverse: user.dataverse,
            };
            world.users.insert(name, user);
        }
        for (name, policy) in setup.policies {
            let id = world.policy_id(&name);
            let policy = (
                Policy {
                    id: id.clone(),
                    name,
                    location: policy.location,
                    kind: policy.kind,
                    vault_id: world.vault_id(&policy.vault),
                    key: policy.key,
                    version: policy.version,
                    created: long_ago,
                },
                policy.granted,
            );
            if policy.1 {
                world.roles.push(Role {
                    name: guid(&format!("grant/{id}")),
                    scope: policy.0.vault_id.clone(),
                    role: super::authorization::ENCRYPTION_USER.to_owned(),
                    principal: policy.0.principal(),
                    since: long_ago,
                });
            }
            world.policies.insert(id.to_ascii_lowercase(), policy.0);
        }
        let tenant = world.tenant.clone();
        let links: Vec<(String, String)> = world
            .environments
            .iter()
            .filter_map(|(key, environment)| Some((key.clone(), world.policy_id(environment.policy.as_ref()?))))
            .collect();
        for (key, environment) in &mut world.environments {
            if environment.id.is_empty() {
                let id = guid(&format!("environment/{key}"));
                environment.id = if environment.is_default { format!("Default-{tenant}") } else { id };
            }
            let link = links.iter().find(|(linked, _)| linked == key);
            environment.link = link.map(|(_, id)| (id.clone(), "Linked".to_owned()));
        }
        world
    }

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
    }
}
