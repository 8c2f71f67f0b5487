//! Codes of Microsoft Entra sign-ins.

use super::code::ServiceCode;
use crate::model::cause::Cause;
use crate::model::{source, who};

const ENTRA: &str = "Microsoft Entra";

/// The remedy for a refusal by Conditional Access.
const BARRED: &str = "Signing in again does not help. Use a compliant device, an allowed network \
    or another sign-in method. If you have none of these, ask the Conditional Access \
    administrator.";

const fn code(
    code: &'static str,
    cause: &'static str,
    fix: &'static str,
    who: &'static str,
) -> ServiceCode {
    ServiceCode {
        code,
        service: ENTRA,
        means: Some(Cause::SignIn),
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
        "The federated token expired before it was used. Federated tokens are valid only for \
        minutes. Or the clock of this machine is wrong, so the signed token contains the wrong \
        time.",
        "Check the clock of this machine. Check that the file in AZURE_FEDERATED_TOKEN_FILE is \
            renewed. cmkctl reads this file each time it requests a token.",
        who::CALLER,
    ),
    code(
        "AADSTS700027",
        "The certificate is not registered for the application, or has expired.",
        "Compare the thumbprint of your certificate with the registered certificates: `az ad app \
        credential list --id CLIENT_ID --cert`.",
        who::ENTRA,
    ),
    code(
        "AADSTS700021",
        "The client assertion (signed token) is for another application than this sign-in.",
        "Check AZURE_CLIENT_ID: `cmkctl auth status`.",
        who::CALLER,
    ),
    code(
        "AADSTS700023",
        "The client assertion (signed token) is for another tenant or another cloud.",
        "Check AZURE_TENANT_ID, `--tenant` and `--cloud`: `cmkctl auth status`.",
        who::CALLER,
    ),
    code(
        "AADSTS7000215",
        "The client secret is wrong. Often, AZURE_CLIENT_SECRET contains the secret's id instead \
        of its value.",
        "Set AZURE_CLIENT_SECRET to the secret's value, or create a new secret: `az ad app \
        credential reset --id CLIENT_ID --append`.",
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
        "The application does not exist in this tenant. The application belongs to another tenant \
        or was deleted, or the id is mistyped.",
        "Check AZURE_CLIENT_ID and AZURE_TENANT_ID: `cmkctl auth status`.",
        who::CALLER,
    ),
    code(
        "AADSTS90002",
        "The tenant does not exist in this cloud.",
        "Check AZURE_TENANT_ID, `--tenant` and `--cloud`: `cmkctl auth status`.",
        who::CALLER,
    ),
    code(
        "AADSTS50076",
        "The tenant requires a second factor for this service, but this sign-in did not include a \
        second factor.",
        "az login --scope RESOURCE/.default",
        who::CALLER,
    ),
    code(
        "AADSTS50158",
        "The tenant requires a further check outside of Microsoft Entra, such as another \
        provider's second factor.",
        "az login --scope RESOURCE/.default",
        who::CALLER,
    ),
    code(
        "AADSTS70021",
        "No federated credential of the application matches the token of the pipeline job.",
        "Compare issuer, subject and audience of the token of the pipeline job with this list: \
            `az ad app federated-credential list --id CLIENT_ID`.",
        who::ENTRA,
    ),
    code(
        "AADSTS700213",
        "The token of the pipeline job has a subject, such as a branch. The application has no \
            federated credential for this subject.",
        "Compare the subject of the token of the pipeline job with this list: `az ad app \
            federated-credential list --id CLIENT_ID`.",
        who::ENTRA,
    ),
    code(
        "AADSTS70011",
        "Microsoft Entra does not know this scope. An audience in `--endpoint` or in the cloud \
            file may be mistyped.",
        "Check the scopes: `cmkctl auth status`.",
        who::CALLER,
    ),
    code(
        "AADSTS70000",
        "The sign-in is not valid: the refresh token was revoked or belongs to another client \
        application.",
        "Sign in again: `az login`.",
        who::CALLER,
    ),
    code(
        "AADSTS70016",
        "You have not entered the device code yet. cmkctl waits until you enter the code or the \
        code expires.",
        "In a browser, enter the code that cmkctl showed.",
        who::CALLER,
    ),
    code(
        "AADSTS53003",
        "A Conditional Access policy blocks this location, device or application.",
        BARRED,
        who::CONDITIONAL_ACCESS,
    ),
    code(
        "AADSTS53000",
        "A Conditional Access policy requires a device that is marked as compliant.",
        BARRED,
        who::CONDITIONAL_ACCESS,
    ),
    code(
        "AADSTS53001",
        "A Conditional Access policy requires a device that is joined to the tenant.",
        BARRED,
        who::CONDITIONAL_ACCESS,
    ),
    code(
        "AADSTS50131",
        "A Conditional Access policy blocks this sign-in because of its device, location or risk.",
        BARRED,
        who::CONDITIONAL_ACCESS,
    ),
    code(
        "AADSTS530003",
        "A Conditional Access policy requires a device that the tenant manages.",
        BARRED,
        who::CONDITIONAL_ACCESS,
    ),
    code(
        "AADSTS530032",
        "A security policy of the tenant blocks this sign-in.",
        BARRED,
        who::CONDITIONAL_ACCESS,
    ),
    code(
        "AADSTS50005",
        "A Conditional Access policy does not allow this operating system or sign-in method.",
        BARRED,
        who::CONDITIONAL_ACCESS,
    ),
    code(
        "AADSTS530084",
        "A Conditional Access policy requires a token that is bound to the device.",
        BARRED,
        who::CONDITIONAL_ACCESS,
    ),
    code(
        "AADSTS500011",
        "The service is not known in this tenant. The tenant or cloud is wrong, or Power Apps was \
            never used in this tenant.",
        "Pass the tenant and the cloud of the environment with `--tenant TENANT_ID` and `--cloud`. \
        Check the settings: `cmkctl auth status`.",
        who::CALLER,
    ),
    code(
        "AADSTS65001",
        "Consent is missing: the application may not use this service yet.",
        "az login --scope RESOURCE/.default",
        who::CALLER,
    ),
    code(
        "AADSTS65002",
        "This application belongs to Microsoft, and Microsoft does not allow the application to \
        use this service.",
        "Sign in with a service principal or with your own app registration. To see the current \
        sign-in: `cmkctl auth status`.",
        who::ENTRA,
    ),
    code(
        "AADSTS650057",
        "The application has no API permission for this service.",
        "Add the API permission to the app registration, and grant admin consent for it.",
        who::ENTRA,
    ),
    code(
        "AADSTS700082",
        "The sign-in has expired, because it was not used for too long.",
        "Sign in again: `az logout`, then `az login --tenant TENANT_ID`.",
        who::CALLER,
    ),
    code(
        "AADSTS70043",
        "The sign-in has expired: a Conditional Access policy limits how long it lasts.",
        "Sign in again: `az logout`, then `az login --tenant TENANT_ID`.",
        who::CALLER,
    ),
    code(
        "AADSTS700212",
        "The audience of the token of the pipeline job differs from that of the federated \
            credential. Each cloud has its own audience.",
        "Compare the audience of the token of the pipeline job with this list: `az ad app \
            federated-credential list --id CLIENT_ID`. To request another audience, pass \
            `--endpoint federated-audience=URI`.",
        who::ENTRA,
    ),
    code(
        "AADSTS700211",
        "The issuer of the token of the pipeline job differs from that of the federated \
            credential.",
        "Compare the issuer of the token of the pipeline job with this list: `az ad app \
            federated-credential list --id CLIENT_ID`.",
        who::ENTRA,
    ),
    code(
        "AADSTS50173",
        "The sign-in was revoked, often because the password was changed.",
        "Sign in again: `az login`.",
        who::CALLER,
    ),
    code(
        "AADSTS50132",
        "The session is not valid any more: the password was changed or the account was locked.",
        "Sign in again: `az login`.",
        who::CALLER,
    ),
    code(
        "AADSTS50133",
        "The session is not valid any more: the password was changed or has expired.",
        "Sign in again: `az login`.",
        who::CALLER,
    ),
    code(
        "AADSTS50079",
        "The account must register a second factor first.",
        "az login --scope RESOURCE/.default",
        who::CALLER,
    ),
    code(
        "AADSTS7000229",
        "The application has no service principal in this tenant.",
        "az ad sp create --id CLIENT_ID",
        who::ENTRA,
    ),
    code(
        "AADSTS7000112",
        "The application is disabled in this tenant.",
        "Enable the application under Enterprise applications in Microsoft Entra, or sign in with \
            another application.",
        who::ENTRA,
    ),
    code(
        "AADSTS900023",
        "The tenant is not valid. It must be an id (a GUID) or a domain name.",
        "Pass the tenant's id: `--tenant TENANT_ID`, or set AZURE_TENANT_ID.",
        who::CALLER,
    ),
    code(
        "AADSTS50020",
        "The account belongs to another tenant and is not a guest of this one.",
        "Sign in with an account of this tenant: `az login --tenant TENANT_ID`.",
        who::CALLER,
    ),
    code(
        "AADSTS50105",
        "The application accepts only users who are assigned to it, and your account is not \
        assigned.",
        "Ask the owner of the application to assign you to it.",
        who::ENTRA,
    ),
    code(
        "AADSTS65004",
        "The person at the sign-in page did not consent to the application.",
        "Sign in again, and accept what the application asks for: `az login`.",
        who::CALLER,
    ),
    code(
        "AADSTS90094",
        "An administrator must consent to the application before users can sign in to it.",
        "Ask a Microsoft Entra administrator to consent to the application.",
        who::ENTRA,
    ),
    code(
        "AADSTS70008",
        "The code or the refresh token of the sign-in has expired.",
        "Sign in again: `az login`.",
        who::CALLER,
    ),
    ServiceCode {
        code: "insufficient_claims",
        service: ENTRA,
        means: Some(Cause::Claims),
        cause: "The service answers 401 with `WWW-Authenticate: … claims=`. The token was revoked \
            or does not satisfy a Conditional Access policy. The service requires a token with the \
            claims in this header.",
        fix: "Sign in again with the value after `claims=` in this header: `az login \
            --claims-challenge CLAIMS`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::CLAIMS,
    },
];
