//! The sandbox's directory against the published interface of Microsoft Graph: raw HTTP, no client
//! types, as in [`crate::sandbox_wire`].

use crate::sandbox_wire::{ask_as, with_policy};
use crate::tool::{Answer, Served};
use serde_json::{Value, json};

const GRAPH: &str = "https://graph.microsoft.com/v1.0";

fn get(served: &Served, path: &str) -> Answer {
    ask_as(served, "observer", "GET", &format!("{GRAPH}{path}"), "")
}

#[test]
fn principals_are_found_by_what_clients_know_of_them() {
    let served = with_policy(
        &json!({ "groups": { "crypto": { "members": ["admin"] } } }),
        "1",
    );
    let policy = served.default_of("policy");
    let name = policy.rsplit('/').next().unwrap();
    let (client, object) = (served.client_id("admin"), served.object_id("admin"));
    let ids = |path: &str| -> Vec<Value> {
        let answer = get(&served, path);
        assert_eq!(answer.status, 200, "{path} {}", answer.body);
        let all = answer.json()["value"].as_array().unwrap().clone();
        all.iter().map(|own| own["id"].clone()).collect()
    };
    let app = format!("/servicePrincipals?$filter=appId%20eq%20'{client}'");
    let named = format!(
        "/servicePrincipals?$filter=servicePrincipalNames%2Fany%28c%3Ac%20eq%20%27{client}%27%29"
    );
    let upn = "/users?$filter=userPrincipalName%20eq%20'admin@contoso.onmicrosoft.com'";
    for path in [&*app, &*named, upn] {
        assert_eq!(ids(path), [json!(object)], "{path}");
    }
    let identity = format!("/servicePrincipals?$filter=displayName%20eq%20'{name}'");
    let begins = "/servicePrincipals?$filter=startswith(displayName,'ep-')";
    assert_eq!(ids(&identity), ids(begins));
    assert_eq!(ids(&identity).len(), 1);
    let group = ids("/groups?$filter=displayName%20eq%20'crypto'");
    assert_eq!(group.len(), 1);
    assert_eq!(ids("/users?$filter=displayName%20eq%20'none'").len(), 0);

    let body = json!({ "ids": [object, group[0], ids(begins)[0],
        "00000000-0000-0000-0000-000000000001"],
        "types": ["user", "group", "servicePrincipal", "directoryObjectPartnerReference"] });
    let url = format!("{GRAPH}/directoryObjects/getByIds");
    let found = ask_as(&served, "observer", "POST", &url, &body.to_string()).json();
    let kinds: Vec<&str> = found["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["@odata.type"].as_str().unwrap())
        .collect();
    let graph = "#microsoft.graph.";
    let expected = ["user", "group", "servicePrincipal"].map(|kind| format!("{graph}{kind}"));
    assert_eq!(kinds, expected);
    for path in [
        "/users/admin@contoso.onmicrosoft.com".to_owned(),
        format!("/users/{object}"),
        format!("/servicePrincipals/{object}"),
        format!("/servicePrincipals(appId='{client}')"),
    ] {
        assert_eq!(get(&served, &path).json()["id"], json!(object), "{path}");
    }
}

#[test]
fn what_is_not_there_is_said_in_the_words_of_graph() {
    let served = Served::start("ready", "1");
    let none = "00000000-0000-0000-0000-000000000001";
    for (path, status, code) in [
        (format!("/users/{none}"), 404, "Request_ResourceNotFound"),
        (
            format!("/servicePrincipals/{none}"),
            404,
            "Request_ResourceNotFound",
        ),
        (
            "/users?$filter=endswith(mail,'x')".to_owned(),
            400,
            "Request_UnsupportedQuery",
        ),
        ("/planets".to_owned(), 400, "BadRequest"),
        // The sandbox's users sign in with a secret, as applications.
        ("/me".to_owned(), 400, "BadRequest"),
    ] {
        let answer = get(&served, &path);
        let error = answer.json()["error"].clone();
        assert_eq!(
            (answer.status, &error["code"]),
            (status, &json!(code)),
            "{path}"
        );
        assert!(error["innerError"]["request-id"].is_string(), "{path}");
    }
    let url = format!("{GRAPH}/users");
    let denied = ask_as(&served, "admin", "POST", &url, "{}");
    assert_eq!(denied.status, 403);
    let wrong = served.token("admin", "https://management.azure.com");
    assert_eq!(served.ask(&wrong, "GET", &url, "").status, 401);
}
