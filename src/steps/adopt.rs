//! From what is there to the file that would leave it as it is.

use super::link::{Standing, standing};
use crate::model::environment::Environment;
use crate::model::estate::{Estate, Protection};
use crate::model::ids::{ArmId, same_id};
use crate::model::known::{Known, Verdict};
use crate::model::protection::{Policy, RoleAssignment};
use crate::model::roles::READER;
use crate::model::seen::{Seen, Unreadable};
use crate::model::wanted::{LIMIT, Wanted, WantedEnvironment, WantedPolicy, Waves};
use std::collections::BTreeMap;

/// A file that describes what is there, and what it could not describe.
#[derive(Debug, Clone, Default)]
pub struct Adopted {
    /// What goes into the file.
    pub wanted: Wanted,
    /// For each of its policies, what the file says besides, each a sentence.
    pub notes: Vec<Vec<String>>,
    /// Policies and environments that could not be described at all, each a sentence.
    pub left_out: Vec<String>,
    /// How many of these sentences tell of something that was not visible or not known.
    pub not_known: usize,
}

/// Describes everything that is linked. `readers` holds the role assignments at each policy.
pub fn adopt(estate: &Estate, readers: &BTreeMap<ArmId, Seen<Vec<RoleAssignment>>>) -> Adopted {
    let mut adopted = Adopted::default();
    let mut linked: BTreeMap<ArmId, Vec<&Environment>> = BTreeMap::new();
    for environment in &estate.environments {
        match &environment.key_link {
            Seen::Present(link) => linked
                .entry(link.policy.clone())
                .or_default()
                .push(environment),
            Seen::Absent => {}
            Seen::Unreadable(Unreadable { why, .. }) => {
                adopted.not_known += 1;
                adopted.left_out.push(format!(
                    "`{}` ({}) is left out: whether it has a policy is not known: {why}.",
                    environment.display_name, environment.id
                ));
            }
            Seen::NotAsked => {}
        }
    }
    // A tenant that was given more has more already.
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
                let count = environments.len();
                adopted.left_out.push(format!(
                    "The policy {id} is left out with its {count} environments: {why}."
                ));
            }
            Ok(mut policy) => {
                let mut notes = Vec::new();
                match &protection.granted {
                    Verdict::Yes => {}
                    Verdict::No => {
                        policy.grant = false;
                        notes.push(
                            "Its identity may not use the key today: delete the line `grant = \
                            false` to have it granted."
                                .to_owned(),
                        );
                    }
                    Verdict::CantTell(why) => {
                        adopted.not_known += 1;
                        notes.push(format!(
                            "Whether its identity may use the key is not known: {}.",
                            why.why
                        ));
                    }
                }
                match readers.get(&id) {
                    Some(Seen::Present(roles)) => policy.readers = at_policy(roles, &policy.id),
                    Some(Seen::Unreadable(why)) => {
                        adopted.not_known += 1;
                        notes.push(format!("Its readers are not visible to you: {}.", why.why))
                    }
                    Some(Seen::Absent | Seen::NotAsked) | None => {
                        adopted.not_known += 1;
                        notes.push("Its readers were not read.".to_owned());
                    }
                }
                for environment in environments {
                    match settled(environment, &policy.id) {
                        Ok(one) => policy.environments.push(one),
                        Err(LeftOut { why, known }) => {
                            adopted.not_known += usize::from(!known);
                            notes.push(format!(
                                "`{}` ({}) is left out: {why}.",
                                environment.display_name, environment.id
                            ));
                        }
                    }
                }
                adopted.wanted.policies.push(policy);
                adopted.notes.push(notes);
            }
        }
    }
    adopted
}

/// What is known of a policy, or why that is not enough.
fn described(protection: &Protection) -> Result<WantedPolicy, String> {
    let policy: &Policy = match &protection.policy {
        Seen::Present(policy) => policy,
        Seen::Unreadable(why) => return Err(format!("it is not visible to you: {}", why.why)),
        Seen::Absent => return Err("it is gone".to_owned()),
        Seen::NotAsked => return Err("its id can't be understood".to_owned()),
    };
    let key = match &policy.key {
        Known::Known(key) => key.clone(),
        Known::Unknown(why) => return Err(why.clone()),
    };
    Ok(WantedPolicy {
        id: policy.id.clone(),
        location: policy.location.to_ascii_lowercase(),
        vault: key.vault,
        key: key.key,
        key_version: key.version,
        grant: true,
        readers: Vec::new(),
        environments: Vec::new(),
    })
}

/// Who was given Reader at the policy itself; what is inherited is somebody else's.
fn at_policy(roles: &[RoleAssignment], policy: &ArmId) -> Vec<String> {
    let own =
        |role: &&RoleAssignment| role.role == READER && same_id(&role.scope, &policy.to_string());
    let mut readers: Vec<String> = roles
        .iter()
        .filter(own)
        .map(|role| role.principal_id.to_ascii_lowercase())
        .collect();
    readers.sort();
    readers.dedup();
    readers
}

/// Why an environment is not described, and whether that is known or only not seen.
struct LeftOut {
    why: String,
    known: bool,
}

/// An environment that is where it shall be; one that is on its way, or that failed, is not a state
/// to keep.
fn settled(environment: &Environment, policy: &ArmId) -> Result<WantedEnvironment, LeftOut> {
    let standing = standing(environment, policy);
    let known = !matches!(standing, Standing::Unknown(_));
    let moving = |why: String| Err(LeftOut { why, known });
    let status = environment
        .key_link
        .present()
        .and_then(|link| link.status.clone())
        .unwrap_or_default();
    if let Some(operation) = &environment.ongoing {
        return moving(format!(
            "`{operation}` runs on it; run this again when it has ended"
        ));
    }
    match standing {
        // At rest and offline: it is locked, and belongs to its policy all the same.
        Standing::Done | Standing::Locked => {}
        Standing::Failed => {
            return moving("its last add failed; run the same add again, then this".to_owned());
        }
        Standing::Unknown(why) => return moving(why.why),
        Standing::None | Standing::Under | Standing::Other(_) => {
            return moving(format!(
                "its link says `{status}`; run this again when that has ended"
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
