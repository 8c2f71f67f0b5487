//! The facts of the actions on environments.

use super::Named;
use super::facts::{Facts, Harm, Lack, Link, OnTheWay, Subject};
use crate::model::fingerprint::Fingerprint;
use crate::model::ids::ArmId;
use crate::model::who::Side;

/// An add or a removal takes up to 4 days, by the documentation.
const DAYS: u8 = 4;

/// This changes which licences the users need, so `--fix` needs a separate flag for it.
pub(super) fn managed(environment: &Named) -> Facts<'_> {
    Facts {
        why: "Only a Managed Environment can have a customer-managed key. Its users need premium \
            licences.",
        side: Side::PowerPlatform,
        subject: Subject::Environment(environment),
        harm: Harm::None,
        changes: true,
        link: Link::Stays,
        lack: Lack::Managed,
        on_the_way: OnTheWay::No,
        right: None,
        uses_grant: false,
        others_go_on: false,
        overridden: &[],
        evidence: None,
    }
}

pub(super) fn added<'a>(
    environment: &'a Named,
    policy: &'a ArmId,
    evidence: &'a Fingerprint,
) -> Facts<'a> {
    let why = "The environment is offline during the encryption, for up to 4 days.";
    relinked(environment, why, Link::To { policy, over: None }, evidence)
}

pub(super) fn removed<'a>(
    environment: &'a Named,
    policy: &'a ArmId,
    evidence: &'a Fingerprint,
) -> Facts<'a> {
    let why = "The environment is offline for up to 4 days, while its data returns to the \
        Microsoft key.";
    relinked(environment, why, Link::Off(policy), evidence)
}

pub(super) fn moved<'a>(
    environment: &'a Named,
    from: &'a ArmId,
    policy: &'a ArmId,
    evidence: &'a Fingerprint,
) -> Facts<'a> {
    let why = "The environment is offline for up to 4 days, if the service makes the swap in one \
        change. Otherwise, it is offline twice.";
    let over = Some(from);
    relinked(environment, why, Link::To { policy, over }, evidence)
}

/// A changed link takes the environment offline. A new link requires the new policy's grant.
fn relinked<'a>(
    environment: &'a Named,
    why: &'static str,
    link: Link<'a>,
    evidence: &'a Fingerprint,
) -> Facts<'a> {
    let uses_grant = match link {
        Link::To { .. } => true,
        Link::Stays | Link::Off(_) | Link::Comes(_, _) | Link::Goes(_) => false,
    };
    Facts {
        why,
        side: Side::PowerPlatform,
        subject: Subject::Environment(environment),
        harm: Harm::Offline {
            name: &environment.name,
            days: DAYS,
        },
        changes: true,
        link,
        lack: Lack::Nothing,
        on_the_way: OnTheWay::No,
        right: None,
        uses_grant,
        others_go_on: false,
        overridden: &[],
        evidence: Some(evidence),
    }
}

/// If cmkctl can't enable one environment, it still tries the next environment.
pub(super) fn enabled<'a>(environment: &'a Named, evidence: &'a Fingerprint) -> Facts<'a> {
    Facts {
        why: "When the key is available again, enabling a locked environment takes about 5 \
            minutes.",
        side: Side::PowerPlatform,
        subject: Subject::Environment(environment),
        harm: Harm::None,
        changes: true,
        link: Link::Stays,
        lack: Lack::Nothing,
        on_the_way: OnTheWay::No,
        right: None,
        uses_grant: true,
        others_go_on: true,
        overridden: &[],
        evidence: Some(evidence),
    }
}

/// An add already runs.
pub(super) fn comes<'a>(
    environment: &'a Named,
    policy: &'a ArmId,
    operation: Option<&'a str>,
) -> Facts<'a> {
    awaited(environment, Link::Comes(policy, operation))
}

/// A removal already runs.
pub(super) fn goes<'a>(environment: &'a Named, operation: Option<&'a str>) -> Facts<'a> {
    awaited(environment, Link::Goes(operation))
}

fn awaited<'a>(environment: &'a Named, link: Link<'a>) -> Facts<'a> {
    Facts {
        why: "This operation was already started, so cmkctl does not start it again.",
        side: Side::PowerPlatform,
        subject: Subject::Environment(environment),
        harm: Harm::None,
        changes: false,
        link,
        lack: Lack::Nothing,
        on_the_way: OnTheWay::No,
        right: None,
        uses_grant: false,
        others_go_on: false,
        overridden: &[],
        evidence: None,
    }
}
