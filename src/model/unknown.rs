//! The two sentences about unknown facts, so that all messages word them alike.

/// The sentence for an unknown fact. `what` is the fact: a question such as "Whether the key is
/// enabled", or a noun such as "The type of the key". `why` is a clause.
pub fn unknown(what: &str, why: &str) -> String {
    format!("cmkctl can't tell {}: {why}.", lower(what))
}

/// The sentence for a fact that the caller's account may not see.
pub fn hidden(what: &str, why: &str) -> String {
    format!("You can't see {}: {why}.", lower(what))
}

/// The text with a lower-case first letter, as inside a sentence.
fn lower(what: &str) -> String {
    let mut text = what.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{hidden, unknown};

    #[test]
    fn a_question_and_a_noun_stand_within_a_sentence() {
        assert_eq!(
            unknown("Whether the key `K` is enabled", "it answered 403"),
            "cmkctl can't tell whether the key `K` is enabled: it answered 403."
        );
        assert_eq!(
            hidden("The vault `V`", "it answered 403"),
            "You can't see the vault `V`: it answered 403."
        );
        assert_eq!(hidden("`V`", "no"), "You can't see `V`: no.");
    }
}
