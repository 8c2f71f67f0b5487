//! The histories of some environments that have a key, or had one.

use super::reads::each;
use crate::cloud::Reader;
use crate::model::environment::Environment;
use crate::model::operation::Operation;

/// So many histories tell how long an operation takes; more would cost requests and tell little.
const ENOUGH: usize = 12;

/// The histories of other environments that are linked to a policy. What can't be read is left
/// out: this is about how long something takes, and decides nothing.
pub async fn histories(reader: &Reader, but: &Environment) -> Vec<Vec<Operation>> {
    let Ok(all) = reader.environments().await else {
        return Vec::new();
    };
    let other =
        |environment: &&Environment| environment.policy().is_some() && environment.id != but.id;
    let ids = all
        .iter()
        .filter(other)
        .map(|environment| environment.id.clone());
    let ids: Vec<String> = ids.take(ENOUGH).collect();
    let read = each(ids, async |id: String| {
        let history = reader.operations(&id).await;
        Ok(history.map_or_else(|_| Vec::new(), |all| all.into_iter().collect()))
    });
    read.await
        .map(|found| found.into_values().collect())
        .unwrap_or_default()
}
