//! How well something would do.

/// How well something would do; the best first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Nothing speaks against it.
    Well,
    /// It would do, and this is to be known before.
    But(String),
    /// Whether it does is not known, and this is why. It counts as if it did not.
    Unknown(String),
    /// It does not do, and this is why.
    Not(String),
}

impl Fit {
    /// Would it do?
    pub const fn does(&self) -> bool {
        match self {
            Fit::Well | Fit::But(_) => true,
            Fit::Unknown(_) | Fit::Not(_) => false,
        }
    }

    /// What is to be known of it; empty where there is nothing.
    pub fn note(&self) -> &str {
        match self {
            Fit::Well => "",
            Fit::But(why) | Fit::Unknown(why) | Fit::Not(why) => why,
        }
    }

    /// The word for it, as in JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Fit::Well => "yes",
            Fit::But(_) => "but",
            Fit::Unknown(_) => "unknown",
            Fit::Not(_) => "no",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_does_not_do_and_a_known_no_is_worse() {
        let all = [
            (Fit::Well, "yes", true),
            (Fit::But("z".into()), "but", true),
            (Fit::Unknown("y".into()), "unknown", false),
            (Fit::Not("x".into()), "no", false),
        ];
        for (fit, word, does) in &all {
            assert_eq!((fit.word(), fit.does()), (*word, *does));
        }
        assert!(all.is_sorted_by_key(|(fit, ..)| fit.clone()));
    }
}
