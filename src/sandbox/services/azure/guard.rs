//! Host management.azure.com: refusals that apply to every change, whichever provider it is for. A
//! group in deletion refuses changes, and so do locks.

use crate::message::{Reply, Request};
use crate::tenant::parts::User;
use crate::tenant::roles::allowed;
use crate::tenant::world::World;

/// Actions that change nothing, or that have refusals of their own.
const HARMLESS: [&str; 4] = ["validate", "whatif", "checknameavailability", "resources"];

/// A change: its target, and the required action.
struct Change {
    target: String,
    action: String,
    deletes: bool,
}

/// The refusal of a change that holds for every provider. A caller without the right gets the
/// provider's refusal first.
pub(super) fn refusal(world: &World, request: &Request, user: &User) -> Option<Reply> {
    let change = change(request)?;
    if !allowed(
        world,
        &user.object_id,
        &change.action,
        &change.target,
        false,
    ) {
        return None;
    }
    ending(world, &change).or_else(|| locked(world, &change))
}

/// The change that a request makes. `None` for a read, and for locks, which no lock protects.
fn change(request: &Request) -> Option<Change> {
    let method = request.method.as_str();
    let route = request.route();
    let (parts, last) = match method {
        "PUT" | "PATCH" | "DELETE" => (request.path.len(), None),
        "POST" => (request.path.len().checked_sub(1)?, route.last()),
        _ => return None,
    };
    if last.is_some_and(|last| HARMLESS.contains(&last.as_str())) {
        return None;
    }
    let path = request.path.get(..parts)?;
    if path.len() < 2 {
        return None;
    }
    let at = route.windows(2).rposition(|pair| pair[0] == "providers");
    if at.is_some_and(|at| {
        route.get(at + 1..at + 3).is_some_and(|pair| {
            pair.first()
                .is_some_and(|segment| segment == "microsoft.authorization")
                && pair.last().is_some_and(|segment| segment == "locks")
        })
    }) {
        return None;
    }
    let kind = match at {
        Some(at) => {
            let types: Vec<&str> = path.iter().skip(at + 2).step_by(2).map(|s| &**s).collect();
            let namespace = path.get(at + 1).map_or("", String::as_str);
            [&[namespace], &types[..]].concat().join("/")
        }
        None if path.len() > 2 => "Microsoft.Resources/subscriptions/resourceGroups".to_owned(),
        None => "Microsoft.Resources/subscriptions".to_owned(),
    };
    let verb = match (method, last) {
        ("DELETE", _) => "delete".to_owned(),
        (_, Some(last)) => format!("{last}/action"),
        (_, None) => "write".to_owned(),
    };
    Some(Change {
        target: format!("/{}", path.join("/")),
        action: format!("{kind}/{verb}"),
        deletes: method == "DELETE",
    })
}

/// The refusal if the group of the change is being deleted. A deletion in it is not refused.
fn ending(world: &World, change: &Change) -> Option<Reply> {
    let group: Vec<&str> = change.target.split('/').take(5).collect();
    let name = *group.get(4)?;
    world.azure_running(&group.join("/"))?;
    (!change.deletes).then(|| {
        let text = format!(
            "The resource group '{name}' is in deprovisioning state and cannot perform this \
            operation."
        );
        Reply::error(409, "ResourceGroupBeingDeleted", text)
    })
}

/// The known refusal of a lock. Inferred: every action counts as a write. The documentation says
/// that read-only locks forbid requests sent by `POST`.
fn locked(world: &World, change: &Change) -> Option<Reply> {
    let scopes = world.locked_at(&change.target, change.deletes);
    if scopes.is_empty() {
        return None;
    }
    let verb = if change.deletes { "delete" } else { "write" };
    let text = format!(
        "The scope '{}' cannot perform {verb} operation because following scope(s) are locked: \
        '{}'. Please remove the lock and try again.",
        change.target,
        scopes.join("', '")
    );
    Some(Reply::error(409, "ScopeLocked", text))
}
