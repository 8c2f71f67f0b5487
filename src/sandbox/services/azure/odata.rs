//! The subset of OData's `$filter` that clients of Resource Manager send.

/// The value of `field eq 'value'`. The services ignore the case of the field's name.
pub(in crate::services) fn equal<'a>(filter: &'a str, field: &str) -> Option<&'a str> {
    quoted(filter, &format!("{field} eq '"))
}

/// The argument of `name('argument')`.
pub(in crate::services) fn called<'a>(filter: &'a str, name: &str) -> Option<&'a str> {
    quoted(filter, &format!("{name}('"))
}

/// All comparisons of a filter that consists of `field eq 'value'` joined by `and`, with these
/// fields. `None` for any other filter, or a value that holds ` and `.
pub(in crate::services) fn comparisons<'a>(
    filter: &'a str,
    fields: &[&'a str],
) -> Option<Vec<(&'a str, &'a str)>> {
    let comparison = |clause: &'a str| {
        let mut words = clause.trim().splitn(3, ' ');
        let (field, operator) = (words.next()?, words.next()?);
        let value = words
            .next()?
            .trim()
            .strip_prefix('\'')?
            .strip_suffix('\'')?;
        let field = fields
            .iter()
            .find(|known| known.eq_ignore_ascii_case(field))?;
        operator
            .eq_ignore_ascii_case("eq")
            .then_some((*field, value))
    };
    if filter.trim().is_empty() {
        return Some(Vec::new());
    }
    filter.split(" and ").map(comparison).collect()
}

fn quoted<'a>(filter: &'a str, before: &str) -> Option<&'a str> {
    // `to_ascii_lowercase` keeps the byte positions.
    let at = filter
        .to_ascii_lowercase()
        .find(&before.to_ascii_lowercase())?;
    filter.get(at + before.len()..)?.split('\'').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_whatever_stands_around_them() {
        let filter = "atScope() and assignedTo('a-1')";
        assert_eq!(
            (called(filter, "assignedTo"), equal(filter, "principalId")),
            (Some("a-1"), None)
        );
        let filter = "resourceType eq 'Microsoft.KeyVault/vaults' and name eq 'kv'";
        assert_eq!(
            equal(filter, "resourcetype"),
            Some("Microsoft.KeyVault/vaults")
        );
        assert_eq!(equal(filter, "name"), Some("kv"));
        assert_eq!(equal("", "name"), None);
    }

    #[test]
    fn a_filter_is_comparisons_or_nothing_that_is_known() {
        let fields = ["name", "resourceType"];
        assert_eq!(comparisons(" ", &fields), Some(Vec::new()));
        assert_eq!(
            comparisons("Name EQ 'a b' and resourcetype eq 'x/y'", &fields),
            Some(vec![("name", "a b"), ("resourceType", "x/y")])
        );
        for odd in [
            "name",
            "name eq",
            "name eq a",
            "name ne 'a'",
            "kind eq 'a'",
            "name eq 'a' or name eq 'b'x",
            "substringof('a', name)",
            "name eq 'a' and",
        ] {
            assert_eq!(comparisons(odd, &fields), None, "{odd}");
        }
    }
}
