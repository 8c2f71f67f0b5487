//! The pure rules: a snapshot without problems, and for each code the change that causes it.

use cmkctl::model::environment::{AppLink, Dataverse, Environment, Integration, KeyLink};
use cmkctl::model::finding::{Finding, Severity};
use cmkctl::model::ids::{ArmId, ResourceKind};
use cmkctl::model::key_ids::{KeyName, KeyVersion};
use cmkctl::model::known::{Known, Verdict};
use cmkctl::model::lifecycle_rules::Rules;
use cmkctl::model::making::Making;
use cmkctl::model::observed::Observed;
use cmkctl::model::operation::Operation;
use cmkctl::model::preconditions::{Deleted, Lock, OldKey, Preconditions, Validation};
use cmkctl::model::protection::{
    Key, KeyReference, Network, Policy, Provider, Registration, Validity, Vault,
};
use cmkctl::model::rights::{Permission, PrincipalRights, RoleAssignment};
use cmkctl::model::seen::{Reason, Seen, Unreadable};
use cmkctl::model::target::Target;
use cmkctl::model::whole::Whole;
use cmkctl::model::word::Word;
use cmkctl::steps::check::check;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const NOTES: [&str; 7] = [
    "CMK027", "CMK029", "CMK030", "CMK036", "CMK038", "CMK039", "CMK040",
];
const IDENTITY: &str = "99999999-2222-3333-4444-555555555555";

pub(crate) fn id(kind: ResourceKind, name: &str) -> ArmId {
    ArmId::new("11111111-2222-3333-4444-555555555555", "rg", kind, name).unwrap()
}

pub(crate) fn policy_id() -> ArmId {
    id(ResourceKind::EnterprisePolicy, "ep")
}

pub(crate) fn now() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn grant(created: Timestamp) -> RoleAssignment {
    RoleAssignment {
        scope: id(ResourceKind::Vault, "kv").to_string(),
        role: "e147488a-f6f5-4113-8e2d-b22465e65bf6".into(),
        principal_id: IDENTITY.into(),
        created: Known::Known(created),
        ..RoleAssignment::default()
    }
}

pub(crate) fn in_days(days: i64) -> Timestamp {
    now()
        .checked_add(SignedDuration::from_hours(days * 24))
        .unwrap()
}

fn everything() -> Seen<Whole<Permission>> {
    all(vec![Permission {
        actions: vec!["*".into()],
        ..Permission::default()
    }])
}

/// A tenant without blockers.
pub(crate) fn well() -> (Target, Observed) {
    let (vault, key) = (
        id(ResourceKind::Vault, "kv"),
        KeyName::parse("cmk").unwrap(),
    );
    let target = Target {
        environment: Some("UAT".into()),
        policy: Some(policy_id()),
        vault: Some(vault.clone()),
        key: Some(key),
        ..Target::default()
    };
    let (lcs, url) = (
        "aaaaaaaa-0000-0000-0000-000000000001",
        "https://uat.sandbox.operations.dynamics.com",
    );
    let environment = Environment {
        id: "e".into(),
        display_name: "UAT".into(),
        location: "europe".into(),
        sku: "Sandbox".into(),
        tenant_id: Known::Known(Some("t".into())),
        protection_level: "Standard".into(),
        management_state: "Ready".into(),
        runtime_state: "Enabled".into(),
        dataverse: Some(Dataverse::default()),
        app: Known::Known(Some(AppLink {
            id: Some(lcs.into()),
            kind: Some("Linked".into()),
            url: Some(url.into()),
        })),
        key_link: Seen::Absent,
        key_managed_by: Known::Known(Some("Microsoft".into())),
        rules: Known::Known(Rules {
            allowed: vec!["NewCustomerManagedKey".into()],
            disallowed: Vec::new(),
        }),
        permissions: Known::Known(Some(vec!["ManageProtectionKeys".into()])),
        is_default: Known::Known(false),
        ..Environment::default()
    };
    let observed = Observed {
        at: now(),
        environment: Seen::Present(environment),
        integration: Some(Seen::Present(Integration::Integrated {
            id: Some(lcs.into()),
            url: Some(url.into()),
        })),
        operations: all(Vec::new()),
        policy: Seen::Present(Policy {
            id: policy_id(),
            location: "europe".into(),
            kind: "Encryption".into(),
            principal_id: Some(IDENTITY.into()),
            system_id: Some("/regions/europe/x".into()),
            key: Known::Known(KeyReference {
                vault: vault.clone(),
                key: KeyName::parse("cmk").unwrap(),
                version: None,
            }),
            encrypts: Known::Known(true),
            unfinished: None,
            health: Some("Healthy".into()),
        }),
        provider: Seen::Present(Provider {
            state: Known::Known(Registration::Registered),
            locations: Known::Known(vec!["europe".into()]),
        }),
        vault: Some(Seen::Present(Vault {
            id: vault,
            region: "westeurope".into(),
            uri: "https://kv.vault.azure.net/".into(),
            tenant_id: "t".into(),
            rbac: Known::Known(true),
            soft_delete: Known::Known(true),
            retention_days: Known::Known(90),
            purge_protection: Known::Known(true),
            network: Known::Known(Network::Open),
            access_policies: Known::Known(Vec::new()),
        })),
        key: Some(Seen::Present(Key {
            name: "cmk".into(),
            kty: "RSA".into(),
            bits: Known::Known(3072),
            validity: Validity {
                enabled: Known::Known(true),
                created: Known::Known(Timestamp::UNIX_EPOCH),
                not_before: Known::Known(None),
                expires: Known::Known(Some(in_days(300))),
            },
            source: "Key Vault",
            ..Key::default()
        })),
        key_rights: PrincipalRights::of(vec![grant(Timestamp::UNIX_EPOCH)]),
        policy_rights: BTreeMap::new(),
        preconditions: Preconditions {
            group_rights: everything(),
            vault_rights: everything(),
            subscription_rights: everything(),
            group_locks: all(Vec::new()),
            estate: all(Vec::new()),
            validation: Seen::Present(Validation::Passed),
            ..Preconditions::default()
        },
        making: Making::default(),
        left: None,
    };
    (target, observed)
}

/// A part of a snapshot that can be unreadable.
pub(crate) trait Part {
    type Value;
    fn value(&mut self) -> Option<&mut Self::Value>;
    fn unread(why: Unreadable) -> Self;
}

impl<T> Part for Seen<T> {
    type Value = T;

    fn value(&mut self) -> Option<&mut T> {
        match self {
            Seen::Present(value) => Some(value),
            Seen::Absent | Seen::Unreadable(_) => None,
        }
    }

    fn unread(why: Unreadable) -> Self {
        Seen::Unreadable(why)
    }
}

impl<T> Part for Option<Seen<T>> {
    type Value = T;

    fn value(&mut self) -> Option<&mut T> {
        self.as_mut()?.value()
    }

    fn unread(why: Unreadable) -> Self {
        Some(Seen::Unreadable(why))
    }
}

/// A complete list.
pub(crate) fn all<T>(items: Vec<T>) -> Seen<Whole<T>> {
    Seen::Present(Whole::read_to_end(items))
}

/// Adds an item at the start of a list.
pub(crate) fn newest<T>(list: &mut Seen<Whole<T>>, item: T) {
    let Seen::Present(before) = std::mem::replace(list, all(Vec::new())) else {
        panic!("it is not there");
    };
    *list = all(std::iter::once(item).chain(before).collect());
}

/// Adds an item at the end of a list.
pub(crate) fn also<T>(list: &mut Seen<Whole<T>>, item: T) {
    let Seen::Present(before) = std::mem::replace(list, all(Vec::new())) else {
        panic!("it is not there");
    };
    *list = all(before.into_iter().chain([item]).collect());
}

/// The known value. Causes apply in order, so each must find its part.
pub(crate) fn part<P: Part>(part: &mut P) -> &mut P::Value {
    part.value().unwrap_or_else(|| panic!("it is not there"))
}

pub(crate) fn reference(observed: &mut Observed) -> &mut KeyReference {
    match &mut part(&mut observed.policy).key {
        Known::Known(key) => key,
        Known::Unknown(why) => panic!("{why}"),
    }
}

pub(crate) fn unreadable<P: Part>(finding: Option<&'static str>) -> P {
    P::unread(Unreadable {
        why: "it answered 403".into(),
        forbidden: true,
        reason: Reason::of(finding),
        told: None,
    })
}

pub(crate) fn link(policy: &str, status: &str) -> Seen<KeyLink> {
    let policy = id(ResourceKind::EnterprisePolicy, policy);
    Seen::Present(KeyLink {
        policy,
        status: status.into(),
        system_id: None,
    })
}

pub(crate) fn linked(number: usize, policy: &str) -> Environment {
    let name = format!("other-{number}");
    Environment {
        id: name.clone(),
        display_name: name,
        key_link: link(policy, "Linked"),
        ..Environment::default()
    }
}

pub(crate) fn operation(kind: &str, state: &str, days_ago: i64) -> Operation {
    let then = in_days(-days_ago);
    let (created, last_action) = (Known::Known(then), Known::Known(Some(then)));
    Operation {
        kind: kind.into(),
        state: state.into(),
        created,
        last_action,
        ..Operation::default()
    }
}

type Change = fn(&mut Target, &mut Observed);

/// A code, the codes that come with it, and its cause. The first block can be combined freely.
const INDEPENDENT: [(&str, Change); 23] = [
    ("CMK001", |_, o| {
        o.integration = Some(Seen::Present(Integration::NotIntegrated))
    }),
    ("CMK006", |_, o| {
        part(&mut o.environment).protection_level = "Basic".into()
    }),
    ("CMK007", |_, o| {
        part(&mut o.policy).location = "unitedstates".into()
    }),
    ("CMK010", |_, o| {
        part(&mut o.provider).state = Known::Known(Registration::NotRegistered)
    }),
    ("CMK011", |_, o| {
        part(&mut o.vault).purge_protection = Known::Known(false)
    }),
    ("CMK012", |_, o| o.key_rights = PrincipalRights::nothing()),
    ("CMK015", |_, o| part(&mut o.key).kty = "EC".into()),
    ("CMK016", |_, o| {
        part(&mut o.key).validity.expires = Known::Known(Some(in_days(10)))
    }),
    ("CMK017", |_, o| {
        reference(o).version = Some(KeyVersion::parse(&"0".repeat(32)).unwrap())
    }),
    ("CMK018", |_, o| {
        part(&mut o.vault).network = Known::Known(Network::Closed)
    }),
    ("CMK021", |_, o| {
        part(&mut o.environment).permissions = Known::Known(Some(vec!["ReadEnvironment".into()]))
    }),
    ("CMK023", |_, o| {
        part(&mut o.environment).ongoing = Some("Copy".into())
    }),
    ("CMK024", |_, o| {
        part(&mut o.environment).sku = "Trial".into()
    }),
    ("CMK031", |_, o| {
        (0..23).for_each(|number| also(&mut o.preconditions.estate, linked(number, "EP")));
    }),
    ("CMK033", |_, o| {
        also(
            &mut o.operations,
            operation("RevertToMicrosoftKey", "Succeeded", 10),
        )
    }),
    ("CMK035", |_, o| {
        part(&mut o.environment).runtime_state = "AdminMode".into()
    }),
    ("CMK043", |_, o| {
        part(&mut o.vault).tenant_id = "another".into()
    }),
    ("CMK044", |_, o| {
        let scope = policy_id().group_scope().to_uppercase();
        also(
            &mut o.preconditions.group_locks,
            Lock {
                scope,
                level: "ReadOnly".into(),
                name: "l".into(),
            },
        );
    }),
    ("CMK047", |_, o| {
        part(&mut o.vault).retention_days = Known::Known(7)
    }),
    ("CMK032", |_, o| {
        also(&mut o.preconditions.estate, linked(99, "another"))
    }),
    ("CMK019", |t, o| {
        let reader = "88888888-2222-3333-4444-555555555555".to_owned();
        o.policy_rights
            .insert(reader.clone(), PrincipalRights::nothing());
        t.readers.push(reader);
    }),
    ("CMK015", |_, o| part(&mut o.key).bits = Known::Known(4096)),
    ("CMK048", |_, o| {
        part(&mut o.policy).health = Some("Warning".into())
    }),
];

const OTHERS: [(&str, &[&str], Change); 22] = [
    ("CMK041", &[], |_, o| {
        part(&mut o.environment).key_link = unreadable(Some("CMK041"))
    }),
    ("CMK002", &[], |_, o| {
        o.integration = Some(Seen::Present(Integration::Integrated {
            id: Some("x".into()),
            url: None,
        }));
    }),
    ("CMK003", &[], |_, o| {
        part(&mut o.environment).dataverse = None
    }),
    ("CMK004", &[], |_, o| {
        let url = Some("https://x.axcloud.dynamics.com".into());
        part(&mut o.environment).app = Known::Known(Some(AppLink {
            url,
            ..AppLink::default()
        }));
    }),
    ("CMK005", &[], |_, o| {
        part(&mut o.environment).app = Known::Known(None)
    }),
    ("CMK008", &[], |_, o| {
        o.policy = Seen::Absent;
        part(&mut o.provider).locations = Known::Known(vec!["asia".into()]);
    }),
    ("CMK009", &[], |_, o| {
        o.policy = Seen::Absent;
        o.preconditions.validation = Seen::Present(Validation::Refused {
            code: "RequestDisallowedByPolicy".into(),
            message: "m".into(),
            assignments: vec!["Allowed locations".into()],
        });
    }),
    ("CMK013", &[], |_, o| {
        o.key_rights = PrincipalRights::of(vec![grant(
            now().checked_sub(SignedDuration::from_secs(60)).unwrap(),
        )]);
    }),
    ("CMK014", &[], |_, o| {
        part(&mut o.policy).principal_id = None
    }),
    ("CMK016", &[], |_, o| {
        part(&mut o.key).validity.enabled = Known::Known(false)
    }),
    ("CMK019", &[], |t, o| {
        (t.vault, t.key) = (None, None);
        (o.vault, o.key, o.policy) = (None, None, unreadable(None));
    }),
    ("CMK020", &[], |_, o| {
        o.environment = unreadable(Some("CMK020"))
    }),
    ("CMK021", &[], |_, o| {
        o.environment = unreadable(Some("CMK021"))
    }),
    ("CMK022", &[], |_, o| {
        o.environment = unreadable(Some("CMK022"))
    }),
    ("CMK025", &[], |_, o| {
        part(&mut o.environment).key_link = link("another", "Linked")
    }),
    ("CMK026", &[], |_, o| {
        reference(o).key = KeyName::parse("another").unwrap()
    }),
    ("CMK028", &[], |_, o| {
        part(&mut o.environment).key_link = link("EP", "Linked");
        also(
            &mut o.operations,
            operation("NewCustomerManagedKey", "Failed", 2),
        );
    }),
    ("CMK034", &["CMK025"], |t, o| {
        t.swap = true;
        part(&mut o.environment).key_link = link("another", "Linked");
        let vault = id(ResourceKind::Vault, "old").to_string();
        o.preconditions.old_key = Seen::Present(OldKey {
            vault,
            key: "old".into(),
            granted: Verdict::No,
        });
    }),
    ("CMK037", &[], |_, o| o.provider = Seen::Absent),
    ("CMK042", &[], |_, o| {
        part(&mut o.policy).kind = "NetworkInjection".into()
    }),
    ("CMK045", &["CMK012"], |_, o| {
        o.key_rights = PrincipalRights::nothing();
        o.preconditions.vault_rights = all(vec![Permission {
            actions: vec!["*/read".into()],
            ..Permission::default()
        }]);
    }),
    ("CMK046", &[], |_, o| {
        o.key = Some(Seen::Absent);
        o.preconditions.deleted_key = Seen::Present(Deleted {
            name: "cmk".into(),
            purged: Known::Known(None),
        });
    }),
];

fn findings(changes: &[Change]) -> Vec<Finding> {
    let (mut target, mut observed) = well();
    for change in changes {
        change(&mut target, &mut observed);
    }
    check(&target, &observed).findings
}

/// The codes without notes.
fn codes(changes: &[Change]) -> BTreeSet<&'static str> {
    findings(changes)
        .iter()
        .map(|finding| finding.code)
        .filter(|code| !NOTES.contains(code))
        .collect()
}

#[test]
fn where_all_is_well_only_the_notes_are_said() {
    assert_eq!(codes(&[]), BTreeSet::new());
    let all: BTreeSet<&str> = findings(&[]).iter().map(|finding| finding.code).collect();
    assert_eq!(all, BTreeSet::from(NOTES));
    // After the link, the outage is over. Without finance and operations, its notes do not apply.
    let (mut target, mut observed) = well();
    part(&mut observed.environment).key_link = link("ep", "Linked");
    part(&mut observed.environment).app = Known::Known(None);
    target.power_platform_only = true;
    let left: Vec<&str> = check(&target, &observed)
        .findings
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(left, ["CMK029", "CMK030", "CMK036"]);
}

#[test]
fn every_code_has_its_cause() {
    let mut said = BTreeSet::from(NOTES);
    for (code, change) in INDEPENDENT {
        assert_eq!(codes(&[change]), BTreeSet::from([code]));
        said.insert(code);
    }
    for (code, with, change) in OTHERS {
        let expected: BTreeSet<&str> = with.iter().copied().chain([code]).collect();
        assert_eq!(codes(&[change]), expected, "{code}");
        said.insert(code);
    }
    let all: Vec<String> = (1..=48).map(|number| format!("CMK{number:03}")).collect();
    assert_eq!(said.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn what_is_not_known_is_no_yes_and_what_the_other_side_hides_is_said() {
    let (target, mut observed) = well();
    observed.integration = unreadable(None);
    observed.key = unreadable(None);
    observed.vault = unreadable(None);
    observed.provider = unreadable(None);
    observed.preconditions.group_locks = unreadable(None);
    observed.preconditions.estate = unreadable(None);
    part(&mut observed.environment).protection_level = Word::default();
    let found = check(&target, &observed).findings;
    let of = |severity| -> BTreeSet<&str> {
        found
            .iter()
            .filter(|one| one.severity == severity)
            .map(|one| one.code)
            .collect()
    };
    assert_eq!(
        of(Severity::NotVisible),
        BTreeSet::from(["CMK010", "CMK011", "CMK015", "CMK044"])
    );
    assert_eq!(
        of(Severity::Unknown),
        BTreeSet::from(["CMK001", "CMK006", "CMK031"])
    );
    assert!(
        found
            .iter()
            .all(|one| !matches!(one.severity, Severity::Block | Severity::Warn)),
        "{found:#?}"
    );
    // A service that did not answer hides nothing, so the fact is unknown.
    let odd = Unreadable {
        why: "it did not answer".into(),
        ..Unreadable::default()
    };
    (observed.key, observed.vault) = (Part::unread(odd.clone()), Part::unread(odd));
    let found = check(&target, &observed).findings;
    let open = |code: &str| {
        found
            .iter()
            .any(|one| one.code == code && one.severity == Severity::Unknown)
    };
    assert!(open("CMK011") && open("CMK015"), "{found:#?}");
}

#[test]
fn where_rule_and_service_disagree_both_are_said() {
    let both = findings(&[|_, o| part(&mut o.environment).sku = "Trial".into()]);
    let said = both.iter().find(|one| one.code == "CMK024").unwrap();
    assert!(
        said.message.contains("Trial environment") && said.message.contains("although"),
        "{}",
        said.message
    );
    let service = findings(&[|_, o| {
        let Known::Known(rules) = &mut part(&mut o.environment).rules else {
            panic!("no rules")
        };
        rules
            .disallowed
            .push(("NewCustomerManagedKey".into(), Some("CdsLink".into())));
    }]);
    assert!(
        service
            .iter()
            .any(|one| one.code == "CMK024" && one.message.contains("CdsLink"))
    );
}

proptest! {
    /// Without one cause of a set, exactly its code disappears.
    #[test]
    fn removing_a_cause_removes_exactly_its_finding(
        mask in proptest::collection::vec(any::<bool>(), INDEPENDENT.len()),
        gone in 0..INDEPENDENT.len()
    ) {
        let taken = |index: &usize| mask[*index] && *index != gone;
        let chosen: Vec<usize> = (0..INDEPENDENT.len()).filter(taken).collect();
        let without: Vec<Change> = chosen.iter().map(|index| INDEPENDENT[*index].1).collect();
        let mut with = without.clone();
        with.push(INDEPENDENT[gone].1);
        let (before, after) = (codes(&with), codes(&without));
        let code = INDEPENDENT[gone].0;
        prop_assert!(before.contains(code));
        let left: BTreeSet<&str> = before.difference(&after).copied().collect();
        let twin = chosen.iter().any(|index| INDEPENDENT[*index].0 == code);
        prop_assert_eq!(left, if twin { BTreeSet::new() } else { BTreeSet::from([code]) });
        prop_assert!(after.is_subset(&before));
    }

    #[test]
    fn every_finding_says_what_helps_and_who(mask in proptest::collection::vec(any::<bool>(),
        INDEPENDENT.len()), one in 0..OTHERS.len()) {
        let mut chosen: Vec<Change> = INDEPENDENT.iter().zip(&mask).filter(|(_,
            on)| **on).map(|((_, change), _)| *change).collect();
        // Some of the others exclude the rest, so only one of them comes last.
        chosen.push(OTHERS[one].2);
        let found = findings(&chosen);
        for one in &found {
            let says = !one.remedy.to_string().trim().is_empty() && !one.who.is_empty();
            prop_assert!(says && !one.subject.is_empty(), "{:?}", one);
        }
        prop_assert!(found.is_sorted_by_key(|one| std::cmp::Reverse(one.severity)), "worst first");
    }
}
