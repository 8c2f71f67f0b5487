//! The only reads of a command: a reader and what was asked for in, a snapshot out. What does not depend on each other is read at the same time.

use crate::cloud::fault::{Cause, Fault, Reply, seen};
use crate::cloud::{Clock, Reader};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ArmId, KeyName, KeyVersion, ResourceKind};
use crate::model::observed::{Environment, Key, Observed, Policy, RoleAssignment, Seen, Unreadable, Vault};
use crate::model::target::Target;
use crate::steps::environment::{Resolution, direct_id, resolve as resolve_among};
use futures::join;

/// What a command needs to see.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wants {
    /// The environment, its operations and its link.
    pub environment: bool,
    /// Go on when this caller may not see the environment.
    pub environment_optional: bool,
    /// Dataverse's word on the integration.
    pub integration: bool,
    /// The policy.
    pub policy: bool,
    /// The provider of the policy's subscription.
    pub provider: bool,
    /// Vault, key and the grant on it.
    pub key: bool,
    /// Read the key from its data plane first; otherwise Resource Manager is asked first, which saves two round trips.
    pub data_plane: bool,
    /// Who may read the policy.
    pub readers: bool,
}

/// The environment that was typed, by its id. A whole environment id is taken as it is; everything else is looked up in the tenant's list.
///
/// # Errors
/// Nothing or more than one found: usage, with what there is. The list can't be read: as the service says.
pub async fn resolve(reader: &Reader, typed: &str) -> Result<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(Error::usage("The environment is empty.").hint("Give an environment id, a URL or a name."));
    }
    if let Some(id) = direct_id(typed) {
        return Ok(id);
    }
    let all = reader
        .environments()
        .await
        .map_err(|fault| environment_error("The environments of the tenant can't be listed.", fault))?;
    if all.is_empty() {
        return Err(no_role("The tenant shows you no environment at all."));
    }
    match resolve_among(typed, &all) {
        Resolution::One(environment) => Ok(environment.id.clone()),
        Resolution::Several(several) => {
            let mut error = Error::usage(format!("`{typed}` is the name of {} environments.", several.len()));
            for environment in several {
                error = error.hint(one_line(environment));
            }
            Err(error.hint("Pass the id of the one that is meant."))
        }
        Resolution::None => {
            let mut error = Error::usage(format!("No environment of the tenant is called `{typed}`."));
            for environment in all.iter().take(20) {
                error = error.hint(one_line(environment));
            }
            if all.len() > 20 {
                error = error.hint(format!("… and {} more.", all.len() - 20));
            }
            Err(error)
        }
    }
}

fn one_line(environment: &Environment) -> String {
    let url = environment.app.as_ref().and_then(|app| app.url.as_deref());
    let url = url.or_else(|| environment.dataverse.as_ref().and_then(|dataverse| dataverse.url.as_deref()));
    format!("{}  {}  {}", environment.id, environment.display_name, url.unwrap_or("-"))
}

fn no_role(message: &str) -> Error {
    Error::new(Kind::Forbidden, message)
        .hint("An account without the role Power Platform Administrator or Dynamics 365 Administrator sees none.")
        .hint("An account of another tenant sees none of this one: check `cmkctl auth status`.")
}

fn environment_error(what: &str, fault: Fault) -> Error {
    let registered =
        !(fault.status() == Some(403) && fault.message.contains("does not have permission to access the path"));
    let status = fault.status();
    let passing = fault.is_ambiguous() || status == Some(429) || fault.cause == Cause::NotSent;
    let foreign = fault.cause == Cause::Foreign;
    let error = fault.into_error(what);
    if !registered {
        return error
            .hint("A service principal must be registered once as a management application, by a human administrator: `New-PowerAppManagementApp -ApplicationId CLIENT_ID`.")
            .hint("It can't register itself (CMK022).");
    }
    match status {
        Some(401) => error.hint("The service does not accept this sign-in: check account and tenant with `cmkctl auth status`."),
        Some(403) => error.hint("The role Power Platform Administrator or Dynamics 365 Administrator is needed (CMK021)."),
        _ if foreign => error.hint("No token is sent there. If the host is one of your cloud's, name it: `--endpoint bap=HOST`."),
        _ if passing => error.hint("Such trouble often passes: run the same command again in some minutes. If it stays, look for a proxy in between."),
        _ => error,
    }
}

/// Reads everything `wants` names. Missing rights become part of the snapshot; only a sign-in that fails altogether, and an environment that
/// can't be had although it was asked for, are errors.
///
/// # Errors
/// No sign-in; the environment does not exist or is not visible.
pub async fn observe(
    reader: &Reader,
    clock: &Clock,
    target: &Target,
    environment: Option<&str>,
    wants: Wants,
) -> Result<Observed> {
    let mut observed = Observed { at: clock.now(), ..Observed::default() };
    let vault_id = target.vault.clone().filter(|_| wants.key);
    let (first, operations, policy, provider, vault, key) = join!(
        async {
            match environment.filter(|_| wants.environment) {
                Some(id) => Some(reader.environment(id).await),
                None => None,
            }
        },
        async {
            match environment.filter(|_| wants.environment) {
                Some(id) => ask(reader.operations(id).await),
                None => Ok(Seen::NotAsked),
            }
        },
        async {
            match target.policy.as_ref().filter(|_| wants.policy) {
                Some(id) => ask(reader.policy(id).await),
                None => Ok(Seen::NotAsked),
            }
        },
        async {
            match target.policy.as_ref().filter(|_| wants.provider) {
                Some(id) => ask(reader.provider(&id.subscription).await),
                None => Ok(Seen::NotAsked),
            }
        },
        async {
            match &vault_id {
                Some(id) => ask(reader.vault(id).await),
                None => Ok(Seen::NotAsked),
            }
        },
        key_in_arm(reader, vault_id.as_ref(), target.key.as_ref(), target.key_version.as_ref(), wants.data_plane),
    );
    observed.operations = operations?;
    (observed.policy, observed.provider, observed.vault, observed.key) = (policy?, provider?, vault?, key?);
    if let Some(reply) = first {
        let id = environment.unwrap_or_default();
        observed.environment = match found(reader, id, reply).await {
            Err(error) if wants.environment_optional && error.kind == Kind::Forbidden => Seen::Unreadable(Unreadable {
                why: "you may not administer the environments of the tenant".to_owned(),
                forbidden: true,
            }),
            environment => Seen::Present(environment?),
        };
    }

    let linked = linked_policy(&observed).filter(|_| wants.policy && target.policy.is_none());
    let (integration, policy, key, grants, readers) = join!(
        integration(reader, &observed, wants),
        async {
            match &linked {
                Some(id) => ask(reader.policy(id).await),
                None => Ok(observed.policy.clone()),
            }
        },
        key_in_vault(reader, &observed, target),
        key_roles(reader, observed.policy.present(), vault_id.as_ref(), observed.vault.present(), target.key.as_ref()),
        async {
            match target.policy.as_ref().filter(|_| wants.readers && observed.policy.present().is_some()) {
                Some(id) => ask(reader.role_assignments(&id.to_string(), None).await),
                None => Ok(Seen::NotAsked),
            }
        },
    );
    observed.integration = integration?;
    (observed.policy, observed.key, observed.key_roles, observed.policy_roles) = (policy?, key?, grants?, readers?);

    // What only the linked policy names: its vault and key.
    if let Some(policy) = observed.policy.present().filter(|_| wants.key && target.vault.is_none()).cloned() {
        let vault_id = policy
            .vault_id
            .as_deref()
            .and_then(|id| ArmId::parse(id, &[ResourceKind::Vault, ResourceKind::ManagedHsm]).ok());
        let key_name = policy.key_name.as_deref().and_then(|name| KeyName::parse(name).ok());
        let version = policy.key_version.as_deref().and_then(|version| KeyVersion::parse(version).ok());
        let (vault, key, roles) = join!(
            async {
                match &vault_id {
                    Some(id) => ask(reader.vault(id).await),
                    None => Ok(Seen::NotAsked),
                }
            },
            key_in_arm(reader, vault_id.as_ref(), key_name.as_ref(), version.as_ref(), false),
            key_roles_in_arm(reader, &policy, vault_id.as_ref()),
        );
        (observed.vault, observed.key, observed.key_roles) = (vault?, key?, roles?);
        if vault_id.as_ref().is_some_and(|id| id.kind == ResourceKind::ManagedHsm) {
            let target =
                Target { vault: vault_id.clone(), key: key_name.clone(), key_version: version, ..Target::default() };
            let (key, roles) = join!(
                key_in_vault(reader, &observed, &target),
                key_roles(reader, Some(&policy), vault_id.as_ref(), observed.vault.present(), key_name.as_ref()),
            );
            (observed.key, observed.key_roles) = (key?, roles?);
        }
    }
    Ok(observed)
}

/// A reply as an observation; only "nobody is signed in" stays an error.
fn ask<T>(reply: Reply<T>) -> Result<Seen<T>> {
    match reply {
        Err(Fault { cause: Cause::SignIn(error), .. }) => Err(*error),
        reply => Ok(seen(reply)),
    }
}

async fn found(reader: &Reader, id: &str, reply: Reply<Environment>) -> Result<Environment> {
    let fault = match reply {
        Ok(environment) => return Ok(environment),
        Err(fault) => fault,
    };
    if fault.status() != Some(404) {
        return Err(environment_error(&format!("The environment {id} can't be read."), fault));
    }
    // 404 is said to strangers, too: the list tells a wrong id from a missing role.
    let sees_others = reader.environments().await.is_ok_and(|all| !all.is_empty());
    let correlation = fault.correlation.clone();
    let mut error = if sees_others {
        Error::usage(format!("The tenant has no environment {id}."))
            .hint("List what there is: `cmkctl environment-name ?`.")
    } else {
        no_role(&format!("The environment {id} is not visible to you, and neither is any other."))
    };
    error.code = fault.code;
    error.correlation = correlation;
    error.detail = Some(fault.message);
    Err(error)
}

async fn integration(
    reader: &Reader,
    observed: &Observed,
    wants: Wants,
) -> Result<Seen<crate::model::observed::Integration>> {
    let environment = observed.environment.present();
    // A disabled organization answers nothing but 503, for days.
    let askable = |environment: &&Environment| {
        environment.app.is_some() && environment.runtime_state.as_deref() != Some("Disabled")
    };
    let url = environment.filter(|_| wants.integration).filter(askable);
    match url.and_then(|environment| environment.dataverse.as_ref()).and_then(|dataverse| dataverse.url.as_deref()) {
        // An organization may refuse a caller who administers the environment: that is a fact about the caller, not an end.
        Some(url) => Ok(seen(reader.integration(url).await)),
        None => Ok(Seen::NotAsked),
    }
}

fn linked_policy(observed: &Observed) -> Option<ArmId> {
    let link = observed.environment.present()?.key_link.present()?;
    ArmId::parse(link.policy.as_deref()?, &[ResourceKind::EnterprisePolicy]).ok()
}

async fn key_in_arm(
    reader: &Reader,
    vault: Option<&ArmId>,
    key: Option<&KeyName>,
    version: Option<&KeyVersion>,
    data_plane: bool,
) -> Result<Seen<Key>> {
    match (vault, key) {
        (Some(vault), Some(key)) if vault.kind == ResourceKind::Vault && !data_plane => {
            ask(reader.key_in_arm(vault, key, version).await)
        }
        _ => Ok(Seen::NotAsked),
    }
}

/// The key from its data plane, when it is not known yet; Resource Manager's facts when the data plane is closed to the caller.
async fn key_in_vault(reader: &Reader, observed: &Observed, target: &Target) -> Result<Seen<Key>> {
    let (Seen::Present(vault), Some(key)) = (&observed.vault, &target.key) else { return Ok(observed.key.clone()) };
    if !matches!(observed.key, Seen::NotAsked | Seen::Unreadable(_)) {
        return Ok(observed.key.clone());
    }
    let version = target.key_version.as_ref();
    let in_vault = ask(reader.key(vault, key, version).await)?;
    if in_vault.unreadable().is_some() && vault.id.kind == ResourceKind::Vault && observed.key == Seen::NotAsked {
        let in_arm = ask(reader.key_in_arm(&vault.id, key, version).await)?;
        return Ok(if in_arm.present().is_some() { in_arm } else { in_vault });
    }
    Ok(in_vault)
}

async fn key_roles(
    reader: &Reader,
    policy: Option<&Policy>,
    vault_id: Option<&ArmId>,
    vault: Option<&Vault>,
    key: Option<&KeyName>,
) -> Result<Seen<Vec<RoleAssignment>>> {
    match (policy, vault_id, vault, key) {
        (Some(_), Some(id), Some(vault), Some(key)) if id.kind == ResourceKind::ManagedHsm => {
            ask(reader.hsm_roles(&vault.uri, key).await)
        }
        (Some(_), Some(_), Some(vault), _) if !vault.rbac => Ok(Seen::NotAsked),
        (Some(policy), _, _, _) => key_roles_in_arm(reader, policy, vault_id).await,
        _ => Ok(Seen::NotAsked),
    }
}

async fn key_roles_in_arm(
    reader: &Reader,
    policy: &Policy,
    vault: Option<&ArmId>,
) -> Result<Seen<Vec<RoleAssignment>>> {
    match (vault, &policy.principal_id) {
        (Some(vault), Some(principal)) if vault.kind == ResourceKind::Vault => {
            ask(reader.role_assignments(&vault.to_string(), Some(principal)).await)
        }
        _ => Ok(Seen::NotAsked),
    }
}
