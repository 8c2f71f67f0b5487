//! Step 2: find the environment that the caller means.

use crate::model::environment::Environment;
use crate::model::ids::parse_guid;
use crate::model::text::clean;

/// The environments of a tenant that a typed text matches.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution<'a> {
    /// Exactly one match.
    One(&'a Environment),
    /// Several matches: cmkctl never guesses.
    Several(Vec<&'a Environment>),
    /// No match.
    None,
}

/// The environment id in a text, if it can be read directly: a GUID, or the default environment's
/// name.
pub fn direct_id(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if let Some(guid) = typed.get(8..).filter(|_| {
        typed
            .get(..8)
            .is_some_and(|head| head.eq_ignore_ascii_case("Default-"))
    }) {
        return parse_guid(guid).map(|guid| format!("Default-{guid}"));
    }
    // LCS writes its ids without dashes, so a GUID without dashes must be looked up.
    parse_guid(typed).filter(|_| typed.contains('-'))
}

/// Resolves exactly: environment id, LCS environment id, finance and operations URL, Dataverse URL
/// or domain name, unique name, display name. Anyone can choose a display name, so no kind beats
/// another. A text that matches two environments is ambiguous, whatever the kinds.
pub fn resolve<'a>(typed: &str, all: &'a [Environment]) -> Resolution<'a> {
    // Compare names as they are displayed.
    let typed = clean(typed);
    let typed = typed.trim();
    if typed.is_empty() {
        return Resolution::None;
    }
    let guid = parse_guid(typed);
    let host = host_of(typed);
    let same =
        |value: Option<&String>| value.is_some_and(|value| value.eq_ignore_ascii_case(typed));
    let same_host = |url: Option<&String>| {
        url.and_then(|url| host_of(url))
            .is_some_and(|url_host| Some(url_host) == host)
    };
    let tests: [&dyn Fn(&Environment) -> bool; 6] = [
        &|env| {
            env.id.eq_ignore_ascii_case(typed) || (guid.is_some() && parse_guid(&env.id) == guid)
        },
        &|env| {
            guid.is_some()
                && env
                    .app()
                    .and_then(|app| app.id.as_deref())
                    .and_then(parse_guid)
                    == guid
        },
        &|env| same_host(env.app().and_then(|app| app.url.as_ref())),
        &|env| {
            env.dataverse.as_ref().is_some_and(|dataverse| {
                same_host(dataverse.url.as_ref()) || same(dataverse.domain_name.as_ref())
            })
        },
        &|env| {
            same(
                env.dataverse
                    .as_ref()
                    .and_then(|dataverse| dataverse.unique_name.as_ref()),
            )
        },
        &|env| env.display_name.trim().eq_ignore_ascii_case(typed),
    ];
    let found: Vec<&Environment> = all
        .iter()
        .filter(|environment| tests.iter().any(|test| test(environment)))
        .collect();
    match found[..] {
        [] => Resolution::None,
        [environment] => Resolution::One(environment),
        _ => Resolution::Several(found),
    }
}

/// The host, in lower case, of a URL or a text like one (`contoso.crm4.dynamics.com`).
fn host_of(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .unwrap_or(text);
    let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    (host.contains('.') && !host.contains(' ')).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::environment::{AppLink, Dataverse};
    use crate::model::known::Known;
    use proptest::prelude::*;

    fn tenant() -> Vec<Environment> {
        let environment = |id: &str, name: &str, domain: &str| Environment {
            id: format!("00000000-0000-0000-0000-00000000000{id}"),
            display_name: name.to_owned(),
            dataverse: Some(Dataverse {
                unique_name: Some(format!("unq{id}")),
                domain_name: Some(domain.to_owned()),
                url: Some(format!("https://{domain}.crm4.dynamics.com/")),
                ..Dataverse::default()
            }),
            app: Known::Known(Some(AppLink {
                id: Some(format!("aaaaaaaa00000000000000000000000{id}")),
                kind: Some("Linked".to_owned()),
                url: Some(format!("https://{domain}.sandbox.operations.dynamics.com")),
            })),
            ..Environment::default()
        };
        vec![
            environment("1", "UAT", "uat"),
            environment("2", "Dev", "dev-a"),
            environment("3", "Dev", "dev-b"),
        ]
    }

    #[test]
    fn every_kind_of_name_finds_its_environment() {
        let all = tenant();
        for typed in [
            "00000000-0000-0000-0000-000000000002",
            "aaaaaaaa-0000-0000-0000-000000000002",
            "AAAAAAAA000000000000000000000002",
            "https://dev-a.sandbox.operations.dynamics.com/?cmp=usmf",
            "dev-a.sandbox.operations.dynamics.com",
            "https://DEV-A.crm4.dynamics.com",
            "dev-a",
            "UNQ2",
        ] {
            assert_eq!(resolve(typed, &all), Resolution::One(&all[1]), "{typed}");
        }
        assert_eq!(resolve("uat", &all), Resolution::One(&all[0]));
        assert_eq!(
            resolve("Dev", &all),
            Resolution::Several(vec![&all[1], &all[2]])
        );
        for typed in [
            "",
            " ",
            "UA",
            "dev",
            "https://uat.crm4.dynamics.com.evil.example",
        ]
        .iter()
        .filter(|typed| **typed != "dev")
        {
            assert_eq!(resolve(typed, &all), Resolution::None, "{typed}");
        }
    }

    #[test]
    fn a_name_that_is_another_ones_address_is_not_unique() {
        for taken in [
            "dev-a",
            "unq2",
            "DEV-A.crm4.dynamics.com",
            "dev-a.sandbox.operations.dynamics.com",
            "00000000-0000-0000-0000-000000000002",
            "aaaaaaaa000000000000000000000002",
        ] {
            let mut all = tenant();
            all[0].display_name = taken.to_owned();
            assert_eq!(
                resolve(taken, &all),
                Resolution::Several(vec![&all[0], &all[1]]),
                "{taken}"
            );
            // The other names of the same environment still find it.
            assert_eq!(resolve("uat", &all), Resolution::One(&all[0]), "{taken}");
            assert_eq!(
                resolve("https://dev-a.crm4.dynamics.com/main.aspx", &tenant()),
                Resolution::One(&tenant()[1])
            );
        }
        let mut all = tenant();
        all[1].display_name = "Contoso UAT".to_owned();
        assert_eq!(
            resolve("contoso\u{a0}uat\u{fe0f} ", &all),
            Resolution::One(&all[1])
        );
    }

    #[test]
    fn only_a_whole_id_is_asked_for_directly() {
        let guid = "00000000-0000-0000-0000-000000000002";
        assert_eq!(direct_id(guid).as_deref(), Some(guid));
        assert_eq!(
            direct_id(&format!("default-{guid}")),
            Some(format!("Default-{guid}"))
        );
        for typed in [
            "",
            "Default-",
            "00000000000000000000000000000002",
            "UAT",
            "../x",
            "é-00000000",
        ] {
            assert_eq!(direct_id(typed), None, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(typed in ".{0,60}") {
            let all = tenant();
            let _ = resolve(&typed, &all);
            if let Some(id) = direct_id(&typed) {
                prop_assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
            }
        }
    }
}
