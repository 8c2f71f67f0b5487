//! Host token.actions.githubusercontent.com: the token endpoint of a GitHub Actions job, imitated
//! after its public documentation. A job sends its own token and gets an assertion of its identity,
//! which Entra accepts for a few minutes.

use super::hosts::RUNNER;
use super::tokens::unsigned;
use crate::message::{Reply, Request};
use crate::tenant::world::World;
use serde_json::json;

/// The token of every job in every sandbox.
const JOB: &str = "sandbox-job";

pub(super) fn handle(world: &mut World, request: &Request) -> Reply {
    if request.method != "GET" {
        return Reply::empty(405);
    }
    if request.bearer.as_deref() != Some(JOB) {
        return Reply::json(401, &json!({ "message": "The job token is not valid." }));
    }
    let claims = json!({
        "iss": format!("https://{RUNNER}"),
        "aud": request.query("audience"),
        "sub": "repo:contoso/operations:ref:refs/heads/main",
        "sandbox_iat": world.clock.now().to_string(),
    });
    Reply::json(200, &json!({ "count": 1, "value": unsigned(&claims) }))
}
