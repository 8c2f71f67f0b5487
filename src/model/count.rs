//! Numbers of things in sentences.

/// `1 environment`, `2 environments`: a word with a regular plural, after its number.
pub fn counted(number: usize, thing: &str) -> String {
    counted_as(number, thing, &format!("{thing}s"))
}

/// A number before one of two forms: `1 policy`, `2 policies`.
pub fn counted_as(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_one() {
        let said = [0, 1, 2].map(|number| counted(number, "known limit"));
        assert_eq!(said, ["0 known limits", "1 known limit", "2 known limits"]);
    }
}
