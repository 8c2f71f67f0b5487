//! Judges a right: which assignments apply, what their roles allow, and what is denied.

use super::denied::{Denies, denied};
use super::query::{
    Doubt, Need, Right, RightsQuery, applies, management_group, names_others, place, role_name,
};
use crate::model::ids::{parse_guid, same_id};
use crate::model::rights::{Operation, PrincipalRights, RoleAssignment, RoleDefinition};
use crate::model::roles::{INHERITED_ROLE_SETTLES, ROLE_SETTLES};
use crate::model::seen::{Seen, Unreadable};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Does the principal have the right?
pub fn judge<'a>(asked: RightsQuery<'_>, rights: &'a PrincipalRights) -> Right<'a> {
    let granted = granted(asked, rights);
    match (denied(asked, rights), granted) {
        (Denies::Yes(denial), _) => Right::Denied(denial),
        (Denies::CantTell(doubt), Right::Yes(_)) => Right::CantTell(doubt),
        (Denies::CantTell(_) | Denies::No, granted) => granted,
    }
}

/// Why a deny assignment may apply, if that can't be told. Another grant may then not help.
pub fn denial_in_doubt(asked: RightsQuery<'_>, rights: &PrincipalRights) -> Option<Doubt> {
    match denied(asked, rights) {
        Denies::CantTell(doubt) => Some(doubt),
        Denies::Yes(_) | Denies::No => None,
    }
}

/// The ids of the roles whose definitions are still needed for the answer.
pub fn open_roles(asked: RightsQuery<'_>, rights: &PrincipalRights) -> BTreeSet<String> {
    if asked.need == Need::HsmKey || !matches!(granted(asked, rights), Right::CantTell(_)) {
        return BTreeSet::new();
    }
    if matches!(denied(asked, rights), Denies::Yes(_)) {
        return BTreeSet::new();
    }
    let open = |role: &&RoleAssignment| {
        asked.need.built_in(&role.role).is_none()
            && !rights.definitions.contains_key(&role.role)
            && parse_guid(&role.role).is_some()
    };
    let counted = counting(asked, rights.roles.present().map_or(&[], |all| all));
    counted.filter(open).map(|role| role.role.clone()).collect()
}

/// May a group give the principal the right, by a list of all principals' assignments?
pub fn may_come_by_group(asked: RightsQuery<'_>, all: &[RoleAssignment]) -> bool {
    let rights = PrincipalRights::default();
    applying(asked, all)
        .filter(|role| role.group && !same_id(&role.principal_id, asked.principal))
        .any(|role| {
            let operations = asked.need.operations().iter();
            operations
                .into_iter()
                .any(|operation| gives(asked.need, role, *operation, &rights) != Gives::No)
        })
}

/// When the right becomes effective everywhere, and the assignment that takes longest. An
/// assignment without a date counts as new. `None` if no assignment gives the right.
pub fn effective<'a>(
    asked: RightsQuery<'_>,
    rights: &'a PrincipalRights,
    now: Timestamp,
) -> Option<(Timestamp, &'a RoleAssignment)> {
    let roles = rights.roles.present()?;
    let settled = |role: &'a RoleAssignment| {
        let made = role.created.known().copied().unwrap_or(now);
        let takes = if management_group(&role.scope).is_some() {
            INHERITED_ROLE_SETTLES
        } else {
            ROLE_SETTLES
        };
        Some((made.checked_add(takes).ok()?, role))
    };
    let mut latest = None;
    for operation in asked.need.operations() {
        // The first effective assignment counts: a second grant does not delay the right.
        let first = counting(asked, roles)
            .filter(|role| gives(asked.need, role, *operation, rights) == Gives::Yes)
            .filter_map(settled)
            .min_by_key(|(from, _)| *from)?;
        if latest.is_none_or(|(from, _)| first.0 > from) {
            latest = Some(first);
        }
    }
    latest
}

/// The source of a right in words, as far as it is known: `the role ROLE at SCOPE`.
pub fn source(asked: RightsQuery<'_>, rights: &PrincipalRights, by: &[&RoleAssignment]) -> String {
    let in_words = |role: &&RoleAssignment| {
        let through = if same_id(&role.principal_id, asked.principal) {
            String::new()
        } else {
            format!(" through the group {}", role.principal_id)
        };
        format!(
            "the role `{}` {}{through}",
            role_name(asked.need, rights, &role.role),
            place(&role.scope)
        )
    };
    by.iter().map(in_words).collect::<Vec<_>>().join(" and ")
}

fn applying<'a>(
    asked: RightsQuery<'_>,
    roles: &'a [RoleAssignment],
) -> impl Iterator<Item = &'a RoleAssignment> {
    let at = asked.at.to_owned();
    roles.iter().filter(move |role| applies(&role.scope, &at))
}

/// The assignments that apply here and belong to the principal or to its groups.
fn counting<'a>(
    asked: RightsQuery<'_>,
    roles: &'a [RoleAssignment],
) -> impl Iterator<Item = &'a RoleAssignment> {
    let own_alone = names_others(asked, roles);
    let principal = asked.principal.to_owned();
    applying(asked, roles).filter(move |role| !own_alone || same_id(&role.principal_id, &principal))
}

/// Does one assignment allow one operation?
#[derive(Debug, Clone, PartialEq)]
enum Gives {
    Yes,
    No,
    CantTell(Doubt),
}

fn granted<'a>(asked: RightsQuery<'_>, rights: &'a PrincipalRights) -> Right<'a> {
    let roles = match &rights.roles {
        Seen::Present(roles) => roles,
        Seen::Unreadable(why) => return Right::CantTell(Doubt::unread(why.clone())),
        Seen::Absent => {
            let why =
                Unreadable::because("cmkctl did not read the role assignments of the principal");
            return Right::CantTell(Doubt::unread(why));
        }
    };
    let operations = asked.need.operations();
    let of = |role: &RoleAssignment, operation| gives(asked.need, role, operation, rights);
    let whole = |role: &&RoleAssignment| {
        operations
            .iter()
            .all(|operation| of(role, *operation) == Gives::Yes)
    };
    if let Some(role) = counting(asked, roles).find(whole) {
        return Right::Yes(vec![role]);
    }
    let (mut by, mut open): (Vec<&RoleAssignment>, _) = (Vec::new(), None);
    for operation in operations {
        let mut doubt = None;
        let found = counting(asked, roles).find(|role| match of(role, *operation) {
            Gives::Yes => true,
            Gives::No => false,
            Gives::CantTell(why) => {
                doubt.get_or_insert(why);
                false
            }
        });
        match (found, doubt) {
            (Some(role), _) if by.iter().any(|listed| std::ptr::eq(*listed, role)) => {}
            (Some(role), _) => by.push(role),
            (None, Some(doubt)) => open = Some(doubt),
            (None, None) if names_others(asked, roles) => {
                open = Some(Doubt::unread(not_asked_for()))
            }
            (None, None) => return Right::No,
        }
    }
    open.map_or(Right::Yes(by), Right::CantTell)
}

fn not_asked_for() -> Unreadable {
    Unreadable::because(
        "the service listed role assignments of other principals, so the list is not reliable",
    )
}

fn gives(
    need: Need,
    role: &RoleAssignment,
    operation: Operation<'_>,
    rights: &PrincipalRights,
) -> Gives {
    let name = || role_name(need, rights, &role.role);
    let condition = || {
        Gives::CantTell(Doubt::condition(format!(
            "the role `{}` {} has a condition, and cmkctl can't evaluate conditions",
            name(),
            place(&role.scope)
        )))
    };
    let allowed = match need.built_in(&role.role) {
        Some(known) => Gives::from(known.allows(operation)),
        None => by_definition(rights.definitions.get(&role.role), operation, &role.role),
    };
    match allowed {
        Gives::Yes if role.conditional => condition(),
        Gives::Yes | Gives::No | Gives::CantTell(_) => allowed,
    }
}

impl From<bool> for Gives {
    fn from(fact: bool) -> Self {
        if fact { Gives::Yes } else { Gives::No }
    }
}

fn by_definition(
    definition: Option<&Seen<RoleDefinition>>,
    operation: Operation<'_>,
    role: &str,
) -> Gives {
    let unread = |why: &Unreadable| {
        Gives::CantTell(Doubt::unread(Unreadable {
            why: format!("cmkctl can't read what the role {role} allows: {}", why.why),
            ..why.clone()
        }))
    };
    match definition {
        Some(Seen::Present(definition)) => {
            let named = definition
                .permissions
                .iter()
                .filter(|entry| entry.names(operation));
            let mut bound = false;
            for entry in named {
                if !entry.conditional {
                    return Gives::Yes;
                }
                bound = true;
            }
            if bound {
                let why = format!("the definition of the role {role} has a condition");
                return Gives::CantTell(Doubt::condition(why));
            }
            Gives::No
        }
        Some(Seen::Unreadable(why)) => unread(why),
        Some(Seen::Absent) => unread(&Unreadable::because(
            "the definition of the role does not exist",
        )),
        None => unread(&Unreadable::because(
            "cmkctl did not read the definition of the role",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::About;
    use super::*;
    use crate::model::known::Known;
    use crate::model::rights::{Denial, Permission, Principal};
    use crate::model::roles::{ENCRYPTION_USER, HSM_ENCRYPTION_USER, READER};
    use crate::model::seen::Reason;
    use crate::model::whole::Whole;
    use crate::steps::samples::all as whole;
    use jiff::SignedDuration;
    use std::collections::BTreeMap;

    const OWN: &str = "aaaaaaaa-0000-4000-8000-000000000001";
    const GROUP: &str = "bbbbbbbb-0000-4000-8000-000000000002";
    const VAULT: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv";
    const KEY: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv/keys/k";
    const POLICY: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.PowerPlatform/\
        enterprisePolicies/ep";
    const MANAGEMENT: &str = "/providers/Microsoft.Management/managementGroups/contoso";
    const CRYPTO_USER: &str = "12338af0-0e69-4776-bea7-57ae8d297424";
    const CRYPTO_OFFICER: &str = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603";
    const ADMINISTRATOR: &str = "00482a5a-887f-4fb3-b363-3b7fe8e74483";
    const VAULT_READER: &str = "21090545-7ca7-4776-b22c-e363652d74d2";
    const RELEASE_USER: &str = "08bbd89e-9f13-488c-ac41-acfcb10c90ab";
    const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
    const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
    const DATA_ACCESS: &str = "8b54135c-b56d-4d72-a534-26097cfdc8d8";
    const CUSTOM: &str = "11111111-0000-4000-8000-00000000000c";

    fn role(role: &str, scope: &str) -> RoleAssignment {
        RoleAssignment {
            scope: scope.to_owned(),
            role: role.to_owned(),
            principal_id: OWN.to_owned(),
            ..RoleAssignment::default()
        }
    }

    fn of_group(role: RoleAssignment) -> RoleAssignment {
        RoleAssignment {
            principal_id: GROUP.to_owned(),
            group: true,
            ..role
        }
    }

    fn bound(role: RoleAssignment) -> RoleAssignment {
        RoleAssignment {
            conditional: true,
            ..role
        }
    }

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    /// The definition of the custom role, with these data actions and `notDataActions`.
    fn custom(data: &[&str], not: &[&str]) -> Seen<RoleDefinition> {
        Seen::Present(RoleDefinition {
            name: Some("Contoso Wrapper".to_owned()),
            permissions: vec![Permission {
                data_actions: texts(data),
                not_data_actions: texts(not),
                ..Permission::default()
            }],
        })
    }

    fn denial(data: &[&str], who: &[(&str, bool)]) -> Denial {
        Denial {
            name: "locked".to_owned(),
            scope: VAULT.to_owned(),
            permissions: vec![Permission {
                data_actions: texts(data),
                ..Permission::default()
            }],
            principals: named(who),
            ..Denial::default()
        }
    }

    fn named(who: &[(&str, bool)]) -> Vec<Principal> {
        let principal = |(id, group): &(&str, bool)| Principal {
            id: (*id).to_owned(),
            group: *group,
        };
        who.iter().map(principal).collect()
    }

    fn with_roles(roles: Vec<RoleAssignment>) -> PrincipalRights {
        PrincipalRights::of(roles)
    }

    fn defined(definition: Seen<RoleDefinition>) -> PrincipalRights {
        PrincipalRights {
            definitions: BTreeMap::from([(CUSTOM.to_owned(), definition)]),
            ..with_roles(vec![role(CUSTOM, VAULT)])
        }
    }

    fn denied_by(denials: Vec<Denial>) -> PrincipalRights {
        PrincipalRights {
            denials: whole(denials),
            ..with_roles(vec![role(ENCRYPTION_USER, VAULT)])
        }
    }

    fn unreadable<T>(forbidden: bool) -> Seen<T> {
        Seen::Unreadable(Unreadable {
            why: "Azure Resource Manager answered 403".to_owned(),
            forbidden,
            reason: Reason::Other,
            told: None,
        })
    }

    const fn at(need: Need) -> RightsQuery<'static> {
        let at = match need {
            Need::Key => KEY,
            Need::HsmKey => "/keys/k",
            Need::Policy => POLICY,
        };
        RightsQuery {
            principal: OWN,
            at,
            need,
        }
    }

    /// Case name, what was read, and the answer.
    type Row = (&'static str, fn() -> PrincipalRights, Option<bool>);

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);

    #[track_caller]
    fn all(need: Need, rows: &[Row]) {
        for (what, read, wanted) in rows {
            let rights = read();
            let answer = judge(at(need), &rights);
            assert_eq!(answer.verdict().flag(), *wanted, "{what}: {answer:?}");
        }
    }

    fn with_role(id: &str, scope: &str) -> PrincipalRights {
        with_roles(vec![role(id, scope)])
    }

    fn under(path: &str) -> PrincipalRights {
        with_role(ENCRYPTION_USER, &format!("{VAULT}{path}"))
    }

    const PLACES: [Row; 13] = [
        ("on the vault", || with_role(ENCRYPTION_USER, VAULT), YES),
        ("on the key", || with_role(ENCRYPTION_USER, KEY), YES),
        (
            "in capitals",
            || with_role(ENCRYPTION_USER, &KEY.to_uppercase()),
            YES,
        ),
        ("on another key", || under("/keys/other"), NO),
        ("on a key with a longer name", || under("/keys/k2"), NO),
        ("on secrets", || under("/secrets/k"), NO),
        (
            "on the group",
            || with_role(ENCRYPTION_USER, "/SUBSCRIPTIONS/S/resourcegroups/G"),
            YES,
        ),
        (
            "on another group",
            || with_role(ENCRYPTION_USER, "/subscriptions/s/resourceGroups/g2"),
            NO,
        ),
        (
            "on the subscription",
            || with_role(ENCRYPTION_USER, "/subscriptions/s"),
            YES,
        ),
        (
            "at the management group",
            || with_role(ENCRYPTION_USER, MANAGEMENT),
            YES,
        ),
        ("at the root", || with_role(ENCRYPTION_USER, "/"), YES),
        ("at no scope", || with_role(ENCRYPTION_USER, "//"), NO),
        ("nowhere", || with_roles(Vec::new()), NO),
    ];

    const GIVEN: [Row; 13] = [
        ("Crypto User", || with_role(CRYPTO_USER, VAULT), YES),
        ("Crypto Officer", || with_role(CRYPTO_OFFICER, VAULT), YES),
        (
            "Administrator",
            || with_role(ADMINISTRATOR, MANAGEMENT),
            YES,
        ),
        (
            "Key Vault Reader reads alone",
            || with_role(VAULT_READER, VAULT),
            NO,
        ),
        ("Release User", || with_role(RELEASE_USER, VAULT), NO),
        ("Owner has no data actions", || with_role(OWNER, VAULT), NO),
        (
            "a group",
            || with_roles(vec![of_group(role(ADMINISTRATOR, VAULT))]),
            YES,
        ),
        (
            "a condition",
            || with_roles(vec![bound(role(CRYPTO_USER, VAULT))]),
            None,
        ),
        (
            "a condition of nothing",
            || with_roles(vec![bound(role(READER, VAULT))]),
            NO,
        ),
        (
            "a condition beside a role without one",
            || {
                with_roles(vec![
                    bound(role(CRYPTO_USER, VAULT)),
                    role(CRYPTO_OFFICER, KEY),
                ])
            },
            YES,
        ),
        (
            "a role of a managed HSM",
            || with_role(HSM_ENCRYPTION_USER, VAULT),
            None,
        ),
        (
            "not readable",
            || PrincipalRights {
                roles: unreadable(true),
                ..with_roles(Vec::new())
            },
            None,
        ),
        ("not read", PrincipalRights::default, None),
    ];

    const READS: [Row; 9] = [
        ("Reader on the policy", || with_role(READER, POLICY), YES),
        ("Reader above", || with_role(READER, MANAGEMENT), YES),
        (
            "Contributor",
            || with_role(CONTRIBUTOR, "/subscriptions/s"),
            YES,
        ),
        ("Owner", || with_role(OWNER, "/"), YES),
        (
            "by a group",
            || with_roles(vec![of_group(role(READER, POLICY))]),
            YES,
        ),
        (
            "under a condition",
            || with_roles(vec![bound(role(READER, POLICY))]),
            None,
        ),
        (
            "Key Vault Administrator",
            || with_role(ADMINISTRATOR, "/subscriptions/s"),
            NO,
        ),
        (
            "who gives roles on vaults",
            || with_role(DATA_ACCESS, "/subscriptions/s"),
            NO,
        ),
        ("on the vault", || with_role(READER, VAULT), NO),
    ];

    const LOCAL: [Row; 6] = [
        (
            "on the key",
            || with_role(HSM_ENCRYPTION_USER, "/keys/k"),
            YES,
        ),
        (
            "on all keys",
            || with_role("21dbd100-6940-42c2-9190-5d6cb909625b", "/keys"),
            YES,
        ),
        ("at the root", || with_role(HSM_ENCRYPTION_USER, "/"), YES),
        (
            "on another key",
            || with_role(HSM_ENCRYPTION_USER, "/keys/k2"),
            NO,
        ),
        (
            "Crypto Auditor",
            || with_role("2c18b078-7c48-4d3a-af88-5a3a1b3f82b3", "/"),
            NO,
        ),
        ("a role of its own", || with_role(CUSTOM, "/keys"), None),
    ];

    #[test]
    fn scopes_roles_groups_and_conditions() {
        all(Need::Key, &PLACES);
        all(Need::Key, &GIVEN);
        all(Need::Policy, &READS);
        all(Need::HsmKey, &LOCAL);
    }

    const KEYS: &str = "Microsoft.KeyVault/vaults/keys/*";
    const TWO: [&str; 2] = [
        "Microsoft.KeyVault/vaults/keys/wrap/action",
        "Microsoft.KeyVault/vaults/keys/unwrap/action",
    ];

    /// The custom role on the key, beside a role that only reads.
    fn pair(data: &[&str]) -> PrincipalRights {
        PrincipalRights {
            roles: whole(vec![role(CUSTOM, KEY), role(VAULT_READER, VAULT)]),
            ..defined(custom(data, &[]))
        }
    }

    fn entry(permission: Permission) -> PrincipalRights {
        defined(Seen::Present(RoleDefinition {
            name: None,
            permissions: vec![permission],
        }))
    }

    fn hidden(roles: Vec<RoleAssignment>) -> PrincipalRights {
        PrincipalRights {
            roles: whole(roles),
            ..defined(unreadable(true))
        }
    }

    const DEFINED: [Row; 16] = [
        ("keys/*", || defined(custom(&[KEYS], &[])), YES),
        (
            "in capitals",
            || defined(custom(&[&KEYS.to_uppercase()], &[])),
            YES,
        ),
        ("two stars", || defined(custom(&["*/vaults/*"], &[])), YES),
        (
            "wrap is taken out",
            || defined(custom(&["*"], &["*/wrap/action"])),
            NO,
        ),
        (
            "sign is taken out",
            || defined(custom(&["*"], &["*/sign/action"])),
            YES,
        ),
        (
            "no unwrap",
            || defined(custom(&[TWO[0], "*/read"], &[])),
            NO,
        ),
        ("no read", || defined(custom(&TWO, &[])), NO),
        ("read comes from another role", || pair(&TWO), YES),
        ("one half of another role", || pair(&TWO[..1]), NO),
        (
            "for Resource Manager alone",
            || {
                entry(Permission {
                    actions: texts(&["*"]),
                    ..Permission::default()
                })
            },
            NO,
        ),
        (
            "its own condition",
            || {
                entry(Permission {
                    data_actions: texts(&["*"]),
                    conditional: true,
                    ..Permission::default()
                })
            },
            None,
        ),
        ("not readable", || defined(unreadable(true)), None),
        ("not there", || defined(Seen::Absent), None),
        ("not read", || with_role(CUSTOM, VAULT), None),
        (
            "not readable, beside one that gives it",
            || hidden(vec![role(CUSTOM, VAULT), role(CRYPTO_USER, KEY)]),
            YES,
        ),
        (
            "not readable, on another key",
            || hidden(vec![role(CUSTOM, &format!("{VAULT}/keys/x"))]),
            NO,
        ),
    ];

    #[test]
    fn roles_of_their_own_are_judged_by_their_data_actions() {
        all(Need::Key, &DEFINED);
    }

    const ALL: (&str, bool) = ("00000000-0000-0000-0000-000000000000", true);
    const WRAP: [&str; 1] = ["Microsoft.KeyVault/vaults/keys/wrap/action"];

    fn of(denial: Denial) -> PrincipalRights {
        denied_by(vec![denial])
    }

    fn of_identity() -> Denial {
        denial(&WRAP, &[(OWN, false)])
    }

    fn of_a_group() -> Denial {
        denial(&WRAP, &[(GROUP, true)])
    }

    fn all_but(who: (&str, bool)) -> Denial {
        Denial {
            excluded: named(&[who]),
            ..denial(&["*"], &[ALL])
        }
    }

    /// The identity has its right through the group.
    fn by_group(denial: Denial) -> PrincipalRights {
        PrincipalRights {
            roles: whole(vec![of_group(role(ENCRYPTION_USER, VAULT))]),
            ..of(denial)
        }
    }

    fn at_scope(scope: &str, only_at_scope: bool) -> PrincipalRights {
        of(Denial {
            scope: scope.to_owned(),
            only_at_scope,
            ..of_identity()
        })
    }

    fn denials_are(denials: Seen<Whole<Denial>>) -> PrincipalRights {
        PrincipalRights {
            denials,
            ..with_role(ENCRYPTION_USER, VAULT)
        }
    }

    const DENIED: [Row; 19] = [
        ("the identity", || of(of_identity()), NO),
        ("everyone", || of(denial(&["*"], &[ALL])), NO),
        (
            "everyone but the identity",
            || of(all_but((OWN, false))),
            YES,
        ),
        ("everyone but a group", || of(all_but((GROUP, true))), None),
        (
            "everyone but its own group",
            || by_group(all_but((GROUP, true))),
            YES,
        ),
        ("another", || of(denial(&WRAP, &[("c", false)])), YES),
        ("a group", || of(of_a_group()), None),
        (
            "a group that it is known to be in",
            || by_group(of_a_group()),
            NO,
        ),
        (
            "signing",
            || of(denial(&["*/sign/action"], &[(OWN, false)])),
            YES,
        ),
        ("elsewhere", || at_scope(POLICY, false), YES),
        ("above", || at_scope(MANAGEMENT, false), NO),
        (
            "above, and not below it",
            || at_scope("/subscriptions/s", true),
            YES,
        ),
        (
            "on the vault, and not below",
            || at_scope(VAULT, true),
            None,
        ),
        (
            "under a condition",
            || {
                of(Denial {
                    conditional: true,
                    ..of_identity()
                })
            },
            None,
        ),
        (
            "two, of which one is sure",
            || denied_by(vec![of_a_group(), of_identity()]),
            NO,
        ),
        (
            "not shown to this caller",
            || denials_are(unreadable(true)),
            YES,
        ),
        ("trouble", || denials_are(unreadable(false)), None),
        ("not read", || denials_are(Seen::default()), None),
        (
            "nothing to take",
            || PrincipalRights {
                roles: whole(Vec::new()),
                ..of(of_identity())
            },
            NO,
        ),
    ];

    #[test]
    fn a_denial_takes_away_and_one_that_is_in_doubt_leaves_it_open() {
        all(Need::Key, &DENIED);
        let doubt = denial_in_doubt(at(Need::Key), &of(of_a_group()));
        assert_eq!(doubt.map(|doubt| doubt.about), Some(About::Denial));
    }

    fn of_another(role: RoleAssignment) -> RoleAssignment {
        RoleAssignment {
            principal_id: "cccccccc-0000-4000-8000-000000000003".to_owned(),
            ..role
        }
    }

    fn beside_another(mine: RoleAssignment) -> PrincipalRights {
        with_roles(vec![of_another(role(ENCRYPTION_USER, VAULT)), mine])
    }

    /// The list names another user or service principal, although the request filtered them out.
    const OTHERS: [Row; 6] = [
        (
            "another alone",
            || with_roles(vec![of_another(role(ENCRYPTION_USER, VAULT))]),
            None,
        ),
        (
            "another, and a group that may be anybody's",
            || beside_another(of_group(role(ADMINISTRATOR, VAULT))),
            None,
        ),
        (
            "another, and its own",
            || beside_another(role(CRYPTO_USER, KEY)),
            YES,
        ),
        (
            "another, and its own of too little",
            || beside_another(role(VAULT_READER, VAULT)),
            None,
        ),
        (
            "another, who is denied",
            || PrincipalRights {
                roles: beside_another(role(CRYPTO_USER, KEY)).roles,
                ..of(denial(
                    &WRAP,
                    &[("cccccccc-0000-4000-8000-000000000003", false)],
                ))
            },
            YES,
        ),
        (
            "another, and a group that is denied",
            || PrincipalRights {
                roles: whole(vec![
                    of_another(role(READER, VAULT)),
                    of_group(role(READER, VAULT)),
                    role(CRYPTO_USER, KEY),
                ]),
                ..of(of_a_group())
            },
            None,
        ),
    ];

    #[test]
    fn a_list_that_names_others_tells_what_is_the_principals_own_and_no_more() {
        all(Need::Key, &OTHERS);
    }

    #[test]
    fn a_definition_is_read_only_where_the_answer_depends_on_it() {
        let open = |rights: &PrincipalRights| {
            open_roles(at(Need::Key), rights)
                .into_iter()
                .collect::<Vec<_>>()
        };
        let custom = || role(CUSTOM, VAULT);
        assert_eq!(open(&with_roles(vec![custom(), custom()])), [CUSTOM]);
        assert!(open(&with_roles(vec![custom(), role(CRYPTO_USER, KEY)])).is_empty());
        assert!(open(&with_roles(vec![role(CUSTOM, &format!("{VAULT}/keys/x"))])).is_empty());
        assert!(open(&with_roles(vec![role("no guid/../x", VAULT)])).is_empty());
        assert!(open(&defined(Seen::Absent)).is_empty());
        let everyone = denial(&["*"], &[(OWN, false)]);
        let denied = PrincipalRights {
            denials: whole(vec![everyone]),
            ..with_roles(vec![custom()])
        };
        assert!(open(&denied).is_empty());
    }

    #[test]
    fn only_what_may_be_a_group_and_may_give_it_is_asked_for() {
        let may = |role: RoleAssignment| may_come_by_group(at(Need::Key), &[role]);
        assert!(may(of_group(role(ADMINISTRATOR, VAULT))));
        assert!(may(of_group(role(CUSTOM, MANAGEMENT))));
        assert!(!may(of_group(role(READER, VAULT))));
        assert!(!may(of_group(role(
            ADMINISTRATOR,
            &format!("{VAULT}/keys/x")
        ))));
        let user = RoleAssignment {
            group: false,
            ..of_group(role(ADMINISTRATOR, VAULT))
        };
        assert!(!may(user));
    }

    #[test]
    fn from_when_on_and_by_what() {
        let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let ago = |minutes: i64| now.checked_sub(SignedDuration::from_mins(minutes)).unwrap();
        let made = |role: RoleAssignment, minutes: i64| RoleAssignment {
            created: Known::Known(ago(minutes)),
            ..role
        };
        let from = |all: Vec<RoleAssignment>| {
            let rights = with_roles(all);
            effective(at(Need::Key), &rights, now)
                .map(|(from, _)| from.duration_since(now).as_mins())
        };
        let direct = || role(ENCRYPTION_USER, VAULT);
        let above = || role(CRYPTO_USER, MANAGEMENT);
        assert_eq!(from(vec![made(direct(), 2)]), Some(3));
        assert_eq!(
            from(vec![direct()]),
            Some(5),
            "a time that is not known may be now"
        );
        assert_eq!(from(vec![made(above(), 60)]), Some(7 * 60));
        assert_eq!(from(vec![made(above(), 60), made(direct(), 4)]), Some(1));
        assert_eq!(from(vec![bound(made(direct(), 2))]), None);
        assert_eq!(from(vec![made(role(READER, VAULT), 2)]), None);

        let rights = defined(custom(&["*"], &[]));
        let (custom, by_group) = (role(CUSTOM, KEY), of_group(role(CRYPTO_USER, MANAGEMENT)));
        assert_eq!(
            source(at(Need::Key), &rights, &[&custom, &by_group]),
            format!(
                "the role `Contoso Wrapper` on the key `k` and the role `Key Vault Crypto User` at \
                the management group `contoso` through the group {GROUP}"
            )
        );
        for (scope, expected) in [
            ("/", "at the root scope `/`"),
            ("/subscriptions/s", "on the subscription s"),
            (
                "/subscriptions/s/resourceGroups/g",
                "on the resource group `g`",
            ),
            (VAULT, "on the vault `kv`"),
            (POLICY, "on the policy `ep`"),
            ("/keys", "on all keys"),
            ("/keys/k", "on the key `k`"),
            ("/a/b/c/d/e", "at /a/b/c/d/e"),
        ] {
            assert_eq!(place(scope), expected);
        }
    }
}
