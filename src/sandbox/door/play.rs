//! Answers a request to a played service, with the service's answer or with scripted trouble.

use super::shared::Shared;
use super::trouble::Fired;
use super::wire::Reset;
use super::{mischief, poorer, trouble};
use crate::message::{Reply, Request};
use crate::scenario::rules::{Kind, Mischief};
use crate::services;
use crate::services::caller::user_of;
use std::time::Duration;

pub(super) struct Played {
    pub(super) reply: Reply,
    pub(super) cut: bool,
    /// Did scripted trouble make or change the answer?
    pub(super) scripted: bool,
}

pub(super) async fn play(
    shared: &Shared,
    service: &'static str,
    number: u64,
    request: &Request,
) -> Result<Played, Reset> {
    let passed = {
        let world = shared.world();
        world.clock.since(world.clock.epoch)
    };
    let rule = shared.trouble().next(request, number, passed);
    let closes = shared.trouble().closes_after(number);
    if let Some(time) = closes {
        shared.door.send_replace(time);
    }
    if service != "entra" {
        tokio::time::sleep(shared.latency).await;
    }
    let act = || act(shared, service, number, request);
    match rule {
        Some(rule) => beset(shared, number, request, &rule, act).await,
        None => Ok(Played {
            reply: act(),
            cut: false,
            scripted: false,
        }),
    }
}

/// Lets the service answer, and writes its effects to the ledger.
fn act(shared: &Shared, service: &str, number: u64, request: &Request) -> Reply {
    let mut world = shared.world();
    world.advance();
    let reply = services::handle(&mut world, service, request);
    let effects = std::mem::take(&mut world.effects);
    let at = world.clock.now().to_string();
    let user = user_of(&world, request);
    drop(world);
    shared.ledger().effects(number, &at, &user, effects);
    reply
}

/// Applies a rule of scripted trouble to a request. `act` lets the service answer.
async fn beset(
    shared: &Shared,
    number: u64,
    request: &Request,
    rule: &Fired,
    act: impl Fn() -> Reply,
) -> Result<Played, Reset> {
    let to = rule.to.as_deref();
    let played = |reply, cut| {
        Ok(Played {
            reply,
            cut,
            // `Meanwhile` leaves the answer unchanged, and changes the tenant after it.
            scripted: !matches!(rule.kind, Kind::Mischief(Mischief::Meanwhile)),
        })
    };
    let whole = |reply: Reply| played(reply, false);
    match rule.kind {
        Kind::ResetBefore => Err(Reset),
        Kind::ResetAfter => {
            act();
            Err(Reset)
        }
        Kind::Silence { acts } => {
            if acts {
                act();
            }
            tokio::time::sleep(Duration::from_secs_f64(rule.seconds)).await;
            Err(Reset)
        }
        Kind::Stall { acts } => {
            if acts {
                act();
            }
            shared.stall.send_replace(true);
            tokio::time::sleep(Duration::from_secs_f64(rule.seconds)).await;
            Err(Reset)
        }
        Kind::Cut => played(act(), true),
        Kind::UnknownEnum => whole(trouble::wibble(act(), to)),
        Kind::ForeignLink => whole(trouble::lead_away(act(), to)),
        Kind::Poorer(kind) => {
            let reply = poorer::reply((kind, to.unwrap_or_default()), &request.url(), act());
            whole(reply)
        }
        Kind::Mischief(kind) => {
            let reply = mischief::reply(kind, to, (request, number), act);
            shared.world().meanwhile(&rule.change);
            whole(reply)
        }
        Kind::Answer { status, form, acts } => {
            if acts {
                act();
            }
            let now = shared.world().clock.now();
            whole(trouble::reply(status, form, now, rule.seconds))
        }
    }
}
