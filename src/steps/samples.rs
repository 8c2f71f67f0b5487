//! A snapshot without any problem for the table tests of the steps, and short words for what the
//! steps find.

use crate::model::environment::{Environment, Integration, KeyLink};
use crate::model::finding::Finding;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::{Known, Verdict};
use crate::model::lifecycle_rules::Rules;
use crate::model::making::Making;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::plan::Plan;
use crate::model::preconditions::{OldKey, Preconditions, Validation, Version};
use crate::model::protection::{
    Key, KeyReference, Network, Policy, Provider, Registration, Validity, Vault,
};
use crate::model::rights::{Permission, PrincipalRights, RoleAssignment};
use crate::model::roles::ENCRYPTION_USER;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use crate::model::whole::Whole;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// The identity of the policy.
pub(super) const IDENTITY: &str = "99999999-2222-3333-4444-555555555555";

pub(super) fn id(kind: ResourceKind, name: &str) -> ArmId {
    ArmId::new("11111111-2222-3333-4444-555555555555", "rg", kind, name).unwrap()
}

pub(super) fn policy_id(name: &str) -> ArmId {
    id(ResourceKind::EnterprisePolicy, name)
}

pub(super) fn now() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

/// The time this many days from now.
pub(super) fn days(count: i64) -> Timestamp {
    now()
        .checked_add(SignedDuration::from_hours(count * 24))
        .unwrap()
}

pub(super) fn silent<T>() -> Seen<T> {
    Seen::Unreadable(Unreadable::because("it did not answer"))
}

pub(super) fn hidden<T>() -> Seen<T> {
    Seen::Unreadable(Unreadable {
        forbidden: true,
        ..Unreadable::because("it answered 403")
    })
}

pub(super) fn odd<T>() -> Known<T> {
    Known::Unknown("it says something else".to_owned())
}

/// A list that was read to its end.
pub(super) fn all<T>(items: Vec<T>) -> Seen<Whole<T>> {
    Seen::Present(Whole::read_to_end(items))
}

/// Changes the items of a list.
pub(super) fn list<T>(seen: &mut Seen<Whole<T>>, change: impl FnOnce(&mut Vec<T>)) {
    let Seen::Present(before) = std::mem::replace(seen, silent()) else {
        panic!("it is not there");
    };
    let mut items = before.into_iter().collect();
    change(&mut items);
    *seen = all(items);
}

/// A part of a snapshot, whether it is optional or not.
pub(super) trait Part {
    type Is;

    fn is(&mut self) -> &mut Self::Is;
}

impl<T> Part for Seen<T> {
    type Is = T;

    fn is(&mut self) -> &mut T {
        match self {
            Seen::Present(value) => value,
            Seen::Absent | Seen::Unreadable(_) => panic!("it is not there"),
        }
    }
}

impl<T> Part for Option<Seen<T>> {
    type Is = T;

    fn is(&mut self) -> &mut T {
        self.as_mut().unwrap().is()
    }
}

/// Changes a part that exists.
pub(super) fn on<P: Part>(part: &mut P, change: impl FnOnce(&mut P::Is)) {
    change(part.is());
}

pub(super) fn key_name() -> KeyName {
    KeyName::parse("cmk").unwrap()
}

pub(super) fn version(letter: char) -> KeyVersion {
    KeyVersion::parse(&letter.to_string().repeat(32)).unwrap()
}

/// Made this many days ago, enabled, and valid for a year.
pub(super) fn validity(days_ago: i64) -> Validity {
    Validity {
        enabled: Known::Known(true),
        created: Known::Known(days(-days_ago)),
        not_before: Known::Known(None),
        expires: Known::Known(Some(days(300))),
    }
}

pub(super) fn link(policy: &str, status: &str) -> Seen<KeyLink> {
    Seen::Present(KeyLink {
        policy: policy_id(policy),
        status: status.into(),
        system_id: None,
    })
}

pub(super) fn operation(kind: &str, state: &str, days_ago: i64) -> Operation {
    Operation {
        id: format!("{kind}-{days_ago}"),
        kind: kind.to_owned(),
        state: state.into(),
        created: Known::Known(days(-days_ago)),
        last_action: Known::Known(Some(days(-days_ago))),
        ..Operation::default()
    }
}

/// A ready environment without a policy.
pub(super) fn environment(id: &str) -> Environment {
    Environment {
        id: id.to_owned(),
        display_name: id.to_uppercase(),
        location: "europe".into(),
        sku: "Sandbox".into(),
        is_default: Known::Known(false),
        tenant_id: Known::Known(Some("t".to_owned())),
        protection_level: "Standard".into(),
        management_state: "Ready".into(),
        runtime_state: "Enabled".into(),
        app: Known::Known(None),
        key_link: Seen::Absent,
        key_managed_by: Known::Known(Some("Microsoft".to_owned())),
        rules: Known::Known(Rules::default()),
        permissions: Known::Known(None),
        ..Environment::default()
    }
}

pub(super) fn grant() -> RoleAssignment {
    RoleAssignment {
        scope: id(ResourceKind::Vault, "kv").to_string(),
        role: ENCRYPTION_USER.to_owned(),
        principal_id: IDENTITY.to_owned(),
        created: Known::Known(days(-100)),
        ..RoleAssignment::default()
    }
}

pub(super) fn policy(name: &str) -> Policy {
    Policy {
        id: policy_id(name),
        location: "europe".into(),
        kind: "Encryption".to_owned(),
        principal_id: Some(IDENTITY.to_owned()),
        system_id: Some("/regions/europe/x".to_owned()),
        key: Known::Known(KeyReference {
            vault: id(ResourceKind::Vault, "kv"),
            key: key_name(),
            version: None,
        }),
        encrypts: Known::Known(true),
        unfinished: None,
        health: None,
    }
}

pub(super) fn vault() -> Vault {
    Vault {
        id: id(ResourceKind::Vault, "kv"),
        region: "westeurope".into(),
        uri: "https://kv.vault.azure.net/".to_owned(),
        tenant_id: "t".into(),
        rbac: Known::Known(true),
        soft_delete: Known::Known(true),
        retention_days: Known::Known(90),
        purge_protection: Known::Known(true),
        network: Known::Known(Network::Open),
        access_policies: Known::Known(Vec::new()),
    }
}

pub(super) fn key() -> Key {
    Key {
        name: "cmk".to_owned(),
        kty: "RSA".into(),
        bits: Known::Known(3072),
        version: Known::Known(version('b')),
        validity: validity(90),
        rotation: Known::default(),
        source: "Key Vault",
    }
}

/// Everything that any step reads, without any problem. An environment `e` has no policy. The
/// identity of the policy `ep` may use the key `cmk` of the vault `kv`.
pub(super) fn well() -> (Target, Observed) {
    let target = Target {
        environment: Some("E".to_owned()),
        policy: Some(policy_id("ep")),
        vault: Some(id(ResourceKind::Vault, "kv")),
        key: Some(key_name()),
        power_platform_only: true,
        deleted_checked: true,
        ..Target::default()
    };
    let anything = all(vec![Permission {
        actions: vec!["*".to_owned()],
        ..Permission::default()
    }]);
    let preconditions = Preconditions {
        group_rights: anything.clone(),
        vault_rights: anything.clone(),
        subscription_rights: anything,
        validation: Seen::Present(Validation::Passed),
        group_locks: all(Vec::new()),
        estate: all(vec![environment("e")]),
        old_key: Seen::Present(OldKey {
            vault: "v".to_owned(),
            key: "k".to_owned(),
            granted: Verdict::Yes,
        }),
        versions: all(vec![
            Version {
                id: version('a'),
                validity: validity(200),
            },
            Version {
                id: version('b'),
                validity: validity(90),
            },
        ]),
        policies: BTreeMap::from([(policy_id("ep"), Seen::Present(policy("ep")))]),
        histories: BTreeMap::from([("e".to_owned(), all(Vec::new()))]),
        whole_tenant: Verdict::Yes,
        ..Preconditions::default()
    };
    let observed = Observed {
        at: now(),
        environment: Seen::Present(environment("e")),
        integration: Some(Seen::Present(Integration::NotIntegrated)),
        operations: all(Vec::new()),
        policy: Seen::Present(policy("ep")),
        provider: Seen::Present(Provider {
            state: Known::Known(Registration::Registered),
            locations: Known::Known(vec!["europe".to_owned()]),
        }),
        vault: Some(Seen::Present(vault())),
        key: Some(Seen::Present(key())),
        key_rights: PrincipalRights::of(vec![grant()]),
        policy_rights: BTreeMap::new(),
        preconditions,
        making: Making::default(),
        left: None,
    };
    (target, observed)
}

/// The findings, as `CMK016 block`, without notes.
pub(super) fn codes(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {}", finding.code, finding.severity.word()))
        .filter(|line| !line.ends_with("acknowledge"))
        .collect()
}

/// The actions by their JSON names.
pub(super) fn does(plan: &Plan) -> Vec<String> {
    plan.actions
        .iter()
        .map(|action| {
            let value = serde_json::to_value(action).unwrap();
            value["action"].as_str().unwrap_or_default().to_owned()
        })
        .collect()
}

/// A row of a table: its name, the change to the sample, and the expected result.
pub(super) type Row = (
    &'static str,
    fn(&mut Target, &mut Observed),
    &'static [&'static str],
);

/// Checks that each row gives its expected result.
pub(super) fn rows(table: &[Row], tell: impl Fn(&Target, &Observed) -> Vec<String>) {
    let mut other = Vec::new();
    for (what, change, expected) in table {
        let (mut target, mut observed) = well();
        change(&mut target, &mut observed);
        let told = tell(&target, &observed);
        if told != *expected {
            other.push(format!("{what}: {told:?}, not {expected:?}"));
        }
    }
    assert!(other.is_empty(), "{}", other.join("\n"));
}

/// A plan in words: its findings, `> action`, `withheld` for each withheld step, and `done` for
/// each sentence of `already`.
pub(super) fn told(plan: &Plan) -> Vec<String> {
    let actions = does(plan).into_iter().map(|action| format!("> {action}"));
    let withheld = plan.withheld.iter().map(|_| "withheld".to_owned());
    let done = plan.already.iter().map(|_| "done".to_owned());
    codes(&plan.findings)
        .into_iter()
        .chain(actions)
        .chain(withheld)
        .chain(done)
        .collect()
}

/// Links the environment, also in the tenant's list.
pub(super) fn linked(observed: &mut Observed, policy: &str, status: &str) {
    on(&mut observed.environment, |environment| {
        environment.key_link = link(policy, status);
        environment.key_managed_by = Known::Known(Some("Customer".to_owned()));
    });
    listed(observed);
}

/// Copies the environment into the tenant's list.
pub(super) fn listed(observed: &mut Observed) {
    let shown = observed.environment.present().cloned().unwrap();
    on(&mut observed.preconditions.estate, |all| all[0] = shown);
}
