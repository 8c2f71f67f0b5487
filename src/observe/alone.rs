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
        match alone.get(&environment.id) {
            Some(Seen::Present(found)) => {
                *environment = Environment {
                    page: environment.page,
                    ..found.clone()
                };
            }
            Some(Seen::Unreadable(why)) => environment.key_link = Seen::Unreadable(why.clone()),
            Some(Seen::Absent) => {
                let why = "it is in the list, and can't be read by itself".to_owned();
                environment.key_link = Seen::Unreadable(Unreadable::because(why));
            }
            None => {}
        }
    }
    Ok(all)
}
