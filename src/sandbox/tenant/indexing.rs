//! Resource Graph's index of the tenant.

use super::earlier::{Before, Earlier, LAG};
use super::parts::Policy;
use super::vaults::Vault;
use super::world::World;
use std::collections::BTreeMap;

impl World {
    /// Stores the state of a policy before a change.
    pub(crate) fn policy_changes(&mut self, id: &str) {
        let key = id.to_ascii_lowercase();
        let now = self.policies.get(&key).cloned().map(Box::new);
        self.note(Before::Policy(key, now));
    }

    /// Stores the state of a vault before a change.
    pub(crate) fn vault_changes(&mut self, name: &str) {
        let now = self.vaults.get(name).cloned().map(Box::new);
        self.note(Before::Vault(name.to_owned(), now));
    }

    fn note(&mut self, what: Before) {
        let now = self.clock.now();
        self.earlier.retain(|change| change.until > now);
        let until = now.saturating_add(LAG).unwrap_or(now);
        self.earlier.push(Earlier { until, what });
    }

    /// Policies and vaults as the index shows them.
    pub(crate) fn indexed(&self) -> (BTreeMap<&str, &Policy>, BTreeMap<&str, &Vault>) {
        let policies = self
            .policies
            .iter()
            .map(|(id, policy)| (id.as_str(), policy));
        let vaults = self
            .vaults
            .iter()
            .map(|(name, vault)| (name.as_str(), vault));
        let (mut policies, mut vaults) = (
            policies.collect::<BTreeMap<&str, &Policy>>(),
            vaults.collect::<BTreeMap<&str, &Vault>>(),
        );
        let now = self.clock.now();
        // The oldest valid state wins, so it is applied last.
        for change in self
            .earlier
            .iter()
            .rev()
            .filter(|change| change.until > now)
        {
            match &change.what {
                Before::Policy(id, was) => put(&mut policies, id, was.as_deref()),
                Before::Vault(name, was) => put(&mut vaults, name, was.as_deref()),
            }
        }
        (policies, vaults)
    }
}

fn put<'a, T>(all: &mut BTreeMap<&'a str, &'a T>, key: &'a str, was: Option<&'a T>) {
    match was {
        Some(was) => all.insert(key, was),
        None => all.remove(key),
    };
}
