//! Figures for a monitoring system, as a scraper reads them.

use std::borrow::Cow;

/// One figure, with a sample for each thing that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric<'a> {
    /// Its name, which never changes its meaning.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// What is not known has no sample.
    pub samples: Vec<Sample<'a>>,
}

/// The name of a label, and its value.
pub type Label<'a> = (&'static str, Cow<'a, str>);

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    /// What it is about.
    pub labels: Vec<Label<'a>>,
    /// How much.
    pub value: f64,
}
