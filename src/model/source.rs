//! Where facts come from: public sources with the date of the text that was read. Inferred facts
//! are marked where they are used.

pub(super) const ARTICLE: &str =
    "Microsoft Learn, finance and operations, customer-managed keys, 2026-03-13";
pub(super) const KEYS: &str =
    "Microsoft Learn, Power Platform admin docs, customer-managed-key, 2025-06-09";
pub(super) const LOCK: &str =
    "Microsoft Learn, Power Platform admin docs, cmk-lock-unlock, 2025-07-14";
pub(super) const BYOK: &str =
    "Microsoft Learn, Power Platform admin docs, cmk-migrate-from-byok, 2025-01-13";
pub(super) const FLOWS: &str = "Microsoft Learn, Power Automate, customer-managed-keys, 2025-05-21";
pub(super) const INTEGRATION: &str =
    "Microsoft Learn, finance and operations, enable-power-platform-integration, 2023-05-02";
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
