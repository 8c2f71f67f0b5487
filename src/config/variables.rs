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
    ("CMKCTL_AUTH", "the only sign-in method to use (--auth)"),
    (
        "CMKCTL_ENVIRONMENT",
        "environment, for commands that need one",
    ),
    ("CMKCTL_POLICY", "policy (--policy)"),
    ("CMKCTL_VAULT", "key vault or managed HSM (--vault)"),
    ("CMKCTL_KEY", "key (--key)"),
    (
        "CMKCTL_AUDIT_LOG",
        "file for the audit log of all changes (--audit-log)",
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
        "time limit for one complete answer in seconds, 60 if not set",
    ),
    (
        "CMKCTL_PLAIN",
        "true or false: numbered lines instead of an interactive list (--plain)",
    ),
    (
        "CMKCTL_REMEMBER",
        "false: cmkctl remembers no sign-ins and tokens for the next command (--no-remember)",
    ),
    (
        "CMKCTL_CREDENTIAL_STORE",
        "none: cmkctl does not use the system's credential store, and remembers nothing",
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
        "true: also send the chain, for an application that trusts a subject name and an issuer",
    ),
    (
        "AZURE_CLIENT_SECRET",
        "the application's secret, if no certificate is set",
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
        "URL from which Azure Pipelines jobs get their federated token",
    ),
    (
        "SYSTEM_ACCESSTOKEN",
        "the token of a job of Azure Pipelines",
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "URL from which GitHub Actions jobs get their federated token",
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "the token of a job of GitHub Actions",
    ),
    (
        "IDENTITY_ENDPOINT",
        "URL for the managed identity in App Service, Functions and Container Apps",
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
        "folder with the sign-ins of the Azure Developer CLI (azd), instead of ~/.azd",
    ),
    (
        "AZURE_CLOUD_NAME",
        "cloud of the Azure CLI: cmkctl remembers a token only for this cloud",
    ),
    (
        "ARM_CLOUD_METADATA_URL",
        "URL where the Azure CLI looks up clouds: cmkctl remembers a token only for this URL",
    ),
    (
        "AZD_AUTH_ENDPOINT",
        "sign-in endpoint of the Azure Developer CLI (azd): cmkctl remembers a token only for \
            this endpoint",
    ),
    ("USERPROFILE", "the user's home on Windows"),
    (
        "BROWSER",
        "programs that open a page to sign in, instead of the system's own",
    ),
    (
        "DISPLAY",
        "if set, this machine can show a browser (also WAYLAND_DISPLAY and WSL_DISTRO_NAME)",
    ),
    (
        "SSH_CONNECTION",
        "if set, this machine can't show a browser (also SSH_TTY)",
    ),
    ("PATH", "folders in which cmkctl looks for az, azd and pwsh"),
    ("HOME", "home folder, which contains .config and .cache"),
    (
        "XDG_CONFIG_HOME",
        "absolute path of the folder for configuration, by default ~/.config (on Windows APPDATA)",
    ),
    (
        "XDG_CACHE_HOME",
        "absolute path of the folder for completion names and remembered tokens, by default \
        ~/.cache (on Windows LOCALAPPDATA)",
    ),
    ("NO_COLOR", "no colour"),
    ("CLICOLOR", "no colour if it is 0"),
    ("CI", "no colour and no progress line (also TF_BUILD)"),
    ("TERM", "no colour and no progress line if set to dumb"),
    ("LC_ALL", "ASCII symbols if its character set is not UTF-8"),
    ("LC_CTYPE", "like LC_ALL, if LC_ALL is not set"),
    ("LANG", "like LC_ALL, if LC_ALL and LC_CTYPE are not set"),
    ("CLICOLOR_FORCE", "colour even without a terminal"),
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
