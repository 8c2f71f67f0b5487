//! Host login.microsoftonline.com: tokens of users, by authorization code with PKCE, device code or
//! refresh token. Imitated after the OAuth 2.0 authorization code flow and device authorization
//! grant of the Microsoft identity platform (learn.microsoft.com,
//! `entra/identity-platform/v2-oauth2-auth-code-flow`). The error codes are from Microsoft Entra
//! authentication and authorization error codes.

use super::issuing::{Asked, LIFETIME, issue, refuse};
use super::tokens::unsigned;
use crate::message::Reply;
use crate::tenant::directory::DOMAIN;
use crate::tenant::sign_ins::{Device, Refresh, Session};
use crate::tenant::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// Prefix of every device code.
const DEVICE: &str = "sandbox-device.";
/// Prefix of every refresh token.
const REFRESH: &str = "sandbox-refresh.";
/// Lifetime of a device code in seconds, of real time.
const DEVICE_LIFETIME: i64 = 900;
/// Number of polls of a device code before the user has signed in.
const PENDING: u64 = 2;

/// The scope of the earlier authorization request: for a device code, and for an authorization code
/// that is redeemed without a scope.
pub(super) fn scope_of(world: &World, form: &HashMap<String, String>) -> Option<String> {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let sign_ins = &world.sign_ins;
    match field("grant_type") {
        "urn:ietf:params:oauth:grant-type:device_code" => {
            let device_code = field("device_code");
            let device = sign_ins
                .devices
                .iter()
                .find(|device| device.value == device_code)?;
            Some(device.session.scope.clone())
        }
        "authorization_code" if !field("scope").contains("/.default") => {
            let given_code = field("code");
            let code = sign_ins
                .codes
                .iter()
                .find(|code| code.value == given_code)?;
            Some(code.session.scope.clone())
        }
        _ => None,
    }
}

/// The user of the login hint, with or without domain. Without a hint, the default user.
pub(super) fn person(world: &World, hint: &str) -> String {
    let name = hint.split('@').next().unwrap_or_default();
    let known = world.users.contains_key(name);
    let chosen = if known { name } else { world.sign_ins.person() };
    chosen.to_owned()
}

/// Reads the claims parameter of a request.
pub(super) fn claims(text: &str) -> Result<Value, serde_json::Error> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text)
}

/// Redeems an authorization code, once and with its verifier.
pub(super) fn code(world: &mut World, form: &HashMap<String, String>, asked: &Asked<'_>) -> Reply {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let grant = |code: &str, text: &str| refuse(400, "invalid_grant", code, text);
    let found = world
        .sign_ins
        .codes
        .iter_mut()
        .find(|code| code.value == field("code") && code.session.client == asked.client);
    let Some(code) = found else {
        return grant("AADSTS70000", "The provided grant is not valid.");
    };
    if code.used {
        let text = "OAuth2 Authorization code was already redeemed, please retry with a new valid \
            code or use an existing refresh token.";
        return grant("AADSTS54005", text);
    }
    if code.until < Timestamp::now() {
        let text = "The provided authorization code or refresh token has expired due to \
            inactivity.";
        return grant("AADSTS70008", text);
    }
    if code.redirect != field("redirect_uri") {
        let text = "The reply address is missing, misconfigured, or does not match reply \
            addresses configured for the app.";
        return refuse(400, "invalid_client", "AADSTS500112", text);
    }
    let challenge = digest(&SHA256, field("code_verifier").as_bytes());
    if URL_SAFE_NO_PAD.encode(challenge) != code.challenge {
        let text = "The Code_Verifier does not match the code_challenge supplied in the \
            authorization request.";
        return grant("AADSTS501481", text);
    }
    code.used = true;
    let session = code.session.clone();
    signed_in(world, session, asked)
}

/// Redeems a device code once, after the user has signed in. (Inferred: no page names the code for
/// a second redemption, so it is that of authorization codes.)
pub(super) fn device(world: &mut World, device_code: &str, asked: &Asked<'_>) -> Reply {
    let mut devices = world.sign_ins.devices.iter_mut();
    let device =
        devices.find(|device| device.value == device_code && device.session.client == asked.client);
    let Some(device) = device else {
        let text = "The provided grant is not valid.";
        return refuse(400, "invalid_grant", "AADSTS70000", text);
    };
    if device.used {
        let text = "The provided grant was already redeemed.";
        return refuse(400, "invalid_grant", "AADSTS54005", text);
    }
    if device.until < Timestamp::now() {
        let text = "Verification code expired.";
        return refuse(400, "expired_token", "AADSTS70019", text);
    }
    device.polls += 1;
    if device.polls <= PENDING {
        let text = "Authorization is pending. Continue polling.";
        return refuse(400, "authorization_pending", "AADSTS70016", text);
    }
    device.used = true;
    let session = device.session.clone();
    signed_in(world, session, asked)
}

/// Redeems a refresh token. It is valid for every service, and only for its application.
pub(super) fn refresh(
    world: &mut World,
    form: &HashMap<String, String>,
    asked: &Asked<'_>,
) -> Reply {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let stored = world.sign_ins.refreshes.iter().find(|stored| {
        stored.value == field("refresh_token") && stored.session.client == asked.client
    });
    let Some(stored) = stored else {
        let text = "The provided grant is not valid.";
        return refuse(400, "invalid_grant", "AADSTS70000", text);
    };
    if let Some(code) = &stored.ended {
        let text = match code.as_str() {
            "AADSTS700082" => "The refresh token has expired due to inactivity.",
            "AADSTS50173" => "The provided grant has expired due to it being revoked.",
            _ => "The provided grant is not valid.",
        };
        return refuse(400, "invalid_grant", code, text);
    }
    let session = stored.session.clone();
    let Ok(wanted) = claims(field("claims")) else {
        let text = "Invalid request. Request is malformed or invalid.";
        return refuse(400, "invalid_request", "AADSTS9002313", text);
    };
    if let Some(demanded) = demanded(world, &session, asked, &wanted) {
        return interaction(&demanded);
    }
    let mut session = session;
    session.claims = joined(session.claims, &wanted);
    signed_in(world, session, asked)
}

/// The claims that the service or the request requires and the session does not satisfy.
fn demanded(world: &World, session: &Session, asked: &Asked<'_>, wanted: &Value) -> Option<Value> {
    let demand = world.sign_ins.demand.as_ref();
    let audience = asked.audience.trim_end_matches('/');
    let demand = demand.filter(|demand| {
        let mut audiences = demand.audiences.iter();
        audiences.any(|listed| listed.trim_end_matches('/').eq_ignore_ascii_case(audience))
    });
    if let Some(demand) = demand.filter(|demand| !demand.is_met(&session.claims)) {
        return Some(demand.claims.clone());
    }
    let demanded_claims = wanted["access_token"].as_object();
    let mut demanded_claims = demanded_claims.into_iter().flatten();
    // `nbf` only requires a new token (continuous access evaluation). `xms_cc` lists the client's
    // capabilities.
    let met = demanded_claims.all(|(name, value)| {
        ["nbf", "xms_cc"].contains(&name.as_str()) || session.claims["access_token"][name] == *value
    });
    (!met).then(|| wanted.clone())
}

/// The session's claims, with those that this request satisfied.
fn joined(session: Value, wanted: &Value) -> Value {
    let both = [&session, wanted].map(|claims| claims["access_token"].as_object());
    let all = both.into_iter().flatten().flatten();
    let all: serde_json::Map<String, Value> = all
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    json!({ "access_token": all })
}

/// The refusal if only the user can satisfy the claims (`interaction_required`).
fn interaction(demanded: &Value) -> Reply {
    let text = "Due to a configuration change made by your administrator, or because you moved to \
        a new location, you must use multi-factor authentication to access the service.";
    let mut reply = refuse(400, "interaction_required", "AADSTS50076", text);
    if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) {
        body["suberror"] = json!("basic_action");
        // Entra sends the claims as text.
        body["claims"] = json!(demanded.to_string());
        reply.body = body.to_string().into_bytes();
    }
    reply
}

/// The tokens of a signed-in user.
fn signed_in(world: &mut World, session: Session, asked: &Asked<'_>) -> Reply {
    let Some(user) = world.users.get(&session.user).cloned() else {
        let text = "The user account does not exist.";
        return refuse(400, "invalid_grant", "AADSTS50034", text);
    };
    let upn = format!("{}@{DOMAIN}", session.user);
    let claims = json!({
        "idtyp": "user",
        "upn": upn,
        "unique_name": upn,
        "name": session.user,
        "scp": "user_impersonation",
        "appid": asked.client,
        "sandbox_claims": session.claims,
    });
    let mut body = issue(world, &user, asked.audience, claims);
    body["scope"] = json!(format!("{}/user_impersonation", asked.audience));
    if asked.openid {
        let now = Timestamp::now().as_second();
        let mut id = json!({
            "aud": asked.client,
            "iss": format!("https://login.microsoftonline.com/{}/v2.0", world.tenant),
            "tid": world.tenant,
            "oid": user.object_id,
            "sub": user.object_id,
            "name": session.user,
            "preferred_username": upn,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
            "ver": "2.0",
        });
        if !session.nonce.is_empty() {
            id["nonce"] = json!(session.nonce);
        }
        body["id_token"] = json!(unsigned(&id));
    }
    if asked.offline {
        let value = format!("{REFRESH}{}", Uuid::new_v4());
        body["refresh_token"] = json!(value);
        world.sign_ins.refreshes.push(Refresh {
            value,
            session,
            ended: None,
        });
    }
    Reply::json(200, &body)
}

pub(super) fn device_code(world: &mut World, form: &HashMap<String, String>) -> Reply {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let Ok(claims) = claims(field("claims")) else {
        let text = "Invalid request. Request is malformed or invalid.";
        return refuse(400, "invalid_request", "AADSTS9002313", text);
    };
    let value = format!("{DEVICE}{}", Uuid::new_v4());
    let session = Session {
        user: person(world, field("login_hint")),
        client: field("client_id").to_owned(),
        scope: field("scope").to_owned(),
        claims,
        nonce: String::new(),
    };
    world.sign_ins.devices.push(Device {
        value: value.clone(),
        session,
        polls: 0,
        until: Timestamp::now() + SignedDuration::from_secs(DEVICE_LIFETIME),
        used: false,
    });
    Reply::json(
        200,
        &json!({
            "user_code": "SANDBOX42",
            "device_code": value,
            "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": DEVICE_LIFETIME,
            "interval": 5,
            "message": "To sign in, use a web browser to open the page \
            https://microsoft.com/devicelogin and enter the code SANDBOX42 to authenticate. \
            (This is a rehearsal: the sandbox signs you in by itself.)",
        }),
    )
}
