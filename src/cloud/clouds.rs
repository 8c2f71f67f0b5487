//! The table of clouds: the host and the token audience of each service.
//!
//! Hosts and audiences are those of Microsoft's own clients (the `PowerPlatform-EnterprisePolicies`
//! module, the Terraform provider, the Power Apps administration module). Sources disagree on the
//! audience and the Resource Manager of gcc. The hosts of Log Analytics are those of its reference
//! (public, China) and of the Azure CLI (US Government). The caller can override every value.

use crate::error::{Error, Result};
use crate::model::ids::ResourceKind;
use crate::model::near::did_you_mean;
use jiff::Timestamp;
use std::collections::BTreeMap;
use url::Url;

/// A service that takes tokens of a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Azure Resource Manager.
    Arm,
    /// The Power Platform admin API (Business Application Platform).
    Bap,
    /// The Power Platform API.
    PowerPlatform,
    /// A key vault's data plane.
    KeyVault,
    /// A managed HSM's data plane.
    ManagedHsm,
    /// A Dataverse organization.
    Dataverse,
    /// Microsoft Graph.
    Graph,
    /// The query API of Log Analytics.
    LogAnalytics,
}

impl Service {
    /// The data plane of a key vault or managed HSM.
    pub const fn of_keys(kind: ResourceKind) -> Self {
        match kind {
            ResourceKind::ManagedHsm => Service::ManagedHsm,
            _ => Service::KeyVault,
        }
    }

    /// The service's name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Service::Arm => "Azure Resource Manager",
            Service::Bap => "the Power Platform admin API",
            Service::PowerPlatform => "the Power Platform API",
            Service::KeyVault => "Key Vault",
            Service::ManagedHsm => "Managed HSM",
            Service::Dataverse => "Dataverse",
            Service::Graph => "Microsoft Graph",
            Service::LogAnalytics => "Log Analytics",
        }
    }
}

/// The names of a cloud's settings. Flags, environment variables and files use the same names.
pub const KEYS: [&str; 14] = [
    "login",
    "arm",
    "arm-audience",
    "bap",
    "bap-audience",
    "power-platform",
    "vault-suffix",
    "vault-audience",
    "hsm-suffix",
    "hsm-audience",
    "dataverse-suffix",
    GRAPH,
    LOGS,
    FEDERATED,
];

/// The audience of a job's assertion. It is not an address. A cloud without it uses the public
/// cloud's.
pub(super) const FEDERATED: &str = "federated-audience";

/// A setting that a cloud may lack. cmkctl uses Graph only to look up names of people.
pub(super) const GRAPH: &str = "graph";

/// A setting that a cloud may lack. cmkctl asks Log Analytics only for `retire-key --evidence`.
pub(super) const LOGS: &str = "log-analytics";

/// The settings that a cloud may lack.
pub(super) const OPTIONAL: [&str; 2] = [GRAPH, LOGS];

/// The audience of workload identity federation, which differs by cloud of Microsoft Entra
/// (Microsoft Graph, `federatedIdentityCredential`; Azure/login #452 for US Government,
/// hashicorp/terraform-provider-azuread #1755 for China). Inferred: gcc, which signs in at the
/// public cloud, uses that of the public cloud, and dod uses that of gcc-high.
const PUBLIC_FEDERATED: &str = "api://AzureADTokenExchange";

/// The built-in clouds, one row each, in the order of [`KEYS`].
#[rustfmt::skip]
const TABLE: [(&str, [&str; 14]); 5] = [
    ("public", ["login.microsoftonline.com", "management.azure.com",
        "https://management.azure.com", "api.bap.microsoft.com", "https://service.powerapps.com/",
        "api.powerplatform.com", "vault.azure.net", "https://vault.azure.net",
        "managedhsm.azure.net", "https://managedhsm.azure.net", "dynamics.com",
        "graph.microsoft.com", "api.loganalytics.azure.com", PUBLIC_FEDERATED]),
    ("gcc", ["login.microsoftonline.com", "management.azure.com", "https://management.azure.com",
        "gov.api.bap.microsoft.us", "https://gov.service.powerapps.us/",
        "api.gov.powerplatform.microsoft.us", "vault.azure.net", "https://vault.azure.net",
        "managedhsm.azure.net", "https://managedhsm.azure.net", "dynamics.com",
        "graph.microsoft.com", "api.loganalytics.azure.com", PUBLIC_FEDERATED]),
    ("gcc-high", ["login.microsoftonline.us", "management.usgovcloudapi.net",
        "https://management.usgovcloudapi.net", "high.api.bap.microsoft.us",
        "https://high.service.powerapps.us/",
        "api.high.powerplatform.microsoft.us", "vault.usgovcloudapi.net",
        "https://vault.usgovcloudapi.net", "managedhsm.usgovcloudapi.net",
        "https://managedhsm.usgovcloudapi.net", "microsoftdynamics.us",
        "graph.microsoft.us", "api.loganalytics.us", "api://AzureADTokenExchangeUSGov"]),
    ("dod", ["login.microsoftonline.us", "management.usgovcloudapi.net",
        "https://management.usgovcloudapi.net", "api.bap.appsplatform.us",
        "https://service.apps.appsplatform.us/",
        "api.appsplatform.us", "vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net",
        "managedhsm.usgovcloudapi.net", "https://managedhsm.usgovcloudapi.net", "appsplatform.us",
        "dod-graph.microsoft.us", "api.loganalytics.us", "api://AzureADTokenExchangeUSGov"]),
    ("china", ["login.chinacloudapi.cn", "management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn", "api.bap.partner.microsoftonline.cn",
        "https://service.powerapps.cn/",
        "api.powerplatform.partner.microsoftonline.cn", "vault.azure.cn",
        "https://vault.azure.cn", "managedhsm.azure.cn", "https://managedhsm.azure.cn",
        "dynamics.cn", "microsoftgraph.chinacloudapi.cn", "api.loganalytics.azure.cn",
        "api://AzureADTokenExchangeChina"]),
];

/// The names of the built-in clouds.
pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|(name, _)| *name).collect()
}

/// A sandbox's address, and the speed of its clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Loopback {
    /// `http://127.0.0.1:PORT`. No other host is accepted.
    pub url: Url,
    /// Sandbox seconds per real second.
    pub speed: f64,
    /// Sandbox time at [`Loopback::started`].
    pub epoch: Timestamp,
    /// Real time at which the sandbox started.
    pub started: Timestamp,
}

/// A cloud: the hosts that may receive its tokens, and the audiences of these tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Cloud {
    /// `public`, `gcc`, …, or the name in a cloud file.
    pub name: String,
    values: BTreeMap<&'static str, String>,
    /// `Some` if the cloud is a sandbox on this machine.
    pub sandbox: Option<Loopback>,
}

impl Cloud {
    /// A built-in cloud.
    ///
    /// # Errors
    /// An unknown name is a usage error that lists the known ones.
    pub fn named(name: &str) -> Result<Self> {
        let Some((name, row)) = TABLE
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        else {
            let mut error = Error::usage(format!("The cloud `{name}` is not known."));
            error.hints.extend(did_you_mean(name, names()));
            return Err(error
                .hint(format!("Known clouds: {}.", names().join(", ")))
                .hint(
                    "For a cloud file, pass a path with `/` or `\\`, or a name that ends with \
                    `.json`: `--cloud ./my-cloud.json`.",
                ));
        };
        let values = KEYS
            .into_iter()
            .zip(row.iter().map(|value| (*value).to_owned()))
            .collect();
        Ok(Self {
            name: (*name).to_owned(),
            values,
            sandbox: None,
        })
    }

    /// A cloud without values, except for the federated audience.
    pub(super) fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            values: BTreeMap::from([(FEDERATED, PUBLIC_FEDERATED.to_owned())]),
            sandbox: None,
        }
    }

    /// Overrides one value of [`KEYS`].
    ///
    /// # Errors
    /// An unknown key is a usage error. So is a value that is not a host or, for an audience, not
    /// an https URL.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let Some(known) = KEYS.iter().find(|known| known.eq_ignore_ascii_case(key)) else {
            return Err(
                Error::usage(format!("`{key}` is not a setting of a cloud."))
                    .hint(format!("Known settings: {}.", KEYS.join(", "))),
            );
        };
        let value = value.trim();
        let valid = if *known == FEDERATED {
            // This audience is only an identifier. cmkctl never sends a request to it.
            Url::parse(value).is_ok() && !value.contains(char::is_whitespace)
        } else if known.ends_with("audience") {
            Url::parse(value).is_ok_and(|url| url.scheme() == "https" && url.has_host())
        } else {
            let host = host_of_setting(value);
            // RFC 1123, 2.1.
            let letters = |label: &str| !label.starts_with('-') && !label.ends_with('-');
            host.split('.').all(letters)
                && Url::parse(&format!("https://{host}/")).is_ok_and(|url| {
                    url.host_str() == Some(&host.to_ascii_lowercase()) && url.port().is_none()
                })
        };
        if !valid {
            return Err(
                Error::usage(format!("`{value}` is not a valid `{known}` of a cloud.")).hint(
                    "Audiences are https URLs, `federated-audience` is a URI such as \
                    `api://AzureADTokenExchange`, and all others are host names such as \
                    `api.bap.microsoft.com`.",
                ),
            );
        }
        let stored = if known.ends_with("audience") {
            value.to_owned()
        } else {
            host_of_setting(value).to_ascii_lowercase()
        };
        self.values.insert(known, stored);
        Ok(())
    }

    /// A value of [`KEYS`]; empty for an unknown key.
    pub fn get(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    /// The base URL of a service with one fixed host, without a trailing slash.
    pub fn base(&self, service: Service) -> String {
        let key = match service {
            Service::Arm => "arm",
            Service::Bap => "bap",
            Service::PowerPlatform => "power-platform",
            Service::KeyVault => "vault-suffix",
            Service::ManagedHsm => "hsm-suffix",
            Service::Dataverse => "dataverse-suffix",
            Service::Graph => GRAPH,
            Service::LogAnalytics => LOGS,
        };
        format!("https://{}", self.get(key))
    }

    /// The OAuth scope of a token for `url` at `service`, always with one slash before `.default`.
    /// Microsoft's own clients also avoid `https://service.powerapps.com//.default`.
    pub fn scope(&self, service: Service, url: &Url) -> String {
        let audience = match service {
            Service::Arm => self.get("arm-audience").to_owned(),
            Service::Bap => self.get("bap-audience").to_owned(),
            // Its audience is its base URL.
            Service::PowerPlatform => self.base(service),
            Service::KeyVault => self.get("vault-audience").to_owned(),
            Service::ManagedHsm => self.get("hsm-audience").to_owned(),
            Service::Dataverse => format!("https://{}", url.host_str().unwrap_or_default()),
            // Its audience is its base URL.
            Service::Graph | Service::LogAnalytics => self.base(service),
        };
        format!("{}/.default", audience.trim_end_matches('/'))
    }

    /// The scopes that almost every command uses.
    pub fn usual_scopes(&self) -> Vec<String> {
        self.scopes_of(&[Service::Arm, Service::Bap])
    }

    /// All scopes that are known before an environment is read.
    pub fn scopes(&self) -> Vec<String> {
        self.scopes_of(&[Service::Arm, Service::Bap, Service::KeyVault])
    }

    fn scopes_of(&self, services: &[Service]) -> Vec<String> {
        let urls = services
            .iter()
            .map(|service| (*service, Url::parse(&self.base(*service))));
        let known = urls.filter_map(|(service, url)| Some((service, url.ok()?)));
        known
            .map(|(service, url)| self.scope(service, &url))
            .collect()
    }

    /// Is this the scope of a token for Key Vault or Managed HSM?
    pub fn is_for_keys(&self, scope: &str) -> bool {
        let audience = scope
            .strip_suffix("/.default")
            .map(|audience| audience.trim_end_matches('/'));
        ["vault-audience", "hsm-audience"]
            .iter()
            .any(|key| audience == Some(self.get(key).trim_end_matches('/')))
    }

    /// The service of `url`, if its host belongs to this cloud. The URL must be https on the
    /// default port, without credentials. Its host equals the configured host or is a subdomain of
    /// it. cmkctl sends tokens to no other host. Subdomains are allowed because the admin API runs
    /// operations on regional hosts, such as `europe.api.bap.microsoft.com`.
    pub fn service_of(&self, url: &Url) -> Option<Service> {
        let host = url.host_str()?.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let within = |key: &str| {
            let owner = self.get(key);
            !owner.is_empty()
                && (host == owner
                    || host
                        .strip_suffix(owner)
                        .is_some_and(|rest| rest.ends_with('.') && rest.len() > 1))
        };
        // `..vault.azure.net` has empty labels and is not a valid host.
        if !plain(url) || host.split('.').any(str::is_empty) {
            return None;
        }
        if host == self.get("arm") {
            Some(Service::Arm)
        } else if host == self.get("power-platform") {
            Some(Service::PowerPlatform)
        } else if !self.get(GRAPH).is_empty() && host == self.get(GRAPH) {
            Some(Service::Graph)
        } else if !self.get(LOGS).is_empty() && host == self.get(LOGS) {
            Some(Service::LogAnalytics)
        } else if within("bap") {
            Some(Service::Bap)
        } else if within("vault-suffix") {
            Some(Service::KeyVault)
        } else if within("hsm-suffix") {
            Some(Service::ManagedHsm)
        } else if within("dataverse-suffix") {
            Some(Service::Dataverse)
        } else {
            None
        }
    }

    /// Is this the cloud's sign-in host?
    pub fn is_login(&self, url: &Url) -> bool {
        plain(url) && url.host_str() == Some(self.get("login"))
    }

    /// Sandbox seconds per real second; 1 outside the sandbox.
    pub fn speed(&self) -> f64 {
        self.sandbox.as_ref().map_or(1.0, |sandbox| sandbox.speed)
    }
}

/// Is the URL https on the default port, without user name and password?
fn plain(url: &Url) -> bool {
    url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

/// Settings accept `https://host/` as well as `host`.
fn host_of_setting(value: &str) -> &str {
    value
        .strip_prefix("https://")
        .unwrap_or(value)
        .trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(url: &str) -> Option<Service> {
        Cloud::named("public")
            .ok()?
            .service_of(&Url::parse(url).ok()?)
    }

    #[test]
    fn tokens_go_to_the_clouds_own_hosts_only() {
        for (url, owner) in [
            (
                "https://management.azure.com/subscriptions",
                Some(Service::Arm),
            ),
            (
                "https://api.bap.microsoft.com/providers",
                Some(Service::Bap),
            ),
            (
                "https://europe.api.bap.microsoft.com/providers",
                Some(Service::Bap),
            ),
            (
                "https://kv-contoso.vault.azure.net/keys/a",
                Some(Service::KeyVault),
            ),
            (
                "https://hsm-contoso.managedhsm.azure.net/keys/a",
                Some(Service::ManagedHsm),
            ),
            (
                "https://contoso.crm4.dynamics.com/api",
                Some(Service::Dataverse),
            ),
            ("https://api.bap.microsoft.com.evil.example/", None),
            ("https://evilapi.bap.microsoft.com.example/", None),
            ("https://notapi.bap.microsoft.com/", None),
            ("https://evil-vault.azure.net/", None),
            ("https://x.management.azure.com/", None),
            (
                "https://api.loganalytics.azure.com/v1/workspaces",
                Some(Service::LogAnalytics),
            ),
            ("https://x.api.loganalytics.azure.com/", None),
            ("http://api.bap.microsoft.com/", None),
            ("https://api.bap.microsoft.com:8443/", None),
            ("https://user@api.bap.microsoft.com/", None),
            ("https://evil.example/?api.bap.microsoft.com", None),
            ("https://evil.example/#.api.bap.microsoft.com", None),
            ("https://127.0.0.1/", None),
            ("https://..vault.azure.net/", None),
            ("https://.vault.azure.net/", None),
            ("https://kv..vault.azure.net/", None),
            ("https://kv.vault.azure.net../", None),
            ("https://kv.vault.azure.net./", Some(Service::KeyVault)),
        ] {
            assert_eq!(service(url), owner, "{url}");
        }
    }

    #[test]
    fn each_cloud_has_its_audience_for_jobs() {
        for (cloud, audience) in [
            ("public", "api://AzureADTokenExchange"),
            ("gcc", "api://AzureADTokenExchange"),
            ("gcc-high", "api://AzureADTokenExchangeUSGov"),
            ("dod", "api://AzureADTokenExchangeUSGov"),
            ("china", "api://AzureADTokenExchangeChina"),
        ] {
            let mut cloud = Cloud::named(cloud).unwrap();
            assert_eq!(cloud.get(FEDERATED), audience);
            cloud.set(FEDERATED, "api://Own").unwrap();
            assert_eq!(cloud.get(FEDERATED), "api://Own");
            for odd in ["", "own", "api://a b"] {
                assert!(cloud.set(FEDERATED, odd).is_err(), "{odd}");
            }
        }
        assert_eq!(Cloud::empty("own").get(FEDERATED), PUBLIC_FEDERATED);
    }

    #[test]
    fn sign_in_goes_to_one_host_in_one_way() {
        let cloud = Cloud::named("public").unwrap();
        let login = |url: &str| cloud.is_login(&Url::parse(url).unwrap());
        assert!(login("https://login.microsoftonline.com/t/oauth2"));
        for url in [
            "https://user@login.microsoftonline.com/",
            "https://login.microsoftonline.com:8443/",
            "http://login.microsoftonline.com/",
            "https://x.login.microsoftonline.com/",
        ] {
            assert!(!login(url), "{url}");
        }
    }

    #[test]
    fn every_cloud_has_every_value_and_its_own_hosts_are_recognised() {
        for name in names() {
            let cloud = Cloud::named(name).unwrap();
            for key in KEYS {
                assert!(!cloud.get(key).is_empty(), "{name} {key}");
            }
            for service in [Service::Arm, Service::Bap] {
                let url = Url::parse(&cloud.base(service)).unwrap();
                assert_eq!(cloud.service_of(&url), Some(service), "{name}");
                assert!(cloud.scope(service, &url).ends_with("/.default"));
                assert!(!cloud.scope(service, &url).contains("//.default"));
            }
        }
    }

    #[test]
    fn values_can_be_overridden_but_not_with_nonsense() {
        let mut cloud = Cloud::named("gcc").unwrap();
        cloud
            .set("bap-audience", "https://service.powerapps.us/")
            .unwrap();
        assert_eq!(
            cloud.scope(
                Service::Bap,
                &Url::parse("https://gov.api.bap.microsoft.us").unwrap()
            ),
            "https://service.powerapps.us/.default"
        );
        cloud
            .set("ARM", "https://management.usgovcloudapi.net/")
            .unwrap();
        assert_eq!(
            cloud.base(Service::Arm),
            "https://management.usgovcloudapi.net"
        );
        for (key, value) in [
            ("bap", "http://x"),
            ("bap", ""),
            ("bap", "a/b"),
            ("arm-audience", "x"),
            ("color", "x"),
            ("bap", "a:443x"),
        ] {
            assert!(cloud.set(key, value).is_err(), "{key}={value}");
        }
    }
}
