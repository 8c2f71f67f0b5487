//! Conditions of role assignments and role definitions (Azure ABAC, version 2.0), as far as they
//! constrain the roles that can be assigned. Simplified: any other condition is not fulfilled.

/// Does a condition allow `action`? `role` is the GUID of the role that is assigned or removed.
pub(super) fn permits(condition: &str, action: &str, role: Option<&str>) -> bool {
    let condition = condition.to_ascii_lowercase();
    let clauses: Vec<(&str, &str)> = condition
        .split("actionmatches{'")
        .skip(1)
        .filter_map(|clause| clause.split_once("'}"))
        .collect();
    // `!(ActionMatches{…}) OR …`: a clause about another action is fulfilled.
    let mut about = clauses
        .iter()
        .filter(|(named, _)| named.eq_ignore_ascii_case(action))
        .map(|(_, asks)| *asks);
    !clauses.is_empty() && about.all(|asks| role.is_some_and(|role| constrains(asks, role)))
}

/// The only supported constraint: the role is, or is not, in a list.
fn constrains(asks: &str, role: &str) -> bool {
    let about_role = asks
        .matches("[microsoft.authorization/roleassignments:")
        .count()
        == 1
        && asks.contains(":roledefinitionid]");
    let list = |operator: &str| {
        let (_, rest) = asks.split_once(operator)?;
        let (list, _) = rest.split_once('}')?;
        Some(
            list.split(',')
                .any(|id| id.trim().eq_ignore_ascii_case(role)),
        )
    };
    let one_of = list("foranyofanyvalues:guidequals{");
    let none_of = list("foranyofallvalues:guidnotequals{").map(|listed| !listed);
    about_role && one_of.or(none_of).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::rights::BUILT_IN;

    const WRITE: &str = "Microsoft.Authorization/roleAssignments/write";
    const DELETE: &str = "Microsoft.Authorization/roleAssignments/delete";
    const WRAPS: &str = "E147488A-f6f5-4113-8e2d-b22465e65bf6";
    const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

    #[test]
    fn the_data_access_administrator_assigns_key_vault_roles_only() {
        let condition = BUILT_IN
            .azure
            .iter()
            .find_map(|definition| definition.condition.as_deref());
        let condition = condition.unwrap();
        for (action, role, expected) in [
            (WRITE, Some(WRAPS), true),
            (DELETE, Some(WRAPS), true),
            (WRITE, Some(OWNER), false),
            (DELETE, Some(OWNER), false),
            (WRITE, None, false),
            ("Microsoft.Authorization/roleAssignments/read", None, true),
        ] {
            assert_eq!(
                permits(condition, action, role),
                expected,
                "{action} {role:?}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_is_not_fulfilled() {
        let about = |asks: &str| format!("((!(ActionMatches{{'{WRITE}'}})) OR ({asks}))");
        let role = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]";
        let principal = "@Request[Microsoft.Authorization/roleAssignments:PrincipalType]";
        for (asks, expected) in [
            (
                format!("{role} ForAnyOfAllValues:GuidNotEquals{{{OWNER}}}"),
                true,
            ),
            (
                format!("{role} ForAnyOfAllValues:GuidNotEquals{{{WRAPS}}}"),
                false,
            ),
            (
                format!("{principal} ForAnyOfAnyValues:StringEqualsIgnoreCase{{'User'}}"),
                false,
            ),
            (
                format!(
                    "{role} ForAnyOfAnyValues:GuidEquals{{{WRAPS}}} AND {principal} \
                    ForAnyOfAnyValues:StringEqualsIgnoreCase{{'ServicePrincipal'}}"
                ),
                false,
            ),
            (String::new(), false),
        ] {
            assert_eq!(
                permits(&about(&asks), WRITE, Some(WRAPS)),
                expected,
                "{asks}"
            );
        }
        let other = "@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'x'";
        assert!(!permits(other, WRITE, Some(WRAPS)));
    }
}
