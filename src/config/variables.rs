//! Every environment variable that is read, and what for. A test compares it with the source.

/// Name and meaning, in the order of `cmkctl help environment`.
pub const VARIABLES: &[(&str, &str)] = &[
    ("CMKCTL_CONFIG", "configuration file (--config)"),
    (
        "CMKCTL_PROFILE",
        "profile of the configuration file (--profile)",
    ),
    ("CMKCTL_CLOUD", "cloud, by name or file (--cloud)"),
    (
        "CMKCTL_ENDPOINT_…",
        "one value of the cloud, such as CMKCTL_ENDPOINT_BAP (--endpoint bap=…)",
    ),
    ("CMKCTL_AUTH", "the only way to sign in (--auth)"),
    (
        "CMKCTL_ENVIRONMENT",
        "environment, where a command takes one",
    ),
    ("CMKCTL_POLICY", "policy (--policy)"),
    ("CMKCTL_VAULT", "key vault or managed HSM (--vault)"),
    ("CMKCTL_KEY", "key (--key)"),
    (
        "CMKCTL_AUDIT_LOG",
        "file in which changes are written down (--audit-log)",
    ),
    (
        "CMKCTL_CA_BUNDLE",
        "additional certificate authorities (--ca-bundle)",
    ),
    (
        "CMKCTL_HTTP_TIMEOUT",
        "seconds for one whole answer until it counts as lost; 60 if not set",
    ),
    ("CMKCTL_SANDBOX_USER", "user of a sandbox (--sandbox-user)"),
    (
        "CMKCTL_SERVICE_CONNECTION_ID",
        "service connection of Azure Pipelines, where the job does not name it",
    ),
    (
        "CMKCTL_DEVICE_CODE_CLIENT_ID",
        "application that device code signs in to",
    ),
    (
        "CMKCTL_COMPLETE",
        "set by the scripts of `cmkctl completions`",
    ),
    ("AZURE_TENANT_ID", "tenant (--tenant)"),
    (
        "AZURE_CLIENT_ID",
        "application, or user-assigned managed identity",
    ),
    ("AZURE_CLIENT_SECRET", "the application's secret"),
    (
        "AZURE_FEDERATED_TOKEN_FILE",
        "file with the assertion of a workload identity",
    ),
    (
        "AZURESUBSCRIPTION_TENANT_ID",
        "tenant of the service connection, set by Azure Pipelines",
    ),
    (
        "AZURESUBSCRIPTION_CLIENT_ID",
        "application of the service connection, set by Azure Pipelines",
    ),
    (
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
        "service connection, set by Azure Pipelines",
    ),
    (
        "SYSTEM_OIDCREQUESTURI",
        "where a job of Azure Pipelines asks for its assertion",
    ),
    (
        "SYSTEM_ACCESSTOKEN",
        "the token of a job of Azure Pipelines",
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "where a job of GitHub Actions asks for its assertion",
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "the token of a job of GitHub Actions",
    ),
    (
        "IDENTITY_ENDPOINT",
        "managed identity of App Service, Functions and Container Apps",
    ),
    ("MSI_ENDPOINT", "its older name"),
    (
        "HTTPS_PROXY",
        "proxy for https; also https_proxy, ALL_PROXY and all_proxy",
    ),
    (
        "NO_PROXY",
        "hosts that are reached without it; also no_proxy",
    ),
    ("PATH", "where az and azd are looked for"),
    ("HOME", "below it, .config and .cache"),
    (
        "XDG_CONFIG_HOME",
        "where the configuration file is, instead of ~/.config, if absolute; on Windows APPDATA",
    ),
    (
        "XDG_CACHE_HOME",
        "where names for completion are kept, instead of ~/.cache, if absolute; on Windows \
        LOCALAPPDATA",
    ),
    ("NO_COLOR", "no colour and no moving progress"),
    ("CI", "the same, and TF_BUILD"),
    ("TERM", "the same when it is dumb"),
    ("CLICOLOR", "the same when it is 0"),
    ("CLICOLOR_FORCE", "colour where there is no terminal"),
    (
        "CMKCTL_CI",
        "CI service to talk to: off, github or azure-pipelines; detected if not set (--no-ci)",
    ),
    (
        "GITHUB_ACTIONS",
        "set by GitHub Actions, with GITHUB_STEP_SUMMARY and GITHUB_OUTPUT",
    ),
    (
        "TF_BUILD",
        "set by Azure Pipelines, with AGENT_TEMPDIRECTORY",
    ),
    ("COLUMNS", "width of tables"),
];
