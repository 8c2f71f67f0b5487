//! Environments and subscriptions as rows. The order of their fields is the order of the
//! columns of `-o tsv`, and stays.

use super::row::{Fits, Row, UNKNOWN, dash, word};
use crate::model::environment::Environment;
use crate::model::fit::Fit;
use crate::model::known::{Known, Verdict};
use crate::model::protection::{Provider, Registration};
use crate::model::seen::Seen;
use crate::model::subscription::Subscription;
use crate::report::layout::{Column, may, must, named};
use serde::Serialize;

/// An environment.
#[derive(Debug, Serialize)]
pub struct EnvironmentRow<'a> {
    name: &'a str,
    id: &'a str,
    #[serde(rename = "type")]
    sku: &'a str,
    state: &'a str,
    managed: &'static str,
    finance_and_operations: &'static str,
    policy: Option<String>,
    link: &'a str,
    geography: &'a str,
    #[serde(flatten)]
    fits: Fits<'a>,
}

impl<'a> EnvironmentRow<'a> {
    /// Of an environment that was judged.
    pub fn of(environment: &'a Environment, fit: &'a Fit) -> Self {
        let app = match &environment.app {
            Known::Known(app) => word(&Verdict::of(app.is_some())),
            Known::Unknown(_) => UNKNOWN,
        };
        let link = match &environment.key_link {
            Seen::Present(link) => link.status.shown(),
            Seen::Absent if !environment.link_in_doubt() => "none",
            Seen::Absent | Seen::Unreadable(_) => UNKNOWN,
        };
        Self {
            name: &environment.display_name,
            id: &environment.id,
            sku: environment.sku.shown(),
            state: environment.state().unwrap_or(UNKNOWN),
            managed: word(&environment.managed()),
            finance_and_operations: app,
            policy: environment.policy().map(ToString::to_string),
            link,
            geography: environment.location.shown(),
            fits: Fits::of(fit),
        }
    }
}

impl Row for EnvironmentRow<'_> {
    const SCHEMA: &'static str = "cmkctl/list-environments/v1";
    const ITEMS: &'static str = "environments";
    const ONE: &'static str = "environment";
    const COLUMNS: &'static [Column] = &[
        named("NAME"),
        must("FITS"),
        must("ID"),
        may("TYPE"),
        may("GEOGRAPHY"),
        may("MANAGED"),
        may("STATE"),
        may("POLICY"),
        may("LINK"),
        may("FINANCE AND OPERATIONS"),
    ];

    fn cells(&self) -> Vec<String> {
        let policy = self.policy.as_deref();
        vec![
            self.name.to_owned(),
            self.fits.fits.to_owned(),
            self.id.to_owned(),
            self.sku.to_owned(),
            self.geography.to_owned(),
            self.managed.to_owned(),
            self.state.to_owned(),
            dash(policy.and_then(|id| id.rsplit('/').next())),
            self.link.to_owned(),
            self.finance_and_operations.to_owned(),
        ]
    }

    fn fit(&self) -> (&'static str, &str) {
        self.fits.told()
    }
}

/// A subscription.
#[derive(Debug, Serialize)]
pub struct SubscriptionRow<'a> {
    name: &'a str,
    id: &'a str,
    state: &'a str,
    tenant: &'a str,
    registered: &'static str,
    quota: Option<&'a str>,
    #[serde(flatten)]
    fits: Fits<'a>,
}

impl<'a> SubscriptionRow<'a> {
    /// Of a subscription that was judged, and the provider in it.
    pub fn of((subscription, provider): &'a (Subscription, Seen<Provider>), fit: &'a Fit) -> Self {
        let state = provider.present().map(|provider| &provider.state);
        Self {
            name: &subscription.name,
            id: &subscription.id,
            state: subscription.state.shown(),
            tenant: subscription.tenant.shown(),
            registered: match state {
                Some(Known::Known(Registration::Registered)) => "yes",
                Some(Known::Known(Registration::Registering)) => "registering",
                Some(Known::Known(Registration::NotRegistered)) => "no",
                Some(Known::Unknown(_)) | None => UNKNOWN,
            },
            quota: subscription.quota.as_deref(),
            fits: Fits::of(fit),
        }
    }
}

impl Row for SubscriptionRow<'_> {
    const SCHEMA: &'static str = "cmkctl/list-subscriptions/v1";
    const ITEMS: &'static str = "subscriptions";
    const ONE: &'static str = "subscription";
    // A registration may be what was not read.
    const OPEN: &'static str = "Not known";
    const COLUMNS: &'static [Column] = &[
        named("NAME"),
        must("FITS"),
        must("ID"),
        must("STATE"),
        may("REGISTERED"),
        may("TENANT"),
        may("QUOTA"),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.to_owned(),
            self.fits.fits.to_owned(),
            self.id.to_owned(),
            self.state.to_owned(),
            self.registered.to_owned(),
            self.tenant.to_owned(),
            dash(self.quota),
        ]
    }

    fn fit(&self) -> (&'static str, &str) {
        self.fits.told()
    }
}
