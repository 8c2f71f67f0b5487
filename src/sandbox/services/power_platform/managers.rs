//! Host api.bap.microsoft.com: management applications (`adminApplications`), after the
//! administration module.

use super::errors::{error, refusal};
use super::queries::number;
use crate::message::{Reply, Request};
use crate::services::pages::{Link, page};
use crate::tenant::parts::Standing;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// A human administrator registers a service principal once. It can't register itself.
pub(super) fn respond(world: &mut World, request: &Request, rest: &[&str]) -> Reply {
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let top = match number(request, "$top") {
                Ok(top) => top.unwrap_or(usize::MAX),
                Err(why) => return refusal(&why),
            };
            let value: Vec<Value> = world
                .managers
                .iter()
                .take(top)
                .map(|id| {
                    json!({
                        "applicationId": id,
                    })
                })
                .collect();
            page(
                world,
                request,
                world.settings.page_size,
                value,
                Link::LeftOut,
            )
        }
        ("GET", [id]) if world.managers.iter().any(|manager| manager == id) => {
            Reply::json(200, &json!({ "applicationId": id }))
        }
        ("PUT", [id]) => {
            if !world.managers.iter().any(|manager| manager == id) {
                world.managers.push((*id).to_owned());
            }
            stand(world, id, Standing::Admin);
            Reply::json(200, &json!({ "applicationId": id }))
        }
        ("DELETE", [id]) => {
            world.managers.retain(|manager| manager != id);
            stand(world, id, Standing::Unregistered);
            Reply::empty(200)
        }
        _ => error(
            400,
            "InvalidApplicationId",
            "The application id is not valid.",
        ),
    }
}

fn stand(world: &mut World, client: &str, standing: Standing) {
    for user in world
        .users
        .values_mut()
        .filter(|user| user.client_id == client)
    {
        user.power_platform = standing;
    }
}
