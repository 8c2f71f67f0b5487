//! The version of each API that is spoken, one place for all of them.

/// Providers of a subscription (`Microsoft.Resources`).
pub(super) const PROVIDERS: &str = "2021-04-01";
/// Subscriptions (`Microsoft.Resources`).
pub(super) const SUBSCRIPTIONS: &str = "2022-12-01";
/// Resource groups (`Microsoft.Resources`).
pub(super) const GROUPS: &str = "2021-04-01";
/// Deployments, for validating a template (`Microsoft.Resources`).
pub(super) const DEPLOYMENTS: &str = "2021-04-01";
/// Enterprise policies. The published specification knows only `2020-10-30-preview`; Microsoft's
/// scripts use this one.
pub(super) const POLICIES: &str = "2020-10-30";
/// Role assignments, role definitions, deny assignments and permissions
/// (`Microsoft.Authorization`).
pub(super) const ROLES: &str = "2022-04-01";
/// Eligible role assignments (`Microsoft.Authorization`, Privileged Identity Management).
pub(super) const ELIGIBILITIES: &str = "2020-10-01";
/// Locks (`Microsoft.Authorization`).
pub(super) const LOCKS: &str = "2020-05-01";
/// Vaults and their keys at Resource Manager (`Microsoft.KeyVault`). Every version before it stops
/// working on 2027-02-27 (announced by Microsoft). It reads and changes existing vaults as the
/// older ones did: only for new vaults the default of `enableRbacAuthorization` is another one.
pub(super) const VAULTS: &str = "2026-02-01";
/// Keys and local roles at the data plane of a vault or managed HSM.
pub(super) const KEYS: &str = "2025-07-01";
/// Environments at the Power Platform admin API.
pub(super) const ENVIRONMENTS: &str = "2023-06-01";
/// One environment, as its makers see it, at the same API.
pub(super) const MAKERS_ENVIRONMENT: &str = "2016-11-01";
/// Registered applications there.
pub(super) const ADMIN_APPLICATIONS: &str = "2020-10-01";
/// The list of lifecycle operations there.
pub(super) const HISTORY: &str = "2024-05-01";
/// One lifecycle operation there, by its id: the version in recorded traffic of the Terraform
/// provider. An address that the service gives keeps its own.
pub(super) const OPERATION: &str = "2023-06-01";
/// Linking an environment to a policy and taking it off there.
pub(super) const LINKS: &str = "2019-10-01";
/// Managed Environments there.
pub(super) const GOVERNANCE: &str = "2021-04-01";
/// The state of an environment at the Power Platform API.
pub(super) const STATE: &str = "2024-10-01";
