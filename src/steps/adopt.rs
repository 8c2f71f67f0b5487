//! Writes the current state of a tenant as a file. Applying that file changes nothing.

use super::link::{LinkState, standing};
use crate::model::count::counted;
use crate::model::environment::Environment;
use crate::model::estate::{Estate, Protection};
use crate::model::ids::{ArmId, same_id};
use crate::model::known::{Known, Verdict};
use crate::model::protection::Policy;
use crate::model::rights::RoleAssignment;
use crate::model::roles::READER;
use crate::model::seen::{Seen, Unreadable};
use crate::model::unknown::unknown as unknown_fact;
use crate::model::wanted::{LIMIT, Wanted, WantedEnvironment, WantedPolicy, Waves};
use crate::model::whole::Whole;
use std::collections::{BTreeMap, BTreeSet};

/// A file that describes the current state, and what it could not describe.
#[derive(Debug, Clone, Default)]
pub struct Adopted {
    /// The content of the file.
    pub wanted: Wanted,
    /// Comments for each policy of the file, one sentence each. Same order as its policies.
    pub notes: Vec<Vec<String>>,
    /// Policies and environments that the file leaves out, one sentence each.
    pub left_out: Vec<String>,
    /// How many of these sentences are about facts that were not visible or not known.
    pub not_known: usize,
}

/// Describes every policy of the estate and the environments linked to it. `readers` holds the role
/// assignments at each policy.
pub fn adopt(estate: &Estate, readers: &BTreeMap<ArmId, Seen<Whole<RoleAssignment>>>) -> Adopted {
    let mut adopted = Adopted::default();
    let mut linked = adopted.linked(&estate.environments);
    for id in estate.protections.keys() {
        linked.entry(id.clone()).or_default();
    }
    for why in &estate.not_listed {
        adopted.not_known += 1;
        let sentence = format!("The file may leave out policies without environments: {why}.");
        adopted.left_out.push(sentence);
    }
    // A tenant with more keyed environments than the default limit must have a higher limit.
    let count: usize = linked.values().map(Vec::len).sum();
    let waves = Waves {
        limit: LIMIT.max(count),
        ..Waves::default()
    };
    adopted.wanted.waves = waves;
    for (id, mut environments) in linked {
        environments.sort_by(|left, right| {
            (&left.display_name, &left.id).cmp(&(&right.display_name, &right.id))
        });
        let protection = estate.protections.get(&id).cloned().unwrap_or_default();
        match described(&protection) {
            Err(why) => {
                adopted.not_known += 1;
                let count = counted(environments.len(), "environment");
                adopted.left_out.push(format!(
                    "The file leaves out the policy {id} and its {count}: {why}."
                ));
            }
            Ok(mut policy) => {
                let mut notes = Notes::default();
                policy.grant = notes.grant(&protection);
                policy.readers = notes.readers(readers.get(&id), &policy.id);
                policy.environments = notes.environments(&environments, &policy.id);
                adopted.wanted.policies.push(policy);
                adopted.not_known += notes.not_known;
                adopted.notes.push(notes.texts);
            }
        }
    }
    adopted
}

impl Adopted {
    /// The environments of each policy. An environment whose policy is not known is left out.
    fn linked<'a>(&mut self, all: &'a [Environment]) -> BTreeMap<ArmId, Vec<&'a Environment>> {
        let mut linked: BTreeMap<ArmId, Vec<&Environment>> = BTreeMap::new();
        for environment in all {
            match &environment.key_link {
                Seen::Present(link) => linked
                    .entry(link.policy.clone())
                    .or_default()
                    .push(environment),
                Seen::Absent => {}
                Seen::Unreadable(Unreadable { why, .. }) => {
                    self.not_known += 1;
                    self.left_out.push(format!(
                        "The file leaves out `{}` ({}). {}",
                        environment.display_name,
                        environment.id,
                        unknown_fact("whether the environment has a policy", why)
                    ));
                }
            }
        }
        linked
    }
}

/// The comments on one policy.
#[derive(Default)]
struct Notes {
    texts: Vec<String>,
    /// How many of them are about facts that were not visible or not known.
    not_known: usize,
}

impl Notes {
    /// Should the file grant the policy's identity access? Only if the identity has access today.
    fn grant(&mut self, protection: &Protection) -> bool {
        match (&protection.granted, &protection.denied_by) {
            (Verdict::Yes, _) => {}
            (Verdict::No, Some(denial)) => self.texts.push(format!(
                "The deny assignment `{denial}` prevents the policy's identity from using the key. \
                A grant does not help."
            )),
            (Verdict::No, None) => self.texts.push(
                "The policy's identity can't use the key. To let cmkctl grant access, delete the \
                    line `grant = false`."
                    .to_owned(),
            ),
            (Verdict::CantTell(why), _) => {
                self.not_known += 1;
                self.texts.push(unknown_fact(
                    "whether the policy's identity can use the key",
                    &why.why,
                ));
            }
        }
        protection.granted != Verdict::No
    }

    /// The policy's readers that are known.
    fn readers(
        &mut self,
        roles: Option<&Seen<Whole<RoleAssignment>>>,
        policy: &ArmId,
    ) -> Vec<String> {
        match roles {
            Some(Seen::Present(roles)) => {
                let (bound, free) = at_policy(roles, policy);
                for reader in bound {
                    self.not_known += 1;
                    self.texts.push(unknown_fact(
                        &format!("whether {reader} can read the policy"),
                        "the role assignment has a condition",
                    ));
                }
                return free;
            }
            Some(Seen::Unreadable(why)) => self.texts.push(format!(
                "You can't see who can read the policy: {}.",
                why.why
            )),
            Some(Seen::Absent) | None => {
                self.texts
                    .push("cmkctl did not read who can read the policy.".to_owned());
            }
        }
        self.not_known += 1;
        Vec::new()
    }

    /// The policy's environments, without those that are left out.
    fn environments(&mut self, all: &[&Environment], policy: &ArmId) -> Vec<WantedEnvironment> {
        let mut kept = Vec::new();
        for environment in all {
            match settled(environment, policy) {
                Ok(wanted_environment) => kept.push(wanted_environment),
                Err(LeftOut { why, known }) => {
                    self.not_known += usize::from(!known);
                    self.texts.push(format!(
                        "The file leaves out `{}` ({}): {why}.",
                        environment.display_name, environment.id
                    ));
                }
            }
        }
        kept
    }
}

/// The policy as the file describes it, or why it can't be described.
fn described(protection: &Protection) -> Result<WantedPolicy, String> {
    let policy: &Policy = match &protection.policy {
        Seen::Present(policy) => policy,
        Seen::Unreadable(why) => return Err(format!("you can't see the policy ({})", why.why)),
        Seen::Absent => return Err("the policy does not exist".to_owned()),
    };
    let key = match &policy.key {
        Known::Known(key) => key.clone(),
        Known::Unknown(why) => return Err(format!("the key of the policy is unknown ({why})")),
    };
    let location = match &policy.location {
        Known::Known(location) => location.to_ascii_lowercase(),
        Known::Unknown(why) => {
            return Err(format!("the location of the policy is unknown ({why})"));
        }
    };
    Ok(WantedPolicy {
        id: policy.id.clone(),
        location,
        vault: key.vault,
        key: key.key,
        key_version: key.version,
        create_key: None,
        grant: true,
        readers: Vec::new(),
        environments: Vec::new(),
    })
}

/// The principals with Reader at the policy itself: with a condition, and without one. Inherited
/// assignments do not count.
fn at_policy(roles: &[RoleAssignment], policy: &ArmId) -> (Vec<String>, Vec<String>) {
    let reads_policy =
        |role: &&RoleAssignment| role.role == READER && same_id(&role.scope, &policy.to_string());
    let (bound, free): (Vec<_>, Vec<_>) = roles
        .iter()
        .filter(reads_policy)
        .partition(|role| role.conditional);
    let named = |roles: Vec<&RoleAssignment>| {
        let all: BTreeSet<String> = roles
            .iter()
            .map(|role| role.principal_id.to_ascii_lowercase())
            .collect();
        all.into_iter().collect::<Vec<_>>()
    };
    let free = named(free);
    let mut bound = named(bound);
    bound.retain(|reader| !free.contains(reader));
    (bound, free)
}

/// Why an environment is left out. `known` is false if its state was not visible.
struct LeftOut {
    why: String,
    known: bool,
}

/// The environment, if it is settled. The file leaves out a changing or failed environment.
fn settled(environment: &Environment, policy: &ArmId) -> Result<WantedEnvironment, LeftOut> {
    let standing = standing(environment, policy);
    let known = !matches!(standing, LinkState::Unknown(_));
    let moving = |why: String| Err(LeftOut { why, known });
    let status = environment
        .key_link
        .present()
        .map_or("unknown", |link| link.status.shown());
    if let Some(operation) = &environment.ongoing {
        return moving(format!(
            "the operation `{operation}` runs on the environment. Run `cmkctl adopt` again when \
                the operation has ended"
        ));
    }
    match standing {
        // A locked environment is offline, but still belongs to its policy.
        LinkState::Done | LinkState::Locked => {}
        LinkState::Failed => {
            return moving(
                "the last attempt to add the environment failed. Run the same add again, then run \
                    `cmkctl adopt` again"
                    .to_owned(),
            );
        }
        LinkState::Unknown(why) => return moving(why.why),
        LinkState::None | LinkState::Under | LinkState::Other(_) => {
            return moving(format!(
                "the environment is changing (link status `{status}`). Run `cmkctl adopt` again \
                when the change has ended"
            ));
        }
    }
    Ok(WantedEnvironment {
        id: environment.id.clone(),
        name: Some(environment.display_name.clone()),
        ring: 1,
        make_managed: false,
        power_platform_only: match &environment.app {
            Known::Known(app) => app.is_none(),
            Known::Unknown(why) => {
                return Err(LeftOut {
                    why: why.clone(),
                    known: false,
                });
            }
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        all, environment, hidden, link, now, odd, policy, policy_id, silent,
    };
    use super::*;

    fn role(conditional: bool) -> RoleAssignment {
        RoleAssignment {
            scope: policy_id("ep").to_string(),
            role: READER.to_owned(),
            principal_id: "P".to_owned(),
            conditional,
            ..RoleAssignment::default()
        }
    }

    struct Case {
        environment: Environment,
        protection: Protection,
        readers: Seen<Whole<RoleAssignment>>,
    }

    impl Case {
        fn well() -> Self {
            Self {
                environment: Environment {
                    key_link: link("ep", "Linked"),
                    ..environment("e")
                },
                protection: Protection {
                    policy: Seen::Present(policy("ep")),
                    granted: Verdict::Yes,
                    ..Protection::default()
                },
                readers: all(Vec::new()),
            }
        }

        fn adopted(self) -> Adopted {
            let estate = Estate {
                at: now(),
                environments: Whole::read_to_end(vec![self.environment]),
                whole_tenant: Verdict::Yes,
                protections: BTreeMap::from([(policy_id("ep"), self.protection)]),
                not_listed: Vec::new(),
            };
            adopt(&estate, &BTreeMap::from([(policy_id("ep"), self.readers)]))
        }
    }

    /// Case name, the change, environments in the file, sentences, and sentences about unknown
    /// facts.
    type Row = (&'static str, fn(&mut Case), usize, usize, usize);

    const SETTLED_AND_NOT: &[Row] = &[
        ("well", |_| {}, 1, 0, 0),
        (
            "no policy",
            |c| c.environment.key_link = Seen::Absent,
            0,
            0,
            0,
        ),
        (
            "a silent link",
            |c| c.environment.key_link = silent(),
            0,
            1,
            1,
        ),
        (
            "linking",
            |c| c.environment.key_link = link("ep", "Linking"),
            0,
            1,
            0,
        ),
        (
            "a link in a new way",
            |c| c.environment.key_link = link("ep", "Wibble"),
            0,
            1,
            1,
        ),
        (
            "failed",
            |c| c.environment.key_link = link("ep", "Failed"),
            0,
            1,
            0,
        ),
        (
            "locked",
            |c| c.environment.runtime_state = "Disabled".into(),
            1,
            0,
            0,
        ),
        (
            "in a new runtime state",
            |c| c.environment.runtime_state = "Wibble".into(),
            0,
            1,
            1,
        ),
        (
            "a copy runs",
            |c| c.environment.ongoing = Some("Copy".into()),
            0,
            1,
            0,
        ),
        (
            "perhaps finance and operations",
            |c| c.environment.app = odd(),
            0,
            1,
            1,
        ),
        (
            "a hidden policy",
            |c| c.protection.policy = hidden(),
            0,
            1,
            1,
        ),
        (
            "perhaps a grant",
            |c| c.protection.granted = Verdict::default(),
            1,
            1,
            1,
        ),
        ("hidden readers", |c| c.readers = hidden(), 1, 1, 1),
        (
            "a reader under a condition",
            |c| c.readers = all(vec![role(true)]),
            1,
            1,
            1,
        ),
    ];

    #[test]
    fn what_is_settled_is_described_and_the_rest_is_said() {
        for &(what, change, kept, sentences, not_known) in SETTLED_AND_NOT {
            let mut case = Case::well();
            change(&mut case);
            let adopted = case.adopted();
            let notes: usize = adopted.notes.iter().map(Vec::len).sum();
            assert_eq!(adopted.wanted.size(), kept, "{what}");
            assert_eq!(
                adopted.left_out.len() + notes,
                sentences,
                "{what}: {adopted:?}"
            );
            assert_eq!(adopted.not_known, not_known, "{what}");
        }
    }

    #[test]
    fn a_missing_grant_stays_missing_and_a_reader_stays() {
        let mut case = Case::well();
        case.protection.granted = Verdict::No;
        case.readers = all(vec![role(false), role(true)]);
        let adopted = case.adopted();
        assert!(!adopted.wanted.policies[0].grant);
        assert_eq!(adopted.wanted.policies[0].readers, ["p"]);
        assert_eq!(adopted.not_known, 0);
        let mut unplaced = policy("ep");
        unplaced.location = odd();
        let mut case = Case::well();
        case.protection.policy = Seen::Present(unplaced);
        assert_eq!(case.adopted().not_known, 1);
    }
}
