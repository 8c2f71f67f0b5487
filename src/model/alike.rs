//! Names that people can't tell apart: they differ only in case, in blanks, or in letters of
//! another alphabet that look the same.

use super::text::clean;
use std::collections::{BTreeMap, BTreeSet};

/// The skeleton of a name (Unicode Technical Standard 39). Names that look alike have the same
/// skeleton.
fn skeleton(name: &str) -> String {
    let shown = clean(name)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    unicode_security::skeleton(&shown)
        .collect::<String>()
        .to_lowercase()
}

/// The skeletons that several names share.
#[derive(Debug, Clone, Default)]
pub struct Alike(BTreeSet<String>);

impl Alike {
    /// Collects the names that several items share, exactly or by their look.
    pub fn among<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for name in names {
            *count.entry(skeleton(name)).or_default() += 1;
        }
        Self(
            count
                .into_iter()
                .filter(|(_, count)| *count > 1)
                .map(|(skeleton, _)| skeleton)
                .collect(),
        )
    }

    /// Does another name look like this?
    pub fn has(&self, name: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&skeleton(name))
    }

    /// The name, with the id if the name alone is ambiguous.
    pub fn told_apart(&self, name: &str, id: &str) -> String {
        if self.has(name) {
            format!("{name} ({id})")
        } else {
            name.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_told_apart() {
        for (name, other) in [
            ("Contoso UAT", "Contoso UAT"),
            ("Contoso UAT", "contoso  uat"),
            ("Contoso UAT", "Contoso\u{a0}UAT"),
            ("Contoso UAT", "Contoso\u{2800}UAT"),
            ("Contoso UAT", "Contoso\u{fe0f} UAT\u{e0101}"),
            ("Contoso UAT", "Cont\u{43e}so U\u{410}T"),
            ("Contoso UAT", "C\u{3bf}ntoso UAT"),
        ] {
            let alike = Alike::among([name, other, "Contoso Dev"]);
            assert!(alike.has(name) && alike.has(other), "{other:?}");
            assert_eq!(alike.told_apart(name, "1"), format!("{name} (1)"));
            assert_eq!(alike.told_apart("Contoso Dev", "2"), "Contoso Dev");
        }
        let alike = Alike::among([
            "Contoso UAT",
            "Contoso UAT 2",
            "Contoso Dev",
            "Prüfung",
            "Prufung",
        ]);
        assert!(
            !["Contoso UAT", "Contoso UAT 2", "Prüfung"]
                .iter()
                .any(|name| alike.has(name))
        );
    }
}
