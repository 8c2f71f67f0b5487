//! Judges a right: which assignments apply, what their roles allow, and what is denied.

use super::denied::{Denies, denied};
use super::query::{
    Doubt, Need, Right, RightsQuery, applies, management_group, names_others, place, role_name,
};
use crate::model::ids::{parse_guid, same_id};
use crate::model::rights::{Held, Operation, RoleAssignment, RoleDefinition};
use crate::model::roles::{INHERITED_ROLE_SETTLES, ROLE_SETTLES};
use crate::model::seen::{Seen, Unreadable};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Does the principal have the right?
pub fn judge<'a>(asked: RightsQuery<'_>, held: &'a Held) -> Right<'a> {
    let granted = granted(asked, held);
    match (denied(asked, held), granted) {
        (Denies::Yes(denial), _) => Right::Denied(denial),
        (Denies::CantTell(doubt), Right::Yes(_)) => Right::CantTell(doubt),
        (Denies::CantTell(_) | Denies::No, granted) => granted,
    }
}

/// Why a deny assignment may apply, if that can't be told. Another grant may then not help.
pub fn denial_in_doubt(asked: RightsQuery<'_>, held: &Held) -> Option<Doubt> {
    match denied(asked, held) {
        Denies::CantTell(doubt) => Some(doubt),
        Denies::Yes(_) | Denies::No => None,
    }
}

/// The ids of the roles whose definitions are still needed for the answer.
pub fn open_roles(asked: RightsQuery<'_>, held: &Held) -> BTreeSet<String> {
    if asked.need == Need::HsmKey || !matches!(granted(asked, held), Right::CantTell(_)) {
        return BTreeSet::new();
    }
    if matches!(denied(asked, held), Denies::Yes(_)) {
        return BTreeSet::new();
    }
    let open = |role: &&RoleAssignment| {
        asked.need.built_in(&role.role).is_none()
            && !held.definitions.contains_key(&role.role)
            && parse_guid(&role.role).is_some()
    };
    let here = counting(asked, held.roles.present().map_or(&[], |all| all));
    here.filter(open).map(|role| role.role.clone()).collect()
}

/// May a group give the principal the right, by a list of all principals' assignments?
pub fn may_come_by_group(asked: RightsQuery<'_>, all: &[RoleAssignment]) -> bool {
    let held = Held::default();
    here(asked, all)
        .filter(|role| role.group && !same_id(&role.principal_id, asked.principal))
        .any(|role| {
            let operations = asked.need.operations().iter();
            operations
                .into_iter()
                .any(|operation| gives(asked.need, role, *operation, &held) != Gives::No)
        })
}

/// When the right becomes effective everywhere, and the assignment that takes longest. An
/// assignment without a date counts as new. `None` if no assignment gives the right.
pub fn effective<'a>(
    asked: RightsQuery<'_>,
    held: &'a Held,
    now: Timestamp,
) -> Option<(Timestamp, &'a RoleAssignment)> {
    let roles = held.roles.present()?;
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
            .filter(|role| gives(asked.need, role, *operation, held) == Gives::Yes)
            .filter_map(settled)
            .min_by_key(|(from, _)| *from)?;
        if latest.is_none_or(|(from, _)| first.0 > from) {
            latest = Some(first);
        }
    }
    latest
}

/// The source of a right in words, as far as it is known: `the role ROLE at SCOPE`.
pub fn source(asked: RightsQuery<'_>, held: &Held, by: &[&RoleAssignment]) -> String {
    let one = |role: &&RoleAssignment| {
        let through = if same_id(&role.principal_id, asked.principal) {
            String::new()
        } else {
            format!(" through the group {}", role.principal_id)
        };
        format!(
            "the role `{}` {}{through}",
            role_name(asked.need, held, &role.role),
            place(&role.scope)
        )
    };
    by.iter().map(one).collect::<Vec<_>>().join(" and ")
}

fn here<'a>(
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
    here(asked, roles).filter(move |role| !own_alone || same_id(&role.principal_id, &principal))
}

/// Does one assignment allow one operation?
#[derive(Debug, Clone, PartialEq)]
enum Gives {
    Yes,
    No,
    CantTell(Doubt),
}

fn granted<'a>(asked: RightsQuery<'_>, held: &'a Held) -> Right<'a> {
    let roles = match &held.roles {
        Seen::Present(roles) => roles,
        Seen::Unreadable(why) => return Right::CantTell(Doubt::unread(why.clone())),
        Seen::Absent => {
            let why = Unreadable::because("its role assignments were not read");
            return Right::CantTell(Doubt::unread(why));
        }
    };
    let operations = asked.need.operations();
    let of = |role: &RoleAssignment, operation| gives(asked.need, role, operation, held);
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
            (Some(role), _) if by.iter().any(|one| std::ptr::eq(*one, role)) => {}
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
    Unreadable::because("the service listed role assignments of others, which were not asked for")
}

fn gives(need: Need, role: &RoleAssignment, operation: Operation<'_>, held: &Held) -> Gives {
    let name = || role_name(need, held, &role.role);
    let condition = || {
        Gives::CantTell(Doubt::condition(format!(
            "the role `{}` {} has a condition, and cmkctl can't evaluate conditions",
            name(),
            place(&role.scope)
        )))
    };
    let allowed = match need.built_in(&role.role) {
        Some(known) => Gives::from(known.allows(operation)),
        None => by_definition(held.definitions.get(&role.role), operation, &role.role),
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
            why: format!("what the role {role} allows can't be read: {}", why.why),
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
                let why = format!("the role {role} itself has a condition");
                return Gives::CantTell(Doubt::condition(why));
            }
            Gives::No
        }
        Some(Seen::Unreadable(why)) => unread(why),
        Some(Seen::Absent) => unread(&Unreadable::because("its definition is not there")),
        None => unread(&Unreadable::because("its definition was not read")),
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

    fn of_group(one: RoleAssignment) -> RoleAssignment {
        RoleAssignment {
            principal_id: GROUP.to_owned(),
            group: true,
            ..one
        }
    }

    fn bound(one: RoleAssignment) -> RoleAssignment {
        RoleAssignment {
            conditional: true,
            ..one
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
        let one = |(id, group): &(&str, bool)| Principal {
            id: (*id).to_owned(),
            group: *group,
        };
        who.iter().map(one).collect()
    }

    fn held(roles: Vec<RoleAssignment>) -> Held {
        Held::of(roles)
    }

    fn defined(definition: Seen<RoleDefinition>) -> Held {
        Held {
            definitions: BTreeMap::from([(CUSTOM.to_owned(), definition)]),
            ..held(vec![role(CUSTOM, VAULT)])
        }
    }

    fn denied_by(denials: Vec<Denial>) -> Held {
        Held {
            denials: whole(denials),
            ..held(vec![role(ENCRYPTION_USER, VAULT)])
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
    type Row = (&'static str, fn() -> Held, Option<bool>);

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);

    #[track_caller]
    fn all(need: Need, rows: &[Row]) {
        for (what, read, wanted) in rows {
            let held = read();
            let answer = judge(at(need), &held);
            assert_eq!(answer.verdict().flag(), *wanted, "{what}: {answer:?}");
        }
    }

    fn one(id: &str, scope: &str) -> Held {
        held(vec![role(id, scope)])
    }

    fn under(path: &str) -> Held {
        one(ENCRYPTION_USER, &format!("{VAULT}{path}"))
    }

    const PLACES: [Row; 13] = [
        ("on the vault", || one(ENCRYPTION_USER, VAULT), YES),
        ("on the key", || one(ENCRYPTION_USER, KEY), YES),
        (
            "in capitals",
            || one(ENCRYPTION_USER, &KEY.to_uppercase()),
            YES,
        ),
        ("on another key", || under("/keys/other"), NO),
        ("on a key with a longer name", || under("/keys/k2"), NO),
        ("on secrets", || under("/secrets/k"), NO),
        (
            "on the group",
            || one(ENCRYPTION_USER, "/SUBSCRIPTIONS/S/resourcegroups/G"),
            YES,
        ),
        (
            "on another group",
            || one(ENCRYPTION_USER, "/subscriptions/s/resourceGroups/g2"),
            NO,
        ),
        (
            "on the subscription",
            || one(ENCRYPTION_USER, "/subscriptions/s"),
            YES,
        ),
        (
            "at the management group",
            || one(ENCRYPTION_USER, MANAGEMENT),
            YES,
        ),
        ("at the root", || one(ENCRYPTION_USER, "/"), YES),
        ("at no scope", || one(ENCRYPTION_USER, "//"), NO),
        ("nowhere", || held(Vec::new()), NO),
    ];

    const GIVEN: [Row; 13] = [
        ("Crypto User", || one(CRYPTO_USER, VAULT), YES),
        ("Crypto Officer", || one(CRYPTO_OFFICER, VAULT), YES),
        ("Administrator", || one(ADMINISTRATOR, MANAGEMENT), YES),
        (
            "Key Vault Reader reads alone",
            || one(VAULT_READER, VAULT),
            NO,
        ),
        ("Release User", || one(RELEASE_USER, VAULT), NO),
        ("Owner has no data actions", || one(OWNER, VAULT), NO),
        (
            "a group",
            || held(vec![of_group(role(ADMINISTRATOR, VAULT))]),
            YES,
        ),
        (
            "a condition",
            || held(vec![bound(role(CRYPTO_USER, VAULT))]),
            None,
        ),
        (
            "a condition of nothing",
            || held(vec![bound(role(READER, VAULT))]),
            NO,
        ),
        (
            "a condition beside a role without one",
            || {
                held(vec![
                    bound(role(CRYPTO_USER, VAULT)),
                    role(CRYPTO_OFFICER, KEY),
                ])
            },
            YES,
        ),
        (
            "a role of a managed HSM",
            || one(HSM_ENCRYPTION_USER, VAULT),
            None,
        ),
        (
            "not readable",
            || Held {
                roles: unreadable(true),
                ..held(Vec::new())
            },
            None,
        ),
        ("not read", Held::default, None),
    ];

    const READS: [Row; 9] = [
        ("Reader on the policy", || one(READER, POLICY), YES),
        ("Reader above", || one(READER, MANAGEMENT), YES),
        ("Contributor", || one(CONTRIBUTOR, "/subscriptions/s"), YES),
        ("Owner", || one(OWNER, "/"), YES),
        (
            "by a group",
            || held(vec![of_group(role(READER, POLICY))]),
            YES,
        ),
        (
            "under a condition",
            || held(vec![bound(role(READER, POLICY))]),
            None,
        ),
        (
            "Key Vault Administrator",
            || one(ADMINISTRATOR, "/subscriptions/s"),
            NO,
        ),
        (
            "who gives roles on vaults",
            || one(DATA_ACCESS, "/subscriptions/s"),
            NO,
        ),
        ("on the vault", || one(READER, VAULT), NO),
    ];

    const LOCAL: [Row; 6] = [
        ("on the key", || one(HSM_ENCRYPTION_USER, "/keys/k"), YES),
        (
            "on all keys",
            || one("21dbd100-6940-42c2-9190-5d6cb909625b", "/keys"),
            YES,
        ),
        ("at the root", || one(HSM_ENCRYPTION_USER, "/"), YES),
        (
            "on another key",
            || one(HSM_ENCRYPTION_USER, "/keys/k2"),
            NO,
        ),
        (
            "Crypto Auditor",
            || one("2c18b078-7c48-4d3a-af88-5a3a1b3f82b3", "/"),
            NO,
        ),
        ("a role of its own", || one(CUSTOM, "/keys"), None),
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
    fn pair(data: &[&str]) -> Held {
        Held {
            roles: whole(vec![role(CUSTOM, KEY), role(VAULT_READER, VAULT)]),
            ..defined(custom(data, &[]))
        }
    }

    fn entry(permission: Permission) -> Held {
        defined(Seen::Present(RoleDefinition {
            name: None,
            permissions: vec![permission],
        }))
    }

    fn hidden(roles: Vec<RoleAssignment>) -> Held {
        Held {
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
        ("not read", || one(CUSTOM, VAULT), None),
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

    fn of(one: Denial) -> Held {
        denied_by(vec![one])
    }

    fn own() -> Denial {
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
    fn by_group(one: Denial) -> Held {
        Held {
            roles: whole(vec![of_group(role(ENCRYPTION_USER, VAULT))]),
            ..of(one)
        }
    }

    fn at_scope(scope: &str, only_at_scope: bool) -> Held {
        of(Denial {
            scope: scope.to_owned(),
            only_at_scope,
            ..own()
        })
    }

    fn denials_are(denials: Seen<Whole<Denial>>) -> Held {
        Held {
            denials,
            ..one(ENCRYPTION_USER, VAULT)
        }
    }

    const DENIED: [Row; 19] = [
        ("the identity", || of(own()), NO),
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
                    ..own()
                })
            },
            None,
        ),
        (
            "two, of which one is sure",
            || denied_by(vec![of_a_group(), own()]),
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
            || Held {
                roles: whole(Vec::new()),
                ..of(own())
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

    fn of_another(one: RoleAssignment) -> RoleAssignment {
        RoleAssignment {
            principal_id: "cccccccc-0000-4000-8000-000000000003".to_owned(),
            ..one
        }
    }

    fn beside_another(mine: RoleAssignment) -> Held {
        held(vec![of_another(role(ENCRYPTION_USER, VAULT)), mine])
    }

    /// The list names another user or service principal, although the request filtered them out.
    const OTHERS: [Row; 6] = [
        (
            "another alone",
            || held(vec![of_another(role(ENCRYPTION_USER, VAULT))]),
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
            || Held {
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
            || Held {
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
        let open = |held: &Held| {
            open_roles(at(Need::Key), held)
                .into_iter()
                .collect::<Vec<_>>()
        };
        let own = || role(CUSTOM, VAULT);
        assert_eq!(open(&held(vec![own(), own()])), [CUSTOM]);
        assert!(open(&held(vec![own(), role(CRYPTO_USER, KEY)])).is_empty());
        assert!(open(&held(vec![role(CUSTOM, &format!("{VAULT}/keys/x"))])).is_empty());
        assert!(open(&held(vec![role("no guid/../x", VAULT)])).is_empty());
        assert!(open(&defined(Seen::Absent)).is_empty());
        let everyone = denial(&["*"], &[(OWN, false)]);
        let denied = Held {
            denials: whole(vec![everyone]),
            ..held(vec![own()])
        };
        assert!(open(&denied).is_empty());
    }

    #[test]
    fn only_what_may_be_a_group_and_may_give_it_is_asked_for() {
        let may = |one: RoleAssignment| may_come_by_group(at(Need::Key), &[one]);
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
        let made = |one: RoleAssignment, minutes: i64| RoleAssignment {
            created: Known::Known(ago(minutes)),
            ..one
        };
        let from = |all: Vec<RoleAssignment>| {
            let held = held(all);
            effective(at(Need::Key), &held, now).map(|(from, _)| from.duration_since(now).as_mins())
        };
        let own = || role(ENCRYPTION_USER, VAULT);
        let above = || role(CRYPTO_USER, MANAGEMENT);
        assert_eq!(from(vec![made(own(), 2)]), Some(3));
        assert_eq!(
            from(vec![own()]),
            Some(5),
            "a time that is not known may be now"
        );
        assert_eq!(from(vec![made(above(), 60)]), Some(7 * 60));
        assert_eq!(from(vec![made(above(), 60), made(own(), 4)]), Some(1));
        assert_eq!(from(vec![bound(made(own(), 2))]), None);
        assert_eq!(from(vec![made(role(READER, VAULT), 2)]), None);

        let held = defined(custom(&["*"], &[]));
        let (one, two) = (role(CUSTOM, KEY), of_group(role(CRYPTO_USER, MANAGEMENT)));
        assert_eq!(
            source(at(Need::Key), &held, &[&one, &two]),
            format!(
                "the role `Contoso Wrapper` on the key `k` and the role `Key Vault Crypto User` at \
                the management group `contoso` through the group {GROUP}"
            )
        );
        for (scope, words) in [
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
            assert_eq!(place(scope), words);
        }
    }
}
