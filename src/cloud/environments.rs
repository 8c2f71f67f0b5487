//! Reads environments and their operations from the admin API's JSON. A missing or malformed
//! property makes the fact unknown.

use crate::cloud::answer::Answer;
use crate::cloud::clouds::Service;
use crate::cloud::fault::Fault;
use crate::cloud::json;
use crate::model::environment::{AppLink, Dataverse, Environment, KeyLink};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::Known;
use crate::model::lifecycle_rules::Rules;
use crate::model::operation::{Failure, Operation, Progress, Requester, StageRun, UNNAMED};
use crate::model::seen::{Reason, Seen, Unreadable};
use reqwest::header::HeaderMap;
use serde_json::Value;

/// Reads an environment from JSON. A missing or unreadable property becomes unknown.
///
/// # Errors
/// A clause: the JSON has no `name`, which is the id of an environment.
pub fn environment(value: &Value) -> Result<Environment, String> {
    let id = json::text(value, "name").ok_or("the environment has no `name`")?;
    let text = |path: &str| json::text(value, &format!("properties.{path}"));
    let dataverse = json::at(value, "properties.linkedEnvironmentMetadata").map(|part| Dataverse {
        organization_id: json::text(part, "resourceId"),
        unique_name: json::text(part, "uniqueName"),
        domain_name: json::text(part, "domainName"),
        url: json::text(part, "instanceUrl"),
        instance_state: json::word_of(part, "instanceState", "instanceState"),
    });
    let mut found = Environment {
        display_name: text("displayName").unwrap_or_else(|| id.clone()),
        location: json::must(value, "location", json::as_text)
            .map(|location| location.to_ascii_lowercase()),
        sku: json::word(value, "properties.environmentSku"),
        is_default: json::maybe(value, "properties.isDefault", json::as_flag)
            .map(|flag| flag.unwrap_or_else(|| has_default_id(&id))),
        tenant_id: json::maybe(value, "properties.tenantId", json::as_text),
        protection_level: json::word(value, "properties.governanceConfiguration.protectionLevel"),
        management_state: json::word(value, "properties.states.management.id"),
        runtime_state: json::word(value, "properties.states.runtime.id"),
        dataverse,
        app: app(value),
        key_link: key_link(value),
        ongoing: ongoing(value),
        key_managed_by: json::maybe(
            value,
            "properties.protectionStatus.keyManagedBy",
            json::as_text,
        ),
        page: None,
        modified: json::at(value, "properties.lastModifiedTime").and_then(json::as_date),
        rules: rules(value),
        permissions: json::maybe(value, "properties.permissions", permissions),
        id,
    };
    if found.key_link.is_absent()
        && let Some(why) = found.key_without_policy()
    {
        let mut open = Unreadable::because(why);
        if found.key_managed_by.known().is_some() {
            open.reason = Reason::KeyWithoutPolicy;
        }
        found.key_link = Seen::Unreadable(open);
    }
    Ok(found)
}

/// Does the id start with `Default-`, as the admin API writes the default environment's id?
fn has_default_id(id: &str) -> bool {
    id.get(..8)
        .is_some_and(|head| head.eq_ignore_ascii_case("Default-"))
}

/// Names of the caller's permissions. A permission with the value `false` is not granted.
fn permissions(value: &Value) -> Option<Vec<String>> {
    let granted = value
        .as_object()?
        .iter()
        .filter(|(_, granted)| **granted != Value::Bool(false));
    Some(granted.map(|(name, _)| json::clean(name)).collect())
}

/// The finance and operations app; absent if the service says `null` or omits it.
fn app(value: &Value) -> Known<Option<AppLink>> {
    let read = |part: &Value| {
        part.as_object().map(|_| AppLink {
            id: json::text(part, "id"),
            kind: json::text(part, "type"),
            url: json::text(part, "url"),
        })
    };
    json::must(value, "properties", |properties| {
        properties
            .as_object()
            .filter(|all| !all.is_empty())
            .map(|_| ())
    })
    .and_then(|()| json::maybe(value, "properties.linkedAppMetadata", read))
}

/// Is the link unknown, and does `keyManagedBy` contradict its absence, or can't be read?
pub(crate) fn contradicts(environment: &Environment) -> bool {
    let manager = &environment.key_managed_by;
    environment
        .key_link
        .unreadable()
        .is_some_and(|why| why.reason == Reason::KeyWithoutPolicy || manager.unknown().is_some())
}

/// The running operation. An unreadable operation still counts as running.
fn ongoing(value: &Value) -> Option<String> {
    let unnamed = || Some(UNNAMED.to_owned());
    match json::look(value, "properties.ongoingOperation") {
        Ok(None) => None,
        Ok(Some(part)) => json::text(part, "type.id")
            .or_else(|| json::text(part, "id"))
            .or_else(unnamed),
        // If `properties` itself is unreadable, other facts already report it.
        Err(_) => None,
    }
}

/// The operations that the service allows or refuses; unknown if it does not say.
fn rules(value: &Value) -> Known<Rules> {
    let rule = |rule: &Value| {
        let reason = json::text(rule, "reason.message").or_else(|| json::text(rule, "reason.type"));
        Some((json::text(rule, "type.id")?, reason))
    };
    let list = |name: &str| {
        let path = format!("properties.lifecycleOperationsEnforcement.{name}");
        let read = |list: &Value| {
            list.as_array()?
                .iter()
                .map(rule)
                .collect::<Option<Vec<_>>>()
        };
        json::maybe(value, &path, read).map(Option::unwrap_or_default)
    };
    list("allowedOperations").and_then(|allowed| {
        list("disallowedOperations").map(|disallowed| Rules {
            allowed: allowed
                .into_iter()
                .map(|(operation, _)| operation)
                .collect(),
            disallowed,
        })
    })
}

/// Kinds of policies other than encryption in the `enterprisePolicies` block, in lower case.
const OTHER_POLICIES: [&str; 3] = ["vnets", "networkinjection", "identity"];

/// The linked policy. It is absent only if `properties` is readable and the block is missing or has
/// no policy for keys.
fn key_link(value: &Value) -> Seen<KeyLink> {
    let odd = |why: String| Seen::Unreadable(Unreadable::because(why));
    let properties = json::at(value, "properties").and_then(Value::as_object);
    if properties.is_none_or(serde_json::Map::is_empty) {
        return odd("the service shows no properties of the environment".to_owned());
    }
    let block = match json::look(value, "properties.enterprisePolicies") {
        Ok(None) => return Seen::Absent,
        Ok(Some(block)) => block,
        Err(why) => return odd(why),
    };
    let part = match json::look(block, "customerManagedKeys") {
        Ok(Some(part)) => part,
        Ok(None) => {
            let names: Vec<&String> = block
                .as_object()
                .into_iter()
                .flat_map(serde_json::Map::keys)
                .collect();
            let known = |name: &&String| {
                name.eq_ignore_ascii_case("customerManagedKeys")
                    || OTHER_POLICIES.contains(&name.to_ascii_lowercase().as_str())
            };
            return match names.iter().find(|name| !known(name)) {
                Some(other) => odd(format!(
                    "the environment's policies include `{}`, which cmkctl does not know",
                    json::clean(other)
                )),
                None if names.is_empty() => odd("`enterprisePolicies` is empty".to_owned()),
                None => Seen::Absent,
            };
        }
        Err(_) => return odd("`enterprisePolicies` can't be understood".to_owned()),
    };
    let policy = match json::must(part, "id", json::as_text) {
        Known::Known(id) => id,
        Known::Unknown(why) => {
            return odd(format!(
                "the service does not say which policy is linked: {why}"
            ));
        }
    };
    match ArmId::parse(&policy, &[ResourceKind::EnterprisePolicy]) {
        Ok(policy) => Seen::Present(KeyLink {
            policy,
            system_id: json::text(part, "systemId"),
            status: json::word(part, "linkStatus"),
        }),
        Err(bad) => odd(bad.message.trim_end_matches('.').to_owned()),
    }
}

/// Reads an operation from a list.
pub(super) fn listed_operation(value: &Value) -> Result<Operation, String> {
    let found = operation(value);
    if found.id.is_empty() {
        Err("the operation has no `id`".to_owned())
    } else {
        Ok(found)
    }
}

/// Reads an operation from JSON. A missing field becomes unknown.
pub fn operation(value: &Value) -> Operation {
    let stages = json::list(value, "stages");
    let state = |stage: &Value| json::word::<Progress>(stage, "state.id");
    let begun = |stage: &&Value| {
        let state_name = state(stage).text;
        !state_name.is_some_and(|state_name| state_name.eq_ignore_ascii_case("NotStarted"))
    };
    let current = stages.iter().rfind(begun);
    Operation {
        id: json::text(value, "id")
            .or_else(|| json::text(value, "name"))
            .unwrap_or_default(),
        kind: json::text(value, "type.id").unwrap_or_default(),
        state: json::word(value, "state.id"),
        created: json::must(value, "createdDateTime", json::as_date),
        last_action: json::maybe(value, "lastActionDateTime", json::as_date),
        stage: current
            .and_then(|stage| json::text(stage, "name").or_else(|| json::text(stage, "id"))),
        all_stages_succeeded: !stages.is_empty()
            && (stages.iter()).all(|stage| state(stage).known() == Some(&Progress::Succeeded)),
        failure: failure(value),
        requested_by: json::at(value, "requestedBy").map(|by| Requester {
            id: json::text(by, "id"),
            name: json::text(by, "displayName"),
            kind: json::text(by, "type"),
        }),
        stages: stages.iter().map(stage).collect(),
    }
}

fn stage(value: &Value) -> StageRun {
    let date = |path: &str| {
        json::maybe(value, path, json::as_date)
            .known()
            .copied()
            .flatten()
    };
    StageRun {
        name: json::text(value, "name")
            .or_else(|| json::text(value, "id"))
            .unwrap_or_default(),
        state: json::text(value, "state.id").unwrap_or_default(),
        began: date("firstActionDateTime"),
        ended: date("lastActionDateTime"),
    }
}

/// The failure of an operation, in any shape that errors have. Quoted errors come from another
/// service behind Power Platform.
fn failure(value: &Value) -> Option<Failure> {
    let told = ["error", "errorDetail", "errors"]
        .iter()
        .any(|name| json::at(value, name).is_some());
    if !told {
        return None;
    }
    let answer = Answer {
        status: 500,
        headers: HeaderMap::new(),
        body: value.to_string().into(),
    };
    let mut fault = Fault::answered(Service::Bap, &answer);
    fault.clues.quoted = true;
    let judged = fault.judged();
    let id = [
        "correlationId",
        "error.correlationId",
        "errorDetail.correlationId",
    ]
    .iter()
    .find_map(|name| json::text(value, name));
    let id = id.map_or_else(String::new, |id| format!(" (correlation id {id})"));
    let code = fault.telling().map(str::to_owned);
    let sentence = match &code {
        Some(code) if fault.message.is_empty() => code.clone(),
        Some(code) => format!("{code}: {}", fault.message),
        None => fault.message.clone(),
    };
    let known = judged.known.filter(|known| known.means.is_some());
    Some(Failure {
        code,
        text: format!("{sentence}{id}"),
        remedy: known.and(judged.remedy.first().cloned()),
        who: known.map(|_| judged.who()),
    })
}
