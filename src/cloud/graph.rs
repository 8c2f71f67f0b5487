//! Microsoft Graph: finds users and service principals by name.

use crate::cloud::answer::Broken;
use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::text;
use crate::cloud::session::Reader;
use crate::model::ids::parse_guid;
use crate::model::whole::Whole;
use serde_json::Value;
use url::Url;

/// A user or service principal in Microsoft Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Object id.
    pub id: String,
    /// Display name.
    pub name: String,
}

impl Reader {
    /// The user with this user principal name (Microsoft Graph v1.0, `users/{id | upn}`).
    ///
    /// # Errors
    /// The service's refusal; 404 if no user has this name.
    pub async fn user(&self, name: &str) -> Reply<Principal> {
        let mut url = self.graph()?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(["users", name]);
        }
        url.set_query(Some("$select=id,displayName"));
        let answer = self.session.read(Service::Graph, url.as_str()).await?;
        let value = super::exchange::parse(Service::Graph, &answer)?;
        principal(&value).map_err(|why| Fault::shape(Service::Graph, &answer, why))
    }

    /// The service principals with this display name (Microsoft Graph v1.0, `servicePrincipals`).
    ///
    /// # Errors
    /// The service's refusal, or an incomplete list.
    pub async fn service_principals(&self, name: &str) -> Reply<Whole<Principal>> {
        let mut url = self.graph()?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.push("servicePrincipals");
        }
        let filter = format!("displayName eq '{}'", name.replace('\'', "''"));
        url.query_pairs_mut()
            .append_pair("$filter", &filter)
            .append_pair("$select", "id,displayName");
        self.session
            .pages(Service::Graph, url.as_str(), principal)
            .await
    }

    fn graph(&self) -> Reply<Url> {
        let base = format!("{}/v1.0", self.session.cloud().base(Service::Graph));
        let unset = |_| Broken::NotSent("the cloud has no host for Microsoft Graph".to_owned());
        let url = Url::parse(&base).map_err(unset);
        url.map_err(|broken| Fault::broken(Service::Graph, &broken))
    }
}

fn principal(value: &Value) -> Result<Principal, String> {
    let id = text(value, "id").ok_or("`id` is missing")?;
    Ok(Principal {
        id: parse_guid(&id).ok_or_else(|| format!("`id` is `{id}`, which is not a GUID"))?,
        name: text(value, "displayName").unwrap_or_default(),
    })
}
