//! A request to a played service: scripted trouble, or what the service answers.

use super::shared::Shared;
use super::wire::Reset;
use super::{mischief, trouble};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::scenario::rules::Kind;
use crate::sandbox::services;
use crate::sandbox::services::caller::user_of;
use std::time::Duration;

pub(super) struct Played {
    pub(super) reply: Reply,
    pub(super) cut: bool,
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
    let act = || {
        let mut world = shared.world();
        world.advance();
        let reply = services::handle(&mut world, service, request);
        let effects = std::mem::take(&mut world.effects);
        let at = world.clock.now().to_string();
        let user = user_of(&world, request);
        drop(world);
        shared.ledger().effects(number, &at, &user, effects);
        reply
    };
    let Some(rule) = rule else { return Ok(Played { reply: act(), cut: false }) };
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
        Kind::Cut => Ok(Played { reply: act(), cut: true }),
        Kind::UnknownEnum => Ok(Played { reply: trouble::wibble(act(), rule.to.as_deref()), cut: false }),
        Kind::ForeignLink => Ok(Played { reply: trouble::lead_away(act(), rule.to.as_deref()), cut: false }),
        Kind::Mischief(kind) => {
            let reply = mischief::reply(kind, rule.to.as_deref(), (request, number), act);
            shared.world().meanwhile(&rule.change);
            Ok(Played { reply, cut: false })
        }
        Kind::Answer { status, form, acts } => {
            if acts {
                act();
            }
            let now = shared.world().clock.now();
            Ok(Played { reply: trouble::reply(status, form, now, rule.seconds), cut: false })
        }
    }
}
