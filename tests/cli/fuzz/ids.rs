//! Ids and names that users type or paste, and cleaned text.

use super::{misleads, wild};
use cmkctl::model::ids::{ArmId, ResourceKind, assignment_name, parse_guid, role_guid, same_id};
use cmkctl::model::key_ids::{KeyName, KeyVersion};
use cmkctl::model::text::{clean, clean_lines};
use proptest::prelude::*;
use url::Url;

const KINDS: [ResourceKind; 3] = [
    ResourceKind::EnterprisePolicy,
    ResourceKind::Vault,
    ResourceKind::ManagedHsm,
];

/// A text that resembles an id.
fn nearly() -> BoxedStrategy<String> {
    let word = |words: &[&'static str]| prop_oneof![6 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => wild()];
    let name = prop_oneof!["[a-zA-Z0-9._-]{1,20}", "[\\PC/?#%.&]{0,8}", wild()];
    let guid = prop_oneof![
        "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "[0-9a-f]{32}",
        wild()
    ];
    (
        word(&["/subscriptions/", "/SUBSCRIPTIONS/", "subscriptions/"]),
        guid,
        word(&["/resourceGroups/", "/resourcegroups/"]),
        name.clone(),
        word(&["/providers/"]),
        word(&[
            "Microsoft.KeyVault/vaults/",
            "microsoft.keyvault/managedhsms/",
            "Microsoft.PowerPlatform/enterprisePolicies/",
        ]),
        name,
        word(&["", "/", " "]),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h].concat())
        .boxed()
}

proptest! {
    #[test]
    fn an_id_is_one_path_and_reads_itself(text in prop_oneof![4 => nearly(), 1 => wild()]) {
        if let Ok(id) = ArmId::parse(&text, &KINDS) {
            let again = ArmId::parse(&id.to_string(), &KINDS).unwrap();
            prop_assert_eq!(&again, &id);
            prop_assert!(same_id(&text.trim().to_ascii_lowercase(),
                &id.to_string().to_ascii_lowercase()) || text.len() != id.to_string().len());
            // In a URL it stays eight segments. No part becomes a query, a fragment or a parent
            // path.
            let url = Url::parse(&format!("https://management.azure.com{id}?api-version=1")).unwrap();
            prop_assert_eq!(url.path_segments().unwrap().count(), 8, "{}", url);
            prop_assert_eq!((url.query(), url.fragment(), url.host_str()), (Some("api-version=1"),
                None, Some("management.azure.com")));
            prop_assert!(!id.to_string().chars().any(misleads));
            // The subscription is a GUID in Azure's spelling.
            prop_assert_eq!(parse_guid(&id.subscription), Some(id.subscription.clone()));
        }
    }

    #[test]
    fn names_of_keys_are_what_their_service_allows(text in prop_oneof!["[0-9a-zA-Z-]{0,130}",
        wild()]) {
        let allowed = (1..=127).contains(&text.len()) && text.chars().all(|ch| matches!(ch,
            '0'..='9' | 'a'..='z' | 'A'..='Z' | '-'));
        prop_assert_eq!(KeyName::parse(&text).is_ok(), allowed);
    }

    #[test]
    fn versions_and_guids_are_hexadecimal(text in prop_oneof!["[0-9a-fA-F-]{30,38}",
        "[0-9a-f]{32}", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", wild()]) {
        let hex = |text: &str| text.len() == 32 && text.chars().all(|ch| ch.is_ascii_hexdigit());
        prop_assert_eq!(KeyVersion::parse(&text).is_ok(), hex(&text));
        if let Some(guid) = parse_guid(&text) {
            prop_assert!(hex(&guid.replace('-', "")) && guid.len() == 36);
            prop_assert_eq!(guid.replace('-', ""), text.trim().replace('-',
                "").to_ascii_lowercase());
        }
        let _ = role_guid(&text);
    }

    #[test]
    fn assignments_have_one_name_whatever_their_case(scope in wild(), principal in wild(),
        role in wild()) {
        let name = assignment_name(&scope, &principal, &role);
        prop_assert_eq!(&name, &assignment_name(&scope.to_ascii_uppercase(),
            &principal.to_ascii_uppercase(), &role));
        prop_assert_eq!(parse_guid(&name), Some(name.clone()));
    }

    #[test]
    fn cleaned_text_misleads_nobody_and_stays_as_it_is(text in prop_oneof![wild(),
        any::<String>()]) {
        let once = clean(&text);
        prop_assert!(!once.chars().any(misleads), "{once:?}");
        prop_assert_eq!(clean(&once), once.clone());
        let lines = clean_lines(&text);
        prop_assert!(!lines.chars().any(|ch| ch != '\n' && misleads(ch)), "{lines:?}");
        prop_assert_eq!(clean_lines(&lines), lines.clone());
        prop_assert_eq!(lines.matches('\n').count(), text.matches('\n').count());
        // No part that is long enough to be a token remains.
        let left = once.split(|ch: char| !(ch.is_ascii_alphanumeric() || "-_.+/=".contains(ch)));
        for word in left {
            let token = |at| word.len() - at > 24 && word[at..].contains('.');
            prop_assert!(!word.find("eyJ").is_some_and(token), "{word}");
        }
        // A harmless text stays unchanged.
        if !text.chars().any(misleads) && !text.contains("eyJ") && text.is_ascii() {
            prop_assert_eq!(once, text);
        }
    }
}
