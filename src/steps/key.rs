//! The key and its vault: can they encrypt the environments, and keep them running?

pub use super::key_state::EXPIRY_WARNING;
use super::key_state::{Mends, check_key};
use super::vault::{absent_vault, check_vault, until, vault_id};
use super::{Whose, finding, grant, unknown, unseen, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ResourceKind;
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::plan::Plan;
use crate::model::preconditions::Deleted;
use crate::model::protection::{Health, Policy};
use crate::model::remedy::Setting;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use crate::model::unknown::unknown as unknown_fact;

/// Every finding about vault and key in the snapshot.
pub fn check(target: &Target, observed: &Observed, whose: Whose) -> Vec<Finding> {
    check_but(target, observed, whose, Mends::Nothing)
}

/// The same, without what the plan itself repairs.
pub(super) fn check_but(
    target: &Target,
    observed: &Observed,
    whose: Whose,
    mends: Mends,
) -> Vec<Finding> {
    let mut found = of_vault(target, observed, whose);
    found.extend(of_key(target, observed, whose, mends));
    if let Some(version) = &target.key_version {
        found.push(finding(
            "CMK017",
            Severity::Warn,
            key_name(target, observed).unwrap_or_default(),
            format!(
                "The policy is pinned to version {}, so a rotation has no effect.",
                version.as_str()
            ),
            Setting::NoKeyVersion,
            who::KEY_VAULT,
        ));
    }
    found
}

/// Findings about the named vault, if there is one.
pub(super) fn of_vault(target: &Target, observed: &Observed, whose: Whose) -> Vec<Finding> {
    let named = vault_id(target, observed).map(ToString::to_string);
    let hidden = |subject: Option<String>, why: &Unreadable| {
        let subject = subject.unwrap_or_else(|| "vault".to_owned());
        unseen(
            "CMK011",
            subject,
            "The state of the vault",
            why,
            (who::KEY_VAULT, whose),
        )
        .of_changes()
    };
    match &observed.vault {
        Some(Seen::Present(vault)) => check_vault(vault, observed),
        Some(Seen::Absent) => vec![absent_vault(target, observed)],
        Some(Seen::Unreadable(why)) => {
            let asked = target.vault.as_ref().map(ToString::to_string);
            vec![hidden(asked, why)]
        }
        None if named.is_some() => vec![hidden(named, &unread())],
        None => Vec::new(),
    }
}

/// Findings about the key, without what the plan repairs. A key whose vault is hidden is reported
/// with the vault.
fn of_key(target: &Target, observed: &Observed, whose: Whose, mends: Mends) -> Vec<Finding> {
    let name = key_name(target, observed);
    let at_vault = at_vault(target, observed);
    let hidden = |why: &Unreadable| {
        let subject = name.clone().unwrap_or_else(|| "key".to_owned());
        unseen(
            "CMK015",
            subject,
            "The state of the key",
            why,
            (who::KEY_VAULT, whose),
        )
        .of_changes()
    };
    let vault_is_there = matches!(observed.vault, Some(Seen::Present(_)));
    match &observed.key {
        Some(Seen::Present(key)) => check_key(key, &at_vault, observed.at, mends),
        Some(Seen::Absent) if mends == Mends::Deleted => Vec::new(),
        Some(Seen::Absent) => {
            let name = name.as_deref().unwrap_or("key");
            vec![absent_key(
                name,
                &at_vault,
                &observed.preconditions.deleted_key,
            )]
        }
        Some(Seen::Unreadable(why)) => vec![hidden(why)],
        // If the caller named only a vault, a policy's key was not asked for.
        None if vault_is_there && (target.key.is_some() || target.vault.is_none()) => {
            vec![hidden(&unread())]
        }
        None => Vec::new(),
    }
}

fn unread() -> Unreadable {
    Unreadable::because("cmkctl did not read this information")
}

/// The finding that the environment's linked policy could not be read, or does not exist. `what`:
/// its name in the message.
pub(super) fn linked_policy(observed: &Observed, what: &str) -> Option<Finding> {
    let linked = observed
        .environment
        .present()
        .and_then(|environment| environment.policy());
    let subject = linked.map_or_else(|| "policy".to_owned(), ToString::to_string);
    match &observed.policy {
        Seen::Present(_) => None,
        Seen::Unreadable(why) => Some(unseen(
            "CMK019",
            subject,
            what,
            why,
            (who::ASSIGNS_ROLES, Whose::Others),
        )),
        Seen::Absent => {
            let why = "the service says that the policy does not exist, although an environment is \
                linked to it";
            Some(unknown("CMK019", subject, what, why, who::ASSIGNS_ROLES))
        }
    }
}

/// Findings that block an environment from leaving its policy. The service decrypts its data with
/// the key once more; without the key the outage does not end. A linked policy that is missing or
/// unreadable blocks, too.
pub(super) fn to_leave(observed: &Observed) -> Vec<Finding> {
    if let Some(unread) = linked_policy(observed, "The state of the old policy") {
        return vec![unread];
    }
    // Warnings concern the time after the environment has left.
    in_use(observed)
        .findings
        .into_iter()
        .filter(|finding| finding.severity != Severity::Warn)
        .collect()
}

/// What the snapshot's policy needs to keep its environments running: its key, its vault, its
/// grant, and when the grant is effective. Facts that the service refuses to this caller belong to
/// the Key Vault administrator's side. The callers report an unreadable policy themselves.
pub(super) fn in_use(observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let Some(policy) = observed.policy.present() else {
        return plan;
    };
    plan.findings = references(policy);
    plan.findings
        .extend(check(&Target::default(), observed, Whose::Others));
    plan.findings.extend(grant::in_use(observed, Whose::Others));
    // A vault that is absent or was not read gives no key, so the key was not checked.
    if observed.key.is_none() && !matches!(observed.vault, Some(Seen::Present(_))) {
        plan.findings.push(unknown(
            "CMK015",
            policy.id.to_string(),
            "The state of the key",
            "the key was not read",
            who::KEY_VAULT,
        ));
    }
    plan.effective_from = grant::effective_from(observed, policy);
    plan
}

/// Does the policy encrypt, and does it name its key?
pub(super) fn references(policy: &Policy) -> Vec<Finding> {
    let (id, name) = (policy.id.to_string(), &policy.id.name);
    let mut found = Vec::new();
    match &policy.encrypts {
        Known::Known(true) => {}
        Known::Known(false) => found.push(finding(
            "CMK026",
            Severity::Block,
            &id,
            format!("The encryption of the policy `{name}` is disabled."),
            "cmkctl does not change existing policies. Create a policy with another name.",
            who::KEY_VAULT,
        )),
        Known::Unknown(why) => {
            found.push(unknown(
                "CMK026",
                &id,
                &format!("Whether the encryption of the policy `{name}` is enabled"),
                why,
                who::KEY_VAULT,
            ));
        }
    }
    found.extend(health(policy));
    if let Known::Unknown(why) = &policy.key {
        found.push(unknown(
            "CMK026",
            &id,
            &format!("Which key the policy `{name}` references"),
            why,
            who::KEY_VAULT,
        ));
    }
    found
}

/// The service's own health state of the policy. Only a warning, because no document says what
/// follows from it.
fn health(policy: &Policy) -> Option<Finding> {
    let word = policy.health.as_ref()?;
    let name = &policy.id.name;
    let message = match &word.means {
        Known::Known(Health::Undetermined | Health::Healthy) => return None,
        Known::Known(Health::Bad) => {
            let health = word.shown();
            format!("The service says that the health of the policy `{name}` is `{health}`.")
        }
        Known::Unknown(why) => {
            unknown_fact(&format!("whether the policy `{name}` is healthy"), why)
        }
    };
    Some(finding(
        "CMK048",
        Severity::Warn,
        policy.id.to_string(),
        message,
        "Check the key, its vault and the grant: `cmkctl check`. If all three are in order, ask \
        Microsoft support.",
        who::KEY_VAULT,
    ))
}

/// The key's name: the one asked for, or else the policy's.
fn key_name(target: &Target, observed: &Observed) -> Option<String> {
    let asked = target.key.as_ref().map(KeyName::as_str);
    let named = || {
        observed
            .policy
            .present()
            .and_then(Policy::key_reference)
            .map(|key| key.key.as_str())
    };
    asked.or_else(named).map(str::to_owned)
}

/// `--vault-name NAME` or `--hsm-name NAME`, as `az keyvault key` takes it.
fn at_vault(target: &Target, observed: &Observed) -> String {
    match vault_id(target, observed) {
        Some(id) if id.kind == ResourceKind::ManagedHsm => format!("--hsm-name {}", id.name),
        Some(id) => format!("--vault-name {}", id.name),
        None => "--vault-name VAULT".to_owned(),
    }
}

fn absent_key(name: &str, at_vault: &str, deleted: &Seen<Deleted>) -> Finding {
    let create = format!("az keyvault key create --kty RSA --size 3072 --name {name} {at_vault}");
    let (message, remedy) = match deleted {
        Seen::Present(deleted) => (
            format!("The key `{name}` is deleted{}.", until(deleted)),
            format!("Recover it: `az keyvault key recover --name {name} {at_vault}`."),
        ),
        Seen::Absent => (
            format!("There is no key `{name}` in the vault, and no deleted key of that name."),
            format!("Create it: `{create}`."),
        ),
        Seen::Unreadable(_) => (
            format!("There is no key `{name}` in the vault."),
            format!(
                "If the key was deleted, recover it. List deleted keys: `az keyvault key \
                list-deleted {at_vault}`. Otherwise create the key: `{create}`."
            ),
        ),
    };
    finding(
        "CMK046",
        Severity::Block,
        name,
        message,
        remedy,
        who::KEY_VAULT,
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples::{codes, hidden, key_name, odd, on, rows, silent, version};
    use super::*;

    #[test]
    fn what_is_absent_blocks_and_what_is_not_known_is_said() {
        let table: &[super::super::samples::Row] = &[
            ("well", |_, _| {}, &[]),
            (
                "no vault",
                |_, o| o.vault = Some(Seen::Absent),
                &["CMK046 block"],
            ),
            (
                "a silent vault",
                |_, o| o.vault = Some(silent()),
                &["CMK011 unknown"],
            ),
            (
                "a hidden vault",
                |_, o| o.vault = Some(hidden()),
                &["CMK011 not-visible"],
            ),
            (
                "no key",
                |_, o| o.key = Some(Seen::Absent),
                &["CMK046 block"],
            ),
            (
                "a silent key",
                |_, o| o.key = Some(silent()),
                &["CMK015 unknown"],
            ),
            (
                "a hidden key",
                |_, o| o.key = Some(hidden()),
                &["CMK015 not-visible"],
            ),
            (
                "pinned",
                |t, _| t.key_version = Some(version('a')),
                &["CMK017 warn"],
            ),
        ];
        rows(table, |t, o| codes(&check(t, o, Whose::Others)));
        rows(
            &[
                (
                    "a hidden vault",
                    |_, o| o.vault = Some(hidden()),
                    &["CMK011 unknown"],
                ),
                (
                    "a hidden key",
                    |_, o| o.key = Some(hidden()),
                    &["CMK015 unknown"],
                ),
            ],
            |t, o| codes(&check(t, o, Whose::Own)),
        );
    }

    #[test]
    fn an_environment_leaves_only_with_a_policy_and_a_key_that_are_known() {
        rows(
            &[
                ("well", |_, _| {}, &[]),
                (
                    "no policy",
                    |_, o| o.policy = Seen::Absent,
                    &["CMK019 unknown"],
                ),
                (
                    "a silent policy",
                    |_, o| o.policy = silent(),
                    &["CMK019 unknown"],
                ),
                (
                    "a hidden policy",
                    |_, o| o.policy = hidden(),
                    &["CMK019 not-visible"],
                ),
                (
                    "a policy not read",
                    |_, o| o.policy = Seen::default(),
                    &["CMK019 unknown"],
                ),
                (
                    "a vault not read",
                    |_, o| o.vault = None,
                    &["CMK011 unknown"],
                ),
                (
                    "a key that expires soon",
                    |_, o| {
                        on(&mut o.key, |k| {
                            k.validity.expires = Known::Known(Some(super::super::samples::days(9)));
                        });
                    },
                    &[],
                ),
                (
                    "a disabled key",
                    |_, o| on(&mut o.key, |k| k.validity.enabled = Known::Known(false)),
                    &["CMK016 block"],
                ),
                (
                    "no grant",
                    |_, o| o.key_rights = crate::model::rights::PrincipalRights::nothing(),
                    &["CMK012 block"],
                ),
            ],
            |_, observed| codes(&to_leave(observed)),
        );
    }

    #[test]
    fn a_policy_encrypts_with_a_key_that_it_names() {
        rows(
            &[
                ("well", |_, _| {}, &[]),
                (
                    "disabled",
                    |_, o| on(&mut o.policy, |p| p.encrypts = Known::Known(false)),
                    &["CMK026 block"],
                ),
                (
                    "perhaps disabled",
                    |_, o| on(&mut o.policy, |p| p.encrypts = odd()),
                    &["CMK026 unknown"],
                ),
                (
                    "no key",
                    |_, o| on(&mut o.policy, |p| p.key = odd()),
                    &["CMK026 unknown"],
                ),
                (
                    "healthy",
                    |_, o| on(&mut o.policy, |p| p.health = Some("Healthy".into())),
                    &[],
                ),
                (
                    "unhealthy",
                    |_, o| on(&mut o.policy, |p| p.health = Some("Unhealthy".into())),
                    &["CMK048 warn"],
                ),
                (
                    "of another health",
                    |_, o| on(&mut o.policy, |p| p.health = Some("Wibble".into())),
                    &["CMK048 warn"],
                ),
            ],
            |_, observed| codes(&references(observed.policy.present().unwrap())),
        );
        let vault = super::super::samples::vault().id;
        let named = super::super::samples::policy("ep");
        assert!(named.references(&vault, &key_name()).proven());
    }
}
