//! Reads environments alone if the list leaves their link in doubt. Lists were seen without the
//! block that names the policy.

use super::reads::{ask, each};
use crate::cloud::Reader;
use crate::error::Result;
use crate::model::environment::Environment;
use crate::model::seen::{Seen, Unreadable};
use crate::model::whole::Whole;

/// The list, with each environment in `doubt` replaced by its single read. If the single read does
/// not show the link either, the link is unreadable.
pub(super) async fn looked_at(
    reader: &Reader,
    mut all: Whole<Environment>,
    doubt: impl Fn(&Environment) -> bool,
) -> Result<Whole<Environment>> {
    let doubted: Vec<String> = all
        .iter()
        .filter(|environment| doubt(environment))
        .map(|environment| environment.id.clone())
        .collect();
    let alone = each(doubted, async |id: String| {
        ask(reader.environment(&id).await)
    })
    .await?;
    for environment in &mut all {
        if let Some(alone) = alone.get(&environment.id) {
            let gone = "the list of environments shows this environment, but cmkctl can't read \
                its details";
            *environment = by_itself(environment, alone, gone);
        }
    }
    Ok(all)
}

/// An environment of a list after its single read: the single read's facts, or else the list's
/// facts with an unreadable link. `gone`: the reason if that read finds nothing.
pub(super) fn by_itself(
    listed: &Environment,
    alone: &Seen<Environment>,
    gone: &str,
) -> Environment {
    let key_link = match alone {
        Seen::Present(found) => {
            return Environment {
                page: listed.page,
                ..found.clone()
            };
        }
        Seen::Unreadable(why) => why.clone(),
        Seen::Absent => Unreadable::because(gone),
    };
    Environment {
        key_link: Seen::Unreadable(key_link),
        ..listed.clone()
    }
}
