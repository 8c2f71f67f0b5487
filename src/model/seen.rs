//! The result of a read. [`Seen`] keeps "absent" and "not visible to this caller" apart.

/// The result of a read.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen<T> {
    /// The service says that it does not exist.
    Absent,
    /// The service returned it.
    Present(T),
    /// The service did not say. This value never plans a create and never means "no".
    Unreadable(Unreadable),
}

/// Why a read failed.
#[derive(Debug, Clone, Default)]
pub struct Unreadable {
    /// A clause without a full stop, such as `Azure Resource Manager answered 403
    /// AuthorizationFailed`.
    pub why: String,
    /// Is a missing right the reason? Then another account may see it.
    pub forbidden: bool,
    /// The specific reason, if the service gave one.
    pub reason: Reason,
    /// The service's own words, if it answered.
    pub told: Option<Box<Told>>,
}

/// Two failed reads are equal if their reasons are. The service's words differ with each answer,
/// like the ids for a support ticket.
impl PartialEq for Unreadable {
    fn eq(&self, other: &Self) -> bool {
        (&self.why, self.forbidden, self.reason) == (&other.why, other.forbidden, other.reason)
    }
}

impl Eq for Unreadable {}

/// The service's words of a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The message with the id for a support ticket; empty if there was none.
    pub text: String,
    /// The remedy and the role that can apply it, if the service's code tells them.
    pub remedy: Option<(String, &'static str)>,
}

/// Why an environment or its link could not be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reason {
    /// No reason that has its own finding.
    #[default]
    Other,
    /// The tenant shows this account no environments, or not this one.
    NotShown,
    /// The account lacks the role.
    NoRole,
    /// The service principal is not registered as a management application.
    NotRegistered,
    /// No policy is shown, but the environment's key is a customer's.
    KeyWithoutPolicy,
}

impl Reason {
    const ALL: [Reason; 5] = [
        Reason::Other,
        Reason::NotShown,
        Reason::NoRole,
        Reason::NotRegistered,
        Reason::KeyWithoutPolicy,
    ];

    /// The code of the finding for this reason.
    pub const fn finding(self) -> Option<&'static str> {
        match self {
            Reason::Other => None,
            Reason::NotShown => Some("CMK020"),
            Reason::NoRole => Some("CMK021"),
            Reason::NotRegistered => Some("CMK022"),
            Reason::KeyWithoutPolicy => Some("CMK041"),
        }
    }

    /// The reason of an error that names this finding.
    pub fn of(finding: Option<&str>) -> Self {
        Reason::ALL
            .into_iter()
            .find(|reason| reason.finding() == finding)
            .unwrap_or_default()
    }
}

impl Unreadable {
    /// The service's own words, with the id for a support ticket.
    pub fn service_text(&self) -> Option<&str> {
        let text = self.told.as_deref().map(|told| told.text.as_str());
        text.filter(|text| !text.is_empty())
    }

    /// Is a missing role the reason? Not if the service named another cause, such as a firewall.
    pub fn lacks_a_role(&self) -> bool {
        let told = self.told.as_ref().and_then(|told| told.remedy.as_ref());
        self.forbidden && told.is_none()
    }

    /// Unreadable for a reason other than a missing right.
    pub fn because(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            forbidden: false,
            reason: Reason::Other,
            told: None,
        }
    }
}

/// A value that was never read is unreadable. If a read was forgotten, the rules refuse.
impl<T> Default for Seen<T> {
    fn default() -> Self {
        Seen::Unreadable(Unreadable::because("cmkctl did not read this information"))
    }
}

impl<T> Seen<T> {
    /// The value, if it exists.
    pub fn present(&self) -> Option<&T> {
        match self {
            Seen::Present(value) => Some(value),
            Seen::Absent | Seen::Unreadable(_) => None,
        }
    }

    /// Why it could not be read; `None` if it was.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match self {
            Seen::Unreadable(why) => Some(why),
            Seen::Absent | Seen::Present(_) => None,
        }
    }

    /// Does the service say that it does not exist?
    pub fn is_absent(&self) -> bool {
        matches!(self, Seen::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_behind_a_finding_is_told_from_its_code() {
        for reason in Reason::ALL {
            assert_eq!(Reason::of(reason.finding()), reason);
        }
        assert_eq!(Reason::of(Some("CMK002")), Reason::Other);
    }
}
