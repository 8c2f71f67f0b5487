//! What a read found: [`Seen`] keeps "absent" and "not visible to this caller" apart.

/// What a read found.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen<T> {
    /// The service says that it is not there.
    Absent,
    /// It is there.
    Present(T),
    /// The service did not say: never plans a create, and never means "no".
    Unreadable(Unreadable),
}

/// Why something could not be read.
#[derive(Debug, Clone, Default)]
pub struct Unreadable {
    /// A clause without a full stop, such as `Azure Resource Manager answered 403
    /// AuthorizationFailed`.
    pub why: String,
    /// Is a missing right the reason? Then somebody else may see it.
    pub forbidden: bool,
    /// What is behind it, where the service said more than "no".
    pub reason: Reason,
    /// What the service said besides, if it answered.
    pub told: Option<Box<Told>>,
}

/// Two looks that failed alike are alike: what the service says besides differs from answer to
/// answer, as the ids for a support ticket do.
impl PartialEq for Unreadable {
    fn eq(&self, other: &Self) -> bool {
        (&self.why, self.forbidden, self.reason) == (&other.why, other.forbidden, other.reason)
    }
}

impl Eq for Unreadable {}

/// What a service said when it refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Its words, with the id for a support ticket; empty where it had none.
    pub words: String,
    /// What helps against the cause, where the service told it, and who can do that.
    pub remedy: Option<(String, &'static str)>,
}

/// What is behind it that an environment, or its link, could not be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reason {
    /// The service gave no reason that has a finding of its own.
    #[default]
    Other,
    /// The tenant shows this account no environment, or not this one.
    NotShown,
    /// The account lacks the role.
    NoRole,
    /// The service principal is not registered as a management application.
    NotRegistered,
    /// No policy is shown, and yet the environment's key is a customer's.
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

    /// The code of the finding that says more.
    pub const fn finding(self) -> Option<&'static str> {
        match self {
            Reason::Other => None,
            Reason::NotShown => Some("CMK020"),
            Reason::NoRole => Some("CMK021"),
            Reason::NotRegistered => Some("CMK022"),
            Reason::KeyWithoutPolicy => Some("CMK041"),
        }
    }

    /// The reason whose finding an error names.
    pub fn of(finding: Option<&str>) -> Self {
        Reason::ALL
            .into_iter()
            .find(|reason| reason.finding() == finding)
            .unwrap_or_default()
    }
}

impl Unreadable {
    /// What the service said besides, with the id for a support ticket.
    pub fn said(&self) -> Option<&str> {
        let words = self.told.as_deref().map(|told| told.words.as_str());
        words.filter(|words| !words.is_empty())
    }

    /// Is a missing role the reason, as far as the service tells? A firewall, too, may let somebody
    /// else in.
    pub fn lacks_a_role(&self) -> bool {
        let told = self.told.as_ref().and_then(|told| told.remedy.as_ref());
        self.forbidden && told.is_none()
    }

    /// Not known for a reason that is no missing right.
    pub fn because(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            forbidden: false,
            reason: Reason::Other,
            told: None,
        }
    }
}

/// What nobody read is not known, as what could not be read: a rule that a look has forgotten
/// refuses.
impl<T> Default for Seen<T> {
    fn default() -> Self {
        Seen::Unreadable(Unreadable::because("it was not read"))
    }
}

impl<T> Seen<T> {
    /// The value, if it is there.
    pub fn present(&self) -> Option<&T> {
        match self {
            Seen::Present(value) => Some(value),
            Seen::Absent | Seen::Unreadable(_) => None,
        }
    }

    /// Why it could not be read, if so.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match self {
            Seen::Unreadable(why) => Some(why),
            Seen::Absent | Seen::Present(_) => None,
        }
    }

    /// The service says that it is not there.
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
