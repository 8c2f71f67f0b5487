//! The Power Platform admin API (Business Application Platform): environments, lifecycle operations, link, Managed Environment.
//!
//! Routes and versions are those of Microsoft's `PowerPlatform-EnterprisePolicies` module, its Terraform provider and its administration module.

use crate::cloud::clouds::Service;
use crate::cloud::credential::Identity;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json;
use crate::cloud::session::{Reader, Session, Writer};
use crate::cloud::wire::Answer;
use crate::error::Error;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::Known;
use crate::model::observed::{AppLink, Dataverse, Environment, KeyLink, Operation, Rules, Seen, Unreadable};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

const READ_VERSION: &str = "2023-06-01";
/// The finding of an environment whose key is a customer's although no policy is shown.
const CONTRADICTION: &str = "CMK041";
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
        let answer = self.session.read(Service::Bap, &url).await.map_err(Fault::of_list)?;
        let value = super::session::parse(Service::Bap, &answer)?;
        let list = json::at(&value, "value").and_then(Value::as_array);
        list.map(Vec::len).ok_or_else(|| Fault::shape(Service::Bap, &answer, "it is no list"))
    }

    /// Who this session's token for a service says it is.
    ///
    /// # Errors
    /// No sign-in.
    pub async fn identity(&self, service: Service) -> Result<Identity, Error> {
        let cloud = self.session.cloud();
        let scope = url::Url::parse(&cloud.base(service)).map(|url| cloud.scope(service, &url)).unwrap_or_default();
        self.session.tokens().identity(&scope).await
    }

    /// Is an application registered as a management application? By its client id; one that is not is answered 400 (seen in Microsoft's
    /// administration module).
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn is_management_application(&self, client: &str) -> Reply<bool> {
        let url = format!("{}/adminApplications/{client}?api-version=2020-10-01", self.session.bap());
        match self.session.json(Service::Bap, &url).await {
            Ok(value) => Ok(json::text(&value, "applicationId").is_some_and(|id| id.eq_ignore_ascii_case(client))),
            Err(fault) if fault.status() == Some(400) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// One environment with its policy and the caller's permissions. When the admin read shows no policy, it is read once more on the plain
    /// route before that counts as "not linked": one source saw the block missing although a policy was linked (inferred from a single source).
    /// A plain read that is refused proves nothing: then the link is not known.
    ///
    /// # Errors
    /// 404 is also what a caller without the role sees.
    pub async fn environment(&self, id: &str) -> Reply<Environment> {
        let url = self.environment_url(id);
        let answer = self.session.read(Service::Bap, &url).await?;
        let mut environment = self.decode_environment(id, &answer)?;
        if environment.key_link.is_absent() || contradicts(&environment) {
            let plain = format!(
                "{}/environments/{id}?api-version=2016-11-01&$expand=properties/enterprisePolicies",
                self.session.bap()
            );
            let plain = match self.session.read(Service::Bap, &plain).await {
                Ok(answer) => self.decode_environment(id, &answer),
                Err(fault) => Err(fault),
            };
            match plain {
                Ok(plain) if !plain.key_link.is_absent() => environment.key_link = plain.key_link,
                // Both reads show no policy: the first one's doubts stay.
                Ok(_) => {}
                Err(fault) if fault.is_sign_in() => return Err(fault),
                Err(fault) => environment.key_link = Seen::Unreadable(fault.unreadable()),
            }
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
        let found = environment(&value).map_err(|why| Fault::shape(Service::Bap, answer, why))?;
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
        let mut all = self.session.pages(Service::Bap, &url, listed_operation).await?;
        // The service lists them so; where every date is known, that need not be believed.
        if all.iter().all(|operation| operation.created.known().is_some()) {
            all.sort_by_key(|operation| std::cmp::Reverse(operation.created.known().copied()));
        }
        Ok(all)
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
    let policies = all.iter().filter_map(|environment| environment.policy().map(ToString::to_string));
    (typed.collect(), policies.take(NAMES).collect())
}

/// An environment out of JSON. What it does not say, or says in a way that nobody understands, is not known.
///
/// # Errors
/// A clause: it has no name, which is its id.
pub fn environment(value: &Value) -> Result<Environment, String> {
    let id = json::text(value, "name").ok_or("it is no environment: it has no `name`")?;
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
    let permissions = json::at(value, "properties.permissions").and_then(Value::as_object);
    let mut found = Environment {
        display_name: text("displayName").unwrap_or_else(|| id.clone()),
        location: json::text(value, "location").unwrap_or_default().to_ascii_lowercase(),
        sku: text("environmentSku").unwrap_or_default(),
        is_default: json::at(value, "properties.isDefault").and_then(json::as_flag).unwrap_or(false),
        tenant_id: text("tenantId"),
        protection_level: text("governanceConfiguration.protectionLevel"),
        management_state: text("states.management.id"),
        runtime_state: text("states.runtime.id"),
        dataverse,
        app,
        key_link: key_link(value),
        ongoing: ongoing(value),
        key_managed_by: text("protectionStatus.keyManagedBy"),
        page: None,
        modified: json::at(value, "properties.lastModifiedTime").and_then(json::as_date),
        rules: rules(value),
        // What is listed as `false` is not granted.
        permissions: permissions.map(|map| {
            map.iter().filter(|(_, granted)| **granted != Value::Bool(false)).map(|(key, _)| json::clean(key)).collect()
        }),
        id,
    };
    if found.key_link.is_absent() && found.has_customers_key() {
        let by = found.key_managed_by.as_deref().unwrap_or_default();
        let why = format!("no policy is shown, and yet its key is managed by `{by}`");
        found.key_link = Seen::Unreadable(Unreadable { why, forbidden: false, finding: Some(CONTRADICTION) });
    }
    Ok(found)
}

/// Is the link not known because another fact speaks against its absence?
pub(crate) fn contradicts(environment: &Environment) -> bool {
    environment.key_link.unreadable().is_some_and(|why| why.finding == Some(CONTRADICTION))
}

/// The operation that runs now. One that can't be read runs all the same.
fn ongoing(value: &Value) -> Option<String> {
    let unnamed = || Some("an operation that the service does not name".to_owned());
    match json::look(value, "properties.ongoingOperation") {
        Ok(None) => None,
        Ok(Some(part)) => json::text(part, "type.id").or_else(|| json::text(part, "id")).or_else(unnamed),
        // What is not there at all is said by the facts that are missing with it.
        Err(_) => None,
    }
}

/// What the service allows and refuses; nothing where it does not say it.
fn rules(value: &Value) -> Known<Rules> {
    let rule = |rule: &Value| {
        let reason = json::text(rule, "reason.message").or_else(|| json::text(rule, "reason.type"));
        Some((json::text(rule, "type.id")?, reason))
    };
    let list = |name: &str| {
        let path = format!("properties.lifecycleOperationsEnforcement.{name}");
        let read = |list: &Value| list.as_array()?.iter().map(rule).collect::<Option<Vec<_>>>();
        json::maybe(value, &path, read).map(Option::unwrap_or_default)
    };
    list("allowedOperations").and_then(|allowed| {
        list("disallowedOperations").map(|disallowed| Rules {
            allowed: allowed.into_iter().map(|(operation, _)| operation).collect(),
            disallowed,
        })
    })
}

/// The kinds of policies, besides the one for keys, that an environment's block may hold; lower case.
const OTHER_POLICIES: [&str; 3] = ["vnets", "networkinjection", "identity"];

/// The linked policy. Only an environment whose properties can be read, and whose block is missing or holds none for keys, is not linked.
fn key_link(value: &Value) -> Seen<KeyLink> {
    let odd = |why: String| Seen::Unreadable(Unreadable { why, ..Unreadable::default() });
    let properties = json::at(value, "properties").and_then(Value::as_object);
    if properties.is_none_or(serde_json::Map::is_empty) {
        return odd("the service shows no properties of it".to_owned());
    }
    let block = match json::look(value, "properties.enterprisePolicies") {
        Ok(None) => return Seen::Absent,
        Ok(Some(block)) => block,
        Err(why) => return odd(why),
    };
    let part = match json::look(block, "customerManagedKeys") {
        Ok(Some(part)) => part,
        Ok(None) => {
            let names: Vec<&String> = block.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
            let known = |name: &&String| {
                name.eq_ignore_ascii_case("customerManagedKeys")
                    || OTHER_POLICIES.contains(&name.to_ascii_lowercase().as_str())
            };
            return match names.iter().find(|name| !known(name)) {
                Some(other) => odd(format!("its policies hold `{}`, which cmkctl does not know", json::clean(other))),
                None if names.is_empty() => odd("its block of policies is empty".to_owned()),
                None => Seen::Absent,
            };
        }
        Err(_) => return odd("its block of policies can't be understood".to_owned()),
    };
    let policy = match json::must(part, "id", json::as_text) {
        Known::Known(id) => id,
        Known::Unknown(why) => return odd(format!("the service does not say which policy is linked: {why}")),
    };
    match ArmId::parse(&policy, &[ResourceKind::EnterprisePolicy]) {
        Ok(policy) => Seen::Present(KeyLink {
            policy,
            system_id: json::text(part, "systemId"),
            status: json::text(part, "linkStatus"),
        }),
        Err(bad) => odd(bad.message.trim_end_matches('.').to_owned()),
    }
}

/// An operation of a list.
fn listed_operation(value: &Value) -> Result<Operation, String> {
    let found = operation(value);
    if found.id.is_empty() { Err("it is no operation: it has no `id`".to_owned()) } else { Ok(found) }
}

/// An operation out of JSON; everything may be missing, and is not known then.
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
        created: json::must(value, "createdDateTime", json::as_date),
        last_action: json::maybe(value, "lastActionDateTime", json::as_date),
        stage: current.and_then(|stage| json::text(stage, "name").or_else(|| json::text(stage, "id"))),
        all_stages_succeeded: !stages.is_empty() && stages.iter().all(|stage| state(stage) == "Succeeded"),
        error,
    }
}
