//! Resource locks, and what they forbid.

use super::parts::Lock;
use super::scopes::covers;
use super::world::World;

impl World {
    /// Scopes of the locks that keep the resource of this ARM id from being changed or, with
    /// `deletes`, from being deleted. A lock applies at its scope and below; what is deleted takes
    /// everything below it along, so locks in there forbid that, too.
    pub(in crate::sandbox) fn locked_at(&self, target: &str, deletes: bool) -> Vec<&str> {
        let forbids = |lock: &&Lock| {
            let read_only = lock.level.eq_ignore_ascii_case("ReadOnly");
            let level = read_only || (deletes && lock.level.eq_ignore_ascii_case("CanNotDelete"));
            level && (covers(&lock.scope, target) || (deletes && covers(target, &lock.scope)))
        };
        let forbidding = self.locks.iter().filter(forbids);
        forbidding.map(|lock| lock.scope.as_str()).collect()
    }
}
