//! What a customer-managed key covers and what stays on the Microsoft key, with the date of the
//! source.

use serde::Serialize;

/// The date of Microsoft's article that is the source of [`MATRIX`].
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
}

const fn row(app: &'static str, support: &'static str, note: &'static str) -> Coverage {
    Coverage { app, support, note }
}

/// Coverage of finance and operations apps, by Microsoft's article of [`MATRIX_DATE`].
pub const MATRIX: [Coverage; 9] = [
    row("Supply Chain Management", "supported", ""),
    row(
        "Finance",
        "supported",
        "data managed under stand-alone RCS is not covered. From 10.0.39 RCS is part of \
            Globalization Studio: verify",
    ),
    row(
        "Human Resources",
        "supported",
        "when provisioned through a finance and operations environment. The stand-alone app is not",
    ),
    row(
        "Commerce",
        "partial",
        "not: e-commerce CMS and recommendations, and in another geography scale units, \
            e-commerce, ratings and reviews",
    ),
    row("Demand planning", "partial", ""),
    row(
        "Lifecycle Services",
        "not supported",
        "file assets, methodologies, task recorder, project metadata",
    ),
    row("Tax Calculation", "partial", "not with stand-alone RCS"),
    row(
        "Electronic Invoicing",
        "partial",
        "not with stand-alone RCS",
    ),
    row("All other add-ins", "supported", ""),
];

/// Data that stays on the Microsoft key in every environment.
pub const STAYS_ON_MICROSOFT_KEY: [&str; 7] = [
    "connection settings of connectors",
    "some metadata of Power Apps",
    "results of the solution checker",
    "maker welcome content",
    "environment settings",
    "connections without OAuth",
    "flows with PowerApps V1, HTTP or Teams triggers, and their parents",
];
