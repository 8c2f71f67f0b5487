//! Host login.microsoftonline.com: the endpoints and metadata of the Microsoft identity platform,
//! imitated after its public reference. Tokens are unsigned. Nothing outside a sandbox accepts
//! them.

use super::issuing::refuse;
use super::{grants, persons, sign_in_page};
use crate::message::{Reply, Request};
use crate::tenant::world::World;
use serde_json::json;
use std::collections::HashMap;

pub(super) fn handle(world: &mut World, request: &Request) -> Reply {
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    match (request.method.as_str(), &segments[..]) {
        ("POST", [tenant, "oauth2", "v2.0", "token"]) if known(world, tenant) => {
            grants::token(world, &request.host, &form(request))
        }
        ("POST", [tenant, "oauth2", "v2.0", "devicecode"]) if known(world, tenant) => {
            persons::device_code(world, &form(request))
        }
        ("GET", [tenant, "oauth2", "v2.0", "authorize"]) if known(world, tenant) => {
            sign_in_page::authorize(world, request)
        }
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"])
            if known(world, tenant) =>
        {
            configuration(&request.host, tenant)
        }
        ("POST" | "GET", [tenant, "oauth2" | "v2.0", ..]) => refuse(
            400,
            "invalid_tenant",
            "AADSTS90002",
            &format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            ),
        ),
        ("GET", ["common", "discovery", "instance"]) => instance(request),
        _ => Reply::html(404, "Not found"),
    }
}

/// The metadata of OpenID Connect Discovery 1.0, section 3, with Entra's values.
fn configuration(host: &str, tenant: &str) -> Reply {
    let base = format!("https://{host}/{tenant}");
    let issuer = if tenant == "organizations" || tenant == "common" {
        "{tenantid}"
    } else {
        tenant
    };
    Reply::json(
        200,
        &json!({
            "issuer": format!("https://{host}/{issuer}/v2.0"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
            ],
            "response_types_supported": [
                "code",
                "id_token",
                "code id_token",
                "id_token token",
            ],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "subject_types_supported": ["pairwise"],
            "cloud_instance_name": "microsoftonline.com",
            "tenant_region_scope": "EU",
        }),
    )
}

/// Instance discovery: sign-in libraries check whether an authority belongs to Microsoft, and which
/// names are aliases.
fn instance(request: &Request) -> Reply {
    let asked = url::Url::parse(request.query("authorization_endpoint")).ok();
    if asked.as_ref().and_then(url::Url::host_str) != Some(request.host.as_str()) {
        return refuse(
            400,
            "invalid_instance",
            "AADSTS50049",
            "Unknown or invalid instance.",
        );
    }
    let tenant = asked
        .and_then(|url| url.path_segments()?.next().map(str::to_owned))
        .unwrap_or_default();
    Reply::json(
        200,
        &json!({
            "tenant_discovery_endpoint": format!(
                "https://{}/{tenant}/v2.0/.well-known/openid-configuration",
                request.host
            ),
            "api-version": "1.1",
            "metadata": [
                {
                    "preferred_network": request.host,
                    "preferred_cache": "login.windows.net",
                    "aliases": [
                        request.host,
                        "login.windows.net",
                        "login.microsoft.com",
                        "sts.windows.net",
                    ],
                },
            ],
        }),
    )
}

fn known(world: &World, tenant: &str) -> bool {
    tenant.eq_ignore_ascii_case(&world.tenant) || tenant == "organizations" || tenant == "common"
}

fn form(request: &Request) -> HashMap<String, String> {
    url::form_urlencoded::parse(&request.body)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}
