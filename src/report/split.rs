//! A plan for two administrators who are kept apart on purpose: what each of them must run, as
//! files to hand over.

use super::infra::{Blueprint, bicep, comment};
use crate::model::text::quoted;

/// One policy of a plan, and what is left to do for it.
#[derive(Debug, Clone)]
pub struct Part {
    /// The policy and what it stands on.
    pub blueprint: Blueprint,
    /// Object ids that get Reader on the policy.
    pub readers: Vec<String>,
    /// Is something left for the Key Vault administrator?
    pub azure: bool,
    /// What is left for the Power Platform administrator: id, name, and whether it is made a
    /// Managed Environment first.
    pub environments: Vec<(String, String, bool)>,
}

/// The files, by their names. `program` is how cmkctl is called for the same cloud.
pub fn split(program: &str, parts: &[Part]) -> Vec<(String, String)> {
    let mut files = vec![
        (
            "key-vault-administrator.sh".to_owned(),
            key_vault(program, parts),
        ),
        (
            "power-platform-administrator.sh".to_owned(),
            power_platform(program, parts),
        ),
    ];
    let azure = parts.iter().filter(|part| part.azure);
    files.extend(azure.map(|part| {
        let name = format!("policy-{}.bicep", part.blueprint.policy.name);
        (name, bicep(std::slice::from_ref(&part.blueprint), &[]))
    }));
    files
}

const HEAD: &str = "#!/usr/bin/env bash\nset -euo pipefail\n";

fn key_vault(program: &str, parts: &[Part]) -> String {
    let mut text = format!(
        "{HEAD}# The Key Vault administrator's part. It needs no right in Power Platform.\n# Each \
        command may be run again: it sends only what is missing.\n"
    );
    for part in parts.iter().filter(|part| part.azure) {
        let one = &part.blueprint;
        let (policy, vault) = (&one.policy, &one.vault);
        text.push_str(&format!("\n# The policy {}\n", comment(&policy.name)));
        let readers: String = part
            .readers
            .iter()
            .map(|reader| format!(" --reader {}", quoted(reader)))
            .collect();
        let version = one.version.as_ref().map_or(String::new(), |version| {
            format!(" --key-version {}", quoted(version))
        });
        text.push_str(&format!(
            "{program} create-policy --policy {} --vault {} --key {}{version} --location \
            {}{readers}\n",
            quoted(&policy.to_string()),
            quoted(&vault.to_string()),
            quoted(&one.key),
            quoted(&one.location)
        ));
        text.push_str(&format!(
            "# Or, with Azure's own tools:\n#   az provider register --namespace \
            Microsoft.PowerPlatform --subscription {} --wait\n#   az deployment group create \
            --subscription {} --resource-group {} --template-file policy-{}.bicep\n",
            policy.subscription,
            policy.subscription,
            comment(&policy.group),
            comment(&policy.name)
        ));
        for reader in &part.readers {
            text.push_str(&format!(
                "#   az role assignment create --role Reader --assignee-object-id {reader} \
                --scope {policy}\n"
            ));
        }
        text.push_str(&format!(
            "# What was done is verified with:\n#   {program} check --policy {} --part \
            key-vault\n",
            quoted(&policy.to_string())
        ));
    }
    if !parts.iter().any(|part| part.azure) {
        text.push_str("\n# Nothing is left to do.\n");
    }
    text
}

fn power_platform(program: &str, parts: &[Part]) -> String {
    let mut text = format!(
        "{HEAD}# The Power Platform administrator's part. It needs Reader on the policies, and no \
        right in Key Vault.\n# Each environment is OFFLINE while its data is encrypted, for up to \
        4 days: each command asks for its name.\n# Each command may be run again: it starts \
        nothing a second time.\n"
    );
    for part in parts {
        let policy = part.blueprint.policy.to_string();
        for (id, name, make_managed) in &part.environments {
            let managed = if *make_managed { " --make-managed" } else { "" };
            let (id, policy) = (quoted(id), quoted(&policy));
            text.push_str(&format!(
                "\n# {}\n{program} add-environment {id} --policy {policy}{managed}\n",
                comment(name)
            ));
        }
    }
    if parts.iter().all(|part| part.environments.is_empty()) {
        text.push_str("\n# Nothing is left to do.\n");
    }
    text
}
