//! The commands that change something: one value each, in one file each.

mod add_environment;
mod command;
mod create_key;
mod create_policy;
mod enable;
mod remove_environment;
mod retire_key;
mod rotate_key;
mod rotation_policy;
mod swap_policy;
mod target_words;
mod unlock;

pub use add_environment::ADD_ENVIRONMENT;
pub use command::Command;
pub(super) use command::{Ended, Keys, Need, Picks, protected};
pub use create_key::CREATE_KEY;
pub use create_policy::CREATE_POLICY;
pub use enable::ENABLE;
pub use remove_environment::REMOVE_ENVIRONMENT;
pub use retire_key::RETIRE_KEY;
pub use rotate_key::ROTATE_KEY;
pub use rotation_policy::ROTATION_POLICY;
pub use swap_policy::SWAP_POLICY;
pub(super) use target_words::TargetWords;
pub use unlock::UNLOCK;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{ArmId, ResourceKind};
    use crate::model::key_ids::{KeyName, KeyVersion};
    use crate::model::target::Target;

    const ALL: [&Command; 10] = [
        &ADD_ENVIRONMENT,
        &CREATE_KEY,
        &CREATE_POLICY,
        &ENABLE,
        &REMOVE_ENVIRONMENT,
        &RETIRE_KEY,
        &ROTATE_KEY,
        &ROTATION_POLICY,
        &SWAP_POLICY,
        &UNLOCK,
    ];

    fn id(kind: ResourceKind, path: &str) -> Option<ArmId> {
        let text = format!("/subscriptions/11111111-0000-4000-8000-000000000001/{path}");
        Some(ArmId::parse(&text, &[kind]).unwrap())
    }

    fn whole() -> Target {
        Target {
            environment: Some("UAT".into()),
            policy: id(
                ResourceKind::EnterprisePolicy,
                "resourceGroups/rg/providers/Microsoft.PowerPlatform/enterprisePolicies/ep",
            ),
            vault: id(
                ResourceKind::Vault,
                "resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv",
            ),
            key: Some(KeyName::parse("cmk").unwrap()),
            ..Target::default()
        }
    }

    #[test]
    fn each_says_what_it_misses_and_misses_nothing_else() {
        type Take = fn(&mut Target);
        let parts: [(&str, Take); 4] = [
            ("the environment", |target| target.environment = None),
            ("the enterprise policy", |target| target.policy = None),
            ("the key vault", |target| target.vault = None),
            ("the key (", |target| target.key = None),
        ];
        let needed = [
            "add-environment: the environment, the enterprise policy",
            "create-key: the key vault, the key (",
            "create-policy: the enterprise policy, the key vault, the key (",
            "enable: the environment, the enterprise policy, the key vault, the key (",
            "remove-environment: the environment",
            "retire-key: the key vault, the key (",
            "rotate-key: the key vault, the key (",
            "rotation-policy set: the key vault, the key (",
            "swap-policy: the environment, the enterprise policy",
            "unlock: ",
        ];
        for (command, needed) in ALL.iter().zip(needed) {
            assert_eq!(command.require(&whole()), Ok(()), "{needed}");
            let mut missed = Vec::new();
            for (missing, take) in parts {
                let mut target = Target {
                    location: Some("europe".into()),
                    ..whole()
                };
                take(&mut target);
                if let Err(error) = command.require(&target) {
                    assert!(error.message.contains(missing), "{needed}: {error}");
                    missed.push(missing);
                }
            }
            assert_eq!(format!("{}: {}", command.name, missed.join(", ")), needed);
        }
        let nothing = UNLOCK.require(&Target::default()).unwrap_err();
        assert!(
            nothing.message.contains("(ENVIRONMENT) or the"),
            "{nothing}"
        );
        // One error names everything that is missing.
        let all = ENABLE.require(&Target::default()).unwrap_err().message;
        let flags = ["ENVIRONMENT", "`--policy`", "`--vault`", "`--key`"];
        assert!(flags.iter().all(|flag| all.contains(flag)), "{all}");
        let nowhere = Target {
            environment: None,
            ..whole()
        };
        let error = CREATE_POLICY.require(&nowhere).unwrap_err();
        assert!(error.message.contains("location"), "{error}");
    }

    #[test]
    fn what_is_run_again_means_the_same() {
        let version = "a".repeat(32);
        let target = Target {
            key_version: KeyVersion::parse(&version).ok(),
            deleted_checked: true,
            ..whole()
        };
        let repeated = RETIRE_KEY.repeat_command("cmkctl", &target, None);
        assert!(
            repeated.contains(&format!(" --key-version {version}")),
            "{repeated}"
        );
        assert!(
            repeated.ends_with(" --deleted-environments-checked"),
            "{repeated}"
        );
        let target = Target {
            location: Some("europe".into()),
            readers: vec!["id".into()],
            ..whole()
        };
        let repeated = CREATE_POLICY.repeat_command("cmkctl", &target, None);
        assert!(
            repeated.ends_with(" --location europe --reader id"),
            "{repeated}"
        );
        // A removal does not depend on the policy's location.
        assert!(
            !REMOVE_ENVIRONMENT
                .repeat_command("cmkctl", &target, None)
                .contains("--location")
        );
    }

    #[test]
    fn what_goes_on_is_a_command_that_needs_no_more() {
        for command in ALL {
            let on = ALL.iter().find(|other| other.name == command.resume);
            let on = on.unwrap();
            let needs = |need| command.needs.contains(need);
            assert!(on.needs.iter().all(needs), "{}", command.name);
        }
    }

    #[test]
    fn the_other_half_is_not_its_own() {
        for command in ALL {
            let part = command.part_of(&whole());
            let repeated = command.repeat_command("cmkctl", &whole(), Some("e"));
            let (vault, key) = (repeated.contains("--vault "), repeated.contains("--key "));
            assert_eq!((part.vault.is_some(), part.key.is_some()), (vault, key));
            let needs = |need| command.needs.contains(&need);
            assert_eq!(
                (vault, key),
                (needs(Need::Vault), needs(Need::Key)),
                "{repeated}"
            );
        }
    }
}
