//! Host management.azure.com, provider `Microsoft.PowerPlatform` (2020-10-30): changes of
//! enterprise policies, complete at once or accepted with 202 and an operation. Imitated after the
//! rules of Azure Resource Manager for asynchronous operations (`Azure-AsyncOperation`, `Location`,
//! `Retry-After`). Inferred: enterprise policies use them, and the operations' addresses. The
//! public specification has only complete answers.

use super::scope::Scope;
use super::shapes::policy_body;
use crate::message::{Reply, Request};
use crate::tenant::azure_operations::{AzureOperation, Pending};
use crate::tenant::world::World;
use serde_json::json;

/// The `Retry-After` between two polls, in seconds.
const RETRY_AFTER: &str = "5";

/// Makes or accepts a change. A resource with a running change refuses others (inferred). The same
/// change returns the running operation.
pub(super) fn change(world: &mut World, change: Pending) -> Reply {
    let running = world.azure_running(change.target());
    if let Some(running) = running {
        if running.change.is(&change) {
            return accepted(world, running);
        }
        let text = format!(
            "The resource '{}' has another operation in progress. Please retry later.",
            change.target()
        );
        return Reply::error(409, "AnotherOperationInProgress", text);
    }
    if world.settings.policy_async {
        let begun = world.begin_azure(change);
        return accepted(world, &begun);
    }
    let existed = world
        .policies
        .contains_key(&change.target().to_ascii_lowercase());
    let reply = match &change {
        Pending::Write(policy) => {
            Reply::json(if existed { 200 } else { 201 }, &policy_body(policy))
        }
        Pending::Delete(_) | Pending::DeleteGroup(_) | Pending::Deploy(..) => Reply::empty(200),
    };
    world.take_effect(change);
    reply
}

fn accepted(world: &World, operation: &AzureOperation) -> Reply {
    let target = operation.change.target();
    let subscription: Vec<&str> = target.split('/').take(3).collect();
    let address = |kind: &str| {
        format!(
            "https://management.azure.com{}/providers/Microsoft.PowerPlatform/{kind}/{}\
            ?api-version=2020-10-30",
            subscription.join("/"),
            operation.id
        )
    };
    let reply = poll(Reply::empty(202).header("location", address("operationResults")));
    if world.settings.policy_told_by == "location" {
        return reply;
    }
    reply.header("azure-asyncoperation", address("operations"))
}

/// Adds `Retry-After` to a reply.
pub(super) fn poll(reply: Reply) -> Reply {
    reply.header("retry-after", RETRY_AFTER)
}

/// The operation with this id for a resource in this scope.
pub(super) fn found<'a>(
    world: &'a World,
    scope: &Scope,
    id: &str,
) -> Result<&'a AzureOperation, Reply> {
    let mut all = world.azure_operations.iter();
    all.find(|operation| {
        operation.id.eq_ignore_ascii_case(id) && scope.holds(operation.change.target())
    })
    .ok_or_else(|| {
        let text = format!("The operation '{id}' could not be found.");
        Reply::error(404, "OperationNotFound", text)
    })
}

/// Answers for `Azure-AsyncOperation`: always 200, whatever the result.
pub(super) fn operation(world: &World, request: &Request, scope: &Scope, id: &str) -> Reply {
    let found = match found(world, scope, id) {
        Ok(found) => found,
        Err(missing) => return missing,
    };
    let mut body = json!({
        "id": request.raw_path,
        "name": found.id,
        "status": "Running",
        "startTime": found.began.to_string(),
    });
    let Some(ended) = found.ended else {
        return poll(Reply::json(200, &body));
    };
    body["endTime"] = json!(ended.to_string());
    body["status"] = json!("Succeeded");
    if let Some(failing) = &found.failing {
        body["status"] = json!("Failed");
        body["error"] = json!({ "code": failing.code, "message": failing.message });
    }
    Reply::json(200, &body)
}

/// Answers for `Location`: 202 until the end, then the answer to the change itself.
pub(super) fn result(world: &World, scope: &Scope, id: &str) -> Reply {
    let found = match found(world, scope, id) {
        Ok(found) => found,
        Err(missing) => return missing,
    };
    match (&found.failing, &found.change) {
        _ if found.ended.is_none() => accepted(world, found),
        (Some(failing), _) => Reply::error(400, &failing.code, &failing.message),
        (None, Pending::Write(policy)) => Reply::json(200, &policy_body(policy)),
        (None, Pending::Delete(_) | Pending::DeleteGroup(_) | Pending::Deploy(..)) => {
            Reply::empty(204)
        }
    }
}
