//! Where the grants of a policy's identity are left alone.

use super::{finding, who};
use crate::model::finding::Severity;
use crate::model::plan::Plan;
use crate::model::remedy::Setting;
use crate::model::target::Target;

/// That the grant is missing is said. Whoever takes an environment offline finds that it is.
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
                "The identity of `{}` can't use the key of `{}`, and cmkctl was told not to grant \
                    it.",
                policy.name, vault.name
            ),
            Setting::Grant,
            who::KEY_VAULT,
        ));
    }
}
