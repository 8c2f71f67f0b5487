//! An alert on the activity log of Azure.

use crate::model::known::Known;

/// An activity log alert, as far as it decides which events it tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Is it on? The service may leave that out, and then it is.
    pub enabled: Known<bool>,
    /// It tells of events whose resource is one of these or below one of them.
    pub scopes: Known<Vec<String>>,
    /// It tells of an event that meets all of these.
    pub conditions: Known<Vec<Condition>>,
}

/// A condition: at least one of these fields has one of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(pub Vec<(String, Vec<String>)>);
