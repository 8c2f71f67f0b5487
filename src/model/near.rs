//! What was meant, when what was typed is not known.

/// `Did you mean …?` with the known name that is nearest to what was typed; nothing when none is
/// near.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let typed = typed.trim().to_lowercase();
    let nearest = known
        .into_iter()
        .filter_map(|name| Some((distance(&typed, &name.to_lowercase())?, name)))
        .min()?;
    Some(format!("Did you mean `{}`?", nearest.1))
}

/// How far a name is from what was typed; `None` when it is too far. A slip of a letter for each
/// three is near, and so is a part of the name.
fn distance(typed: &str, name: &str) -> Option<usize> {
    let letters = typed.chars().count();
    // Ids are as long as this, and a slip in one of them is no reason to compare texts of any
    // length.
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
            let said = meant.map(|name| format!("Did you mean `{name}`?"));
            assert_eq!(did_you_mean(typed, known), said, "{typed}");
        }
    }
}
