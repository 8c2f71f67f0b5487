//! Claims that a service requires beyond those of the token: challenges of Conditional Access and
//! continuous access evaluation (Claims challenges, claims requests and client capabilities,
//! learn.microsoft.com, `entra/identity-platform/claims-challenge`).

use super::caller::claims;
use crate::message::{Reply, Request};
use crate::tenant::world::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// The challenge for this request, if its token does not satisfy the service's demand.
pub(super) fn challenge(world: &World, service: &str, request: &Request) -> Option<Reply> {
    let demand = world.sign_ins.demand.as_ref()?;
    let named =
        |list: &[String], name: &str| list.iter().any(|listed| listed.eq_ignore_ascii_case(name));
    let asks = named(&demand.services, service)
        && (demand.methods.is_empty() || named(&demand.methods, &request.method));
    let token = claims(request).filter(|_| asks)?;
    if demand.is_met(&token["sandbox_claims"]) {
        return None;
    }
    let claims = STANDARD.encode(demand.claims.to_string());
    let challenge = format!(
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/\
        authorize\", error=\"insufficient_claims\", claims=\"{claims}\""
    );
    let error = json!({ "code": "InvalidAuthenticationToken", "message": "The access token is not \
        sufficient: sign in again with the claims of the challenge." });
    Some(Reply::json(401, &json!({ "error": error })).header("www-authenticate", challenge))
}
