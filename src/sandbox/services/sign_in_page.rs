//! Host login.microsoftonline.com: the sign-in page and its redirect (learn.microsoft.com,
//! `entra/identity-platform/v2-oauth2-auth-code-flow`).

use super::persons::{claims, person};
use crate::message::{Reply, Request};
use crate::tenant::sign_ins::{Code, Session};
use crate::tenant::world::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

/// Prefix of every authorization code.
const CODE: &str = "sandbox-code.";
/// Lifetime of an authorization code (documented as about 10 minutes).
const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// The sign-in page. It answers as if the user had already signed in.
pub(super) fn authorize(world: &mut World, request: &Request) -> Reply {
    let asked = |name: &str| request.query(name);
    // Only the user sees an error in the redirect address. The address itself must not receive it
    // (RFC 6749, 4.1.2.1).
    let Some(redirect) = loopback(asked("redirect_uri")) else {
        let text = "AADSTS50011: The redirect URI specified in the request does not match the \
            redirect URIs configured for the application.";
        return Reply::html(400, text);
    };
    if Uuid::try_parse(asked("client_id")).is_err() {
        let text = "AADSTS700016: The application was not found in the directory 'Contoso'.";
        return Reply::html(400, text);
    }
    let back = |pairs: &[(&str, &str)]| answered(redirect.clone(), request, pairs);
    let failed = |error: &str, description: &str| {
        back(&[("error", error), ("error_description", description)])
    };
    if asked("response_type") != "code" {
        let description = "AADSTS700054: response_type is not enabled for the application.";
        return failed("unsupported_response_type", description);
    }
    for name in ["scope", "code_challenge"] {
        // Entra accepts a request without a challenge. The sandbox is stricter.
        if asked(name).is_empty() {
            let description = format!(
                "AADSTS900144: The request body must contain the following parameter: '{name}'."
            );
            return failed("invalid_request", &description);
        }
    }
    if asked("code_challenge_method") != "S256" || asked("code_challenge").len() != 43 {
        let description = "AADSTS501491: Invalid size of Code_Challenge parameter.";
        return failed("invalid_request", description);
    }
    let Ok(claims) = claims(asked("claims")) else {
        let description = "AADSTS9002313: Invalid request. Request is malformed or invalid.";
        return failed("invalid_request", description);
    };
    match world.sign_ins.answers.as_deref() {
        Some("access_denied") => {
            let description = "AADSTS65004: User declined to consent to access the app.";
            return failed("access_denied", description);
        }
        Some(error) => {
            let description = "AADSTS90094: Admin consent is required for the permissions \
                requested by this application.";
            return failed(error, description);
        }
        None => {}
    }
    let code = new_code(world, request, claims);
    back(&[
        ("code", &code),
        ("session_state", &Uuid::new_v4().to_string()),
    ])
}

fn new_code(world: &mut World, request: &Request, claims: Value) -> String {
    let asked = |name: &str| request.query(name);
    let session = Session {
        user: person(world, asked("login_hint")),
        client: asked("client_id").to_owned(),
        scope: asked("scope").to_owned(),
        claims,
        nonce: asked("nonce").to_owned(),
    };
    let value = format!("{CODE}{}", Uuid::new_v4());
    world.sign_ins.codes.push(Code {
        value: value.clone(),
        session,
        redirect: asked("redirect_uri").to_owned(),
        challenge: asked("code_challenge").to_owned(),
        until: Timestamp::now() + CODE_LIFETIME,
        used: false,
    });
    value
}

/// The redirect address of a native application: this machine at any port (RFC 8252, 7.3). Entra
/// knows only `localhost` and `127.0.0.1`.
fn loopback(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let ours = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    (url.scheme() == "http" && ours && url.fragment().is_none()).then_some(url)
}

/// The page's answer: a redirect, or a form that submits itself (OAuth 2.0 Form Post Response
/// Mode).
fn answered(mut redirect: Url, request: &Request, pairs: &[(&str, &str)]) -> Reply {
    let state = request.query("state");
    let state = (!state.is_empty()).then_some(("state", state));
    let pairs: Vec<(&str, &str)> = pairs.iter().copied().chain(state).collect();
    if request.query("response_mode") != "form_post" {
        redirect.query_pairs_mut().extend_pairs(&pairs);
        return Reply::empty(302).header("location", redirect.to_string());
    }
    let escaped = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;");
    let fields: String = pairs
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                escaped(value)
            )
        })
        .collect();
    let mut reply = Reply::html(200, "Working...");
    reply.body = format!(
        "<html><body onload=\"document.forms[0].submit()\"><form method=\"POST\" \
        action=\"{}\">{fields}</form></body></html>",
        escaped(redirect.as_str())
    )
    .into_bytes();
    reply
}
