//! The sandbox's routes and their files, checked with the ledgers of the whole suite. Every served
//! sandbox is checked at its end for a route that is missing here.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A service with its ledger name, its host, and its routes: method, path (`{}` for any segment,
/// `**` for any scope) and the file below `sandbox/services`.
type Service = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
);

const SERVICES: [Service; 9] = [
    (
        "arm",
        "management.azure.com",
        &[
            ("GET", "subscriptions", "azure/inventory"),
            ("GET", "tenants", "azure/inventory"),
            ("GET", "subscriptions/{}", "azure/inventory"),
            ("GET", "subscriptions/{}/providers", "azure/providers"),
            ("GET", "subscriptions/{}/locations", "azure/inventory"),
            ("GET", "subscriptions/{}/resources", "azure/inventory"),
            ("GET", "subscriptions/{}/resourceGroups", "azure/inventory"),
            ("GET", "**/resourceGroups/{}", "azure/inventory"),
            ("GET", "**/resourceGroups/{}/resources", "azure/inventory"),
            (
                "GET",
                "subscriptions/{}/providers/Microsoft.KeyVault/locations/{}/deletedVaults/{}",
                "azure/deleted_vaults",
            ),
            (
                "POST",
                "subscriptions/{}/providers/Microsoft.KeyVault/locations/{}/deletedVaults/{}/purge",
                "azure/deleted_vaults",
            ),
            (
                "GET",
                "subscriptions/{}/providers/Microsoft.KeyVault/deletedManagedHSMs",
                "azure/deleted_vaults",
            ),
            (
                "PUT",
                "**/providers/Microsoft.KeyVault/vaults/{}",
                "azure/vault_writes",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.KeyVault/vaults/{}",
                "azure/vaults",
            ),
            (
                "PUT",
                "**/providers/Microsoft.KeyVault/vaults/{}/accessPolicies/replace",
                "azure/access_policies",
            ),
            (
                "PUT",
                "**/providers/Microsoft.KeyVault/vaults/{}/accessPolicies/remove",
                "azure/access_policies",
            ),
            (
                "PUT",
                "**/providers/Microsoft.KeyVault/vaults/{}/keys/{}",
                "azure/arm_keys",
            ),
            (
                "PATCH",
                "**/providers/Microsoft.KeyVault/managedHSMs/{}",
                "azure/vault_writes",
            ),
            (
                "PUT",
                "**/providers/Microsoft.KeyVault/managedHSMs/{}",
                "azure/vault_writes",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.KeyVault/managedHSMs/{}",
                "azure/vaults",
            ),
            (
                "POST",
                "subscriptions/{}/providers/Microsoft.KeyVault/checkNameAvailability",
                "azure/vault_names",
            ),
            (
                "POST",
                "subscriptions/{}/providers/Microsoft.KeyVault/checkMhsmNameAvailability",
                "azure/vault_names",
            ),
            (
                "GET",
                "**/providers/Microsoft.KeyVault/vaults",
                "azure/vaults",
            ),
            (
                "GET",
                "**/providers/Microsoft.KeyVault/managedHSMs",
                "azure/vaults",
            ),
            (
                "GET",
                "**/providers/Microsoft.KeyVault/managedHSMs/{}/keys/{}",
                "azure/arm_keys",
            ),
            (
                "GET",
                "**/providers/Microsoft.KeyVault/vaults/{}/keys",
                "azure/arm_keys",
            ),
            (
                "GET",
                "**/providers/Microsoft.KeyVault/vaults/{}/keys/{}/versions",
                "azure/arm_keys",
            ),
            (
                "GET",
                "**/providers/Microsoft.KeyVault/vaults/{}/keys/{}/versions/{}",
                "azure/arm_keys",
            ),
            (
                "GET",
                "**/providers/Microsoft.PowerPlatform/enterprisePolicies",
                "azure/policies",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/permissions",
                "azure/definitions",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleDefinitions",
                "azure/definitions",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleDefinitions/{}",
                "azure/definitions",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/denyAssignments",
                "azure/definitions",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleEligibilityScheduleInstances",
                "azure/definitions",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleAssignments/{}",
                "azure/authorization",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.Authorization/roleAssignments/{}",
                "azure/authorization",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleAssignments",
                "azure/authorization",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleDefinitions",
                "azure/authorization",
            ),
            (
                "PUT",
                "**/providers/Microsoft.Authorization/roleAssignments/{}",
                "azure/authorization",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/denyAssignments",
                "azure/authorization",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/locks",
                "azure/locks",
            ),
            (
                "GET",
                "subscriptions/{}/providers/Microsoft.KeyVault/deletedVaults",
                "azure/deleted_vaults",
            ),
            (
                "GET",
                "**/providers/Microsoft.KeyVault/vaults/{}",
                "azure/vaults",
            ),
            (
                "PATCH",
                "**/providers/Microsoft.KeyVault/vaults/{}",
                "azure/vault_writes",
            ),
            (
                "GET",
                "**/providers/Microsoft.KeyVault/vaults/{}/keys/{}",
                "azure/arm_keys",
            ),
            (
                "PUT",
                "**/providers/Microsoft.KeyVault/managedHSMs/{}/keys/{}",
                "azure/arm_keys",
            ),
            (
                "PUT",
                "**/providers/Microsoft.KeyVault/vaults/{}/accessPolicies/add",
                "azure/access_policies",
            ),
            (
                "GET",
                "**/providers/Microsoft.KeyVault/managedHSMs/{}",
                "azure/vaults",
            ),
            (
                "GET",
                "subscriptions/{}/providers/Microsoft.PowerPlatform",
                "azure/providers",
            ),
            (
                "POST",
                "subscriptions/{}/providers/Microsoft.PowerPlatform/register",
                "azure/providers",
            ),
            (
                "GET",
                "**/providers/Microsoft.PowerPlatform/operations/{}",
                "azure/policy_operations",
            ),
            (
                "GET",
                "**/providers/Microsoft.PowerPlatform/operationResults/{}",
                "azure/policy_operations",
            ),
            (
                "GET",
                "**/providers/Microsoft.PowerPlatform/enterprisePolicies/{}",
                "azure/policies",
            ),
            (
                "PUT",
                "**/providers/Microsoft.PowerPlatform/enterprisePolicies/{}",
                "azure/policies",
            ),
            (
                "PATCH",
                "**/providers/Microsoft.PowerPlatform/enterprisePolicies/{}",
                "azure/policies",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.PowerPlatform/enterprisePolicies/{}",
                "azure/policies",
            ),
            (
                "POST",
                "**/providers/Microsoft.Resources/deployments/{}/validate",
                "azure/deployments",
            ),
            ("GET", "tenants", "azure/inventory"),
            ("GET", "subscriptions/{}", "azure/inventory"),
            ("GET", "subscriptions/{}/locations", "azure/inventory"),
            ("GET", "subscriptions/{}/resources", "azure/inventory"),
            ("GET", "subscriptions/{}/providers", "azure/providers"),
            ("GET", "subscriptions/{}/providers/{}", "azure/providers"),
            ("GET", "subscriptions/{}/resourceGroups", "azure/inventory"),
            (
                "GET",
                "subscriptions/{}/resourceGroups/{}",
                "azure/inventory",
            ),
            ("HEAD", "subscriptions/{}/resourceGroups/{}", "azure/arm"),
            (
                "PUT",
                "**/providers/Microsoft.Authorization/locks/{}",
                "azure/locks",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/locks/{}",
                "azure/locks",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.Authorization/locks/{}",
                "azure/locks",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/policyAssignments",
                "azure/governance",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/policyAssignments/{}",
                "azure/governance",
            ),
            (
                "PUT",
                "**/providers/Microsoft.Authorization/policyAssignments/{}",
                "azure/governance",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.Authorization/policyAssignments/{}",
                "azure/governance",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/policyExemptions",
                "azure/governance",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/policyExemptions/{}",
                "azure/governance",
            ),
            (
                "PUT",
                "**/providers/Microsoft.Authorization/policyExemptions/{}",
                "azure/governance",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.Authorization/policyExemptions/{}",
                "azure/governance",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/policyDefinitions",
                "azure/governance",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/policyDefinitions/{}",
                "azure/governance",
            ),
            (
                "GET",
                "**/providers/Microsoft.Resources/deployments",
                "azure/deployments",
            ),
            (
                "GET",
                "**/providers/Microsoft.Resources/deployments/{}",
                "azure/deployments",
            ),
            (
                "HEAD",
                "**/providers/Microsoft.Resources/deployments/{}",
                "azure/deployments",
            ),
            (
                "PUT",
                "**/providers/Microsoft.Resources/deployments/{}",
                "azure/deployments",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.Resources/deployments/{}",
                "azure/deployments",
            ),
            (
                "POST",
                "**/providers/Microsoft.Resources/deployments/{}/whatIf",
                "azure/deployments",
            ),
            (
                "GET",
                "**/providers/Microsoft.Resources/deployments/{}/operations",
                "azure/deployments",
            ),
            (
                "GET",
                "**/providers/Microsoft.Resources/deployments/{}/operations/{}",
                "azure/deployments",
            ),
            (
                "GET",
                "**/providers/Microsoft.Resources/deployments/{}/operationStatuses/{}",
                "azure/deployments",
            ),
            (
                "GET",
                "subscriptions/{}/resourceGroups/{}/deployments/{}/operations",
                "azure/deployments",
            ),
            (
                "GET",
                "**/providers/Microsoft.Resources/tags/default",
                "azure/tags",
            ),
            (
                "PUT",
                "**/providers/Microsoft.Resources/tags/default",
                "azure/tags",
            ),
            (
                "PATCH",
                "**/providers/Microsoft.Resources/tags/default",
                "azure/tags",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.Resources/tags/default",
                "azure/tags",
            ),
            ("PUT", "subscriptions/{}/resourceGroups/{}", "azure/groups"),
            (
                "PATCH",
                "subscriptions/{}/resourceGroups/{}",
                "azure/groups",
            ),
            (
                "DELETE",
                "subscriptions/{}/resourceGroups/{}",
                "azure/groups",
            ),
            (
                "GET",
                "subscriptions/{}/operationresults/{}",
                "azure/groups",
            ),
            (
                "POST",
                "subscriptions/{}/providers/{}/register",
                "azure/providers",
            ),
            (
                "POST",
                "subscriptions/{}/providers/{}/unregister",
                "azure/providers",
            ),
            (
                "POST",
                "providers/Microsoft.ResourceGraph/resources",
                "azure/resource_graph",
            ),
            (
                "GET",
                "subscriptions/{}/providers/Microsoft.Insights/activityLogAlerts",
                "azure/alerts",
            ),
            ("GET", "metadata/endpoints", "azure/endpoints"),
        ],
    ),
    (
        "graph",
        "graph.microsoft.com",
        &[
            ("GET", "v1.0/me", "graph"),
            ("GET", "v1.0/{}", "graph"),
            ("GET", "v1.0/{}/{}", "graph"),
            ("POST", "v1.0/directoryObjects/getByIds", "graph"),
        ],
    ),
    (
        "log_analytics",
        "api.loganalytics.azure.com",
        &[
            ("POST", "v1/workspaces/{}/query", "azure/log_analytics"),
            (
                "POST",
                "**/providers/Microsoft.OperationalInsights/workspaces/{}/query",
                "azure/log_analytics",
            ),
        ],
    ),
    (
        "keyvault",
        "vault.azure.net",
        &[
            ("GET", "keys", "azure/keys"),
            ("GET", "deletedKeys", "azure/keys"),
            ("DELETE", "deletedKeys/{}", "azure/keys"),
            ("DELETE", "keys/{}", "azure/keys"),
            ("GET", "keys/{}", "azure/keyvault"),
            ("GET", "keys/{}/{}", "azure/keyvault"),
            ("PATCH", "keys/{}/{}", "azure/key_writes"),
            ("PATCH", "keys/{}", "azure/key_writes"),
            ("POST", "keys/{}/create", "azure/key_writes"),
            ("PUT", "keys/{}/rotationPolicy", "azure/rotation_policy"),
            ("GET", "keys/{}/versions", "azure/keys"),
            ("GET", "keys/{}/rotationPolicy", "azure/rotation_policy"),
            ("POST", "keys/{}/rotate", "azure/keys"),
            ("GET", "deletedKeys/{}", "azure/keyvault"),
            ("POST", "deletedKeys/{}/recover", "azure/keys"),
        ],
    ),
    (
        "keyvault",
        "managedhsm.azure.net",
        &[
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleAssignments",
                "azure/local_roles",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleAssignments/{}",
                "azure/local_roles",
            ),
            (
                "PUT",
                "**/providers/Microsoft.Authorization/roleAssignments/{}",
                "azure/local_roles",
            ),
            (
                "DELETE",
                "**/providers/Microsoft.Authorization/roleAssignments/{}",
                "azure/local_roles",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleDefinitions",
                "azure/local_roles",
            ),
            (
                "GET",
                "**/providers/Microsoft.Authorization/roleDefinitions/{}",
                "azure/local_roles",
            ),
        ],
    ),
    (
        "bap",
        "api.bap.microsoft.com",
        &[
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/tenant",
                "power_platform/bap",
            ),
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/locations",
                "power_platform/bap",
            ),
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/scopes/admin/environments",
                "power_platform/environments",
            ),
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{}",
                "power_platform/environments",
            ),
            (
                "PATCH",
                "providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{}",
                "power_platform/bap",
            ),
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/environments",
                "power_platform/environments",
            ),
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/environments/{}",
                "power_platform/environments",
            ),
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/lifecycleOperations",
                "power_platform/bap",
            ),
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/lifecycleOperations/{}",
                "power_platform/bap",
            ),
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/adminApplications",
                "power_platform/managers",
            ),
            (
                "GET",
                "providers/Microsoft.BusinessAppPlatform/adminApplications/{}",
                "power_platform/managers",
            ),
            (
                "PUT",
                "providers/Microsoft.BusinessAppPlatform/adminApplications/{}",
                "power_platform/managers",
            ),
            (
                "DELETE",
                "providers/Microsoft.BusinessAppPlatform/adminApplications/{}",
                "power_platform/managers",
            ),
            (
                "POST",
                "**/environments/{}/enterprisePolicies/Encryption/link",
                "power_platform/changes",
            ),
            (
                "POST",
                "**/environments/{}/enterprisePolicies/Encryption/unlink",
                "power_platform/changes",
            ),
            (
                "POST",
                "**/environments/{}/governanceConfiguration",
                "power_platform/changes",
            ),
        ],
    ),
    (
        "power_platform",
        "api.powerplatform.com",
        &[
            (
                "GET",
                "environmentmanagement/environments",
                "power_platform/api",
            ),
            (
                "GET",
                "environmentmanagement/environments/{}",
                "power_platform/api",
            ),
            (
                "POST",
                "environmentmanagement/environments/{}/enable",
                "power_platform/api",
            ),
        ],
    ),
    (
        "dataverse",
        "dynamics.com",
        &[(
            "GET",
            "api/data/v9.2/RetrieveFinanceAndOperationsIntegrationDetails",
            "power_platform/dataverse",
        )],
    ),
    (
        "entra",
        "login.microsoftonline.com",
        &[
            (
                "GET",
                "common/v2.0/.well-known/openid-configuration",
                "entra",
            ),
            ("GET", "{}/oauth2/v2.0/authorize", "sign_in_page"),
            ("POST", "{}/oauth2/v2.0/devicecode", "persons"),
            ("POST", "{}/oauth2/v2.0/token", "grants"),
        ],
    ),
];

fn segments(path: &str) -> Vec<&str> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .collect()
}

/// Does the path match this pattern?
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (segments(pattern), segments(path));
    if pattern.first() == Some(&"**") && path.len() + 1 >= pattern.len() {
        path.drain(..path.len() + 1 - pattern.len());
        pattern.remove(0);
    }
    let same =
        |(wanted, found): (&&str, &&str)| *wanted == "{}" || wanted.eq_ignore_ascii_case(found);
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}

/// Fails if a sandbox answered a route that is not in the table. Refused requests are not checked.
#[track_caller]
pub(crate) fn known(ledger: &Value) {
    for asked in ledger["log"].as_array().into_iter().flatten() {
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let (service, method, path) = (text("service"), text("method"), text("path"));
        let answered = asked["status"]
            .as_u64()
            .is_some_and(|status| (200..400).contains(&status));
        if !answered || service == "runner" {
            continue;
        }
        let routes = SERVICES
            .iter()
            .filter(|row| row.0 == service)
            .flat_map(|row| row.2);
        let mut routes =
            routes.filter(|(known, pattern, _)| *known == method && fits(pattern, path));
        assert!(
            routes.next().is_some(),
            "which file answers {method} {path} of {service}?"
        );
    }
}

/// The top of a file names its host and its provider.
#[test]
fn from_a_route_one_knows_the_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/services");
    let mut named = BTreeSet::new();
    for (service, host, routes) in SERVICES {
        for (method, path, file) in routes {
            let text = fs::read_to_string(folder.join(file).with_extension("rs")).unwrap();
            let top: String = text
                .lines()
                .take_while(|line| line.starts_with("//!"))
                .collect();
            assert!(
                top.contains(host),
                "{file} does not say that it plays {host} ({service})"
            );
            let provider = segments(path)
                .into_iter()
                .rfind(|part| part.starts_with("Microsoft."));
            let provider = provider.filter(|_| host == "management.azure.com");
            let says = provider.is_none_or(|provider| top.contains(provider));
            assert!(says, "{file} does not say that it answers {method} {path}");
            named.insert(folder.join(file).with_extension("rs"));
        }
    }
    assert!(
        named.iter().all(|path: &PathBuf| path.is_file()) && named.len() > 9,
        "{named:?}"
    );
}

#[test]
fn a_pattern_fits_whole_routes_only() {
    for (pattern, path, expected) in [
        ("keys/{}", "/keys/a", true),
        ("keys/{}", "/Keys//a/", true),
        ("keys/{}", "/keys/a/b", false),
        ("keys/{}", "/keys", false),
        ("**/providers/X/y", "/subscriptions/1/providers/x/Y", true),
        ("**/providers/X/y", "/providers/x/y", true),
        ("**/providers/X/y", "/providers/x/y/z", false),
    ] {
        assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
    }
}
