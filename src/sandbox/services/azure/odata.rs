//! The little of OData's `$filter` that Resource Manager's clients send.

/// The value of `field eq 'value'`; the field's name in any case, as the services take it.
pub(super) fn equal<'a>(filter: &'a str, field: &str) -> Option<&'a str> {
    quoted(filter, &format!("{field} eq '"))
}

/// The argument of `name('argument')`.
pub(super) fn called<'a>(filter: &'a str, name: &str) -> Option<&'a str> {
    quoted(filter, &format!("{name}('"))
}

fn quoted<'a>(filter: &'a str, before: &str) -> Option<&'a str> {
    // Lower case of ASCII only: the places stay the same.
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
}
