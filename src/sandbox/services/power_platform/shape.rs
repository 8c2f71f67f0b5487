//! Host api.bap.microsoft.com: the names and the nesting of an environment in recorded responses
//! (github.com/microsoft/terraform-provider-power-platform, test data). They are serialized without
//! a JSON tree, because a page of a large tenant holds hundreds of environments.

use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;

#[derive(Debug, Serialize)]
pub(super) struct Environment<'a> {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) location: &'a str,
    pub(super) name: &'a str,
    pub(super) properties: Properties<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Properties<'a> {
    pub(super) tenant_id: &'a str,
    pub(super) azure_region: &'a str,
    pub(super) display_name: &'a str,
    pub(super) created_time: &'static str,
    pub(super) created_by: Creator<'a>,
    pub(super) last_modified_time: Cow<'static, str>,
    pub(super) provisioning_state: &'static str,
    pub(super) creation_type: &'static str,
    pub(super) environment_sku: &'a str,
    pub(super) is_default: bool,
    pub(super) capacity: [Capacity; 2],
    pub(super) client_uris: ClientUris,
    pub(super) runtime_endpoints: Endpoints,
    pub(super) database_type: &'static str,
    pub(super) linked_environment_metadata: Option<Dataverse<'a>>,
    pub(super) linked_app_metadata: Option<App<'a>>,
    pub(super) trial_scenario_type: &'static str,
    pub(super) retention_period: &'static str,
    pub(super) states: States<'a>,
    pub(super) update_cadence: Id<'a>,
    pub(super) protection_status: ProtectionStatus,
    pub(super) connected_groups: [(); 0],
    pub(super) lifecycle_operations_enforcement: Enforcement<'a>,
    pub(super) governance_configuration: Governance,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ongoing_operation: Option<Ongoing<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) permissions: Option<Value>,
    /// `None` omits the field. The dotted spelling in `$expand` gives `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enterprise_policies: Option<Value>,
}

/// `{ "id": … }`, the service's form of an enumeration value.
#[derive(Debug, Serialize)]
pub(super) struct Id<'a> {
    pub(super) id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Creator<'a> {
    pub(super) id: &'a str,
    pub(super) display_name: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) tenant_id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Capacity {
    pub(super) capacity_type: &'static str,
    pub(super) actual_consumption: f64,
    pub(super) rated_consumption: f64,
    pub(super) capacity_unit: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct ClientUris {
    pub(super) admin: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Endpoints {
    #[serde(rename = "microsoft.BusinessAppPlatform")]
    pub(super) platform: String,
    #[serde(rename = "microsoft.PowerApps")]
    pub(super) apps: String,
    #[serde(rename = "microsoft.Flow")]
    pub(super) flow: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dataverse<'a> {
    pub(super) resource_id: String,
    pub(super) friendly_name: &'a str,
    pub(super) unique_name: String,
    pub(super) domain_name: &'a str,
    pub(super) version: &'static str,
    pub(super) instance_url: String,
    pub(super) instance_api_url: String,
    pub(super) base_language: u32,
    pub(super) instance_state: &'static str,
    pub(super) background_operations_state: &'static str,
    pub(super) scale_group: &'static str,
    pub(super) platform_sku: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct App<'a> {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) url: String,
}

#[derive(Debug, Serialize)]
pub(super) struct States<'a> {
    pub(super) management: Id<'a>,
    pub(super) runtime: Runtime<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Runtime<'a> {
    pub(super) runtime_reason_code: &'static str,
    pub(super) requested_by: Requester,
    pub(super) id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Requester {
    pub(super) display_name: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProtectionStatus {
    pub(super) key_managed_by: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Governance {
    pub(super) protection_level: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Ongoing<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: Id<'a>,
}

/// `lifecycleOperationsEnforcement` of an environment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Enforcement<'a> {
    pub(super) allowed_operations: Vec<Allowed>,
    pub(super) disallowed_operations: Vec<Disallowed<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Allowed {
    #[serde(rename = "type")]
    pub(super) kind: Id<'static>,
}

#[derive(Debug, Serialize)]
pub(super) struct Disallowed<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Id<'static>,
    pub(super) reason: Reason<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Reason<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
}

impl Environment<'_> {
    /// The environment as a JSON tree, for filters.
    pub(super) fn tree(&self) -> Value {
        json!(self)
    }
}
