//! Reads everything that a file names: its policies, vaults and keys once each, and its
//! environments by one list. Environments that are not in their desired state are also read alone.

use super::alone::by_itself;
use super::looking::{Looking, integration};
use super::looks;
use super::reads::{SIDE_BY_SIDE, ask};
use super::resolve::environment_error;
use crate::cloud::fault::Reply;
use crate::cloud::{Clock, Reader};
use crate::error::Result;
use crate::model::environment::Environment;
use crate::model::estate::Estate;
use crate::model::fleet::{FleetSnapshot, Listed};
use crate::model::ids::ArmId;
use crate::model::observed::Observed;
use crate::model::rights::RoleAssignment;
use crate::model::seen::{Reason, Seen, Unreadable};
use crate::model::wanted::{Wanted, WantedPolicy};
use crate::model::whole::Whole;
use crate::steps::wanted::{target, unsettled};
use futures::join;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeMap;

/// Reads everything that the file names. Independent reads run at the same time.
///
/// # Errors
/// The caller is not signed in, or the environments can't be listed for another reason than a
/// missing role.
pub async fn observe_wanted(
    reader: &Reader,
    clock: &Clock,
    wanted: &Wanted,
) -> Result<FleetSnapshot> {
    let shared = reader.session.look();
    let policies = wanted
        .policies
        .iter()
        .map(|policy| of_policy(&shared, clock, policy));
    let (tenant, policies) = join!(
        async { listed(reader.environments().await) },
        stream::iter(policies)
            .buffered(SIDE_BY_SIDE)
            .try_collect::<Vec<_>>(),
    );
    let mut sight = FleetSnapshot {
        at: clock.now(),
        listed: Listed::Tenant(tenant?),
        policies: policies?,
        ..FleetSnapshot::default()
    };
    let looks = unsettled(wanted, &sight)
        .into_iter()
        .map(|environment| member(reader, clock, environment));
    let members: Vec<Observed> = stream::iter(looks)
        .buffer_unordered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    sight.members = members
        .into_iter()
        .filter_map(|seen| Some((seen.environment.present()?.id.to_ascii_lowercase(), seen)))
        .collect();
    Ok(sight)
}

/// Reads the file's only environment alone, and everything that its policy needs.
///
/// # Errors
/// A sign-in is refused.
pub async fn observe_member(
    reader: &Reader,
    clock: &Clock,
    wanted: &Wanted,
) -> Result<FleetSnapshot> {
    let mut sight = FleetSnapshot {
        at: clock.now(),
        ..FleetSnapshot::default()
    };
    for policy in &wanted.policies {
        sight.policies.push(of_policy(reader, clock, policy).await?);
        for wanted_environment in &policy.environments {
            let alone = ask(reader.environment(&wanted_environment.id).await)?;
            if let Seen::Present(listed) = &alone {
                let looked = member(reader, clock, listed).await?;
                sight
                    .members
                    .insert(wanted_environment.id.to_ascii_lowercase(), looked);
            }
            sight.listed = Listed::Alone(Box::new(alone));
        }
    }
    Ok(sight)
}

/// The snapshot for the policy step.
async fn of_policy(reader: &Reader, clock: &Clock, policy: &WantedPolicy) -> Result<Observed> {
    let target = target(policy);
    looks::of_policy(Looking {
        reader,
        clock,
        target: &target,
        environment: None,
    })
    .await
}

/// Without a role, the service returns an empty list or a refusal. Both mean "not visible", neither
/// "none" nor a failure.
fn listed(reply: Reply<Whole<Environment>>) -> Result<Seen<Whole<Environment>>> {
    match reply {
        Ok(all) if all.is_empty() => Ok(Seen::Unreadable(Unreadable {
            why: "no environment of the tenant is visible to you".to_owned(),
            forbidden: true,
            reason: Reason::NotShown,
            told: None,
        })),
        Ok(all) => Ok(Seen::Present(all)),
        Err(fault) if fault.is_forbidden() => ask(Err(fault)),
        Err(fault) => Err(environment_error(
            "The environments of the tenant can't be listed.",
            fault,
        )),
    }
}

/// The snapshot of one environment to change or to wait for.
async fn member(reader: &Reader, clock: &Clock, listed: &Environment) -> Result<Observed> {
    let (single, operations) = join!(
        reader.environment(&listed.id),
        reader.operations(&listed.id)
    );
    // If the list shows the environment but the single read fails, its state is not known. Then
    // cmkctl starts nothing on it.
    let environment = by_itself(
        listed,
        &ask(single)?,
        "the service no longer finds the environment",
    );
    let mut observed = Observed {
        at: clock.now(),
        environment: Seen::Present(environment),
        operations: ask(operations)?,
        ..Observed::default()
    };
    observed.integration = integration(reader, &observed).await?;
    Ok(observed)
}

/// The role assignments on each policy of a tenant, as far as they are visible.
///
/// # Errors
/// The caller is not signed in.
pub async fn observe_readers(
    reader: &Reader,
    estate: &Estate,
) -> Result<BTreeMap<ArmId, Seen<Whole<RoleAssignment>>>> {
    let policies = estate
        .protections
        .iter()
        .filter_map(|(id, protection)| Some((id, protection.policy.present()?)));
    let reads = policies.map(|(id, policy)| async move {
        let scope = policy.id.to_string();
        Ok((
            id.clone(),
            ask(reader.role_assignments(&scope, None).await)?,
        ))
    });
    stream::iter(reads)
        .buffer_unordered(SIDE_BY_SIDE)
        .try_collect()
        .await
}
