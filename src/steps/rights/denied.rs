//! What deny assignments take away from a principal.

use super::asked::{About, Asked, Doubt, Need, applies, names_others};
use crate::model::ids::same_id;
use crate::model::known::Verdict;
use crate::model::rights::{Denial, Held, Principal};
use crate::model::seen::{Seen, Unreadable};
use std::collections::BTreeSet;

/// Is it denied?
pub(super) enum Denies<'a> {
    Yes(&'a Denial),
    No,
    CantTell(Doubt),
}

pub(super) fn denied<'a>(asked: Asked<'_>, held: &'a Held) -> Denies<'a> {
    let denials = match (&held.denials, asked.need) {
        // Local roles of a managed HSM know no denials.
        (_, Need::HsmKey) => return Denies::No,
        (Seen::Present(denials), _) => denials,
        // The service does not show them to this caller: that is said, and the grant stays. Only
        // Azure makes deny assignments, and its own services are rarely among those denied.
        (Seen::Unreadable(why), _) if why.forbidden => return Denies::No,
        (Seen::Unreadable(why), _) => {
            return Denies::CantTell(Doubt::unread(Unreadable {
                why: format!("whether it is denied can't be read: {}", why.why),
                ..why.clone()
            }));
        }
        (Seen::Absent, _) => {
            let why = Unreadable::because("whether it is denied was not read");
            return Denies::CantTell(Doubt::unread(why));
        }
    };
    let roles = held.roles.present().map_or(&[][..], Vec::as_slice);
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

/// `groups`: ids of groups that the principal is known to be in, its own among them.
fn denies(asked: Asked<'_>, denial: &Denial, groups: &BTreeSet<&str>) -> Verdict {
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
            // Whether a key counts as a child of its vault is not documented.
            cant_tell("leaves out what lies below the vault")
        } else {
            Verdict::No
        }
    };
    let among = |all: &[Principal]| {
        let own = |id: &str| {
            same_id(id, asked.principal) || groups.iter().any(|group| same_id(group, id))
        };
        Verdict::any(all.iter().map(|one| {
            if one.is_everyone() || own(&one.id) {
                Verdict::Yes
            } else if one.group {
                cant_tell("names groups, and who is in them can't be told")
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
        cant_tell("holds only under a condition")
    } else {
        Verdict::Yes
    };
    among(&denial.principals).and(|| kept).and(at).and(|| bound)
}

fn is_vault_of(scope: &str, key: &str) -> bool {
    key.rsplit_once("/keys/")
        .is_some_and(|(vault, _)| same_id(vault, scope))
}
