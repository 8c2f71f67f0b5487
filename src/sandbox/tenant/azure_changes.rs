//! Applies a change in Azure, at once or at the end of its operation.

use super::azure_operations::{AzureOperation, Blocked, Failing, Pending};
use super::ids::guid;
use super::parts::Policy;
use super::world::World;

impl World {
    /// Starts a long-running operation. The result of a policy change is fixed now, and shows
    /// later.
    pub(crate) fn begin_azure(&mut self, change: Pending) -> AzureOperation {
        let failing = match change {
            Pending::DeleteGroup(_) => None,
            Pending::Write(_) | Pending::Delete(_) | Pending::Deploy(..) => {
                self.settings.policy_fails.clone()
            }
        };
        let operation = AzureOperation {
            id: guid(&format!("azure-operation/{}", self.azure_operations.len())),
            began: self.clock.now(),
            ended: None,
            change,
            failing,
        };
        self.azure_operations.push(operation.clone());
        operation
    }

    /// The operation that runs on the resource with this ARM id.
    pub(crate) fn azure_running(&self, target: &str) -> Option<&AzureOperation> {
        let running = |operation: &&AzureOperation| {
            operation.ended.is_none() && operation.change.target().eq_ignore_ascii_case(target)
        };
        self.azure_operations.iter().find(running)
    }

    /// Ends the operations whose time is over.
    pub(crate) fn advance_azure(&mut self) {
        let now = self.clock.now();
        for at in 0..self.azure_operations.len() {
            let operation = &self.azure_operations[at];
            let over = self.clock.since(operation.began) >= self.settings.policy_seconds;
            if operation.ended.is_some() || !over {
                continue;
            }
            let (change, failing) = (operation.change.clone(), operation.failing.clone());
            self.azure_operations[at].ended = Some(now);
            let failing = match failing {
                Some(failing) => Some(failing),
                None => self.take_effect(change),
            };
            self.azure_operations[at].failing = failing;
        }
    }

    /// Applies a change, or returns its failure.
    pub(crate) fn take_effect(&mut self, change: Pending) -> Option<Failing> {
        match change {
            Pending::Write(policy) => self.write(*policy),
            Pending::Delete(id) => {
                self.policy_changes(&id);
                self.policies.remove(&id.to_ascii_lowercase());
                self.effect("policy-deleted", id);
            }
            Pending::DeleteGroup(id) => return self.delete_group(&id),
            Pending::Deploy(id, policies) => return self.deploy(id, policies),
        }
        None
    }

    /// A new policy is created now. An existing one keeps its creation time.
    fn write(&mut self, mut policy: Policy) {
        let id = policy.id.clone();
        let key = id.to_ascii_lowercase();
        self.policy_changes(&id);
        let what = if let Some(before) = self.policies.get(&key) {
            policy.created = before.created;
            "policy-updated"
        } else {
            policy.created = self.clock.now();
            "policy-created"
        };
        self.policies.insert(key, policy);
        self.effect(what, id);
    }

    /// Writes the policies of a template, except for a policy whose linked environments would
    /// change.
    fn deploy(&mut self, id: String, policies: Vec<Policy>) -> Option<Failing> {
        let mut details = Vec::new();
        for policy in policies {
            if self.is_linked(&policy.id) {
                details.push(Blocked {
                    message: format!(
                        "The enterprise policy '{}' is linked to environments and can't be \
                        updated.",
                        policy.name
                    ),
                    target: policy.id,
                    code: "EnterprisePolicyUpdateNotAllowed".to_owned(),
                });
            } else {
                self.write(policy);
            }
        }
        self.effect("deployment-ended", id);
        (!details.is_empty()).then(|| Failing {
            code: "DeploymentFailed".to_owned(),
            message: "At least one resource deployment operation failed. Please list deployment \
                operations for details. Please see https://aka.ms/arm-deployment-operations for \
                usage details."
                .to_owned(),
            details,
        })
    }
}
