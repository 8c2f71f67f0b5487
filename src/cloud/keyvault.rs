//! The data plane of Key Vault and Managed HSM. Keys use the official client. Local roles of a
//! managed HSM use cmkctl's own.

use crate::cloud::answer::{Answer, Broken};
use crate::cloud::authorization::role_assignment;
use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Happened, Reply};
use crate::cloud::json;
use crate::cloud::key_state::{address_of, is_below};
use crate::cloud::patient::{Last, Patient};
use crate::cloud::sdk::broken_of;
use crate::cloud::session::{Reader, Session, Writer};
use crate::cloud::versions::KEYS;
use crate::model::ids::assignment_name;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::Known;
use crate::model::preconditions::Deleted;
use crate::model::protection::{Key, Validity, Vault};
use crate::model::rights::RoleAssignment;
use crate::model::roles::HSM_ENCRYPTION_USER;
use crate::model::whole::Whole;
use crate::model::word::Word;
use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_security_keyvault_keys::models::{KeyAttributes, KeyClientGetKeyOptions};
use azure_security_keyvault_keys::{KeyClient, KeyClientOptions, ResourceExt};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;
use std::sync::Arc;

impl Reader {
    /// A key from the data plane: the latest version, or the given one. The official client sends
    /// its first request without a token, to get the challenge. The protocol requires this.
    ///
    /// # Errors
    /// The service's refusal, with the inner code (`ForbiddenByFirewall`, `ForbiddenByRbac`,
    /// `ForbiddenByPolicy`).
    pub async fn key(
        &self,
        vault: &Vault,
        name: &KeyName,
        asked: Option<&KeyVersion>,
    ) -> Reply<Key> {
        let service = Service::of_keys(vault.id.kind);
        let get = async |client: KeyClient| {
            let options = KeyClientGetKeyOptions {
                key_version: asked.map(|version| version.as_str().to_owned()),
                ..Default::default()
            };
            client
                .get_key(name.as_str(), Some(options))
                .await?
                .into_model()
        };
        let key = self.session.with_keys(service, &vault.uri, get).await?;
        let base = address_of(&vault.uri, name.as_str());
        let kid = key
            .key
            .as_ref()
            .and_then(|key| key.kid.as_deref())
            .unwrap_or_default();
        if !is_below(&base, kid) {
            let why = format!("Key Vault described another key, `{}`", json::clean(kid));
            return Err(Fault::broken(service, &Broken::Unusable(why)));
        }
        let version = key.resource_id().ok().and_then(|id| id.version);
        if asked.is_some_and(|asked| {
            version
                .as_deref()
                .is_none_or(|version| !version.eq_ignore_ascii_case(asked.as_str()))
        }) {
            let why = format!(
                "Key Vault described another version, `{}`",
                json::clean(kid)
            );
            return Err(Fault::broken(service, &Broken::Unusable(why)));
        }
        let material = key.key.unwrap_or_default();
        // Without attributes, the validity is unknown. With attributes, a missing expiry means that
        // there is none.
        let validity = key.attributes.map_or_else(Validity::default, validity);
        Ok(Key {
            name: name.to_string(),
            kty: material.kty.map_or_else(
                || Word::unsaid("`kty` is missing"),
                |kty| Word::from(json::clean(kty.as_ref()).as_str()),
            ),
            bits: material
                .n
                .map_or_else(|| unsaid("the size of the key"), |n| Known::Known(bits(&n))),
            version: parsed(version.as_deref()),
            validity,
            rotation: Known::default(),
            source: "Key Vault",
        })
    }

    /// A deleted key of this name that can still be recovered.
    ///
    /// # Errors
    /// The service's refusal; 404 if there is none.
    pub async fn deleted_key(&self, vault: &Vault, name: &KeyName) -> Reply<Deleted> {
        let service = Service::of_keys(vault.id.kind);
        let get = async |client: KeyClient| {
            client
                .get_deleted_key(name.as_str(), None)
                .await?
                .into_model()
        };
        let key = self.session.with_keys(service, &vault.uri, get).await?;
        Ok(Deleted {
            name: name.to_string(),
            purged: optional(key.scheduled_purge_date),
        })
    }

    /// Local role assignments of a managed HSM at a key, above it and below it, for all principals.
    /// A managed HSM does not report a principal's groups.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn hsm_roles(&self, uri: &str, key: &KeyName) -> Reply<Whole<RoleAssignment>> {
        let url = format!(
            "{}/keys/{key}/providers/Microsoft.Authorization/roleAssignments?api-version={KEYS}",
            uri.trim_end_matches('/')
        );
        self.session
            .pages(Service::ManagedHsm, &url, role_assignment)
            .await
    }
}

impl Writer {
    /// Assigns the encryption role on one key of a managed HSM to a principal. The assignment's
    /// name follows from its content, so a repeated request changes nothing.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn assign_hsm_role(
        &self,
        uri: &str,
        key: &KeyName,
        principal: &str,
    ) -> Reply<Option<String>> {
        let scope = format!("/keys/{key}");
        let name = assignment_name(&format!("{uri}{scope}"), principal, HSM_ENCRYPTION_USER);
        let url = format!(
            "{}{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version={KEYS}",
            uri.trim_end_matches('/')
        );
        let definition = format!(
            "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{HSM_ENCRYPTION_USER}"
        );
        let body =
            json!({ "properties": { "roleDefinitionId": definition, "principalId": principal } });
        match self
            .session
            .change(Service::ManagedHsm, Method::PUT, &url, Some(&body))
            .await
        {
            Ok(answer) => Ok(answer.correlation().map(json::clean)),
            Err(fault) if fault.is("RoleAssignmentExists") => Ok(fault.correlation),
            Err(fault) => Err(fault),
        }
    }
}

impl Session {
    /// Calls the official client, and again with a new token after a 401, because the client does
    /// not renew tokens.
    async fn with_keys<T>(
        &self,
        service: Service,
        uri: &str,
        get: impl AsyncFn(KeyClient) -> azure_core::Result<T>,
    ) -> Reply<T> {
        let last = Last::default();
        let faulty = |error| fault(service, &error).sent_as(last.get());
        let reply = get(self.key_client(service, uri, &last)?)
            .await
            .map_err(faulty);
        let claims = match &reply {
            Err(fault) if fault.status() == Some(401) => fault.clues.claims.clone(),
            _ => return reply,
        };
        let Ok(url) = url::Url::parse(uri) else {
            return reply;
        };
        let scope = self.cloud().scope(service, &url);
        let answered = self.tokens().answer(&scope, claims.as_deref()).await;
        answered.map_err(|error| Fault::sign_in(service, error))?;
        let retried = get(self.key_client(service, uri, &last)?)
            .await
            .map_err(faulty);
        if matches!(&retried, Err(fault) if fault.status() == Some(401)) {
            self.tokens().forget(&scope).await;
        }
        retried
    }

    fn key_client(&self, service: Service, uri: &str, last: &Last) -> Reply<KeyClient> {
        let ours =
            url::Url::parse(uri).is_ok_and(|url| self.cloud().service_of(&url) == Some(service));
        if !ours {
            let why = format!(
                "{} is not an address of {}",
                json::clean(uri),
                service.name()
            );
            return Err(Fault::broken(service, &Broken::Foreign(why)));
        }
        let client_options = Patient::options(self.wire(), last.clone());
        let options = KeyClientOptions {
            client_options,
            ..Default::default()
        };
        let credential: Arc<dyn TokenCredential> = self.tokens().clone();
        KeyClient::new(uri, credential, Some(options)).map_err(|error| fault(service, &error))
    }
}

fn validity(attributes: KeyAttributes) -> Validity {
    Validity {
        enabled: attributes
            .enabled
            .map_or_else(|| unsaid("whether the version is enabled"), Known::Known),
        created: attributes
            .created
            .and_then(timestamp)
            .filter(|made| made.as_second() > json::BEGAN)
            .map_or_else(|| unsaid("when the version was created"), Known::Known),
        not_before: optional(attributes.not_before),
        expires: optional(attributes.expires),
    }
}

/// The version at the end of the key's address.
fn parsed(version: Option<&str>) -> Known<KeyVersion> {
    let Some(version) = version else {
        return unsaid("which version this is");
    };
    KeyVersion::parse(version).map_or_else(
        |bad| Known::Unknown(bad.message.trim_end_matches('.').to_owned()),
        Known::Known,
    )
}

fn unsaid<T>(part: &str) -> Known<T> {
    Known::Unknown(format!("Key Vault did not say {part}"))
}

fn timestamp(time: azure_core::time::OffsetDateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.unix_timestamp()).ok()
}

fn optional(time: Option<azure_core::time::OffsetDateTime>) -> Known<Option<Timestamp>> {
    match time.map(timestamp) {
        None => Known::Known(None),
        Some(Some(time)) => Known::Known(Some(time)),
        Some(None) => Known::Unknown("the date from Key Vault is not valid".to_owned()),
    }
}

/// The size of an RSA key in bits: its modulus without leading zero bytes.
fn bits(modulus: &[u8]) -> u32 {
    let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
    u32::try_from(significant * 8).unwrap_or(u32::MAX)
}

fn fault(service: Service, error: &azure_core::Error) -> Fault {
    if let ErrorKind::HttpResponse {
        status,
        raw_response: Some(raw),
        ..
    } = error.kind()
    {
        let mut headers = HeaderMap::new();
        for (name, value) in raw.headers().iter() {
            let name = reqwest::header::HeaderName::from_bytes(name.as_str().as_bytes());
            if let (Ok(name), Ok(value)) = (name, value.as_str().parse()) {
                headers.insert(name, value);
            }
        }
        let answer = Answer {
            status: u16::from(*status),
            headers,
            body: raw.body().clone().into(),
        };
        return Fault::answered(service, &answer);
    }
    if let Some(broken) = broken_of(error) {
        return Fault::broken(service, broken);
    }
    let text = error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut fault = match error.kind() {
        ErrorKind::Credential => Fault::sign_in(
            service,
            crate::error::Error::new(crate::error::Kind::SignIn, text),
        ),
        // The crate refused the challenge or the body of an answer.
        ErrorKind::Other | ErrorKind::DataConversion => {
            Fault::broken(service, &Broken::Unusable(text))
        }
        _ => Fault::broken(service, &Broken::Lost(text)),
    };
    if let ErrorKind::HttpResponse {
        status, error_code, ..
    } = error.kind()
    {
        fault.happened = Happened::Status(u16::from(*status));
        fault.code = error_code.as_deref().map(json::clean);
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::sdk::sdk_broken;

    #[test]
    fn only_our_own_refusal_says_that_nothing_was_sent() {
        let of = |error: azure_core::Error| fault(Service::KeyVault, &error).happened;
        let happened_after = |broken: Broken| of(sdk_broken(broken));
        assert_eq!(
            happened_after(Broken::Foreign("x".into())),
            Happened::Foreign
        );
        assert_eq!(
            happened_after(Broken::Untrusted("x".into())),
            Happened::Untrusted
        );
        assert_eq!(
            happened_after(Broken::NotSent("x".into())),
            Happened::NotSent
        );
        // The crate uses these kinds also after an answer.
        for (kind, happened) in [
            (ErrorKind::Other, Happened::Shape),
            (ErrorKind::DataConversion, Happened::Shape),
            (ErrorKind::Connection, Happened::Lost),
            (ErrorKind::Io, Happened::Lost),
        ] {
            assert_eq!(of(azure_core::Error::with_message(kind, "x")), happened);
        }
    }
}
