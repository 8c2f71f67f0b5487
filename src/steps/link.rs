//! How an environment is linked to a policy.

use super::{Whose, finding, quoted, unseen, who};
use crate::model::environment::{Environment, KeyLink, Stage};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::seen::{Reason, Seen, Unreadable};
use crate::model::target::Target;

/// How an environment is linked to one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// No encryption policy.
    None,
    /// Linked to this policy, and the environment is up.
    Done,
    /// This policy is being applied, or it is linked while the environment is not up yet.
    Under,
    /// Linked to this policy and settled, but offline: Power Platform can't use its key.
    Locked,
    /// Linked to this policy, and the service says that it failed.
    Failed,
    /// Linked to another policy.
    Other(ArmId),
    /// The service did not say.
    Unknown(Unreadable),
}

/// How the environment is linked to `policy`.
pub fn standing(environment: &Environment, policy: &ArmId) -> LinkState {
    match &environment.key_link {
        Seen::Present(link) if link.policy == *policy => under_policy(environment, link),
        Seen::Present(link) => LinkState::Other(link.policy.clone()),
        Seen::Absent => LinkState::None,
        Seen::Unreadable(why) => LinkState::Unknown(why.clone()),
    }
}

/// The state of the link to the linked policy.
fn under_policy(environment: &Environment, link: &KeyLink) -> LinkState {
    let settled = match link.stage() {
        Known::Known(Stage::Linked) => LinkState::Done,
        Known::Known(Stage::Failed) => LinkState::Failed,
        Known::Known(Stage::Linking | Stage::Unlinking) => return LinkState::Under,
        Known::Unknown(why) => return open(why),
    };
    match (environment.is_up(), locked(environment)) {
        (Verdict::Yes, _) => settled,
        (_, Verdict::Yes) => LinkState::Locked,
        (Verdict::CantTell(why), _) | (Verdict::No, Verdict::CantTell(why)) => {
            LinkState::Unknown(why)
        }
        (Verdict::No, Verdict::No) => LinkState::Under,
    }
}

/// The last add failed. The documented way out is another add.
pub(super) fn failed_add(environment: &Environment, policy: &ArmId, severity: Severity) -> Finding {
    let (id, name) = (&environment.id, &environment.display_name);
    finding(
        "CMK028",
        severity,
        id,
        format!(
            "The last add of `{name}` failed, so some of its data may still use the Microsoft key. \
                Microsoft says: run the same add again, and do not remove the environment."
        ),
        format!(
            "cmkctl add-environment {} --policy {}",
            quoted(id),
            quoted(&policy.to_string())
        ),
        who::POWER_PLATFORM,
    )
}

pub(super) fn open(why: impl Into<String>) -> LinkState {
    LinkState::Unknown(Unreadable::because(why))
}

/// Is an environment with a policy locked? It is offline and ready for operations, and no running
/// operation explains that. Then its key can't be reached (inferred; the service has no state for a
/// lock).
pub fn locked(environment: &Environment) -> Verdict {
    let link = match &environment.key_link {
        Seen::Present(link) => link,
        Seen::Absent => return Verdict::No,
        Seen::Unreadable(why) => return Verdict::CantTell(why.clone()),
    };
    let settled = match link.stage() {
        Known::Known(Stage::Linked | Stage::Failed) => Verdict::of(environment.ongoing.is_none()),
        Known::Known(Stage::Linking | Stage::Unlinking) => Verdict::No,
        Known::Unknown(why) => Verdict::cant_tell(why),
    };
    let offline = match environment.is_running() {
        Verdict::Yes => Verdict::No,
        Verdict::No => Verdict::Yes,
        open @ Verdict::CantTell(_) => open,
    };
    settled.and(|| offline).and(|| environment.is_ready())
}

/// The finding that the link is not known. cmkctl starts nothing on such an environment.
pub(super) fn unknown_link(environment: &Environment, why: &Unreadable) -> Finding {
    let (id, name) = (&environment.id, &environment.display_name);
    let what = format!("Whether the environment `{name}` has a policy");
    let mut found = unseen("CMK025", id, &what, why, (who::POWER_PLATFORM, Whose::Own));
    if why.reason == Reason::KeyWithoutPolicy {
        found.code = "CMK041";
        found.remedy = "Run the same command again later. If nothing changes, ask Microsoft \
            support. Bring-your-own keys were retired on 2026-01-06. Environments that still used \
            them returned to the Microsoft key."
            .into();
    }
    found
}

/// The finding for a locked environment: only restoring the key helps.
pub(super) fn offline(environment: &Environment) -> Finding {
    finding(
        "CMK035",
        Severity::Block,
        &environment.id,
        format!(
            "`{}` is locked: it is offline, and no operation runs on it. Its data can't be read or \
                encrypted until Power Platform can use its key again.",
            environment.display_name
        ),
        format!("cmkctl unlock {}", quoted(&environment.id)),
        who::POWER_PLATFORM,
    )
}

/// The finding for an environment that was not read: its step plans nothing.
pub(super) fn no_environment(target: &Target, seen: &Seen<Environment>) -> Finding {
    let why = seen
        .unreadable()
        .cloned()
        .unwrap_or_else(|| Unreadable::because("the service returned no environment"));
    let subject = target
        .environment
        .clone()
        .unwrap_or_else(|| "environment".to_owned());
    unseen(
        why.reason.finding().unwrap_or("CMK020"),
        subject,
        "The state of the environment",
        &why,
        (who::POWER_PLATFORM, Whose::Own),
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::ids::ResourceKind;
    use crate::model::lifecycle_rules::Rules;

    pub(in crate::steps) fn policy(name: &str) -> ArmId {
        ArmId::new(
            "11111111-2222-3333-4444-555555555555",
            "g",
            ResourceKind::EnterprisePolicy,
            name,
        )
        .unwrap()
    }

    pub(in crate::steps) fn environment(
        link: Seen<KeyLink>,
        management: &str,
        runtime: &str,
    ) -> Environment {
        Environment {
            id: "e".into(),
            display_name: "UAT".into(),
            management_state: management.into(),
            runtime_state: runtime.into(),
            sku: "Sandbox".into(),
            location: "europe".into(),
            is_default: Known::Known(false),
            tenant_id: Known::Known(None),
            permissions: Known::Known(None),
            rules: Known::Known(Rules::default()),
            key_link: link,
            ..Environment::default()
        }
    }

    pub(in crate::steps) fn link(name: &str, status: &str) -> Seen<KeyLink> {
        let id = policy(name).to_string().to_uppercase();
        let policy = ArmId::parse(&id, &[ResourceKind::EnterprisePolicy]).unwrap();
        Seen::Present(KeyLink {
            policy,
            status: status.into(),
            system_id: None,
        })
    }

    #[test]
    fn success_is_this_policy_linked_and_the_environment_up() {
        let unknown = LinkState::Unknown(Unreadable::default());
        let table = [
            (link("a", "Linked"), "Ready", "Enabled", LinkState::Done),
            (link("a", "linked"), "ready", "ENABLED", LinkState::Done),
            (link("a", "Linked"), "Ready", "AdminMode", LinkState::Done),
            (link("a", "Linked"), "Running", "Enabled", LinkState::Under),
            (link("a", "Linked"), "Running", "Disabled", LinkState::Under),
            (link("a", "Linked"), "Ready", "Disabled", LinkState::Locked),
            (link("a", "Failed"), "Ready", "Disabled", LinkState::Locked),
            (link("a", "Linking"), "Ready", "Enabled", LinkState::Under),
            (
                link("a", "UnlinkingOnline"),
                "Ready",
                "Enabled",
                LinkState::Under,
            ),
            (link("a", "Failed"), "Ready", "Enabled", LinkState::Failed),
            (link("a", "Failed"), "Running", "Disabled", LinkState::Under),
            (Seen::Absent, "Ready", "Enabled", LinkState::None),
            (
                link("b", "Linked"),
                "Ready",
                "Enabled",
                LinkState::Other(policy("b")),
            ),
            (link("a", "Wibble"), "Ready", "Enabled", unknown.clone()),
            (link("a", ""), "Ready", "Enabled", unknown.clone()),
            (link("a", "Linked"), "", "Enabled", unknown.clone()),
            (link("a", "Linked"), "Ready", "Wibble", unknown.clone()),
            (
                Seen::Unreadable(Unreadable::default()),
                "Ready",
                "Enabled",
                unknown.clone(),
            ),
            (Seen::default(), "Ready", "Enabled", unknown),
        ];
        for (key_link, management, runtime, expected) in table {
            let environment = environment(key_link, management, runtime);
            let found = standing(&environment, &policy("a"));
            let same = match (&found, &expected) {
                (LinkState::Unknown(_), LinkState::Unknown(_)) => true,
                (found, expected) => found == expected,
            };
            assert!(same, "{found:?}: {environment:?}");
        }
    }
}
