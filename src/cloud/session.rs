//! A signed-in session with a cloud, and its two halves: [`Reader`] and [`Writer`].
use crate::audit::Trail;
use crate::cloud::clock::Clock;
use crate::cloud::clouds::{Cloud, Service};
use crate::cloud::credential::{Identity, Tokens};
use crate::cloud::memo::Memo;
use crate::cloud::wire::Wire;
use crate::error::Error;
use crate::model::plan::Consent;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// A signed-in session. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) wire: Arc<Wire>,
    pub(super) tokens: Arc<Tokens>,
    pub(super) clock: Clock,
    pub(super) trail: Trail,
    /// The first audit error after a change was sent.
    pub(super) unwritten: Arc<Mutex<Option<Error>>>,
    pub(super) listed: Arc<Mutex<Listed>>,
    pub(super) memo: Option<Arc<Memo>>,
    /// Role definitions by role id, each read once.
    pub(super) definitions: Arc<Memo>,
}

/// Limit of the stored names of each kind. They serve shell completion, which must be fast. Longer
/// lists do not help a user.
pub const NAMES: usize = 1000;

/// What the last lists held, as it can be typed.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// Names of environments, or ids.
    pub environments: BTreeSet<String>,
    /// Ids of policies.
    pub policies: BTreeSet<String>,
    /// Names of subscriptions, or ids.
    pub subscriptions: BTreeSet<String>,
}

/// Sends reads only.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(crate) session: Session,
}

/// Sends changes. It requires a [`Consent`], which only a plan can make.
#[derive(Debug)]
pub struct Writer {
    pub(crate) session: Session,
}

impl Session {
    /// A session over a wire with its tokens.
    pub fn new(wire: Arc<Wire>, tokens: Arc<Tokens>) -> Self {
        let clock = wire.clock().clone();
        let (trail, unwritten, listed) = (Trail::default(), Arc::default(), Arc::default());
        Self {
            wire,
            tokens,
            clock,
            trail,
            unwritten,
            listed,
            memo: None,
            definitions: Arc::default(),
        }
    }

    /// The cloud.
    pub fn cloud(&self) -> &Cloud {
        self.wire.cloud()
    }

    /// The cloud's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The wire, for the Azure crates.
    pub fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    /// The tokens, for the Azure crates.
    pub fn tokens(&self) -> &Arc<Tokens> {
        &self.tokens
    }

    /// The first outcome of a change that is missing in the audit log.
    pub fn unwritten(&self) -> Option<Error> {
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What the last lists held.
    pub fn listed(&self) -> Listed {
        self.listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Remembers of a list that was read what can be typed.
    pub(super) fn lists(&self, keep: impl FnOnce(&mut Listed)) {
        keep(&mut self.listed.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A reader.
    pub fn reader(&self) -> Reader {
        Reader {
            session: self.clone(),
        }
    }

    /// A reader for one observation. It requests each address once, even if several parts need it.
    pub fn look(&self) -> Reader {
        Reader {
            session: Self {
                memo: Some(Arc::default()),
                ..self.clone()
            },
        }
    }

    /// A writer for a plan. `_consent` is the consent to this plan, and `trail` its audit trail.
    pub fn writer(&self, _consent: Consent, trail: Trail) -> Writer {
        Writer {
            session: Self {
                trail,
                ..self.clone()
            },
        }
    }
}

impl Reader {
    /// The identity in this session's token for a service.
    ///
    /// # Errors
    /// The sign-in failed.
    pub async fn identity(&self, service: Service) -> Result<Identity, Error> {
        let cloud = self.session.cloud();
        let scope = Url::parse(&cloud.base(service))
            .map(|url| cloud.scope(service, &url))
            .unwrap_or_default();
        self.session.tokens().identity(&scope).await
    }
}
