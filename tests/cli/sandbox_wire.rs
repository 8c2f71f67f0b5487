//! The sandbox against the published interfaces of the Power Platform admin API and Dataverse: raw
//! HTTP, no client types, so that client and sandbox can't share a mistake.

use crate::tenants::{plain, policy_is, policy_ready, uat_is, ungranted_policy};
use crate::tool::{Answer, FAST, Served, http};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) const BAP: &str =
    "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform";
pub(crate) const EXPANDED: &str =
    "api-version=2023-06-01&$expand=permissions,properties/enterprisePolicies";

/// Sends a user's request with a token for the host's audience.
pub(crate) fn ask_as(served: &Served, user: &str, method: &str, url: &str, body: &str) -> Answer {
    let host = url
        .strip_prefix("https://")
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    let audience = match host {
        host if host.ends_with("bap.microsoft.com") => "https://service.powerapps.com/".to_owned(),
        host if host.ends_with(".vault.azure.net") => "https://vault.azure.net".to_owned(),
        host if host.ends_with(".managedhsm.azure.net") => {
            "https://managedhsm.azure.net".to_owned()
        }
        host => format!("https://{host}"),
    };
    served.ask(&served.token(user, &audience), method, url, body)
}

/// A tenant with a usable policy, and `patch` over it.
pub(crate) fn with_policy(patch: &Value, speed: &str) -> Served {
    let mut whole = policy_ready(json!({}));
    for (name, value) in patch.as_object().unwrap() {
        whole[name] = value.clone();
    }
    Served::patched(&whole, speed)
}

pub(crate) fn uat_id(served: &Served) -> String {
    served.default_of("environment")
}

pub(crate) fn read_environment(served: &Served, id: &str) -> Value {
    ask_as(
        served,
        "admin",
        "GET",
        &format!("{BAP}/scopes/admin/environments/{id}?{EXPANDED}"),
        "",
    )
    .json()
}

/// Every page of the list, by the service's links.
pub(crate) fn pages(served: &Served, user: &str) -> Vec<Vec<Value>> {
    let mut next = Some(format!(
        "{BAP}/scopes/admin/environments?api-version=2023-06-01"
    ));
    let mut all = Vec::new();
    while let Some(url) = next {
        let page = ask_as(served, user, "GET", &url, "").json();
        next = page
            .get("nextLink")
            .map(|link| link.as_str().unwrap().to_owned());
        all.push(page["value"].as_array().unwrap().clone());
    }
    all
}

pub(crate) fn id_of(served: &Served, name: &str) -> String {
    let all = pages(served, "admin").concat();
    let found = all
        .iter()
        .find(|own| own["properties"]["displayName"] == name)
        .unwrap();
    found["name"].as_str().unwrap().to_owned()
}

/// The body for link and unlink, with the policy's system id.
fn system_id(served: &Served) -> String {
    let policy = served.default_of("policy");
    let url = format!("https://management.azure.com{policy}?api-version=2020-10-30");
    let found = ask_as(served, "admin", "GET", &url, "").json();
    json!({ "SystemId": found["properties"]["systemId"] }).to_string()
}

fn link_url(id: &str, action: &str) -> String {
    format!("{BAP}/environments/{id}/enterprisePolicies/Encryption/{action}?api-version=2019-10-01")
}

pub(crate) fn start_link(served: &Served, id: &str) -> Answer {
    ask_as(
        served,
        "admin",
        "POST",
        &link_url(id, "link"),
        &system_id(served),
    )
}

/// Polls until the operation ends. Returns each state once, in order, and the last answer.
pub(crate) fn follow(served: &Served, url: &str) -> (Vec<String>, Answer) {
    let token = served.token("admin", "https://service.powerapps.com/");
    let mut states: Vec<String> = Vec::new();
    loop {
        let answer = served.ask(&token, "GET", url, "");
        let state = answer.json()["state"]["id"]
            .as_str()
            .unwrap_or("gone")
            .to_owned();
        if states.last() != Some(&state) {
            states.push(state.clone());
        }
        if state != "NotStarted" && state != "Running" {
            return (states, answer);
        }
    }
}

#[test]
fn a_policy_block_that_is_hidden_is_there_only_when_it_is_expanded() {
    for (odd_case, name) in [
        (false, "customerManagedKeys"),
        (true, "CustomerManagedKeys"),
    ] {
        let patch = json!({ "environments": { "uat": { "policy": "ep-contoso-cmk" } },
            "settings": { "odd_case": odd_case, "policy_block": "hidden-unless-expanded" } });
        let served = with_policy(&patch, "1");
        let id = uat_id(&served);
        for route in ["scopes/admin/environments", "environments"] {
            let block = |expand: &str| {
                let url = format!(
                    "{BAP}/{route}/{}?api-version=2023-06-01{expand}",
                    id.to_uppercase()
                );
                ask_as(&served, "admin", "GET", &url, "").json()["properties"]
                    .get("enterprisePolicies")
                    .cloned()
            };
            assert_eq!(block(""), None);
            assert_eq!(block("&$expand=permissions"), None);
            assert_eq!(
                block("&$expand=properties.enterprisePolicies"),
                Some(Value::Null)
            );
            let found = block("&$expand=permissions,properties/enterprisePolicies").unwrap();
            assert_eq!(found[name]["linkStatus"], "Linked", "{found}");
            let system = format!(
                "/regions/europe/providers/Microsoft.PowerPlatform/enterprisePolicies/{}",
                found[name]["policyId"].as_str().unwrap()
            );
            assert_eq!(found[name]["systemId"], system);
        }
    }
}

#[test]
fn an_accepted_link_is_an_empty_202_with_an_address_elsewhere() {
    // At real speed, nothing changes during this test.
    let served = with_policy(&json!({}), "1");
    let id = uat_id(&served);
    let answer = start_link(&served, &id);
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    let start = "\r\noperation-location: \
        https://europe.api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/lifecycleOperations/";
    assert!(answer.head.contains(start), "{}", answer.head);
    assert_eq!(answer.header("retry-after"), Some("5"));
    for name in [
        "x-ms-request-id",
        "x-ms-correlation-request-id",
        "x-ms-correlation-id",
        "x-ms-service-request-id",
    ] {
        assert!(answer.header(name).is_some(), "{name}: {}", answer.head);
    }
    let url = answer.header("operation-location").unwrap().to_owned();
    let looks = [(); 2].map(|()| ask_as(&served, "admin", "GET", &url, ""));
    assert!(
        looks
            .iter()
            .all(|look| look.json()["state"]["id"] == "NotStarted")
    );
    assert_eq!(looks[0].json()["type"]["id"], "NewCustomerManagedKey");
    // Both forms of `Retry-After` alternate.
    let mut forms = looks
        .iter()
        .map(|look| look.header("retry-after").unwrap().to_owned())
        .collect::<Vec<_>>();
    forms.sort();
    assert_eq!(forms[0], "5");
    assert!(
        jiff::fmt::rfc2822::parse(&forms[1]).is_ok() && forms[1].ends_with(" GMT"),
        "{}",
        forms[1]
    );

    // During the operation.
    let busy = &read_environment(&served, &id)["properties"];
    assert_eq!(busy["states"]["runtime"]["id"], "Disabled");
    assert_eq!(busy["states"]["management"]["id"], "Running");
    assert_eq!(
        busy["ongoingOperation"]["type"]["id"],
        "NewCustomerManagedKey"
    );
    assert_eq!(
        busy["enterprisePolicies"]["customerManagedKeys"]["linkStatus"],
        "Linking"
    );
    let question = "https://contoso-uat.crm4.dynamics.com/api/data/v9.2/RetrieveFinanceAndOperationsIntegrationDetails";
    assert_eq!(ask_as(&served, "admin", "GET", question, "").status, 503);
    let history = format!(
        "{BAP}/lifecycleOperations?api-version=2024-05-01&$filter=environment%20eq%20'{id}'"
    );
    let history = ask_as(&served, "admin", "GET", &history, "").json();
    assert!(
        url.contains(history["value"][0]["id"].as_str().unwrap()),
        "{history}"
    );
    // No other operation can start.
    let governance =
        format!("{BAP}/environments/{id}/governanceConfiguration?api-version=2021-04-01");
    assert_eq!(
        ask_as(
            &served,
            "admin",
            "POST",
            &governance,
            r#"{"protectionLevel":"Standard"}"#
        )
        .status,
        204
    );
    assert_eq!(
        ask_as(
            &served,
            "admin",
            "POST",
            &link_url(&id, "unlink"),
            &system_id(&served)
        )
        .status,
        409
    );
}

#[test]
fn an_operation_goes_through_its_states_and_reads_lag_behind_it() {
    let served = with_policy(&json!({ "settings": { "link_seconds": 100 } }), "100");
    let id = uat_id(&served);
    let url = start_link(&served, &id)
        .header("operation-location")
        .unwrap()
        .to_owned();
    let (states, last) = follow(&served, &url);
    let order = ["NotStarted", "Running", "Succeeded"];
    assert!(
        order.ends_with(&states.iter().map(String::as_str).collect::<Vec<_>>()) && states.len() > 1,
        "{states:?}"
    );
    assert_eq!(last.header("retry-after"), None);
    let shown = || {
        let properties = read_environment(&served, &id)["properties"].clone();
        let status = properties["enterprisePolicies"]["customerManagedKeys"]["linkStatus"]
            .as_str()
            .unwrap()
            .to_owned();
        (
            status,
            properties["states"]["management"]["id"].clone(),
            properties["states"]["runtime"]["id"].clone(),
        )
    };
    for _ in 0..2 {
        assert_eq!(
            shown(),
            ("Linking".to_owned(), json!("Running"), json!("Disabled"))
        );
    }
    assert_eq!(
        shown(),
        ("Linked".to_owned(), json!("Ready"), json!("Enabled"))
    );
}

#[test]
fn an_operation_can_end_badly_in_every_way_that_is_on_record() {
    let failing = json!({ "settings": { "link_ends": "failed" } });
    let silent = json!({ "settings": { "link_ends": "failed-silently" } });
    let no_grant = policy_is(ungranted_policy());
    for (patch, explained) in [(failing, true), (no_grant, true), (silent, false)] {
        let served = with_policy(&patch, FAST);
        let url = start_link(&served, &uat_id(&served))
            .header("operation-location")
            .unwrap()
            .to_owned();
        let body = follow(&served, &url).1.json();
        assert_eq!(body["state"]["id"], "Failed");
        assert_eq!(
            body["error"]["code"].is_string() && body["error"]["message"].is_string(),
            explained,
            "{body}"
        );
        let stages = body["stages"].as_array().unwrap();
        assert_eq!(
            stages
                .iter()
                .all(|stage| stage["state"]["id"] == "Succeeded"),
            !explained,
            "{body}"
        );
    }
    let served = with_policy(&json!({ "settings": { "link_ends": "vanished" } }), FAST);
    let url = start_link(&served, &uat_id(&served))
        .header("operation-location")
        .unwrap()
        .to_owned();
    let gone = follow(&served, &url).1;
    assert_eq!(
        (gone.status, gone.json()["error"]["code"].clone()),
        (404, json!("OperationNotFound"))
    );
}

#[test]
fn what_stands_against_a_link_is_said_as_the_service_says_it() {
    let served = with_policy(
        &json!({ "environments": { "production": { "managed": false } } }),
        "1",
    );
    let (uat, body) = (uat_id(&served), system_id(&served));
    let (unmanaged, trial) = (
        id_of(&served, "Contoso Production"),
        id_of(&served, "Contoso Trial"),
    );
    let (unknown, path) = (
        uat.replace(|ch: char| ch.is_ascii_alphabetic(), "0"),
        link_url(&uat, "link"),
    );
    let scoped = path.replace("/environments/", "/scopes/admin/environments/");
    let arm_id = json!({ "SystemId": served.cloud()["defaults"]["policy"] }).to_string();
    let invalid = "InvalidLifecycleOperationRequest";
    for (user, url, body, status, code, words) in [
        (
            "admin",
            &link_url(&unmanaged, "link"),
            &body,
            400,
            invalid,
            "because of the governance configuration.",
        ),
        (
            "admin",
            &link_url(&trial, "link"),
            &body,
            400,
            invalid,
            "on environment of type Trial.",
        ),
        (
            "admin",
            &path,
            &"{}".to_owned(),
            400,
            "InvalidRequestContent",
            "SystemId",
        ),
        (
            "admin",
            &path,
            &arm_id,
            404,
            "EnterprisePolicyNotFound",
            "enterprisePolicies",
        ),
        (
            "observer",
            &path,
            &body,
            403,
            "UserMissingRequiredPermission",
            "ManageProtectionKeys",
        ),
        (
            "power-platform-admin",
            &path,
            &body,
            403,
            "EnvironmentAccess",
            "enterprise policy",
        ),
        (
            "unregistered",
            &path,
            &body,
            403,
            "Forbidden",
            "does not have permission to access the path",
        ),
        (
            "admin",
            &link_url(&unknown, "link"),
            &body,
            404,
            "EnvironmentNotFound",
            "could not be found in the tenant",
        ),
        (
            "admin",
            &scoped,
            &body,
            404,
            "NotFound",
            "No HTTP resource was found",
        ),
    ] {
        let answer = ask_as(&served, user, "POST", url, body);
        let error = answer.json()["error"].clone();
        assert_eq!(
            (answer.status, error["code"].as_str()),
            (status, Some(code)),
            "{user} {url}: {error}"
        );
        assert!(
            error["message"].as_str().unwrap().contains(words),
            "{error}"
        );
    }
    // A caller without a role gets the same answer as for a missing environment.
    let single = format!("{BAP}/scopes/admin/environments/{uat}?api-version=2023-06-01");
    assert_eq!(
        ask_as(&served, "observer", "GET", &single, "").json()["error"]["code"],
        "EnvironmentNotFound"
    );
    let bearer = format!(
        "Bearer {}",
        served.token("admin", "https://service.powerapps.com/")
    );
    let headers = [
        ("x-cmkctl-host", "api.bap.microsoft.com"),
        ("authorization", bearer.as_str()),
    ];
    let untyped = http(
        &served.url,
        "POST",
        path.strip_prefix("https://api.bap.microsoft.com").unwrap(),
        &headers,
        &body,
    );
    assert_eq!((untyped.status, served.effects()), (415, Vec::new()));
    // The other spelling of the body's only field works too.
    let lower = body.replace("SystemId", "systemId");
    assert_eq!(ask_as(&served, "admin", "POST", &path, &lower).status, 202);
}

#[test]
fn a_busy_environment_says_so_with_or_without_words() {
    for (conflict_body, code) in [(true, Some("OperationNotStartable")), (false, None)] {
        let served = with_policy(
            &json!({ "settings": { "conflict_body": conflict_body } }),
            "1",
        );
        let id = uat_id(&served);
        assert_eq!(start_link(&served, &id).status, 202);
        let again = start_link(&served, &id);
        assert_eq!(
            (again.status, again.body.is_empty()),
            (409, code.is_none()),
            "{}",
            again.body
        );
        assert!(code.is_none_or(|code| again.json()["error"]["code"] == code));
        assert_eq!(served.effects(), ["link-started"]);
    }
}

#[test]
fn the_list_comes_in_pages_or_whole() {
    let size =
        |size: u32| Served::patched(&plain(json!({ "settings": { "page_size": size } })), "1");
    let (small, large) = (size(3), size(100));
    let names = |pages: &[Vec<Value>]| {
        pages
            .concat()
            .iter()
            .map(|own| own["name"].as_str().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };
    let (several, one) = (pages(&small, "admin"), pages(&large, "admin"));
    assert_eq!(
        several.iter().map(Vec::len).collect::<Vec<_>>(),
        [3, 3, 3, 1]
    );
    assert_eq!((one.len(), names(&one).len()), (1, 10));
    assert_eq!(names(&several), names(&one));
    assert!(names(&one).iter().any(|name| name.starts_with("Default-")));
    assert_eq!(pages(&large, "observer"), [Vec::<Value>::new()]);
    // The next page is expanded like the first.
    let first = format!("{BAP}/scopes/admin/environments?{EXPANDED}");
    let next = ask_as(&small, "admin", "GET", &first, "").json()["nextLink"]
        .as_str()
        .unwrap()
        .to_owned();
    let second = ask_as(&small, "admin", "GET", &next, "").json();
    assert!(
        second["value"][0]["properties"]["permissions"]["ManageProtectionKeys"].is_object(),
        "{next}"
    );
}

#[test]
fn an_environment_lacks_what_it_does_not_have() {
    let served = Served::patched(&plain(uat_is(json!({ "managed": false }))), FAST);
    let initial = id_of(&served, "Contoso Test (initial)");
    let bare = &read_environment(&served, &initial)["properties"];
    assert_eq!(
        (&bare["linkedEnvironmentMetadata"], &bare["databaseType"]),
        (&Value::Null, &json!("None"))
    );
    assert!(bare["linkedAppMetadata"]["url"].is_string() && bare.get("ongoingOperation").is_none());
    assert!(bare["governanceConfiguration"].get("settings").is_none());
    let govern = |id: &str, method: &str| {
        let url = format!("{BAP}/environments/{id}/governanceConfiguration?api-version=2021-04-01");
        ask_as(
            &served,
            "admin",
            method,
            &url,
            r#"{"protectionLevel":"Standard"}"#,
        )
    };
    assert_eq!(govern(&initial, "POST").status, 400);
    // A PATCH of the environment succeeds and changes nothing.
    let id = uat_id(&served);
    let patch = r#"{"properties":{"governanceConfiguration":{"protectionLevel":"Standard"}}}"#;
    let url = format!("{BAP}/scopes/admin/environments/{id}?api-version=2021-04-01");
    assert_eq!(ask_as(&served, "admin", "PATCH", &url, patch).status, 204);
    assert_eq!(
        read_environment(&served, &id)["properties"]["governanceConfiguration"]["protectionLevel"],
        "Basic"
    );
    // The correct way is an operation, which keeps the environment online.
    let started = govern(&id, "POST");
    assert_eq!((started.status, started.body.as_str()), (202, ""));
    let (_, last) = follow(&served, started.header("operation-location").unwrap());
    assert_eq!(last.json()["type"]["id"], "EnableGovernanceConfiguration");
    while read_environment(&served, &id)["properties"]["states"]["management"]["id"] != "Ready" {}
    assert_eq!(
        read_environment(&served, &id)["properties"]["governanceConfiguration"]["protectionLevel"],
        "Standard"
    );
    assert_eq!(govern(&id, "POST").status, 204);
}

#[test]
fn a_management_application_is_registered_by_an_administrator() {
    let served = Served::start("ready", "1");
    let users = served.cloud()["users"].clone();
    let unregistered = users
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["name"] == "unregistered")
        .unwrap()
        .clone();
    let client = unregistered["client_id"].as_str().unwrap();
    let url = format!("{BAP}/adminApplications/{client}?api-version=2020-10-01");
    let list = format!("{BAP}/adminApplications?api-version=2020-10-01");
    let known = || {
        ask_as(&served, "admin", "GET", &list, "").json()["value"]
            .to_string()
            .matches(client)
            .count()
    };
    let before = ask_as(&served, "admin", "GET", &url, "");
    assert_eq!(
        (before.status, before.json()["error"]["code"].clone()),
        (400, json!("InvalidApplicationId"))
    );
    for user in ["unregistered", "observer"] {
        assert_eq!(ask_as(&served, user, "PUT", &url, "").status, 403, "{user}");
    }
    assert_eq!(known(), 0);
    for _ in 0..2 {
        let put = ask_as(&served, "admin", "PUT", &url, "");
        assert_eq!(
            (put.status, put.json()),
            (200, json!({ "applicationId": client }))
        );
    }
    assert_eq!(
        (ask_as(&served, "admin", "GET", &url, "").status, known()),
        (200, 1)
    );
    assert_eq!(pages(&served, "unregistered").concat().len(), 10);
    assert_eq!(ask_as(&served, "admin", "DELETE", &url, "").status, 200);
    assert_eq!(
        (
            ask_as(&served, "unregistered", "GET", &list, "").status,
            known()
        ),
        (403, 0)
    );
}

#[test]
fn dataverse_and_the_power_platform_api_answer_as_published() {
    let served = Served::start("ready", "1");
    let ask_org = |user: &str, organization: &str| {
        let path = "crm4.dynamics.com/api/data/v9.2/RetrieveFinanceAndOperationsIntegrationDetails";
        ask_as(
            &served,
            user,
            "GET",
            &format!("https://{organization}.{path}"),
            "",
        )
    };
    let yes = ask_org("admin", "contoso-uat").json();
    assert!(
        ["Url", "TenantId", "Id"]
            .iter()
            .all(|name| yes[*name].is_string()),
        "{yes}"
    );
    let no = ask_org("admin", "contoso-dev-a");
    assert_eq!(
        (no.status, no.json()["error"]["code"].clone()),
        (400, json!("0x80048d0b"))
    );
    let words = "Dataverse instance isn't integrated with finance and operations.";
    assert_eq!(no.json()["error"]["message"], words);
    assert_eq!(ask_org("key-vault-admin", "contoso-uat").status, 403);
    let url = format!(
        "https://api.powerplatform.com/environmentmanagement/environments/{}?api-version=2024-10-01",
        uat_id(&served)
    );
    let flat = ask_as(&served, "admin", "GET", &url, "").json();
    assert_eq!(
        (&flat["protectionLevel"], &flat["finOpsMetadata"]["type"]),
        (&json!("Standard"), &json!("Linked"))
    );
}
