//! Resource locks and their effect.

use super::parts::Lock;
use super::scopes::covers;
use super::world::World;

impl World {
    /// Scopes of the locks that protect the resource from changes or, with `deletes`, from
    /// deletion. A lock applies at its scope and below. A deletion also removes everything below
    /// the resource, so locks there forbid it too.
    pub(crate) fn locked_at(&self, target: &str, deletes: bool) -> Vec<&str> {
        let forbids = |lock: &&Lock| {
            let read_only = lock.level.eq_ignore_ascii_case("ReadOnly");
            let level = read_only || (deletes && lock.level.eq_ignore_ascii_case("CanNotDelete"));
            level && (covers(&lock.scope, target) || (deletes && covers(target, &lock.scope)))
        };
        let forbidding = self.locks.iter().filter(forbids);
        forbidding.map(|lock| lock.scope.as_str()).collect()
    }
}
