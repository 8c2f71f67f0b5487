//! Users who sign in to the sandbox, as the Microsoft identity platform describes it: the page, the
//! code, its redemption, refresh tokens, and claims.

use crate::tool::{Answer, Served, http, run};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::HashMap;
use url::Url;

const LOGIN: [(&str, &str); 1] = [("x-cmkctl-host", "login.microsoftonline.com")];
const CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const ARM: &str = "https://management.azure.com";
const REDIRECT: &str = "http://localhost:4711";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// Replaces pairs of the same name, and drops empty ones.
fn with<'a>(pairs: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = pairs
        .iter()
        .filter(|(name, _)| more.iter().all(|(own, _)| own != name));
    let all = kept.chain(more).filter(|(_, value)| !value.is_empty());
    all.copied().collect()
}

fn page(served: &Served, more: &[(&str, &str)]) -> Answer {
    let scope = format!("{ARM}/.default offline_access");
    let pairs = [
        ("client_id", CLIENT),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", scope.as_str()),
        ("state", "s t"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let query = encoded(&with(&pairs, more));
    let path = format!("/{}/oauth2/v2.0/authorize?{query}", served.tenant_id());
    http(&served.url, "GET", &path, &LOGIN, "")
}

/// The parameters of the page's redirect.
fn back(answer: &Answer) -> HashMap<String, String> {
    assert_eq!(answer.status, 302, "{}", answer.body);
    let url = Url::parse(answer.header("location").unwrap()).unwrap();
    assert!(url.as_str().starts_with(REDIRECT), "{url}");
    url.query_pairs().into_owned().collect()
}

fn token(served: &Served, pairs: &[(&str, &str)]) -> Value {
    let path = format!("/{}/oauth2/v2.0/token", served.tenant_id());
    http(&served.url, "POST", &path, &LOGIN, &encoded(pairs)).json()
}

fn redeemed(served: &Served, code: &str, more: &[(&str, &str)]) -> Value {
    let pairs = [
        ("client_id", CLIENT),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
        (
            "scope",
            "https://management.azure.com/.default offline_access",
        ),
    ];
    token(served, &with(&pairs, more))
}

fn refreshed(served: &Served, refresh: &Value, more: &[(&str, &str)]) -> Value {
    let scope = format!("{ARM}/.default offline_access");
    let pairs = [
        ("client_id", CLIENT),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str().unwrap()),
        ("scope", scope.as_str()),
    ];
    token(served, &with(&pairs, more))
}

fn payload(answer: &Value) -> Value {
    let token = answer["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"));
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[track_caller]
fn refused(answer: &Value, error: &str, code: &str) {
    let words = answer["error_description"].as_str().unwrap_or_default();
    assert!(
        answer["error"] == error && words.starts_with(&format!("{code}: ")),
        "{answer}"
    );
}

/// Sets the user's answers and the services' demands.
pub(crate) fn says(served: &Served, wanted: &Value) {
    let answer = http(
        &served.url,
        "POST",
        "/_sandbox/sign-ins",
        &[],
        &wanted.to_string(),
    );
    assert_eq!(answer.status, 204, "{}", answer.body);
}

#[test]
fn a_code_is_good_once_for_whoever_began() {
    let served = Served::start("ready", "1");
    let answered = back(&page(&served, &[]));
    assert_eq!(answered["state"], "s t");
    let code = &answered["code"];
    for (more, error, failed) in [
        (("code", "other"), "invalid_grant", "AADSTS70000"),
        (("client_id", "other"), "invalid_grant", "AADSTS70000"),
        (
            ("redirect_uri", "http://localhost:4712"),
            "invalid_client",
            "AADSTS500112",
        ),
        (("code_verifier", "other"), "invalid_grant", "AADSTS501481"),
        (("code_verifier", ""), "invalid_grant", "AADSTS501481"),
        (
            ("grant_type", "password"),
            "unsupported_grant_type",
            "AADSTS70003",
        ),
    ] {
        refused(&redeemed(&served, code, &[more]), error, failed);
    }
    let given = redeemed(&served, code, &[]);
    let claims = payload(&given);
    assert_eq!(
        (&claims["aud"], &claims["upn"], &claims["oid"]),
        (
            &json!(ARM),
            &json!("admin@contoso.onmicrosoft.com"),
            &json!(served.object_id("admin"))
        )
    );
    refused(
        &redeemed(&served, code, &[]),
        "invalid_grant",
        "AADSTS54005",
    );
    let late = back(&page(&served, &[]));
    says(&served, &json!({ "codes_end": true }));
    refused(
        &redeemed(&served, &late["code"], &[]),
        "invalid_grant",
        "AADSTS70008",
    );
    // Only a request with `offline_access` gets a refresh token.
    let short = format!("{ARM}/.default");
    let once = back(&page(&served, &[("scope", &short)]));
    let once = redeemed(&served, &once["code"], &[("scope", "")]);
    assert!(once["refresh_token"].is_null() && once["access_token"].is_string());
}

#[test]
fn the_page_answers_whom_it_may_answer() {
    let served = Served::start("ready", "1");
    // These errors are shown to the user, and not sent to the address.
    for more in [
        ("redirect_uri", "https://localhost:4711"),
        ("redirect_uri", "http://example.com"),
        ("redirect_uri", "http://[::1]:4711"),
        ("redirect_uri", ""),
        ("client_id", "nobody"),
    ] {
        let answer = page(&served, &[more]);
        assert!(
            answer.status == 400 && answer.header("location").is_none(),
            "{more:?}"
        );
    }
    for (more, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("claims", "{"), "invalid_request"),
    ] {
        let answered = back(&page(&served, &[more]));
        assert_eq!(answered["error"], error, "{more:?}");
        assert_eq!(answered["state"], "s t");
        assert!(!answered.contains_key("code"), "{more:?}");
    }
    says(&served, &json!({ "answers": "access_denied" }));
    assert_eq!(back(&page(&served, &[]))["error"], "access_denied");
    says(&served, &json!({ "answers": "consent_required" }));
    let answered = back(&page(&served, &[]));
    assert!(answered["error_description"].contains("AADSTS90094"));
    says(&served, &json!({ "answers": null, "person": "observer" }));
    for (hint, name) in [
        ("", "observer"),
        ("nobody", "observer"),
        ("key-vault-admin@contoso.onmicrosoft.com", "key-vault-admin"),
    ] {
        let answered = back(&page(&served, &[("login_hint", hint)]));
        let claims = payload(&redeemed(&served, &answered["code"], &[]));
        assert_eq!(claims["name"], name);
    }
    // The default user can be set at the start of the sandbox.
    let other = Served::with("ready", "1", &["--sandbox-user", "key-vault-admin"]);
    let answered = back(&page(&other, &[]));
    let claims = payload(&redeemed(&other, &answered["code"], &[]));
    assert_eq!(claims["name"], "key-vault-admin");
    let nobody = ["sandbox", "--sandbox-user", "nobody"];
    run(&nobody)
        .exits(2)
        .says_on_stderr(&["has no user `nobody`"]);
    let form = page(&served, &[("response_mode", "form_post")]);
    assert!(
        form.status == 200 && form.body.contains("name=\"code\" value=\"sandbox-code."),
        "{}",
        form.body
    );
}

#[test]
fn a_refresh_token_is_good_for_every_service_until_it_ends() {
    let served = Served::start("ready", "1");
    let answered = back(&page(&served, &[]));
    let first = redeemed(&served, &answered["code"], &[])["refresh_token"].clone();
    let scope = "https://vault.azure.net/.default offline_access";
    let given = refreshed(&served, &first, &[("scope", scope)]);
    assert_eq!(payload(&given)["aud"], "https://vault.azure.net");
    let second = &given["refresh_token"];
    assert!(second.is_string() && *second != first);
    // The older refresh token stays valid.
    for own in [&first, second] {
        assert!(refreshed(&served, own, &[])["access_token"].is_string());
        let other = refreshed(&served, own, &[("client_id", "other")]);
        refused(&other, "invalid_grant", "AADSTS70000");
    }
    for code in ["AADSTS700082", "AADSTS50173", "AADSTS70000"] {
        says(&served, &json!({ "refresh_tokens_end": code }));
        refused(&refreshed(&served, &first, &[]), "invalid_grant", code);
    }
}

#[test]
fn a_service_asks_for_claims_and_a_person_satisfies_them() {
    let served = Served::start("ready", "1");
    let claims =
        json!({ "access_token": { "acrs": { "essential": true, "value": "c1" } } }).to_string();
    let wanted: Value = serde_json::from_str(&claims).unwrap();
    let list = format!("{ARM}/subscriptions?api-version=2022-12-01");
    let ask = |answer: &Value| {
        let token = answer["access_token"].as_str().unwrap();
        served.ask(token, "GET", &list, "")
    };
    let first = redeemed(&served, &back(&page(&served, &[]))["code"], &[]);
    assert_eq!(ask(&first).status, 200);
    says(
        &served,
        &json!({ "demand": { "claims": wanted, "services": ["arm"] } }),
    );
    let challenged = ask(&first);
    let challenge = challenged.header("www-authenticate").unwrap();
    let encoded = format!("claims=\"{}\"", STANDARD.encode(&claims));
    assert!(
        challenged.status == 401
            && challenge.contains("error=\"insufficient_claims\"")
            && challenge.contains(&encoded),
        "{challenge}"
    );
    // A refresh token can't satisfy claims that only a user can satisfy.
    let again = refreshed(
        &served,
        &first["refresh_token"],
        &[("claims", claims.as_str())],
    );
    refused(&again, "interaction_required", "AADSTS50076");
    assert_eq!(again["claims"], claims);
    let answered = back(&page(&served, &[("claims", claims.as_str())]));
    let second = redeemed(&served, &answered["code"], &[]);
    assert_eq!(ask(&second).status, 200);
    let third = refreshed(
        &served,
        &second["refresh_token"],
        &[("claims", claims.as_str())],
    );
    assert_eq!(ask(&third).status, 200);
    // A new token needs no user.
    let fresh = json!({ "access_token": { "nbf": { "essential": true, "value": "1" } } });
    says(
        &served,
        &json!({ "demand": { "claims": fresh, "services": ["arm"] } }),
    );
    assert_eq!(ask(&third).status, 401);
    let claims = fresh.to_string();
    let fourth = refreshed(
        &served,
        &first["refresh_token"],
        &[("claims", claims.as_str())],
    );
    // The token has the claims of its request.
    assert_eq!(ask(&fourth).status, 200);
    // Entra itself requires claims, for one service.
    says(
        &served,
        &json!({ "demand": { "claims": wanted, "audiences": ["https://vault.azure.net"] } }),
    );
    assert_eq!(
        refreshed(&served, &first["refresh_token"], &[])["error"],
        Value::Null
    );
    let scope = ("scope", "https://vault.azure.net/.default");
    let asked = refreshed(&served, &first["refresh_token"], &[scope]);
    refused(&asked, "interaction_required", "AADSTS50076");
    assert!(refreshed(&served, &second["refresh_token"], &[scope])["access_token"].is_string());
}
