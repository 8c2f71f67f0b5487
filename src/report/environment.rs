//! The output of the first two steps on stdout: the environment, and whether it is integrated.

use super::terminal::Out;
use super::values::Sheet;
use crate::model::environment::{Environment, Integration};
use crate::model::finding::Finding;
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::seen::Seen;
use serde::Serialize;

/// The verdict on the integration.
#[derive(Debug, Clone, Copy)]
pub struct VerdictFacts {
    /// The word, as in JSON.
    pub word: &'static str,
    /// One sentence.
    pub meaning: &'static str,
}

#[derive(Serialize)]
pub(super) struct EnvironmentV1<'a> {
    schema: &'static str,
    id: &'a str,
    name: &'a str,
    dataverse_organization: Option<&'a str>,
    dataverse_unique_name: Option<&'a str>,
    dataverse_url: Option<&'a str>,
    finance_and_operations_url: Option<&'a str>,
    finance_and_operations_id: Option<&'a str>,
    location: &'a str,
    sku: &'a str,
}

impl<'a> From<&'a Environment> for EnvironmentV1<'a> {
    fn from(environment: &'a Environment) -> Self {
        let dataverse = environment.dataverse.as_ref();
        let app = environment.app();
        Self {
            schema: "cmkctl/environment/v1",
            id: &environment.id,
            name: &environment.display_name,
            dataverse_organization: dataverse.and_then(|part| part.organization_id.as_deref()),
            dataverse_unique_name: dataverse.and_then(|part| part.unique_name.as_deref()),
            dataverse_url: dataverse.and_then(|part| part.url.as_deref()),
            finance_and_operations_url: app.and_then(|part| part.url.as_deref()),
            finance_and_operations_id: app.and_then(|part| part.id.as_deref()),
            location: environment.location.known().map_or("", String::as_str),
            sku: environment.sku.text().unwrap_or_default(),
        }
    }
}

pub(super) fn environment_rows(sheet: Sheet, environment: &Environment) -> Sheet {
    let facts = EnvironmentV1::from(environment);
    sheet
        .row("Environment name", facts.name)
        .row("Environment id", facts.id)
        .row(
            "Dataverse organization",
            facts.dataverse_organization.unwrap_or("none"),
        )
        .row_if("Dataverse URL", facts.dataverse_url)
        .row(
            "Finance and operations",
            facts.finance_and_operations_url.unwrap_or("none"),
        )
        .row_if("LCS environment id", facts.finance_and_operations_id)
        .row(
            "Geography, type",
            format!(
                "{}, {}",
                environment.location.shown(),
                environment.sku.shown()
            ),
        )
}

/// Prints the result of step 2.
pub fn environment_name(out: &mut Out, environment: &Environment) {
    out.data(
        &EnvironmentV1::from(environment),
        &environment_rows(Sheet::default(), environment),
    );
}

#[derive(Serialize)]
struct IntegrationV1<'a> {
    schema: &'static str,
    verdict: &'static str,
    meaning: &'static str,
    environment: EnvironmentV1<'a>,
    evidence: Vec<Evidence>,
    findings: &'a [Finding],
}

#[derive(Serialize)]
struct Evidence {
    source: &'static str,
    says: String,
}

fn evidence(observed: &Observed, environment: &Environment) -> Vec<Evidence> {
    let app = match &environment.app {
        Known::Known(None) => "no finance and operations environment is linked".to_owned(),
        Known::Known(Some(app)) => {
            let part = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            format!(
                "`{}`, id {}, {}",
                part(&app.kind),
                part(&app.id),
                part(&app.url)
            )
        }
        Known::Unknown(why) => format!("not known: {why}"),
    };
    let dataverse = environment
        .dataverse
        .as_ref()
        .map_or("no Dataverse".to_owned(), |dataverse| {
            let part = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            format!(
                "organization {}, {}",
                part(&dataverse.organization_id),
                part(&dataverse.url)
            )
        });
    let function = match &observed.integration {
        Some(Seen::Present(Integration::Integrated { id, url })) => {
            format!(
                "integrated, id {}, {}",
                id.as_deref().unwrap_or("-"),
                url.as_deref().unwrap_or("-")
            )
        }
        Some(Seen::Present(Integration::NotIntegrated)) => {
            "the instance isn't integrated with finance and operations".to_owned()
        }
        Some(Seen::Unreadable(why)) => {
            let answer = why.service_text().map(|answer| format!(": {answer}"));
            format!("not readable: {}{}", why.why, answer.unwrap_or_default())
        }
        Some(Seen::Absent) => "no such function".to_owned(),
        None => "cmkctl did not ask Dataverse".to_owned(),
    };
    vec![
        Evidence {
            source: "Power Platform, linkedAppMetadata",
            says: app,
        },
        Evidence {
            source: "Power Platform, linkedEnvironmentMetadata",
            says: dataverse,
        },
        Evidence {
            source: "Dataverse, RetrieveFinanceAndOperationsIntegrationDetails",
            says: function,
        },
    ]
}

/// Prints the result of step 1.
pub fn integration(
    out: &mut Out,
    observed: &Observed,
    environment: &Environment,
    verdict: VerdictFacts,
    findings: &[Finding],
) {
    let evidence = evidence(observed, environment);
    let mut sheet =
        Sheet::default().row("Verdict", format!("{}\n{}", verdict.word, verdict.meaning));
    sheet = environment_rows(sheet, environment).section("Evidence");
    for item in &evidence {
        sheet = sheet.row(item.source, item.says.clone());
    }
    for finding in findings {
        sheet = sheet.line(format!(
            "{}: {} ({})",
            finding.code, finding.remedy, finding.who
        ));
    }
    let document = IntegrationV1 {
        schema: "cmkctl/integration/v1",
        verdict: verdict.word,
        meaning: verdict.meaning,
        environment: environment.into(),
        evidence,
        findings,
    };
    out.data(&document, &sheet);
}
