//! The facts of each action. Besides `Display` and the applier, [`Action::facts`] is the only match
//! over all actions. A new action does not compile without its facts, and no other code decides by
//! the kind of an action.

use super::facts::{Facts, Lack};
use super::{Action, of_azure, of_creation, of_environment};
use crate::model::fingerprint::Fingerprint;

impl Action {
    /// Every fact about this action.
    pub fn facts(&self) -> Facts<'_> {
        match self {
            Action::RegisterProvider { subscription } => of_azure::provider(subscription),
            Action::CreatePolicy { policy, .. } => of_azure::policy(policy),
            Action::CreateGroup { subscription, .. } => of_creation::group(subscription),
            Action::CreateVault {
                vault, evidence, ..
            } => of_creation::vault(vault, evidence),
            Action::CreateKey { vault, key, .. } => of_creation::key(vault, key.as_str()),
            Action::GrantKeyByRole { policy, vault } => of_azure::role(policy, vault),
            Action::GrantKeyByAccessPolicy { policy, vault, .. } => {
                of_azure::access_policy(policy, vault)
            }
            Action::GrantKeyByHsmRole {
                policy, hsm, key, ..
            } => of_azure::local_role(policy, hsm, key.as_str()),
            Action::GrantReader { policy, principal } => of_azure::reader(policy, principal),
            Action::RotateKey {
                place, evidence, ..
            } => of_azure::rotation(place, evidence),
            Action::SetRotationPolicy { place, .. } => of_azure::rotates_itself(place),
            Action::ProtectFromPurge { vault, evidence } => of_azure::protected(vault, evidence),
            Action::RecoverKey { place, evidence }
            | Action::EnableKeyVersion {
                place, evidence, ..
            } => of_azure::restored(place, evidence),
            Action::DisableKeyVersion {
                place,
                overridden,
                evidence,
                ..
            } => of_azure::disabled(place, overridden, evidence),
            Action::MakeManaged { named } => of_environment::managed(named),
            Action::AddEnvironment {
                named,
                policy,
                evidence,
            } => of_environment::added(named, policy, evidence),
            Action::RemoveEnvironment {
                named,
                policy,
                evidence,
            } => of_environment::removed(named, policy, evidence),
            Action::MoveEnvironment {
                named,
                from,
                policy,
                evidence,
            } => of_environment::moved(named, from, policy, evidence),
            Action::EnableEnvironment {
                named, evidence, ..
            } => of_environment::enabled(named, evidence),
            Action::AwaitRemoval {
                named, operation, ..
            } => of_environment::goes(named, operation.as_deref()),
            Action::AwaitEnvironment {
                named,
                policy,
                operation,
            } => of_environment::comes(named, policy, operation.as_deref()),
        }
    }

    /// The id of its environment, if it is about one.
    pub fn environment(&self) -> Option<&str> {
        self.facts()
            .subject
            .environment()
            .map(|named| named.id.as_str())
    }

    /// The display name of the environment that it takes offline.
    pub fn takes_offline(&self) -> Option<&str> {
        self.facts().harm.takes_offline()
    }

    /// The evidence that allows it; `None` if it can be undone at once.
    pub fn evidence(&self) -> Option<&Fingerprint> {
        self.facts().evidence
    }

    /// Does it change anything at the service?
    pub fn changes(&self) -> bool {
        self.facts().changes
    }

    /// Does it allow a policy's identity to use the key?
    pub fn grants_key(&self) -> bool {
        match self.facts().lack {
            Lack::Grant(_) => true,
            Lack::Nothing
            | Lack::Key
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
    use crate::model::who::Side;

    /// Every kind of action as JSON, and its answers.
    const ROWS: [(&str, &str, &str); 22] = [
        (
            "register-provider",
            r#""subscription": "s""#,
            "azure, subscription s, no harm, Provider, --fix, right at s: \
            Microsoft.PowerPlatform/register/action",
        ),
        (
            "create-policy",
            r#""policy": EP, "location": "europe", "vault": KV, "key": "cmk""#,
            "azure, policy ep, no harm, Policy, right at group of ep: \
            Microsoft.PowerPlatform/enterprisePolicies/write",
        ),
        (
            "create-group",
            r#""subscription": "s", "group": "g", "region": "r""#,
            "azure, subscription s, no harm, Key, right there: \
            Microsoft.Resources/subscriptions/resourceGroups/write",
        ),
        (
            "create-vault",
            r#""vault": KV, "region": "r", "tenant": "t", "premium": false, "closed": false"#,
            "azure, vault kv, for good kv, Key, right there: Microsoft.KeyVault/vaults/write, \
            by evidence",
        ),
        (
            "create-key",
            r#""vault": KV, "key": "cmk", "bits": 3072, "hsm": false"#,
            "azure, key cmk, no harm, Key, right there: Microsoft.KeyVault/vaults/keys/write",
        ),
        (
            "grant-key-by-role",
            r#""policy": EP, "vault": KV"#,
            "azure, policy ep, no harm, Role on kv, --fix with policy, right at kv: \
            Microsoft.Authorization/roleAssignments/write",
        ),
        (
            "grant-key-by-access-policy",
            r#""policy": EP, "vault": KV, "tenant": "t""#,
            "azure, policy ep, no harm, AccessPolicy on kv, --fix with policy, right at kv: \
            Microsoft.KeyVault/vaults/accessPolicies/write",
        ),
        (
            "grant-key-by-hsm-role",
            r#""policy": EP, "hsm": HSM, "uri": "https://hsm", "key": "cmk""#,
            "azure, policy ep, no harm, LocalRole on hsm for cmk, --fix with policy",
        ),
        (
            "grant-reader",
            r#""policy": EP, "principal": "p""#,
            "azure, policy ep, no harm, Reader p, --fix with policy, right at group of ep: \
            Microsoft.Authorization/roleAssignments/write",
        ),
        (
            "rotate-key",
            r#"KEY"#,
            "azure, key cmk, no harm, by evidence",
        ),
        (
            "protect-from-purge",
            r#""vault": KV"#,
            "azure, vault kv, for good kv, by evidence",
        ),
        (
            "recover-key",
            r#"KEY"#,
            "azure, key cmk, no harm, by evidence",
        ),
        (
            "enable-key-version",
            r#"KEY, "version": VERSION"#,
            "azure, key cmk, no harm, by evidence",
        ),
        (
            "disable-key-version",
            r#"KEY, "version": VERSION, "overridden": ["why"]"#,
            "azure, key cmk, cuts off cmk, by evidence, overrides 1",
        ),
        ("make-managed", r#"UAT"#, "environment e, no harm, Managed"),
        (
            "add-environment",
            r#"UAT, "policy": EP"#,
            "environment e, offline UAT 4, to ep, uses the grant, by evidence",
        ),
        (
            "remove-environment",
            r#"UAT, "policy": EP"#,
            "environment e, offline UAT 4, off ep, by evidence",
        ),
        (
            "move-environment",
            r#"UAT, "policy": EP, "from": OLD"#,
            "environment e, offline UAT 4, to ep over old, uses the grant, by evidence",
        ),
        (
            "enable-environment",
            r#"UAT"#,
            "environment e, no harm, uses the grant, others go on, by evidence",
        ),
        (
            "await-removal",
            r#"UAT, "operation": "op""#,
            "environment e, no harm, only waits, goes by op",
        ),
        (
            "await-environment",
            r#"UAT, "policy": EP"#,
            "environment e, no harm, only waits, comes to ep by ?",
        ),
        (
            "set-rotation-policy",
            r#"KEY, "rotation": { "rotates": { "after-creation": "P1Y" } }"#,
            "azure, key cmk, no harm",
        ),
    ];

    fn action(kind: &str, fields: &str) -> Action {
        let azure =
            "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers";
        let mut text = fields
            .replace("KEY", r#""vault": KV, "uri": "https://kv", "key": "cmk""#)
            .replace("UAT", r#""environment": "e", "name": "UAT""#)
            .replace("VERSION", &format!("\"{}\"", "a".repeat(32)));
        for (word, kind, name) in [
            ("EP", "Microsoft.PowerPlatform/enterprisePolicies", "ep"),
            ("OLD", "Microsoft.PowerPlatform/enterprisePolicies", "old"),
            ("KV", "Microsoft.KeyVault/vaults", "kv"),
            ("HSM", "Microsoft.KeyVault/managedHSMs", "hsm"),
        ] {
            let id = format!(": \"{azure}/{kind}/{name}\"");
            text = text.replace(&format!(": {word}"), &id);
        }
        serde_json::from_str(&format!("{{\"action\": \"{kind}\", {text}}}")).unwrap()
    }

    fn all() -> impl Iterator<Item = Action> {
        ROWS.iter().map(|(kind, fields, _)| action(kind, fields))
    }

    /// A new kind of action does not compile here until it has a row in the table.
    fn number(action: &Action) -> usize {
        match action {
            Action::RegisterProvider { .. } => 0,
            Action::CreatePolicy { .. } => 1,
            Action::CreateGroup { .. } => 2,
            Action::CreateVault { .. } => 3,
            Action::CreateKey { .. } => 4,
            Action::GrantKeyByRole { .. } => 5,
            Action::GrantKeyByAccessPolicy { .. } => 6,
            Action::GrantKeyByHsmRole { .. } => 7,
            Action::GrantReader { .. } => 8,
            Action::RotateKey { .. } => 9,
            Action::ProtectFromPurge { .. } => 10,
            Action::RecoverKey { .. } => 11,
            Action::EnableKeyVersion { .. } => 12,
            Action::DisableKeyVersion { .. } => 13,
            Action::MakeManaged { .. } => 14,
            Action::AddEnvironment { .. } => 15,
            Action::RemoveEnvironment { .. } => 16,
            Action::MoveEnvironment { .. } => 17,
            Action::EnableEnvironment { .. } => 18,
            Action::AwaitRemoval { .. } => 19,
            Action::AwaitEnvironment { .. } => 20,
            Action::SetRotationPolicy { .. } => 21,
        }
    }

    /// The side of the action, and its harm.
    fn place(facts: &Facts<'_>) -> Vec<String> {
        let mut answers = Vec::new();
        let side = match facts.side {
            Side::KeyVault => "azure, ",
            Side::PowerPlatform => "",
        };
        answers.push(match facts.subject {
            Subject::Subscription(id) => format!("{side}subscription {id}"),
            Subject::Policy(id) => format!("{side}policy {}", id.name),
            Subject::Vault(id) => format!("{side}vault {}", id.name),
            Subject::Key(_, key) => format!("{side}key {key}"),
            Subject::Environment(named) => format!("{side}environment {}", named.id),
        });
        answers.push(match facts.harm {
            Harm::None => "no harm".to_owned(),
            Harm::Offline { name, days } => format!("offline {name} {days}"),
            Harm::Irreversible { vault } => format!("for good {vault}"),
            Harm::CutsOff { key } => format!("cuts off {key}"),
        });
        answers
    }

    /// The action's effect on the link, what is missing without it, and when `--fix` may do it.
    fn effects(facts: &Facts<'_>) -> Vec<String> {
        let mut answers = Vec::new();
        match facts.link {
            Link::Stays => {}
            Link::To { policy, over: None } => answers.push(format!("to {}", policy.name)),
            Link::To {
                policy,
                over: Some(over),
            } => answers.push(format!("to {} over {}", policy.name, over.name)),
            Link::Off(policy) => answers.push(format!("off {}", policy.name)),
            Link::Comes(policy, by) => {
                answers.push(format!("comes to {} by {}", policy.name, by.unwrap_or("?")));
            }
            Link::Goes(by) => answers.push(format!("goes by {}", by.unwrap_or("?"))),
        }
        match facts.lack {
            Lack::Nothing => {}
            Lack::Key => answers.push("Key".to_owned()),
            Lack::Provider(_) => answers.push("Provider".to_owned()),
            Lack::Policy => answers.push("Policy".to_owned()),
            Lack::Grant(Grant::Role { vault, .. }) => {
                answers.push(format!("Role on {}", vault.name))
            }
            Lack::Grant(Grant::AccessPolicy { vault, .. }) => {
                answers.push(format!("AccessPolicy on {}", vault.name));
            }
            Lack::Grant(Grant::LocalRole { hsm, key, .. }) => {
                answers.push(format!("LocalRole on {} for {key}", hsm.name));
            }
            Lack::Reader(_, principal) => answers.push(format!("Reader {principal}")),
            Lack::Managed => answers.push("Managed".to_owned()),
        }
        match facts.on_the_way {
            OnTheWay::No => {}
            OnTheWay::AtAnyTime => answers.push("--fix".to_owned()),
            OnTheWay::OncePolicyIsThere => answers.push("--fix with policy".to_owned()),
        }
        if let Some(right) = facts.right {
            let at = match right.at {
                Scope::Subscription(id) => id.to_owned(),
                Scope::GroupOf(policy) => format!("group of {}", policy.name),
                Scope::Vault(vault) => vault.name.clone(),
                Scope::There => "there".to_owned(),
            };
            let at = format!("at {at}").replace("at there", "there");
            answers.push(format!("right {at}: {}", right.operation));
        }
        answers
    }

    fn shown(facts: &Facts<'_>) -> String {
        let mut answers = place(facts);
        if !facts.changes {
            answers.push("only waits".to_owned());
        }
        answers.extend(effects(facts));
        if facts.uses_grant {
            answers.push("uses the grant".to_owned());
        }
        if facts.others_go_on {
            answers.push("others go on".to_owned());
        }
        if facts.evidence.is_some() {
            answers.push("by evidence".to_owned());
        }
        if !facts.overridden.is_empty() {
            answers.push(format!("overrides {}", facts.overridden.len()));
        }
        answers.join(", ")
    }

    #[test]
    fn the_answers_of_every_action() {
        for (at, (kind, fields, answers)) in ROWS.iter().enumerate() {
            let action = action(kind, fields);
            assert_eq!(number(&action), at, "{action:?}");
            assert_eq!(shown(&action.facts()), *answers, "{action}");
            assert!(action.facts().why.ends_with('.'), "{action}");
        }
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
            // A harmful action needs evidence, and `--fix` never does it.
            let facts = action.facts();
            assert!(harm == Harm::None || facts.evidence.is_some(), "{action}");
            assert!(
                harm == Harm::None || facts.on_the_way == OnTheWay::No,
                "{action}"
            );
            // A pure wait harms nothing. An action with an outage is about an environment.
            assert!(action.changes() || harm == Harm::None, "{action}");
            assert!(
                harm.takes_offline().is_none() || action.environment().is_some(),
                "{action}"
            );
        }
    }
}
