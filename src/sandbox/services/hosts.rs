//! Maps hosts to services.

/// The host of GitHub Actions' token endpoint.
pub(crate) const RUNNER: &str = "token.actions.githubusercontent.com";

/// The service of a host, with its name in the ledger.
pub(crate) fn service(host: &str) -> Option<&'static str> {
    match host {
        "login.microsoftonline.com" => Some("entra"),
        RUNNER => Some("runner"),
        "management.azure.com" => Some("arm"),
        "graph.microsoft.com" => Some("graph"),
        "api.loganalytics.azure.com" => Some("log_analytics"),
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
