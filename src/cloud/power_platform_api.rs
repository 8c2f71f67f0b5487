//! The Power Platform API. cmkctl uses it to enable an environment, because the admin API has no
//! documented route for that.

use crate::cloud::clouds::Service;
use crate::cloud::fault::Reply;
use crate::cloud::json;
use crate::cloud::session::Writer;
use crate::cloud::versions::STATE;
use reqwest::Method;
use serde_json::json;

impl Writer {
    /// Enables an environment (`Environment State - Enable Environment` of the Power Platform REST
    /// reference, 2024-10-01: 202). Inferred: this ends a lock once the key is back. The
    /// documentation of the lock names only the button of the admin center.
    ///
    /// # Errors
    /// The service's refusal. An ambiguous fault may have enabled the environment.
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
