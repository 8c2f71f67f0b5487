//! Judges environments, keys and policies for the pickers: which ones fit, which one is best, and
//! why the others don't fit. It uses the judgments of the steps and adds no rules.

use super::key::references;
use super::key_state::check_key;
use super::lifecycle::ADD;
use super::location::{Misfit, misfit};
use super::ready::unusable;
use super::vault::check_vault;
use super::{key_state, readiness};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
pub use crate::model::fit::Fit;
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyName;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::protection::{Key, Policy, Provider, Registration, Vault};
use crate::model::seen::Seen;
use crate::model::subscription::{Standing, Subscription};
use crate::model::unknown::unknown as unknown_fact;
use jiff::Timestamp;

/// The worst of these findings, as a fit.
fn of(findings: &[Finding]) -> Fit {
    let worst = findings.iter().max_by_key(|finding| finding.severity);
    let Some(finding) = worst else {
        return Fit::Well;
    };
    let told = finding.message.clone();
    match finding.severity {
        Severity::Block => Fit::Not(told),
        Severity::Unknown => Fit::Unknown(told),
        Severity::Warn => Fit::But(told),
        Severity::NotVisible | Severity::Acknowledge => Fit::Well,
    }
}

/// Can this environment get a key? For lists, without the history. Only the plan reads the history.
pub fn environment(environment: &Environment) -> Fit {
    match &environment.key_link {
        Seen::Present(link) => {
            let policy = &link.policy.name;
            return Fit::Not(format!(
                "The environment is already linked to the policy `{policy}`."
            ));
        }
        Seen::Unreadable(why) => {
            return Fit::Unknown(format!(
                "cmkctl can't tell whether the environment has a policy: {}.",
                why.why
            ));
        }
        Seen::Absent => {}
    }
    let unread = Observed::default();
    let history = readiness::unread_history(&unread, environment);
    let findings: Vec<Finding> = readiness::check(&unread, environment, ADD)
        .into_iter()
        .filter(|finding| Some(finding) != history.as_ref())
        .collect();
    match (of(&findings), environment.managed()) {
        (Fit::Well | Fit::But(_), Verdict::No) => {
            Fit::But("The environment is not a Managed Environment yet.".to_owned())
        }
        (fit @ (Fit::Well | Fit::But(_)), Verdict::CantTell(why)) => {
            let why = unknown_fact("whether the environment is a Managed Environment", &why.why);
            fit.max(Fit::Unknown(why))
        }
        (fit, _) => fit,
    }
}

/// The same, if only the list was read. If the list leaves open whether a policy is linked, the
/// answer is `Unknown`.
pub fn listed(environment: &Environment) -> Fit {
    let fit = self::environment(environment);
    if environment.key_link.is_absent() && environment.link_in_doubt() {
        let why = "The list does not show whether the environment has a policy.".to_owned();
        return fit.max(Fit::Unknown(why));
    }
    fit
}

/// Does this environment have a policy?
pub fn linked(environment: &Environment) -> Fit {
    match &environment.key_link {
        Seen::Present(_) => Fit::Well,
        Seen::Absent => Fit::Not("The environment is not linked to a policy.".to_owned()),
        Seen::Unreadable(why) => Fit::Unknown(format!(
            "cmkctl can't tell whether the environment has a policy: {}.",
            why.why
        )),
    }
}

/// Does this key of this vault fit, for the environment if one is given?
pub fn key(key: &Key, vault: &Vault, environment: Option<&Environment>, at: Timestamp) -> Fit {
    match self::vault(vault, environment) {
        Fit::Not(why) => Fit::Not(why),
        of_vault @ (Fit::Well | Fit::But(_) | Fit::Unknown(_)) => {
            of_vault.max(of(&check_key(key, "", at, key_state::Mends::Nothing)))
        }
    }
}

/// Do keys of this vault fit?
pub fn vault(vault: &Vault, environment: Option<&Environment>) -> Fit {
    let observed = Observed {
        environment: environment.map_or_else(Seen::default, |environment| {
            Seen::Present(environment.clone())
        }),
        ..Observed::default()
    };
    of(&check_vault(vault, &observed))
}

/// The sort order of fitting keys: those without warnings first, then the longer ones.
pub fn order(key: &Key, fit: &Fit) -> u8 {
    let longest = key.bits.known() == Some(&3072);
    match fit {
        Fit::Well => u8::from(!longest),
        Fit::But(_) => 2 + u8::from(!longest),
        Fit::Unknown(_) | Fit::Not(_) => 4,
    }
}

/// Does this policy fit this key and this location?
pub fn policy(policy: &Policy, vault: &ArmId, key: &KeyName, location: &Known<String>) -> Fit {
    let name = &policy.id.name;
    match policy.references(vault, key) {
        Verdict::Yes => {}
        Verdict::No => return Fit::Not(format!("The policy `{name}` references another key.")),
        Verdict::CantTell(why) => {
            return Fit::Unknown(unknown_fact(
                &format!("which key the policy `{name}` references"),
                &why.why,
            ));
        }
    }
    in_place(policy, location)
}

/// Can this policy encrypt environments in this location?
pub fn in_place(policy: &Policy, location: &Known<String>) -> Fit {
    match &policy.encrypts {
        Known::Known(true) => {}
        Known::Known(false) => return Fit::Not("The policy's encryption is disabled.".to_owned()),
        Known::Unknown(why) => {
            return Fit::Unknown(unknown_fact(
                "whether the encryption of the policy is enabled",
                why,
            ));
        }
    }
    placed(policy, location)
}

fn placed(policy: &Policy, location: &Known<String>) -> Fit {
    match misfit(&policy.location, location) {
        Known::Known(None) => Fit::Well,
        Known::Known(Some(other)) => elsewhere(&other),
        Known::Unknown(why) => Fit::Unknown(unknown_fact("the location of the policy", &why)),
    }
}

/// Does this policy fit environments in this location, or at all if no location is given?
pub fn ready_policy(policy: &Policy, location: Option<&Known<String>>) -> Fit {
    let mut findings = references(policy);
    findings.extend(unusable(policy));
    let there = location.map_or(Fit::Well, |location| placed(policy, location));
    of(&findings).max(there)
}

/// Is this policy in this geography? Accepts both names of a geography: the environment's and the
/// policy's.
pub fn is_in(policy: &Policy, geography: &str) -> Verdict {
    match misfit(&policy.location, &geography.into()) {
        Known::Known(differs) => Verdict::of(differs.is_none()),
        Known::Unknown(why) => Verdict::cant_tell(why),
    }
}

/// Can a policy be created in this subscription?
pub fn subscription(subscription: &Subscription, provider: &Seen<Provider>) -> Fit {
    let name = "`Microsoft.PowerPlatform`";
    let registered = match provider {
        Seen::Present(provider) => match &provider.state {
            Known::Known(Registration::Registered) => Fit::Well,
            Known::Known(Registration::Registering) => {
                Fit::But(format!("The provider {name} is being registered."))
            }
            Known::Known(Registration::NotRegistered) => {
                Fit::But(format!("The provider {name} is not registered yet."))
            }
            Known::Unknown(why) => Fit::Unknown(unknown_fact(
                &format!("whether the provider {name} is registered"),
                why,
            )),
        },
        Seen::Absent => Fit::Unknown(format!(
            "The subscription does not list the provider {name}."
        )),
        Seen::Unreadable(why) => Fit::Unknown(unknown_fact(
            &format!("whether the provider {name} is registered"),
            &why.why,
        )),
    };
    let state = subscription.state.shown();
    let usable = match &subscription.state.means {
        Known::Known(Standing::Enabled) => Fit::Well,
        Known::Known(Standing::Warned) => {
            Fit::But(format!("The state of the subscription is `{state}`."))
        }
        Known::Known(Standing::Disabled) => Fit::Not(format!(
            "The state of the subscription is `{state}`. You can't create anything in it."
        )),
        Known::Unknown(why) => {
            Fit::Unknown(format!("The state of the subscription is unknown: {why}."))
        }
    };
    match (usable, registered) {
        (usable @ Fit::Not(_), _) => usable,
        (usable, registered) => usable.max(registered),
    }
}

fn elsewhere(other: &Misfit) -> Fit {
    let Misfit { policy, needed } = other;
    let why =
        format!("The policy is in `{policy}`, but the environment needs a policy in `{needed}`.");
    if other.severity() == Severity::Warn {
        Fit::But(why)
    } else {
        Fit::Not(why)
    }
}

/// A name for a new policy, made from its key's name.
pub fn policy_name(after: &str) -> String {
    new_name("ep", after, 60)
}

/// A name for a new resource, made from `after`, within Azure's naming rules and at most `most`
/// long.
pub fn new_name(begins: &str, after: &str, most: usize) -> String {
    let mut name = begins.to_owned();
    for word in after
        .split(|ch: char| !ch.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        name.push('-');
        name.push_str(&word.to_ascii_lowercase());
    }
    name.truncate(most);
    name.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        days, environment as sample, id, key as key_sample, key_name, link, now, odd,
        policy as policy_sample, vault as vault_sample,
    };
    use super::*;
    use crate::model::environment::Dataverse;
    use crate::model::ids::ResourceKind;
    use crate::model::protection::Network;

    fn says(fit: &Fit) -> String {
        match fit {
            Fit::Well => "well".to_owned(),
            Fit::But(why) => format!("but: {why}"),
            Fit::Unknown(why) => format!("unknown: {why}"),
            Fit::Not(why) => format!("not: {why}"),
        }
    }

    #[test]
    fn environments_that_can_take_a_key() {
        type Change = fn(&mut Environment);
        let table: [(Change, &str); 8] = [
            (|_| {}, "well"),
            (
                |e| e.key_link = Seen::default(),
                "unknown: cmkctl can't tell whether the environment has a policy",
            ),
            (
                |e| e.protection_level = "Wibble".into(),
                "unknown: cmkctl can't tell whether the environment is a Managed Environment",
            ),
            (
                |e| e.protection_level = "Basic".into(),
                "but: The environment is not a Managed",
            ),
            (
                |e| e.sku = "Trial".into(),
                "not: `E` is a Trial environment",
            ),
            (
                |e| e.key_link = link("ep", "Linked"),
                "not: The environment is already linked to the policy `ep`",
            ),
            (
                |e| e.management_state = "Running".into(),
                "not: `E` is in the management state",
            ),
            (
                |e| e.runtime_state = "Disabled".into(),
                "but: `E` is in the runtime state",
            ),
        ];
        for (change, expected) in table {
            let mut candidate = sample("e");
            change(&mut candidate);
            let verdict = says(&environment(&candidate));
            assert!(verdict.starts_with(expected), "{expected}: {verdict}");
        }
    }

    #[test]
    fn keys_that_do_are_ordered_and_the_others_have_a_reason() {
        type Change = fn(&mut Key, &mut Vault);
        let table: [(Change, u8, &str); 9] = [
            (|_, _| {}, 0, "well"),
            (|k, _| k.bits = Known::Known(2048), 1, "well"),
            (
                |k, _| k.bits = Known::Known(4096),
                3,
                "but: The key `cmk` has 4096 bits",
            ),
            (
                |k, _| k.kty = "EC".into(),
                4,
                "not: The key `cmk` is of type `EC`",
            ),
            (
                |k, _| k.validity.enabled = Known::Known(false),
                4,
                "not: The key `cmk` is disabled",
            ),
            (
                |k, _| k.validity.expires = Known::Known(Some(days(-1))),
                4,
                "not: The key `cmk` expired",
            ),
            (
                |_, v| v.purge_protection = Known::Known(false),
                4,
                "not: Purge protection is off",
            ),
            (
                |_, v| v.network = Known::Known(Network::Closed),
                4,
                "not: The firewall",
            ),
            (
                |_, v| v.tenant_id = "other".into(),
                4,
                "not: The vault `kv`",
            ),
        ];
        for (change, class, expected) in table {
            let (mut candidate, mut vault) = (key_sample(), vault_sample());
            change(&mut candidate, &mut vault);
            let fit = key(&candidate, &vault, Some(&sample("e")), now());
            assert!(
                says(&fit).starts_with(expected),
                "{expected}: {}",
                says(&fit)
            );
            assert_eq!(order(&candidate, &fit), class, "{expected}");
        }
    }

    #[test]
    fn policies_of_the_key_and_the_place() {
        type Change = fn(&mut Policy);
        let table: [(Change, &str); 4] = [
            (|_| {}, "well"),
            (|p| p.location = "uk".into(), "not: The policy is in `uk`"),
            (
                |p| p.encrypts = Known::Known(false),
                "not: The policy's encryption is disabled.",
            ),
            (
                |p| p.key = Known::Unknown("odd".to_owned()),
                "unknown: cmkctl can't tell which key",
            ),
        ];
        let kv = id(ResourceKind::Vault, "kv");
        for (change, expected) in table {
            let mut candidate = policy_sample("ep");
            change(&mut candidate);
            let verdict = says(&policy(&candidate, &kv, &key_name(), &"europe".into()));
            assert!(verdict.starts_with(expected), "{expected}: {verdict}");
        }
        let other = id(ResourceKind::Vault, "other");
        let verdict = policy(&policy_sample("ep"), &other, &key_name(), &"europe".into());
        assert!(
            !verdict.does() && verdict.note().contains("another key"),
            "{verdict:?}"
        );
    }

    #[test]
    fn a_list_that_leaves_the_link_open_is_no_word_for_none() {
        let mut candidate = sample("e");
        candidate.dataverse = Some(Dataverse::default());
        candidate.key_managed_by = Known::Known(Some("Microsoft".to_owned()));
        assert_eq!(listed(&candidate), Fit::Well);
        candidate.key_managed_by = Known::Known(None);
        let verdict = says(&listed(&candidate));
        assert!(
            verdict.starts_with("unknown: The list does not"),
            "{verdict}"
        );
        candidate.sku = "Trial".into();
        assert!(
            says(&listed(&candidate)).starts_with("not: "),
            "{candidate:?}"
        );
    }

    #[test]
    fn policies_without_a_key_in_mind() {
        type Change = fn(&mut Policy);
        let table: [(Change, &str, &str); 8] = [
            (|_| {}, "well", "well"),
            (
                |p| p.location = "uk".into(),
                "well",
                "not: The policy is in `uk`",
            ),
            (
                |p| p.location = odd(),
                "well",
                "unknown: cmkctl can't tell the location of the policy",
            ),
            (
                |p| p.encrypts = Known::Known(false),
                "not: The encryption",
                "not: The encryption",
            ),
            (
                |p| p.encrypts = odd(),
                "unknown: cmkctl can't tell whether the encryption of the policy",
                "unknown: cmkctl can't tell whether the encryption of the policy",
            ),
            (
                |p| p.key = odd(),
                "unknown: cmkctl can't tell which key",
                "unknown: cmkctl can't tell which",
            ),
            (
                |p| p.principal_id = None,
                "unknown: The policy `ep` has no identity",
                "unknown: The policy `ep` has no identity",
            ),
            (
                |p| p.health = Some("Unhealthy".into()),
                "but: The service says",
                "but: The service says",
            ),
        ];
        for (change, anywhere, in_europe) in table {
            let mut candidate = policy_sample("ep");
            change(&mut candidate);
            let place = Known::from("europe");
            for (place, expected) in [(None, anywhere), (Some(&place), in_europe)] {
                let verdict = says(&ready_policy(&candidate, place));
                assert!(verdict.starts_with(expected), "{expected}: {verdict}");
            }
        }
        let mut located = policy_sample("ep");
        located.location = "uk".into();
        for (geography, expected) in [
            ("uk", Verdict::Yes),
            ("UnitedKingdom", Verdict::Yes),
            ("europe", Verdict::No),
        ] {
            assert_eq!(is_in(&located, geography), expected, "{geography}");
        }
        located.location = odd();
        assert!(is_in(&located, "uk").open().is_some());
    }

    #[test]
    fn subscriptions_in_which_a_policy_can_be_made() {
        let in_state = |state: &str| Subscription {
            id: "s".into(),
            name: "S".into(),
            state: state.into(),
            tenant: "t".into(),
            quota: None,
        };
        let is = |state| {
            Seen::Present(Provider {
                state,
                ..Provider::default()
            })
        };
        let known = |state| is(Known::Known(state));
        for (state, provider, expected) in [
            ("Enabled", known(Registration::Registered), "well"),
            ("Enabled", known(Registration::Registering), "but: "),
            ("Enabled", known(Registration::NotRegistered), "but: "),
            ("Enabled", is(odd()), "unknown: cmkctl can't tell whether"),
            (
                "Enabled",
                Seen::default(),
                "unknown: cmkctl can't tell whether",
            ),
            ("Enabled", Seen::Absent, "unknown: The subscription"),
            ("PastDue", known(Registration::Registered), "but: The state"),
            (
                "Disabled",
                known(Registration::Registered),
                "not: The state",
            ),
            ("Deleted", Seen::default(), "not: The state"),
            (
                "Wibble",
                known(Registration::Registered),
                "unknown: The state",
            ),
        ] {
            let verdict = says(&subscription(&in_state(state), &provider));
            assert!(
                verdict.starts_with(expected),
                "{state} {provider:?}: {verdict}"
            );
        }
    }

    #[test]
    fn a_new_policy_is_called_after_what_it_is_for() {
        for (after, name) in [
            ("cmk-contoso", "ep-cmk-contoso"),
            ("Contoso UAT (west)", "ep-contoso-uat-west"),
            ("日本", "ep"),
        ] {
            assert_eq!(policy_name(after), name, "{after}");
        }
        assert!(policy_name(&"a b".repeat(60)).len() <= 60);
    }
}
