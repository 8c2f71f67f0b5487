//! The judge: assignments that apply, what their roles allow, and what is denied.

use super::asked::{Asked, Doubt, Need, Right, applies, management_group, place, role_name};
use super::denied::{Denies, denied};
use crate::model::ids::{parse_guid, same_id};
use crate::model::rights::{Held, Operation, RoleAssignment, RoleDefinition};
use crate::model::roles::{INHERITED_ROLE_SETTLES, ROLE_SETTLES};
use crate::model::seen::{Seen, Unreadable};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Does the principal have the right?
pub fn judge<'a>(asked: Asked<'_>, held: &'a Held) -> Right<'a> {
    let granted = granted(asked, held);
    match (denied(asked, held), granted) {
        (Denies::Yes(denial), _) => Right::Denied(denial),
        (Denies::CantTell(doubt), Right::Yes(_)) => Right::CantTell(doubt),
        (Denies::CantTell(_) | Denies::No, granted) => granted,
    }
}

/// Where a denial can't be told, a grant more may not help: why.
pub fn denial_in_doubt(asked: Asked<'_>, held: &Held) -> Option<Doubt> {
    match denied(asked, held) {
        Denies::CantTell(doubt) => Some(doubt),
        Denies::Yes(_) | Denies::No => None,
    }
}

/// The roles whose definitions the answer depends on.
pub fn open_roles(asked: Asked<'_>, held: &Held) -> BTreeSet<String> {
    if asked.need == Need::HsmKey || !matches!(granted(asked, held), Right::CantTell(_)) {
        return BTreeSet::new();
    }
    if matches!(denied(asked, held), Denies::Yes(_)) {
        return BTreeSet::new();
    }
    let open = |role: &&RoleAssignment| {
        asked.need.built_in(&role.role).is_none()
            && !held.definitions.contains_key(&role.role)
            && parse_guid(&role.role).is_some()
    };
    let here = here(asked, held.roles.present().map_or(&[], Vec::as_slice));
    here.filter(open).map(|role| role.role.clone()).collect()
}

/// May a group that the principal is in give it, as far as a list of everybody's assignments tells?
pub fn may_come_by_group(asked: Asked<'_>, all: &[RoleAssignment]) -> bool {
    let held = Held::default();
    here(asked, all)
        .filter(|role| role.group && !same_id(&role.principal_id, asked.principal))
        .any(|role| {
            let operations = asked.need.operations().iter();
            operations
                .into_iter()
                .any(|operation| gives(asked.need, role, *operation, &held) != Gives::No)
        })
}

/// From when on the right is effective everywhere, and the assignment that takes longest. An
/// assignment whose time is not known may be new. Nothing where no assignment gives it.
pub fn effective<'a>(
    asked: Asked<'_>,
    held: &'a Held,
    now: Timestamp,
) -> Option<(Timestamp, &'a RoleAssignment)> {
    let roles = held.roles.present()?;
    let settled = |role: &'a RoleAssignment| {
        let made = role.created.known().copied().unwrap_or(now);
        let takes = if management_group(&role.scope).is_some() {
            INHERITED_ROLE_SETTLES
        } else {
            ROLE_SETTLES
        };
        Some((made.checked_add(takes).ok()?, role))
    };
    let mut latest = None;
    for operation in asked.need.operations() {
        // The first one that is effective counts: a second grant does not undo it.
        let first = here(asked, roles)
            .filter(|role| gives(asked.need, role, *operation, held) == Gives::Yes)
            .filter_map(settled)
            .min_by_key(|(from, _)| *from)?;
        if latest.is_none_or(|(from, _)| first.0 > from) {
            latest = Some(first);
        }
    }
    latest
}

/// Where a right comes from, in words: `the role ROLE at SCOPE`, as far as that is known.
pub fn source(asked: Asked<'_>, held: &Held, by: &[&RoleAssignment]) -> String {
    let one = |role: &&RoleAssignment| {
        let through = if same_id(&role.principal_id, asked.principal) {
            String::new()
        } else {
            format!(" through the group {}", role.principal_id)
        };
        format!(
            "the role `{}` {}{through}",
            role_name(asked.need, held, &role.role),
            place(&role.scope)
        )
    };
    by.iter().map(one).collect::<Vec<_>>().join(" and ")
}

fn here<'a>(
    asked: Asked<'_>,
    roles: &'a [RoleAssignment],
) -> impl Iterator<Item = &'a RoleAssignment> {
    let at = asked.at.to_owned();
    roles.iter().filter(move |role| applies(&role.scope, &at))
}

/// What one assignment does for one operation.
#[derive(Debug, Clone, PartialEq)]
enum Gives {
    Yes,
    No,
    CantTell(Doubt),
}

fn granted<'a>(asked: Asked<'_>, held: &'a Held) -> Right<'a> {
    let roles = match &held.roles {
        Seen::Present(roles) => roles,
        Seen::Unreadable(why) => return Right::CantTell(Doubt::unread(why.clone())),
        Seen::Absent | Seen::NotAsked => {
            let why = Unreadable::because("its role assignments were not read");
            return Right::CantTell(Doubt::unread(why));
        }
    };
    let operations = asked.need.operations();
    let of = |role: &RoleAssignment, operation| gives(asked.need, role, operation, held);
    let whole = |role: &&RoleAssignment| {
        operations
            .iter()
            .all(|operation| of(role, *operation) == Gives::Yes)
    };
    if let Some(role) = here(asked, roles).find(whole) {
        return Right::Yes(vec![role]);
    }
    let (mut by, mut open): (Vec<&RoleAssignment>, _) = (Vec::new(), None);
    for operation in operations {
        let mut doubt = None;
        let found = here(asked, roles).find(|role| match of(role, *operation) {
            Gives::Yes => true,
            Gives::No => false,
            Gives::CantTell(why) => {
                doubt.get_or_insert(why);
                false
            }
        });
        match (found, doubt) {
            (Some(role), _) if by.iter().any(|one| std::ptr::eq(*one, role)) => {}
            (Some(role), _) => by.push(role),
            (None, Some(doubt)) => open = Some(doubt),
            (None, None) => return Right::No,
        }
    }
    open.map_or(Right::Yes(by), Right::CantTell)
}

fn gives(need: Need, role: &RoleAssignment, operation: Operation<'_>, held: &Held) -> Gives {
    let name = || role_name(need, held, &role.role);
    let condition = || {
        Gives::CantTell(Doubt::condition(format!(
            "the role `{}` {} holds only under a condition, and cmkctl can't evaluate conditions",
            name(),
            place(&role.scope)
        )))
    };
    let allowed = match need.built_in(&role.role) {
        Some(known) => Gives::from(known.allows(operation)),
        None => by_definition(held.definitions.get(&role.role), operation, &role.role),
    };
    match allowed {
        Gives::Yes if role.conditional => condition(),
        allowed => allowed,
    }
}

impl From<bool> for Gives {
    fn from(fact: bool) -> Self {
        if fact { Gives::Yes } else { Gives::No }
    }
}

fn by_definition(
    definition: Option<&Seen<RoleDefinition>>,
    operation: Operation<'_>,
    role: &str,
) -> Gives {
    let unread = |why: &Unreadable| {
        Gives::CantTell(Doubt::unread(Unreadable {
            why: format!("what the role {role} allows can't be read: {}", why.why),
            ..why.clone()
        }))
    };
    match definition {
        Some(Seen::Present(definition)) => {
            let named = definition
                .permissions
                .iter()
                .filter(|entry| entry.names(operation));
            let mut bound = false;
            for entry in named {
                if !entry.conditional {
                    return Gives::Yes;
                }
                bound = true;
            }
            if bound {
                let why = format!("the role {role} itself holds only under a condition");
                return Gives::CantTell(Doubt::condition(why));
            }
            Gives::No
        }
        Some(Seen::Unreadable(why)) => unread(why),
        Some(Seen::Absent) => unread(&Unreadable::because("its definition is not there")),
        Some(Seen::NotAsked) | None => unread(&Unreadable::because("its definition was not read")),
    }
}
