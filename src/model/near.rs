//! Suggests a known name for a mistyped one.

/// `Did you mean …?` with the nearest known name; `None` if none is near.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let typed = typed.trim().to_lowercase();
    let nearest = known
        .into_iter()
        .filter_map(|name| Some((distance(&typed, &name.to_lowercase())?, name)))
        .min()?;
    Some(format!("Did you mean `{}`?", nearest.1))
}

/// The distance of a name from the typed text; `None` if it is too far. One slip per three letters
/// is near, and so is a part of the name.
fn distance(typed: &str, name: &str) -> Option<usize> {
    let letters = typed.chars().count();
    // Ids have at most this length. Longer texts are not worth comparing.
    if letters == 0 || letters > 80 || name.chars().count() > 80 {
        return None;
    }
    let slips = strsim::damerau_levenshtein(typed, name);
    let part = letters >= 4 && name.contains(typed);
    (slips <= (letters / 3).max(1) || part).then_some(slips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_meant_or_none() {
        let known = ["Contoso UAT", "Contoso Dev", "europe", "unitedstates"];
        for (typed, meant) in [
            ("contoso uta", Some("Contoso UAT")),
            ("Contoso", Some("Contoso Dev")),
            ("euorpe", Some("europe")),
            ("united states", Some("unitedstates")),
            ("xyz", None),
            ("", None),
        ] {
            let hint = meant.map(|name| format!("Did you mean `{name}`?"));
            assert_eq!(did_you_mean(typed, known), hint, "{typed}");
        }
    }
}
