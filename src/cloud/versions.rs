//! The API versions that cmkctl uses.

/// Providers of a subscription (`Microsoft.Resources`).
pub(super) const PROVIDERS: &str = "2021-04-01";
/// Subscriptions (`Microsoft.Resources`).
pub(super) const SUBSCRIPTIONS: &str = "2022-12-01";
/// Resource groups (`Microsoft.Resources`).
pub(super) const GROUPS: &str = "2021-04-01";
/// Deployments, for validating a template (`Microsoft.Resources`).
pub(super) const DEPLOYMENTS: &str = "2021-04-01";
/// Enterprise policies. The published specification has only `2020-10-30-preview`. Microsoft's
/// scripts use this version.
pub(super) const POLICIES: &str = "2020-10-30";
/// Role assignments, role definitions, deny assignments and permissions
/// (`Microsoft.Authorization`).
pub(super) const ROLES: &str = "2022-04-01";
/// Eligible role assignments (`Microsoft.Authorization`, Privileged Identity Management).
pub(super) const ELIGIBILITIES: &str = "2020-10-01";
/// Activity log alerts (`Microsoft.Insights`).
pub(super) const ALERTS: &str = "2020-10-01";
/// Locks (`Microsoft.Authorization`).
pub(super) const LOCKS: &str = "2020-05-01";
/// Vaults and their keys in Resource Manager (`Microsoft.KeyVault`). Microsoft announced that every
/// earlier version stops working on 2027-02-27. Existing vaults behave as in earlier versions. Only
/// the default of `enableRbacAuthorization` for new vaults differs.
pub(super) const VAULTS: &str = "2026-02-01";
/// Keys and local roles in the data plane of a vault or managed HSM.
pub(super) const KEYS: &str = "2025-07-01";
/// Environments in the Power Platform admin API.
pub(super) const ENVIRONMENTS: &str = "2023-06-01";
/// An environment on the makers' route of the admin API.
pub(super) const MAKERS_ENVIRONMENT: &str = "2016-11-01";
/// Registered applications in the admin API.
pub(super) const ADMIN_APPLICATIONS: &str = "2020-10-01";
/// The list of lifecycle operations in the admin API.
pub(super) const HISTORY: &str = "2024-05-01";
/// A lifecycle operation by its id, in the admin API. The version is from recorded traffic of the
/// Terraform provider. An address that the service returns keeps its own version.
pub(super) const OPERATION: &str = "2023-06-01";
/// Linking and unlinking an environment and a policy, in the admin API.
pub(super) const LINKS: &str = "2019-10-01";
/// Managed Environments in the admin API.
pub(super) const GOVERNANCE: &str = "2021-04-01";
/// The state of an environment in the Power Platform API.
pub(super) const STATE: &str = "2024-10-01";
