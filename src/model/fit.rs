//! How well a resource fits, for the pickers.

/// How well a resource fits, best first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It fits without any reservation.
    Well,
    /// It fits, with this reservation.
    But(String),
    /// It is not known whether it fits, for this reason. Counts as not fitting.
    Unknown(String),
    /// It does not fit, for this reason.
    Not(String),
}

impl Fit {
    /// Does it fit?
    pub const fn does(&self) -> bool {
        match self {
            Fit::Well | Fit::But(_) => true,
            Fit::Unknown(_) | Fit::Not(_) => false,
        }
    }

    /// The reservation or reason; empty if there is none.
    pub fn note(&self) -> &str {
        match self {
            Fit::Well => "",
            Fit::But(why) | Fit::Unknown(why) | Fit::Not(why) => why,
        }
    }

    /// The fit as a word, as in JSON.
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
