//! The Power Platform API, for the one change that the admin API has no documented route for:
//! enabling an environment again.

use crate::cloud::clouds::Service;
use crate::cloud::fault::Reply;
use crate::cloud::json;
use crate::cloud::session::Writer;
use crate::cloud::versions::STATE;
use reqwest::Method;
use serde_json::json;

impl Writer {
    /// Enables an environment (`Environment State - Enable Environment` of the Power Platform REST
    /// reference, 2024-10-01: 202). That this is what ends a lock once the key is back is inferred:
    /// the documentation of the lock names the button of the admin center only.
    ///
    /// # Errors
    /// The service's refusal; an ambiguous fault may have enabled it.
    pub async fn enable_environment(&self, environment: &str) -> Reply<Option<String>> {
        let base = self.session.cloud().base(Service::PowerPlatform);
        let url = format!(
            "{base}/environmentmanagement/environments/{environment}/Enable?api-version={STATE}"
        );
        let body = json!({ "reason": "The key can be reached again." });
        let answer = self
            .session
            .change(Service::PowerPlatform, Method::POST, &url, Some(&body))
            .await?;
        Ok(answer.correlation().map(json::clean))
    }
}
