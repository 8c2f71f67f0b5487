//! The Power Platform admin API (Business Application Platform): environments, lifecycle operations, link, Managed Environment.
//!
//! Routes and versions are those of Microsoft's `PowerPlatform-EnterprisePolicies` module, its Terraform provider and its administration module.

use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json;
use crate::cloud::session::{Reader, Session, Writer};
use crate::cloud::wire::Answer;
use crate::model::observed::{AppLink, Dataverse, Environment, KeyLink, Operation, Seen};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

const READ_VERSION: &str = "2023-06-01";
const EXPAND: &str = "permissions,properties/enterprisePolicies";

impl Session {
    fn bap(&self) -> String {
        format!("{}/providers/Microsoft.BusinessAppPlatform", self.cloud().base(Service::Bap))
    }
}

impl Reader {
    /// Every environment that the caller may administer. An empty list is what a caller without the role sees, too.
    ///
    /// # Errors
    /// The fault of the page that failed.
    pub async fn environments(&self) -> Reply<Vec<Environment>> {
        let url = format!(
            "{}/scopes/admin/environments?api-version={READ_VERSION}&$expand=properties/enterprisePolicies",
            self.session.bap()
        );
        let numbered = |value: &Value, page| environment(value).map(|found| Environment { page: Some(page), ..found });
        let all = self.session.numbered_pages(Service::Bap, &url, numbered).await?;
        self.session.lists(names(&all));
        Ok(all)
    }

    /// How many environments the first page of the list shows: enough to know whether the caller may see any.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn sees_environments(&self) -> Reply<usize> {
        let url = format!("{}/scopes/admin/environments?api-version={READ_VERSION}", self.session.bap());
        Ok(json::list(&self.session.json(Service::Bap, &url).await?, "value").len())
    }

    /// One environment with its policy and the caller's permissions. When the admin read shows no policy, it is read once more on the plain
    /// route before that counts as "not linked": one source saw the block missing although a policy was linked (inferred from a single source).
    ///
    /// # Errors
    /// 404 is also what a caller without the role sees.
    pub async fn environment(&self, id: &str) -> Reply<Environment> {
        let url = self.environment_url(id);
        let answer = self.session.read(Service::Bap, &url).await?;
        let mut environment = self.decode_environment(id, &answer)?;
        if environment.key_link.is_absent() {
            let plain = format!(
                "{}/environments/{id}?api-version=2016-11-01&$expand=properties/enterprisePolicies",
                self.session.bap()
            );
            environment.key_link = match self.session.json(Service::Bap, &plain).await {
                Ok(value) => key_link(&value),
                // Who administers an environment need not be a member of it. Then the service's own list of what it allows decides: it offers a
                // first key only where none is linked.
                Err(_) if environment.allowed.iter().any(|operation| operation == "NewCustomerManagedKey") => {
                    Seen::Absent
                }
                Err(fault) => Seen::Unreadable(fault.unreadable()),
            };
        }
        Ok(environment)
    }

    /// One environment, one request, sent once: for the loop that waits.
    pub(crate) async fn environment_once(&self, id: &str) -> (Reply<Environment>, Option<Duration>) {
        let (reply, pause) = self.session.poll(Service::Bap, &self.environment_url(id)).await;
        (reply.and_then(|answer| self.decode_environment(id, &answer)), pause)
    }

    fn environment_url(&self, id: &str) -> String {
        format!("{}/scopes/admin/environments/{id}?api-version={READ_VERSION}&$expand={EXPAND}", self.session.bap())
    }

    fn decode_environment(&self, id: &str, answer: &Answer) -> Reply<Environment> {
        let value = super::session::parse(Service::Bap, answer)?;
        let found =
            environment(&value).ok_or_else(|| Fault::shape(Service::Bap, answer, "it is not an environment"))?;
        if found.id.eq_ignore_ascii_case(id) {
            return Ok(found);
        }
        Err(Fault::shape(Service::Bap, answer, format!("it describes another environment, {}", found.id)))
    }

    /// Lifecycle operations of an environment, newest first.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn operations(&self, environment: &str) -> Reply<Vec<Operation>> {
        let url = format!(
            "{}/lifecycleOperations?api-version=2024-05-01&$filter=environment%20eq%20%27{environment}%27",
            self.session.bap()
        );
        self.session.pages(Service::Bap, &url, |value| Some(operation(value))).await
    }

    /// The state of one operation, one request, sent once. `url` must be on a host of the admin API.
    pub(crate) async fn operation_once(&self, url: &str) -> (Reply<Operation>, Option<Duration>) {
        let (reply, pause) = self.session.poll(Service::Bap, url).await;
        let operation = reply.and_then(|answer| Ok(operation(&super::session::parse(Service::Bap, &answer)?)));
        (operation, pause)
    }

    /// The address of an operation that is known by its id.
    pub fn operation_url(&self, id: &str) -> String {
        format!("{}/lifecycleOperations/{id}?api-version=2021-04-01", self.session.bap())
    }
}

/// An operation that was accepted: where to ask for it, and when first.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The operation's address; `None` when the service named none or one on a foreign host.
    pub url: Option<String>,
    /// The first pause the service asks for.
    pub pause: Option<Duration>,
    /// For a support ticket.
    pub correlation: Option<String>,
    /// Was there nothing to do (204)?
    pub nothing_to_do: bool,
}

impl Writer {
    /// Starts to encrypt an environment with a policy's key. **Never send it twice** without reading the environment and its operations.
    /// The policy is named by its `systemId`; the path has no `scopes/admin`, which would be a 404.
    ///
    /// # Errors
    /// An ambiguous fault (see [`Fault::is_ambiguous`]) may have started it.
    pub async fn link(&self, environment: &str, system_id: &str) -> Reply<Accepted> {
        self.key_operation(environment, system_id, "link").await
    }

    /// Starts to take an environment off its policy, back to the Microsoft key. **Never send it twice** without reading, as with
    /// [`Writer::link`].
    ///
    /// # Errors
    /// An ambiguous fault may have started it.
    pub async fn unlink(&self, environment: &str, system_id: &str) -> Reply<Accepted> {
        self.key_operation(environment, system_id, "unlink").await
    }

    async fn key_operation(&self, environment: &str, system_id: &str, action: &str) -> Reply<Accepted> {
        let url = format!(
            "{}/environments/{environment}/enterprisePolicies/Encryption/{action}?api-version=2019-10-01",
            self.session.bap()
        );
        let body = json!({ "SystemId": system_id });
        let answer = self.session.change(Service::Bap, Method::POST, &url, Some(&body)).await?;
        Ok(self.accepted(&answer))
    }

    /// Starts to make an environment a Managed Environment. Sends the protection level alone, so that all other settings stay.
    ///
    /// # Errors
    /// 409 means busy *or* already managed: a re-read tells.
    pub async fn make_managed(&self, environment: &str) -> Reply<Accepted> {
        let url =
            format!("{}/environments/{environment}/governanceConfiguration?api-version=2021-04-01", self.session.bap());
        let body = json!({ "protectionLevel": "Standard" });
        let answer = self.session.change(Service::Bap, Method::POST, &url, Some(&body)).await?;
        Ok(self.accepted(&answer))
    }

    fn accepted(&self, answer: &Answer) -> Accepted {
        let ours = |url: &str| {
            let known =
                url::Url::parse(url).is_ok_and(|url| self.session.cloud().service_of(&url) == Some(Service::Bap));
            if !known {
                tracing::warn!(
                    "The service named an operation outside the cloud ({}); it is not asked there.",
                    json::clean(url)
                );
            }
            known
        };
        let url =
            ["operation-location", "location"].iter().find_map(|name| answer.header(name)).filter(|url| ours(url));
        Accepted {
            url: url.map(str::to_owned),
            pause: self.session.retry_after(answer),
            correlation: answer.correlation().map(json::clean),
            nothing_to_do: answer.status == 204,
        }
    }
}

/// So many names are remembered: they are for completion, and a large tenant has too many to choose from.
const NAMES: usize = 1000;

/// What can be typed for an environment, and the policies that are linked.
fn names(all: &[Environment]) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for environment in all {
        *count.entry(&environment.display_name).or_default() += 1;
    }
    let typed = all.iter().take(NAMES).map(|environment| match count.get(environment.display_name.as_str()) {
        Some(1) => environment.display_name.clone(),
        _ => environment.id.clone(),
    });
    let policies = all.iter().filter_map(|environment| environment.key_link.present()?.policy.clone());
    (typed.collect(), policies.take(NAMES).collect())
}

/// An environment out of JSON; `None` when it has no name, which is its id.
pub fn environment(value: &Value) -> Option<Environment> {
    let id = json::text(value, "name")?;
    let text = |path: &str| json::text(value, &format!("properties.{path}"));
    let dataverse = json::at(value, "properties.linkedEnvironmentMetadata").map(|part| Dataverse {
        organization_id: json::text(part, "resourceId"),
        unique_name: json::text(part, "uniqueName"),
        domain_name: json::text(part, "domainName"),
        url: json::text(part, "instanceUrl"),
        instance_state: json::text(part, "instanceState"),
    });
    let app = json::at(value, "properties.linkedAppMetadata").map(|part| AppLink {
        id: json::text(part, "id"),
        kind: json::text(part, "type"),
        url: json::text(part, "url"),
    });
    let rules = |list: &str| -> Vec<(String, Option<String>)> {
        let path = format!("properties.lifecycleOperationsEnforcement.{list}");
        let rule = |rule: &Value| {
            let reason = json::text(rule, "reason.message").or_else(|| json::text(rule, "reason.type"));
            Some((json::text(rule, "type.id")?, reason))
        };
        json::list(value, &path).iter().filter_map(rule).collect()
    };
    let permissions = json::at(value, "properties.permissions").and_then(Value::as_object);
    Some(Environment {
        display_name: text("displayName").unwrap_or_else(|| id.clone()),
        location: json::text(value, "location").unwrap_or_default().to_ascii_lowercase(),
        sku: text("environmentSku").unwrap_or_default(),
        is_default: json::flag(value, "properties.isDefault").unwrap_or(false),
        tenant_id: text("tenantId"),
        protection_level: text("governanceConfiguration.protectionLevel"),
        management_state: text("states.management.id"),
        runtime_state: text("states.runtime.id"),
        dataverse,
        app,
        key_link: key_link(value),
        ongoing: text("ongoingOperation.type.id").or_else(|| text("ongoingOperation.id")),
        key_managed_by: text("protectionStatus.keyManagedBy"),
        page: None,
        modified: text("lastModifiedTime").and_then(|time| time.parse().ok()),
        disallowed: rules("disallowedOperations"),
        allowed: rules("allowedOperations").into_iter().map(|(operation, _)| operation).collect(),
        permissions: permissions.map(|map| map.keys().map(|key| json::clean(key)).collect()),
        id,
    })
}

fn key_link(value: &Value) -> Seen<KeyLink> {
    match json::at(value, "properties.enterprisePolicies.customerManagedKeys") {
        None => Seen::Absent,
        Some(part) => Seen::Present(KeyLink {
            policy: json::text(part, "id"),
            system_id: json::text(part, "systemId"),
            status: json::text(part, "linkStatus"),
        }),
    }
}

/// An operation out of JSON; everything may be missing.
pub fn operation(value: &Value) -> Operation {
    let stages = json::list(value, "stages");
    let state = |stage: &Value| json::text(stage, "state.id").unwrap_or_default();
    let current = stages.iter().rfind(|stage| state(stage) != "NotStarted");
    let error = match (json::text(value, "error.code"), json::text(value, "error.message")) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => message.or(code),
    };
    Operation {
        id: json::text(value, "id").or_else(|| json::text(value, "name")).unwrap_or_default(),
        kind: json::text(value, "type.id").unwrap_or_default(),
        state: json::text(value, "state.id").unwrap_or_default(),
        created: json::text(value, "createdDateTime"),
        stage: current.and_then(|stage| json::text(stage, "name").or_else(|| json::text(stage, "id"))),
        all_stages_succeeded: !stages.is_empty() && stages.iter().all(|stage| state(stage) == "Succeeded"),
        error,
    }
}
