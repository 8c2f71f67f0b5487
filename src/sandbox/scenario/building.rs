//! How a tenant begins: a scenario that was checked becomes a world.

use super::generate::generate;
use super::setup::{Crowd, PolicySetup, Setup, UserSetup};
use crate::sandbox::tenant::clock::{Clock, LONG_AGO};
use crate::sandbox::tenant::ids::guid;
use crate::sandbox::tenant::parts::{Environment, LastAdd, Lock, Policy, Role, User};
use crate::sandbox::tenant::roles::{ENCRYPTION_USER, role_id};
use crate::sandbox::tenant::world::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn world(setup: &Setup, speed: f64) -> World {
    let setup = setup.clone();
    let clock = Clock {
        epoch: setup.epoch,
        started: Timestamp::now(),
        speed,
    };
    let subscription = guid("subscription");
    let mut world = World {
        summary: setup.summary,
        tenant: guid("tenant"),
        subscription,
        settings: setup.settings,
        users: BTreeMap::new(),
        provider: setup.provider,
        provider_since: None,
        azure_policy: setup.azure_policy,
        planted: BTreeMap::new(),
        events: setup.events,
        unfinished: Vec::new(),
        provider_locations: setup.provider_locations,
        environments: setup.environments,
        vaults: setup.vaults,
        policies: BTreeMap::new(),
        roles: Vec::new(),
        locks: Vec::new(),
        operations: Vec::new(),
        azure_operations: Vec::new(),
        managers: Vec::new(),
        effects: Vec::new(),
        tokens: 0,
        polls: 0,
        target: setup.target,
        clock,
    };
    add_users(&mut world, setup.users);
    add_policies(&mut world, setup.policies);
    if let Some(size) = &setup.generate {
        generate(&mut world, size);
    }
    add_environments(&mut world, &setup.crowd);
    for key in std::mem::take(&mut world.unfinished) {
        world.leave_unfinished(&key);
    }
    world.locks = setup
        .locks
        .into_iter()
        .map(|lock| placed(&world, lock))
        .collect();
    for past in &setup.history {
        world.remember(&past.environment, &past.kind, past.failed, past.days_ago);
    }
    world
}

/// A lock may be put on the vault or the policy that commands take without arguments, or on their
/// group.
fn placed(world: &World, lock: Lock) -> Lock {
    let scope = match lock.scope.as_str() {
        "@vault" => world.vault_id(&world.target.vault),
        "@policy" => world.policy_id(&world.target.policy),
        "@group" => world.group_id(),
        _ => lock.scope,
    };
    Lock { scope, ..lock }
}

fn add_users(world: &mut World, users: BTreeMap<String, UserSetup>) {
    let scope = format!("/subscriptions/{}", world.subscription);
    for (name, user) in users {
        let object_id = guid(&format!("user/{name}"));
        for role in &user.azure {
            let role = Role {
                name: guid(&format!("assignment/{name}/{role}")),
                scope: scope.clone(),
                role: role_id(role).to_owned(),
                principal: object_id.clone(),
                since: LONG_AGO,
            };
            world.roles.push(role);
        }
        let client_id = guid(&format!("client/{name}"));
        if user.power_platform.sees_environments() {
            world.managers.push(client_id.clone());
        }
        let user = User {
            client_id,
            object_id,
            about: user.about,
            power_platform: user.power_platform,
            dataverse: user.dataverse,
        };
        world.users.insert(name, user);
    }
}

fn add_policies(world: &mut World, policies: BTreeMap<String, PolicySetup>) {
    for (name, setup) in policies {
        let id = world.policy_id(&name);
        let policy = Policy {
            id: id.clone(),
            name,
            location: setup.location.clone(),
            kind: setup.kind.clone(),
            vault_id: world.vault_id(&setup.vault),
            key: setup.key.clone(),
            version: setup.version.clone(),
            created: LONG_AGO,
            no_identity: setup.no_identity,
            tags: Value::Null,
        };
        let since = setup
            .granted_seconds_ago
            .map(|seconds| world.clock.epoch - SignedDuration::from_secs(seconds));
        let first = setup.granted.then(|| policy.vault_id.clone());
        let more = setup.granted_at.iter().map(|name| world.vault_id(name));
        for scope in first.into_iter().chain(more).collect::<Vec<_>>() {
            world.roles.push(Role {
                name: guid(&format!("grant/{id}/{scope}")),
                scope,
                role: ENCRYPTION_USER.to_owned(),
                principal: policy.principal(),
                since: since.unwrap_or(LONG_AGO),
            });
        }
        world.policies.insert(id.to_ascii_lowercase(), policy);
    }
}

fn add_environments(world: &mut World, crowd: &Crowd) {
    for number in 1..=crowd.size {
        world.environments.insert(
            format!("crowd-{number}"),
            Environment::ordinary(number, &crowd.policy),
        );
    }
    let tenant = world.tenant.clone();
    let links: BTreeMap<String, String> = world
        .environments
        .iter()
        .filter_map(|(key, environment)| {
            Some((key.clone(), world.policy_id(environment.policy.as_ref()?)))
        })
        .collect();
    for (key, environment) in &mut world.environments {
        if environment.id.is_empty() {
            let id = guid(&format!("environment/{key}"));
            environment.id = if environment.is_default {
                format!("Default-{tenant}")
            } else {
                id
            };
        }
        let link = links.get(key);
        let status = if environment.last_add == LastAdd::Failed {
            "Failed"
        } else {
            "Linked"
        };
        environment.link = link.map(|id| (id.clone(), status.to_owned()));
    }
}
