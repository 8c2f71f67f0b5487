//! The deciding words in the services' answers: as written, and what they mean.

use crate::model::known::Known;

/// A closed list of words. A word that is not in it is unknown.
pub trait Vocabulary: Sized {
    /// The field that contains the word, for sentences.
    const FIELD: &'static str;

    /// The meaning of a word in lower case.
    fn of(word: &str) -> Option<Self>;
}

/// A word in a service's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<T> {
    /// The word as the service wrote it, for display only. `None` if the field was no text.
    pub text: Option<String>,
    /// Its meaning.
    pub means: Known<T>,
}

impl<T> Default for Word<T> {
    fn default() -> Self {
        Self::unsaid("the service did not report this value")
    }
}

impl<T> Word<T> {
    /// A word that the service did not give, for this reason.
    pub fn unsaid(why: impl Into<String>) -> Self {
        Self {
            text: None,
            means: Known::Unknown(why.into()),
        }
    }

    /// The word as the service wrote it, for display only.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The word for sentences; `unknown` if the service gave no text.
    pub fn shown(&self) -> &str {
        self.text().unwrap_or("unknown")
    }

    /// Its meaning, if it is known.
    pub fn known(&self) -> Option<&T> {
        self.means.known()
    }
}

impl<T: Vocabulary> Word<T> {
    /// Reads a word from `field`.
    pub fn read(field: &str, text: &str) -> Self {
        let means = T::of(&text.to_ascii_lowercase()).map_or_else(
            || Known::Unknown(format!("`{field}` is `{text}`, which cmkctl does not know")),
            Known::Known,
        );
        Self {
            text: Some(text.to_owned()),
            means,
        }
    }
}

impl<T: Vocabulary> From<&str> for Word<T> {
    fn from(text: &str) -> Self {
        Self::read(T::FIELD, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Yes;

    impl Vocabulary for Yes {
        const FIELD: &'static str = "answer";

        fn of(word: &str) -> Option<Self> {
            (word == "yes").then_some(Yes)
        }
    }

    #[test]
    fn a_word_in_any_case_is_known_and_another_one_is_named() {
        for text in ["yes", "Yes", "YES"] {
            let word: Word<Yes> = text.into();
            assert_eq!((word.text(), word.known()), (Some(text), Some(&Yes)));
        }
        let odd: Word<Yes> = "Perhaps".into();
        assert_eq!(odd.text(), Some("Perhaps"));
        assert_eq!(
            odd.means.unknown(),
            Some("`answer` is `Perhaps`, which cmkctl does not know")
        );
        assert_eq!(Word::<Yes>::default().known(), None);
    }
}
