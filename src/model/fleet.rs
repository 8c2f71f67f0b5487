//! What was seen of everything that a file wants, what there is to do about it, and a plan that was
//! saved.

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

/// One look at everything that a file names.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// When, in the cloud's time.
    pub at: Timestamp,
    /// What shows the environments that the file names.
    pub listed: Listed,
    /// The policies in the order of the file, each with its vault and key.
    pub policies: Vec<Observed>,
    /// Environments that were looked at by themselves, because they are not where they shall be; by
    /// their ids in lower case.
    pub members: BTreeMap<String, Observed>,
}

/// What shows the environments that a file names.
#[derive(Debug, Clone)]
pub enum Listed {
    /// The list of every environment that the caller administers.
    Tenant(Seen<Whole<Environment>>),
    /// The only environment of the file, by itself: nothing is known of others.
    Alone(Box<Seen<Environment>>),
}

impl Default for Listed {
    fn default() -> Self {
        Listed::Tenant(Seen::default())
    }
}

impl Listed {
    /// The environments that are shown.
    pub fn environments(&self) -> &[Environment] {
        match self {
            Listed::Tenant(Seen::Present(all)) => all,
            Listed::Alone(one) => match &**one {
                Seen::Present(one) => std::slice::from_ref(one),
                Seen::Absent | Seen::Unreadable(_) => &[],
            },
            Listed::Tenant(Seen::Absent | Seen::Unreadable(_)) => &[],
        }
    }

    /// The whole tenant, if it is that and was read.
    pub fn tenant(&self) -> Option<&Whole<Environment>> {
        match self {
            Listed::Tenant(tenant) => tenant.present(),
            Listed::Alone(_) => None,
        }
    }

    /// Is there no environment where it shows none?
    pub fn tells_absence(&self) -> bool {
        match self {
            Listed::Tenant(tenant) => tenant.present().is_some(),
            Listed::Alone(one) => one.unreadable().is_none(),
        }
    }

    /// Why nothing is shown, if it could not be read.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match self {
            Listed::Tenant(tenant) => tenant.unreadable(),
            Listed::Alone(one) => one.unreadable(),
        }
    }
}

/// Where an environment of the file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Encrypted with the policy that the file gives it.
    Encrypted,
    /// Something is to be done, or waited for.
    Pending,
    /// A finding forbids to start anything on it.
    Blocked,
    /// With its policy, but offline because its key can't be reached.
    Locked,
    /// This caller can't see it.
    NotVisible,
}

/// An environment of the file, with what there is to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Member {
    /// Environment id.
    pub id: String,
    /// Its name, as consent must repeat it: with the id where another one has the same name.
    pub name: String,
    /// The policy that it shall have.
    pub policy: ArmId,
    /// Its ring.
    pub ring: u32,
    /// Where it stands.
    pub place: Place,
    /// What there is to do, in order.
    pub actions: Vec<Action>,
    /// What its evidence does not allow.
    pub withheld: Vec<Withheld>,
}

impl Member {
    /// Would it be taken offline? Also where that is wanted and not allowed.
    pub fn starts(&self) -> bool {
        let mut actions = self.actions.iter();
        !self.withheld.is_empty() || actions.any(|action| action.takes_offline().is_some())
    }

    /// Is there nothing to do for it?
    pub fn is_idle(&self) -> bool {
        self.actions.is_empty() && self.withheld.is_empty()
    }
}

/// Environments that are linked to a policy of the file, which does not name them. They are never
/// touched.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unlisted {
    /// The policy.
    pub policy: ArmId,
    /// Ids and names.
    pub environments: Vec<Named>,
}

/// An environment by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Environment id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What it takes to get from what was seen to what is wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fleet {
    /// Everything at once, for preview and consent: the policies' actions, then those of the
    /// environments in their order.
    pub plan: Plan,
    /// How many of these actions are the policies'.
    pub first: usize,
    /// Every environment of the file, ring by ring; what runs already comes first in its ring.
    pub members: Vec<Member>,
    /// What the file does not name.
    pub unlisted: Vec<Unlisted>,
}

impl Fleet {
    /// The policies' part.
    pub fn of_policies(&self) -> Plan {
        let actions = self.plan.actions.iter().take(self.first).cloned().collect();
        Plan {
            actions,
            ..Plan::default()
        }
    }

    /// Are there environments in the file that this caller can't see?
    pub fn has_unseen(&self) -> bool {
        self.members
            .iter()
            .any(|member| member.place == Place::NotVisible)
    }
}

/// A plan that was written to a file, to be run exactly so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// `cmkctl/plan/v1`
    pub schema: String,
    /// The cloud that it is for.
    pub cloud: String,
    /// When it was made, in the cloud's time.
    pub at: Timestamp,
    /// The file that it came from, as it was then.
    pub wanted: Wanted,
    /// What it does.
    pub actions: Vec<Action>,
    /// A name for exactly this content.
    pub fingerprint: String,
}

impl Saved {
    /// The schema of this version.
    pub const SCHEMA: &'static str = "cmkctl/plan/v1";

    /// A plan as it is to be written.
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

    /// Is it as it was written? This notices a slip of an editor; who means to deceive can compute
    /// a fingerprint, too, which is why everything is looked at again before it is run.
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
