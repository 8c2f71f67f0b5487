//! Missing knowledge may only move a plan toward refusing. Tested for every step, every fact that
//! decides, and every way in which it can be unknown.

use crate::rules::{
    Part, all, also, in_days, link, now, operation, part, policy_id, unreadable, well,
};
use cmkctl::model::finding::Severity;
use cmkctl::model::key_ids::KeyVersion;
use cmkctl::model::known::{Known, Verdict};
use cmkctl::model::making::{Making, NameCheck};
use cmkctl::model::new_key::{NewKey, Period};
use cmkctl::model::observed::Observed;
use cmkctl::model::plan::{Action, Plan};
use cmkctl::model::preconditions::{OldKey, Version};
use cmkctl::model::protection::Validity;
use cmkctl::model::rights::PrincipalRights;
use cmkctl::model::rotation::{RotationPolicy, RotationWish};
use cmkctl::model::seen::{Seen, Unreadable};
use cmkctl::model::target::Target;
use cmkctl::model::word::Word;
use cmkctl::steps::{
    Whose, add, create_key, policy, remove, retire, rotate, rotation, swap, unlock,
};
use std::collections::BTreeMap;

pub(crate) type Step = fn(&Target, &Observed) -> Plan;
pub(crate) type Change = fn(&mut Observed);

fn odd<T>() -> Known<T> {
    Known::Unknown("it says something else".into())
}

fn silent<P: Part>() -> P {
    P::unread(Unreadable {
        why: "it did not answer".into(),
        ..Unreadable::default()
    })
}

/// Changes a known fact. An unknown fact stays as it is.
fn on<P: Part>(part: &mut P, change: impl FnOnce(&mut P::Value)) {
    if let Some(value) = part.value() {
        change(value);
    }
}

/// Every fact that a step may decide upon, as nobody knows it.
pub(crate) const UNKNOWN: [(&str, Change); 70] = [
    ("environment", |o| o.environment = silent()),
    ("link", |o| {
        on(&mut o.environment, |one| one.key_link = silent())
    }),
    ("link that contradicts", |o| {
        on(&mut o.environment, |one| {
            one.key_link = unreadable(Some("CMK041"))
        })
    }),
    ("status of the link", |o| {
        on(&mut o.environment, |one| {
            on(&mut one.key_link, |link| link.status = "Wibble".into())
        })
    }),
    ("management state", |o| {
        on(&mut o.environment, |one| {
            one.management_state = Word::default()
        })
    }),
    ("runtime state", |o| {
        on(&mut o.environment, |one| {
            one.runtime_state = Word::default()
        })
    }),
    ("another runtime state", |o| {
        on(&mut o.environment, |one| {
            one.runtime_state = "Wibble".into()
        })
    }),
    ("protection level", |o| {
        on(&mut o.environment, |one| {
            one.protection_level = "Wibble".into()
        })
    }),
    ("rules", |o| on(&mut o.environment, |one| one.rules = odd())),
    ("finance and operations", |o| {
        on(&mut o.environment, |one| one.app = odd())
    }),
    ("integration", |o| o.integration = silent()),
    ("integration, never read", |o| o.integration = None),
    ("operations", |o| o.operations = silent()),
    ("operations, hidden", |o| hide(&mut o.operations)),
    ("policy", |o| o.policy = silent()),
    ("policy, hidden", |o| hide(&mut o.policy)),
    ("key of the policy", |o| {
        on(&mut o.policy, |one| one.key = odd())
    }),
    ("state of the policy", |o| {
        on(&mut o.policy, |one| one.encrypts = odd())
    }),
    ("identity of the policy", |o| {
        on(&mut o.policy, |one| one.principal_id = None)
    }),
    ("vault", |o| o.vault = silent()),
    ("vault, never read", |o| o.vault = None),
    ("vault, hidden", |o| o.vault.iter_mut().for_each(hide)),
    ("model of the vault", |o| {
        on(&mut o.vault, |one| one.rbac = odd())
    }),
    ("network", |o| on(&mut o.vault, |one| one.network = odd())),
    ("soft delete", |o| {
        on(&mut o.vault, |one| one.soft_delete = odd())
    }),
    ("purge protection", |o| {
        on(&mut o.vault, |one| one.purge_protection = odd())
    }),
    ("key", |o| o.key = silent()),
    ("key, never read", |o| o.key = None),
    ("type of the key", |o| {
        on(&mut o.key, |one| one.kty = Word::default())
    }),
    ("whether the key is enabled", |o| {
        on(&mut o.key, |one| one.validity.enabled = odd())
    }),
    ("since when", |o| {
        on(&mut o.key, |one| one.validity.not_before = odd())
    }),
    ("until when", |o| {
        on(&mut o.key, |one| one.validity.expires = odd())
    }),
    ("when it was made", |o| {
        on(&mut o.key, |one| one.validity.created = odd())
    }),
    ("version of the key", |o| {
        on(&mut o.key, |one| one.version = odd())
    }),
    ("roles", |o| o.key_rights.roles = silent()),
    ("what a role allows", |o| {
        on(&mut o.key_rights.roles, |all| {
            all.iter_mut()
                .for_each(|role| role.role = "11111111-0000-4000-8000-000000000001".into());
        })
    }),
    ("a condition of a role", |o| {
        on(&mut o.key_rights.roles, |all| {
            all.iter_mut().for_each(|role| role.conditional = true)
        })
    }),
    ("denials", |o| o.key_rights.denials = silent()),
    ("the tenant", |o| o.preconditions.estate = silent()),
    ("whether it is the whole tenant", |o| {
        o.preconditions.whole_tenant = Verdict::default()
    }),
    ("histories", |o| {
        o.preconditions
            .histories
            .values_mut()
            .for_each(|history| *history = silent())
    }),
    ("policies", |o| {
        o.preconditions
            .policies
            .values_mut()
            .for_each(|policy| *policy = silent())
    }),
    ("versions", |o| o.preconditions.versions = silent()),
    ("kind of the environment", |o| {
        on(&mut o.environment, |one| one.sku = Word::default())
    }),
    ("whether it is the default environment", |o| {
        on(&mut o.environment, |one| one.is_default = odd())
    }),
    ("manager of the key", |o| {
        on(&mut o.environment, |one| one.key_managed_by = odd())
    }),
    ("permissions", |o| {
        on(&mut o.environment, |one| one.permissions = odd())
    }),
    ("geography", |o| {
        on(&mut o.environment, |one| one.location = odd())
    }),
    ("location of the policy", |o| {
        on(&mut o.policy, |one| one.location = odd())
    }),
    ("tenant of the vault", |o| {
        on(&mut o.vault, |one| one.tenant_id = odd())
    }),
    ("access policies", |o| {
        on(&mut o.vault, |one| one.access_policies = odd())
    }),
    ("size of the key", |o| {
        on(&mut o.key, |one| one.bits = odd())
    }),
    ("provider", |o| o.provider = silent()),
    ("registration", |o| {
        on(&mut o.provider, |one| one.state = odd())
    }),
    ("locations of the provider", |o| {
        on(&mut o.provider, |one| one.locations = odd())
    }),
    ("states of operations", |o| {
        on(&mut o.operations, |all| {
            all.iter_mut().for_each(|one| one.state = "Wibble".into())
        })
    }),
    ("dates of operations", |o| {
        on(&mut o.operations, |all| {
            for one in all {
                (one.created, one.last_action) = (odd(), odd());
            }
        })
    }),
    ("links of the tenant", |o| {
        on(&mut o.preconditions.estate, |all| {
            all.iter_mut().for_each(|one| one.key_link = silent())
        })
    }),
    ("old key", |o| {
        o.preconditions.old_key = silent();
        if let Some(left) = &mut o.left {
            (left.vault, left.key) = (silent(), silent());
        }
    }),
    ("tenant of a new vault", |o| o.making.tenant = silent()),
    ("resource group", |o| o.making.group = silent()),
    ("name of a new vault", |o| o.making.name = silent()),
    ("rights to make a key", |o| o.making.rights = silent()),
    ("locks where a key is made", |o| o.making.locks = silent()),
    ("rotation policy", |o| o.making.rotation = odd()),
    ("rotation policy of the key", |o| {
        o.preconditions.rotation = silent()
    }),
    ("SKU of the vault", |o| o.making.premium = odd()),
    ("deleted vaults", |o| {
        o.preconditions.deleted_vault = silent()
    }),
    ("deleted vaults, hidden", |o| {
        hide(&mut o.preconditions.deleted_vault)
    }),
    ("deleted keys", |o| o.preconditions.deleted_key = silent()),
];

/// The service refuses a fact that it showed before. A fact that was already unknown stays so,
/// because a refusal says more than no answer.
fn hide<T: Clone>(fact: &mut Seen<T>) {
    if fact.unreadable().is_none() {
        *fact = unreadable(None);
    }
}

/// A key is to be created. Nothing exists, and the caller may create everything.
pub(crate) fn nothing_there(target: &mut Target, observed: &mut Observed) {
    target.new_key = Some(NewKey {
        region: Some("westeurope".to_owned()),
        ..NewKey::default()
    });
    (observed.vault, observed.key) = (Some(Seen::Absent), None);
    observed.preconditions.deleted_vault = Seen::Absent;
    observed.making = Making {
        tenant: Seen::Present("t".to_owned()),
        group: Seen::Absent,
        name: Seen::Present(NameCheck::Free),
        scope: "/subscriptions/s".to_owned(),
        rights: observed.preconditions.vault_rights.clone(),
        locks: all(Vec::new()),
        ..Making::default()
    };
}

/// A key is to be created in an existing vault.
pub(crate) fn no_key_there(target: &mut Target, observed: &mut Observed) {
    let vault = observed.vault.clone();
    nothing_there(target, observed);
    (observed.vault, observed.key) = (vault, Some(Seen::Absent));
    observed.preconditions.deleted_vault = Seen::default();
    observed.preconditions.deleted_key = Seen::Absent;
    observed.making.premium = Known::Known(true);
}

/// A snapshot without problems, in which every fact of every step is known.
pub(crate) fn whole() -> (Target, Observed) {
    let (mut target, mut observed) = well();
    (target.deleted_checked, target.limit) = (true, Some(25));
    let latest = KeyVersion::parse(&"b".repeat(32)).unwrap();
    let validity = |days_ago: i64| Validity {
        enabled: Known::Known(true),
        created: Known::Known(in_days(-days_ago)),
        not_before: Known::Known(None),
        expires: Known::Known(Some(in_days(300))),
    };
    part(&mut observed.key).version = Known::Known(latest.clone());
    part(&mut observed.key).validity = validity(90);
    let older = KeyVersion::parse(&"a".repeat(32)).unwrap();
    observed.preconditions.versions = all(vec![
        Version {
            id: older,
            validity: validity(200),
        },
        Version {
            id: latest,
            validity: validity(90),
        },
    ]);
    observed.preconditions.whole_tenant = Verdict::Yes;
    observed.preconditions.policies = BTreeMap::from([(policy_id(), observed.policy.clone())]);
    let environment = part(&mut observed.environment).clone();
    observed.preconditions.histories = BTreeMap::from([(environment.id.clone(), all(Vec::new()))]);
    observed.preconditions.estate = all(vec![environment]);
    (target, observed)
}

/// Links the environment to the target's policy, also in the list of all environments.
fn link_environment(observed: &mut Observed) {
    part(&mut observed.environment).key_link = link("ep", "Linked");
    part(&mut observed.environment).key_managed_by = Known::Known(Some("Customer".into()));
    let environment = part(&mut observed.environment).clone();
    observed.preconditions.estate = all(vec![environment]);
}

/// Each step with a snapshot in which it acts.
fn every_step() -> Vec<(&'static str, Step, Target, Observed)> {
    let (target, observed) = whole();
    let with = |change: &dyn Fn(&mut Target, &mut Observed)| {
        let (mut target, mut observed) = (target.clone(), observed.clone());
        change(&mut target, &mut observed);
        (target, observed)
    };
    let mut all: Vec<(&'static str, Step, Target, Observed)> = Vec::new();
    let mut push = |name, step: Step, (target, observed): (Target, Observed)| {
        all.push((name, step, target, observed))
    };
    push("add", |t, o| add::plan(t, o, false), with(&|_, _| {}));
    push(
        "create-policy",
        |t, o| policy::plan(t, o, Whose::Own),
        with(&|_, o| o.key_rights = PrincipalRights::nothing()),
    );
    push("remove", remove::plan, with(&|_, o| link_environment(o)));
    push(
        "swap",
        swap::plan,
        with(&|t, o| {
            t.swap = true;
            part(&mut o.environment).key_link = link("old", "Linked");
            part(&mut o.environment).key_managed_by = Known::Known(Some("Customer".into()));
            let left = Observed {
                policy: o.policy.clone(),
                vault: o.vault.clone(),
                key: o.key.clone(),
                key_rights: o.key_rights.clone(),
                at: now(),
                ..Observed::default()
            };
            o.left = Some(Box::new(left));
            o.preconditions.old_key = Seen::Present(OldKey {
                vault: "v".into(),
                key: "k".into(),
                granted: Verdict::Yes,
            });
        }),
    );
    push("rotate-key", rotate::plan, with(&|_, _| {}));
    push(
        "rotation-policy set",
        rotation::plan,
        with(&|t, o| {
            t.rotation = Some(RotationWish {
                every: Some(Period::days(365)),
                ..RotationWish::default()
            });
            o.preconditions.rotation = Seen::Present(RotationPolicy::default());
        }),
    );
    push(
        "unlock",
        unlock::plan,
        with(&|_, o| {
            part(&mut o.environment).runtime_state = "Disabled".into();
            link_environment(o);
        }),
    );
    push("retire-key", retire::plan, with(&|_, _| {}));
    push("create-key", create_key::plan, with(&nothing_there));
    push(
        "create-key in a vault",
        create_key::plan,
        with(&no_key_there),
    );
    all
}

#[test]
fn every_step_does_its_work_where_all_is_known() {
    for (name, step, target, observed) in every_step() {
        let plan = step(&target, &observed);
        assert!(plan.may_start() && plan.changes(), "{name}: {plan:#?}");
    }
}

/// Facts of a step's own: each of them, taken away, refuses.
const DECIDE: [(&str, &[&str]); 10] = [
    (
        "add",
        &[
            "environment",
            "link",
            "link that contradicts",
            "management state",
            "runtime state",
            "another runtime state",
            "protection level",
            "rules",
            "finance and operations",
            "integration",
            "integration, never read",
            "operations",
            "operations, hidden",
            "policy",
            "policy, hidden",
            "key of the policy",
            "state of the policy",
            "vault",
            "vault, never read",
            "model of the vault",
            "network",
            "key",
            "key, never read",
            "type of the key",
            "whether the key is enabled",
            "since when",
            "until when",
            "roles",
            "the tenant",
        ],
    ),
    (
        "create-policy",
        &[
            "policy",
            "policy, hidden",
            "key of the policy",
            "state of the policy",
            "vault",
            "vault, never read",
            "vault, hidden",
            "model of the vault",
            "network",
            "key",
            "key, never read",
            "whether the key is enabled",
            "until when",
            "roles",
        ],
    ),
    (
        "remove",
        &[
            "environment",
            "link",
            "management state",
            "runtime state",
            "rules",
            "operations",
            "operations, hidden",
            "key of the policy",
            "vault",
            "vault, never read",
            "network",
            "key",
            "key, never read",
            "whether the key is enabled",
            "roles",
        ],
    ),
    (
        "swap",
        &[
            "environment",
            "link",
            "management state",
            "runtime state",
            "rules",
            "operations",
            "policy",
            "key of the policy",
            "vault",
            "vault, never read",
            "network",
            "key",
            "key, never read",
            "whether the key is enabled",
            "roles",
            "protection level",
        ],
    ),
    (
        "rotate-key",
        &[
            "vault",
            "vault, never read",
            "vault, hidden",
            "network",
            "key",
            "key, never read",
            "whether the key is enabled",
            "since when",
            "until when",
            "when it was made",
            "version of the key",
        ],
    ),
    (
        "rotation-policy set",
        &[
            "vault",
            "vault, never read",
            "vault, hidden",
            "network",
            "key",
            "key, never read",
            "whether the key is enabled",
            "since when",
            "until when",
            "rotation policy of the key",
        ],
    ),
    (
        "unlock",
        &[
            "vault",
            "vault, never read",
            "network",
            "key of the policy",
            "roles",
        ],
    ),
    (
        "retire-key",
        &[
            "vault",
            "vault, never read",
            "vault, hidden",
            "the tenant",
            "whether it is the whole tenant",
            "histories",
            "versions",
        ],
    ),
    (
        "create-key",
        &[
            "vault",
            "vault, never read",
            "vault, hidden",
            "tenant of a new vault",
            "resource group",
            "name of a new vault",
            "deleted vaults",
        ],
    ),
    (
        "create-key in a vault",
        &[
            "vault",
            "vault, never read",
            "vault, hidden",
            "key",
            "key, never read",
            "deleted keys",
        ],
    ),
];

#[test]
fn what_a_look_forgot_is_no_word_for_fine() {
    let forgot = Observed {
        at: now(),
        ..Observed::default()
    };
    for (name, step, target, _) in every_step() {
        let plan = step(&target, &forgot);
        assert!(
            !plan.may_start() && !plan.changes() && plan.already.is_empty(),
            "{name}: {plan:#?}"
        );
        assert!(plan.blockers().next().is_none(), "{name}: {plan:#?}");
    }
}

#[test]
fn what_decides_and_is_not_known_refuses_and_nothing_is_called_done() {
    for (name, step, target, observed) in every_step() {
        let clean = step(&target, &observed);
        let decide = DECIDE.iter().find(|(step, _)| *step == name).unwrap().1;
        for (fact, forget) in UNKNOWN {
            let mut poorer = observed.clone();
            forget(&mut poorer);
            let plan = step(&target, &poorer);
            let known = |action: &Action| clean.actions.iter().any(|old| old.is_same_step(action));
            // A wait for a possible operation starts nothing.
            assert!(
                plan.actions
                    .iter()
                    .all(|action| known(action) || !action.changes())
                    || !plan.may_start(),
                "{name} without {fact}: {plan:#?}"
            );
            if decide.contains(&fact) {
                assert!(
                    !plan.may_start(),
                    "{name} without {fact} goes on: {plan:#?}"
                );
                assert!(
                    plan.blockers().next().is_none(),
                    "{name} without {fact} is blocked by what nobody knows: {plan:#?}"
                );
            }
            // An empty plan is a result too, and needs its facts.
            assert!(
                !plan.actions.is_empty() || !plan.may_start(),
                "{name} without {fact} says that nothing is to do: {plan:#?}"
            );
        }
    }
}

#[test]
fn what_is_wrong_stays_wrong_whatever_is_not_known_beside_it() {
    let wrong: [(&str, Change); 5] = [
        ("a disabled key", |o| {
            part(&mut o.key).validity.enabled = Known::Known(false)
        }),
        ("no purge protection", |o| {
            part(&mut o.vault).purge_protection = Known::Known(false)
        }),
        ("an operation that runs", |o| {
            also(&mut o.operations, operation("Copy", "Running", 0))
        }),
        ("not managed", |o| {
            part(&mut o.environment).protection_level = "Basic".into()
        }),
        ("no grant", |o| o.key_rights = PrincipalRights::nothing()),
    ];
    let (target, observed) = whole();
    for (what, spoil) in wrong {
        let mut spoiled = observed.clone();
        spoil(&mut spoiled);
        let blocked = |observed: &Observed| add::plan(&target, observed, false).blockers().count();
        assert!(blocked(&spoiled) > 0, "{what}");
        for (fact, forget) in UNKNOWN {
            let mut poorer = spoiled.clone();
            forget(&mut poorer);
            // A hidden fact can't be known to be wrong.
            if fact == "vault, hidden" && ["no purge protection", "no grant"].contains(&what) {
                continue;
            }
            assert!(
                !add::plan(&target, &poorer, false).may_start(),
                "{what} without {fact}"
            );
        }
    }
}

fn hidden() -> PrincipalRights {
    PrincipalRights {
        roles: unreadable(None),
        denials: unreadable(None),
        ..PrincipalRights::default()
    }
}

#[test]
fn what_the_other_administrator_hides_is_listed_and_in_nobodys_way() {
    for (name, step, target, observed) in every_step() {
        let mut poorer = observed.clone();
        (poorer.vault, poorer.key, poorer.key_rights) =
            (unreadable(None), unreadable(None), hidden());
        if let Some(left) = &mut poorer.left {
            (left.vault, left.key, left.key_rights) =
                (unreadable(None), unreadable(None), hidden());
        }
        let plan = step(&target, &poorer);
        let hidden = plan
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::NotVisible)
            .count();
        let own = [
            "create-policy",
            "rotate-key",
            "rotation-policy set",
            "retire-key",
        ]
        .contains(&name)
            || name.starts_with("create-key");
        assert_eq!(
            (plan.may_start(), hidden > 0),
            (!own, !own),
            "{name}: {plan:#?}"
        );
    }
}
