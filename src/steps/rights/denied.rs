//! Deny assignments that take a right away from a principal.

use super::query::{About, Doubt, Need, RightsQuery, applies, names_others};
use crate::model::ids::same_id;
use crate::model::known::Verdict;
use crate::model::rights::{Denial, Principal, PrincipalRights};
use crate::model::seen::{Seen, Unreadable};
use std::collections::BTreeSet;

/// Does a deny assignment apply?
pub(super) enum Denies<'a> {
    Yes(&'a Denial),
    No,
    CantTell(Doubt),
}

pub(super) fn denied<'a>(asked: RightsQuery<'_>, rights: &'a PrincipalRights) -> Denies<'a> {
    let denials = match (&rights.denials, asked.need) {
        // Local roles of a managed HSM have no deny assignments.
        (_, Need::HsmKey) => return Denies::No,
        (Seen::Present(denials), _) => denials,
        // The service does not show deny assignments to this caller. cmkctl reports that, and the
        // grant still counts: only Azure makes deny assignments, and they rarely cover its own
        // services.
        (Seen::Unreadable(why), _) if why.forbidden => return Denies::No,
        (Seen::Unreadable(why), _) => {
            return Denies::CantTell(Doubt::unread(Unreadable {
                why: format!("cmkctl can't read the deny assignments: {}", why.why),
                ..why.clone()
            }));
        }
        (Seen::Absent, _) => {
            let why = Unreadable::because("cmkctl did not read the deny assignments");
            return Denies::CantTell(Doubt::unread(why));
        }
    };
    let roles = rights.roles.present().map_or(&[][..], |all| all);
    let groups: BTreeSet<&str> = roles
        .iter()
        .filter(|_| !names_others(asked, roles))
        .map(|role| role.principal_id.as_str())
        .collect();
    let mut found = Denies::No;
    for denial in denials {
        match denies(asked, denial, &groups) {
            Verdict::Yes => return Denies::Yes(denial),
            Verdict::No => {}
            Verdict::CantTell(why) => {
                found = Denies::CantTell(Doubt {
                    why,
                    about: About::Denial,
                });
            }
        }
    }
    found
}

/// Does this deny assignment apply? `groups`: ids of groups that the principal is known to be in,
/// with its own id among them.
fn denies(asked: RightsQuery<'_>, denial: &Denial, groups: &BTreeSet<&str>) -> Verdict {
    let name = &denial.name;
    let cant_tell = |why: &str| Verdict::cant_tell(format!("the deny assignment `{name}` {why}"));
    let covers = asked.need.operations().iter().any(|operation| {
        let mut entries = denial.permissions.iter();
        entries.any(|entry| entry.names(*operation))
    });
    if !covers || !applies(&denial.scope, asked.at) {
        return Verdict::No;
    }
    let at = || {
        if !denial.only_at_scope || same_id(&denial.scope, asked.at) {
            Verdict::Yes
        } else if asked.need == Need::Key && is_vault_of(&denial.scope, asked.at) {
            // No document says whether a key counts as a child of its vault.
            cant_tell("covers the vault only, and no document says whether that includes keys")
        } else {
            Verdict::No
        }
    };
    let among = |all: &[Principal]| {
        let is_principal = |id: &str| {
            same_id(id, asked.principal) || groups.iter().any(|group| same_id(group, id))
        };
        Verdict::any(all.iter().map(|principal| {
            if principal.is_everyone() || is_principal(&principal.id) {
                Verdict::Yes
            } else if principal.group {
                cant_tell("names groups whose members cmkctl can't see")
            } else {
                Verdict::No
            }
        }))
    };
    let kept = match among(&denial.excluded) {
        Verdict::Yes => Verdict::No,
        Verdict::No => Verdict::Yes,
        open @ Verdict::CantTell(_) => open,
    };
    let bound = if denial.conditional {
        cant_tell("has a condition, and cmkctl can't evaluate conditions")
    } else {
        Verdict::Yes
    };
    among(&denial.principals).and(|| kept).and(at).and(|| bound)
}

fn is_vault_of(scope: &str, key: &str) -> bool {
    key.rsplit_once("/keys/")
        .is_some_and(|(vault, _)| same_id(vault, scope))
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{all, hidden, policy_id, silent};
    use super::*;
    use crate::model::rights::{Permission, RoleAssignment};

    const OWN: &str = "aaaaaaaa-0000-4000-8000-000000000001";
    const GROUP: &str = "bbbbbbbb-0000-4000-8000-000000000002";

    fn named(id: &str, group: bool) -> Vec<Principal> {
        vec![Principal {
            id: id.to_owned(),
            group,
        }]
    }

    /// Denies its own principal the right to read the policy.
    fn denial(change: impl FnOnce(&mut Denial)) -> PrincipalRights {
        let mut denial = Denial {
            name: "no".to_owned(),
            scope: policy_id("ep").group_scope(),
            permissions: vec![Permission {
                actions: vec!["Microsoft.PowerPlatform/*".to_owned()],
                ..Permission::default()
            }],
            principals: named(OWN, false),
            ..Denial::default()
        };
        change(&mut denial);
        PrincipalRights {
            denials: all(vec![denial]),
            ..PrincipalRights::nothing()
        }
    }

    fn told(need: Need, rights: &PrincipalRights) -> &'static str {
        let at = policy_id("ep").to_string();
        let asked = RightsQuery {
            principal: OWN,
            at: &at,
            need,
        };
        match denied(asked, rights) {
            Denies::Yes(_) => "denied",
            Denies::No => "not denied",
            Denies::CantTell(_) => "open",
        }
    }

    /// Denies a group that the principal is known to be in.
    fn of_its_group() -> PrincipalRights {
        PrincipalRights {
            roles: all(vec![RoleAssignment {
                principal_id: GROUP.to_owned(),
                group: true,
                ..RoleAssignment::default()
            }]),
            ..denial(|d| d.principals = named(GROUP, true))
        }
    }

    #[test]
    fn a_denial_covers_a_principal_an_operation_and_a_place() {
        let unread = |denials| PrincipalRights {
            denials,
            ..PrincipalRights::nothing()
        };
        for (what, rights, expected) in [
            ("nothing", PrincipalRights::nothing(), "not denied"),
            ("its own", denial(|_| {}), "denied"),
            (
                "another's",
                denial(|d| d.principals = named("x", false)),
                "not denied",
            ),
            (
                "a group's",
                denial(|d| d.principals = named("x", true)),
                "open",
            ),
            ("its group's", of_its_group(), "denied"),
            (
                "without it",
                denial(|d| d.excluded = named(OWN, false)),
                "not denied",
            ),
            (
                "without a group",
                denial(|d| d.excluded = named("x", true)),
                "open",
            ),
            (
                "under a condition",
                denial(|d| d.conditional = true),
                "open",
            ),
            (
                "of something else",
                denial(|d| d.permissions.clear()),
                "not denied",
            ),
            (
                "elsewhere",
                denial(|d| d.scope = "/subscriptions/x".to_owned()),
                "not denied",
            ),
            (
                "above it alone",
                denial(|d| d.only_at_scope = true),
                "not denied",
            ),
            ("hidden", unread(hidden()), "not denied"),
            ("silent", unread(silent()), "open"),
            ("not read", unread(Seen::default()), "open"),
        ] {
            assert_eq!(told(Need::Policy, &rights), expected, "{what}");
        }
        // Local roles of a managed HSM have no deny assignments.
        assert_eq!(told(Need::HsmKey, &unread(silent())), "not denied");
    }
}
