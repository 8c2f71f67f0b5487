//! Helps a caller who lacks a right: names an eligible role in Privileged Identity Management that
//! the caller can activate.

use super::Context;
use crate::cloud::Reader;
use crate::error::{Error, Result};
use crate::model::known::Verdict;
use crate::model::rights::{Eligible, Lacking, Operation, allows};
use crate::model::system::{System, quoted};
use serde_json::json;
use uuid::Uuid;

/// The duration of the activation. Tenants often allow at most eight hours.
const ACTIVE: &str = "PT8H";

impl Context {
    /// Adds the role that the caller can activate to an error about a missing right. Reads eligible
    /// roles only for such an error, and adds nothing if they can't be read.
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

/// An eligible role that gives the missing right.
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
            Activate the role with the next command. Then run the same cmkctl command again.",
            eligible.scope
        ),
    );
    error.hints.insert(1, command(eligible, host));
    error
}

/// The `az rest` command that activates the role (Azure REST reference, role assignment schedule
/// requests, 2020-10-01).
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
