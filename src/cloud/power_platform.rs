//! The Power Platform admin API (Business Application Platform): environments, lifecycle
//! operations, policy links, Managed Environments.
//!
//! Routes and versions are those of Microsoft's `PowerPlatform-EnterprisePolicies` module, its
//! Terraform provider and its administration module.

use crate::cloud::answer::Answer;
use crate::cloud::clouds::Service;
use crate::cloud::environments::{contradicts, environment, listed_operation, operation};
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json;
use crate::cloud::session::{NAMES, Reader, Session, Writer};
use crate::cloud::versions::{
    ADMIN_APPLICATIONS, ENVIRONMENTS, GOVERNANCE, HISTORY, LINKS, MAKERS_ENVIRONMENT, OPERATION,
};
use crate::model::alike::Alike;
use crate::model::environment::Environment;
use crate::model::operation::Operation;
use crate::model::seen::Seen;
use crate::model::whole::Whole;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const EXPAND: &str = "permissions,properties/enterprisePolicies";

impl Session {
    fn bap(&self) -> String {
        format!(
            "{}/providers/Microsoft.BusinessAppPlatform",
            self.cloud().base(Service::Bap)
        )
    }
}

impl Reader {
    /// Every environment that the caller may administer. A caller without the role gets an empty
    /// list.
    ///
    /// # Errors
    /// The fault of the failed page.
    pub async fn environments(&self) -> Reply<Whole<Environment>> {
        self.environments_as_read(|_| {}).await
    }

    /// Like `environments`, and calls `shown` for each environment as soon as its page is read.
    /// Only the returned list is complete.
    ///
    /// # Errors
    /// The fault of the failed page.
    pub async fn environments_as_read(
        &self,
        mut shown: impl FnMut(&Environment),
    ) -> Reply<Whole<Environment>> {
        let url = format!(
            "{}/scopes/admin/environments?api-version={ENVIRONMENTS}&$expand=properties/enterprisePolicies",
            self.session.bap()
        );
        let numbered = |value: &Value, page| {
            let found = environment(value).map(|found| Environment {
                page: Some(page),
                ..found
            });
            if let Ok(found) = &found {
                shown(found);
            }
            found
        };
        let all = self
            .session
            .numbered_pages(Service::Bap, &url, numbered)
            .await?;
        let (environments, policies) = names(&all);
        self.session.lists(|listed| {
            listed.environments = environments;
            listed.policies = policies;
        });
        Ok(all)
    }

    /// The number of environments that the caller sees.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn sees_environments(&self) -> Reply<usize> {
        let url = format!(
            "{}/scopes/admin/environments?api-version={ENVIRONMENTS}",
            self.session.bap()
        );
        let all = self.session.pages(Service::Bap, &url, |_| Ok(())).await?;
        Ok(all.len())
    }

    /// Is the application registered as a management application? `client` is its client id. The
    /// service answers 400 for an unregistered one (seen in Microsoft's administration module).
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn is_management_application(&self, client: &str) -> Reply<bool> {
        let url = format!(
            "{}/adminApplications/{client}?api-version={ADMIN_APPLICATIONS}",
            self.session.bap()
        );
        match self.session.json(Service::Bap, &url).await {
            Ok(value) => Ok(json::text(&value, "applicationId")
                .is_some_and(|id| id.eq_ignore_ascii_case(client))),
            Err(fault) if fault.status() == Some(400) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Reads an environment with its policy and the caller's permissions. If the admin read shows
    /// no policy, cmkctl also reads the plain route before it decides that none is linked. One
    /// source saw the block missing although a policy was linked (inferred from a single source).
    /// The plain read expands nothing, as Microsoft's own module does
    /// (PowerPlatform-EnterprisePolicies, `EnvironmentOperations.ps1`). If the plain read fails,
    /// the link is unknown.
    ///
    /// # Errors
    /// A 404 may also mean that the caller lacks the role.
    pub async fn environment(&self, id: &str) -> Reply<Environment> {
        let url = self.environment_url(id);
        let answer = self.session.read(Service::Bap, &url).await?;
        let mut environment = self.decode_environment(id, &answer)?;
        if environment.key_link.is_absent() || contradicts(&environment) {
            let plain = format!(
                "{}/environments/{id}?api-version={MAKERS_ENVIRONMENT}",
                self.session.bap()
            );
            let plain = match self.session.read(Service::Bap, &plain).await {
                Ok(answer) => self.decode_environment(id, &answer),
                Err(fault) => Err(fault),
            };
            match plain {
                Ok(plain) if !plain.key_link.is_absent() => environment.key_link = plain.key_link,
                // Both reads show no policy. Doubts of the first read stay.
                Ok(_) => {}
                Err(fault) if fault.is_sign_in() => return Err(fault),
                Err(fault) => environment.key_link = Seen::Unreadable(fault.unreadable()),
            }
        }
        Ok(environment)
    }

    /// Reads an environment with a single request, for the loop that waits.
    pub(crate) async fn environment_once(
        &self,
        id: &str,
    ) -> (Reply<Environment>, Option<Duration>) {
        let (reply, pause) = self
            .session
            .poll(Service::Bap, &self.environment_url(id))
            .await;
        (
            reply.and_then(|answer| self.decode_environment(id, &answer)),
            pause,
        )
    }

    fn environment_url(&self, id: &str) -> String {
        format!(
            "{}/scopes/admin/environments/{id}?api-version={ENVIRONMENTS}&$expand={EXPAND}",
            self.session.bap()
        )
    }

    fn decode_environment(&self, id: &str, answer: &Answer) -> Reply<Environment> {
        let value = super::exchange::parse(Service::Bap, answer)?;
        let found = environment(&value).map_err(|why| Fault::shape(Service::Bap, answer, why))?;
        if found.id.eq_ignore_ascii_case(id) {
            return Ok(found);
        }
        Err(Fault::shape(
            Service::Bap,
            answer,
            format!("the answer describes another environment, {}", found.id),
        ))
    }

    /// Lifecycle operations of an environment, newest first.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn operations(&self, environment: &str) -> Reply<Whole<Operation>> {
        let url = format!(
            "{}/lifecycleOperations?api-version={HISTORY}&$filter=environment%20eq%20%27{environment}%27",
            self.session.bap()
        );
        let mut all = self
            .session
            .pages(Service::Bap, &url, listed_operation)
            .await?;
        // The service already sorts them. If every date is known, cmkctl does not rely on that.
        if all
            .iter()
            .all(|operation| operation.created.known().is_some())
        {
            all.sort_by_key(|operation| std::cmp::Reverse(operation.created.known().copied()));
        }
        Ok(all)
    }

    /// Reads an operation with a single request. `url` must be on a host of the admin API.
    pub(crate) async fn operation_once(&self, url: &str) -> (Reply<Operation>, Option<Duration>) {
        let (reply, pause) = self.session.poll(Service::Bap, url).await;
        let operation =
            reply.and_then(|answer| Ok(operation(&super::exchange::parse(Service::Bap, &answer)?)));
        (operation, pause)
    }

    /// The address of an operation with this id.
    pub fn operation_url(&self, id: &str) -> String {
        format!(
            "{}/lifecycleOperations/{id}?api-version={OPERATION}",
            self.session.bap()
        )
    }
}

/// An accepted operation: its address and the first pause.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The operation's address; `None` if the service named none, or one on a foreign host.
    pub url: Option<String>,
    /// The first pause that the service asked for.
    pub pause: Option<Duration>,
    /// Correlation id for a support ticket.
    pub correlation: Option<String>,
}

impl Writer {
    /// Starts to encrypt an environment with a policy's key. **Never send it twice** without
    /// reading the environment and its operations first. `system_id` is the policy's `systemId`.
    /// The route has no `scopes/admin`, which gives 404.
    ///
    /// # Errors
    /// An ambiguous fault (see [`Fault::is_ambiguous`]) may have started the operation.
    pub async fn link(&self, environment: &str, system_id: &str) -> Reply<Accepted> {
        self.key_operation(environment, system_id, "link").await
    }

    /// Starts to return an environment to the Microsoft-managed key. **Never send it twice**
    /// without reading first, as with [`Writer::link`].
    ///
    /// # Errors
    /// An ambiguous fault may have started the operation.
    pub async fn unlink(&self, environment: &str, system_id: &str) -> Reply<Accepted> {
        self.key_operation(environment, system_id, "unlink").await
    }

    async fn key_operation(
        &self,
        environment: &str,
        system_id: &str,
        action: &str,
    ) -> Reply<Accepted> {
        let url = format!(
            "{}/environments/{environment}/enterprisePolicies/Encryption/{action}?api-version={LINKS}",
            self.session.bap()
        );
        let body = json!({ "SystemId": system_id });
        let answer = self
            .session
            .change(Service::Bap, Method::POST, &url, Some(&body))
            .await?;
        Ok(self.accepted(&answer))
    }

    /// Starts to make an environment a Managed Environment. It sends only the protection level, so
    /// that all other settings stay.
    ///
    /// # Errors
    /// 409 means busy *or* already managed. Read the environment to tell them apart.
    pub async fn make_managed(&self, environment: &str) -> Reply<Accepted> {
        let url = format!(
            "{}/environments/{environment}/governanceConfiguration?api-version={GOVERNANCE}",
            self.session.bap()
        );
        let body = json!({ "protectionLevel": "Standard" });
        let answer = self
            .session
            .change(Service::Bap, Method::POST, &url, Some(&body))
            .await?;
        Ok(self.accepted(&answer))
    }

    fn accepted(&self, answer: &Answer) -> Accepted {
        let ours = |url: &str| {
            let known = url::Url::parse(url)
                .is_ok_and(|url| self.session.cloud().service_of(&url) == Some(Service::Bap));
            if !known {
                tracing::warn!(
                    "The service gave an operation's address that is outside the cloud ({}). \
                        cmkctl does not call this address.",
                    json::clean(url)
                );
            }
            known
        };
        let url = ["operation-location", "location"]
            .iter()
            .find_map(|name| answer.header(name))
            .filter(|url| ours(url));
        Accepted {
            url: url.map(str::to_owned),
            pause: self.session.retry_after(answer),
            correlation: answer.correlation().map(json::clean),
        }
    }
}

/// The names to complete for environments, and the linked policies.
fn names(all: &[Environment]) -> (BTreeSet<String>, BTreeSet<String>) {
    let alike = Alike::among(
        all.iter()
            .map(|environment| environment.display_name.as_str()),
    );
    let typed =
        all.iter()
            .take(NAMES)
            .map(|environment| match alike.has(&environment.display_name) {
                false => environment.display_name.clone(),
                true => environment.id.clone(),
            });
    let policies = all
        .iter()
        .filter_map(|environment| environment.policy().map(ToString::to_string));
    (typed.collect(), policies.take(NAMES).collect())
}
