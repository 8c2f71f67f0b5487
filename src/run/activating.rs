//! What a caller who lacks a right can do alone: activate a role that Privileged Identity
//! Management holds ready.

use super::Context;
use crate::cloud::Reader;
use crate::error::{Error, Result};
use crate::model::known::Verdict;
use crate::model::rights::{Eligible, Lacking, Operation, allows};
use crate::model::system::{System, quoted};
use serde_json::json;
use uuid::Uuid;

/// For so long a role is activated: tenants often allow eight hours at most.
const ACTIVE: &str = "PT8H";

impl Context {
    /// The same result; an error for a right that is lacking says which role can be activated. Asks
    /// only then, and what can't be read adds nothing.
    pub async fn with_activation(&self, result: Result<()>) -> Result<()> {
        let Err(error) = result else { return Ok(()) };
        let Some(lacking) = &error.lacking else {
            return Err(error);
        };
        match would_do(&self.reader(), lacking).await {
            Some(eligible) => {
                let host = self.settings.cloud.get("arm");
                Err(told(error.clone(), &eligible, host))
            }
            None => Err(error),
        }
    }
}

/// An eligible role that gives the right where it is lacking.
async fn would_do(reader: &Reader, lacking: &Lacking) -> Option<Eligible> {
    let all = reader.eligible(&lacking.scope).await.ok()?;
    for eligible in all.iter() {
        let Ok(definition) = reader
            .role_definition(&eligible.scope, &eligible.role)
            .await
        else {
            continue;
        };
        let gives = |operation| allows(&definition.permissions, operation) == Verdict::Yes;
        if gives(Operation::Control(&lacking.right)) || gives(Operation::Data(&lacking.right)) {
            return Some(eligible.clone());
        }
    }
    None
}

fn told(mut error: Error, eligible: &Eligible, host: &str) -> Error {
    let role = eligible.name.as_deref().unwrap_or(&eligible.role);
    error.hints.insert(
        0,
        format!(
            "You are eligible for the role `{role}` at {} (Privileged Identity Management). \
            Activate it, then run the same command again:",
            eligible.scope
        ),
    );
    error.hints.insert(1, command(eligible, host));
    error
}

/// Azure REST reference, role assignment schedule requests, 2020-10-01.
fn command(eligible: &Eligible, host: &str) -> String {
    let body = json!({ "properties": {
        "principalId": eligible.principal,
        "roleDefinitionId": eligible.definition,
        "requestType": "SelfActivate",
        "justification": "customer-managed keys",
        "scheduleInfo": { "expiration": { "type": "AfterDuration", "duration": ACTIVE } },
    } });
    let url = format!(
        "https://{host}{}/providers/Microsoft.Authorization/\
        roleAssignmentScheduleRequests/{}?api-version=2020-10-01",
        eligible.scope,
        Uuid::new_v4()
    );
    format!(
        "az rest --method put --url {} --body {}",
        quoted(&url),
        System::HERE.shell().batch_word(&body.to_string())
    )
}
