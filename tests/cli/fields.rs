//! Fields that decide: every documented value in any case, an unknown value, and values of another
//! type. The reason for an unknown field names it, and its value if there is one.

use cmkctl::cloud::{arm, environments, inventory, vaults};
use cmkctl::model::environment::{Environment, Governance, Management, Runtime, Sku, Stage};
use cmkctl::model::ids::{ArmId, ResourceKind};
use cmkctl::model::key_ids::KeyName;
use cmkctl::model::known::{Known, Verdict};
use cmkctl::model::operation::Progress;
use cmkctl::model::protection::{Health, KeyType, Network, Policy, Provider, Registration, Vault};
use cmkctl::model::seen::{Reason, Seen};
use cmkctl::model::subscription::Standing;
use serde_json::{Map, Value, json};
use std::fmt::Debug;

/// Sets a dotted path to `value`; `None` removes the field.
fn put(document: &mut Value, path: &str, value: Option<Value>) {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut here = document;
    for name in parents.split('.').filter(|name| !name.is_empty()) {
        here = here
            .as_object_mut()
            .unwrap()
            .entry(name)
            .or_insert_with(|| Value::Object(Map::new()));
    }
    let here = here.as_object_mut().unwrap();
    match value {
        Some(value) => here.insert(last.to_owned(), value),
        None => here.remove(last),
    };
}

/// A field: its path, its name in messages, its values, and its meaning if it is missing.
struct Field<T> {
    path: &'static str,
    name: &'static str,
    words: Vec<(&'static str, T)>,
    left_out: Option<T>,
}

impl<T: Debug + PartialEq> Field<T> {
    fn holds(&self, whole: &Value, read: impl Fn(&Value) -> Known<T>) {
        let with = |value: Option<Value>| {
            let mut document = whole.clone();
            put(&mut document, self.path, value);
            read(&document)
        };
        for (word, expected) in &self.words {
            for word in [(*word).to_owned(), word.to_uppercase(), word.to_lowercase()] {
                let found = with(Some(json!(word)));
                assert_eq!(found.known(), Some(expected), "{}: {word}", self.path);
            }
        }
        let odd = with(Some(json!("Wibble")));
        let why = odd
            .unknown()
            .unwrap_or_else(|| panic!("{}: {odd:?}", self.path));
        assert_eq!(
            why,
            format!("`{}` is `Wibble`, which cmkctl does not know", self.name)
        );
        for none in [None, Some(Value::Null)] {
            let found = with(none.clone());
            assert_eq!(
                found.known(),
                self.left_out.as_ref(),
                "{}: {none:?}",
                self.path
            );
        }
        for odd in [json!(7), json!({}), json!([]), json!(true)] {
            let found = with(Some(odd.clone()));
            assert!(found.unknown().is_some(), "{}: {odd}: {found:?}", self.path);
        }
    }
}

fn id(kind: ResourceKind, name: &str) -> ArmId {
    ArmId::new("11111111-2222-3333-4444-555555555555", "g", kind, name).unwrap()
}

fn environment_json() -> Value {
    json!({ "name": "e", "location": "europe", "properties": {
        "displayName": "UAT", "environmentSku": "Sandbox", "isDefault": false, "tenantId": "t",
        "governanceConfiguration": { "protectionLevel": "Standard" },
        "linkedEnvironmentMetadata": { "instanceState": "Ready" },
        "states": { "management": { "id": "Ready" }, "runtime": { "id": "Enabled" } },
        "permissions": { "ManageProtectionKeys": {} },
        "enterprisePolicies": { "customerManagedKeys": {
            "id": id(ResourceKind::EnterprisePolicy, "p").to_string(), "linkStatus": "Linked" } },
    } })
}

fn environment(value: &Value) -> Environment {
    environments::environment(value).unwrap()
}

#[test]
fn words_of_an_environment() {
    let whole = environment_json();
    Field {
        path: "properties.governanceConfiguration.protectionLevel",
        name: "protectionLevel",
        words: vec![
            ("Standard", Governance::Managed),
            ("Basic", Governance::Unmanaged),
        ],
        left_out: None,
    }
    .holds(&whole, |value| environment(value).protection_level.means);
    Field {
        path: "properties.states.management.id",
        name: "states.management.id",
        words: vec![
            ("Ready", Management::Ready),
            ("NotSpecified", Management::Unspecified),
            ("Running", Management::Busy),
            ("Copying", Management::Busy),
        ],
        left_out: None,
    }
    .holds(&whole, |value| environment(value).management_state.means);
    Field {
        path: "properties.states.runtime.id",
        name: "states.runtime.id",
        words: vec![
            ("Enabled", Runtime::Enabled),
            ("AdminMode", Runtime::AdminMode),
            ("Disabled", Runtime::Disabled),
        ],
        left_out: None,
    }
    .holds(&whole, |value| environment(value).runtime_state.means);
    Field {
        path: "properties.environmentSku",
        name: "environmentSku",
        words: vec![
            ("Production", Sku::Production),
            ("Sandbox", Sku::Other),
            ("Developer", Sku::Other),
            ("Trial", Sku::Unsupported),
            ("Teams", Sku::Unsupported),
            ("Default", Sku::Unsupported),
        ],
        left_out: None,
    }
    .holds(&whole, |value| environment(value).sku.means);
}

#[test]
fn words_of_a_link_and_of_an_operation() {
    let stage = |value: &Value| match environment(value).key_link {
        Seen::Present(link) => link.status.means,
        other => panic!("{other:?}"),
    };
    Field {
        path: "properties.enterprisePolicies.customerManagedKeys.linkStatus",
        name: "linkStatus",
        words: vec![
            ("Linked", Stage::Linked),
            ("Failed", Stage::Failed),
            ("Linking", Stage::Linking),
            ("LinkingOnline", Stage::Linking),
            ("Unlinking", Stage::Unlinking),
            ("UnlinkingOnline", Stage::Unlinking),
        ],
        left_out: None,
    }
    .holds(&environment_json(), stage);
    let operation = json!({ "id": "o", "type": { "id": "Copy" }, "state": { "id": "Running" } });
    let field = Field {
        path: "state.id",
        name: "state.id",
        words: vec![
            ("NotStarted", Progress::Running),
            ("Running", Progress::Running),
            ("Succeeded", Progress::Succeeded),
            ("Completed", Progress::Succeeded),
            ("Failed", Progress::Failed),
            ("Canceled", Progress::Canceled),
            ("Cancelled", Progress::Canceled),
        ],
        left_out: None,
    };
    field.holds(&operation, |value| {
        environments::operation(value).state.means
    });
    let mut odd = operation;
    odd["state"]["id"] = json!("Wibble");
    let odd = environments::operation(&odd);
    assert!(!odd.has_ended() && !odd.succeeded() && !odd.failed());
}

#[test]
fn words_of_a_subscription() {
    let whole = json!({ "subscriptionId": "11111111-2222-3333-4444-555555555555",
        "displayName": "S", "state": "Enabled", "tenantId": "t" });
    let read = |value: &Value| inventory::subscription(value).unwrap();
    Field {
        path: "state",
        name: "state",
        words: vec![
            ("Enabled", Standing::Enabled),
            ("Warned", Standing::Warned),
            ("PastDue", Standing::Warned),
            ("Disabled", Standing::Disabled),
            ("Deleted", Standing::Disabled),
        ],
        left_out: None,
    }
    .holds(&whole, |value| read(value).state.means);
    let mut bare = whole;
    put(&mut bare, "tenantId", None);
    assert!(read(&bare).tenant.unknown().is_some());
    put(&mut bare, "subscriptionId", None);
    assert!(inventory::subscription(&bare).is_err());
}

#[test]
fn a_state_that_is_not_specified_is_the_one_of_the_instance() {
    let ready = |management: Value, instance: Value| {
        let mut document = environment_json();
        document["properties"]["states"]["management"]["id"] = management;
        document["properties"]["linkedEnvironmentMetadata"]["instanceState"] = instance;
        environment(&document).is_ready()
    };
    let open = |verdict: &Verdict| verdict.open().map(|why| why.why.clone());
    assert_eq!(ready(json!("NotSpecified"), json!("Ready")), Verdict::Yes);
    assert_eq!(ready(json!("NotSpecified"), json!("Running")), Verdict::No);
    let odd = ready(json!("NotSpecified"), json!("Wibble"));
    assert_eq!(
        open(&odd).as_deref(),
        Some("`instanceState` is `Wibble`, which cmkctl does not know")
    );
    for instance in [json!("NotSpecified"), Value::Null, json!(7)] {
        let found = ready(json!("NotSpecified"), instance.clone());
        assert!(open(&found).is_some(), "{instance}");
    }
    // The instance's state does not matter if the environment's own state is unknown.
    assert!(open(&ready(json!("Wibble"), json!("Ready"))).is_some());
}

#[test]
fn what_an_environment_leaves_out_means_what_is_documented() {
    let with = |path: &str, value: Option<Value>| {
        let mut document = environment_json();
        put(&mut document, path, value);
        environment(&document)
    };
    let (default, tenant) = ("properties.isDefault", "properties.tenantId");
    let manager = "properties.protectionStatus.keyManagedBy";
    for none in [None, Some(Value::Null)] {
        let found = with(default, none.clone());
        assert_eq!(found.is_default, Known::Known(false), "{none:?}");
        assert_eq!(with(tenant, none.clone()).tenant_id, Known::Known(None));
        let found = with(manager, none.clone());
        assert_eq!(found.key_managed_by, Known::Known(None));
        let found = with("properties.permissions", none.clone());
        assert_eq!(found.permissions, Known::Known(None));
        assert!(with("location", none).location.unknown().is_some());
    }
    let mut named = environment_json();
    named["name"] = json!("Default-11111111-2222-3333-4444-555555555555");
    put(&mut named, default, None);
    assert_eq!(environment(&named).is_default, Known::Known(true));
    for odd in [json!(7), json!([]), json!("")] {
        assert!(
            with(default, Some(odd.clone()))
                .is_default
                .unknown()
                .is_some()
        );
        assert!(
            with(tenant, Some(odd.clone()))
                .tenant_id
                .unknown()
                .is_some()
        );
        let found = with("properties.permissions", Some(odd.clone()));
        assert!(found.permissions.unknown().is_some(), "{odd}");
        let found = with(manager, Some(odd.clone()));
        let why = found.key_managed_by.unknown().unwrap().to_owned();
        assert!(found.key_link.present().is_some(), "{odd}");
        let mut bare = environment_json();
        put(&mut bare, "properties.enterprisePolicies", None);
        put(&mut bare, manager, Some(odd.clone()));
        let link = environment(&bare).key_link;
        let open = link.unreadable().unwrap();
        assert!(open.why.ends_with(&why), "{odd}");
        assert_eq!(open.reason, Reason::Other, "{odd}");
        assert!(with("location", Some(odd)).location.unknown().is_some());
    }
    let found = with(
        "properties.permissions",
        Some(json!({ "A": {}, "B": false })),
    );
    assert_eq!(found.permissions, Known::Known(Some(vec!["A".to_owned()])));
}

fn vault_json() -> Value {
    json!({ "properties": { "vaultUri": "https://v.vault.azure.net/", "tenantId": "t",
        "publicNetworkAccess": "Disabled",
        "networkAcls": { "defaultAction": "Deny", "bypass": "AzureServices" } } })
}

fn vault(value: &Value) -> Vault {
    vaults::vault(&id(ResourceKind::Vault, "v"), value).unwrap()
}

#[test]
fn words_of_the_network_of_a_vault() {
    let whole = vault_json();
    let network = |value: &Value| vault(value).network;
    Field {
        path: "properties.publicNetworkAccess",
        name: "publicNetworkAccess",
        words: vec![
            ("Enabled", Network::TrustedServices),
            ("Disabled", Network::TrustedServices),
            ("SecuredByPerimeter", Network::Perimeter),
        ],
        left_out: Some(Network::TrustedServices),
    }
    .holds(&whole, network);
    let mut open = whole.clone();
    put(&mut open, "properties.publicNetworkAccess", None);
    Field {
        path: "properties.networkAcls.defaultAction",
        name: "networkAcls.defaultAction",
        words: vec![("Allow", Network::Open), ("Deny", Network::TrustedServices)],
        left_out: None,
    }
    .holds(&open, network);
    Field {
        path: "properties.networkAcls.bypass",
        name: "networkAcls.bypass",
        words: vec![
            ("AzureServices", Network::TrustedServices),
            ("None", Network::Closed),
            ("None, AzureServices", Network::TrustedServices),
        ],
        left_out: Some(Network::TrustedServices),
    }
    .holds(&whole, network);
}

#[test]
fn what_a_vault_leaves_out_means_what_is_documented() {
    let with = |path: &str, value: Option<Value>| {
        let mut document = vault_json();
        put(&mut document, path, value);
        vault(&document)
    };
    let (days, tenant) = (
        "properties.softDeleteRetentionInDays",
        "properties.tenantId",
    );
    for none in [None, Some(Value::Null)] {
        assert_eq!(with(days, none.clone()).retention_days, Known::Known(90));
        assert!(with(tenant, none).tenant_id.unknown().is_some());
    }
    assert_eq!(with(days, Some(json!(7))).retention_days, Known::Known(7));
    for odd in [json!("7"), json!(-1), json!(7.5), json!({})] {
        let found = with(days, Some(odd.clone()));
        assert!(found.retention_days.unknown().is_some(), "{odd}");
    }
}

#[test]
fn words_of_a_key() {
    let whole = json!({ "properties": { "kty": "RSA", "keySize": 3072, "keyUriWithVersion":
        "https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef" } });
    let name = KeyName::parse("k").unwrap();
    let field = Field {
        path: "properties.kty",
        name: "kty",
        words: vec![
            ("RSA", KeyType::Rsa),
            ("RSA-HSM", KeyType::Rsa),
            ("EC", KeyType::Other),
            ("EC-HSM", KeyType::Other),
            ("oct", KeyType::Other),
            ("oct-HSM", KeyType::Other),
        ],
        left_out: None,
    };
    field.holds(&whole, |value| vaults::key(&name, value).kty.means);
    let with = |path: &str, value: Option<Value>| {
        let mut document = whole.clone();
        put(&mut document, path, value);
        vaults::key(&name, &document)
    };
    for odd in [
        None,
        Some(Value::Null),
        Some(json!("3072")),
        Some(json!(-1)),
    ] {
        let bits = with("properties.keySize", odd.clone()).bits;
        assert!(
            bits.unknown().is_some_and(|why| why.contains("keySize")),
            "{odd:?}"
        );
        let version = with("properties.keyUriWithVersion", odd.clone()).version;
        assert!(version.unknown().is_some(), "{odd:?}");
    }
}

fn policy_json() -> Value {
    json!({ "kind": "Encryption", "location": "europe", "properties": {
        "encryption": { "state": "Enabled" }, "healthStatus": "Healthy" } })
}

fn policy(value: &Value) -> Policy {
    arm::policy(&id(ResourceKind::EnterprisePolicy, "p"), value).unwrap()
}

#[test]
fn words_of_a_policy_and_of_the_provider() {
    Field {
        path: "properties.encryption.state",
        name: "encryption.state",
        words: vec![
            ("Enabled", true),
            ("Disabled", false),
            ("NotConfigured", false),
        ],
        left_out: None,
    }
    .holds(&policy_json(), |value| policy(value).encrypts);
    // A missing `healthStatus` is a known absence.
    let health = |value: &Value| {
        policy(value)
            .health
            .map_or(Known::Known(None), |word| word.means.map(Some))
    };
    Field {
        path: "properties.healthStatus",
        name: "healthStatus",
        words: vec![
            ("Undetermined", Some(Health::Undetermined)),
            ("Healthy", Some(Health::Healthy)),
            ("Warning", Some(Health::Bad)),
            ("Unhealthy", Some(Health::Bad)),
        ],
        left_out: Some(None),
    }
    .holds(&policy_json(), health);
    let provider = json!({ "registrationState": "Registered", "resourceTypes": [
        { "resourceType": "enterprisePolicies", "locations": ["United States", "Europe"] } ] });
    Field {
        path: "registrationState",
        name: "registrationState",
        words: vec![
            ("Registered", Registration::Registered),
            ("Registering", Registration::Registering),
            ("NotRegistered", Registration::NotRegistered),
            ("Unregistered", Registration::NotRegistered),
            ("Unregistering", Registration::NotRegistered),
        ],
        left_out: None,
    }
    .holds(&provider, |value| arm::provider(value).state);
    let locations = |types: Value| {
        let Provider { locations, .. } = arm::provider(&json!({ "resourceTypes": types }));
        locations
    };
    assert_eq!(
        arm::provider(&provider).locations,
        Known::Known(vec!["unitedstates".to_owned(), "europe".to_owned()])
    );
    for odd in [
        Value::Null,
        json!([]),
        json!([{ "resourceType": "accounts", "locations": ["Europe"] }]),
        json!([{ "resourceType": "enterprisePolicies" }]),
        json!([{ "resourceType": "enterprisePolicies", "locations": "Europe" }]),
        json!([{ "resourceType": "enterprisePolicies", "locations": [7] }]),
    ] {
        assert!(locations(odd.clone()).unknown().is_some(), "{odd}");
    }
}

#[test]
fn a_policy_without_a_place_is_in_no_known_one() {
    for odd in [None, Some(Value::Null), Some(json!(7)), Some(json!(" "))] {
        let mut document = policy_json();
        put(&mut document, "location", odd.clone());
        assert!(policy(&document).location.unknown().is_some(), "{odd:?}");
    }
}
