//! Host management.azure.com: `/metadata/endpoints`, from which clients learn a cloud's addresses.
//! It takes no token. The names are those that Microsoft's clients read (the Azure CLI's
//! `cloud.py`, HashiCorp's Azure SDK for Go). The oldest version has its own shape, the newest
//! describes one cloud, and the versions between list clouds.

use crate::message::{Reply, Request};
use serde_json::{Value, json};

const LISTED: [&str; 2] = ["2019-05-01", "2020-06-01"];
const ARM: &str = "https://management.azure.com/";
const LOGIN: &str = "https://login.microsoftonline.com";

/// Is this the endpoints route?
pub(super) fn meant(request: &Request) -> bool {
    let route = request.route();
    request.method == "GET" && route.len() == 2 && route[0] == "metadata" && route[1] == "endpoints"
}

pub(super) fn respond(request: &Request) -> Reply {
    match request.query("api-version") {
        "" => {
            let text =
                "The api-version query parameter (?api-version=) is required for all requests.";
            Reply::error(400, "MissingApiVersionParameter", text)
        }
        "2015-01-01" => Reply::json(200, &oldest()),
        version if LISTED.contains(&version) => Reply::json(200, &json!([cloud()])),
        "2022-09-01" => Reply::json(200, &cloud()),
        version => {
            let text = format!(
                "The api-version '{version}' is invalid. The supported versions are \
                '2022-09-01,2020-06-01,2019-05-01,2015-01-01'."
            );
            Reply::error(400, "InvalidApiVersionParameter", text)
        }
    }
}

fn audiences() -> Value {
    json!(["https://management.core.windows.net/", ARM])
}

fn oldest() -> Value {
    json!({
        "galleryEndpoint": "https://gallery.azure.com/",
        "graphEndpoint": "https://graph.windows.net/",
        "portalEndpoint": "https://portal.azure.com/",
        "authentication": {
            "loginEndpoint": format!("{LOGIN}/"),
            "audiences": audiences(),
        },
    })
}

fn cloud() -> Value {
    json!({
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": LOGIN,
            "audiences": audiences(),
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": "https://rest.media.azure.net",
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "batch": "https://batch.core.windows.net/",
        "resourceManager": ARM,
        "gallery": "https://gallery.azure.com/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/\
            arm-compute/quickstart-templates/aliases.json",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "attestationResourceId": "https://attest.azure.net",
        "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
        "suffixes": {
            "acrLoginServer": "azurecr.io",
            "sqlServerHostname": "database.windows.net",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "azureFrontDoorEndpointSuffix": "azurefd.net",
            "keyVaultDns": "vault.azure.net",
            "mhsmDns": "managedhsm.azure.net",
            "storage": "core.windows.net",
            "storageSyncEndpointSuffix": "afs.azure.net",
            "synapseAnalytics": "dev.azuresynapse.net",
            "attestationEndpoint": "attest.azure.net",
            "mysqlServerEndpoint": "mysql.database.azure.com",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
            "mariadbServerEndpoint": "mariadb.database.azure.com",
        },
    })
}
