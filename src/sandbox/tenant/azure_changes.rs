//! How a change of an enterprise policy takes effect: at once, or when its operation has ended.

use super::azure_operations::{AzureOperation, Pending};
use super::ids::guid;
use super::world::World;

impl World {
    /// Begins a long operation, and returns its id. How it ends is known now, and shows later.
    pub(in crate::sandbox) fn begin_azure(&mut self, change: Pending) -> AzureOperation {
        let id = guid(&format!("azure-operation/{}", self.azure_operations.len()));
        let begun = AzureOperation {
            id,
            began: self.clock.now(),
            ended: None,
            change,
            failing: self.settings.policy_fails.clone(),
        };
        self.azure_operations.push(begun.clone());
        begun
    }

    /// The operation that runs on the resource with this ARM id.
    pub(in crate::sandbox) fn azure_running(&self, target: &str) -> Option<&AzureOperation> {
        let running = |one: &&AzureOperation| {
            one.ended.is_none() && one.change.target().eq_ignore_ascii_case(target)
        };
        self.azure_operations.iter().find(running)
    }

    /// Ends what has taken its time.
    pub(in crate::sandbox) fn advance_azure(&mut self) {
        let now = self.clock.now();
        for at in 0..self.azure_operations.len() {
            let operation = &self.azure_operations[at];
            let over = self.clock.since(operation.began) >= self.settings.policy_seconds;
            if operation.ended.is_some() || !over {
                continue;
            }
            let mut change = operation.change.clone();
            if let Pending::Write(policy) = &mut change
                && !self.policies.contains_key(&policy.id.to_ascii_lowercase())
            {
                // A new policy begins with the end of the operation that makes it.
                policy.created = now;
            }
            let fails = operation.failing.is_some();
            self.azure_operations[at].ended = Some(now);
            if !fails {
                self.take_effect(change);
            }
        }
    }

    /// Changes a policy, at once.
    pub(in crate::sandbox) fn take_effect(&mut self, change: Pending) {
        let key = change.target().to_ascii_lowercase();
        let id = change.target().to_owned();
        match change {
            Pending::Write(policy) => {
                let before = self.policies.insert(key, policy);
                let what = if before.is_some() {
                    "policy-updated"
                } else {
                    "policy-created"
                };
                self.effect(what, id);
            }
            Pending::Delete(_) => {
                self.policies.remove(&key);
                self.effect("policy-deleted", id);
            }
        }
    }
}
