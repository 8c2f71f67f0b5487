//! Alerts for events that take environments offline, as Bicep and Terraform. The names are those of
//! the published Bicep types (Azure/bicep-types-az). This project never deployed them.

mod alert;
mod resource;

use super::infra::{Blueprint, comment, symbols};
use crate::model::ids::ArmId;
use crate::model::system::quoted;
use alert::Alerts;

pub use resource::Language;

/// The first lines, before everything else in the file.
const NEVER: [&str; 3] = [
    "The alerts in this file were never deployed by the cmkctl project.",
    "Test the alerts with a policy, a vault and a key that no environment uses. Delete that key.",
    "The alerts do not cover every change. `cmkctl watch` also reads the environments.",
];

/// A file with these policies, and their alerts.
pub fn with_alerts(language: Language, all: &[Blueprint], file: &str) -> String {
    let mark = language.mark();
    let mut written = String::new();
    for never in NEVER {
        written.push_str(&format!("{mark} {never}\n"));
    }
    written.push_str(&format!("{mark}\n{file}"));
    let Some(first) = all.first() else {
        return written;
    };
    written.push_str(parameters(language));
    let alerts = Alerts::new(language, first, all);
    written.push_str(&language.resource(&alerts.action_group()));
    let mut vaults: Vec<&ArmId> = Vec::new();
    for (blueprint, symbol) in all.iter().zip(symbols(all)) {
        if !alerts.is_here(&blueprint.policy) || !alerts.is_here(&blueprint.vault) {
            written.push_str(&elsewhere(language, blueprint));
            continue;
        }
        if !vaults.contains(&&blueprint.vault) {
            vaults.push(&blueprint.vault);
            written.push_str(&alerts.vault(&blueprint.vault));
        }
        for resource in alerts.policy(blueprint, &symbol) {
            written.push_str(&language.resource(&resource));
        }
    }
    written
}

/// The values that cmkctl can't know.
fn parameters(language: Language) -> &'static str {
    match language {
        Language::Bicep => {
            "
@description('The email addresses that receive the alerts')
param alertEmails string[]

@description('The ARM id of the Log Analytics workspace that receives the logs')
param workspaceId string

@description('The region of this workspace')
param workspaceLocation string
"
        }
        Language::Terraform => {
            "
variable \"alert_emails\" {
  description = \"The email addresses that receive the alerts\"
  type        = list(string)
}

variable \"workspace_id\" {
  description = \"The ARM id of the Log Analytics workspace that receives the logs\"
  type        = string
}

variable \"workspace_location\" {
  description = \"The region of this workspace\"
  type        = string
}
"
        }
    }
}

/// An alert must be in the subscription whose activity log it reads.
fn elsewhere(language: Language, blueprint: &Blueprint) -> String {
    let mark = language.mark();
    let word = match language {
        Language::Bicep => "bicep",
        Language::Terraform => "terraform",
    };
    if blueprint.policy.subscription != blueprint.vault.subscription {
        return format!(
            "\n{mark} cmkctl writes no alerts for {}: its vault is in another subscription.\n",
            comment(&blueprint.policy.to_string())
        );
    }
    format!(
        "\n{mark} This policy is in another subscription. Export its alerts separately:\n\
        {mark} cmkctl export {word} --alerts --policy {}\n",
        comment(&quoted(&blueprint.policy.to_string()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::ResourceKind;

    fn blueprint(subscription: u8, group: &str, kind: ResourceKind) -> Blueprint {
        let id = |kind, name: &str| {
            let subscription = format!("11111111-2222-3333-4444-55555555555{subscription}");
            ArmId::new(&subscription, group, kind, name).unwrap()
        };
        Blueprint::sample(
            id(ResourceKind::EnterprisePolicy, "alerts-ep"),
            id(kind, "kv"),
        )
    }

    fn in_both(all: &[Blueprint], file: &str) -> [String; 2] {
        [Language::Bicep, Language::Terraform].map(|language| with_alerts(language, all, file))
    }

    #[test]
    fn the_first_line_says_that_they_were_never_deployed() {
        let all = [blueprint(1, "g", ResourceKind::Vault)];
        for file in in_both(&all, "FILE\n") {
            let first = file.lines().next().unwrap();
            assert!(first.contains("never deployed"), "{first}");
            assert!(file.contains("\nFILE\n"));
        }
    }

    #[test]
    fn an_hsm_has_no_event_before_a_key_expires_and_the_file_says_so() {
        let all = [blueprint(1, "g", ResourceKind::ManagedHsm)];
        for file in in_both(&all, "") {
            assert!(!file.contains("KeyNearExpiry") && !file.contains("accessPolicies"));
            assert!(file.contains("A managed HSM publishes no event before a key expires"));
            assert!(file.contains("Microsoft.KeyVault/managedHSMs/delete"));
        }
    }

    #[test]
    fn a_symbol_never_meets_one_of_a_policy() {
        let all = [blueprint(1, "g", ResourceKind::Vault)];
        let alerts = Alerts::new(Language::Bicep, &all[0], &all);
        assert_eq!(alerts.symbol("group"), "alerts__group");
    }

    #[test]
    fn another_subscription_gets_a_command_and_another_group_too() {
        let vault = ResourceKind::Vault;
        let mut far = blueprint(2, "g", vault);
        far.policy.name = "far".to_owned();
        let mut near = blueprint(1, "other", vault);
        near.policy.name = "near".to_owned();
        near.vault.name = "kv-near".to_owned();
        let all = [blueprint(1, "g", vault), far, near];
        let [file, terraform] = in_both(&all, "");
        assert!(
            file.contains("// cmkctl export bicep --alerts --policy "),
            "{file}"
        );
        assert!(
            file.contains("// az monitor diagnostic-settings create"),
            "{file}"
        );
        assert!(!file.contains("alerts__policy_far"), "{file}");
        assert!(!terraform.contains("az monitor"), "{terraform}");
        assert!(
            terraform.contains("alerts__vault_kv_near_log"),
            "{terraform}"
        );
    }
}
