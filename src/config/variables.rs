//! Every environment variable that cmkctl reads, and its purpose. A test compares this with the
//! source.

/// (Name, meaning), in the order of `cmkctl help configuration`.
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
    ("CMKCTL_AUTH", "sign-in method, and no other one (--auth)"),
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
    ("CMKCTL_CHANGE", "id of a change ticket (--change)"),
    (
        "CMKCTL_NOTIFY",
        "webhook for messages about risks and results (--notify)",
    ),
    (
        "CMKCTL_NOTIFY_FORMAT",
        "teams, slack or generic, by default from the webhook's host name (--notify-format)",
    ),
    (
        "CMKCTL_CA_BUNDLE",
        "additional certificate authorities (--ca-bundle)",
    ),
    (
        "CMKCTL_HTTP_TIMEOUT",
        "seconds to wait for one whole answer, 60 if not set",
    ),
    (
        "CMKCTL_PLAIN",
        "true or false: numbered lines instead of an interactive list (--plain)",
    ),
    (
        "CMKCTL_REMEMBER",
        "false: sign-ins and tokens are not remembered for the next command (--no-remember)",
    ),
    (
        "CMKCTL_CREDENTIAL_STORE",
        "none: the system's store of credentials is not used, and nothing is remembered",
    ),
    ("CMKCTL_SANDBOX_USER", "user of a sandbox (--sandbox-user)"),
    (
        "CMKCTL_SERVICE_CONNECTION_ID",
        "service connection of Azure Pipelines, if the job does not name one",
    ),
    (
        "CMKCTL_DEVICE_CODE_CLIENT_ID",
        "application for sign-in with a browser or a device code (--client-id)",
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
    (
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "the application's certificate with its private key, as PEM or PFX",
    ),
    (
        "AZURE_CLIENT_CERTIFICATE_PASSWORD",
        "the password of the private key in that file",
    ),
    (
        "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",
        "true to send the chain, for an application that trusts a subject name and an issuer",
    ),
    (
        "AZURE_CLIENT_SECRET",
        "the application's secret, where no certificate is set",
    ),
    (
        "AZURE_FEDERATED_TOKEN_FILE",
        "file with a workload identity's federated token",
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
        "where Azure Pipelines jobs get their federated token",
    ),
    (
        "SYSTEM_ACCESSTOKEN",
        "the token of a job of Azure Pipelines",
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "where GitHub Actions jobs get their federated token",
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "the token of a job of GitHub Actions",
    ),
    (
        "IDENTITY_ENDPOINT",
        "managed identity of App Service, Functions and Container Apps",
    ),
    ("MSI_ENDPOINT", "older name of IDENTITY_ENDPOINT"),
    (
        "HTTPS_PROXY",
        "proxy for https (also https_proxy, ALL_PROXY and all_proxy)",
    ),
    ("NO_PROXY", "hosts without proxy (also no_proxy)"),
    (
        "AZURE_CONFIG_DIR",
        "folder of the Azure CLI's sign-ins, instead of ~/.azure",
    ),
    (
        "AZD_CONFIG_DIR",
        "folder of azd's sign-ins, instead of ~/.azd",
    ),
    (
        "AZURE_CLOUD_NAME",
        "cloud of the Azure CLI: cmkctl remembers a token only for this cloud",
    ),
    (
        "ARM_CLOUD_METADATA_URL",
        "where the Azure CLI looks up clouds, likewise",
    ),
    ("AZD_AUTH_ENDPOINT", "sign-in endpoint of azd, likewise"),
    ("USERPROFILE", "the user's home on Windows"),
    (
        "BROWSER",
        "programs that open a page to sign in, instead of the system's own",
    ),
    (
        "DISPLAY",
        "a browser can be shown (also WAYLAND_DISPLAY and WSL_DISTRO_NAME)",
    ),
    ("SSH_CONNECTION", "a browser can't be shown (also SSH_TTY)"),
    ("PATH", "where az, azd and pwsh are looked for"),
    ("HOME", "below it, .config and .cache"),
    (
        "XDG_CONFIG_HOME",
        "folder of the configuration file instead of ~/.config, if absolute (on Windows APPDATA)",
    ),
    (
        "XDG_CACHE_HOME",
        "folder of names for completion and of remembered tokens instead of ~/.cache, if absolute \
        (on Windows LOCALAPPDATA)",
    ),
    ("NO_COLOR", "no colour"),
    ("CLICOLOR", "no colour if it is 0"),
    ("CI", "no colour and no progress line (also TF_BUILD)"),
    ("TERM", "no colour and no progress line if set to dumb"),
    ("LC_ALL", "ASCII symbols if its character set is not UTF-8"),
    ("LC_CTYPE", "the same, if LC_ALL is not set"),
    ("LANG", "the same, if neither is set"),
    ("CLICOLOR_FORCE", "colour where there is no terminal"),
    (
        "CMKCTL_CI",
        "CI service to write for: off, github or azure-pipelines, detected if not set (--no-ci)",
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
