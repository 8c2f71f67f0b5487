//! Finds the user of a request by its token.

use crate::message::Request;
use crate::tenant::parts::User;
use crate::tenant::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

/// The claims of a sandbox token; `None` for any other token.
pub(super) fn claims(request: &Request) -> Option<Value> {
    let mut parts = request.bearer.as_ref()?.split('.');
    let (_, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if signature != "sandbox" {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// The name of the request's user, for the ledger.
pub(crate) fn user_of(world: &World, request: &Request) -> String {
    let object = claims(request).and_then(|claims| claims["oid"].as_str().map(str::to_owned));
    let user = world
        .users
        .iter()
        .find(|(_, user)| Some(&user.object_id) == object.as_ref());
    user.map(|(name, _)| name.clone()).unwrap_or_default()
}

/// Is the token an application's own?
pub(super) fn is_application(request: &Request) -> bool {
    claims(request).is_some_and(|claims| claims["idtyp"] == "app")
}

/// The user of a request, if its token is for one of `audiences`; `None` means 401.
pub(crate) fn caller(world: &mut World, request: &Request, audiences: &[&str]) -> Option<User> {
    if request.bearer.is_some() && claims(request).is_none() {
        // Recorded for a test, which checks that no real token ever arrives.
        world.effects.push(("foreign-token", request.host.clone()));
    }
    let claims = claims(request)?;
    let audience = claims["aud"]
        .as_str()?
        .trim_end_matches('/')
        .to_ascii_lowercase();
    if !audiences
        .iter()
        .any(|wanted| wanted.trim_end_matches('/').eq_ignore_ascii_case(&audience))
    {
        return None;
    }
    if let Some(lifetime) = world.settings.token_seconds {
        let issued = Timestamp::from_second(claims["sandbox_iat"].as_i64()?).ok()?;
        if world.clock.since(issued) > lifetime {
            return None;
        }
    }
    let object = claims["oid"].as_str()?;
    world
        .users
        .values()
        .find(|user| user.object_id == object)
        .cloned()
}
