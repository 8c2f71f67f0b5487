//! Which answers an action gives. [`Action::facts`] is the one match over all actions, beside
//! `Display` and the applier: whoever adds an action is asked by the compiler, and nobody else
//! decides by the kind of an action.

use super::facts::{Facts, Lack, Named};
use super::{Action, of_azure, of_environment};

const fn named<'a>(id: &'a str, name: &'a str) -> Named<'a> {
    Named { id, name }
}

impl Action {
    /// Everything that is asked of an action.
    pub fn facts(&self) -> Facts<'_> {
        match self {
            Action::RegisterProvider { subscription } => of_azure::provider(subscription),
            Action::CreatePolicy { policy, .. } => of_azure::policy(policy),
            Action::GrantKeyByRole { policy, vault } => of_azure::role(policy, vault),
            Action::GrantKeyByAccessPolicy { policy, vault, .. } => {
                of_azure::access_policy(policy, vault)
            }
            Action::GrantKeyByHsmRole {
                policy, hsm, key, ..
            } => of_azure::local_role(policy, hsm, key.as_str()),
            Action::GrantReader { policy, principal } => of_azure::reader(policy, principal),
            Action::RotateKey { vault, key, .. } => of_azure::rotation(vault, key.as_str()),
            Action::ProtectFromPurge { vault, .. } => of_azure::purge_protection(vault),
            Action::RecoverKey { vault, key, .. } | Action::EnableKeyVersion { vault, key, .. } => {
                of_azure::restored(vault, key.as_str())
            }
            Action::DisableKeyVersion {
                vault,
                key,
                overridden,
                ..
            } => of_azure::disabled(vault, key.as_str(), overridden),
            Action::MakeManaged { environment, name } => {
                of_environment::managed(named(environment, name))
            }
            Action::AddEnvironment {
                environment,
                name,
                policy,
                ..
            } => of_environment::added(named(environment, name), policy),
            Action::RemoveEnvironment {
                environment,
                name,
                policy,
                ..
            } => of_environment::removed(named(environment, name), policy),
            Action::MoveEnvironment {
                environment,
                name,
                from,
                policy,
                ..
            } => of_environment::moved(named(environment, name), from, policy),
            Action::EnableEnvironment {
                environment, name, ..
            } => of_environment::enabled(named(environment, name)),
            Action::AwaitRemoval {
                environment,
                name,
                operation,
                ..
            } => of_environment::goes(named(environment, name), operation.as_deref()),
            Action::AwaitEnvironment {
                environment,
                name,
                policy,
                operation,
            } => of_environment::comes(named(environment, name), policy, operation.as_deref()),
        }
    }

    /// The id of the environment that it is about, if it is about one.
    pub fn environment(&self) -> Option<&str> {
        self.facts().subject.environment().map(|named| named.id)
    }

    /// The name of the environment that it takes offline, if it does.
    pub fn takes_offline(&self) -> Option<&str> {
        self.facts().harm.takes_offline()
    }

    /// Does it change something at the service?
    pub fn changes(&self) -> bool {
        self.facts().changes
    }

    /// Does it let a policy's identity use the key?
    pub fn grants_key(&self) -> bool {
        match self.facts().lack {
            Lack::Grant(_) => true,
            Lack::Nothing
            | Lack::Provider(_)
            | Lack::Policy
            | Lack::Reader(_, _)
            | Lack::Managed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Grant, Harm, Link, OnTheWay, Scope, Subject};
    use super::*;
    use crate::model::fingerprint::Fingerprint;
    use crate::model::ids::{ArmId, ResourceKind};
    use crate::model::key_ids::{KeyName, KeyVersion};
    use crate::model::who::Side;
    use serde_json::json;

    fn id(kind: ResourceKind, name: &str) -> ArmId {
        ArmId::new("11111111-2222-3333-4444-555555555555", "g", kind, name).unwrap()
    }

    /// One of each kind. A new kind does not compile here until it has a row below.
    fn all() -> Vec<Action> {
        let policy = id(ResourceKind::EnterprisePolicy, "ep");
        let (vault, hsm) = (
            id(ResourceKind::Vault, "kv"),
            id(ResourceKind::ManagedHsm, "hsm"),
        );
        let key = KeyName::parse("cmk").unwrap();
        let version = KeyVersion::parse(&"a".repeat(32)).unwrap();
        let (environment, name, uri) = ("e".to_owned(), "UAT".to_owned(), "https://kv".to_owned());
        let of_key = |value: serde_json::Value| -> Action {
            let place = json!({ "vault": vault, "uri": uri, "key": key });
            together(value, place)
        };
        let of_environment = |value: serde_json::Value| -> Action {
            together(value, json!({ "environment": environment, "name": name }))
        };
        vec![
            Action::RegisterProvider {
                subscription: "s".to_owned(),
            },
            Action::CreatePolicy {
                policy: policy.clone(),
                location: "europe".to_owned(),
                vault: vault.clone(),
                key: key.clone(),
                version: None,
            },
            Action::GrantKeyByRole {
                policy: policy.clone(),
                vault: vault.clone(),
            },
            Action::GrantKeyByAccessPolicy {
                policy: policy.clone(),
                vault: vault.clone(),
                tenant: "t".to_owned(),
            },
            Action::GrantKeyByHsmRole {
                policy: policy.clone(),
                hsm,
                uri: uri.clone(),
                key: key.clone(),
            },
            Action::GrantReader {
                policy: policy.clone(),
                principal: "p".to_owned(),
            },
            of_key(json!({ "action": "rotate-key" })),
            Action::ProtectFromPurge {
                vault: vault.clone(),
                evidence: Fingerprint::default(),
            },
            of_key(json!({ "action": "recover-key" })),
            of_key(json!({ "action": "enable-key-version", "version": version })),
            of_key(json!({
                "action": "disable-key-version", "version": version, "overridden": ["why"],
            })),
            of_environment(json!({ "action": "make-managed" })),
            of_environment(json!({ "action": "add-environment", "policy": policy })),
            of_environment(json!({ "action": "remove-environment", "policy": policy })),
            of_environment(json!({
                "action": "move-environment", "policy": policy,
                "from": id(ResourceKind::EnterprisePolicy, "old"),
            })),
            of_environment(json!({ "action": "enable-environment" })),
            of_environment(json!({ "action": "await-removal", "operation": "op" })),
            of_environment(json!({ "action": "await-environment", "policy": policy })),
        ]
    }

    fn together(mut value: serde_json::Value, more: serde_json::Value) -> Action {
        let (all, more) = (value.as_object_mut().unwrap(), more.as_object().unwrap());
        all.extend(more.clone());
        serde_json::from_value(value).unwrap()
    }

    /// The row of an action: its number, and what it must answer.
    fn row(action: &Action) -> (usize, &'static str) {
        match action {
            Action::RegisterProvider { .. } => (
                0,
                "azure, subscription s, no harm, Provider, \
                --fix, right at s: Microsoft.PowerPlatform/register/action",
            ),
            Action::CreatePolicy { .. } => (
                1,
                "azure, policy ep, no harm, Policy, \
                right at group of ep: Microsoft.PowerPlatform/enterprisePolicies/write",
            ),
            Action::GrantKeyByRole { .. } => (
                2,
                "azure, policy ep, no harm, Role on kv, \
                --fix with policy, right at kv: Microsoft.Authorization/roleAssignments/write",
            ),
            Action::GrantKeyByAccessPolicy { .. } => (
                3,
                "azure, policy ep, no harm, \
                AccessPolicy on kv, --fix with policy, right at kv: \
                Microsoft.KeyVault/vaults/accessPolicies/write",
            ),
            Action::GrantKeyByHsmRole { .. } => (
                4,
                "azure, policy ep, no harm, \
                LocalRole on hsm for cmk, --fix with policy",
            ),
            Action::GrantReader { .. } => (
                5,
                "azure, policy ep, no harm, Reader p, \
                --fix with policy, right at group of ep: \
                Microsoft.Authorization/roleAssignments/write",
            ),
            Action::RotateKey { .. } => (6, "azure, key cmk, no harm"),
            Action::ProtectFromPurge { .. } => (7, "azure, vault kv, for good kv"),
            Action::RecoverKey { .. } => (8, "azure, key cmk, no harm"),
            Action::EnableKeyVersion { .. } => (9, "azure, key cmk, no harm"),
            Action::DisableKeyVersion { .. } => (10, "azure, key cmk, cuts off cmk, overrides 1"),
            Action::MakeManaged { .. } => (11, "environment e, no harm, Managed"),
            Action::AddEnvironment { .. } => (
                12,
                "environment e, offline UAT 4, to ep, \
                uses the grant",
            ),
            Action::RemoveEnvironment { .. } => (13, "environment e, offline UAT 4, off ep"),
            Action::MoveEnvironment { .. } => (
                14,
                "environment e, offline UAT 4, \
                to ep over old, uses the grant",
            ),
            Action::EnableEnvironment { .. } => (
                15,
                "environment e, no harm, uses the grant, \
                others go on",
            ),
            Action::AwaitRemoval { .. } => (
                16,
                "environment e, no harm, only waits, \
                goes by Some(\"op\")",
            ),
            Action::AwaitEnvironment { .. } => (
                17,
                "environment e, no harm, only waits, \
                comes to ep by None",
            ),
        }
    }

    /// Where it belongs, and what it harms.
    fn place(facts: &Facts<'_>) -> Vec<String> {
        let mut said = Vec::new();
        let side = match facts.side {
            Side::KeyVault => "azure, ",
            Side::PowerPlatform => "",
        };
        said.push(match facts.subject {
            Subject::Subscription(id) => format!("{side}subscription {id}"),
            Subject::Policy(id) => format!("{side}policy {}", id.name),
            Subject::Vault(id) => format!("{side}vault {}", id.name),
            Subject::Key(_, key) => format!("{side}key {key}"),
            Subject::Environment(named) => format!("{side}environment {}", named.id),
        });
        said.push(match facts.harm {
            Harm::None => "no harm".to_owned(),
            Harm::Offline { name, days } => format!("offline {name} {days}"),
            Harm::Irreversible { vault } => format!("for good {vault}"),
            Harm::CutsOff { key } => format!("cuts off {key}"),
        });
        said
    }

    /// What it does to a link, what is missing without it, and what may repair it.
    fn effects(facts: &Facts<'_>) -> Vec<String> {
        let mut said = Vec::new();
        match facts.link {
            Link::Stays => {}
            Link::To { policy, over: None } => said.push(format!("to {}", policy.name)),
            Link::To {
                policy,
                over: Some(over),
            } => said.push(format!("to {} over {}", policy.name, over.name)),
            Link::Off(policy) => said.push(format!("off {}", policy.name)),
            Link::Comes(policy, by) => said.push(format!("comes to {} by {by:?}", policy.name)),
            Link::Goes(by) => said.push(format!("goes by {by:?}")),
        }
        match facts.lack {
            Lack::Nothing => {}
            Lack::Provider(_) => said.push("Provider".to_owned()),
            Lack::Policy => said.push("Policy".to_owned()),
            Lack::Grant(Grant::Role { vault, .. }) => said.push(format!("Role on {}", vault.name)),
            Lack::Grant(Grant::AccessPolicy { vault, .. }) => {
                said.push(format!("AccessPolicy on {}", vault.name));
            }
            Lack::Grant(Grant::LocalRole { hsm, key, .. }) => {
                said.push(format!("LocalRole on {} for {key}", hsm.name));
            }
            Lack::Reader(_, principal) => said.push(format!("Reader {principal}")),
            Lack::Managed => said.push("Managed".to_owned()),
        }
        match facts.on_the_way {
            OnTheWay::No => {}
            OnTheWay::AtAnyTime => said.push("--fix".to_owned()),
            OnTheWay::OncePolicyIsThere => said.push("--fix with policy".to_owned()),
        }
        if let Some(right) = facts.right {
            let at = match right.at {
                Scope::Subscription(id) => id.to_owned(),
                Scope::GroupOf(policy) => format!("group of {}", policy.name),
                Scope::Vault(vault) => vault.name.clone(),
            };
            said.push(format!("right at {at}: {}", right.operation));
        }
        said
    }

    fn shown(facts: &Facts<'_>) -> String {
        let mut said = place(facts);
        if !facts.changes {
            said.push("only waits".to_owned());
        }
        said.extend(effects(facts));
        if facts.uses_grant {
            said.push("uses the grant".to_owned());
        }
        if facts.others_go_on {
            said.push("others go on".to_owned());
        }
        if !facts.overridden.is_empty() {
            said.push(format!("overrides {}", facts.overridden.len()));
        }
        said.join(", ")
    }

    #[test]
    fn the_answers_of_every_action() {
        let all = all();
        for (number, action) in all.iter().enumerate() {
            let (expected, answers) = row(action);
            assert_eq!(number, expected, "{action:?}");
            assert_eq!(shown(&action.facts()), answers, "{action}");
            assert!(action.facts().why.ends_with('.'), "{action}");
        }
        assert_eq!(all.len(), 18, "a kind of action has no row");
    }

    #[test]
    fn whatever_harms_is_consented_to_by_name() {
        for action in all() {
            let harm = action.facts().harm;
            assert_eq!(harm == Harm::None, harm.typed_consent().is_none());
            assert_eq!(harm == Harm::None, harm.sentence(false).is_empty());
            assert_eq!(
                action.takes_offline().is_some(),
                harm.takes_offline().is_some()
            );
            if let Some(name) = harm.typed_consent() {
                assert!(
                    harm.sentence(false).contains(&format!("`{name}`")),
                    "{action}"
                );
            }
            // What only waits harms nobody, and what takes people offline is about one of them.
            assert!(action.changes() || harm == Harm::None, "{action}");
            assert!(
                harm.takes_offline().is_none() || action.environment().is_some(),
                "{action}"
            );
        }
    }
}
