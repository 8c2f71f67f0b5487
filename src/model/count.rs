//! Numbers of things in sentences.

/// `1 environment`, `2 environments`: a word with a regular plural, after its number.
pub fn counted(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        number => format!("{number} {thing}s"),
    }
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
