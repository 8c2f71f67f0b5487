//! Entra's state of user sign-ins: the user at the browser, the codes and refresh tokens, and the
//! claims that services require.

use jiff::Timestamp;
use serde_json::Value;

/// The default user.
const FIRST: &str = "admin";

/// The state of user sign-ins.
#[derive(Debug, Default)]
pub(crate) struct SignIns {
    pub(crate) person: Option<String>,
    /// An OAuth 2.0 error that the sign-in page returns instead of a code.
    pub(crate) answers: Option<String>,
    pub(crate) demand: Option<Demand>,
    pub(crate) codes: Vec<Code>,
    pub(crate) devices: Vec<Device>,
    pub(crate) refreshes: Vec<Refresh>,
}

/// The scope and the user of a sign-in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) client: String,
    pub(crate) scope: String,
    /// The claims that the sign-in requested and therefore satisfies.
    pub(crate) claims: Value,
    /// The client's nonce (OpenID Connect); empty if it sent none.
    pub(crate) nonce: String,
}

/// An authorization code (RFC 6749, 4.1.2) with its challenge (RFC 7636).
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) value: String,
    pub(crate) session: Session,
    pub(crate) redirect: String,
    pub(crate) challenge: String,
    /// Expiry in real time, because users act in real time.
    pub(crate) until: Timestamp,
    pub(crate) used: bool,
}

/// A device code (RFC 8628).
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) value: String,
    pub(crate) session: Session,
    /// Number of polls so far.
    pub(crate) polls: u64,
    /// When it expires.
    pub(crate) until: Timestamp,
    /// Was it redeemed?
    pub(crate) used: bool,
}

/// A refresh token. It stays valid after a newer one is issued.
#[derive(Debug)]
pub(crate) struct Refresh {
    pub(crate) value: String,
    pub(crate) session: Session,
    /// The code with which Entra refuses it.
    pub(crate) ended: Option<String>,
}

/// Claims that services require (Conditional Access, continuous access evaluation).
#[derive(Debug, Clone)]
pub(crate) struct Demand {
    /// The claims as in a challenge: `{"access_token": …}`.
    pub(crate) claims: Value,
    /// The services that require them, by their names in the ledger.
    pub(crate) services: Vec<String>,
    /// The HTTP methods that require them; all if empty.
    pub(crate) methods: Vec<String>,
    /// The audiences for which Entra itself refuses a refresh without them.
    pub(crate) audiences: Vec<String>,
    /// Is every token refused?
    pub(crate) never: bool,
}

impl SignIns {
    /// The user at the browser.
    pub(crate) fn person(&self) -> &str {
        self.person.as_deref().unwrap_or(FIRST)
    }

    /// Applies the given changes. A missing setting stays.
    pub(crate) fn change(&mut self, wanted: &Value) -> Result<(), String> {
        let text = |name: &str| wanted[name].as_str().map(str::to_owned);
        if wanted.get("answers").is_some() {
            self.answers = text("answers");
        }
        match wanted.get("demand") {
            None => {}
            Some(Value::Null) => self.demand = None,
            Some(demand) => self.demand = Some(Demand::read(demand)?),
        }
        if let Some(code) = text("refresh_tokens_end") {
            for refresh in &mut self.refreshes {
                refresh.ended = Some(code.clone());
            }
        }
        if wanted["codes_end"] == true {
            for code in &mut self.codes {
                code.until = Timestamp::UNIX_EPOCH;
            }
        }
        Ok(())
    }
}

impl Demand {
    fn read(wanted: &Value) -> Result<Self, String> {
        let texts = |name: &str| {
            let all = wanted[name].as_array().into_iter().flatten();
            all.filter_map(|text| text.as_str().map(str::to_owned))
                .collect()
        };
        if !wanted["claims"]["access_token"].is_object() {
            return Err("`claims` must be an object with `access_token`".to_owned());
        }
        Ok(Self {
            claims: wanted["claims"].clone(),
            services: texts("services"),
            methods: texts("methods"),
            audiences: texts("audiences"),
            never: wanted["never"] == true,
        })
    }

    /// Do the requested claims satisfy the demand?
    pub(crate) fn is_met(&self, asked: &Value) -> bool {
        let claims = self.claims["access_token"].as_object();
        let mut claims = claims.into_iter().flatten();
        !self.never && claims.all(|(name, value)| asked["access_token"][name] == *value)
    }
}
