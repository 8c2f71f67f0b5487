//! Reads any answer of a service without a panic, and without text that misleads.

use super::{json_value, misleading, struck, wild};
use cmkctl::cloud::answer::Answer;
use cmkctl::cloud::fault::Fault;
use cmkctl::cloud::{Service, arm, authorization, environments, json, vaults};
use cmkctl::model::ids::{ArmId, ResourceKind};
use cmkctl::model::key_ids::KeyName;
use cmkctl::model::known::Known;
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

const ENVIRONMENT: &str = r#"{"name":"11111111-2222-3333-4444-555555555555","location":"europe","properties":{"displayName":"Contoso UAT","environmentSku":"Sandbox",
"isDefault":false,"tenantId":"t","governanceConfiguration":{"protectionLevel":"Standard"},"states":{"management":{"id":"Ready"},"runtime":{"id":"Enabled"}},
"linkedEnvironmentMetadata":{"resourceId":"r","uniqueName":"u","domainName":"d","instanceUrl":"https://contoso.crm4.dynamics.com/","instanceState":"Ready"},
"linkedAppMetadata":{"id":"i","type":"Linked","url":"https://contoso.operations.dynamics.com"},"enterprisePolicies":{"customerManagedKeys":
{"id":"/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.PowerPlatform/enterprisePolicies/n","systemId":"/regions/europe","linkStatus":"Linked"}},"ongoingOperation":{"type":{"id":"Backup"}},"protectionStatus":{"keyManagedBy":"Microsoft"},
"lifecycleOperationsEnforcement":{"allowedOperations":[{"type":{"id":"NewCustomerManagedKey"}}],"disallowedOperations":[{"type":{"id":"Move"},"reason":{"message":"m","type":"t"}}]},
"permissions":{"CreatePowerApp":{"displayName":"x"}}}}"#;
const OPERATION: &str = r#"{"id":"1","type":{"id":"NewCustomerManagedKey"},"state":{"id":"Running"},"createdDateTime":"2026-03-02T08:00:00Z",
"stages":[{"id":"Validate","name":"Validate","state":{"id":"Succeeded"}},{"id":"Run","name":"Run","state":{"id":"Running"}}],"error":{"code":"c","message":"m"}}"#;
const POLICY: &str = r#"{"kind":"Encryption","location":"europe","identity":{"principalId":"p","systemAssignedIdentityPrincipalId":"q"},"properties":{"systemId":"s",
"encryption":{"state":"Enabled","keyVault":{"id":"v","key":{"name":"k","version":"v"}}}}}"#;
const VAULT: &str = r#"{"properties":{"vaultUri":"https://v.vault.azure.net/","hsmUri":"https://h.managedhsm.azure.net/","tenantId":"t","enableRbacAuthorization":true,
"enableSoftDelete":true,"softDeleteRetentionInDays":90,"enablePurgeProtection":true,"publicNetworkAccess":"Enabled","networkAcls":{"defaultAction":"Deny","bypass":"AzureServices, None"},
"accessPolicies":[{"objectId":"o","permissions":{"keys":["get","wrapKey"]}}]}}"#;
const KEY: &str = r#"{"properties":{"kty":"RSA","keySize":2048,"keyUriWithVersion":"https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef","attributes":{"enabled":true,"nbf":1,"exp":2000000000}}}"#;
const ROLE: &str = r#"{"properties":{"scope":"/subscriptions/s","roleDefinitionId":"/x/e147488a-f6f5-4113-8e2d-b22465e65bf6","principalId":"p","createdOn":"2026-03-02T08:00:00Z"}}"#;
const PERMISSION: &str = r#"{"actions":["*","Microsoft.KeyVault/*"],"notActions":["x"]}"#;
const LOCK: &str = r#"{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/locks/keep","name":"keep","properties":{"level":"CanNotDelete"}}"#;
const PROVIDER: &str = r#"{"registrationState":"Registered","resourceTypes":[{"resourceType":"enterprisePolicies","locations":["Europe","United States"]}]}"#;
const ERROR: &str = r#"{"error":{"code":"InvalidTemplateDeployment","message":"m","innererror":{"code":"i","innererror":{"code":"j"}},"details":[{"code":"RequestDisallowedByPolicy",
"message":"n","additionalInfo":[{"info":{"policyAssignmentDisplayName":"p","policyAssignmentName":"q"}}]}]},"error_description":"AADSTS1: x"}"#;

fn some_id(kind: ResourceKind) -> ArmId {
    ArmId::new("11111111-2222-3333-4444-555555555555", "g", kind, "n").unwrap()
}

fn answer_of(status: u16, body: &[u8], kind: &str) -> Answer {
    let mut headers = HeaderMap::new();
    for name in ["content-type", "x-ms-correlation-request-id", "location"] {
        if let Ok(value) = HeaderValue::from_bytes(kind.as_bytes()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Answer {
        status,
        headers,
        body: body.to_vec().into(),
    }
}

macro_rules! harmless {
    ($value:expr) => {
        prop_assert_eq!(misleading(&$value), None);
    };
}

fn of(sample: &'static str) -> BoxedStrategy<Value> {
    prop_oneof![6 => struck(&[sample]), 1 => json_value()].boxed()
}

proptest! {
    #[test]
    fn environments(value in of(ENVIRONMENT)) {
        let found = environments::environment(&value);
        harmless!(found);
        if let Ok(found) = found {
            prop_assert!(!found.id.trim().is_empty() && !found.display_name.trim().is_empty(),
                "a name that consent could not repeat");
            let _ = (found.managed(), found.state(), found.is_up());
        }
    }

    #[test]
    fn operations(value in of(OPERATION)) {
        let found = environments::operation(&value);
        harmless!(found);
        let _ = found.has_ended();
    }

    #[test]
    fn policies(value in of(POLICY)) {
        harmless!(arm::policy(&some_id(ResourceKind::EnterprisePolicy), &value));
    }

    #[test]
    fn vaults_and_managed_hsms(value in of(VAULT), hsm in any::<bool>()) {
        let kind = if hsm { ResourceKind::ManagedHsm } else { ResourceKind::Vault };
        let found = vaults::vault(&some_id(kind), &value);
        harmless!(found);
        // Protection must be stated explicitly.
        if let Ok(found) = found {
            let said = json::at(&value, "properties.enablePurgeProtection").is_some();
            prop_assert!(said || found.purge_protection != Known::Known(true));
        }
    }

    #[test]
    fn keys(value in of(KEY)) {
        harmless!(vaults::key(&KeyName::parse("k").unwrap(), &value));
    }

    #[test]
    fn role_assignments(value in of(ROLE)) {
        harmless!(authorization::role_assignment(&value));
    }

    #[test]
    fn permissions_and_providers(permission in of(PERMISSION), provider in of(PROVIDER)) {
        harmless!(authorization::permission(&permission));
        harmless!(arm::provider(&provider));
    }

    #[test]
    fn locks(value in of(LOCK)) {
        harmless!(authorization::lock(&value));
    }

    #[test]
    fn errors(status in 300_u16..600, body in of(ERROR), cut in any::<u16>(),
        raw in proptest::collection::vec(any::<u8>(), 0..64), kind in wild(), form in 0..3) {
        let text = body.to_string().into_bytes();
        let bytes = match form {
            0 => text,
            1 => text.get(..usize::from(cut) % text.len().max(1)).unwrap_or_default().to_vec(),
            _ => raw,
        };
        let fault = Fault::answered(Service::Arm, &answer_of(status, &bytes, &kind));
        harmless!((&fault.message, &fault.code, &fault.inner_code, &fault.correlation));
        prop_assert!(fault.message.chars().count() <= 1300);
        prop_assert!(!fault.message.contains("Bearer eyJ"));
        harmless!(fault.clause());
        harmless!(fault.unreadable());
        harmless!(fault.clone().into_error("It failed."));
        harmless!(arm::refused(fault.clone()));
        harmless!(Fault::shape(Service::Bap, &answer_of(status, &bytes, &kind), "x").message);
        let _ = (fault.is_ambiguous(), fault.is_forbidden(), fault.is("x"));
    }

    #[test]
    fn paths_into_any_value(value in json_value(), path in prop_oneof!["[a-z.]{0,12}", wild()]) {
        let _ = (json::at(&value, &path), json::look(&value, &path), json::number(&value, &path),
            json::maybe(&value, &path, json::as_date), json::must(&value, &path, json::as_seconds));
        harmless!(json::text(&value, &path));
        harmless!(json::texts(&value, &path));
        prop_assert!(json::text(&value, &path).is_none_or(|text| !text.trim().is_empty()));
    }
}
