//! The commands that change something: a value each, in a file each.

mod add_environment;
mod command;
mod create_policy;
mod enable;
mod remove_environment;
mod retire_key;
mod rotate_key;
mod swap_policy;
mod unlock;

pub use add_environment::ADD_ENVIRONMENT;
pub use command::Command;
pub(super) use command::{Ended, protected};
pub use create_policy::CREATE_POLICY;
pub use enable::ENABLE;
pub use remove_environment::REMOVE_ENVIRONMENT;
pub use retire_key::RETIRE_KEY;
pub use rotate_key::ROTATE_KEY;
pub use swap_policy::SWAP_POLICY;
pub use unlock::UNLOCK;

#[cfg(test)]
mod tests {
    use super::command::Need;
    use super::*;
    use crate::model::ids::{ArmId, ResourceKind};
    use crate::model::key_ids::{KeyName, KeyVersion};
    use crate::model::target::Target;

    const ALL: [&Command; 8] = [
        &ADD_ENVIRONMENT,
        &CREATE_POLICY,
        &ENABLE,
        &REMOVE_ENVIRONMENT,
        &RETIRE_KEY,
        &ROTATE_KEY,
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
            ("No environment", |target| target.environment = None),
            ("enterprise policy", |target| target.policy = None),
            ("key vault", |target| target.vault = None),
            ("The key was", |target| target.key = None),
        ];
        let needed = [
            "add-environment: No environment, enterprise policy",
            "create-policy: enterprise policy, key vault, The key was",
            "enable: No environment, enterprise policy, key vault, The key was",
            "remove-environment: No environment",
            "retire-key: key vault, The key was",
            "rotate-key: key vault, The key was",
            "swap-policy: No environment, enterprise policy",
            "unlock: ",
        ];
        for (command, needed) in ALL.iter().zip(needed) {
            assert_eq!(command.require(&whole()), Ok(()), "{needed}");
            let mut missed = Vec::new();
            for (words, take) in parts {
                let mut target = Target {
                    location: Some("europe".into()),
                    ..whole()
                };
                take(&mut target);
                if let Err(error) = command.require(&target) {
                    assert!(error.message.contains(words), "{needed}: {error}");
                    missed.push(words);
                }
            }
            assert_eq!(format!("{}: {}", command.name, missed.join(", ")), needed);
        }
        let nothing = UNLOCK.require(&Target::default()).unwrap_err();
        assert!(nothing.message.starts_with("Neither"), "{nothing}");
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
        let again = RETIRE_KEY.again("cmkctl", &target, None);
        assert!(
            again.contains(&format!(" --key-version {version}")),
            "{again}"
        );
        assert!(
            again.ends_with(" --deleted-environments-checked"),
            "{again}"
        );
        let target = Target {
            location: Some("europe".into()),
            readers: vec!["id".into()],
            ..whole()
        };
        let again = CREATE_POLICY.again("cmkctl", &target, None);
        assert!(again.ends_with(" --location europe --reader id"), "{again}");
        // The place of a policy is nothing to somebody who takes an environment off it.
        assert!(
            !REMOVE_ENVIRONMENT
                .again("cmkctl", &target, None)
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
            let own = command.own(&whole());
            let again = command.again("cmkctl", &whole(), Some("e"));
            let (vault, key) = (again.contains("--vault "), again.contains("--key "));
            assert_eq!((own.vault.is_some(), own.key.is_some()), (vault, key));
            let needs = |need| command.needs.contains(&need);
            assert_eq!(
                (vault, key),
                (needs(Need::Vault), needs(Need::Key)),
                "{again}"
            );
        }
    }
}
