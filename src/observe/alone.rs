//! Environments that a list leaves in doubt are looked at by themselves: lists were seen without
//! the block that tells the policy.

use super::asking::{ask, each};
use crate::cloud::Reader;
use crate::error::Result;
use crate::model::environment::Environment;
use crate::model::seen::{Seen, Unreadable};
use crate::model::whole::Whole;

/// The list, each of whose items that are in `doubt` is what the single read shows. Where that does
/// not tell either, the link is not known.
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
            let gone = "it is in the list, and can't be read by itself";
            *environment = by_itself(environment, alone, gone);
        }
    }
    Ok(all)
}

/// What is known of an environment of a list after a look at it alone: all that the look shows, or
/// else what the list shows, with a link that is not known. `gone`: why, where the service does not
/// know it any more.
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
