//! Queries and lists of the two Power Platform APIs: options are applied or refused, and pages link
//! to each other.

use crate::sandbox_wire::{BAP, ask_as, id_of, start_link, uat_id, with_policy};
use crate::tenants::{linked_uat, plain, policy_ready};
use crate::tool::{Answer, FAST, Served, overlaid};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const API: &str = "https://api.powerplatform.com/environmentmanagement/environments";

fn ask(served: &Served, url: &str) -> Answer {
    ask_as(served, "admin", "GET", url, "")
}

/// The code of a refusal, in the shape of either API.
fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let error = ["error", "errorDetail"].map(|name| body[name]["code"].clone());
    let found = error.iter().find_map(Value::as_str);
    found.unwrap_or_default().to_owned()
}

/// Every list of the two APIs.
fn lists() -> [String; 5] {
    [
        format!("{BAP}/scopes/admin/environments?api-version=2023-06-01"),
        format!("{BAP}/environments?api-version=2020-10-01"),
        format!("{BAP}/lifecycleOperations?api-version=2024-05-01"),
        format!("{BAP}/adminApplications?api-version=2020-10-01"),
        format!("{API}?api-version=2024-10-01"),
    ]
}

/// Pages of two items, and at least three items in each list.
fn paged(settings: Value) -> Served {
    let past = |days: f64| {
        let kind = "NewCustomerManagedKey";
        json!({ "environment": "uat", "kind": kind, "days_ago": days })
    };
    let user = json!({ "about": "is one more.", "power_platform": "admin" });
    let patch = json!({
        "settings": overlaid(json!({ "page_size": 2 }), settings),
        "history": [past(3.0), past(2.0), past(1.0)],
        "users": { "one": user, "two": user },
    });
    Served::patched(&plain(patch), "1")
}

/// The next link, in any spelling.
fn next(page: &Value) -> Option<String> {
    let links = page.as_object().unwrap().iter();
    links
        .filter(|(name, _)| name.to_ascii_lowercase().ends_with("nextlink"))
        .find_map(|(_, link)| link.as_str().map(str::to_owned))
}

/// All items of a list, and the number of its pages.
fn whole(served: &Served, first: &str) -> (Vec<Value>, usize) {
    let (mut all, mut url, mut count) = (Vec::new(), Some(first.to_owned()), 0);
    while let Some(here) = url {
        let page = ask(served, &here).json();
        all.extend(page["value"].as_array().unwrap_or(&Vec::new()).clone());
        url = next(&page);
        count += 1;
        assert!(count < 100, "{here}");
    }
    (all, count)
}

#[test]
fn one_environment_shows_its_policy_and_a_list_only_when_it_is_expanded() {
    let expand = "&$expand=permissions,properties/enterprisePolicies";
    for (setting, on_one, expanded) in [
        (None, true, true),
        (Some("shown"), true, true),
        (Some("hidden-unless-expanded"), false, true),
        (Some("hidden"), false, false),
    ] {
        let settings = setting.map_or(json!({}), |how| json!({ "policy_block": how }));
        let served = Served::patched(&linked_uat(json!({ "settings": settings })), "1");
        let id = uat_id(&served);
        for route in ["scopes/admin/environments", "environments"] {
            for version in ["2016-11-01", "2020-10-01", "2023-06-01"] {
                let shows = |more: &str| {
                    let url = format!("{BAP}/{route}/{id}?api-version={version}{more}");
                    let block =
                        ask(&served, &url).json()["properties"]["enterprisePolicies"].clone();
                    block["customerManagedKeys"]["linkStatus"] == "Linked"
                };
                assert_eq!(shows(""), on_one, "{setting:?} {route}");
                assert_eq!(shows("&$expand=permissions"), on_one, "{setting:?} {route}");
                assert_eq!(shows(expand), expanded, "{setting:?} {route}");
                // The dotted spelling gives `null`, as recorded.
                assert!(!shows("&$expand=properties.enterprisePolicies"));
            }
            let in_list = |more: &str| {
                let url = format!("{BAP}/{route}?api-version=2023-06-01{more}");
                let (all, _) = whole(&served, &url);
                let own = all.iter().find(|own| own["name"] == id.as_str()).unwrap();
                own["properties"].get("enterprisePolicies").cloned()
            };
            assert_eq!(in_list(""), None, "{setting:?} {route}");
            assert_eq!(in_list(expand).is_some(), expanded, "{setting:?} {route}");
            assert_eq!(
                in_list("&$expand=properties.enterprisePolicies"),
                Some(Value::Null)
            );
        }
    }
}

#[test]
fn every_route_wants_a_version_that_it_knows() {
    let served = paged(json!({}));
    let (uat, client) = (uat_id(&served), served.client_id("admin"));
    let link = format!("{BAP}/environments/{uat}/enterprisePolicies/Encryption");
    for (method, url, known) in [
        (
            "GET",
            format!("{BAP}/scopes/admin/environments"),
            "2023-06-01",
        ),
        (
            "GET",
            format!("{BAP}/scopes/admin/environments/{uat}"),
            "2020-10-01",
        ),
        (
            "PATCH",
            format!("{BAP}/scopes/admin/environments/{uat}"),
            "2021-04-01",
        ),
        ("GET", format!("{BAP}/environments"), "2020-10-01"),
        ("GET", format!("{BAP}/environments/{uat}"), "2016-11-01"),
        ("POST", format!("{link}/link"), "2019-10-01"),
        ("POST", format!("{link}/unlink"), "2019-10-01"),
        (
            "POST",
            format!("{BAP}/environments/{uat}/governanceConfiguration"),
            "2021-04-01",
        ),
        ("GET", format!("{BAP}/lifecycleOperations"), "2024-05-01"),
        ("GET", format!("{BAP}/lifecycleOperations/x"), "2019-10-01"),
        ("GET", format!("{BAP}/lifecycleOperations/x"), "2023-06-01"),
        ("GET", format!("{BAP}/tenant"), "2021-04-01"),
        ("GET", format!("{BAP}/locations"), "2023-06-01"),
        ("GET", format!("{BAP}/adminApplications"), "2020-10-01"),
        (
            "GET",
            format!("{BAP}/adminApplications/{client}"),
            "2020-10-01",
        ),
        ("GET", API.to_owned(), "2024-10-01"),
        ("GET", format!("{API}/{uat}"), "2024-10-01"),
        ("POST", format!("{API}/{uat}/Enable"), "2024-10-01"),
    ] {
        let sent = |query: &str| ask_as(&served, "admin", method, &format!("{url}{query}"), "");
        let refused = |query: &str| {
            let answer = sent(query);
            (answer.status, code(&answer), answer.body)
        };
        for query in ["", "?api-version=", "?other=1"] {
            let (status, code, _) = refused(query);
            assert_eq!(
                (status, code.as_str()),
                (400, "MissingApiVersionParameter"),
                "{url}{query}"
            );
        }
        let (status, code, body) = refused("?api-version=2015-01-01");
        assert_eq!(
            (status, code.as_str()),
            (400, "InvalidApiVersionParameter"),
            "{url}"
        );
        assert!(
            body.contains("2015-01-01") && body.contains(known),
            "{url}: {body}"
        );
        let (status, code, body) = refused(&format!("?api-version={known}&$orderby=name"));
        assert_eq!(
            (status, code.as_str()),
            (400, "InvalidQueryParameter"),
            "{url}"
        );
        assert!(body.contains("$orderby"), "{url}: {body}");
        // Other parameters are ignored.
        let (_, code, _) = refused(&format!("?api-version={known}&id=x"));
        assert!(!code.contains("Parameter"), "{url}: {code}");
    }
    assert!(
        served
            .effects()
            .iter()
            .all(|effect| effect == "enable-started")
    );
    // A missing route is a 404 with any version.
    assert_eq!(code(&ask(&served, &format!("{BAP}/nothing"))), "NotFound");
}

#[test]
fn every_list_leads_from_page_to_page() {
    let served = paged(json!({}));
    for first in lists() {
        let (all, pages) = whole(&served, &first);
        assert!(all.len() > 2, "{first}: {all:?}");
        assert_eq!(pages, all.len().div_ceil(2), "{first}");
        let distinct: BTreeSet<String> = all.iter().map(Value::to_string).collect();
        assert_eq!(distinct.len(), all.len(), "{first}");
        let page = ask(&served, &first).json();
        let link = next(&page).unwrap();
        assert!(link.starts_with(first.split('?').next().unwrap()), "{link}");
        assert!(
            link.contains("api-version=20") && link.contains("skiptoken"),
            "{link}"
        );
        // A number beyond the list, or a text, is no valid token.
        for token in ["x", "-1", "1000"] {
            let odd = ask(&served, &format!("{first}&$skiptoken={token}"));
            assert_eq!(
                (odd.status, code(&odd).as_str()),
                (400, "InvalidSkipToken"),
                "{first}"
            );
        }
        // The limit applies to all pages together.
        let (some, pages) = whole(&served, &format!("{first}&$top=3"));
        assert_eq!((some.as_slice(), pages), (&all[..3], 2), "{first}");
        assert_eq!(whole(&served, &format!("{first}&$top=0")), (Vec::new(), 1));
        let odd = ask(&served, &format!("{first}&$top=many"));
        assert_eq!(
            (odd.status, code(&odd).as_str()),
            (400, "InvalidQueryParameter")
        );
    }
    // The next link of the Power Platform API has its model's name.
    let page = ask(&served, &lists()[4]).json();
    assert!(page["@odata.nextlink"].is_string(), "{page}");
    // The next page keeps the options.
    let expanded = "&$expand=properties.enterprisePolicies&$filter=location%20ne%20'x'";
    let (all, pages) = whole(&served, &format!("{}{expanded}", lists()[0]));
    assert!(pages > 2);
    assert!(
        all.iter()
            .all(|own| own["properties"].get("enterprisePolicies") == Some(&Value::Null))
    );
}

#[test]
fn pages_go_wrong_as_the_setting_says() {
    let one_list = "/lifecycleOperations";
    let broken = paged(json!({ "page_troubles": { "breaks_after": 1 } }));
    let endless = paged(json!({ "page_troubles": { "repeats_link": true } }));
    let nameless = paged(json!({ "page_troubles": { "items_without_id": true } }));
    let narrow = paged(json!({
        "page_troubles": { "path": one_list.to_lowercase(), "items_without_id": true },
    }));
    for first in lists() {
        let page = ask(&broken, &first).json();
        let second = ask(&broken, &next(&page).unwrap());
        assert_eq!(
            (second.status, code(&second).as_str()),
            (503, "ServiceUnavailable")
        );

        let here = ask(&endless, &first).json();
        let again = ask(&endless, &next(&here).unwrap()).json();
        assert_eq!((&here, next(&here)), (&again, next(&again)), "{first}");

        let named = |served: &Served| {
            let page = ask(served, &first).json();
            page["value"][0]
                .get("id")
                .or(page["value"][0].get("name"))
                .is_some()
        };
        assert!(!named(&nameless), "{first}");
        let has_names = !first.contains("adminApplications");
        assert_eq!(
            named(&narrow),
            has_names && !first.contains(one_list),
            "{first}"
        );
    }
}

#[test]
fn filters_are_honoured_or_refused() {
    let served = with_policy(&json!({ "settings": { "page_size": 100 } }), "1");
    let uat = uat_id(&served);
    assert_eq!(start_link(&served, &uat).status, 202);
    let found = |list: &str, filter: &str| {
        let (all, _) = whole(
            &served,
            &format!("{list}&$filter={}", filter.replace(' ', "%20")),
        );
        all
    };
    let names = |all: &[Value]| {
        let name = |own: &Value| {
            own["properties"]["displayName"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        all.iter().map(name).collect::<Vec<_>>()
    };
    let [admin, maker, operations, applications, api] = lists();
    for list in [&admin, &maker] {
        let sales = found(
            list,
            "properties/environmentSku eq 'production' and location ne 'europe'",
        );
        assert_eq!(names(&sales), ["Contoso Sales"]);
        let all = found(list, "properties.environmentSku ne 'Platform'");
        assert_eq!(all.len(), 10);
        assert_eq!(
            names(&found(list, "properties/isDefault eq true")),
            ["Contoso (default)"]
        );
        assert!(found(list, "name eq 'x'").is_empty());
    }
    // Newest first, and for every environment if the filter names none.
    let dev = id_of(&served, "Contoso Sales");
    for (filter, count) in [
        (format!("environment eq '{uat}'"), 1),
        (format!("environment eq '{dev}'"), 0),
        (format!("environment ne '{dev}'"), 1),
        ("environment eq 'x'".to_owned(), 0),
        ("type/id eq 'NewCustomerManagedKey'".to_owned(), 1),
        ("state/id eq 'Succeeded'".to_owned(), 0),
    ] {
        assert_eq!(found(&operations, &filter).len(), count, "{filter}");
    }
    assert_eq!(whole(&served, &operations).0.len(), 1);
    let flat = found(&api, "type eq 'Production' and geo eq 'unitedkingdom'");
    assert_eq!(flat[0]["displayName"], "Contoso Sales");
    assert_eq!(
        (flat.len(), found(&api, &format!("id ne '{uat}'")).len()),
        (1, 9)
    );
    for list in [admin, maker, operations, applications, api] {
        for odd in [
            "startswith(name,'C')",
            "colour%20eq%20'red'",
            "environment",
            "name%20gt%20'a'",
        ] {
            let answer = ask(&served, &format!("{list}&$filter={odd}"));
            assert_eq!(
                (answer.status, code(&answer).as_str()),
                (400, "InvalidQueryParameter"),
                "{list} {odd}"
            );
        }
    }
}

#[test]
fn the_default_environment_has_a_name_of_its_own() {
    let served = Served::start("ready", "1");
    for name in ["~Default", "~default"] {
        for route in ["environments", "scopes/admin/environments"] {
            let url = format!("{BAP}/{route}/{name}?api-version=2020-10-01");
            let found = ask(&served, &url).json();
            assert_eq!(
                found["name"],
                format!("Default-{}", served.tenant_id()),
                "{found}"
            );
        }
    }
    let other = format!("{BAP}/environments/~other?api-version=2020-10-01");
    assert_eq!(code(&ask(&served, &other)), "EnvironmentNotFound");
    // Without a default environment, `~default` matches nothing.
    let without = Served::patched(&plain(json!({ "environments": { "default": null } })), "1");
    let url = format!("{BAP}/environments/~default?api-version=2020-10-01");
    assert_eq!(code(&ask(&without, &url)), "EnvironmentNotFound");
    // Makers get another type and another id of an environment.
    let (all, _) = whole(
        &served,
        &format!("{BAP}/environments?api-version=2020-10-01"),
    );
    assert!(all.iter().all(|own| {
        own["type"] == "Microsoft.BusinessAppPlatform/environments"
            && !own["id"].as_str().unwrap().contains("scopes/admin")
    }));
    assert_eq!(all.len(), 10);
}

#[test]
fn the_power_platform_api_lists_selects_and_refuses_in_its_own_shape() {
    let served = Served::patched(
        &linked_uat(json!({ "settings": { "page_size": 100 } })),
        "1",
    );
    let uat = uat_id(&served);
    let version = "api-version=2024-10-01";
    let all = whole(&served, &format!("{API}?{version}")).0;
    assert_eq!(all.len(), 10);
    let own = all.iter().find(|own| own["id"] == uat.as_str()).unwrap();
    assert_eq!(own["enterprisePolicies"]["encryption"]["status"], "Linked");
    assert_eq!(own, &ask(&served, &format!("{API}/{uat}?{version}")).json());
    let few = json!({ "id": uat, "displayName": "Contoso UAT" });
    let selected = ask(
        &served,
        &format!("{API}/{uat}?{version}&$select=id,DisplayName"),
    );
    assert_eq!(selected.json(), few);
    let selected = whole(
        &served,
        &format!("{API}?{version}&$select=id,displayName&ids={uat},x"),
    );
    assert_eq!(selected.0, [few]);
    let rest = whole(&served, &format!("{API}?{version}&$skip=8"));
    assert_eq!(rest.0, all[8..]);
    assert!(
        ask_as(&served, "observer", "GET", &format!("{API}?{version}"), "").json()["value"]
            == json!([])
    );
    let enable = format!("{API}/{uat}/Enable?{version}");
    let missing = format!("{API}/x?{version}");
    for (user, method, url, status, code, field) in [
        (
            "admin",
            "GET",
            missing.as_str(),
            404,
            "EnvironmentNotFound",
            "environmentId",
        ),
        (
            "observer",
            "POST",
            &enable,
            404,
            "EnvironmentNotFound",
            "environmentId",
        ),
        (
            "admin",
            "GET",
            API,
            400,
            "MissingApiVersionParameter",
            "query",
        ),
        ("admin", "DELETE", &missing, 404, "NotFound", "path"),
    ] {
        let answer = ask_as(&served, user, method, url, "");
        let detail = answer.json()["errorDetail"].clone();
        assert_eq!(
            (answer.status, detail["code"].as_str()),
            (status, Some(code)),
            "{url}"
        );
        assert!(detail["fieldErrors"][field].is_string(), "{detail}");
    }
    let busy = [(); 2].map(|()| ask_as(&served, "admin", "POST", &enable, ""));
    assert_eq!(busy.map(|answer| answer.status), [202, 409]);
}

#[test]
fn a_policy_that_no_read_shows_is_never_taken_for_none() {
    for (setting, seen) in [("hidden", false), ("hidden-unless-expanded", true)] {
        let settings = json!({ "settings": { "policy_block": setting } });
        let served = Served::patched(&linked_uat(settings), FAST);
        let all = served
            .run(&["status", "--all", "-o", "json"])
            .exits(0)
            .json();
        let environments = all["environments"].as_array().unwrap();
        let uat = environments.iter().find(|own| own["name"] == "Contoso UAT");
        let state = if seen { "encrypted" } else { "not-visible" };
        assert_eq!(uat.unwrap()["state"], state, "{all:#}");
        let one = served.run(&["status"]).exits(0);
        assert_eq!(
            one.stdout.contains("link status Linked"),
            seen,
            "{}",
            one.stdout
        );
        assert_eq!(one.stdout.contains("not readable"), !seen, "{}", one.stdout);
        let check = served.run(&["check"]);
        assert_eq!(
            (check.code == 0, check.stdout.contains("CMK041")),
            (seen, !seen)
        );
        let adding = ["add-environment", "--yes", "--confirm", "Contoso UAT"];
        served.run(&adding).exits(if seen { 0 } else { 6 });
        assert_eq!(served.ledger()["writes"], 0, "{setting}");
    }
    // If no read shows the added policy, the link is sent once and not verified.
    let settings = json!({ "settings": { "policy_block": "hidden" } });
    let served = Served::patched(&policy_ready(settings), FAST);
    served
        .run(&["add-environment", "--yes", "--confirm", "Contoso UAT"])
        .exits(9);
    assert_eq!(served.effects(), ["link-started"]);
}

#[test]
fn the_client_asks_as_microsofts_own_clients_do() {
    let served = Served::patched(&policy_ready(json!({})), FAST);
    let id = uat_id(&served);
    let asked = served.run(&["status", "-vv"]).exits(0).stderr;
    let maker = format!("/environments/{id}?api-version=2016-11-01 -> 200");
    let administrator = format!(
        "/scopes/admin/environments/{id}?api-version=2023-06-01\
        &$expand=permissions,properties/enterprisePolicies -> 200"
    );
    assert!(
        asked.contains(&maker) && asked.contains(&administrator),
        "{asked}"
    );
    // One operation that is found by its id, and one whose address the service returned.
    assert_eq!(start_link(&served, &id).status, 202);
    let adding = [
        "add-environment",
        "--yes",
        "--confirm",
        "Contoso UAT",
        "-vv",
    ];
    let found = served.run(&adding).exits(0).stderr;
    assert!(found.contains("?api-version=2023-06-01 -> 200"), "{found}");
    let polled = |text: &str, version: &str| {
        let line = |line: &&str| line.contains("/lifecycleOperations/");
        let mut lines = text.lines().filter(line).peekable();
        assert!(lines.peek().is_some(), "{text}");
        lines.all(|line| line.contains(&format!("?api-version={version} -> ")))
    };
    assert!(polled(&found, "2023-06-01"), "{found}");
    let served = Served::patched(&policy_ready(json!({})), FAST);
    let given = served.run(&adding).exits(0).stderr;
    assert!(polled(&given, "2019-10-01"), "{given}");
}
