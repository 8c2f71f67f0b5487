//! Azure Resource Manager: provider and enterprise policy.
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
use crate::model::protection::{EncryptionState, KeyReference, Policy, Provider};
use crate::model::surroundings::Validation;
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
    /// The service's refusal; 404 when it is not there.
    pub async fn policy(&self, id: &ArmId) -> Reply<Policy> {
        let url = self.session.arm(&id.to_string(), versions::POLICIES);
        let answer = self.session.read(Service::Arm, &url).await?;
        let value = super::exchange::parse(Service::Arm, &answer)?;
        policy(id, &value).map_err(|why| Fault::shape(Service::Arm, &answer, why))
    }

    /// What Resource Manager would say to the creation of a policy: a deployment that is validated
    /// and never deployed. This is where Azure Policy speaks (`RequestDisallowedByPolicy`).
    ///
    /// # Errors
    /// The caller may not validate deployments in the group, or the service gave no verdict.
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
            // What is wrong with the question is no word on the policy.
            Err(fault) if WRONG_QUESTION.iter().any(|code| fault.is(code)) => Err(fault),
            Err(fault) if fault.status() == Some(400) || fault.is("RequestDisallowedByPolicy") => {
                Ok(refused(fault))
            }
            Err(fault) => Err(fault),
        }
    }
}

/// Codes with which Resource Manager refuses a deployment as such.
const WRONG_QUESTION: [&str; 4] = [
    "InvalidApiVersionParameter",
    "InvalidRequestContent",
    "InvalidRequestFormat",
    "InvalidTemplate",
];

/// What a change was answered with.
#[derive(Debug)]
pub struct Written {
    /// The operation that it was accepted as, if it was not done at once.
    pub operation: Option<Accepted>,
    /// For a support ticket.
    pub correlation: Option<String>,
}

impl From<Option<String>> for Written {
    /// Done at once, with the id for a support ticket.
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

    /// Creates or replaces an enterprise policy for encryption. Without a version the environments
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

/// An enterprise policy for encryption that is to be.
#[derive(Debug, Clone, Copy)]
pub struct NewPolicy<'a> {
    /// Its id.
    pub id: &'a ArmId,
    /// Power Platform geography.
    pub location: &'a str,
    /// The vault or managed HSM.
    pub vault: &'a ArmId,
    /// The key.
    pub key: &'a KeyName,
    /// The version it is pinned to; without one the environments follow the key's rotation.
    pub version: Option<&'a KeyVersion>,
}

impl NewPolicy<'_> {
    /// The body, as Microsoft's scripts send it.
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

/// A resource provider out of JSON; everything may be missing, and is not known then.
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

/// A policy out of JSON.
///
/// # Errors
/// A clause: it has no kind, which every policy has, or it is another policy.
pub fn policy(id: &ArmId, value: &Value) -> Result<Policy, String> {
    of_the_same_name(id, value)?;
    Ok(Policy {
        id: id.clone(),
        location: must(value, "location", as_text).map(|name| location_name(&name)),
        kind: text(value, "kind").ok_or("it has no kind")?,
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

/// The object id of the policy's identity, if it has one yet. Roles are given to it, so it must be
/// an id.
fn principal(value: &Value) -> Result<Option<String>, String> {
    let said = text(value, "identity.principalId")
        .or_else(|| text(value, "identity.systemAssignedIdentityPrincipalId"));
    match said {
        Some(said) if parse_guid(&said).is_none() => {
            Err(format!("its identity is `{said}`, which is no object id"))
        }
        said => Ok(said),
    }
}

/// A state that can't be read is none that is done.
fn unfinished(value: &Value) -> Option<String> {
    match maybe(value, "properties.provisioningState", as_text) {
        Known::Known(state) => state.filter(|state| !state.eq_ignore_ascii_case("Succeeded")),
        Known::Unknown(why) => Some(why),
    }
}

/// Does an answer describe the resource that was asked for?
///
/// # Errors
/// A clause: it names another one.
pub(super) fn of_the_same_name(id: &ArmId, value: &Value) -> Result<(), String> {
    match maybe(value, "id", as_text).required()? {
        Some(own) if !same_id(&own, &id.to_string()) => {
            Err(format!("it describes another resource, {own}"))
        }
        _ => Ok(()),
    }
}

/// The key that a policy references. A version that is left out or `null` follows the key's
/// rotation; one may be written as a URL.
fn key_reference(value: &Value) -> Known<KeyReference> {
    let said = |part: &str| format!("the policy does not say which key it references: {part}");
    let parsed = |bad: BadInput| said(bad.message.trim_end_matches('.'));
    let path = |part: &str| format!("properties.encryption.keyVault.{part}");
    let read = || {
        let text = |part: &str| {
            must(value, &path(part), as_text)
                .required()
                .map_err(|why| said(&why))
        };
        let (vault, key) = (text("id")?, text("key.name")?);
        let version = maybe(value, &path("key.version"), |version| {
            version.as_str().map(clean)
        })
        .required();
        let version = version
            .map_err(|why| said(&why))?
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

/// The innermost code of a refused validation, with the names of the Azure Policy assignments in
/// it.
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

/// `United States` and `unitedstates` are one location.
fn location_name(text: &str) -> String {
    text.split_whitespace()
        .collect::<String>()
        .to_ascii_lowercase()
}
