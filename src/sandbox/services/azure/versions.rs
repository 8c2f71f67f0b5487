//! Host management.azure.com: the providers' resource types and api-versions, and the refusal of an
//! unknown version. The providers' metadata is made from the same table.
//!
//! Versions are those of the published specifications (azure-rest-api-specs, bicep-types-az) and of
//! lists in the service's own refusals. The refusals and their texts are on record in public bug
//! reports of Microsoft's SDKs. Resource Manager's own routes answer `InvalidApiVersionParameter`,
//! and types with locations `NoRegisteredProviderFound`.

use crate::message::{Reply, Request};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A resource type of a provider.
struct Kind {
    name: &'static str,
    /// Do resources of this type have a location?
    located: bool,
    /// Separated by blanks, oldest first.
    versions: &'static str,
}

/// A provider with its types.
pub(super) struct Provider {
    pub(super) namespace: &'static str,
    kinds: &'static [Kind],
}

const fn kind(name: &'static str, versions: &'static str) -> Kind {
    Kind {
        name,
        located: false,
        versions,
    }
}

const fn located(name: &'static str, versions: &'static str) -> Kind {
    Kind {
        name,
        located: true,
        versions,
    }
}

/// The provider of enterprise policies.
pub(super) const POWER_PLATFORM: &str = "Microsoft.PowerPlatform";
const KEY_VAULT: &str = "Microsoft.KeyVault";

/// Versions of Resource Manager itself: tenants, subscriptions, locations, providers, groups,
/// resources and deployments.
const OWN: &str = "2014-04 2014-02-26 2013-03-01 2014-01-01 2014-04-01 2014-04-01-preview \
    2015-01-01 2015-11-01 2016-02-01 2016-06-01 2016-07-01 2016-09-01 2017-03-01 2017-05-01 \
    2017-05-10 2017-06-01 2017-08-01 2017-12-01 2018-01-01 2018-02-01 2018-05-01 2018-06-01 \
    2018-07-01 2018-08-01 2018-09-01 2018-11-01 2019-03-01 2019-05-01 2019-05-10 2019-06-01 \
    2019-07-01 2019-08-01 2019-09-01 2019-10-01 2019-11-01 2020-01-01 2020-05-01 2020-06-01 \
    2020-07-01 2020-08-01 2020-09-01 2020-10-01 2021-01-01 2021-04-01 2022-01-01 \
    2022-03-01-preview 2022-05-01 2022-06-01 2022-09-01 2022-11-01-preview 2022-12-01 \
    2023-03-01-preview 2023-07-01-preview 2023-07-01 2024-03-01 2024-06-01-preview 2024-07-01 \
    2024-08-01 2024-11-01 2025-03-01 2025-04-01";

/// Versions of Key Vault's control plane.
const VAULTS: &str = "2015-06-01 2016-10-01 2018-02-14-preview 2018-02-14 2019-09-01 \
    2020-04-01-preview 2021-04-01-preview 2021-06-01-preview 2021-10-01 2021-11-01-preview \
    2022-02-01-preview 2022-07-01 2022-11-01 2023-02-01 2023-07-01 2024-04-01-preview 2024-11-01 \
    2024-12-01-preview 2025-05-01 2026-02-01 2026-04-01-preview";
/// Versions since managed HSMs exist.
const HSMS: &str = "2020-04-01-preview 2021-04-01-preview 2021-06-01-preview 2021-10-01 \
    2021-11-01-preview 2022-02-01-preview 2022-07-01 2022-11-01 2023-02-01 2023-07-01 \
    2024-04-01-preview 2024-11-01 2024-12-01-preview 2025-05-01 2026-02-01 2026-04-01-preview";
/// Versions for keys at the control plane.
const VAULT_KEYS: &str = "2019-09-01 2020-04-01-preview 2021-04-01-preview 2021-06-01-preview \
    2021-10-01 2021-11-01-preview 2022-02-01-preview 2022-07-01 2022-11-01 2023-02-01 2023-07-01 \
    2024-04-01-preview 2024-11-01 2024-12-01-preview 2025-05-01 2026-02-01 2026-04-01-preview";

const ASSIGNMENTS: &str = "2014-04-01-preview 2014-07-01-preview 2014-10-01-preview \
    2015-05-01-preview 2015-06-01 2015-07-01 2016-07-01 2017-05-01 2017-09-01 2017-10-01-preview \
    2018-01-01-preview 2018-07-01 2018-09-01-preview 2018-12-01-preview 2019-04-01-preview \
    2020-03-01-preview 2020-04-01-preview 2020-08-01-preview 2020-10-01-preview \
    2021-04-01-preview 2022-01-01-preview 2022-04-01";
const DEFINITIONS: &str = "2014-04-01-preview 2014-07-01-preview 2014-10-01-preview \
    2015-05-01-preview 2015-06-01 2015-07-01 2016-07-01 2017-05-01 2017-09-01 2018-01-01-preview \
    2018-07-01 2022-04-01 2022-05-01-preview";
const DENIALS: &str = "2018-07-01-preview 2018-07-01 2019-03-01-preview 2020-03-01-preview \
    2021-08-01-preview 2022-04-01 2024-07-01-preview";
const LOCKS: &str = "2014-08-01 2015-01-01 2015-05-01-preview 2015-06-01 2016-09-01 2017-04-01 \
    2020-05-01";
const MANAGEMENT_GROUPS: &str = "2017-08-31-preview 2017-11-01-preview 2018-01-01-preview \
    2018-03-01-beta 2018-03-01-preview 2019-11-01 2020-02-01 2020-05-01 2020-10-01 2021-04-01 \
    2023-04-01 2024-02-01-preview";
const GOVERNANCE: &str = "2015-10-01-preview 2015-11-01 2016-04-01 2016-12-01 2017-06-01-preview \
    2018-03-01 2018-05-01 2019-01-01 2019-06-01 2019-09-01 2020-03-01 2020-08-01 2020-09-01 \
    2021-06-01 2022-06-01 2023-04-01 2024-04-01 2024-05-01 2025-01-01 2025-03-01 2025-11-01";
const EXEMPTIONS: &str =
    "2020-07-01-preview 2022-07-01-preview 2024-12-01-preview 2026-01-01-preview";
const GRAPH: &str = "2018-09-01-preview 2019-04-01 2020-04-01-preview 2020-09-01-preview \
    2021-03-01 2021-06-01-preview 2022-10-01 2024-04-01";
const ALERTS: &str = "2017-03-01-preview 2017-04-01 2020-10-01 2023-01-01-preview";
/// The published specification has only the preview. Microsoft's scripts use the other version.
const POLICIES: &str = "2020-10-30-preview 2020-10-30";

/// Every provider of the sandbox, in the order of the provider list.
pub(super) const PROVIDERS: [Provider; 7] = [
    Provider {
        namespace: KEY_VAULT,
        kinds: &[
            located("vaults", VAULTS),
            located("vaults/keys", VAULT_KEYS),
            located("vaults/keys/versions", VAULT_KEYS),
            located("vaults/accessPolicies", VAULTS),
            located("managedHSMs", HSMS),
            located("managedHSMs/keys", HSMS),
            located("managedHSMs/keys/versions", HSMS),
            kind("deletedVaults", VAULTS),
            kind("deletedManagedHSMs", HSMS),
            kind("locations", VAULTS),
            located("locations/deletedVaults", VAULTS),
            located("locations/deletedManagedHSMs", HSMS),
            kind("checkNameAvailability", VAULTS),
            kind("checkMhsmNameAvailability", HSMS),
            kind("operations", VAULTS),
        ],
    },
    Provider {
        namespace: "Microsoft.Authorization",
        kinds: &[
            kind("roleAssignments", ASSIGNMENTS),
            kind("roleDefinitions", DEFINITIONS),
            kind("permissions", DEFINITIONS),
            kind("denyAssignments", DENIALS),
            kind("locks", LOCKS),
            kind("policyAssignments", GOVERNANCE),
            kind("policyDefinitions", GOVERNANCE),
            kind("policyExemptions", EXEMPTIONS),
        ],
    },
    Provider {
        namespace: "Microsoft.Resources",
        kinds: &[
            kind("tenants", OWN),
            kind("subscriptions", OWN),
            kind("subscriptions/locations", OWN),
            kind("subscriptions/providers", OWN),
            kind("subscriptions/resourceGroups", OWN),
            kind("subscriptions/resources", OWN),
            kind("resourceGroups", OWN),
            kind("deployments", OWN),
            kind("deployments/operations", OWN),
            kind("tags", OWN),
        ],
    },
    Provider {
        namespace: "Microsoft.ResourceGraph",
        kinds: &[kind("resources", GRAPH)],
    },
    Provider {
        namespace: "Microsoft.Insights",
        kinds: &[kind("activityLogAlerts", ALERTS)],
    },
    Provider {
        namespace: "Microsoft.Management",
        kinds: &[
            kind("managementGroups", MANAGEMENT_GROUPS),
            kind("managementGroups/subscriptions", MANAGEMENT_GROUPS),
            kind("managementGroups/descendants", MANAGEMENT_GROUPS),
            kind("getEntities", MANAGEMENT_GROUPS),
        ],
    },
    Provider {
        namespace: POWER_PLATFORM,
        kinds: &[
            kind("operations", POLICIES),
            kind("operationResults", POLICIES),
            located("enterprisePolicies", POLICIES),
        ],
    },
];

/// From this day on, Key Vault's control plane refuses versions before `FIRST_TO_STAY`, as
/// announced by Microsoft. The data plane is not affected.
const RETIRED_FROM: Timestamp = Timestamp::constant(1_803_686_400, 0);
const FIRST_TO_STAY: &str = "2026-02-01";

/// The provider with this name, in any case.
pub(super) fn provider(namespace: &str) -> Option<&'static Provider> {
    PROVIDERS
        .iter()
        .find(|provider| provider.namespace.eq_ignore_ascii_case(namespace))
}

impl Provider {
    /// The types of its metadata at this time, newest version first.
    pub(super) fn types(&self, locations: &[&str], now: Timestamp) -> Vec<Value> {
        let shown = |kind: &Kind| {
            json!({
                "resourceType": kind.name,
                "locations": if kind.located { locations } else { &[] },
                "apiVersions": self.versions(kind, now),
            })
        };
        self.kinds.iter().map(shown).collect()
    }

    /// The versions of a type that work at this time, newest first.
    fn versions(&self, kind: &Kind, now: Timestamp) -> Vec<&'static str> {
        let ends = self.namespace == KEY_VAULT && now >= RETIRED_FROM;
        let lasts = |version: &&str| !ends || *version >= FIRST_TO_STAY;
        kind.versions.split(' ').rev().filter(lasts).collect()
    }

    /// The type of a path: types and names alternate, with an optional action at the end.
    fn kind_of(&self, rest: &[String]) -> Option<&Kind> {
        let named = |rest: &[String]| {
            let wanted: Vec<&str> = rest.iter().step_by(2).map(String::as_str).collect();
            let wanted = wanted.join("/");
            self.kinds
                .iter()
                .find(|kind| kind.name.eq_ignore_ascii_case(&wanted))
        };
        let (_, before) = rest.split_last()?;
        named(rest).or_else(|| named(before))
    }
}

/// The refusal of a request without an api-version, or with a version that its type lacks. A type
/// that the sandbox does not support has no versions, and gets its own 404. `locations` are those
/// of enterprise policies.
pub(super) fn refusal(request: &Request, locations: &[String], now: Timestamp) -> Option<Reply> {
    let version = request.query("api-version");
    if version.is_empty() {
        let text = "The api-version query parameter (?api-version=) is required for all requests.";
        return Some(Reply::error(400, "MissingApiVersionParameter", text));
    }
    let route = request.route();
    let named = route
        .windows(2)
        .rposition(|pair| pair[0] == "providers")
        .filter(|at| {
            route.len() > at + 2 && route[at + 2] != "register" && route[at + 2] != "unregister"
        });
    let Some(at) = named.filter(|at| route[at + 1] != "microsoft.resources") else {
        let known = OWN.split(' ').any(|listed| listed == version);
        return (!known).then(|| invalid(version, &newest_first(OWN)));
    };
    let provider = provider(&route[at + 1])?;
    let kind = provider.kind_of(&route[at + 2..])?;
    let versions = provider.versions(kind, now);
    if versions.contains(&version) {
        return None;
    }
    if !is_a_version(version) {
        return Some(invalid(version, &newest_first(OWN)));
    }
    if !kind.located {
        return Some(invalid(version, &versions));
    }
    let locations = if provider.namespace == POWER_PLATFORM {
        locations.join(", ")
    } else {
        "westeurope, northeurope, uksouth".to_owned()
    };
    let text = format!(
        "No registered resource provider found for location '{}' and API version '{version}' for \
        type '{}'. The supported api-versions are '{}'. The supported locations are \
        '{locations}'.",
        locations.split(',').next().unwrap_or_default(),
        kind.name,
        oldest_first(&versions, ", ")
    );
    Some(Reply::error(400, "NoRegisteredProviderFound", text))
}

fn newest_first(versions: &'static str) -> Vec<&'static str> {
    versions.split(' ').rev().collect()
}

/// Resource Manager's own refusal. Inferred: it refuses a version that is not a date on every
/// route. Inferred too: it refuses types without locations like this. Some of them were seen to
/// answer 404 `InvalidResourceType`.
fn invalid(version: &str, known: &[&str]) -> Reply {
    let text = format!(
        "The api-version '{version}' is invalid. The supported versions are '{}'.",
        known.join(",")
    );
    Reply::error(400, "InvalidApiVersionParameter", text)
}

fn oldest_first(versions: &[&str], between: &str) -> String {
    let versions: Vec<&str> = versions.iter().rev().copied().collect();
    versions.join(between)
}

/// A date, with an optional suffix.
fn is_a_version(version: &str) -> bool {
    let day = version.get(..10).unwrap_or_default();
    let word = version.get(10..).unwrap_or_default();
    day.parse::<jiff::civil::Date>().is_ok() && (word.is_empty() || word.starts_with('-'))
}

/// The versions of Key Vault's data plane, oldest first. The newest version that is not a preview
/// is last.
const KEYS: &str = "2015-06-01 2016-10-01 7.0-preview 7.0 7.1-preview 7.1 7.2-preview 7.2 \
    7.3-preview 7.3 7.4-preview.1 7.4 7.5-preview.1 7.5 7.6-preview.1 7.6-preview.2 7.6 \
    2025-06-01-preview 2026-01-01-preview 2025-07-01";

/// The data plane's refusal of an unknown or missing version. The text for an unknown version is on
/// record, and that for a missing one is inferred.
pub(super) fn refusal_of_keys(request: &Request) -> Option<Reply> {
    let version = request.query("api-version");
    if KEYS.split(' ').any(|listed| listed == version) {
        return None;
    }
    let latest = KEYS.split(' ').next_back().unwrap_or_default();
    let text = if version.is_empty() {
        "api-version must be specified".to_owned()
    } else {
        format!(
            "The specified version ({version}) is not recognized. Consider using the latest \
            supported version ({latest})."
        )
    };
    Some(Reply::error(400, "BadParameter", text))
}
