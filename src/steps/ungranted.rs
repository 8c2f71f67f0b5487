//! Plans without grants, if the caller told cmkctl not to grant.

use super::{finding, who};
use crate::model::finding::Severity;
use crate::model::plan::Plan;
use crate::model::remedy::Setting;
use crate::model::target::Target;

/// Removes the grants from the plan, and warns that the grant is missing. The steps that take an
/// environment offline check the grant themselves.
pub(super) fn left_alone(target: &Target, plan: &mut Plan) {
    let before = plan.actions.len();
    plan.actions.retain(|action| !action.grants_key());
    let (Some(policy), Some(vault)) = (&target.policy, &target.vault) else {
        return;
    };
    if plan.actions.len() < before {
        plan.findings.push(finding(
            "CMK012",
            Severity::Warn,
            policy.to_string(),
            format!(
                "The identity of the policy `{}` can't use the key in the vault `{}`. You told \
                    cmkctl not to grant this access.",
                policy.name, vault.name
            ),
            Setting::Grant,
            who::KEY_VAULT,
        ));
    }
}
