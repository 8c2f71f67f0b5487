//! Codes of the sign-in.

use super::code::ServiceCode;
use crate::model::{source, who};

const ENTRA: &str = "Microsoft Entra";

const fn code(
    code: &'static str,
    cause: &'static str,
    fix: &'static str,
    who: &'static str,
) -> ServiceCode {
    ServiceCode {
        code,
        service: ENTRA,
        cause,
        fix,
        who,
        belongs_to: None,
        source: source::ENTRA,
    }
}

pub(super) const CODES: &[ServiceCode] = &[
    code(
        "AADSTS700024",
        "The federated token had expired when it was used: such tokens live for minutes.",
        "Check the clock, and that the file of AZURE_FEDERATED_TOKEN_FILE is renewed; `cmkctl` \
        reads it anew for every token.",
        who::CALLER,
    ),
    code(
        "AADSTS7000215",
        "The client secret is wrong; often it is the secret's id instead of its value.",
        "Set AZURE_CLIENT_SECRET to the value, or create a new one: `az ad app credential reset \
        --id CLIENT_ID --append`.",
        who::ENTRA,
    ),
    code(
        "AADSTS7000222",
        "The client secret has expired.",
        "az ad app credential reset --id CLIENT_ID --append",
        who::ENTRA,
    ),
    code(
        "AADSTS700016",
        "The tenant doesn't know the application: it is of another tenant, was deleted, or the id \
        is mistyped.",
        "Check AZURE_CLIENT_ID and AZURE_TENANT_ID: `cmkctl auth status`.",
        who::CALLER,
    ),
    code(
        "AADSTS90002",
        "There is no such tenant in this cloud.",
        "Check AZURE_TENANT_ID, `--tenant` and `--cloud`: `cmkctl auth status`.",
        who::CALLER,
    ),
    code(
        "AADSTS50076",
        "The tenant asks for a second factor, which this sign-in did not bring.",
        "Sign in again with `az login`, or pass `--auth device-code`.",
        who::CALLER,
    ),
    code(
        "AADSTS50158",
        "The tenant asks for a further check outside of Microsoft Entra, such as another \
        provider's second factor.",
        "Sign in again with `az login`, or pass `--auth device-code`.",
        who::CALLER,
    ),
    code(
        "AADSTS70021",
        "No federated credential of the application matches the job's token.",
        "Compare issuer, subject and audience: `az ad app federated-credential list --id \
        CLIENT_ID`.",
        who::ENTRA,
    ),
    code(
        "AADSTS700213",
        "No federated credential of the application has the subject of the job's token, such as \
        its branch or environment.",
        "Compare the subject: `az ad app federated-credential list --id CLIENT_ID`.",
        who::ENTRA,
    ),
    code(
        "AADSTS70011",
        "The scope is not one that the sign-in knows; with `--endpoint` or a cloud file an \
        audience may be mistyped.",
        "Compare the scopes: `cmkctl auth status`.",
        who::CALLER,
    ),
    code(
        "AADSTS70000",
        "The grant is not valid: what the sign-in was to be renewed with was revoked or belongs \
        to another client.",
        "Sign in again: `az login`, or pass `--auth device-code`.",
        who::CALLER,
    ),
    code(
        "AADSTS70016",
        "The device code was not entered yet; `cmkctl` goes on asking until it is, or has expired.",
        "Enter the code that was shown in a browser.",
        who::CALLER,
    ),
    ServiceCode {
        code: "insufficient_claims",
        service: ENTRA,
        cause: "The service answers 401 with `WWW-Authenticate: … claims=`: the token was revoked \
            or does not satisfy a conditional access rule, and one with these claims is asked for.",
        fix: "Sign in again (`az login`), then run the same command again.",
        who: who::CALLER,
        belongs_to: None,
        source: "Microsoft Learn, Microsoft identity platform, claims-challenge, seen 2026-11",
    },
];
