//! Routes that are in no specification, each with its public source.

use crate::routes::fits;

/// Routes of a service from one source: methods, then a path (`{}` for any segment, `**` for any
/// scope).
struct Source {
    service: &'static str,
    #[expect(dead_code, reason = "for whoever reads the table")]
    name: &'static str,
    routes: &'static [&'static str],
}

const fn source(
    service: &'static str,
    name: &'static str,
    routes: &'static [&'static str],
) -> Source {
    Source {
        service,
        name,
        routes,
    }
}

/// In Azure/azure-rest-api-specs; the folder's copy of the file omits it.
const UNTRIMMED: &str = "Microsoft's REST reference; the folder has its file without it";
/// In Azure/azure-rest-api-specs; the folder lacks the file.
const REFERENCE: &str = "Microsoft's REST reference; the folder has no file of it";
const REACHED: &str = "nobody's: whether anybody answers at this host is asked";

const SOURCES: [Source; 18] = [
    source("arm", REACHED, &["GET "]),
    source(
        "arm",
        UNTRIMMED,
        &[
            // At the tenant; the specification describes it only below a scope.
            "GET providers/Microsoft.Authorization/roleDefinitions",
            "GET providers/Microsoft.Authorization/roleDefinitions/{}",
            "GET PUT DELETE **/providers/Microsoft.Authorization/locks/{}",
            "GET **/providers/Microsoft.KeyVault/vaults/{}/keys/{}/versions",
            "PUT **/providers/Microsoft.KeyVault/vaults/{}/keys/{}",
            "PUT **/providers/Microsoft.KeyVault/managedHSMs/{}/keys/{}",
            "PUT DELETE **/providers/Microsoft.KeyVault/vaults/{}",
            "PUT DELETE **/providers/Microsoft.KeyVault/managedHSMs/{}",
            "POST **/providers/Microsoft.KeyVault/checkNameAvailability",
            "POST **/providers/Microsoft.KeyVault/checkMhsmNameAvailability",
            "POST **/providers/Microsoft.KeyVault/locations/{}/deletedVaults/{}/purge",
            "GET **/providers/Microsoft.Resources/deployments",
            "GET HEAD PUT DELETE **/providers/Microsoft.Resources/deployments/{}",
            "POST **/providers/Microsoft.Resources/deployments/{}/whatIf",
            "GET **/providers/Microsoft.Resources/deployments/{}/operations",
            "GET **/providers/Microsoft.Resources/deployments/{}/operations/{}",
            "GET subscriptions/{}/resourceGroups/{}/deployments/{}/operations",
            "GET PUT PATCH DELETE **/providers/Microsoft.Resources/tags/default",
            "PUT PATCH DELETE subscriptions/{}/resourceGroups/{}",
            "POST subscriptions/{}/providers/{}/unregister",
        ],
    ),
    source(
        "arm",
        REFERENCE,
        &[
            // Microsoft's older articles use it with 2015-07-01.
            "GET subscriptions/{}/providers/Microsoft.Authorization/permissions",
            "GET **/providers/Microsoft.Authorization/denyAssignments",
            "GET **/providers/Microsoft.Authorization/roleEligibilityScheduleInstances",
            "GET **/providers/Microsoft.Authorization/policyAssignments",
            "GET PUT DELETE **/providers/Microsoft.Authorization/policyAssignments/{}",
            "GET **/providers/Microsoft.Authorization/policyExemptions",
            "GET PUT DELETE **/providers/Microsoft.Authorization/policyExemptions/{}",
            "GET **/providers/Microsoft.Authorization/policyDefinitions",
            "GET **/providers/Microsoft.Authorization/policyDefinitions/{}",
            "POST providers/Microsoft.ResourceGraph/resources",
            "GET subscriptions/{}/providers/Microsoft.Insights/activityLogAlerts",
        ],
    ),
    source(
        "arm",
        "Microsoft's article on asynchronous operations of Resource Manager",
        &[
            "GET **/providers/Microsoft.PowerPlatform/operations/{}",
            "GET **/providers/Microsoft.PowerPlatform/operationResults/{}",
            "GET **/providers/Microsoft.Resources/deployments/{}/operationStatuses/{}",
            "GET subscriptions/{}/operationResults/{}",
        ],
    ),
    source(
        "arm",
        "the Azure CLI, which learns here where a cloud's services are",
        &["GET metadata/endpoints"],
    ),
    source(
        "graph",
        "Microsoft's reference of Graph v1.0",
        &[
            "GET v1.0/me",
            "GET v1.0/users",
            "GET v1.0/users/{}",
            "GET v1.0/groups",
            "GET v1.0/groups/{}",
            // Or `servicePrincipals(appId='…')`.
            "GET v1.0/{}",
            "GET v1.0/servicePrincipals/{}",
            "GET v1.0/directoryObjects/{}",
            "POST v1.0/directoryObjects/getByIds",
        ],
    ),
    source(
        "log_analytics",
        "Microsoft's reference of the query API of Log Analytics",
        &[
            "POST v1/workspaces/{}/query",
            "POST **/providers/Microsoft.OperationalInsights/workspaces/{}/query",
        ],
    ),
    source(
        "keyvault",
        UNTRIMMED,
        &[
            "DELETE deletedkeys/{}",
            "PUT keys/{}/rotationpolicy",
            // At a managed HSM as a whole; the specification describes it only below a scope.
            "GET providers/Microsoft.Authorization/roleAssignments",
            "GET PUT DELETE providers/Microsoft.Authorization/roleAssignments/{}",
            "GET **/providers/Microsoft.Authorization/roleDefinitions",
            "GET **/providers/Microsoft.Authorization/roleDefinitions/{}",
        ],
    ),
    source("bap", REACHED, &["GET "]),
    source(
        "bap",
        "Microsoft's Terraform provider: microsoft/terraform-provider-power-platform",
        &[
            "GET providers/Microsoft.BusinessAppPlatform/tenant",
            "GET providers/Microsoft.BusinessAppPlatform/locations",
            "GET providers/Microsoft.BusinessAppPlatform/scopes/admin/environments",
            "GET PATCH providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{}",
            "POST providers/Microsoft.BusinessAppPlatform/environments/{}/governanceConfiguration",
            "GET providers/Microsoft.BusinessAppPlatform/lifecycleOperations/{}",
            "GET providers/Microsoft.BusinessAppPlatform/adminApplications",
            "GET PUT DELETE providers/Microsoft.BusinessAppPlatform/adminApplications/{}",
        ],
    ),
    source(
        "bap",
        "Microsoft's module for administrators: Microsoft.PowerApps.Administration.PowerShell",
        &["GET providers/Microsoft.BusinessAppPlatform/environments"],
    ),
    source(
        "bap",
        "Microsoft's scripts: microsoft/PowerPlatform-EnterprisePolicies",
        &[
            "GET providers/Microsoft.BusinessAppPlatform/environments/{}",
            "POST providers/Microsoft.BusinessAppPlatform/environments/{}/enterprisePolicies/\
            Encryption/link",
            "POST providers/Microsoft.BusinessAppPlatform/environments/{}/enterprisePolicies/\
            Encryption/unlink",
        ],
    ),
    source(
        "bap",
        "of a third party: d365collaborative/d365bap.tools",
        &["GET providers/Microsoft.BusinessAppPlatform/lifecycleOperations"],
    ),
    source(
        "dataverse",
        "Microsoft's reference of Dataverse's Web API",
        &["GET api/data/v9.2/RetrieveFinanceAndOperationsIntegrationDetails"],
    ),
    source("power_platform", REACHED, &["GET "]),
    source("entra", REACHED, &["GET "]),
    source(
        "entra",
        "Microsoft's articles on the identity platform",
        &[
            "GET {}/v2.0/.well-known/openid-configuration",
            "GET common/discovery/instance",
            "GET {}/oauth2/v2.0/authorize",
            "POST {}/oauth2/v2.0/devicecode",
            "POST {}/oauth2/v2.0/token",
        ],
    ),
    // Any path, because the address is in the job's environment.
    source(
        "runner",
        "GitHub's article on OpenID Connect in jobs",
        &["GET **"],
    ),
];

pub(super) fn is_listed(service: &str, method: &str, path: &str) -> bool {
    let of_service = SOURCES.iter().filter(|row| row.service == service);
    let mut routes = of_service.flat_map(|row| row.routes);
    routes.any(|route| {
        let (methods, pattern) = route.rsplit_once(' ').unwrap();
        methods.split(' ').any(|own| own == method) && fits(pattern, path)
    })
}
