//! Generates a large tenant from a seed: environments, policies and vaults with every kind of
//! trouble. It records the expected state of each environment.

use crate::tenant::clock::LONG_AGO;
use crate::tenant::ids::guid;
use crate::tenant::keys::rbac;
use crate::tenant::local_roles::local_scope;
use crate::tenant::parts::{Environment, LastAdd, Policy, Role, RoleDetails};
use crate::tenant::rights::{ENCRYPTION_USER, HSM_ENCRYPTION_USER};
use crate::tenant::subscriptions::Place;
use crate::tenant::vaults::{Key, Vault};
use crate::tenant::world::World;
use serde::Deserialize;
use serde_json::{Value, json};

/// The size of the tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Generate {
    seed: u64,
    environments: u32,
    policies: u32,
    vaults: u32,
}

/// A deterministic random generator (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// Trouble of a policy's key, vault or grant. It is assigned in turn, so that a large tenant has
/// every kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    Expired,
    Disabled,
    Expiring,
    NoGrant,
    Firewall,
    NoPurgeProtection,
}

impl Trouble {
    /// Does it cut the services off from the key at once?
    fn cuts_off(self) -> bool {
        matches!(
            self,
            Trouble::Expired | Trouble::Disabled | Trouble::NoGrant | Trouble::Firewall
        )
    }
}

const TURNS: [Trouble; 12] = [
    Trouble::None,
    Trouble::None,
    Trouble::Expired,
    Trouble::None,
    Trouble::Expiring,
    Trouble::None,
    Trouble::NoGrant,
    Trouble::None,
    Trouble::Disabled,
    Trouble::None,
    Trouble::Firewall,
    Trouble::NoPurgeProtection,
];

pub(super) fn generate(world: &mut World, size: &Generate) {
    let mut dice = Dice(size.seed);
    // All policies of a vault share its trouble, so vaults take turns too.
    for number in 0..size.vaults {
        world.vaults.insert(vault_name(number), vault(number));
    }
    let mut troubles = Vec::new();
    for number in 0..size.policies {
        troubles.push(add_policy(world, number, size.vaults));
    }
    for number in 0..size.environments {
        let policy = (size.policies > 0 && dice.roll(3) == 0)
            .then(|| u32::try_from(dice.roll(u64::from(size.policies))).unwrap_or_default());
        let turn = dice.roll(40);
        let (environment, state) = environment(number, policy, &troubles, turn);
        let key = format!("estate-{number:05}");
        world
            .planted
            .entry(state)
            .or_default()
            .push(guid(&format!("environment/{key}")));
        if turn == 0 && policy.is_some() {
            world.unfinished.push(key.clone());
        }
        world.environments.insert(key, environment);
    }
}

fn add_policy(world: &mut World, number: u32, vaults: u32) -> Trouble {
    let name = format!("ep-estate-{number:02}");
    let vault = vault_name(number % vaults.max(1));
    let of_vault = vault_trouble(number % vaults.max(1));
    let of_policy = TURNS
        .get(number as usize % 10)
        .copied()
        .unwrap_or(Trouble::None);
    // If a policy has two troubles, record the worse one as the expected state.
    let trouble = if of_vault == Trouble::None || of_policy.cuts_off() {
        of_policy
    } else {
        of_vault
    };
    let key_name = format!("cmk-estate-{number:02}");
    let expires = match of_policy {
        Trouble::Expired => -2,
        Trouble::Expiring => 20,
        _ => 400,
    };
    if let Some(found) = world.vaults.get_mut(&vault) {
        let key = Key {
            enabled: of_policy != Trouble::Disabled,
            expires_in_days: Some(expires),
            versions: 1,
            ..Key::new(if found.hsm { "RSA-HSM" } else { "RSA" }, 3072)
        };
        found.keys.insert(key_name.clone(), key);
    }
    let id = world.policy_id(&name);
    let policy = Policy {
        id: id.clone(),
        name,
        location: "europe".to_owned(),
        kind: "Encryption".to_owned(),
        vault_id: world.vault_id(&vault),
        key: key_name.clone(),
        version: None,
        created: LONG_AGO,
        no_identity: false,
        health: "Undetermined".to_owned(),
        state: "Enabled".to_owned(),
        tags: Value::Null,
    };
    if of_policy != Trouble::NoGrant {
        grant(world, &policy, &vault, &key_name);
    }
    world.policies.insert(id.to_ascii_lowercase(), policy);
    trouble
}

/// Grants access by the vault's permission model.
fn grant(world: &mut World, policy: &Policy, vault: &str, key: &str) {
    let (hsm, rbac) = world
        .vaults
        .get(vault)
        .map_or((false, true), |found| (found.hsm, rbac(found)));
    if !rbac {
        if let Some(found) = world.vaults.get_mut(vault)
            && let Some(list) = found.properties["accessPolicies"].as_array_mut()
        {
            list.push(json!({
                "tenantId": "@tenant",
                "objectId": policy.principal(),
                "permissions": { "keys": ["get", "wrapKey", "unwrapKey"] },
            }));
        }
        return;
    }
    let (scope, role) = if hsm {
        (
            local_scope(vault, &format!("/keys/{key}")),
            HSM_ENCRYPTION_USER,
        )
    } else {
        (policy.vault_id.clone(), ENCRYPTION_USER)
    };
    world.roles.push(Role {
        name: guid(&format!("grant/{}/{scope}", policy.id)),
        scope,
        role: role.to_owned(),
        principal: policy.principal(),
        since: LONG_AGO,
        more: RoleDetails::default(),
    });
}

fn vault_name(number: u32) -> String {
    format!("kv-estate-{number:02}")
}

fn vault_trouble(number: u32) -> Trouble {
    match number {
        4 => Trouble::Firewall,
        7 => Trouble::NoPurgeProtection,
        _ => Trouble::None,
    }
}

fn vault(number: u32) -> Vault {
    let (hsm, trouble) = (number == 9, vault_trouble(number));
    let mut properties = json!({
        "enableSoftDelete": true,
        "softDeleteRetentionInDays": 90,
        "publicNetworkAccess": "Enabled",
    });
    // A property that is off is omitted. An HSM has neither of these two.
    if trouble != Trouble::NoPurgeProtection {
        properties["enablePurgeProtection"] = json!(true);
    }
    if !hsm {
        properties["enableRbacAuthorization"] = json!(number != 2);
        properties["accessPolicies"] = json!([]);
    }
    if trouble == Trouble::Firewall {
        properties["networkAcls"] = json!({ "defaultAction": "Deny", "bypass": "None" });
    }
    Vault {
        hsm,
        properties,
        ..Vault::new(Place::default(), "westeurope")
    }
}

/// An environment, and the state that a reader should find.
fn environment(
    number: u32,
    policy: Option<u32>,
    troubles: &[Trouble],
    turn: u64,
) -> (Environment, &'static str) {
    let sku = if turn.is_multiple_of(3) {
        "Production"
    } else {
        "Sandbox"
    };
    let mut environment = Environment::ordinary(number, "");
    environment.name = format!("Estate {number:05}");
    sku.clone_into(&mut environment.sku);
    environment.domain = Some(format!("estate-{number:05}"));
    environment.policy = policy.map(|policy| format!("ep-estate-{policy:02}"));
    let Some(trouble) = policy.and_then(|policy| troubles.get(policy as usize)) else {
        return (environment, "not-encrypted");
    };
    // The services lose the key at different times, so some environments of a policy are locked
    // before others.
    let cut_off = trouble.cuts_off();
    let state = match turn {
        // A running operation explains that the environment is offline.
        1..=20 if cut_off => {
            "Disabled".clone_into(&mut environment.runtime);
            "locked"
        }
        _ if cut_off || *trouble == Trouble::NoPurgeProtection => "endangered",
        1 => {
            environment.last_add = LastAdd::Failed;
            "failed"
        }
        _ if *trouble == Trouble::Expiring => "expiring",
        0 => "encrypting",
        _ => "encrypted",
    };
    (environment, state)
}
