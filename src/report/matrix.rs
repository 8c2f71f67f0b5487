//! What a customer-managed key covers and what stays on the Microsoft key, each with its source.
//! The content is the same for every tenant.

use super::values::Sheet;
use crate::model::source::{ARTICLE, BUSINESS_CENTRAL, COPILOT_STUDIO, FLOWS, KEYS, SALES};
use serde::Serialize;

/// The date of Microsoft's article about finance and operations, from which its rows were read.
pub const MATRIX_DATE: &str = "2026-03-13";

/// An app or add-in, and whether the key covers it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Coverage {
    /// Name of the app or add-in.
    pub app: &'static str,
    /// `supported`, `partial` or `not supported`.
    pub support: &'static str,
    /// What the key does not cover.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub note: &'static str,
    /// The code whose explanation says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The public page with its date.
    pub source: &'static str,
}

impl Coverage {
    const fn explained(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    const fn from(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    /// The number of its source among [`SOURCES`], from 1.
    pub(super) fn source_number(&self) -> usize {
        let at = SOURCES.iter().position(|source| *source == self.source);
        at.map_or(0, |at| at + 1)
    }
}

const fn row(app: &'static str, support: &'static str, note: &'static str) -> Coverage {
    Coverage {
        app,
        support,
        note,
        code: None,
        source: KEYS,
    }
}

/// The pages that the rows were read from.
pub(super) const SOURCES: [&str; 6] = [
    ARTICLE,
    KEYS,
    FLOWS,
    COPILOT_STUDIO,
    SALES,
    BUSINESS_CENTRAL,
];

/// Coverage of finance and operations apps, then of the other apps in the same environment.
pub const MATRIX: [Coverage; 17] = [
    row("Supply Chain Management", "supported", "").from(ARTICLE),
    row(
        "Finance",
        "supported",
        "data managed under stand-alone RCS is not covered. From 10.0.39 RCS is part of \
            Globalization Studio: verify the coverage with Microsoft",
    )
    .from(ARTICLE)
    .explained("CMK038"),
    row(
        "Human Resources",
        "supported",
        "only if provisioned through a finance and operations environment. The stand-alone app is \
            not supported",
    )
    .from(ARTICLE),
    row(
        "Commerce",
        "partial",
        "e-commerce CMS and recommendations are not covered. Scale units, e-commerce, ratings and \
            reviews are not covered in another geography",
    )
    .from(ARTICLE)
    .explained("CMK039"),
    row("Demand planning", "partial", "").from(ARTICLE),
    row(
        "Lifecycle Services",
        "not supported",
        "file assets, methodologies, task recorder, project metadata",
    )
    .from(ARTICLE)
    .explained("CMK040"),
    row(
        "Tax Calculation",
        "partial",
        "not supported with stand-alone RCS",
    )
    .from(ARTICLE)
    .explained("CMK038"),
    row(
        "Electronic Invoicing",
        "partial",
        "not supported with stand-alone RCS",
    )
    .from(ARTICLE)
    .explained("CMK038"),
    row("All other add-ins", "supported", "").from(ARTICLE),
    row(
        "Dataverse",
        "supported",
        "including Copilot in model-driven apps and Chat for Dynamics 365",
    ),
    row(
        "Power Apps",
        "partial",
        "display names, descriptions and connection metadata of apps are not covered",
    ),
    row(
        "Power Automate",
        "partial",
        "the flows listed below and connections without OAuth are not covered",
    )
    .from(FLOWS)
    .explained("CMK029"),
    row(
        "Copilot Studio",
        "partial",
        "only if the key was applied on 2025-04-07 or later. If it was applied earlier, remove \
            the key and apply it again",
    )
    .from(COPILOT_STUDIO),
    row(
        "Dynamics 365 Sales",
        "partial",
        "forecasting, predictive scoring, conversation and relationship intelligence are not \
            covered",
    )
    .from(SALES),
    row(
        "Other Dynamics 365 apps",
        "supported",
        "Customer Service, Field Service, Customer Insights (Data), Retail, Project Operations, \
            Intelligent Order Management, Fraud Protection. For other apps, ask Microsoft",
    ),
    row(
        "Business Central",
        "partial",
        "a linked Business Central environment uses this key. Copies of that environment do not",
    )
    .from(BUSINESS_CENTRAL),
    row("Nuance Conversational IVR", "not supported", ""),
];

/// What stays on the Microsoft key in every environment.
pub const STAYS_ON_MICROSOFT_KEY: [&str; 8] = [
    "connection settings of connectors",
    "display names, descriptions and connection metadata of Power Apps",
    "results of the solution checker",
    "maker welcome content",
    "environment settings",
    "connections without OAuth",
    "flows with PowerApps V1, HTTP or Teams triggers, and their parents",
    "flows that use List flows as Admin (V1)",
];

/// The coverage for people, with the number of each row's source.
pub(super) fn coverage_rows(mut sheet: Sheet) -> Sheet {
    sheet = sheet.section("What a key covers");
    for row in &MATRIX {
        let colon = if row.note.is_empty() { "" } else { ": " };
        let code = row.code.map_or(String::new(), |code| format!(" ({code})"));
        let number = row.source_number();
        let value = format!("{}{colon}{}{code} [{number}]", row.support, row.note);
        sheet = sheet.row(row.app, value);
    }
    sheet = sheet
        .section("What stays on the Microsoft key")
        .row("In every environment", STAYS_ON_MICROSOFT_KEY.join("\n"))
        .section("Sources");
    for (number, source) in SOURCES.iter().enumerate() {
        sheet = sheet.row(&format!("[{}]", number + 1), *source);
    }
    sheet.row("CMK…", "`cmkctl explain CODE` explains a code")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue;

    #[test]
    fn each_row_has_a_source_and_each_code_an_explanation() {
        for row in &MATRIX {
            assert!(row.source_number() > 0, "{row:?}");
            let code = row.code.map(catalogue::entry);
            assert!(code.is_none_or(|found| found.is_some()), "{row:?}");
            assert!(
                ["supported", "partial", "not supported"].contains(&row.support),
                "{row:?}"
            );
        }
        for source in SOURCES {
            assert!(MATRIX.iter().any(|row| row.source == source), "{source}");
        }
        assert!(ARTICLE.ends_with(MATRIX_DATE));
    }
}
