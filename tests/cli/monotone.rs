//! Missing knowledge never adds an action, never removes a blocker, and never makes an outcome a
//! success. Tested for every step in many situations.

use crate::ignorance::{Step, UNKNOWN, no_key_there, nothing_there, whole};
use crate::rules::{all, in_days, link, linked, newest, operation, part, policy_id};
use cmkctl::model::action::facts::OnTheWay;
use cmkctl::model::environment::Integration;
use cmkctl::model::known::{Known, Verdict};
use cmkctl::model::making::NameCheck;
use cmkctl::model::new_key::{NewKey, Period, Rotation};
use cmkctl::model::observed::Observed;
use cmkctl::model::plan::{Action, Plan};
use cmkctl::model::preconditions::{Deleted, OldKey};
use cmkctl::model::protection::{Network, Registration};
use cmkctl::model::rights::PrincipalRights;
use cmkctl::model::rotation::{RotationPolicy, RotationWish};
use cmkctl::model::seen::Seen;
use cmkctl::model::target::Target;
use cmkctl::steps::check::check;
use cmkctl::steps::{
    Whose, add, create_key, policy, remove, retire, rotate, rotation, swap, unlock,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;

type Fact = (&'static str, fn(&mut Observed));
type Situation = (&'static str, fn(&mut Target, &mut Observed));

/// What a snapshot may know besides that all is well. They can be combined at will.
const SITUATIONS: [Situation; 47] = [
    ("linked", |_, o| {
        part(&mut o.environment).key_link = link("ep", "Linked")
    }),
    ("linked elsewhere", |_, o| {
        part(&mut o.environment).key_link = link("old", "Linked")
    }),
    ("failed", |_, o| {
        part(&mut o.environment).key_link = link("ep", "Failed")
    }),
    ("linking", |_, o| {
        part(&mut o.environment).key_link = link("ep", "Linking")
    }),
    ("unlinking", |_, o| {
        part(&mut o.environment).key_link = link("ep", "Unlinking")
    }),
    ("disabled", |_, o| {
        part(&mut o.environment).runtime_state = "Disabled".into()
    }),
    ("in administration mode", |_, o| {
        part(&mut o.environment).runtime_state = "AdminMode".into()
    }),
    ("busy", |_, o| {
        part(&mut o.environment).management_state = "Running".into()
    }),
    ("copied", |_, o| {
        part(&mut o.environment).ongoing = Some("Copy".into())
    }),
    ("a copy runs", |_, o| {
        newest(&mut o.operations, operation("Copy", "Running", 0))
    }),
    ("an add runs", |_, o| {
        newest(
            &mut o.operations,
            operation("NewCustomerManagedKey", "Running", 0),
        );
    }),
    ("an add failed", |_, o| {
        newest(
            &mut o.operations,
            operation("NewCustomerManagedKey", "Failed", 3),
        );
    }),
    ("just added", |_, o| {
        newest(
            &mut o.operations,
            operation("NewCustomerManagedKey", "Succeeded", 0),
        );
    }),
    ("a removal runs", |_, o| {
        newest(
            &mut o.operations,
            operation("RevertToMicrosoftKey", "Running", 0),
        );
    }),
    ("removed lately", |_, o| {
        newest(
            &mut o.operations,
            operation("RevertToMicrosoftKey", "Succeeded", 3),
        );
    }),
    ("swapped lately", |_, o| {
        newest(
            &mut o.operations,
            operation("RotateCustomerManagedKey", "Succeeded", 3),
        );
    }),
    ("not managed", |_, o| {
        part(&mut o.environment).protection_level = "Basic".into()
    }),
    ("to be made managed", |t, _| t.make_managed = true),
    ("a trial", |_, o| {
        part(&mut o.environment).sku = "Trial".into()
    }),
    ("not allowed", |_, o| {
        if let Known::Known(rules) = &mut part(&mut o.environment).rules {
            rules
                .disallowed
                .push(("NewCustomerManagedKey".into(), None));
        }
    }),
    ("no permission", |_, o| {
        part(&mut o.environment).permissions = Known::Known(Some(vec!["Other".into()]));
    }),
    ("not integrated", |_, o| {
        o.integration = Some(Seen::Present(Integration::NotIntegrated));
    }),
    ("the policy disabled", |_, o| {
        if let Seen::Present(policy) = &mut o.policy {
            policy.encrypts = Known::Known(false);
        }
    }),
    ("the policy elsewhere", |_, o| {
        if let Seen::Present(policy) = &mut o.policy {
            policy.location = "asia".into();
        }
    }),
    ("no policy", |_, o| o.policy = Seen::Absent),
    ("not registered", |_, o| {
        part(&mut o.provider).state = Known::Known(Registration::NotRegistered);
    }),
    ("no purge protection", |_, o| {
        part(&mut o.vault).purge_protection = Known::Known(false)
    }),
    ("a firewall", |_, o| {
        part(&mut o.vault).network = Known::Known(Network::Closed)
    }),
    ("access policies", |_, o| {
        part(&mut o.vault).rbac = Known::Known(false)
    }),
    ("a disabled key", |_, o| {
        part(&mut o.key).validity.enabled = Known::Known(false)
    }),
    ("an expired key", |_, o| {
        part(&mut o.key).validity.expires = Known::Known(Some(in_days(-2)));
    }),
    ("a young key", |_, o| {
        part(&mut o.key).validity.created = Known::Known(in_days(0))
    }),
    ("another type of key", |_, o| {
        part(&mut o.key).kty = "EC".into()
    }),
    ("no grant", |_, o| o.key_rights = PrincipalRights::nothing()),
    ("no grant on the old key", |_, o| {
        o.preconditions.old_key = Seen::Present(OldKey {
            granted: Verdict::No,
            vault: "v".into(),
            key: "k".into(),
        });
    }),
    ("disabled versions", |_, o| {
        part(&mut o.preconditions.versions)
            .iter_mut()
            .for_each(|version| version.validity.enabled = Known::Known(false));
    }),
    ("a key to be made", |t, o| nothing_there(t, o)),
    ("a key to be made in a vault", |t, o| no_key_there(t, o)),
    ("a key to be made that is there", |t, _| {
        t.new_key.get_or_insert_default();
    }),
    ("a key of another size to be made", |t, _| {
        wish(t).bits = Some(2048)
    }),
    ("a key in hardware to be made", |t, o| {
        wish(t).hsm_protected = true;
        o.making.premium = Known::Known(false);
    }),
    ("a key that rotates to be made", |t, o| {
        wish(t).rotation = Some(Rotation {
            every: Period::days(365),
            lasts: None,
            notify: None,
        });
        o.making.rotation = Known::Known(None);
    }),
    ("a rotation policy to be set", |t, o| {
        t.rotation = Some(RotationWish {
            every: Some(Period::days(365)),
            ..RotationWish::default()
        });
        o.preconditions.rotation = Seen::Present(RotationPolicy::default());
    }),
    ("no region", |t, o| {
        nothing_there(t, o);
        wish(t).region = None;
    }),
    ("a deleted vault", |t, o| {
        nothing_there(t, o);
        o.preconditions.deleted_vault = Seen::Present(Deleted::default());
        o.making.name = taken();
    }),
    ("a deleted key", |t, o| {
        no_key_there(t, o);
        o.preconditions.deleted_key = Seen::Present(Deleted::default());
    }),
    ("a name that another tenant has", |t, o| {
        nothing_there(t, o);
        o.making.name = taken();
    }),
];

fn wish(target: &mut Target) -> &mut NewKey {
    target.new_key.get_or_insert_default()
}

fn taken() -> Seen<NameCheck> {
    Seen::Present(NameCheck::Taken {
        reason: "AlreadyExists".to_owned(),
        message: "It is taken.".to_owned(),
    })
}

/// A snapshot with these situations. The list of environments shows the environment in the same
/// state.
fn snapshot(situations: &[Situation]) -> (Target, Observed) {
    let (mut target, mut observed) = whole();
    let left = Observed {
        policy: observed.policy.clone(),
        vault: observed.vault.clone(),
        key: observed.key.clone(),
        key_rights: observed.key_rights.clone(),
        at: observed.at,
        ..Observed::default()
    };
    observed.left = Some(Box::new(left));
    observed.preconditions.old_key = Seen::Present(OldKey {
        granted: Verdict::Yes,
        vault: "v".into(),
        key: "k".into(),
    });
    target.swap = true;
    for (_, change) in situations {
        change(&mut target, &mut observed);
    }
    let environment = part(&mut observed.environment).clone();
    let history = observed.operations.clone();
    observed
        .preconditions
        .histories
        .insert(environment.id.clone(), history);
    observed.preconditions.estate = all(vec![environment, linked(1, "other")]);
    let other = linked(1, "other");
    observed
        .preconditions
        .histories
        .insert(other.id, all(Vec::new()));
    let mut policy = part(&mut whole().1.policy).clone();
    policy.id = part(&mut link("other", "Linked")).policy.clone();
    if let Known::Known(key) = &mut policy.key {
        key.key = cmkctl::model::key_ids::KeyName::parse("another").unwrap();
    }
    let policies = &mut observed.preconditions.policies;
    policies.insert(policy.id.clone(), Seen::Present(policy));
    policies.insert(policy_id(), observed.policy.clone());
    (target, observed)
}

/// `check` as a plan: the remaining actions, and the findings.
fn checked(target: &Target, observed: &Observed) -> Plan {
    let checked = check(target, observed);
    Plan {
        findings: checked.findings,
        actions: checked.pending,
        withheld: checked.withheld,
        ..Plan::default()
    }
}

/// The whole procedure as `enable` combines it.
fn enable(target: &Target, observed: &Observed) -> Plan {
    let mut plan = create_key::plan(target, observed);
    let after = create_key::afterwards(target, observed);
    let own = policy::plan(target, &after, Whose::Own);
    let comes = own.changes();
    plan.join(own);
    plan.join(add::plan(target, &after, comes));
    plan
}

const STEPS: [(&str, Step); 12] = [
    ("create-key", create_key::plan),
    ("create-policy", |t, o| policy::plan(t, o, Whose::Own)),
    ("add-environment", |t, o| add::plan(t, o, false)),
    ("enable", enable),
    ("remove-environment", remove::plan),
    ("swap-policy", swap::plan),
    ("rotate-key", rotate::plan),
    ("rotation-policy set", rotation::plan),
    ("retire-key", retire::plan),
    ("unlock", unlock::plan),
    ("unlock POLICY", |t, o| {
        let all = Observed {
            environment: Seen::default(),
            ..o.clone()
        };
        unlock::plan(t, &all)
    }),
    ("check", checked),
];

/// An action without the facts that decided it: its kind and its target.
fn bare(action: &Action) -> Value {
    let mut value = serde_json::to_value(action).unwrap();
    let fields = value.as_object_mut().unwrap();
    for reason in ["evidence", "overridden", "deleted_on"] {
        fields.remove(reason);
    }
    if fields["action"] == "rotate-key" {
        fields.remove("from");
    }
    value
}

fn changes(plan: &Plan) -> Vec<Value> {
    plan.actions
        .iter()
        .filter(|action| action.changes())
        .map(bare)
        .collect()
}

/// Is there no blocker, and nothing to do or to wait for?
fn is_done(plan: &Plan) -> bool {
    plan.may_start() && plan.actions.is_empty()
}

/// Does the plan start something, or does a check pass? A wait for a possible operation starts
/// nothing, because a new read shows its end.
fn goes_on(step: &str, plan: &Plan) -> bool {
    plan.may_start() && (plan.changes() || step == "check")
}

/// Is the fact refused to this caller? It then belongs to the other administrator, and is listed
/// without blocking.
fn is_hidden(fact: &str) -> bool {
    fact.ends_with(", hidden")
}

/// A step in a situation, with its plan if everything is known.
struct Case<'a> {
    name: &'static str,
    step: Step,
    situations: &'a [Situation],
    target: Target,
    observed: Observed,
    clean: Plan,
}

impl<'a> Case<'a> {
    fn new((name, step): (&'static str, Step), situations: &'a [Situation]) -> Self {
        let (target, observed) = snapshot(situations);
        let clean = step(&target, &observed);
        Self {
            name,
            step,
            situations,
            target,
            observed,
            clean,
        }
    }

    /// Checks that the plan with less knowledge does no more.
    fn holds_without(&self, forgotten: &[Fact]) {
        let Self { name, clean, .. } = self;
        let mut poorer = self.observed.clone();
        forgotten.iter().for_each(|(_, forget)| forget(&mut poorer));
        let plan = (self.step)(&self.target, &poorer);
        let told = || {
            let situations: Vec<&str> = self.situations.iter().map(|(name, _)| *name).collect();
            let forgotten: Vec<&str> = forgotten.iter().map(|(name, _)| *name).collect();
            format!("{name}, {situations:?}, without {forgotten:?}: {plan:#?}\nknown: {clean:#?}")
        };
        let known = changes(clean);
        // A fact that is refused to the caller belongs to the other administrator, and is no gap.
        let hides = forgotten.iter().any(|(fact, _)| is_hidden(fact));
        let withheld = |action: &Action| {
            let words = action.to_string();
            clean.withheld.iter().any(|step| step.what == words)
        };
        // A plan that may not start makes no repairs.
        let counts = |one: &&Action| {
            one.changes() && (plan.may_start() || one.facts().on_the_way != OnTheWay::No)
        };
        for action in plan.actions.iter().filter(counts) {
            assert!(
                known.contains(&bare(action)) || (hides && withheld(action)),
                "a new action: {action:?}: {}",
                told()
            );
        }
        if !hides {
            assert!(
                clean.may_start() || !goes_on(name, &plan),
                "unblocked: {}",
                told()
            );
            assert!(is_done(clean) || !is_done(&plan), "done: {}", told());
        }
    }
}

#[test]
fn no_fact_that_is_forgotten_unlocks_a_step() {
    let mut all = vec![Vec::new()];
    all.extend(SITUATIONS.map(|situation| vec![situation]));
    for situations in &all {
        for step in STEPS {
            let case = Case::new(step, situations);
            for fact in UNKNOWN {
                case.holds_without(&[fact]);
            }
        }
    }
}

/// New random cases in each run.
fn fresh() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(1500)
    }
}

proptest! {
    #![proptest_config(fresh())]

    #[test]
    fn facts_that_are_forgotten_together_unlock_nothing(
        step in select(&STEPS[..]),
        situations in subsequence(&SITUATIONS[..], 0..6),
        forgotten in subsequence(&UNKNOWN[..], 1..4),
    ) {
        Case::new(step, &situations).holds_without(&forgotten);
    }
}
