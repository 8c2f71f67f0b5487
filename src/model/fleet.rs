//! The snapshot of everything that a file names, the plan for it, and saved plans.

use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan, Withheld};
use crate::model::seen::{Seen, Unreadable};
use crate::model::wanted::Wanted;
use crate::model::whole::Whole;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The snapshot of everything that a file names.
#[derive(Debug, Clone, Default)]
pub struct FleetSnapshot {
    /// When it was read, in the cloud's time.
    pub at: Timestamp,
    /// The source of the file's environments.
    pub listed: Listed,
    /// The policies in the order of the file, each with its vault and key.
    pub policies: Vec<Observed>,
    /// Environments that were read alone because they are not in their desired state. Keyed by id
    /// in lower case.
    pub members: BTreeMap<String, Observed>,
}

/// The source of the file's environments.
#[derive(Debug, Clone)]
pub enum Listed {
    /// The list of every environment that the caller administers.
    Tenant(Seen<Whole<Environment>>),
    /// The file's only environment, read alone. Others are not known.
    Alone(Box<Seen<Environment>>),
}

impl Default for Listed {
    fn default() -> Self {
        Listed::Tenant(Seen::default())
    }
}

impl Listed {
    /// The environments of the list, or the single one.
    pub fn environments(&self) -> &[Environment] {
        match self {
            Listed::Tenant(Seen::Present(all)) => all,
            Listed::Alone(alone) => match &**alone {
                Seen::Present(environment) => std::slice::from_ref(environment),
                Seen::Absent | Seen::Unreadable(_) => &[],
            },
            Listed::Tenant(Seen::Absent | Seen::Unreadable(_)) => &[],
        }
    }

    /// The list of the whole tenant, if it was read.
    pub fn tenant(&self) -> Option<&Whole<Environment>> {
        match self {
            Listed::Tenant(tenant) => tenant.present(),
            Listed::Alone(_) => None,
        }
    }

    /// Does a missing environment in this source not exist?
    pub fn tells_absence(&self) -> bool {
        match self {
            Listed::Tenant(tenant) => tenant.present().is_some(),
            Listed::Alone(alone) => alone.unreadable().is_none(),
        }
    }

    /// Why the source could not be read; `None` if it was.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match self {
            Listed::Tenant(tenant) => tenant.unreadable(),
            Listed::Alone(alone) => alone.unreadable(),
        }
    }
}

/// The state of an environment of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberState {
    /// Encrypted with the policy that the file gives it.
    Encrypted,
    /// An action or a wait is pending.
    Pending,
    /// A finding forbids any start on it.
    Blocked,
    /// Linked to its policy, but offline because its key can't be reached.
    Locked,
    /// This caller can't see it.
    NotVisible,
}

/// An environment of the file, and its actions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Member {
    /// Environment id: a GUID, or `Default-` and the tenant's.
    pub id: String,
    /// Its name, as consent must repeat it: with the id if another environment has the same name.
    pub name: String,
    /// The policy that the file gives it.
    pub policy: ArmId,
    /// The number of its ring.
    pub ring: u32,
    /// Its state.
    pub place: MemberState,
    /// Its actions, in order.
    pub actions: Vec<Action>,
    /// Steps that their evidence does not allow.
    pub withheld: Vec<Withheld>,
}

impl Member {
    /// Does its part of the plan have an outage, allowed or withheld?
    pub fn starts(&self) -> bool {
        let mut actions = self.actions.iter();
        !self.withheld.is_empty() || actions.any(|action| action.takes_offline().is_some())
    }

    /// Does it have neither actions nor withheld steps?
    pub fn is_idle(&self) -> bool {
        self.actions.is_empty() && self.withheld.is_empty()
    }
}

/// Environments that use a policy of the file but are not in the file. cmkctl never changes them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unlisted {
    /// Id of the policy.
    pub policy: ArmId,
    /// Ids and names.
    pub environments: Vec<Named>,
}

/// An environment by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Environment id: a GUID, or `Default-` and the tenant's.
    pub id: String,
    /// Display name.
    pub name: String,
}

impl Named {
    /// Id and name of an environment that was read.
    pub fn of(environment: &Environment) -> Self {
        Self {
            id: environment.id.clone(),
            name: environment.display_name.clone(),
        }
    }
}

/// The plan from the snapshot to the file's desired state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fleet {
    /// All actions, for preview and consent: those of the policies, then those of the environments
    /// in their order.
    pub plan: Plan,
    /// How many of these actions belong to the policies.
    pub first: usize,
    /// Every environment of the file, ring by ring. Running ones come first in their ring.
    pub members: Vec<Member>,
    /// Environments that use the file's policies but are not in the file.
    pub unlisted: Vec<Unlisted>,
}

impl Fleet {
    /// The plan with the policies' actions only.
    pub fn of_policies(&self) -> Plan {
        let actions = self.plan.actions.iter().take(self.first).cloned().collect();
        Plan {
            actions,
            ..Plan::default()
        }
    }

    /// Does the file have environments that this caller can't see?
    pub fn has_unseen(&self) -> bool {
        self.members
            .iter()
            .any(|member| member.place == MemberState::NotVisible)
    }
}

/// A plan saved to a file, which `apply` runs exactly as saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// `cmkctl/plan/v1`
    pub schema: String,
    /// The cloud that the plan is for.
    pub cloud: String,
    /// When the plan was made, in the cloud's time.
    pub at: Timestamp,
    /// The content of the file that the plan was made from.
    pub wanted: Wanted,
    /// The plan's actions, in order.
    pub actions: Vec<Action>,
    /// The fingerprint of the other fields.
    pub fingerprint: String,
}

impl Saved {
    /// The schema of plans that this version writes.
    pub const SCHEMA: &'static str = "cmkctl/plan/v1";

    /// A plan to save, with its fingerprint.
    pub fn new(cloud: &str, at: Timestamp, wanted: &Wanted, actions: &[Action]) -> Self {
        let mut saved = Self {
            schema: Self::SCHEMA.to_owned(),
            cloud: cloud.to_owned(),
            at,
            wanted: wanted.clone(),
            actions: actions.to_vec(),
            fingerprint: String::new(),
        };
        saved.fingerprint = saved.seal();
        saved
    }

    /// Does the fingerprint fit the content? This detects slips in an editor, not deception: anyone
    /// can compute a fingerprint. So `apply` reads everything again before it runs.
    pub fn is_whole(&self) -> bool {
        self.fingerprint == self.seal()
    }

    fn seal(&self) -> String {
        let text = serde_json::to_vec(&(
            &self.schema,
            &self.cloud,
            self.at,
            &self.wanted,
            &self.actions,
        ));
        uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, &text.unwrap_or_default())
            .hyphenated()
            .to_string()
    }
}
