//! Host login.microsoftonline.com: the token endpoint, and the tokens that an application gets with
//! its secret or an assertion.

use super::assertions;
use super::issuing::{Asked, issue, refuse};
use super::persons;
use crate::message::Reply;
use crate::tenant::world::World;
use serde_json::json;
use std::collections::HashMap;

/// The secret of every sandbox user.
const SECRET: &str = "sandbox";

pub(super) fn token(world: &mut World, host: &str, form: &HashMap<String, String>) -> Reply {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    const GRANTS: [&str; 4] = [
        "client_credentials",
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ];
    if !GRANTS.contains(&field("grant_type")) {
        let text = "The app requested an unsupported grant type.";
        return refuse(400, "unsupported_grant_type", "AADSTS70003", text);
    }
    // A code can be redeemed without a scope, because the authorization request named it.
    let requested = persons::scope_of(world, form);
    let scope = requested.as_deref().unwrap_or_else(|| field("scope"));
    let Some(resource) = scope.split(' ').find(|scope| scope.ends_with("/.default")) else {
        return refuse(
            400,
            "invalid_scope",
            "AADSTS70011",
            "The provided value for the input parameter 'scope' is not valid.",
        );
    };
    let asked = Asked {
        host,
        audience: resource.trim_end_matches("/.default"),
        client: field("client_id"),
        openid: scope.split(' ').any(|scope| scope == "openid"),
        offline: scope.split(' ').any(|scope| scope == "offline_access"),
    };
    match field("grant_type") {
        "client_credentials" => client_credentials(world, form, &asked),
        "authorization_code" => persons::code(world, form, &asked),
        "refresh_token" => persons::refresh(world, form, &asked),
        _ => persons::device(world, field("device_code"), &asked),
    }
}

/// An application signs in with its secret or an assertion.
fn client_credentials(
    world: &mut World,
    form: &HashMap<String, String>,
    asked: &Asked<'_>,
) -> Reply {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let client = field("client_id");
    let Some((name, user)) = world
        .users
        .iter()
        .find(|(_, user)| user.client_id == client)
        .map(|(name, user)| (name.clone(), user.clone()))
    else {
        let text = format!(
            "Application with identifier '{client}' was not found in the directory 'Contoso'."
        );
        return refuse(400, "unauthorized_client", "AADSTS700016", &text);
    };
    let assertion = field("client_assertion");
    if let Some((code, text)) = assertions::refusal(world, &user, asked.host, assertion) {
        return refuse(401, "invalid_client", code, &text);
    }
    if assertion.is_empty() && field("client_secret") != SECRET {
        return refuse(
            401,
            "invalid_client",
            "AADSTS7000215",
            "Invalid client secret provided.",
        );
    }
    // An application's own token has no scopes and no user's name.
    let body = issue(
        world,
        &user,
        asked.audience,
        json!({ "idtyp": "app", "app_displayname": name, "appid": client }),
    );
    Reply::json(200, &body)
}
