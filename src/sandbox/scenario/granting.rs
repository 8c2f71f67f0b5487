//! Sets up the rights of a tenant from the scenario, and resolves its names.

use super::rights::{
    AssignmentSetup, DefinitionSetup, DenialSetup, RightsSetup, Who, custom_id, local_role,
    subscription,
};
use crate::tenant::clock::LONG_AGO;
use crate::tenant::ids::guid;
use crate::tenant::local_roles::local_scope;
use crate::tenant::parts::{Role, RoleDetails};
use crate::tenant::rights::{Definition, Denial, EVERYONE, Group, ManagementGroup, Permission};
use crate::tenant::subscriptions::{Place, Subscription};
use crate::tenant::world::World;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// The ARM scope for a scope of the scenario. `@vault` and others stand for the default resources
/// of commands, and `@vault:NAME` for a named one.
pub(super) fn placed(world: &World, scope: &str) -> String {
    let target = &world.target;
    if let Some((what, name)) = scope.split_once(':') {
        return match what {
            "@vault" => world.vault_id(name),
            "@policy" => world.policy_id(name),
            "@subscription" => subscription(&world.subscriptions, name)
                .map(Subscription::scope)
                .unwrap_or_default(),
            _ => scope.to_owned(),
        };
    }
    match scope {
        "@vault" => world.vault_id(&target.vault),
        "@key" => format!("{}/keys/{}", world.vault_id(&target.vault), target.key),
        "@policy" => world.policy_id(&target.policy),
        "@group" => world.group_id(&Place::default()),
        "@subscription" => first(world),
        _ => scope.to_owned(),
    }
}

/// The GUID of an Azure RBAC role with this name. A GUID stays as it is.
pub(super) fn role_id(world: &World, named: &str) -> String {
    world
        .rights
        .definitions()
        .find(|definition| definition.name == named)
        .map_or_else(
            || named.to_ascii_lowercase(),
            |definition| definition.id.clone(),
        )
}

fn first(world: &World) -> String {
    let first = world.subscriptions.first();
    first.map(Subscription::scope).unwrap_or_default()
}

/// Defines custom roles, assignable in every subscription.
pub(super) fn define(world: &mut World, definitions: &BTreeMap<String, DefinitionSetup>) {
    let scopes = world.subscriptions.iter().map(Subscription::scope);
    let scopes: Vec<String> = scopes.collect();
    for (name, definition) in definitions {
        world.rights.custom.push(Definition {
            name: name.clone(),
            id: custom_id(name, definition),
            permission: Permission {
                actions: definition.actions.clone(),
                not_actions: definition.not_actions.clone(),
                data_actions: definition.data_actions.clone(),
                not_data_actions: definition.not_data_actions.clone(),
            },
            condition: None,
            assignable_scopes: scopes.clone(),
        });
    }
}

/// Creates groups, management groups, role assignments and deny assignments. Users and policies
/// must already exist.
pub(super) fn grant(world: &mut World, setup: &RightsSetup) {
    for (name, group) in &setup.groups {
        let members = group.members.iter().filter_map(|who| object_id(world, who));
        let group = Group {
            object_id: group_id(name),
            name: name.clone(),
            members: members.collect(),
        };
        world.rights.groups.push(group);
    }
    for (name, management_group) in &setup.management_groups {
        let subscriptions = management_group.subscriptions.iter();
        world.rights.management_groups.push(ManagementGroup {
            name: name.clone(),
            parent: management_group.parent.clone(),
            subscriptions: subscriptions
                .filter_map(|named| subscription(&world.subscriptions, named))
                .map(|subscription| subscription.id.clone())
                .collect(),
        });
    }
    for (number, assignment) in setup.assignments.iter().enumerate() {
        if let Some(role) = role(world, assignment, number) {
            world.roles.push(role);
        }
    }
    for (number, eligibility) in setup.eligibilities.iter().enumerate() {
        if let Some(role) = role(world, eligibility, number) {
            world.rights.eligible.push(role);
        }
    }
    for denial_setup in &setup.denials {
        let denial = denial(world, denial_setup);
        world.rights.denials.push(denial);
    }
}

fn group_id(name: &str) -> String {
    guid(&format!("group/{name}"))
}

/// The object id of an existing principal.
fn object_id(world: &World, who: &str) -> Option<String> {
    match Who::named(who) {
        Who::User(name) => world.users.get(name).map(|user| user.object_id.clone()),
        Who::Policy(name) => {
            let id = world.policy_id(name).to_ascii_lowercase();
            world.policies.get(&id).map(|policy| policy.principal())
        }
        Who::Group(name) => Some(group_id(name)),
    }
}

fn role(world: &World, assignment: &AssignmentSetup, number: usize) -> Option<Role> {
    let ago = assignment.days_ago.and_then(|days| {
        let ago = SignedDuration::try_from_secs_f64(days * 86_400.0).ok()?;
        Some(world.clock.epoch - ago)
    });
    let target = &world.target;
    let (scope, role) = match local_role(&assignment.role) {
        Some(local) if assignment.scope == "@key" => (
            local_scope(&target.vault, &format!("/keys/{}", target.key)),
            local.id.clone(),
        ),
        Some(local) => (local_scope(&target.vault, "/"), local.id.clone()),
        None => (
            placed(world, &assignment.scope),
            role_id(world, &assignment.role),
        ),
    };
    Some(Role {
        name: guid(&format!(
            "assignment/{number}/{}/{}",
            assignment.who, assignment.role
        )),
        scope,
        role,
        principal: object_id(world, &assignment.who)?,
        since: ago.unwrap_or(LONG_AGO),
        more: RoleDetails {
            condition_version: assignment.condition.as_ref().map(|_| "2.0".to_owned()),
            condition: assignment.condition.clone(),
            ..RoleDetails::default()
        },
    })
}

fn denial(world: &World, setup: &DenialSetup) -> Denial {
    let ids = |named: &[String]| {
        let id = |who: &String| match who.as_str() {
            "everyone" => Some(EVERYONE.to_owned()),
            who => object_id(world, who),
        };
        named.iter().filter_map(id).collect()
    };
    Denial {
        id: guid(&format!("denial/{}", setup.name)),
        name: setup.name.clone(),
        scope: placed(world, &setup.scope),
        principals: ids(&setup.who),
        excluded: ids(&setup.except),
        permission: Permission {
            actions: setup.actions.clone(),
            not_actions: setup.not_actions.clone(),
            data_actions: setup.data_actions.clone(),
            not_data_actions: setup.not_data_actions.clone(),
        },
    }
}
