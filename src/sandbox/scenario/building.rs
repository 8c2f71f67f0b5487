//! Builds the tenant of a checked scenario.

use super::generate::generate;
use super::granting::{self, placed};
use super::rights::RightsSetup;
use super::setup::{Crowd, Past, PolicySetup, Setup, UserSetup};
use crate::tenant::alerts::Alert;
use crate::tenant::clock::{Clock, LONG_AGO};
use crate::tenant::governance::Governance;
use crate::tenant::ids::guid;
use crate::tenant::operations::Operations;
use crate::tenant::parts::{Environment, LastAdd, Lock, Policy, Role, RoleDetails, Standing, User};
use crate::tenant::rights::{ENCRYPTION_USER, Rights};
use crate::tenant::sign_ins::SignIns;
use crate::tenant::subscriptions::Subscription;
use crate::tenant::world::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn world(setup: &Setup, rights: &RightsSetup, speed: f64) -> World {
    let setup = setup.clone();
    let clock = Clock {
        epoch: setup.epoch,
        started: Timestamp::now(),
        speed,
    };
    let subscriptions = setup.subscriptions();
    let mut world = World {
        summary: setup.summary,
        tenant: guid("tenant"),
        creator: guid("user/admin"),
        subscriptions,
        settings: setup.settings,
        users: BTreeMap::new(),
        governance: Governance::default(),
        planted: BTreeMap::new(),
        events: setup.events,
        unfinished: Vec::new(),
        provider_locations: setup.provider_locations,
        environments: setup.environments,
        vaults: setup.vaults,
        workspaces: setup.workspaces,
        alerts: BTreeMap::new(),
        policies: BTreeMap::new(),
        named_policies: BTreeMap::new(),
        roles: Vec::new(),
        rights: Rights::default(),
        locks: Vec::new(),
        operations: Operations::default(),
        azure_operations: Vec::new(),
        deployments: BTreeMap::new(),
        earlier: Vec::new(),
        managers: Vec::new(),
        effects: Vec::new(),
        tokens: 0,
        polls: 0,
        sign_ins: SignIns::default(),
        target: setup.target,
        clock,
    };
    if let Some(name) = &setup.azure_policy {
        world.forbid_policies(name);
    }
    granting::define(&mut world, &rights.role_definitions);
    add_users(&mut world, setup.users);
    add_policies(&mut world, setup.policies);
    if let Some(size) = &setup.generate {
        generate(&mut world, size);
    }
    add_environments(&mut world, &setup.crowd);
    for key in std::mem::take(&mut world.unfinished) {
        world.leave_unfinished(&key);
    }
    granting::grant(&mut world, rights);
    add_locks(&mut world, setup.locks);
    add_alerts(&mut world, setup.alerts);
    remember(&mut world, &setup.history);
    world
}

fn remember(world: &mut World, history: &[Past]) {
    for past in history {
        let what = (&*past.environment, &*past.kind);
        let when = (past.days_ago, past.days_left);
        world.remember(what, past.failed, when);
    }
}

fn add_alerts(world: &mut World, alerts: BTreeMap<String, Alert>) {
    for (name, alert) in alerts {
        let scope = placed(world, &alert.scope);
        world.alerts.insert(name, Alert { scope, ..alert });
    }
}

fn add_locks(world: &mut World, locks: Vec<Lock>) {
    let placed = |lock: Lock| Lock {
        scope: placed(world, &lock.scope),
        ..lock
    };
    world.locks = locks.into_iter().map(placed).collect();
}

fn add_users(world: &mut World, users: BTreeMap<String, UserSetup>) {
    let first = world.subscriptions.first();
    let scope = first.map(Subscription::scope).unwrap_or_default();
    for (name, user) in users {
        let object_id = guid(&format!("user/{name}"));
        for role in &user.azure {
            let role = Role {
                name: guid(&format!("assignment/{name}/{role}")),
                scope: scope.clone(),
                role: granting::role_id(world, role),
                principal: object_id.clone(),
                since: LONG_AGO,
                more: RoleDetails::default(),
            };
            world.roles.push(role);
        }
        let client_id = guid(&format!("client/{name}"));
        if user.power_platform == Standing::Admin {
            world.managers.push(client_id.clone());
        }
        let user = User {
            client_id,
            object_id,
            certificates: Vec::new(),
            about: user.about,
            power_platform: user.power_platform,
            dataverse: user.dataverse,
        };
        world.users.insert(name, user);
    }
}

fn add_policies(world: &mut World, policies: BTreeMap<String, PolicySetup>) {
    for (name, setup) in policies {
        let own_name = setup.name.clone().unwrap_or_else(|| name.clone());
        let id = world.policy_id_in(&setup.place, &own_name);
        world.named_policies.insert(name, id.clone());
        let policy = Policy {
            id: id.clone(),
            name: own_name,
            location: setup.location.clone(),
            kind: setup.kind.clone(),
            vault_id: world.vault_id(&setup.vault),
            key: setup.key.clone(),
            version: setup.version.clone(),
            created: LONG_AGO,
            no_identity: setup.no_identity,
            health: setup.health.clone(),
            state: "Enabled".to_owned(),
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
                more: RoleDetails::default(),
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
