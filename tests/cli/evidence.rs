//! The evidence for irreversible actions. A missing fact is a gap, and a wrong fact forbids the
//! action. A fact of the other administrator's side that this caller can't read is hidden.

use crate::house::sources;
use crate::rules::{
    all, also, in_days, link, newest, operation, part, policy_id, unreadable, well,
};
use cmkctl::model::environment::Environment;
use cmkctl::model::finding::Severity;
use cmkctl::model::ids::{ArmId, ResourceKind};
use cmkctl::model::key_ids::{KeyName, KeyVersion};
use cmkctl::model::known::{Known, Verdict};
use cmkctl::model::lifecycle_rules::Rules;
use cmkctl::model::observed::Observed;
use cmkctl::model::operation::Operation;
use cmkctl::model::preconditions::{Deleted, OldKey, Version};
use cmkctl::model::protection::{Network, Validity};
use cmkctl::model::rights::PrincipalRights;
use cmkctl::model::seen::{Seen, Unreadable};
use cmkctl::model::target::Target;
use cmkctl::model::whole::Whole;
use cmkctl::model::word::Word;
use cmkctl::steps::evidence::{
    DisableEvidence, EnableEvidence, EnableVersionEvidence, Evidence, First, Gap, LinkEvidence,
    Needs, PolicyAvailability, PurgeEvidence, RecoverEvidence, RotateEvidence, SwapEvidence,
    UnlinkEvidence,
};
use std::collections::BTreeMap;

type Change = fn(&mut Target, &mut Observed);
type Gather = fn(&Target, &Observed) -> Told;

/// The result of gathering evidence.
#[derive(Debug, PartialEq)]
enum Told {
    /// The facts, in canonical form.
    Allowed(Vec<(&'static str, String)>),
    Forbidden,
    /// The codes of the gaps.
    Gaps(Vec<&'static str>),
}

fn told<E: Evidence>(gathered: Result<E, Vec<Gap>>) -> Told {
    match gathered.map(|evidence| (evidence.allow(), evidence.facts())) {
        Ok((Verdict::Yes, facts)) => Told::Allowed(facts),
        Ok((Verdict::No, _)) => Told::Forbidden,
        Ok((Verdict::CantTell(why), _)) => panic!("evidence knows its facts: {why:?}"),
        Err(gaps) => {
            for gap in &gaps {
                assert_eq!(gap.severity, Severity::Unknown, "{gap:?}");
                assert!(
                    !gap.who.is_empty() && !gap.remedy.on_command_line().is_empty(),
                    "{gap:?}"
                );
            }
            Told::Gaps(gaps.iter().map(|gap| gap.code).collect())
        }
    }
}

/// A kind of evidence.
struct Kind {
    name: &'static str,
    gather: Gather,
    /// A snapshot that allows the action.
    whole: (Target, Observed),
    /// The facts that can be unknown, each with the code of its gap.
    missing: Vec<(&'static str, Change)>,
    wrong: Vec<(&'static str, Change)>,
    /// Facts of the other side that this caller can't read.
    hidden: Vec<(&'static str, Change)>,
}

fn silent<T>() -> Seen<T> {
    Seen::Unreadable(Unreadable::because("it did not answer"))
}

fn odd<T>() -> Known<T> {
    Known::Unknown("it says something else".into())
}

fn environment(o: &mut Observed) -> &mut Environment {
    part(&mut o.environment)
}

fn old_policy() -> ArmId {
    crate::rules::id(ResourceKind::EnterprisePolicy, "old")
}

fn key() -> KeyName {
    KeyName::parse("cmk").unwrap()
}

fn version(digit: char) -> KeyVersion {
    KeyVersion::parse(&digit.to_string().repeat(32)).unwrap()
}

fn validity(enabled: bool, days_ago: i64) -> Validity {
    Validity {
        enabled: Known::Known(enabled),
        created: Known::Known(in_days(-days_ago)),
        not_before: Known::Known(None),
        expires: Known::Known(None),
    }
}

/// Facts about a policy that can be unknown, each with its code.
const CARRIES_MISSING: [(&str, Change); 14] = [
    ("CMK026", |_, o| part(&mut o.policy).encrypts = odd()),
    ("CMK026", |_, o| part(&mut o.policy).key = odd()),
    ("CMK014", |_, o| part(&mut o.policy).principal_id = None),
    ("CMK011", |_, o| o.vault = Some(silent())),
    ("CMK011", |_, o| o.vault = None),
    ("CMK011", |_, o| part(&mut o.vault).soft_delete = odd()),
    ("CMK011", |_, o| part(&mut o.vault).purge_protection = odd()),
    ("CMK018", |_, o| part(&mut o.vault).network = odd()),
    ("CMK015", |_, o| o.key = Some(silent())),
    ("CMK015", |_, o| part(&mut o.key).kty = Word::default()),
    ("CMK016", |_, o| part(&mut o.key).validity.enabled = odd()),
    ("CMK016", |_, o| part(&mut o.key).validity.expires = odd()),
    ("CMK012", |_, o| o.key_rights.roles = silent()),
    ("CMK012", |_, o| part(&mut o.vault).rbac = odd()),
];

const CARRIES_WRONG: [(&str, Change); 10] = [
    ("the policy does not encrypt", |_, o| {
        part(&mut o.policy).encrypts = Known::Known(false)
    }),
    ("no vault", |_, o| o.vault = Some(Seen::Absent)),
    ("no soft delete", |_, o| {
        part(&mut o.vault).soft_delete = Known::Known(false)
    }),
    ("no purge protection", |_, o| {
        part(&mut o.vault).purge_protection = Known::Known(false)
    }),
    ("a closed vault", |_, o| {
        part(&mut o.vault).network = Known::Known(Network::Closed)
    }),
    ("no key", |_, o| o.key = Some(Seen::Absent)),
    ("a key of another type", |_, o| {
        part(&mut o.key).kty = "EC".into()
    }),
    ("a disabled key", |_, o| {
        part(&mut o.key).validity.enabled = Known::Known(false)
    }),
    ("an expired key", |_, o| {
        part(&mut o.key).validity.expires = Known::Known(Some(in_days(-1)))
    }),
    ("no grant", |_, o| o.key_rights = PrincipalRights::nothing()),
];

const CARRIES_HIDDEN: [(&str, Change); 3] = [
    ("vault", |_, o| o.vault = Some(unreadable(None))),
    ("key", |_, o| o.key = Some(unreadable(None))),
    ("roles", |_, o| o.key_rights.roles = unreadable(None)),
];

/// Facts about the environment that can be unknown, for every action.
const STATE_MISSING: [(&str, Change); 7] = [
    ("CMK020", |_, o| o.environment = unreadable(None)),
    ("CMK025", |_, o| environment(o).key_link = unreadable(None)),
    ("CMK023", |_, o| o.operations = silent()),
    ("CMK023", |_, o| o.operations = unreadable(None)),
    ("CMK023", |_, o| {
        environment(o).management_state = Word::default()
    }),
    ("CMK035", |_, o| {
        environment(o).runtime_state = "Wibble".into()
    }),
    ("CMK024", |_, o| environment(o).rules = odd()),
];

const STATE_WRONG: [(&str, Change); 3] = [
    ("an operation runs", |_, o| {
        also(&mut o.operations, operation("Copy", "Running", 0))
    }),
    ("an operation is shown", |_, o| {
        environment(o).ongoing = Some("Copy".into())
    }),
    ("not ready", |_, o| {
        environment(o).management_state = "Copying".into()
    }),
];

fn refuses(o: &mut Observed, operation: &str) {
    environment(o).rules = Known::Known(Rules {
        allowed: Vec::new(),
        disallowed: vec![(operation.to_owned(), None)],
    });
}

fn linked_to(o: &mut Observed, name: &str) {
    environment(o).key_link = link(name, "Linked");
    environment(o).key_managed_by = Known::Known(Some("Customer".into()));
}

fn links() -> Kind {
    let mut missing = [&STATE_MISSING[..], &CARRIES_MISSING].concat();
    missing.extend::<[(&str, Change); 7]>([
        ("CMK025", |_, o| {
            environment(o).key_managed_by = Known::Known(Some("Customer".into()))
        }),
        ("CMK025", |_, o| environment(o).key_managed_by = odd()),
        ("CMK025", |_, o| {
            newest(
                &mut o.operations,
                operation("NewCustomerManagedKey", "Succeeded", 9),
            )
        }),
        ("CMK006", |_, o| {
            environment(o).protection_level = "Wibble".into()
        }),
        ("CMK019", |_, o| o.policy = silent()),
        // Without the right to read the policy, the service refuses the link.
        ("CMK019", |_, o| o.policy = unreadable(None)),
        ("CMK019", |_, o| o.policy = Seen::Absent),
    ]);
    let mut wrong = [&STATE_WRONG[..], &CARRIES_WRONG].concat();
    wrong.extend::<[(&str, Change); 6]>([
        ("refused by the service", |_, o| {
            refuses(o, "NewCustomerManagedKey")
        }),
        ("not managed", |_, o| {
            environment(o).protection_level = "Basic".into()
        }),
        ("linked already", |_, o| linked_to(o, "ep")),
        ("another policy", |_, o| linked_to(o, "old")),
        ("another place", |_, o| {
            part(&mut o.policy).location = "japan".into()
        }),
        ("another kind", |_, o| {
            part(&mut o.policy).kind = "Identity".into()
        }),
    ]);
    Kind {
        name: "link",
        gather: |t, o| {
            let none = (PolicyAvailability::Nothing, First::Nothing);
            told(LinkEvidence::gather(t, o, &policy_id(), none))
        },
        whole: well(),
        missing,
        wrong,
        hidden: CARRIES_HIDDEN.to_vec(),
    }
}

fn unlinks() -> Kind {
    let (target, mut observed) = well();
    linked_to(&mut observed, "ep");
    let mut missing = [&STATE_MISSING[..], &CARRIES_MISSING].concat();
    missing.extend::<[(&str, Change); 5]>([
        ("CMK025", |_, o| {
            environment(o).key_link = link("ep", "Wibble")
        }),
        ("CMK025", |_, o| {
            environment(o).key_managed_by = Known::Known(Some("Microsoft".into()))
        }),
        ("CMK025", |_, o| environment(o).key_managed_by = odd()),
        ("CMK019", |_, o| o.policy = silent()),
        ("CMK019", |_, o| o.policy = Seen::Absent),
    ]);
    let mut wrong = [&STATE_WRONG[..], &CARRIES_WRONG].concat();
    wrong.extend::<[(&str, Change); 5]>([
        ("refused by the service", |_, o| {
            refuses(o, "RevertToMicrosoftKey")
        }),
        ("no policy", |_, o| environment(o).key_link = Seen::Absent),
        ("another policy", |_, o| linked_to(o, "old")),
        ("a failed add", |_, o| {
            environment(o).key_link = link("ep", "Failed")
        }),
        ("locked", |_, o| {
            environment(o).runtime_state = "Disabled".into()
        }),
    ]);
    let mut hidden = CARRIES_HIDDEN.to_vec();
    hidden.push(("policy", |_, o| o.policy = unreadable(None)));
    Kind {
        name: "unlink",
        gather: |_, o| told(UnlinkEvidence::gather(o, &policy_id(), o)),
        whole: (target, observed),
        missing,
        wrong,
        hidden,
    }
}

fn left(o: &mut Observed) -> &mut Observed {
    o.left.as_deref_mut().unwrap()
}

fn swaps() -> Kind {
    let (target, mut observed) = well();
    linked_to(&mut observed, "old");
    let old = Observed {
        policy: observed.policy.clone(),
        vault: observed.vault.clone(),
        key: observed.key.clone(),
        key_rights: observed.key_rights.clone(),
        at: observed.at,
        ..Observed::default()
    };
    observed.left = Some(Box::new(old));
    observed.preconditions.old_key = Seen::Present(OldKey {
        vault: "v".into(),
        key: "k".into(),
        granted: Verdict::Yes,
    });
    let mut missing = [&STATE_MISSING[..], &CARRIES_MISSING].concat();
    missing.extend::<[(&str, Change); 8]>([
        ("CMK019", |_, o| o.policy = unreadable(None)),
        ("CMK019", |_, o| left(o).policy = silent()),
        ("CMK019", |_, o| o.left = None),
        ("CMK011", |_, o| left(o).vault = Some(silent())),
        ("CMK012", |_, o| left(o).key_rights.roles = silent()),
        ("CMK034", |_, o| o.preconditions.old_key = silent()),
        // The other administrator must have checked what this caller can't see.
        ("CMK034", |_, o| o.preconditions.old_key = unreadable(None)),
        ("CMK006", |_, o| {
            environment(o).protection_level = Word::default()
        }),
    ]);
    let mut wrong = [&STATE_WRONG[..], &CARRIES_WRONG].concat();
    wrong.extend::<[(&str, Change); 6]>([
        ("no policy", |_, o| environment(o).key_link = Seen::Absent),
        ("another policy", |_, o| linked_to(o, "third")),
        ("locked", |_, o| {
            environment(o).runtime_state = "Disabled".into()
        }),
        ("another place", |_, o| {
            part(&mut o.policy).location = "japan".into()
        }),
        ("a disabled old key", |_, o| {
            part(&mut left(o).key).validity.enabled = Known::Known(false)
        }),
        ("no right on the old key", |_, o| {
            part(&mut o.preconditions.old_key).granted = Verdict::No
        }),
    ]);
    let mut hidden = CARRIES_HIDDEN.to_vec();
    hidden.extend::<[(&str, Change); 3]>([
        ("the old policy", |_, o| left(o).policy = unreadable(None)),
        ("the old vault", |_, o| {
            left(o).vault = Some(unreadable(None))
        }),
        ("the old key, checked", |t, o| {
            t.old_key_granted = true;
            o.preconditions.old_key = unreadable(None);
        }),
    ]);
    Kind {
        name: "swap",
        gather: |t, o| told(SwapEvidence::gather(t, o, (&old_policy(), &policy_id()))),
        whole: (target, observed),
        missing,
        wrong,
        hidden,
    }
}

fn disables() -> Kind {
    let (mut target, mut observed) = well();
    target.deleted_checked = true;
    observed.preconditions.versions = all(vec![Version {
        id: version('a'),
        validity: validity(true, 90),
    }]);
    observed.preconditions.whole_tenant = Verdict::Yes;
    observed.preconditions.policies = BTreeMap::from([(policy_id(), observed.policy.clone())]);
    observed.preconditions.histories = BTreeMap::from([("e".to_owned(), all(Vec::new()))]);
    observed.preconditions.estate = all(vec![environment(&mut observed).clone()]);
    fn listed(o: &mut Observed) -> &mut Environment {
        &mut part(&mut o.preconditions.estate)[0]
    }
    fn history(o: &mut Observed) -> &mut Seen<Whole<Operation>> {
        o.preconditions.histories.get_mut("e").unwrap()
    }
    Kind {
        name: "disable",
        gather: |t, o| {
            let versions = o.preconditions.versions.present().unwrap();
            let all: Vec<&Version> = versions.iter().collect();
            let needs = Needs::of(t, o, versions, &all);
            let vault = t.vault.as_ref().unwrap();
            told(DisableEvidence::gather(
                t,
                (vault, &key()),
                &versions[0],
                &needs,
            ))
        },
        whole: (target, observed),
        missing: vec![
            ("CMK033", |t, _| t.deleted_checked = false),
            ("CMK020", |_, o| o.preconditions.estate = silent()),
            ("CMK020", |_, o| o.preconditions.estate = unreadable(None)),
            ("CMK020", |_, o| o.preconditions.whole_tenant = Verdict::No),
            ("CMK020", |_, o| {
                o.preconditions.whole_tenant = Verdict::default()
            }),
            ("CMK033", |_, o| *history(o) = silent()),
            ("CMK033", |_, o| o.preconditions.histories.clear()),
            ("CMK033", |_, o| listed(o).key_link = unreadable(None)),
            ("CMK033", |_, o| {
                listed(o).management_state = Word::default()
            }),
            ("CMK033", |_, o| {
                listed(o).key_link = link("ep", "Linked");
                o.preconditions.policies.clear();
            }),
            ("CMK033", |_, o| {
                part(&mut o.preconditions.versions)[0].validity.enabled = odd()
            }),
        ],
        wrong: vec![
            ("a user", |_, o| listed(o).key_link = link("ep", "Linked")),
            ("a user, and days are overridden", |t, o| {
                t.override_dates = true;
                listed(o).key_link = link("ep", "Linked");
            }),
            ("one that left it not long ago", |_, o| {
                also(
                    history(o),
                    operation("RevertToMicrosoftKey", "Succeeded", 12),
                )
            }),
        ],
        hidden: Vec::new(),
    }
}

fn enables() -> Kind {
    let (target, mut observed) = well();
    linked_to(&mut observed, "ep");
    environment(&mut observed).runtime_state = "Disabled".into();
    Kind {
        name: "enable environment",
        gather: |_, o| {
            let environment = o.environment.present().unwrap();
            told(EnableEvidence::gather(environment, &policy_id()))
        },
        whole: (target, observed),
        missing: vec![
            ("CMK025", |_, o| environment(o).key_link = unreadable(None)),
            ("CMK025", |_, o| environment(o).key_link = Seen::default()),
            ("CMK035", |_, o| {
                environment(o).key_link = link("ep", "Wibble")
            }),
            ("CMK035", |_, o| {
                environment(o).runtime_state = Word::default()
            }),
            ("CMK035", |_, o| {
                environment(o).management_state = Word::default()
            }),
        ],
        wrong: vec![
            ("no policy", |_, o| environment(o).key_link = Seen::Absent),
            ("another policy", |_, o| linked_to(o, "old")),
            ("it is up", |_, o| {
                environment(o).runtime_state = "Enabled".into()
            }),
            ("something runs", |_, o| {
                environment(o).ongoing = Some("Copy".into())
            }),
            ("it is encrypted just now", |_, o| {
                environment(o).key_link = link("ep", "Linking")
            }),
        ],
        hidden: Vec::new(),
    }
}

fn enables_version() -> Kind {
    let (target, mut observed) = well();
    observed.preconditions.versions = all(vec![Version {
        id: version('a'),
        validity: validity(false, 90),
    }]);
    fn state(o: &mut Observed) -> &mut Known<bool> {
        &mut part(&mut o.preconditions.versions)[0].validity.enabled
    }
    Kind {
        name: "enable version",
        gather: |_, o| told(EnableVersionEvidence::gather(o, &key(), &version('a'))),
        whole: (target, observed),
        missing: vec![
            ("CMK016", |_, o| *state(o) = odd()),
            ("CMK016", |_, o| o.preconditions.versions = silent()),
            ("CMK016", |_, o| o.preconditions.versions = all(Vec::new())),
            ("CMK016", |_, o| o.vault = Some(unreadable(None))),
            ("CMK016", |_, o| o.policy = unreadable(None)),
            ("CMK016", |_, o| part(&mut o.policy).key = odd()),
        ],
        wrong: vec![
            ("it is enabled", |_, o| *state(o) = Known::Known(true)),
            ("a key that nobody references", |_, o| {
                let mut reference = part(&mut o.policy).key_reference().unwrap().clone();
                reference.key = KeyName::parse("other").unwrap();
                part(&mut o.policy).key = Known::Known(reference);
            }),
        ],
        hidden: Vec::new(),
    }
}

fn rotates() -> Kind {
    let (target, mut observed) = well();
    part(&mut observed.key).version = Known::Known(version('a'));
    Kind {
        name: "rotate",
        gather: |t, o| {
            let due = if t.even_if_young {
                Verdict::No
            } else {
                Verdict::Yes
            };
            told(RotateEvidence::gather(o, &key(), due))
        },
        whole: (target, observed),
        missing: vec![
            ("CMK016", |_, o| o.vault = Some(unreadable(None))),
            ("CMK016", |_, o| o.key = Some(silent())),
            ("CMK016", |_, o| part(&mut o.key).version = Known::default()),
            ("CMK016", |_, o| part(&mut o.key).validity.enabled = odd()),
        ],
        wrong: vec![
            ("a disabled key", |_, o| {
                part(&mut o.key).validity.enabled = Known::Known(false)
            }),
            // Stands for a version from today. The step judges its age.
            ("not due", |t, _| t.even_if_young = true),
        ],
        hidden: Vec::new(),
    }
}

fn recovers() -> Kind {
    let (target, mut observed) = well();
    observed.key = Some(Seen::Absent);
    observed.preconditions.deleted_key = Seen::Present(Deleted::default());
    Kind {
        name: "recover",
        gather: |_, o| told(RecoverEvidence::gather(o, &key())),
        whole: (target, observed),
        missing: vec![
            ("CMK016", |_, o| o.key = Some(silent())),
            ("CMK016", |_, o| {
                o.preconditions.deleted_key = unreadable(None)
            }),
            ("CMK016", |_, o| o.vault = Some(unreadable(None))),
            ("CMK016", |_, o| o.policy = unreadable(None)),
        ],
        wrong: vec![
            ("the key is there", |_, o| o.key = well().1.key),
            ("no deleted key", |_, o| {
                o.preconditions.deleted_key = Seen::Absent
            }),
        ],
        hidden: Vec::new(),
    }
}

fn protects() -> Kind {
    let (target, mut observed) = well();
    part(&mut observed.vault).purge_protection = Known::Known(false);
    Kind {
        name: "purge protection",
        gather: |_, o| told(PurgeEvidence::gather(o)),
        whole: (target, observed),
        missing: vec![
            ("CMK011", |_, o| o.vault = Some(unreadable(None))),
            ("CMK011", |_, o| part(&mut o.vault).purge_protection = odd()),
        ],
        wrong: vec![("it is on", |_, o| {
            part(&mut o.vault).purge_protection = Known::Known(true)
        })],
        hidden: Vec::new(),
    }
}

fn every_kind() -> Vec<Kind> {
    vec![
        links(),
        unlinks(),
        swaps(),
        disables(),
        enables(),
        enables_version(),
        rotates(),
        recovers(),
        protects(),
    ]
}

fn after(kind: &Kind, change: Change) -> Told {
    let (mut target, mut observed) = kind.whole.clone();
    change(&mut target, &mut observed);
    (kind.gather)(&target, &observed)
}

#[test]
fn every_fact_counts() {
    for kind in every_kind() {
        let whole = after(&kind, |_, _| {});
        assert!(
            matches!(whole, Told::Allowed(_)),
            "{}: {whole:?}",
            kind.name
        );
        for (at, (code, change)) in kind.missing.iter().enumerate() {
            let told = after(&kind, *change);
            let gap = matches!(&told, Told::Gaps(codes) if codes.contains(code));
            assert!(gap, "{}, missing {at} {code}: {told:?}", kind.name);
        }
        for (what, change) in &kind.wrong {
            assert_eq!(
                after(&kind, *change),
                Told::Forbidden,
                "{}: {what}",
                kind.name
            );
        }
        for (what, change) in &kind.hidden {
            let told = after(&kind, *change);
            let hidden = matches!(&told, Told::Allowed(facts)
                if facts.iter().any(|(_, value)| value == "hidden"));
            assert!(hidden, "{}: {what}: {told:?}", kind.name);
            assert_ne!(told, whole, "{}: {what}", kind.name);
        }
    }
}

#[test]
fn time_that_passes_is_no_other_fact() {
    for kind in every_kind() {
        let later = after(&kind, |_, o| o.at = in_days(1));
        assert_eq!(later, after(&kind, |_, _| {}), "{}", kind.name);
    }
}

#[test]
fn what_the_plan_makes_first_is_the_same_fact_as_when_it_is_made() {
    let made = after(&links(), |_, _| {});
    let planned = |change: Change| {
        let (mut target, mut observed) = well();
        change(&mut target, &mut observed);
        let comes = (PolicyAvailability::Policy, First::Nothing);
        told(LinkEvidence::gather(
            &target,
            &observed,
            &policy_id(),
            comes,
        ))
    };
    assert_eq!(planned(|_, _| {}), made);
    assert_eq!(planned(|_, o| o.policy = Seen::Absent), made);
    assert_eq!(
        planned(|_, o| o.key_rights = PrincipalRights::nothing()),
        made
    );
    let managed: Change = |t, o| {
        t.make_managed = true;
        environment(o).protection_level = "Basic".into();
    };
    assert_eq!(planned(managed), made);
    // The environment first leaves its old policy, and is then read again.
    let (target, mut observed) = well();
    linked_to(&mut observed, "old");
    let leaves = (PolicyAvailability::Nothing, First::Removal);
    let gathered = LinkEvidence::gather(&target, &observed, &policy_id(), leaves);
    assert_eq!(told(gathered), made);
    // An unreadable policy never counts as one to be created.
    let unread = planned(|_, o| o.policy = silent());
    assert!(matches!(unread, Told::Gaps(_)), "{unread:?}");
}

#[test]
fn overridden_days_are_named_and_users_never_are() {
    let mut kind = disables();
    kind.whole.0.override_dates = true;
    let left: Change = |_, o| {
        let history = o.preconditions.histories.get_mut("e").unwrap();
        also(history, operation("RevertToMicrosoftKey", "Succeeded", 12));
    };
    let Told::Allowed(facts) = after(&kind, left) else {
        panic!("the override is no use");
    };
    let (_, said) = facts
        .iter()
        .find(|(what, _)| *what == "what is overridden")
        .unwrap();
    assert!(said.contains("`UAT` stopped using a key"), "{said}");
}

#[test]
fn only_evidence_names_the_facts_that_allow_an_action() {
    let allowed =
        |name: &str| name.starts_with("steps/evidence/") || name == "model/fingerprint.rs";
    let all = sources();
    let makers: Vec<&str> = all
        .iter()
        .filter(|source| source.text.contains("Fingerprint::of_facts("))
        .map(|source| source.name.as_str())
        .collect();
    assert!(!makers.is_empty());
    assert!(makers.iter().all(|name| allowed(name)), "{makers:?}");
}
