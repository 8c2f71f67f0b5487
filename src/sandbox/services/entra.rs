//! Host login.microsoftonline.com: the token endpoint of the Microsoft identity platform (client
//! credentials with secret or assertion, device code, refresh), imitated after its public
//! reference. Tokens are unsigned; nothing outside a sandbox accepts them.

use super::tokens::{AUDIENCE, unsigned};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::ids::guid;
use crate::sandbox::tenant::parts::User;
use crate::sandbox::tenant::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The secret of every user of every sandbox.
const SECRET: &str = "sandbox";
/// The domain of the tenant.
const DOMAIN: &str = "contoso.onmicrosoft.com";
/// How every device code begins.
const DEVICE: &str = "sandbox-device.";
/// Looks at a device code before the person has signed in.
const PENDING: u64 = 2;
/// Seconds of real time; a client that refreshes early needs more than a few minutes.
const LIFETIME: i64 = 3600;
/// What `wids` of every person's token holds, and what that of every application's own token holds,
/// beside directory roles. Both are on record in tokens that people showed.
const PERSON: &str = "b79fbf4d-3ef9-4689-8143-76b194e85509";
const APPLICATION: &str = "0997a1d0-0d1d-4acb-b408-d5ca73121e90";
/// How long an assertion of a job is good, in sandbox seconds.
const ASSERTION_SECONDS: f64 = 600.0;

pub(super) fn handle(world: &mut World, request: &Request) -> Reply {
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    match (request.method.as_str(), &segments[..]) {
        ("POST", [tenant, "oauth2", "v2.0", "token"]) if known(world, tenant) => {
            token(world, &form(request))
        }
        ("POST", [tenant, "oauth2", "v2.0", "devicecode"]) if known(world, tenant) => {
            device_code(world, &form(request))
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

/// OpenID Connect Discovery 1.0, section 3, as Entra fills it in.
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

/// Instance discovery: sign-in libraries ask whether an authority is one of Microsoft's, and which
/// names are the same one.
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

fn refuse(status: u16, error: &str, code: &str, text: &str) -> Reply {
    let number: u64 = code
        .trim_start_matches("AADSTS")
        .parse()
        .unwrap_or_default();
    let description = format!(
        "{code}: {text} Trace ID: {} Correlation ID: {}",
        guid("trace"),
        guid("correlation")
    );
    Reply::json(
        status,
        &json!({
            "error": error,
            "error_description": description,
            "error_codes": [number],
        }),
    )
}

/// What a request for a token asks for.
struct Asked<'a> {
    audience: &'a str,
    /// The application that asks.
    client: &'a str,
    /// Does it want to know who the person is?
    openid: bool,
}

fn token(world: &mut World, form: &HashMap<String, String>) -> Reply {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    // A device code is redeemed without a scope: the scope was said when the code was asked for.
    let coded = field("device_code")
        .strip_prefix(DEVICE)
        .and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    let coded = coded
        .and_then(|scope| String::from_utf8(scope).ok())
        .unwrap_or_default();
    let scope = if coded.is_empty() {
        field("scope")
    } else {
        &coded
    };
    let Some(resource) = scope.split(' ').find(|scope| scope.ends_with("/.default")) else {
        return refuse(
            400,
            "invalid_scope",
            "AADSTS70011",
            "The provided value for the input parameter 'scope' is not valid.",
        );
    };
    let asked = Asked {
        audience: resource.trim_end_matches("/.default"),
        client: field("client_id"),
        openid: scope.split(' ').any(|scope| scope == "openid"),
    };
    match field("grant_type") {
        "client_credentials" => client_credentials(world, form, &asked),
        "urn:ietf:params:oauth:grant-type:device_code" => redeem(world, &asked),
        "refresh_token" if field("refresh_token") == "sandbox-refresh" => person(world, &asked),
        _ => refuse(
            400,
            "invalid_grant",
            "AADSTS70000",
            "The provided grant is not valid.",
        ),
    }
}

/// An application proves who it is with its secret, or with an assertion.
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
    if assertion.starts_with("expired") || too_old(world, assertion) {
        let text = "Client assertion is not within its valid time range.";
        return refuse(401, "invalid_client", "AADSTS700024", text);
    }
    if assertion.is_empty() && field("client_secret") != SECRET {
        return refuse(
            401,
            "invalid_client",
            "AADSTS7000215",
            "Invalid client secret provided.",
        );
    }
    // An application's own token: no scopes, and a name that is not a person's.
    let body = issue(
        world,
        &user,
        asked.audience,
        json!({ "idtyp": "app", "app_displayname": name, "appid": client }),
    );
    Reply::json(200, &body)
}

/// A device code is good for a token as soon as the person has signed in.
fn redeem(world: &mut World, asked: &Asked<'_>) -> Reply {
    world.polls += 1;
    if world.polls <= PENDING {
        let text = "Authorization is pending. Continue polling.";
        return refuse(400, "authorization_pending", "AADSTS70016", text);
    }
    person(world, asked)
}

/// Is it an assertion of the sandbox's own runner, and from too long ago?
fn too_old(world: &World, assertion: &str) -> bool {
    let payload = assertion
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Value = payload
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let issued: Option<Timestamp> = claims["sandbox_iat"]
        .as_str()
        .and_then(|time| time.parse().ok());
    issued.is_some_and(|issued| {
        claims["aud"] != AUDIENCE || world.clock.since(issued) > ASSERTION_SECONDS
    })
}

/// The person who types device codes is the sandbox's first administrator.
fn person(world: &mut World, asked: &Asked<'_>) -> Reply {
    let name = "admin";
    let Some(user) = world.users.get(name).cloned() else {
        return refuse(
            400,
            "invalid_grant",
            "AADSTS50034",
            "The user account does not exist.",
        );
    };
    let upn = format!("{name}@{DOMAIN}");
    let claims = json!({
        "idtyp": "user",
        "upn": upn,
        "unique_name": upn,
        "name": name,
        "scp": "user_impersonation",
        "appid": asked.client,
    });
    let mut body = issue(world, &user, asked.audience, claims);
    body["refresh_token"] = json!("sandbox-refresh");
    body["scope"] = json!(format!("{}/user_impersonation", asked.audience));
    if asked.openid {
        let now = Timestamp::now().as_second();
        body["id_token"] = json!(unsigned(&json!({
            "aud": asked.client,
            "iss": format!("https://login.microsoftonline.com/{}/v2.0", world.tenant),
            "tid": world.tenant,
            "oid": user.object_id,
            "sub": user.object_id,
            "name": name,
            "preferred_username": upn,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
            "ver": "2.0",
        })));
    }
    Reply::json(200, &body)
}

/// The answer with a token of version 1.0, as the services of Azure and Power Platform ask for it,
/// with these claims beside those of every token.
fn issue(world: &mut World, user: &User, audience: &str, mut claims: Value) -> Value {
    world.tokens += 1;
    let everybody = if claims["idtyp"] == "app" {
        APPLICATION
    } else {
        PERSON
    };
    let role = user.power_platform.directory_role();
    let wids: Vec<&str> = role.into_iter().chain([everybody]).collect();
    let now = Timestamp::now().as_second();
    let common = json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{}/", world.tenant),
        "tid": world.tenant,
        "oid": user.object_id,
        "sub": user.object_id,
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "ver": "1.0",
        "wids": wids,
        "sandbox_iat": world.clock.now().as_second(),
        "uti": URL_SAFE_NO_PAD.encode(u128::from(world.tokens).to_be_bytes()),
    });
    if let (Some(own), Value::Object(common)) = (claims.as_object_mut(), common) {
        own.extend(common);
    }
    json!({
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "ext_expires_in": LIFETIME,
        "access_token": unsigned(&claims),
    })
}

fn device_code(world: &mut World, form: &HashMap<String, String>) -> Reply {
    world.polls = 0;
    let code = format!(
        "{DEVICE}{}",
        URL_SAFE_NO_PAD.encode(form.get("scope").map_or("", String::as_str))
    );
    Reply::json(
        200,
        &json!({
            "user_code": "SANDBOX42",
            "device_code": code,
            "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": 900,
            "interval": 5,
            "message": "To sign in, use a web browser to open the page \
            https://microsoft.com/devicelogin and enter the code SANDBOX42 to authenticate. \
            (This is a rehearsal: the sandbox signs in by itself.)",
        }),
    )
}
