//! `--hand-over`: a script for the other administrator. The command and what the caller may see
//! decide whose part it is. A caller who sees both parts gets both.

use super::Context;
use super::commands::Command;
use super::consent::ConsentFlags;
use super::wanted::Planned;
use crate::cloud::Service;
use crate::error::Result;
use crate::model::action::facts::Subject;
use crate::model::environment::Environment;
use crate::model::finding::Severity;
use crate::model::fleet::MemberState;
use crate::model::new_key::NewKey;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::seen::Seen;
use crate::model::target::Target;
use crate::model::wanted::{LIMIT, WantedEnvironment, WantedPolicy};
use crate::model::who::Side;
use crate::report::{HandOver, Joining, Out, Part, hand_over};
use crate::steps::location::location;

/// Reserves stdout for the script, if it goes there.
///
/// # Errors
/// Another output needs stdout.
pub(super) fn reserve(to: Option<&str>, out: &mut Out) -> Result<()> {
    match to {
        Some("-") => out.only_scripts(),
        Some(_) | None => Ok(()),
    }
}

/// Writes the other part of a changing command, if asked for. `seen` is `None` if the caller can't
/// see the environment.
pub(super) async fn of_change(
    context: &Context,
    (command, target): (&Command, &Target),
    seen: Option<(&Observed, &Plan)>,
    asked: &ConsentFlags,
    out: &mut Out,
) -> Result<()> {
    let Some(to) = &asked.hand_over else {
        return Ok(());
    };
    let nothing = (Observed::default(), Plan::default());
    let (observed, plan) = seen.unwrap_or((&nothing.0, &nothing.1));
    let sides = others(command, observed);
    if target.policy.is_none() {
        return Ok(());
    }
    let mut part = policy(target, observed, command);
    // Without a snapshot, nothing is known to be done.
    part.azure = seen.is_none() || left_in_azure(plan);
    if sides == [Side::KeyVault] && observed.policy.present().is_none() {
        part.readers.extend(caller(context).await);
    }
    let handed = HandOver {
        program: context.program_of_others(),
        sides,
        parts: vec![part],
        windows: Vec::new(),
    };
    hand_over(&handed, to, out)
}

/// Writes the first part for the dialog's target, if asked for. Key and policy are not known yet.
pub(super) async fn of_first(
    context: &Context,
    (command, target): (&Command, &Target),
    environment: &Environment,
    asked: &ConsentFlags,
    out: &mut Out,
) -> Result<()> {
    let Some(to) = &asked.hand_over else {
        return Ok(());
    };
    reserve(Some(to), out)?;
    let observed = Observed {
        environment: Seen::Present(environment.clone()),
        ..Observed::default()
    };
    let mut part = policy(target, &observed, command);
    part.readers.extend(caller(context).await);
    let handed = HandOver {
        program: context.program_of_others(),
        sides: vec![Side::KeyVault],
        parts: vec![part],
        windows: Vec::new(),
    };
    hand_over(&handed, to, out)
}

/// The administrators whose part it is, other than the caller.
fn others(command: &Command, observed: &Observed) -> Vec<Side> {
    if !command.of_environment() || observed.environment.present().is_none() {
        vec![Side::PowerPlatform]
    } else if !command.of_vault()
        || is_hidden(&observed.policy)
        || observed.vault.as_ref().is_some_and(is_hidden)
    {
        vec![Side::KeyVault]
    } else {
        vec![Side::KeyVault, Side::PowerPlatform]
    }
}

fn is_hidden<T>(seen: &Seen<T>) -> bool {
    seen.unreadable().is_some_and(|why| why.forbidden)
}

/// The policy with everything known about it, and its environment.
fn policy(target: &Target, observed: &Observed, command: &Command) -> Part {
    let seen = observed.policy.present();
    let reference = seen.and_then(|policy| policy.key_reference());
    let vault = target.vault.clone();
    let key = target.key.as_ref().map(ToString::to_string);
    let version = target.key_version.as_ref();
    let version = version.or_else(|| reference.and_then(|reference| reference.version.as_ref()));
    let place = seen.and_then(|policy| policy.location.known().cloned());
    let left = observed.left.as_ref();
    Part {
        policy: target.policy.clone(),
        location: place.or_else(|| location(target, observed)),
        vault: vault.or_else(|| reference.map(|reference| reference.vault.clone())),
        key: key.or_else(|| reference.map(|reference| reference.key.to_string())),
        version: version.map(|version| version.as_str().to_owned()),
        making: target.new_key.as_ref().map_or_else(Vec::new, making),
        no_grant: target.no_grant,
        readers: target.readers.clone(),
        rbac: observed
            .vault()
            .and_then(|vault| vault.rbac.known().copied()),
        azure: true,
        leaves: left
            .and_then(|_| observed.environment.present()?.policy())
            .cloned(),
        joining: vec![joining(target, observed, command)],
    }
}

fn joining(target: &Target, observed: &Observed, command: &Command) -> Joining {
    let environment = observed.environment.present();
    let id = environment.map(|environment| environment.id.clone());
    let mut flags = flags(
        target.make_managed,
        target.power_platform_only && !target.swap,
        target.limit,
    );
    let of_swap = [
        (target.in_place, "--in-place"),
        (target.old_key_granted, "--old-key-granted"),
    ];
    let chosen = of_swap.iter().filter(|(is_set, _)| *is_set);
    flags.extend(chosen.map(|(_, flag)| (*flag).to_owned()));
    Joining {
        command: if target.swap && command.of_environment() {
            command.name
        } else {
            "add-environment"
        },
        id: id.or_else(|| target.environment.clone()),
        name: environment.map(|environment| environment.display_name.clone()),
        ring: None,
        flags,
    }
}

fn flags(make_managed: bool, power_platform_only: bool, limit: Option<usize>) -> Vec<String> {
    let mut flags = Vec::new();
    if make_managed {
        flags.push("--make-managed".to_owned());
    }
    if power_platform_only {
        flags.push("--power-platform-only".to_owned());
    }
    if let Some(limit) = limit {
        flags.extend(["--limit".to_owned(), limit.to_string()]);
    }
    flags
}

/// Does the Key Vault administrator still have something to do or to check?
fn left_in_azure(plan: &Plan) -> bool {
    let findings = plan.findings.iter().any(|finding| {
        let open = match finding.severity {
            Severity::Block | Severity::Unknown | Severity::NotVisible => true,
            Severity::Acknowledge | Severity::Warn => false,
        };
        open && Side::of(finding.who) == Some(Side::KeyVault)
    });
    let mut actions = plan.actions.iter();
    findings || actions.any(|action| action.facts().side == Side::KeyVault)
}

/// The caller's object id, because the caller must be able to read the policy.
async fn caller(context: &Context) -> Option<String> {
    let identity = context.reader().identity(Service::Arm).await;
    identity.ok()?.object_id
}

/// Writes the other administrator's part of a file, if asked for.
///
/// # Errors
/// A file exists that no earlier hand-over wrote, or the file can't be written.
pub(super) async fn of_file(
    context: &Context,
    planned: &Planned,
    to: Option<&str>,
    out: &mut Out,
) -> Result<()> {
    let Some(to) = to else {
        return Ok(());
    };
    let policies = &planned.sight.policies;
    let blind =
        |seen: &Observed| is_hidden(&seen.policy) || seen.vault.as_ref().is_some_and(is_hidden);
    let sides = if planned.fleet.has_unseen() {
        vec![Side::PowerPlatform]
    } else if policies.iter().any(blind) {
        vec![Side::KeyVault]
    } else {
        vec![Side::KeyVault, Side::PowerPlatform]
    };
    let mut parts: Vec<Part> = planned
        .wanted
        .policies
        .iter()
        .enumerate()
        .map(|(number, wanted)| of_policy(planned, wanted, policies.get(number)))
        .collect();
    if sides == [Side::KeyVault] {
        let caller = caller(context).await;
        for (part, seen) in parts.iter_mut().zip(policies) {
            let known = |id: &String| {
                part.readers
                    .iter()
                    .any(|reader| reader.eq_ignore_ascii_case(id))
            };
            let new = caller.iter().filter(|_| seen.policy.present().is_none());
            let new: Vec<String> = new.filter(|id| !known(id)).cloned().collect();
            part.readers.extend(new);
        }
    }
    let windows = planned.wanted.waves.windows.iter();
    let handed = HandOver {
        program: context.program_of_others(),
        sides,
        parts,
        windows: windows.map(ToString::to_string).collect(),
    };
    hand_over(&handed, to, out)
}

/// The flags that create the key first.
fn making(new: &NewKey) -> Vec<String> {
    let first = std::iter::once("--create-key".to_owned());
    first.chain(new.arguments()).collect()
}

fn of_policy(planned: &Planned, wanted: &WantedPolicy, seen: Option<&Observed>) -> Part {
    let fleet = &planned.fleet;
    let about_policy = |subject: &str| subject.eq_ignore_ascii_case(&wanted.id.to_string());
    let about = |action: &Action| match action.facts().subject {
        Subject::Subscription(id) => id.eq_ignore_ascii_case(&wanted.id.subscription),
        Subject::Policy(id) => *id == wanted.id,
        Subject::Vault(id) | Subject::Key(id, _) => *id == wanted.vault,
        Subject::Environment(_) => false,
    };
    // An unseen fact is not known to be done.
    let dim = seen.is_none_or(|seen| seen.policy.present().is_none());
    let found = fleet.plan.findings.iter();
    let found = found.filter(|finding| finding.severity != Severity::Acknowledge);
    let limit = Some(planned.wanted.waves.limit).filter(|limit| *limit != LIMIT);
    let vault = seen.and_then(Observed::vault);
    Part {
        policy: Some(wanted.id.clone()),
        location: Some(wanted.location.clone()),
        vault: Some(wanted.vault.clone()),
        key: Some(wanted.key.to_string()),
        version: wanted
            .key_version
            .as_ref()
            .map(|version| version.as_str().to_owned()),
        making: (wanted.create_key.as_ref()).map_or_else(Vec::new, |key| making(&key.new_key())),
        no_grant: !wanted.grant,
        readers: wanted.readers.clone(),
        rbac: vault.and_then(|vault| vault.rbac.known().copied()),
        azure: dim
            || fleet.plan.actions.iter().take(fleet.first).any(about)
            || found
                .into_iter()
                .any(|finding| about_policy(&finding.subject)),
        leaves: None,
        joining: wanted
            .environments
            .iter()
            .filter_map(|environment| member(planned, environment, limit))
            .collect(),
    }
}

/// An environment of the file that is not known to be in its desired state.
fn member(planned: &Planned, wanted: &WantedEnvironment, limit: Option<usize>) -> Option<Joining> {
    let mut members = planned.fleet.members.iter();
    let seen = members.find(|member| member.id.eq_ignore_ascii_case(&wanted.id));
    if seen.is_some_and(|seen| seen.is_idle() && seen.place == MemberState::Encrypted) {
        return None;
    }
    let name = seen.map(|seen| seen.name.clone());
    Some(Joining {
        command: "add-environment",
        id: Some(wanted.id.clone()),
        name: name.or_else(|| wanted.name.clone()),
        ring: Some(wanted.ring),
        flags: flags(wanted.make_managed, wanted.power_platform_only, limit),
    })
}
