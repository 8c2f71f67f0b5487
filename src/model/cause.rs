//! The cause of a service's refusal. It decides the exit code, and whether a retry helps.

use serde::Serialize;

/// The cause of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The service accepts none of the caller's sign-ins.
    SignIn,
    /// The service requires more in the sign-in: another factor, a compliant device, a new session.
    Claims,
    /// The token belongs to another tenant.
    WrongTenant,
    /// The account lacks a role or a permission.
    Role,
    /// A role or an identity is new and not effective everywhere yet.
    RoleNotEffective,
    /// The network path or the caller's address is not allowed.
    Network,
    /// An Azure Policy forbids the request.
    AzurePolicy,
    /// Another change happened at the same time, or the name is taken. The request changed nothing.
    Conflict,
    /// A limit of the service is reached.
    Quota,
    /// The state of the resource forbids the request.
    State,
    /// The request itself is wrong.
    Request,
    /// The resource does not exist, or this account can't see it.
    Gone,
    /// Another operation runs.
    Busy,
    /// The service has a fault.
    Service,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 14] = [
        Cause::SignIn,
        Cause::Claims,
        Cause::WrongTenant,
        Cause::Role,
        Cause::RoleNotEffective,
        Cause::Network,
        Cause::AzurePolicy,
        Cause::Conflict,
        Cause::Quota,
        Cause::State,
        Cause::Request,
        Cause::Gone,
        Cause::Busy,
        Cause::Service,
    ];

    /// Words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Cause::SignIn => "sign-in",
            Cause::Claims => "additional sign-in required",
            Cause::WrongTenant => "wrong tenant",
            Cause::Role => "missing role",
            Cause::RoleNotEffective => "role not effective yet",
            Cause::Network => "network",
            Cause::AzurePolicy => "Azure Policy",
            Cause::Conflict => "conflict",
            Cause::Quota => "limit reached",
            Cause::State => "resource state",
            Cause::Request => "invalid request",
            Cause::Gone => "not found",
            Cause::Busy => "another operation runs",
            Cause::Service => "service",
        }
    }

    /// The cause of an answer that has no code, by its HTTP status.
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Cause::SignIn,
            403 => Cause::Role,
            404 | 410 => Cause::Gone,
            409 | 412 | 423 => Cause::Conflict,
            400..=499 if status != 408 && status != 425 && status != 429 && status != 499 => {
                Cause::Request
            }
            _ => Cause::Service,
        }
    }

    /// Must the caller sign in differently?
    pub const fn is_sign_in(self) -> bool {
        matches!(self, Cause::SignIn | Cause::Claims | Cause::WrongTenant)
    }

    /// May the same request succeed later without any change?
    pub const fn passes(self) -> bool {
        matches!(
            self,
            Cause::RoleNotEffective | Cause::Conflict | Cause::Busy | Cause::Service
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_alone_means_this() {
        for (status, cause) in [
            (400, Cause::Request),
            (401, Cause::SignIn),
            (403, Cause::Role),
            (404, Cause::Gone),
            (405, Cause::Request),
            (409, Cause::Conflict),
            (412, Cause::Conflict),
            (429, Cause::Service),
            (499, Cause::Service),
            (500, Cause::Service),
            (503, Cause::Service),
            (302, Cause::Service),
        ] {
            assert_eq!(Cause::of_status(status), cause, "{status}");
        }
    }

    #[test]
    fn no_cause_is_forgotten() {
        let mut labels: Vec<&str> = Cause::ALL.iter().map(|cause| cause.label()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), Cause::ALL.len());
        assert!(Cause::Claims.is_sign_in() && !Cause::Role.is_sign_in());
        assert!(Cause::Conflict.passes() && !Cause::Network.passes());
    }
}
