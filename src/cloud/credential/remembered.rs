//! The stored sign-in of `auth login` that fits the settings of this command.

use super::memory::{How, Login, Memory};
use super::source::{Method, SignIn, Source, State};
use crate::model::system::quoted;

/// The stored sign-in of `auth login`.
pub(super) enum Remembered {
    /// There is none. Holds the reason.
    Nobody(String),
    /// The stored account.
    Somebody(Box<Login>),
    /// A user signed in, but the sign-in is unreadable. Holds the reason.
    Lost(String),
}

impl Remembered {
    /// Reads the stored sign-in for this cloud, tenant and application.
    pub(super) fn of(memory: &Memory, authority: &str, sign_in: &SignIn) -> Self {
        if !memory.is_on() {
            return Self::Nobody("cmkctl does not remember sign-ins here".to_owned());
        }
        let logins = match memory.logins_if_readable() {
            Ok(logins) => logins,
            Err(fault) => {
                let file = memory.file().unwrap_or_default();
                return Self::Lost(fault.told(&file).to_string());
            }
        };
        let tenant = sign_in.tenant.as_deref();
        let client = sign_in.device_code_client.as_deref();
        let same = |stored: Option<&str>, wanted: &str| {
            stored.is_some_and(|stored| stored.eq_ignore_ascii_case(wanted))
        };
        let fits = |login: &Login| {
            let key = &login.key;
            let tenants = [key.tenant.as_deref(), login.tenant_id.as_deref()];
            let by_certificate = matches!(login.how, How::Certificate(_));
            key.authority == authority
                && tenant.is_none_or(|wanted| tenants.iter().any(|stored| same(*stored, wanted)))
                && (by_certificate || client.is_none_or(|wanted| same(Some(&key.client), wanted)))
        };
        let newest = logins.into_iter().filter(fits);
        match (newest.max_by_key(|login| login.when), tenant) {
            (Some(login), _) => Self::Somebody(Box::new(login)),
            (None, None) => Self::Nobody("no one is signed in: `cmkctl auth login`".to_owned()),
            (None, Some(tenant)) => Self::Nobody(format!(
                "no one is signed in to this tenant: `cmkctl auth login --tenant {}`",
                quoted(tenant)
            )),
        }
    }

    /// The stored sign-in as a way to sign in, for display.
    pub(super) fn source(&self) -> Source {
        let (state, by) = match self {
            Self::Nobody(why) => (State::NotConfigured(why.clone()), None),
            Self::Lost(why) => (State::Refused(why.clone()), None),
            Self::Somebody(login) => (State::Ready, Some(told(login))),
        };
        Source {
            method: Method::Login,
            state,
            by,
            chosen: false,
        }
    }
}

fn told(login: &Login) -> String {
    let name = login.name.as_deref().unwrap_or("an account");
    let how = match &login.how {
        How::Browser => "by browser".to_owned(),
        How::DeviceCode => "by device code".to_owned(),
        How::Certificate(file) => format!("by certificate `{}`", file.display()),
    };
    let day = login.when.strftime("%Y-%m-%d");
    format!("{name}, {how}, since {day}")
}
