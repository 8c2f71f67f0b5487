//! Azure Resource Manager: the resource provider and enterprise policies.
//!
//! Versions and shapes are those of the public specifications and of Microsoft's own scripts for
//! customer-managed keys.

use crate::cloud::arm_operations::Accepted;
use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::{as_text, as_texts, at, clean, list, maybe, must, text, word};
use crate::cloud::session::{Reader, Session, Writer};
use crate::cloud::versions;
use crate::model::bad_input::BadInput;
use crate::model::ids::{ArmId, ResourceKind, parse_guid, same_id};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::Known;
use crate::model::preconditions::Validation;
use crate::model::protection::{EncryptionState, KeyReference, Policy, Provider};
use reqwest::Method;
use serde_json::{Value, json};

const PROVIDER: &str = "Microsoft.PowerPlatform";

impl Session {
    pub(super) fn arm(&self, path: &str, version: &str) -> String {
        format!(
            "{}/{}?api-version={version}",
            self.cloud().base(Service::Arm),
            path.trim_start_matches('/')
        )
    }
}

impl Reader {
    /// The resource provider's registration and locations in a subscription.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn provider(&self, subscription: &str) -> Reply<Provider> {
        let url = self.session.arm(
            &format!("subscriptions/{subscription}/providers/{PROVIDER}"),
            versions::PROVIDERS,
        );
        let value = self.session.json(Service::Arm, &url).await?;
        Ok(provider(&value))
    }

    /// An enterprise policy.
    ///
    /// # Errors
    /// The service's refusal; 404 if the policy does not exist.
    pub async fn policy(&self, id: &ArmId) -> Reply<Policy> {
        let url = self.session.arm(&id.to_string(), versions::POLICIES);
        let answer = self.session.read(Service::Arm, &url).await?;
        let value = super::exchange::parse(Service::Arm, &answer)?;
        policy(id, &value).map_err(|why| Fault::shape(Service::Arm, &answer, why))
    }

    /// Asks Resource Manager to validate a deployment with the policy, without deploying it. Azure
    /// Policy refuses here (`RequestDisallowedByPolicy`).
    ///
    /// # Errors
    /// The caller may not validate deployments in the group, or the answer is no verdict.
    pub async fn validate_policy(&self, policy: &NewPolicy<'_>) -> Reply<Validation> {
        let id = policy.id;
        let mut resource = policy.body();
        resource["type"] = json!(id.kind.arm_type());
        resource["apiVersion"] = json!(versions::POLICIES);
        resource["name"] = json!(id.name);
        let template = json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "resources": [resource],
        });
        let body = json!({ "properties": { "mode": "Incremental", "template": template } });
        let path = format!(
            "{}/providers/Microsoft.Resources/deployments/cmkctl-check/validate",
            id.group_scope()
        );
        match self
            .session
            .question(
                Service::Arm,
                &self.session.arm(&path, versions::DEPLOYMENTS),
                &body,
            )
            .await
        {
            Ok(_) => Ok(Validation::Passed),
            // An error in our own request says nothing about the policy.
            Err(fault) if WRONG_QUESTION.iter().any(|code| fault.is(code)) => Err(fault),
            Err(fault) if fault.status() == Some(400) || fault.is("RequestDisallowedByPolicy") => {
                Ok(refused(fault))
            }
            Err(fault) => Err(fault),
        }
    }
}

/// Codes that refuse the deployment request itself, whatever it contains.
const WRONG_QUESTION: [&str; 4] = [
    "InvalidApiVersionParameter",
    "InvalidRequestContent",
    "InvalidRequestFormat",
    "InvalidTemplate",
];

/// The answer to a change.
#[derive(Debug)]
pub struct Written {
    /// The operation that continues at the service; `None` if the change is complete.
    pub operation: Option<Accepted>,
    /// Correlation id for a support ticket.
    pub correlation: Option<String>,
}

impl From<Option<String>> for Written {
    /// A completed change, with the correlation id.
    fn from(correlation: Option<String>) -> Self {
        Self {
            operation: None,
            correlation,
        }
    }
}

impl Writer {
    /// Starts the registration of the resource provider.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn register_provider(&self, subscription: &str) -> Reply<Written> {
        let path = format!("subscriptions/{subscription}/providers/{PROVIDER}/register");
        self.arm_change(
            Method::POST,
            &self.session.arm(&path, versions::PROVIDERS),
            None,
        )
        .await
    }

    /// Creates or replaces an enterprise policy for encryption. Without a version, the environments
    /// follow the key's rotation.
    ///
    /// # Errors
    /// A linked policy answers `EnterprisePolicyUpdateNotAllowed`.
    pub async fn put_policy(&self, policy: &NewPolicy<'_>) -> Reply<Written> {
        let body = policy.body();
        self.arm_change(
            Method::PUT,
            &self.session.arm(&policy.id.to_string(), versions::POLICIES),
            Some(&body),
        )
        .await
    }

    pub(super) async fn arm_change(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Reply<Written> {
        let (answer, entry) = self.session.sent(Service::Arm, method, url, body).await?;
        let pause = self.session.retry_after(&answer);
        Ok(Written {
            operation: Accepted::of(&answer, pause, entry),
            correlation: answer.correlation().map(clean),
        })
    }
}

/// An enterprise policy for encryption to create.
#[derive(Debug, Clone, Copy)]
pub struct NewPolicy<'a> {
    /// The policy's ARM id.
    pub id: &'a ArmId,
    /// Power Platform geography.
    pub location: &'a str,
    /// The vault or managed HSM.
    pub vault: &'a ArmId,
    /// The key.
    pub key: &'a KeyName,
    /// The pinned key version. With `None`, the environments follow the key's rotation.
    pub version: Option<&'a KeyVersion>,
}

impl NewPolicy<'_> {
    /// The request body in the shape that Microsoft's scripts send.
    fn body(&self) -> Value {
        let mut key = json!({ "name": self.key.as_str() });
        if let Some(version) = self.version {
            key["version"] = json!(version.as_str());
        }
        let key_vault = json!({ "id": self.vault.to_string(), "key": key });
        json!({
            "location": self.location,
            "kind": "Encryption",
            "identity": { "type": "SystemAssigned" },
            "properties": { "encryption": { "state": "Enabled", "keyVault": key_vault } }
        })
    }
}

/// Reads a resource provider from JSON. A missing field becomes `Unknown`.
pub fn provider(value: &Value) -> Provider {
    let policies = list(value, "resourceTypes").iter().find(|kind| {
        text(kind, "resourceType")
            .is_some_and(|name| name.eq_ignore_ascii_case("enterprisePolicies"))
    });
    let locations = policies.map_or_else(
        || Known::Unknown("the provider does not list `enterprisePolicies`".to_owned()),
        |kind| must(kind, "locations", as_texts),
    );
    Provider {
        state: word(value, "registrationState").means,
        locations: locations.map(|all| all.iter().map(|name| location_name(name)).collect()),
    }
}

/// Reads an enterprise policy from JSON.
///
/// # Errors
/// A clause: the JSON has no `kind`, which every policy has, or it describes another policy.
pub fn policy(id: &ArmId, value: &Value) -> Result<Policy, String> {
    of_the_same_name(id, value)?;
    Ok(Policy {
        id: id.clone(),
        location: must(value, "location", as_text).map(|name| location_name(&name)),
        kind: text(value, "kind").ok_or("the policy has no `kind`")?,
        principal_id: principal(value)?,
        system_id: text(value, "properties.systemId"),
        key: key_reference(value),
        encrypts: word(value, "properties.encryption.state")
            .means
            .map(|state: EncryptionState| state == EncryptionState::Enabled),
        unfinished: unfinished(value),
        health: at(value, "properties.healthStatus")
            .map(|_| word(value, "properties.healthStatus")),
    })
}

/// The object id of the policy's identity, `None` while it has no identity. It must be a GUID,
/// because roles are assigned to it.
fn principal(value: &Value) -> Result<Option<String>, String> {
    let principal = text(value, "identity.principalId")
        .or_else(|| text(value, "identity.systemAssignedIdentityPrincipalId"));
    match principal {
        Some(principal) if parse_guid(&principal).is_none() => Err(format!(
            "the policy's identity is `{principal}`, which is not an object id"
        )),
        principal => Ok(principal),
    }
}

/// Why the policy is not finished, a clause. An unreadable state counts as unfinished.
fn unfinished(value: &Value) -> Option<String> {
    match maybe(value, "properties.provisioningState", as_text) {
        Known::Known(state) => state
            .filter(|state| !state.eq_ignore_ascii_case("Succeeded"))
            .map(|state| format!("the state of the policy is {state}")),
        Known::Unknown(why) => Some(why),
    }
}

/// Checks that an answer describes the requested resource.
///
/// # Errors
/// A clause: the `id` is that of another resource.
pub(super) fn of_the_same_name(id: &ArmId, value: &Value) -> Result<(), String> {
    match maybe(value, "id", as_text).required()? {
        Some(described) if !same_id(&described, &id.to_string()) => Err(format!(
            "the answer describes another resource, {described}"
        )),
        _ => Ok(()),
    }
}

/// The key that a policy references. Without a version, or with `null`, the policy follows the
/// key's rotation. The version may be a URL.
fn key_reference(value: &Value) -> Known<KeyReference> {
    let unclear = |part: &str| format!("the policy does not say which key it references: {part}");
    let parsed = |bad: BadInput| unclear(bad.message.trim_end_matches('.'));
    let path = |part: &str| format!("properties.encryption.keyVault.{part}");
    let read = || {
        let text = |part: &str| {
            must(value, &path(part), as_text)
                .required()
                .map_err(|why| unclear(&why))
        };
        let (vault, key) = (text("id")?, text("key.name")?);
        let version = maybe(value, &path("key.version"), |version| {
            version.as_str().map(clean)
        })
        .required();
        let version = version
            .map_err(|why| unclear(&why))?
            .filter(|version| !version.is_empty());
        Ok(KeyReference {
            vault: ArmId::parse(&vault, &[ResourceKind::Vault, ResourceKind::ManagedHsm])
                .map_err(parsed)?,
            key: KeyName::parse(&key).map_err(parsed)?,
            version: version
                .as_deref()
                .map(KeyVersion::of_url)
                .transpose()
                .map_err(parsed)?,
        })
    };
    read().map_or_else(Known::Unknown, Known::Known)
}

/// The innermost code of a refused validation, with the Azure Policy assignments that it names.
pub fn refused(fault: Fault) -> Validation {
    let mut code = fault.code.unwrap_or_default();
    let mut assignments = Vec::new();
    let mut message = fault.message;
    let mut open = vec![fault.clues.body];
    while let Some(error) = open.pop() {
        let error = at(&error, "error").cloned().unwrap_or(error);
        if let Some(inner) =
            text(&error, "code").filter(|inner| inner != "InvalidTemplateDeployment")
        {
            code = inner;
            message = text(&error, "message").unwrap_or(message);
        }
        for part in list(&error, "additionalInfo") {
            assignments.extend(
                text(part, "info.policyAssignmentDisplayName")
                    .or_else(|| text(part, "info.policyAssignmentName")),
            );
        }
        open.extend(list(&error, "details").iter().cloned());
    }
    Validation::Refused {
        code,
        message,
        assignments,
    }
}

/// Removes blanks and case, so that `United States` equals `unitedstates`.
fn location_name(text: &str) -> String {
    text.split_whitespace()
        .collect::<String>()
        .to_ascii_lowercase()
}
