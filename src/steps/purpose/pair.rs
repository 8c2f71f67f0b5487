//! The keys of two environments, before a copy or a restore from the one onto the other.

use super::asked::Place;
use crate::model::environment::{Environment, KeyLink};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::seen::{Seen, Unreadable};
use crate::steps::ready::managed;
use crate::steps::{Whose, finding, quoted, unseen, who};

/// The target must have the key of the source. The rule of a Support Investigation environment is
/// the same: it gets the key before the copy. A source with a key also requires a Managed
/// Environment. The text says nothing about a source without a key, and about two policies with
/// one key.
pub(super) fn check(
    source: Place<'_>,
    (from, onto): (&Environment, &Environment),
    target: Place<'_>,
) -> Vec<Finding> {
    // `settled` already reports an unknown link.
    match (&from.key_link, &onto.key_link) {
        (Seen::Present(linked), Seen::Present(other)) => {
            let managed = managed(onto);
            let keys = same(source.observed, target.observed, (linked, other), onto);
            managed.into_iter().chain(keys).collect()
        }
        (Seen::Present(linked), Seen::Absent) => {
            let managed = managed(onto);
            managed
                .into_iter()
                .chain([without(&linked.policy, (from, onto))])
                .collect()
        }
        (Seen::Present(_), Seen::Unreadable(_)) => managed(onto).into_iter().collect(),
        (Seen::Absent, Seen::Present(_)) => vec![onto_a_key((from, onto))],
        (Seen::Absent, Seen::Absent | Seen::Unreadable(_)) | (Seen::Unreadable(_), _) => Vec::new(),
    }
}

/// The finding for a target without a key.
fn without(policy: &ArmId, (from, onto): (&Environment, &Environment)) -> Finding {
    let support = onto.sku.shown().eq_ignore_ascii_case("Support");
    let rule = if support {
        " A Support Investigation environment must get the key before the copy."
    } else {
        ""
    };
    finding(
        "CMK032",
        Severity::Block,
        &onto.id,
        format!(
            "`{}` uses the key of the policy `{}`, but `{}` has no customer-managed key. Both must \
                use the same key.{rule}",
            from.display_name, policy.name, onto.display_name
        ),
        format!(
            "cmkctl add-environment {} --policy {}",
            quoted(&onto.id),
            quoted(&policy.to_string())
        ),
        who::POWER_PLATFORM,
    )
}

fn onto_a_key((from, onto): (&Environment, &Environment)) -> Finding {
    let policy = onto
        .policy()
        .map_or("POLICY_ID".to_owned(), ToString::to_string);
    finding(
        "CMK053",
        Severity::Unknown,
        &onto.id,
        format!(
            "`{}` has no customer-managed key, but `{}` has a customer-managed key. Microsoft's \
                text does not say whether you can copy or restore between them.",
            from.display_name, onto.display_name
        ),
        format!(
            "Ask Microsoft support, or give both environments the same key: `cmkctl \
                add-environment {} --policy {}`.",
            quoted(&from.id),
            quoted(&policy)
        ),
        who::POWER_PLATFORM,
    )
}

/// The finding if both do not certainly have the same policy.
fn same(
    source: &Observed,
    target: &Observed,
    (linked, other): (&KeyLink, &KeyLink),
    onto: &Environment,
) -> Option<Finding> {
    if linked.policy == other.policy {
        return None;
    }
    let (first, second) = (&linked.policy.name, &other.policy.name);
    match one_key(source, target) {
        Verdict::Yes => Some(finding(
            "CMK053",
            Severity::Unknown,
            &onto.id,
            format!(
                "The policies `{first}` and `{second}` reference the same key. Microsoft's text \
                    requires the same key, but does not say whether the policies may differ."
            ),
            "Ask Microsoft support, or move one environment to the policy of the other \
                environment: `cmkctl swap-policy`.",
            who::POWER_PLATFORM,
        )),
        Verdict::No => Some(finding(
            "CMK032",
            Severity::Block,
            &onto.id,
            format!(
                "`{}` uses the key of the policy `{second}`, but the source uses the key of \
                    `{first}`. Both must use the same key.",
                onto.display_name
            ),
            format!(
                "cmkctl swap-policy {} --policy {}",
                quoted(&onto.id),
                quoted(&linked.policy.to_string())
            ),
            who::POWER_PLATFORM,
        )),
        Verdict::CantTell(why) => {
            let what = format!("Whether the policies `{first}` and `{second}` reference one key");
            let of = (who::KEY_VAULT, Whose::Others);
            Some(unseen("CMK032", &onto.id, &what, &why, of))
        }
    }
}

/// Do the linked policies name the same key of the same vault?
fn one_key(source: &Observed, target: &Observed) -> Verdict {
    let key = |observed: &Observed| match &observed.policy {
        Seen::Present(policy) => match &policy.key {
            Known::Known(key) => Ok(key.clone()),
            Known::Unknown(why) => Err(Unreadable::because(why.clone())),
        },
        Seen::Absent => Err(Unreadable::because("the policy does not exist")),
        Seen::Unreadable(why) => Err(why.clone()),
    };
    match (key(source), key(target)) {
        (Ok(first), Ok(second)) => {
            Verdict::of(first.vault.is_same_vault(&second.vault) && first.key.is(&second.key))
        }
        (Err(why), _) | (_, Err(why)) => Verdict::CantTell(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protection::KeyReference;
    use crate::steps::samples::{codes, environment, hidden, link, odd, on, policy, silent, well};

    /// An environment with this policy, and the policy as read.
    fn place(id: &str, name: Option<&str>) -> Observed {
        let (_, mut observed) = well();
        let mut it = environment(id);
        if let Some(name) = name {
            it.key_link = link(name, "Linked");
            observed.policy = Seen::Present(policy(name));
        }
        observed.environment = Seen::Present(it);
        observed
    }

    fn told(source: &Observed, target: &Observed) -> Vec<String> {
        let of = |observed| Place {
            typed: "x",
            observed,
        };
        let from = source.environment.present().unwrap();
        let onto = target.environment.present().unwrap();
        codes(&check(of(source), (from, onto), of(target)))
    }

    fn other_key(observed: &mut Observed) {
        on(&mut observed.policy, |policy| {
            policy.key = policy.key.clone().map(|key| KeyReference {
                key: crate::model::key_ids::KeyName::parse("other").unwrap(),
                ..key
            });
        });
    }

    type Case = (&'static str, fn(&mut Observed), &'static [&'static str]);
    const ONTO_AN_ENVIRONMENT_WITH: [Case; 9] = [
        ("the same policy", |_| {}, &[]),
        (
            "another policy with the key",
            |o| *o = place("f", Some("two")),
            &["CMK053 unknown"],
        ),
        (
            "another key",
            |o| {
                *o = place("f", Some("two"));
                other_key(o);
            },
            &["CMK032 block"],
        ),
        (
            "a hidden policy",
            |o| {
                *o = place("f", Some("two"));
                o.policy = hidden();
            },
            &["CMK032 not-visible"],
        ),
        (
            "a silent policy",
            |o| {
                *o = place("f", Some("two"));
                o.policy = silent();
            },
            &["CMK032 unknown"],
        ),
        (
            "a policy that is gone",
            |o| {
                *o = place("f", Some("two"));
                o.policy = Seen::Absent;
            },
            &["CMK032 unknown"],
        ),
        (
            "a policy without a known key",
            |o| {
                *o = place("f", Some("two"));
                on(&mut o.policy, |policy| policy.key = odd());
            },
            &["CMK032 unknown"],
        ),
        ("no key", |o| *o = place("f", None), &["CMK032 block"]),
        (
            "not managed",
            |o| on(&mut o.environment, |e| e.protection_level = "Basic".into()),
            &["CMK006 block"],
        ),
    ];

    #[test]
    fn both_must_have_the_same_key() {
        let (bare, keyed) = (place("e", None), place("e", Some("ep")));
        for (what, change, expected) in ONTO_AN_ENVIRONMENT_WITH {
            let mut target = place("f", Some("ep"));
            change(&mut target);
            assert_eq!(told(&keyed, &target), expected, "{what}");
        }
        let (none, with) = (place("f", None), place("f", Some("ep")));
        assert!(told(&bare, &none).is_empty());
        assert_eq!(told(&bare, &with), ["CMK053 unknown"]);
    }

    #[test]
    fn a_support_environment_gets_the_key_first() {
        let mut target = place("f", None);
        on(&mut target.environment, |e| e.sku = "Support".into());
        let source = place("e", Some("ep"));
        let of = |observed| Place {
            typed: "x",
            observed,
        };
        let from = source.environment.present().unwrap();
        let onto = target.environment.present().unwrap();
        let found = check(of(&source), (from, onto), of(&target));
        assert!(
            found[0]
                .message
                .contains("must get the key before the copy"),
            "{found:?}"
        );
    }
}
