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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// A clause without a full stop, such as `Azure Resource Manager answered 403
    /// AuthorizationFailed`.
    pub why: String,
    /// Is a missing right the reason? Then somebody else may see it.
    pub forbidden: bool,
    /// The code of the finding that says more, where the service said more than "no".
    pub finding: Option<&'static str>,
}

impl Unreadable {
    /// Not known for a reason that is no missing right.
    pub fn because(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            forbidden: false,
            finding: None,
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
            _ => None,
        }
    }

    /// Why it could not be read, if so.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match self {
            Seen::Unreadable(why) => Some(why),
            _ => None,
        }
    }

    /// The service says that it is not there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Seen::Absent)
    }
}
