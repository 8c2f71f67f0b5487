//! Dataverse: the only function that tells whether an environment is integrated with finance and
//! operations.

use crate::cloud::answer::Answer;
use crate::cloud::clouds::Service;
use crate::cloud::exchange::parse;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json;
use crate::cloud::session::Reader;
use crate::model::environment::Integration;

impl Reader {
    /// Asks the organization at `instance_url` (`https://contoso.crm4.dynamics.com/`). The
    /// organization is offline while the service applies a key.
    ///
    /// # Errors
    /// Every result except the two answers. 401, 403 and timeouts mean unknown, never not
    /// integrated.
    pub async fn integration(&self, instance_url: &str) -> Reply<Integration> {
        let url = format!(
            "{}/api/data/v9.2/RetrieveFinanceAndOperationsIntegrationDetails",
            instance_url.trim_end_matches('/')
        );
        match self.session.read(Service::Dataverse, &url).await {
            Ok(answer) => integrated(&answer),
            Err(fault) if says_not_integrated(&fault) => Ok(Integration::NotIntegrated),
            Err(fault) => Err(fault),
        }
    }
}

/// An answer with neither `Id` nor `Url` says nothing about the integration.
fn integrated(answer: &Answer) -> Reply<Integration> {
    let value = parse(Service::Dataverse, answer)?;
    let (id, url) = (json::text(&value, "Id"), json::text(&value, "Url"));
    if id.is_none() && url.is_none() {
        let why = "the answer has neither `Id` nor `Url`";
        return Err(Fault::shape(Service::Dataverse, answer, why));
    }
    Ok(Integration::Integrated { id, url })
}

/// Dataverse uses this code for other errors too, so the message decides.
fn says_not_integrated(fault: &Fault) -> bool {
    let message = fault.message.to_ascii_lowercase();
    fault.status() == Some(400)
        && fault.is("0x80048d0b")
        && message.contains("integrated with finance and operations")
}
