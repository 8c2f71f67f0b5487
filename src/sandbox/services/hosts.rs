//! Which service answers at a host.

/// The host of the token endpoint of a job at GitHub Actions.
pub(in crate::sandbox) const RUNNER: &str = "token.actions.githubusercontent.com";

/// Which service a host belongs to; names as the ledger counts them.
pub(in crate::sandbox) fn service(host: &str) -> Option<&'static str> {
    match host {
        "login.microsoftonline.com" => Some("entra"),
        RUNNER => Some("runner"),
        "management.azure.com" => Some("arm"),
        "graph.microsoft.com" => Some("graph"),
        "api.bap.microsoft.com" => Some("bap"),
        "api.powerplatform.com" => Some("power_platform"),
        host if host.ends_with(".api.bap.microsoft.com") => Some("bap"),
        host if host.ends_with(".vault.azure.net") || host.ends_with(".managedhsm.azure.net") => {
            Some("keyvault")
        }
        host if host.ends_with(".dynamics.com") => Some("dataverse"),
        _ => None,
    }
}
