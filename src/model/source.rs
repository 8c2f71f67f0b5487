//! The public sources of facts, with the date of the text. Inferred facts are marked where the code
//! uses them.

/// What a customer-managed key covers in finance and operations.
pub const ARTICLE: &str =
    "Microsoft Learn, finance and operations, customer-managed keys, 2026-03-13";
/// Keys for environments, and the services that they cover.
pub const KEYS: &str =
    "Microsoft Learn, Power Platform admin docs, customer-managed-key, 2025-06-09";
pub(super) const LOCK: &str =
    "Microsoft Learn, Power Platform admin docs, cmk-lock-unlock, 2025-07-14";
pub(super) const BYOK: &str =
    "Microsoft Learn, Power Platform admin docs, cmk-migrate-from-byok, 2025-01-13";
/// Flows, and which flows a customer-managed key does not cover.
pub const FLOWS: &str = "Microsoft Learn, Power Automate, customer-managed-keys, 2025-05-21";
pub(super) const INTEGRATION: &str =
    "Microsoft Learn, finance and operations, enable-power-platform-integration, 2023-05-02";
pub(super) const OPERATIONS: &str = "Microsoft Learn, Power Platform admin docs, copy-environment, \
    backup-restore-environments, reset-environment and delete-environment, seen 2026-11";
pub(super) const SCRIPTS: &str = "github.com/microsoft/PowerPlatform-EnterprisePolicies, 2026-05";
pub(super) const TERRAFORM: &str =
    "github.com/microsoft/terraform-provider-power-platform, 2026-08";
pub(super) const ARM: &str =
    "Microsoft Learn, Azure Resource Manager, common deployment errors, seen 2026-11";
pub(super) const ROLES: &str =
    "Microsoft Learn, Azure role-based access control, troubleshooting, seen 2026-11";
pub(super) const VAULT: &str = "Microsoft Learn, Azure Key Vault, rest-error-codes, seen 2026-11";
pub(super) const KEYS_IN_ARM: &str =
    "Azure REST API reference, Microsoft.KeyVault 2026-02-01, seen 2026-11";
pub(super) const ROTATION: &str =
    "Microsoft Learn, Azure Key Vault, how-to-configure-key-rotation, seen 2026-11";
pub(super) const ENTRA: &str =
    "Microsoft Learn, Microsoft Entra, reference-error-codes, seen 2026-11";
pub(super) const CLAIMS: &str =
    "Microsoft Learn, Microsoft identity platform, claims-challenge, seen 2026-11";
/// Copilot Studio, and the date since which a customer-managed key covers it.
pub const COPILOT_STUDIO: &str =
    "Microsoft Learn, Copilot Studio, admin-customer-managed-keys, seen 2026-11";
/// Sales, and the features that a customer-managed key does not cover.
pub const SALES: &str = "Microsoft Learn, Dynamics 365 Sales, sales-gdpr-faqs, seen 2026-11";
/// Business Central that is linked to an environment.
pub const BUSINESS_CENTRAL: &str =
    "Microsoft Learn, Business Central, linked Power Platform environments, seen 2026-11";
/// Alerts on the activity log.
pub const ALERTS: &str = "Microsoft Learn, Azure Monitor REST reference, activity-log-alerts, \
    2020-10-01";
