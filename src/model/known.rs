//! A fact that decides something has three answers: what the service said, the opposite, and "can't
//! tell".

use crate::model::seen::Unreadable;

/// A fact as the service told it. `Unknown` is a separate case with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<T> {
    /// The service said so, or left it out and its documentation says what that means.
    Known(T),
    /// The service did not say, or cmkctl does not understand the answer. Holds a clause without a
    /// full stop.
    Unknown(String),
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Known::Unknown("the service did not report this value".to_owned())
    }
}

impl From<&str> for Known<String> {
    fn from(text: &str) -> Self {
        Known::Known(text.to_owned())
    }
}

impl Known<String> {
    /// The fact for sentences, or `unknown`.
    pub fn shown(&self) -> &str {
        self.known().map_or("unknown", String::as_str)
    }
}

impl<T> Known<T> {
    /// The fact, if it is known. For display only: a decision must match both cases.
    pub fn known(&self) -> Option<&T> {
        match self {
            Known::Known(value) => Some(value),
            Known::Unknown(_) => None,
        }
    }

    /// Why it is not known; `None` if it is.
    pub fn unknown(&self) -> Option<&str> {
        match self {
            Known::Known(_) => None,
            Known::Unknown(why) => Some(why),
        }
    }

    /// The fact, for callers that can't go on without it.
    ///
    /// # Errors
    /// The clause that says why it is not known.
    pub fn required(self) -> Result<T, String> {
        match self {
            Known::Known(value) => Ok(value),
            Known::Unknown(why) => Err(why),
        }
    }

    /// Converts a known fact.
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Known::Known(value) => Known::Known(to(value)),
            Known::Unknown(why) => Known::Unknown(why),
        }
    }

    /// Judges a known fact further.
    pub fn and_then<U>(self, to: impl FnOnce(T) -> Known<U>) -> Known<U> {
        match self {
            Known::Known(value) => to(value),
            Known::Unknown(why) => Known::Unknown(why),
        }
    }
}

/// The answer to a question about facts that may not be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Known facts say yes.
    Yes,
    /// Known facts say no.
    No,
    /// The deciding facts are not known.
    CantTell(Unreadable),
}

impl Default for Verdict {
    fn default() -> Self {
        Verdict::cant_tell("cmkctl did not read this information")
    }
}

impl Verdict {
    /// `CantTell` for a reason other than a missing right.
    pub fn cant_tell(why: impl Into<String>) -> Self {
        Verdict::CantTell(Unreadable::because(why.into()))
    }

    /// The answer of a known fact.
    pub const fn of(fact: bool) -> Self {
        if fact { Verdict::Yes } else { Verdict::No }
    }

    /// Is it a known yes? `CantTell` is not.
    pub const fn proven(&self) -> bool {
        matches!(self, Verdict::Yes)
    }

    /// Why it can't be told; `None` for yes and no.
    pub const fn open(&self) -> Option<&Unreadable> {
        match self {
            Verdict::CantTell(why) => Some(why),
            Verdict::Yes | Verdict::No => None,
        }
    }

    /// Both. A known no decides, whatever the other one is. `other` runs only if needed.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Verdict) -> Self {
        match self {
            Verdict::No => Verdict::No,
            Verdict::Yes => other(),
            open @ Verdict::CantTell(_) => match other() {
                Verdict::No => Verdict::No,
                Verdict::Yes | Verdict::CantTell(_) => open,
            },
        }
    }

    /// Is at least one of them yes? A known yes decides.
    pub fn any(all: impl IntoIterator<Item = Verdict>) -> Self {
        let mut found = Verdict::No;
        for verdict in all {
            match verdict {
                Verdict::Yes => return Verdict::Yes,
                Verdict::No => {}
                open @ Verdict::CantTell(_) => found = open,
            }
        }
        found
    }

    /// For JSON: `true`, `false`, or `null` if it can't be told.
    pub const fn flag(&self) -> Option<bool> {
        match self {
            Verdict::Yes => Some(true),
            Verdict::No => Some(false),
            Verdict::CantTell(_) => None,
        }
    }
}

impl From<&Known<bool>> for Verdict {
    fn from(fact: &Known<bool>) -> Self {
        match fact {
            Known::Known(fact) => Verdict::of(*fact),
            Known::Unknown(why) => Verdict::cant_tell(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_answer_decides_and_an_open_one_never_does() {
        let open = || Verdict::cant_tell("x");
        let (yes, no) = (|| Verdict::Yes, || Verdict::No);
        for (left, right, both) in [
            (yes(), yes(), yes()),
            (yes(), no(), no()),
            (no(), open(), no()),
            (open(), no(), no()),
            (open(), yes(), open()),
            (yes(), open(), open()),
            (open(), open(), open()),
        ] {
            assert_eq!(
                left.clone().and(|| right.clone()),
                both,
                "{left:?} {right:?}"
            );
        }
        assert_eq!(Verdict::any([]), no());
        assert_eq!(Verdict::any([no(), open(), no()]), open());
        assert_eq!(Verdict::any([open(), yes()]), yes());
        assert!(yes().proven() && !open().proven() && !no().proven());
        assert!(Verdict::from(&Known::<bool>::default()).open().is_some());
    }
}
