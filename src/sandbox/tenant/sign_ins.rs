//! What Entra knows of persons who sign in: who sits at the browser, the codes and refresh tokens
//! that are out, and the claims that services ask for.

use jiff::Timestamp;
use serde_json::Value;

/// Who signs in where nobody else is named.
const FIRST: &str = "admin";

/// Everything about persons who sign in.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct SignIns {
    pub(in crate::sandbox) person: Option<String>,
    /// What the page answers in the place of a code: an error of OAuth 2.0.
    pub(in crate::sandbox) answers: Option<String>,
    pub(in crate::sandbox) demand: Option<Demand>,
    pub(in crate::sandbox) codes: Vec<Code>,
    pub(in crate::sandbox) devices: Vec<Device>,
    pub(in crate::sandbox) refreshes: Vec<Refresh>,
}

/// What a sign-in was for, and whose it is.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Session {
    pub(in crate::sandbox) user: String,
    pub(in crate::sandbox) client: String,
    pub(in crate::sandbox) scope: String,
    /// The claims that were asked for when the person signed in, and are therefore satisfied.
    pub(in crate::sandbox) claims: Value,
    /// What the client knows its own sign-in by (OpenID Connect); empty when it gave none.
    pub(in crate::sandbox) nonce: String,
}

/// An authorization code (RFC 6749, 4.1.2) with its challenge (RFC 7636).
#[derive(Debug)]
pub(in crate::sandbox) struct Code {
    pub(in crate::sandbox) value: String,
    pub(in crate::sandbox) session: Session,
    pub(in crate::sandbox) redirect: String,
    pub(in crate::sandbox) challenge: String,
    /// In real time, as everything that a person does.
    pub(in crate::sandbox) until: Timestamp,
    pub(in crate::sandbox) used: bool,
}

/// A device code (RFC 8628).
#[derive(Debug)]
pub(in crate::sandbox) struct Device {
    pub(in crate::sandbox) value: String,
    pub(in crate::sandbox) session: Session,
    /// How often it was asked for before the person has signed in.
    pub(in crate::sandbox) polls: u64,
}

/// A refresh token. An older one stays good when a newer one is given.
#[derive(Debug)]
pub(in crate::sandbox) struct Refresh {
    pub(in crate::sandbox) value: String,
    pub(in crate::sandbox) session: Session,
    /// The code by which Entra refuses it.
    pub(in crate::sandbox) ended: Option<String>,
}

/// Claims that services ask for (Conditional Access, continuous access evaluation).
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Demand {
    /// As they stand in a challenge: `{"access_token": …}`.
    pub(in crate::sandbox) claims: Value,
    /// The services that ask, by their names in the ledger.
    pub(in crate::sandbox) services: Vec<String>,
    /// The methods that they ask for; all, where none is named.
    pub(in crate::sandbox) methods: Vec<String>,
    /// The audiences whose refreshed tokens Entra itself refuses without them.
    pub(in crate::sandbox) audiences: Vec<String>,
    /// Is no token ever good enough?
    pub(in crate::sandbox) never: bool,
}

impl SignIns {
    /// Who sits at the browser.
    pub(in crate::sandbox) fn person(&self) -> &str {
        self.person.as_deref().unwrap_or(FIRST)
    }

    /// Changes what was said in words: what is left out stays as it is.
    pub(in crate::sandbox) fn change(&mut self, wanted: &Value) -> Result<(), String> {
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
            all.filter_map(|one| one.as_str().map(str::to_owned))
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

    /// Do these claims, which were asked for, satisfy it?
    pub(in crate::sandbox) fn is_met(&self, asked: &Value) -> bool {
        let own = self.claims["access_token"].as_object();
        let mut own = own.into_iter().flatten();
        !self.never && own.all(|(name, value)| asked["access_token"][name] == *value)
    }
}
