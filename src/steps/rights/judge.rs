//! The judge: assignments that apply, what their roles allow, and what is denied.

use super::asked::{Asked, Doubt, Need, Right, applies, management_group, place, role_name};
use super::denied::{Denies, denied};
use crate::model::ids::{parse_guid, same_id};
use crate::model::rights::{Held, Operation, RoleAssignment, RoleDefinition};
use crate::model::roles::{INHERITED_ROLE_SETTLES, ROLE_SETTLES};
use crate::model::seen::{Seen, Unreadable};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Does the principal have the right?
pub fn judge<'a>(asked: Asked<'_>, held: &'a Held) -> Right<'a> {
    let granted = granted(asked, held);
    match (denied(asked, held), granted) {
        (Denies::Yes(denial), _) => Right::Denied(denial),
        (Denies::CantTell(doubt), Right::Yes(_)) => Right::CantTell(doubt),
        (Denies::CantTell(_) | Denies::No, granted) => granted,
    }
}

/// Where a denial can't be told, a grant more may not help: why.
pub fn denial_in_doubt(asked: Asked<'_>, held: &Held) -> Option<Doubt> {
    match denied(asked, held) {
        Denies::CantTell(doubt) => Some(doubt),
        Denies::Yes(_) | Denies::No => None,
    }
}

/// The roles whose definitions the answer depends on.
pub fn open_roles(asked: Asked<'_>, held: &Held) -> BTreeSet<String> {
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
    let here = here(asked, held.roles.present().map_or(&[], Vec::as_slice));
    here.filter(open).map(|role| role.role.clone()).collect()
}

/// May a group that the principal is in give it, as far as a list of everybody's assignments tells?
pub fn may_come_by_group(asked: Asked<'_>, all: &[RoleAssignment]) -> bool {
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

/// From when on the right is effective everywhere, and the assignment that takes longest. An
/// assignment whose time is not known may be new. Nothing where no assignment gives it.
pub fn effective<'a>(
    asked: Asked<'_>,
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
        // The first one that is effective counts: a second grant does not undo it.
        let first = here(asked, roles)
            .filter(|role| gives(asked.need, role, *operation, held) == Gives::Yes)
            .filter_map(settled)
            .min_by_key(|(from, _)| *from)?;
        if latest.is_none_or(|(from, _)| first.0 > from) {
            latest = Some(first);
        }
    }
    latest
}

/// Where a right comes from, in words: `the role ROLE at SCOPE`, as far as that is known.
pub fn source(asked: Asked<'_>, held: &Held, by: &[&RoleAssignment]) -> String {
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
    asked: Asked<'_>,
    roles: &'a [RoleAssignment],
) -> impl Iterator<Item = &'a RoleAssignment> {
    let at = asked.at.to_owned();
    roles.iter().filter(move |role| applies(&role.scope, &at))
}

/// What one assignment does for one operation.
#[derive(Debug, Clone, PartialEq)]
enum Gives {
    Yes,
    No,
    CantTell(Doubt),
}

fn granted<'a>(asked: Asked<'_>, held: &'a Held) -> Right<'a> {
    let roles = match &held.roles {
        Seen::Present(roles) => roles,
        Seen::Unreadable(why) => return Right::CantTell(Doubt::unread(why.clone())),
        Seen::Absent | Seen::NotAsked => {
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
    if let Some(role) = here(asked, roles).find(whole) {
        return Right::Yes(vec![role]);
    }
    let (mut by, mut open): (Vec<&RoleAssignment>, _) = (Vec::new(), None);
    for operation in operations {
        let mut doubt = None;
        let found = here(asked, roles).find(|role| match of(role, *operation) {
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
            (None, None) => return Right::No,
        }
    }
    open.map_or(Right::Yes(by), Right::CantTell)
}

fn gives(need: Need, role: &RoleAssignment, operation: Operation<'_>, held: &Held) -> Gives {
    let name = || role_name(need, held, &role.role);
    let condition = || {
        Gives::CantTell(Doubt::condition(format!(
            "the role `{}` {} holds only under a condition, and cmkctl can't evaluate conditions",
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
        allowed => allowed,
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
                let why = format!("the role {role} itself holds only under a condition");
                return Gives::CantTell(Doubt::condition(why));
            }
            Gives::No
        }
        Some(Seen::Unreadable(why)) => unread(why),
        Some(Seen::Absent) => unread(&Unreadable::because("its definition is not there")),
        Some(Seen::NotAsked) | None => unread(&Unreadable::because("its definition was not read")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::asked::About;
    use super::*;
    use crate::model::known::Known;
    use crate::model::rights::{Denial, Permission, Principal};
    use crate::model::roles::{ENCRYPTION_USER, HSM_ENCRYPTION_USER, READER};
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

    /// A definition of the custom role, with data actions and what is taken out of them.
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
            denials: Seen::Present(denials),
            ..held(vec![role(ENCRYPTION_USER, VAULT)])
        }
    }

    fn unreadable<T>(forbidden: bool) -> Seen<T> {
        Seen::Unreadable(Unreadable {
            why: "Azure Resource Manager answered 403".to_owned(),
            forbidden,
            finding: None,
        })
    }

    const fn at(need: Need) -> Asked<'static> {
        let at = match need {
            Need::Key => KEY,
            Need::HsmKey => "/keys/k",
            Need::Policy => POLICY,
        };
        Asked {
            principal: OWN,
            at,
            need,
        }
    }

    #[track_caller]
    fn all(need: Need, rows: Vec<(&str, Held, Option<bool>)>) {
        for (what, held, wanted) in rows {
            let answer = judge(at(need), &held);
            assert_eq!(answer.verdict().flag(), wanted, "{what}: {answer:?}");
        }
    }

    #[test]
    fn scopes_roles_groups_and_conditions() {
        let other_case = "/SUBSCRIPTIONS/S/resourcegroups/G";
        let other_key = format!("{VAULT}/keys/other");
        let longer = format!("{KEY}2");
        let (yes, no) = (Some(true), Some(false));
        let one = |id: &str, scope: &str| held(vec![role(id, scope)]);
        all(
            Need::Key,
            vec![
                ("on the vault", one(ENCRYPTION_USER, VAULT), yes),
                ("on the key", one(ENCRYPTION_USER, KEY), yes),
                (
                    "on the key, in capitals",
                    one(ENCRYPTION_USER, &KEY.to_uppercase()),
                    yes,
                ),
                ("on another key", one(ENCRYPTION_USER, &other_key), no),
                (
                    "on a key with a longer name",
                    one(ENCRYPTION_USER, &longer),
                    no,
                ),
                ("on the group", one(ENCRYPTION_USER, other_case), yes),
                (
                    "on another group",
                    one(ENCRYPTION_USER, "/subscriptions/s/resourceGroups/g2"),
                    no,
                ),
                (
                    "on the subscription",
                    one(ENCRYPTION_USER, "/subscriptions/s"),
                    yes,
                ),
                (
                    "at the management group",
                    one(ENCRYPTION_USER, MANAGEMENT),
                    yes,
                ),
                ("at the root", one(ENCRYPTION_USER, "/"), yes),
                (
                    "on secrets",
                    one(ENCRYPTION_USER, &format!("{VAULT}/secrets/k")),
                    no,
                ),
                ("Crypto User", one(CRYPTO_USER, VAULT), yes),
                ("Crypto Officer", one(CRYPTO_OFFICER, VAULT), yes),
                ("Administrator", one(ADMINISTRATOR, MANAGEMENT), yes),
                ("Key Vault Reader reads alone", one(VAULT_READER, VAULT), no),
                ("Release User", one(RELEASE_USER, VAULT), no),
                ("Owner has no data actions", one(OWNER, VAULT), no),
                ("nothing", held(Vec::new()), no),
                (
                    "a group",
                    held(vec![of_group(role(ADMINISTRATOR, VAULT))]),
                    yes,
                ),
                (
                    "a condition",
                    held(vec![bound(role(CRYPTO_USER, VAULT))]),
                    None,
                ),
                (
                    "a condition on what gives nothing",
                    held(vec![bound(role(READER, VAULT))]),
                    no,
                ),
                (
                    "a condition beside a role without one",
                    held(vec![
                        bound(role(CRYPTO_USER, VAULT)),
                        role(CRYPTO_OFFICER, KEY),
                    ]),
                    yes,
                ),
                (
                    "a role of a managed HSM",
                    one(HSM_ENCRYPTION_USER, VAULT),
                    None,
                ),
                (
                    "assignments not readable",
                    Held {
                        roles: unreadable(true),
                        ..held(Vec::new())
                    },
                    None,
                ),
                ("assignments not asked", Held::default(), None),
            ],
        );
        all(
            Need::Policy,
            vec![
                ("Reader on the policy", one(READER, POLICY), yes),
                ("Reader above", one(READER, MANAGEMENT), yes),
                ("Contributor", one(CONTRIBUTOR, "/subscriptions/s"), yes),
                ("Owner", one(OWNER, "/"), yes),
                (
                    "by a group",
                    held(vec![of_group(role(READER, POLICY))]),
                    yes,
                ),
                (
                    "under a condition",
                    held(vec![bound(role(READER, POLICY))]),
                    None,
                ),
                (
                    "Key Vault Administrator",
                    one(ADMINISTRATOR, "/subscriptions/s"),
                    no,
                ),
                (
                    "who gives roles on vaults",
                    one(DATA_ACCESS, "/subscriptions/s"),
                    no,
                ),
                ("on the vault", one(READER, VAULT), no),
            ],
        );
        all(
            Need::HsmKey,
            vec![
                ("on the key", one(HSM_ENCRYPTION_USER, "/keys/k"), yes),
                (
                    "on all keys",
                    one("21dbd100-6940-42c2-9190-5d6cb909625b", "/keys"),
                    yes,
                ),
                ("at the root", one(HSM_ENCRYPTION_USER, "/"), yes),
                ("on another key", one(HSM_ENCRYPTION_USER, "/keys/k2"), no),
                (
                    "Crypto Auditor",
                    one("2c18b078-7c48-4d3a-af88-5a3a1b3f82b3", "/"),
                    no,
                ),
                ("a role of its own", one(CUSTOM, "/keys"), None),
            ],
        );
    }

    #[test]
    fn roles_of_their_own_are_judged_by_their_data_actions() {
        let (yes, no) = (Some(true), Some(false));
        let keys = "Microsoft.KeyVault/vaults/keys";
        let pair = |two: &[&str]| Held {
            roles: Seen::Present(vec![role(CUSTOM, KEY), role(VAULT_READER, VAULT)]),
            ..defined(custom(two, &[]))
        };
        let wrap_and_unwrap = [
            format!("{keys}/wrap/action"),
            format!("{keys}/unwrap/action"),
        ];
        let two: Vec<&str> = wrap_and_unwrap.iter().map(String::as_str).collect();
        let conditional = Seen::Present(RoleDefinition {
            name: None,
            permissions: vec![Permission {
                data_actions: texts(&["*"]),
                conditional: true,
                ..Permission::default()
            }],
        });
        let control = Seen::Present(RoleDefinition {
            name: None,
            permissions: vec![Permission {
                actions: texts(&["*"]),
                ..Permission::default()
            }],
        });
        all(
            Need::Key,
            vec![
                ("keys/*", defined(custom(&[&format!("{keys}/*")], &[])), yes),
                (
                    "in capitals",
                    defined(custom(&[&format!("{keys}/*").to_uppercase()], &[])),
                    yes,
                ),
                ("two stars", defined(custom(&["*/vaults/*"], &[])), yes),
                (
                    "wrap is taken out",
                    defined(custom(&["*"], &["*/wrap/action"])),
                    no,
                ),
                (
                    "sign is taken out",
                    defined(custom(&["*"], &["*/sign/action"])),
                    yes,
                ),
                ("no unwrap", defined(custom(&[&two[0], "*/read"], &[])), no),
                ("no read", defined(custom(&two, &[])), no),
                ("read comes from another role", pair(&two), yes),
                ("one half of another role", pair(&two[..1]), no),
                ("for Resource Manager alone", defined(control), no),
                ("its own condition", defined(conditional), None),
                ("not readable", defined(unreadable(true)), None),
                ("not there", defined(Seen::Absent), None),
                ("not read", held(vec![role(CUSTOM, VAULT)]), None),
                (
                    "not readable, beside one that gives it",
                    Held {
                        roles: Seen::Present(vec![role(CUSTOM, VAULT), role(CRYPTO_USER, KEY)]),
                        ..defined(unreadable(true))
                    },
                    yes,
                ),
                (
                    "not readable, on another key",
                    Held {
                        roles: Seen::Present(vec![role(CUSTOM, &format!("{VAULT}/keys/x"))]),
                        ..defined(unreadable(true))
                    },
                    no,
                ),
            ],
        );
    }

    #[test]
    fn a_denial_takes_away_and_one_that_is_in_doubt_leaves_it_open() {
        const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";
        let (yes, no) = (Some(true), Some(false));
        let wraps = ["Microsoft.KeyVault/vaults/keys/wrap/action"];
        let of = |one: Denial| denied_by(vec![one]);
        let own = || denial(&wraps, &[(OWN, false)]);
        let by_group = |one: Denial| Held {
            roles: Seen::Present(vec![of_group(role(ENCRYPTION_USER, VAULT))]),
            ..of(one)
        };
        let all_but = |who: &[(&str, bool)]| Denial {
            excluded: named(who),
            ..denial(&["*"], &[(EVERYONE, true)])
        };
        all(
            Need::Key,
            vec![
                ("the identity", of(own()), no),
                ("everyone", of(denial(&["*"], &[(EVERYONE, true)])), no),
                (
                    "everyone but the identity",
                    of(all_but(&[(OWN, false)])),
                    yes,
                ),
                ("everyone but a group", of(all_but(&[(GROUP, true)])), None),
                (
                    "everyone but its own group",
                    by_group(all_but(&[(GROUP, true)])),
                    yes,
                ),
                ("another", of(denial(&wraps, &[("c", false)])), yes),
                ("a group", of(denial(&wraps, &[(GROUP, true)])), None),
                (
                    "a group that it is known to be in",
                    by_group(denial(&wraps, &[(GROUP, true)])),
                    no,
                ),
                (
                    "signing",
                    of(denial(&["*/sign/action"], &[(OWN, false)])),
                    yes,
                ),
                (
                    "elsewhere",
                    of(Denial {
                        scope: POLICY.to_owned(),
                        ..own()
                    }),
                    yes,
                ),
                (
                    "above",
                    of(Denial {
                        scope: MANAGEMENT.to_owned(),
                        ..own()
                    }),
                    no,
                ),
                (
                    "above, and not below it",
                    of(Denial {
                        scope: "/subscriptions/s".to_owned(),
                        only_at_scope: true,
                        ..own()
                    }),
                    yes,
                ),
                (
                    "on the vault, and not below",
                    of(Denial {
                        only_at_scope: true,
                        ..own()
                    }),
                    None,
                ),
                (
                    "under a condition",
                    of(Denial {
                        conditional: true,
                        ..own()
                    }),
                    None,
                ),
                (
                    "two, of which one is sure",
                    denied_by(vec![denial(&wraps, &[(GROUP, true)]), own()]),
                    no,
                ),
                (
                    "not shown to this caller",
                    Held {
                        denials: unreadable(true),
                        ..of(own())
                    },
                    yes,
                ),
                (
                    "trouble",
                    Held {
                        denials: unreadable(false),
                        ..of(own())
                    },
                    None,
                ),
                (
                    "not asked",
                    Held {
                        denials: Seen::NotAsked,
                        ..of(own())
                    },
                    None,
                ),
                (
                    "nothing to take",
                    Held {
                        roles: Seen::Present(Vec::new()),
                        ..of(own())
                    },
                    no,
                ),
            ],
        );
        let doubt = denial_in_doubt(at(Need::Key), &of(denial(&wraps, &[(GROUP, true)])));
        assert_eq!(doubt.map(|doubt| doubt.about), Some(About::Denial));
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
            denials: Seen::Present(vec![everyone]),
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
