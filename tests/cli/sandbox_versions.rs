//! Versions, methods and quotas of the sandbox against the interfaces of Resource Manager and Key
//! Vault: raw HTTP, as in [`crate::sandbox_wire`]. Also the client after the end of old versions.

use crate::sandbox_wire::ask_as;
use crate::tenants::plain;
use crate::tool::{Answer, FAST, Served};
use serde_json::{Value, json};

const ARM: &str = "https://management.azure.com";
const VAULT: &str = "https://kv-contoso-cmk.vault.azure.net";

fn ask(served: &Served, method: &str, url: &str) -> Answer {
    ask_as(served, "admin", method, url, "")
}

/// Status, code and message of a refusal.
fn refused(answer: &Answer) -> (u16, String, String) {
    let error = answer.json()["error"].clone();
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (answer.status, text("code"), text("message"))
}

/// Every route of Resource Manager that a client of this tenant needs, with a valid version.
fn routes(served: &Served) -> Vec<(String, &'static str)> {
    let vault = served.default_of("vault");
    let policy = served.default_of("policy");
    let subscription: String = vault.split('/').take(3).collect::<Vec<_>>().join("/");
    let group: String = vault.split('/').take(5).collect::<Vec<_>>().join("/");
    let on_vault = |what: &str| format!("{vault}/providers/Microsoft.Authorization/{what}");
    vec![
        ("/tenants".to_owned(), "2022-12-01"),
        ("/subscriptions".to_owned(), "2022-12-01"),
        (subscription.clone(), "2022-12-01"),
        (format!("{subscription}/locations"), "2022-12-01"),
        (format!("{subscription}/resources"), "2024-11-01"),
        (format!("{subscription}/resourcegroups"), "2021-04-01"),
        (group, "2021-04-01"),
        (format!("{subscription}/providers"), "2021-04-01"),
        (
            format!("{subscription}/providers/Microsoft.PowerPlatform"),
            "2021-04-01",
        ),
        (
            format!("{subscription}/providers/Microsoft.KeyVault/deletedVaults"),
            "2026-02-01",
        ),
        (policy, "2020-10-30"),
        (vault.clone(), "2026-02-01"),
        (format!("{vault}/keys/cmk-contoso"), "2026-02-01"),
        (on_vault("roleAssignments"), "2022-04-01"),
        (on_vault("permissions"), "2022-04-01"),
        (on_vault("locks"), "2020-05-01"),
    ]
}

#[test]
fn every_request_to_resource_manager_needs_a_version() {
    let served = Served::start("ready", "1");
    for (path, version) in routes(&served) {
        for url in [format!("{ARM}{path}"), format!("{ARM}{path}?api-version=")] {
            let (status, code, words) = refused(&ask(&served, "GET", &url));
            assert_eq!(
                (status, code.as_str(), words.as_str()),
                (
                    400,
                    "MissingApiVersionParameter",
                    "The api-version query parameter (?api-version=) is required for all requests."
                ),
                "{url}"
            );
            // The caller is checked before the version.
            assert_eq!(served.ask("", "GET", &url, "").status, 401, "{url}");
        }
        let right = format!("{ARM}{path}?api-version={version}");
        let status = ask(&served, "GET", &right).status;
        assert!([200, 404].contains(&status), "{right}: {status}");
    }
}

#[test]
fn a_version_that_a_type_does_not_have_is_refused_with_those_that_it_has() {
    let served = Served::start("ready", "1");
    for (path, right) in routes(&served) {
        let lower = path.to_ascii_lowercase();
        let authorization = lower.contains("/microsoft.authorization/");
        let located = lower.contains("/vaults/") || lower.contains("/enterprisepolicies/");
        let (status, code, begin) = if located && !authorization {
            (
                400,
                "NoRegisteredProviderFound",
                "No registered resource provider found for location '",
            )
        } else {
            (
                400,
                "InvalidApiVersionParameter",
                "The api-version '2019-01-01' is invalid. The supported versions are '",
            )
        };
        let said = ask(
            &served,
            "GET",
            &format!("{ARM}{path}?api-version=2019-01-01"),
        );
        let (found, of, words) = refused(&said);
        assert_eq!((found, of.as_str()), (status, code), "{path}: {words}");
        let kind = path.rsplit('/').next().unwrap();
        assert!(words.starts_with(&begin.replace("{}", kind)), "{words}");
        assert!(words.contains(right), "{path}: {words}");
        // No type has a version that is not a date.
        for odd in ["latest", "2022-13-01", "20220401", "2022-04-01preview"] {
            let url = format!("{ARM}{path}?api-version={odd}");
            let (found, of, _) = refused(&ask(&served, "GET", &url));
            assert_eq!(
                (found, of.as_str()),
                (400, "InvalidApiVersionParameter"),
                "{url}"
            );
        }
    }
}

/// The versions of a type in the provider's metadata.
fn versions(served: &Served, provider: &str, kind: &str) -> Vec<String> {
    let policy = served.default_of("policy");
    let subscription: String = policy.split('/').take(3).collect::<Vec<_>>().join("/");
    let url = format!("{ARM}{subscription}/providers/{provider}?api-version=2021-04-01");
    let found = ask(served, "GET", &url).json();
    let types = found["resourceTypes"].as_array().unwrap();
    let own = types.iter().find(|own| own["resourceType"] == kind);
    serde_json::from_value(own.unwrap()["apiVersions"].clone()).unwrap()
}

#[test]
fn what_a_provider_lists_is_what_it_answers() {
    let served = Served::start("ready", "1");
    let vault = served.default_of("vault");
    let policy = served.default_of("policy");
    for (provider, kind, path) in [
        ("Microsoft.KeyVault", "vaults", vault.clone()),
        (
            "Microsoft.KeyVault",
            "vaults/keys",
            format!("{vault}/keys/cmk-contoso"),
        ),
        ("Microsoft.PowerPlatform", "enterprisePolicies", policy),
        (
            "Microsoft.Authorization",
            "roleAssignments",
            format!("{vault}/providers/Microsoft.Authorization/roleAssignments"),
        ),
        (
            "Microsoft.Authorization",
            "locks",
            format!("{vault}/providers/Microsoft.Authorization/locks"),
        ),
    ] {
        let all = versions(&served, provider, kind);
        assert!(all.len() > 1, "{kind}");
        for version in &all {
            let answer = ask(
                &served,
                "GET",
                &format!("{ARM}{path}?api-version={version}"),
            );
            assert!(
                [200, 404].contains(&answer.status),
                "{path} {version}: {}",
                answer.body
            );
        }
    }
    let of_vaults = versions(&served, "Microsoft.KeyVault", "vaults");
    for version in ["2015-06-01", "2023-07-01", "2025-05-01", "2026-02-01"] {
        assert!(of_vaults.contains(&version.to_owned()), "{version}");
    }
}

#[test]
fn the_data_plane_of_key_vault_needs_a_version_as_well() {
    let served = Served::start("ready", "1");
    let key = format!("{VAULT}/keys/cmk-contoso");
    for version in ["7.0", "7.3", "7.6", "2025-07-01"] {
        let url = format!("{key}?api-version={version}");
        assert_eq!(ask(&served, "GET", &url).status, 200, "{version}");
    }
    for (url, words) in [
        (key.clone(), "api-version must be specified"),
        (
            format!("{key}?api-version=7.9"),
            "The specified version (7.9) is not recognized. Consider using the latest supported \
            version (2025-07-01).",
        ),
        (
            format!("{VAULT}/keys?api-version=2026-02-01"),
            "The specified version (2026-02-01) is not recognized.",
        ),
    ] {
        let (status, code, said) = refused(&ask(&served, "GET", &url));
        assert_eq!((status, code.as_str()), (400, "BadParameter"), "{url}");
        assert!(said.starts_with(words), "{url}: {said}");
        assert_eq!(served.ask("", "GET", &url, "").status, 401, "{url}");
    }
}

/// A tenant without problems at this time.
fn at(epoch: &str) -> Value {
    plain(json!({ "epoch": epoch }))
}

#[test]
fn versions_of_vaults_end_on_their_day_and_this_client_goes_on() {
    let before = Served::patched(&at("2027-02-26T12:00:00Z"), "1");
    let vault = before.default_of("vault");
    let url = |version: &str| format!("{ARM}{vault}?api-version={version}");
    for version in ["2016-10-01", "2023-07-01", "2025-05-01", "2026-02-01"] {
        assert_eq!(ask(&before, "GET", &url(version)).status, 200, "{version}");
    }
    // The date is reached during the run.
    before.advance(86_400.0);
    let (status, code, words) = refused(&ask(&before, "GET", &url("2023-07-01")));
    assert_eq!((status, code.as_str()), (400, "NoRegisteredProviderFound"));
    assert!(
        words.contains("are '2026-02-01, 2026-04-01-preview'"),
        "{words}"
    );
    let after = Served::patched(&at("2027-03-02T08:00:00Z"), FAST);
    for (path, method) in [
        (String::new(), "GET"),
        (String::new(), "PATCH"),
        ("/keys/cmk-contoso".to_owned(), "GET"),
        ("/accessPolicies/add".to_owned(), "PUT"),
    ] {
        let old = format!("{ARM}{vault}{path}?api-version=2023-07-01");
        let (status, code, _) = refused(&ask_as(&after, "admin", method, &old, "{}"));
        assert_eq!(
            (status, code.as_str()),
            (400, "NoRegisteredProviderFound"),
            "{old}"
        );
    }
    assert_eq!(ask(&after, "GET", &url("2026-02-01")).status, 200);
    // Other providers and the data plane are not affected.
    let key = format!("{VAULT}/keys/cmk-contoso?api-version=7.4");
    assert_eq!(ask(&after, "GET", &key).status, 200);
    after
        .run(&["enable", "--yes", "--confirm", "Contoso UAT"])
        .exits(0);
    let status = after.run(&["status", "-o", "json"]).exits(0).json();
    assert_eq!(status["state"], "encrypted", "{status}");
}

#[test]
fn head_answers_as_resource_manager_does_and_never_with_a_body() {
    let served = Served::start("ready", "1");
    let vault = served.default_of("vault");
    let group: String = vault.split('/').take(5).collect::<Vec<_>>().join("/");
    let policy = served.default_of("policy");
    for (path, version, status) in [
        (group.clone(), "2021-04-01", 204),
        (format!("{group}-else"), "2021-04-01", 404),
        (group.clone(), "2019-01-01", 400),
        (group, "", 400),
        (vault.clone(), "2026-02-01", 405),
        (format!("{vault}-else"), "2026-02-01", 404),
        // A resource by its id needs a version of its own type.
        (vault, "2021-04-01", 400),
        (policy, "2020-10-30", 404),
    ] {
        let url = format!("{ARM}{path}?api-version={version}");
        let answer = ask(&served, "HEAD", &url);
        assert_eq!((answer.status, answer.body.as_str()), (status, ""), "{url}");
        let token = served.ask("", "HEAD", &url, "");
        assert_eq!((token.status, token.body.as_str()), (401, ""), "{url}");
    }
}

#[test]
fn every_kind_of_request_shows_its_own_quota() {
    let served = Served::start("ready", "1");
    let policy = served.default_of("policy");
    let one = format!("{ARM}{policy}?api-version=2020-10-30");
    for (method, url, name) in [
        ("GET", one.clone(), "subscription-reads"),
        ("HEAD", one.clone(), "subscription-reads"),
        ("PUT", one.clone(), "subscription-writes"),
        ("DELETE", one, "subscription-deletes"),
        (
            "GET",
            format!("{ARM}/subscriptions?api-version=2022-12-01"),
            "tenant-reads",
        ),
    ] {
        let answer = ask_as(&served, "admin", method, &url, "{}");
        let begin = "x-ms-ratelimit-remaining-";
        let shown: Vec<&str> = answer
            .head
            .lines()
            .filter_map(|line| line.strip_prefix(begin))
            .filter_map(|line| line.split(':').next())
            .collect();
        assert_eq!(shown, [name], "{method} {url}");
    }
}
