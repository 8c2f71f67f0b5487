//! The URLs that may receive a token.

use super::wild;
use cmkctl::cloud::clouds::names;
use cmkctl::cloud::{Cloud, Service};
use proptest::prelude::*;
use url::Url;

/// The service of an address by its text alone, without a URL library or the client's code.
fn owner(cloud: &Cloud, address: &str) -> Option<Service> {
    let rest = address.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = &rest[..end];
    if authority.contains(['@', ':', '%', '[']) {
        return None;
    }
    let host = authority
        .strip_suffix('.')
        .unwrap_or(authority)
        .to_ascii_lowercase();
    let whole = |host: &str| !host.is_empty() && host.split('.').all(|label| !label.is_empty());
    let inside = |key: &str| {
        host == cloud.get(key)
            || host
                .strip_suffix(&format!(".{}", cloud.get(key)))
                .is_some_and(whole)
    };
    match () {
        () if host == cloud.get("arm") => Some(Service::Arm),
        () if host == cloud.get("power-platform") => Some(Service::PowerPlatform),
        () if inside("bap") => Some(Service::Bap),
        () if inside("vault-suffix") => Some(Service::KeyVault),
        () if inside("hsm-suffix") => Some(Service::ManagedHsm),
        () if inside("dataverse-suffix") => Some(Service::Dataverse),
        () => None,
    }
}

fn address(cloud: &Cloud) -> BoxedStrategy<String> {
    let hosts: Vec<String> = [
        "login",
        "arm",
        "bap",
        "power-platform",
        "vault-suffix",
        "hsm-suffix",
        "dataverse-suffix",
    ]
    .iter()
    .map(|key| cloud.get(key).to_owned())
    .collect();
    let known = proptest::sample::select(hosts);
    let odd = |words: &[&'static str]| {
        prop_oneof![5 => Just(String::new()),
        4 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => wild()]
    };
    let scheme = prop_oneof![8 => Just("https://"), 1 => Just("http://"), 1 => Just("HTTPS://"),
        1 => Just("ftp://"), 1 => Just("https:/"), 1 => Just("//")];
    (
        scheme,
        odd(&[
            "user@",
            "user:word@",
            "@",
            "evil.example@",
            "evil.example#@",
            "evil.example\\@",
            "evil.example/",
        ]),
        odd(&[
            "a.",
            "kv.",
            "evil-",
            "..",
            ".",
            "x.y.",
            "\u{e4}.",
            "%61.",
            "xn--4ca.",
            "evil.example/.",
            "\t",
        ]),
        known,
        odd(&[
            ".",
            "..",
            ".evil.example",
            "evil",
            ":443",
            ":8443",
            ":",
            ".:443",
            "%2e",
            "\u{3002}",
            "\u{ff0e}evil.example",
            "\\evil.example",
        ]),
        odd(&[
            "/",
            "/a?b=c#d",
            "?x",
            "#.api.bap.microsoft.com",
            "/../..",
            "\\x",
        ]),
    )
        .prop_map(|(a, b, c, d, e, f)| [a, &b, &c, &d, &e, &f].concat())
        .boxed()
}

fn cloud_and_address() -> BoxedStrategy<(Cloud, String)> {
    proptest::sample::select(names())
        .prop_flat_map(|name| {
            let cloud = Cloud::named(name).unwrap();
            (
                Just(cloud.clone()),
                prop_oneof![8 => address(&cloud), 1 => wild()],
            )
        })
        .boxed()
}

proptest! {
    #[test]
    fn a_token_goes_to_the_clouds_own_hosts_and_nowhere_else((cloud, text) in cloud_and_address()) {
        if let Ok(url) = Url::parse(&text) {
            // The request uses the URL that the library parsed, so this check does too.
            prop_assert_eq!(cloud.service_of(&url), owner(&cloud, url.as_str()), "{} out of {:?}",
                url, text);
            if cloud.service_of(&url).is_some() {
                let nobody = url.username().is_empty() && url.password().is_none();
                prop_assert!(url.scheme() == "https" && url.port().is_none() && nobody);
                prop_assert!(!url.host_str().unwrap().contains("evil.example"), "{}", url);
                // A token's audience never comes from the path or the query.
                let scope = cloud.scope(cloud.service_of(&url).unwrap(), &url);
                let whole = scope.starts_with("https://") && scope.ends_with("/.default");
                prop_assert!(whole && !scope.contains("//.default"), "{}", scope);
            }
            if cloud.is_login(&url) {
                prop_assert_eq!(url.as_str().split('/').nth(2), Some(cloud.get("login")));
            }
        }
    }

    #[test]
    fn a_challenge_brings_a_token_for_keys_or_none(scope in prop_oneof![
        3 => "https://(vault|managedhsm)\\.azure\\.(net|cn)/?(/|//)?\\.default",
        1 => "https://[a-z.]{0,20}azure\\.net[/?#@a-z.]{0,12}",
        1 => wild(),
    ]) {
        let cloud = Cloud::named("public").unwrap();
        let trimmed = scope.strip_suffix("/.default").unwrap_or("").trim_end_matches('/');
        prop_assert_eq!(cloud.is_for_keys(&scope), ["https://vault.azure.net",
            "https://managedhsm.azure.net"].contains(&trimmed));
    }

    #[test]
    fn a_host_that_is_set_is_a_host(key in proptest::sample::select(cmkctl::cloud::clouds::KEYS.to_vec()), value in prop_oneof![
        "[a-z0-9.-]{0,12}", "https://[a-z./@:?#]{0,12}", "[a-z./@:?#%\\\\]{0,10}", wild(),
    ]) {
        let mut cloud = Cloud::named("public").unwrap();
        if cloud.set(key, &value).is_ok() {
            let stored = cloud.get(key).to_owned();
            if key == "federated-audience" {
                // cmkctl sends no token there. It is a URI in a job's assertion.
                prop_assert!(Url::parse(&stored).is_ok(), "{}", stored);
            } else if key.ends_with("audience") {
                prop_assert!(Url::parse(&stored).unwrap().scheme() == "https");
            } else {
                prop_assert!(!stored.is_empty() && !stored.contains(['/', '@', ':', '?', '#', '%',
                    '\\', ' ']), "{}", stored);
                let url = Url::parse(&format!("https://{stored}/")).unwrap();
                prop_assert_eq!(url.host_str(), Some(stored.as_str()));
            }
        }
    }
}
