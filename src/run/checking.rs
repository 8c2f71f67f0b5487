//! `check`: every check at once, without changes.

use super::{Context, quiet};
use crate::error::{Error, Kind, Result};
use crate::model::finding::{Finding, Severity};
use crate::model::target::Target;
use crate::model::who::Side;
use crate::observe::{self, resolve};
use crate::report::{self, Out};
use crate::steps::check::{Checked, check as check_all};

/// Checks everything that is named or linked. With `part`, judges only that administrator's part.
///
/// # Errors
/// Nothing can be read. `Kind::Blocked` if a finding blocks, or with `warnings_too` if one warns.
pub async fn check(
    context: &Context,
    target: &Target,
    part: Option<Side>,
    warnings_too: bool,
    out: &mut Out,
) -> Result<()> {
    if target.environment.is_none() && target.policy.is_none() && target.vault.is_none() {
        return Err(Error::usage("There is nothing to check.")
            .hint("Pass an environment, or `--policy`, or `--vault` and `--key`.")
            .hint("To rehearse in a simulated tenant, add `--sandbox`."));
    }
    let reader = context.reader();
    // Without the environment, the Azure side can still be checked.
    let other_half = target.policy.is_some() || target.vault.is_some();
    let (id, unseen) = match &target.environment {
        None => (None, None),
        Some(typed) => match resolve(&reader, typed).await {
            Ok(id) => (Some(id), None),
            Err(error) if error.kind == Kind::Forbidden && other_half => (None, Some(error)),
            Err(error) => return Err(error),
        },
    };
    let looking = context.looking(&reader, target, id.as_deref());
    let mut observed = observe::checking(looking).await?;
    if let Some(error) = unseen {
        observed.environment = observe::unseen(&error);
    }
    let mut checked = check_all(target, &observed);
    if let Some(side) = part {
        narrow(&mut checked, side, out);
    }
    let pending = (&checked.pending[..], &checked.withheld[..]);
    report::check(out, target, &observed, &checked.findings, pending);
    judged(&checked.findings, warnings_too)
}

/// Keeps only one administrator's part, and says so.
fn narrow(checked: &mut Checked, side: Side, out: &mut Out) {
    checked.findings.retain(|finding| {
        finding.severity != Severity::Acknowledge && Side::of(finding.who) == Some(side)
    });
    checked.pending.retain(|action| action.facts().side == side);
    checked.withheld.retain(|step| step.side == side);
    let (whose, hidden) = match side {
        Side::KeyVault => (
            "the Key Vault administrator's",
            "only accounts that can read roles on the vault can see a grant",
        ),
        Side::PowerPlatform => (
            "the Power Platform administrator's",
            "only the administrators of an environment can see it",
        ),
    };
    out.say(&format!(
        "cmkctl checked only {whose} part. cmkctl did not verify what you can't see: {hidden}."
    ));
}

/// The exit code of all findings. Known blockers have priority over unknown facts.
fn judged(findings: &[Finding], warnings_too: bool) -> Result<()> {
    let limit = if warnings_too {
        Severity::Warn
    } else {
        Severity::Block
    };
    let count = findings
        .iter()
        .filter(|finding| finding.severity >= limit && finding.severity != Severity::Unknown)
        .count();
    let open = findings
        .iter()
        .filter(|finding| matches!(finding.severity, Severity::Unknown | Severity::NotVisible))
        .count();
    if count == 0 && open > 0 {
        let message = if open == 1 {
            "One fact is not visible to you, or not known.".to_owned()
        } else {
            format!("{open} facts are not visible to you, or not known.")
        };
        return Err(quiet(Kind::Forbidden, &message).hint(
            "Ask the other administrator to run this check, or check only your own part with \
            `--part`.",
        ));
    }
    if count > 0 {
        let message = match (warnings_too, count) {
            (false, 1) => "One blocker.".to_owned(),
            (false, _) => format!("{count} blockers."),
            (true, 1) => "One blocker or warning.".to_owned(),
            (true, _) => format!("{count} blockers and warnings."),
        };
        return Err(quiet(Kind::Blocked, &message));
    }
    Ok(())
}
