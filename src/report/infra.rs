//! Policies as Bicep and Terraform: existing ones for infrastructure as code, and new ones for the
//! other administrator.

use crate::model::ids::{ArmId, ResourceKind};
use crate::model::roles::ENCRYPTION_USER;
use crate::model::system::quoted;
use uuid::Uuid;

/// A policy and what it depends on.
#[derive(Debug, Clone)]
pub struct Blueprint {
    /// ARM id of the policy.
    pub policy: ArmId,
    /// Power Platform geography.
    pub location: String,
    /// Id of the vault or managed HSM.
    pub vault: ArmId,
    /// Name of the key.
    pub key: String,
    /// The pinned version; `None` follows the latest one.
    pub version: Option<String>,
    /// Does the vault use Azure RBAC instead of access policies? `None` if that is not known.
    pub rbac: Option<bool>,
    /// ARM id of the role assignment that lets the policy's identity use the key. Only if it is the
    /// assignment that these files define.
    pub grant: Option<String>,
    /// Another source of the identity's right, in words.
    pub granted_by: Option<String>,
    /// The linked environments: (name, id).
    pub environments: Vec<(String, String)>,
}

/// The API version of enterprise policies in the published specification.
const POLICY_API: &str = "2020-10-30-preview";

/// The API version of vaults. Earlier versions end on 2027-02-27.
pub(super) const VAULT_API: &str = "2026-02-01";

impl Blueprint {
    fn hsm(&self) -> bool {
        self.vault.kind == ResourceKind::ManagedHsm
    }

    fn same_group(&self) -> bool {
        self.vault
            .subscription
            .eq_ignore_ascii_case(&self.policy.subscription)
            && self.vault.group.eq_ignore_ascii_case(&self.policy.group)
    }

    /// The policy's name as a name that is valid in both languages. Other policies may have the
    /// same.
    fn symbol(&self) -> String {
        let mut symbol: String = self
            .policy
            .name
            .chars()
            .map(|ch| {
                if ch.is_ascii_alphanumeric() {
                    ch.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect();
        if !symbol.starts_with(|ch: char| ch.is_ascii_lowercase()) {
            symbol.insert_str(0, "policy_");
        }
        symbol
    }

    /// Does the file have a note instead of the grant?
    fn is_noted(&self) -> bool {
        self.granted_by.is_some() || self.hsm() || self.rbac != Some(true)
    }

    /// The note: a command for a grant that neither language can define, or why no grant is needed.
    fn grant_note(&self, principal: &str) -> String {
        if let Some(by) = &self.granted_by {
            return format!(
                "The identity gets its access to the key through {by}. This file assigns no role."
            );
        }
        if self.hsm() {
            return format!(
                "Assign the local role of a managed HSM on its data plane:\naz keyvault role \
                assignment create --hsm-name {} --role \"Managed HSM Crypto Service Encryption \
                User\" --assignee-object-id {principal} --scope /keys/{}",
                quoted(&self.vault.name),
                quoted(&self.key)
            );
        }
        if self.rbac.is_none() {
            return format!(
                "cmkctl could not see whether the vault uses roles or access policies. The Key \
                    Vault administrator can grant the identity access:\ncmkctl create-policy \
                    --policy {} --vault {} --key {} --location {}",
                quoted(&self.policy.to_string()),
                quoted(&self.vault.to_string()),
                quoted(&self.key),
                quoted(&self.location)
            );
        }
        format!(
            "The vault uses access policies. Grant the identity access with:\naz keyvault \
            set-policy --name {} --object-id {principal} --key-permissions get wrapKey unwrapKey",
            quoted(&self.vault.name)
        )
    }
}

/// A unique name for every policy. If two policies would share a name in the text, both get a part
/// that depends only on their id, so that the order and other policies do not change it.
pub(super) fn symbols(all: &[Blueprint]) -> Vec<String> {
    let plain: Vec<String> = all.iter().map(Blueprint::symbol).collect();
    let names =
        |symbol: &str| ["", "_vault", "_grant", "_principal"].map(|end| format!("{symbol}{end}"));
    let collide = |symbol: &str, other_symbol: &str| {
        let others = names(other_symbol);
        names(symbol).iter().any(|name| others.contains(name))
    };
    let unique = |(at, (symbol, blueprint)): (usize, (&String, &Blueprint))| {
        let mut others = plain.iter().enumerate().filter(|(other, _)| *other != at);
        if others.any(|(_, other)| collide(symbol, other)) {
            let id = blueprint.policy.to_string().to_ascii_lowercase();
            let digest = Uuid::new_v5(&Uuid::NAMESPACE_URL, id.as_bytes())
                .simple()
                .to_string();
            format!("{symbol}_{}", digest.get(..8).unwrap_or(&digest))
        } else {
            symbol.clone()
        }
    };
    plain.iter().zip(all).enumerate().map(unique).collect()
}

/// One Bicep file for the policies' resource group. A comment says that a policy of another group
/// is another module.
pub fn bicep(all: &[Blueprint], left_out: &[String]) -> String {
    let mut text = String::from(
        "// Enterprise policies for customer-managed keys.\n// The service refuses \
        every change of a policy with linked environments, even of its tags.\n// So deploy only \
        new policies with this file. Keep it as a record of the others.\n// The service returns \
        the id of the identity as `principalId`. The published types lack this property, so the \
        file uses `any()`.\n// The cmkctl project has never compiled this file.\n",
    );
    for (blueprint, symbol) in all.iter().zip(symbols(all)) {
        text.push_str(&bicep_policy(blueprint, &symbol));
        text.push_str(&bicep_grant(blueprint, &symbol));
    }
    for sentence in left_out {
        text.push_str(&format!("\n// {}\n", comment(sentence)));
    }
    text
}

/// The policy, after comments on its deployment and its linked environments.
fn bicep_policy(blueprint: &Blueprint, symbol: &str) -> String {
    let mut text = format!(
        "\n// az deployment group create --subscription {} --resource-group {} --template-file \
        THIS_FILE\n",
        comment(&quoted(&blueprint.policy.subscription)),
        comment(&quoted(&blueprint.policy.group))
    );
    for (name, id) in &blueprint.environments {
        text.push_str(&format!("// Linked: {} ({})\n", comment(name), comment(id)));
    }
    let version = blueprint.version.as_ref().map_or(String::new(), |version| {
        format!("\n          version: {}", quoted_bicep(version))
    });
    text.push_str(&format!(
        "resource {symbol} 'Microsoft.PowerPlatform/enterprisePolicies@{POLICY_API}' = {{
  name: {}
  location: {}
  kind: 'Encryption'
  identity: {{
    type: 'SystemAssigned'
  }}
  properties: {{
    encryption: {{
      state: 'Enabled'
      keyVault: {{
        id: {}
        key: {{
          name: {}{version}
        }}
      }}
    }}
  }}
}}
",
        quoted_bicep(&blueprint.policy.name),
        quoted_bicep(&blueprint.location),
        quoted_bicep(&blueprint.vault.to_string()),
        quoted_bicep(&blueprint.key)
    ));
    text
}

/// The grant on the key, or a comment on how to give it if Bicep can't.
fn bicep_grant(blueprint: &Blueprint, symbol: &str) -> String {
    let principal =
        format!("output {symbol}_principal string = any({symbol}.identity).principalId\n");
    if blueprint.is_noted() {
        return commented("//", &blueprint.grant_note("PRINCIPAL_ID")) + &principal;
    }
    if !blueprint.same_group() {
        return format!(
            "// The vault is in another resource group. Grant the identity access there:\n// az \
                role assignment create --role \"Key Vault Crypto Service Encryption User\" \
                --assignee-object-id PRINCIPAL_ID --assignee-principal-type ServicePrincipal \
                --scope {}\n{principal}",
            comment(&quoted(&blueprint.vault.to_string()))
        );
    }
    format!(
        "
resource {symbol}_vault 'Microsoft.KeyVault/vaults@{VAULT_API}' existing = {{
  name: {}
}}

resource {symbol}_grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = {{
  name: guid({symbol}_vault.id, {symbol}.id, '{ENCRYPTION_USER}')
  scope: {symbol}_vault
  properties: {{
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', \
    '{ENCRYPTION_USER}')
    principalId: any({symbol}.identity).principalId
    principalType: 'ServicePrincipal'
  }}
}}
",
        quoted_bicep(&blueprint.vault.name)
    )
}

/// The lines of a text as comments.
fn commented(mark: &str, text: &str) -> String {
    text.lines()
        .map(|line| format!("{mark} {}\n", comment(line)))
        .collect()
}

/// Terraform with import blocks. If `terraform plan` shows no change, Terraform manages the
/// existing policies.
pub fn terraform(all: &[Blueprint], left_out: &[String]) -> String {
    let mut text = String::from(
        "# Enterprise policies for customer-managed keys, with their import.
# This file has no links of environments on purpose. To destroy or replace a link would take the \
environment offline for up to 4 days.
# Add and remove environments with cmkctl.
terraform {
  required_version = \">= 1.5\"
  required_providers {
    azapi = {
      source = \"Azure/azapi\"
    }
    azurerm = {
      source = \"hashicorp/azurerm\"
    }
  }
}
",
    );
    for (blueprint, symbol) in all.iter().zip(symbols(all)) {
        text.push_str(&terraform_policy(blueprint, &symbol));
        text.push_str(&terraform_grant(blueprint, &symbol));
    }
    for sentence in left_out {
        text.push_str(&format!("\n# {}\n", comment(sentence)));
    }
    text
}

/// The policy with its import, after comments on its linked environments.
fn terraform_policy(blueprint: &Blueprint, symbol: &str) -> String {
    let group = blueprint.policy.group_scope();
    let mut text = String::from("\n");
    for (name, id) in &blueprint.environments {
        text.push_str(&format!("# Linked: {} ({})\n", comment(name), comment(id)));
    }
    let version = blueprint.version.as_ref().map_or(String::new(), |version| {
        format!("\n            version = {}", quoted_hcl(version))
    });
    text.push_str(&format!(
        "import {{
  to = azapi_resource.{symbol}
  id = {}
}}

resource \"azapi_resource\" \"{symbol}\" {{
  type      = \"Microsoft.PowerPlatform/enterprisePolicies@{POLICY_API}\"
  parent_id = {}
  name      = {}
  location  = {}

  identity {{
    type         = \"SystemAssigned\"
    identity_ids = []
  }}

  body = {{
    kind = \"Encryption\"
    properties = {{
      encryption = {{
        state = \"Enabled\"
        keyVault = {{
          id = {}
          key = {{
            name = {}{version}
          }}
        }}
      }}
    }}
  }}

  lifecycle {{
    prevent_destroy = true
  }}
}}
",
        quoted_hcl(&format!("{}?api-version={POLICY_API}", blueprint.policy)),
        quoted_hcl(&group),
        quoted_hcl(&blueprint.policy.name),
        quoted_hcl(&blueprint.location),
        quoted_hcl(&blueprint.vault.to_string()),
        quoted_hcl(&blueprint.key)
    ));
    text
}

/// The grant on the key with its import, or a comment on how to give it if Terraform can't.
fn terraform_grant(blueprint: &Blueprint, symbol: &str) -> String {
    if blueprint.is_noted() {
        return commented("#", &blueprint.grant_note("PRINCIPAL_ID"));
    }
    let mut text = blueprint.grant.as_ref().map_or(String::new(), |id| {
        format!(
            "\nimport {{\n  to = azurerm_role_assignment.{symbol}\n  id = {}\n}}\n",
            quoted_hcl(id)
        )
    });
    text.push_str(&format!(
        "
resource \"azurerm_role_assignment\" \"{symbol}\" {{
  scope                = {}
  role_definition_name = \"Key Vault Crypto Service Encryption User\"
  principal_id         = azapi_resource.{symbol}.identity[0].principal_id
  principal_type       = \"ServicePrincipal\"
}}
",
        quoted_hcl(&blueprint.vault.to_string())
    ));
    text
}

/// Foreign text that stays on one line of a comment.
pub(super) fn comment(text: &str) -> String {
    text.chars()
        .map(|ch| if ch.is_control() { ' ' } else { ch })
        .collect()
}

/// A text of Bicep in which nothing is evaluated.
pub(super) fn quoted_bicep(text: &str) -> String {
    let escaped = comment(text)
        .replace('\\', "\\\\")
        .replace('\'', "\\'")
        .replace("${", "\\${");
    format!("'{escaped}'")
}

/// A text of Terraform in which nothing is evaluated.
pub(super) fn quoted_hcl(text: &str) -> String {
    let escaped = comment(text)
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("${", "$${")
        .replace("%{", "%%{");
    format!("\"{escaped}\"")
}

#[cfg(test)]
impl Blueprint {
    /// A policy with a vault of roles, and nothing else.
    pub(super) fn sample(policy: ArmId, vault: ArmId) -> Self {
        Self {
            policy,
            location: "europe".to_owned(),
            vault,
            key: "cmk".to_owned(),
            version: None,
            rbac: Some(true),
            grant: None,
            granted_by: None,
            environments: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blueprint(group: &str, name: &str) -> Blueprint {
        let id = |kind, name| {
            ArmId::new("11111111-2222-3333-4444-555555555555", group, kind, name).unwrap()
        };
        Blueprint::sample(
            id(ResourceKind::EnterprisePolicy, name),
            id(ResourceKind::Vault, "kv"),
        )
    }

    /// The names that a text declares.
    fn declared(text: &str) -> Vec<String> {
        let named = |line: &str| {
            let mut words = line.split_whitespace();
            let kind = words
                .next()
                .filter(|kind| ["resource", "output"].contains(kind))?;
            let name = words.next()?;
            // Terraform has a name for each type.
            let name = words
                .next()
                .filter(|_| name.starts_with('"'))
                .map_or(name.to_owned(), |second| format!("{name}{second}"));
            Some(format!(
                "{} {name}",
                if kind == "output" { kind } else { "resource" }
            ))
        };
        text.lines().filter_map(named).collect()
    }

    #[test]
    fn every_policy_has_a_name_of_its_own() {
        let all = [
            blueprint("g", "a-b"),
            blueprint("g", "a_b"),
            blueprint("h", "A-B"),
            blueprint("g", "c"),
            blueprint("g", "c-vault"),
            blueprint("g", "plain"),
        ];
        for text in [bicep(&all, &[]), terraform(&all, &[])] {
            let names = declared(&text);
            let unique: std::collections::BTreeSet<_> = names.iter().collect();
            assert_eq!(unique.len(), names.len(), "{names:?}");
            assert!(names.len() >= 2 * all.len(), "{names:?}");
        }
        let mut reversed: Vec<_> = all.to_vec();
        reversed.reverse();
        let mut back = symbols(&reversed);
        back.reverse();
        assert_eq!(back, symbols(&all));
        assert_eq!(symbols(&all)[5], "plain");
        // With fewer policies, those that still collide keep their names.
        assert_eq!(symbols(&all[..2]), symbols(&all)[..2]);
    }

    #[test]
    fn foreign_words_stay_words() {
        assert_eq!(quoted_bicep("it's ${x}\n"), r"'it\'s \${x} '");
        assert_eq!(quoted_hcl("a\"b ${x} %{y} \\"), r#""a\"b $${x} %%{y} \\""#);
        assert_eq!(comment("one\n# two"), "one # two");
    }
}
