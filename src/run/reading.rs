//! The commands that only read.

use super::recalling::estimated;
use super::{Context, environment_wanted, quiet};
use crate::cloud::Service;
use crate::cloud::credential::Method;
use crate::error::{Error, Kind, Result};
use crate::model::environment::Environment;
use crate::model::estate::{Protection, State};
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::seen::{Seen, Unreadable};
use crate::model::system::quoted;
use crate::model::target::Target;
use crate::observe::{self, resolve};
use crate::report::{self, Out, StatusFacts, VerdictFacts};
use crate::steps::danger::standing;
use crate::steps::rights::{self, Doubt, Right};
use crate::steps::{Whose, copilot_studio, integration, key, lifecycle};

/// Step 1: is the environment integrated?
///
/// # Errors
/// The environment can't be read. `Kind::Blocked` if it is not integrated.
pub async fn check_integration(context: &Context, target: &Target, out: &mut Out) -> Result<()> {
    let reader = context.reader();
    let id = resolve(&reader, environment_wanted(target)?).await?;
    let looking = context.looking(&reader, target, Some(&id));
    let observed = observe::integrating(looking).await?;
    let environment = seen_environment(&observed)?;
    let answer = observed.integration.as_ref();
    let verdict = integration::verdict(environment, answer);
    let findings = integration::check(target, environment, answer);
    report::integration(out, &observed, environment, facts(verdict), &findings);
    match verdict {
        integration::Verdict::Integrated | integration::Verdict::Unified => Ok(()),
        integration::Verdict::NotFinanceAndOperations if target.power_platform_only => Ok(()),
        integration::Verdict::Unknown => Err(quiet(
            Kind::Forbidden,
            "cmkctl can't tell whether the environment is integrated with Power Platform.",
        )),
        integration::Verdict::NotFinanceAndOperations
        | integration::Verdict::InitialEnvironmentOnly
        | integration::Verdict::LinkIncomplete
        | integration::Verdict::Mismatch
        | integration::Verdict::CloudHosted => Err(quiet(Kind::Blocked, verdict.meaning())),
    }
}

fn facts(verdict: integration::Verdict) -> VerdictFacts {
    VerdictFacts {
        word: verdict.word(),
        meaning: verdict.meaning(),
    }
}

fn seen_environment(observed: &Observed) -> Result<&Environment> {
    observed
        .environment
        .present()
        .ok_or_else(|| Error::new(Kind::Unexpected, "cmkctl could not read the environment."))
}

/// Step 2: which environment does the text mean?
///
/// # Errors
/// Usage: none or several.
pub async fn environment_name(context: &Context, target: &Target, out: &mut Out) -> Result<()> {
    let reader = context.reader();
    let id = resolve(&reader, environment_wanted(target)?).await?;
    let observed = observe::naming(context.looking(&reader, target, Some(&id))).await?;
    report::environment_name(out, seen_environment(&observed)?);
    Ok(())
}

/// What `status` is asked about one environment.
#[derive(Debug, Clone, Copy)]
pub struct StatusRequest<'a> {
    /// The environment, and the policy.
    pub target: &'a Target,
    /// Was the policy typed? Then it is compared with the linked one.
    pub typed: bool,
    /// Show what a key covers, too? The coverage is the same for every environment.
    pub coverage: bool,
}

/// Shows the current state of an environment, at every step. A caller who can't see the environment
/// still sees the policy, if the caller named it.
///
/// # Errors
/// The environment can't be read.
pub async fn status(context: &Context, asks: StatusRequest<'_>, out: &mut Out) -> Result<()> {
    let StatusRequest { target, typed, .. } = asks;
    // The linked policy decides. A named policy counts only if no policy is linked, or if the
    // environment is not visible.
    let named = Target {
        policy: target.policy.clone(),
        ..Target::default()
    };
    let observed = seen(context, target, &named).await?;
    let environment = observed.environment.present();
    let verdict = environment.map_or(integration::Verdict::Unknown, |environment| {
        integration::verdict(environment, observed.integration.as_ref())
    });
    let (state, next) = state(context, &observed);
    let unlinked = environment.is_some_and(|environment| environment.key_link.is_absent());
    let access = access_words(&observed, unlinked);
    let mut findings = key::check(&named, &observed, Whose::Others);
    // While a key is applied, the organization is offline, so a missing answer proves nothing.
    if let Some(environment) =
        environment.filter(|environment| environment.is_running() != Verdict::No)
    {
        let target = Target {
            power_platform_only: true,
            ..named
        };
        findings.extend(integration::check(
            &target,
            environment,
            observed.integration.as_ref(),
        ));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let estimate = estimated(&context.reader(), &observed).await;
    let facts = StatusFacts {
        observed: &observed,
        verdict: facts(verdict),
        named: (target.policy.as_ref().filter(|_| typed))
            .map(|policy| (policy, linked(&observed, policy))),
        state,
        access,
        estimate,
        coverage: coverage(context, &observed, asks.coverage),
        copilot_studio: copilot_studio(&observed).map(|coverage| report::CopilotStudio {
            covered: coverage.covered,
            since: coverage.since,
        }),
        findings: &findings,
        next,
    };
    report::status(out, &facts);
    Ok(())
}

/// What a key covers, or the command that shows it.
fn coverage(context: &Context, observed: &Observed, wanted: bool) -> report::Covers {
    let environment = observed.environment.present().filter(|_| !wanted);
    match environment.map(|environment| &environment.id) {
        Some(id) => report::Covers::By(format!("{} status {id} --coverage", context.program())),
        None if wanted => report::Covers::Shown,
        None => report::Covers::Nothing,
    }
}

/// Is this the policy that the environment is linked to?
fn linked(observed: &Observed, policy: &ArmId) -> Verdict {
    match &observed.environment {
        Seen::Present(environment) => environment.is_linked_to(policy),
        Seen::Absent => Verdict::No,
        Seen::Unreadable(why) => Verdict::CantTell(why.clone()),
    }
}

/// The snapshot of `status`. `named`: the policy that counts if none is linked.
async fn seen(context: &Context, target: &Target, named: &Target) -> Result<Observed> {
    let reader = context.reader();
    let seen = async {
        let id = resolve(&reader, environment_wanted(target)?).await?;
        observe::standing(context.looking(&reader, named, Some(&id))).await
    };
    match seen.await {
        Err(error) if error.kind == Kind::Forbidden && target.policy.is_some() => {
            let mut observed = observe::standing(context.looking(&reader, named, None)).await?;
            if observed.policy.present().is_none() {
                return Err(error);
            }
            observed.environment = observe::unseen(&error);
            Ok(observed)
        }
        observed => observed,
    }
}

/// Words on whether the policy's identity may use the key.
fn access_words(observed: &Observed, unlinked: bool) -> String {
    match access(observed) {
        Right::CantTell(_) if unlinked && observed.policy.present().is_none() => {
            "none: no policy is linked".to_owned()
        }
        Right::Yes(_) => "yes, the policy's identity may use the key".to_owned(),
        Right::Denied(denial) => format!(
            "NO: the deny assignment `{}` blocks access, so environments of this policy will be \
            locked",
            denial.name
        ),
        Right::No => {
            "NO: the policy's identity can't use the key, so environments of this policy will be \
            locked"
                .to_owned()
        }
        Right::CantTell(Doubt { why, .. }) if why.forbidden => {
            format!("not visible to you: {}", why.why)
        }
        Right::CantTell(Doubt { why, .. }) => format!("not known: {}", why.why),
    }
}

/// May the policy's identity use the key, as far as policy and vault were read?
fn access(observed: &Observed) -> Right<'_> {
    let why = match (&observed.policy, &observed.vault) {
        (Seen::Present(_), Some(Seen::Present(vault))) => {
            return rights::key::access(observed, vault);
        }
        (Seen::Unreadable(why), _) | (_, Some(Seen::Unreadable(why))) => why.clone(),
        (Seen::Absent, _) => Unreadable::because("there is no policy"),
        (Seen::Present(_), Some(Seen::Absent)) => Unreadable::because("there is no vault"),
        (Seen::Present(_), None) => Unreadable::because("the vault was not read"),
    };
    Right::CantTell(Doubt::unread(why))
}

/// The state as a word, and the next steps. Uses the same judgment as `status --all`.
fn state(context: &Context, observed: &Observed) -> (&'static str, Vec<String>) {
    let program = context.program();
    let Some(environment) = observed.environment.present() else {
        let text = "You can't see the environment. Ask the Power Platform administrator to check \
            it.";
        return ("not-visible", vec![text.to_owned()]);
    };
    let id = &environment.id;
    let running = lifecycle::running(observed).map(Operation::name);
    let environment = Environment {
        ongoing: environment.ongoing.clone().or(running.map(str::to_owned)),
        ..environment.clone()
    };
    let protection = protection(observed, &environment);
    let shown = (&environment, protection.as_ref());
    let mut judged = standing(shown, observed.at, key::EXPIRY_WARNING);
    if let Some(why) = observed.operations.unreadable() {
        judged.not_seen(format!(
            "cmkctl can't tell which operation runs on the environment: {}",
            why.why
        ));
    }
    let add_command = environment.policy().map_or(String::new(), |policy| {
        let policy = quoted(&policy.to_string());
        format!("{program} add-environment {id} --policy {policy}")
    });
    let wait = format!("Wait for the operation, from any machine: `{program} status {id} --wait`.");
    let mut next = Vec::new();
    for state in &judged.states {
        next.extend(match state {
            State::Locked => Some(format!(
                "Restore the key and enable the environment: `{program} unlock {id}`."
            )),
            State::Failed => Some(format!(
                "Do not remove the environment. Add it again: `{add_command}`."
            )),
            State::Removing | State::Encrypting => Some(wait.clone()),
            State::NotEncrypted if !environment.supports_key() => Some(format!(
                "Choose another environment: a {} environment can't have a customer-managed key.",
                environment.kind()
            )),
            State::NotEncrypted => Some(format!(
                "Next: `{program} enable {id} --dry-run` shows the plan. At a terminal, cmkctl \
                asks for missing values."
            )),
            State::NotVisible if environment.key_link.unreadable().is_some() => Some(
                "cmkctl could not read whether a policy is linked. Ask the Power Platform \
                    administrator to check."
                    .to_owned(),
            ),
            State::NotVisible => Some(format!(
                "You can't see everything that protects the environment. The Key Vault \
                administrator can see the rest: `{} status {id}`.",
                context.line_of_others()
            )),
            State::Endangered | State::Expiring | State::Encrypted => None,
        });
    }
    (judged.state.word(), next)
}

/// What protects a linked environment, from this snapshot.
fn protection(observed: &Observed, environment: &Environment) -> Option<Protection> {
    environment.policy()?;
    Some(Protection {
        policy: observed.policy.clone(),
        vault: observed.vault.clone(),
        key: observed.key.clone(),
        granted: access(observed).verdict(),
        ..Protection::default()
    })
}

/// Whether cmkctl remembers tokens for the next command, and where.
fn remembered(context: &Context) -> report::Remembered {
    let memory = context.session.tokens().memory();
    let remembering = &context.settings.sign_in.remembering;
    let file = memory.file();
    let state = if let Some(source) = &remembering.off {
        format!("no: turned off by the {source}")
    } else if context.settings.cloud.sandbox.is_some() {
        "no: this is a sandbox".to_owned()
    } else {
        match (&file, memory.fault()) {
            (None, _) => "no: this user has no folder for remembered tokens".to_owned(),
            (Some(_), None) if memory.is_on() => "on".to_owned(),
            (Some(_), None) => "no: CMKCTL_CREDENTIAL_STORE is `none`".to_owned(),
            (Some(file), Some(fault)) => format!("no: {}", fault.told(file)),
        }
    };
    report::Remembered {
        state,
        file: file.map(|file| file.display().to_string()),
    }
}

/// Prints the sign-in methods in order, and the signed-in account.
///
/// # Errors
/// No sign-in succeeds.
pub async fn auth_status(context: &Context, out: &mut Out) -> Result<()> {
    let session = &context.session;
    let tokens = session.tokens();
    let cloud = session.cloud();
    let base = |service| {
        let url = url::Url::parse(&cloud.base(service));
        url.map(|url| cloud.scope(service, &url))
            .unwrap_or_default()
    };
    let (arm, bap) = (base(Service::Arm), base(Service::Bap));
    let (for_arm, for_bap) = futures::join!(tokens.identity(&arm), tokens.identity(&bap));
    let sources = tokens
        .sources()
        .into_iter()
        .map(|source| report::SignInSource {
            method: source.method.name(),
            chosen: source.chosen,
            state: source.to_string(),
        })
        .collect();
    let identity = for_arm
        .as_ref()
        .or(for_bap.as_ref())
        .ok()
        .map(|identity| report::SignedIn {
            method: identity.method.name(),
            tenant: identity.tenant.clone(),
            object_id: identity.object_id.clone(),
            name: identity.name.clone(),
            expires: identity.expires,
        });
    let reach =
        |name: &'static str, scope: &str, outcome: &Result<crate::cloud::credential::Identity>| {
            report::SignInReach {
                service: name,
                scope: scope.to_owned(),
                outcome: match outcome {
                    Ok(_) => "token received".to_owned(),
                    Err(error) => error.to_string(),
                },
                remembered_until: tokens.remembered_until(scope),
            }
        };
    let services = vec![
        reach("Azure Resource Manager", &arm, &for_arm),
        reach("Power Platform admin API", &bap, &for_bap),
    ];
    report::auth(
        out,
        &report::SignInReport {
            cloud: &cloud.name,
            sources,
            identity,
            services,
            remembered: remembered(context),
        },
    );
    for_arm.and(for_bap).map(|_| ()).map_err(without_ways)
}

/// Removes the hints on each method, which the document already contains.
fn without_ways(mut error: Error) -> Error {
    let is_way = |hint: &String| {
        let name = hint.split_once(": ").map(|(name, _)| name);
        name.is_some_and(|name| Method::ALL.iter().any(|method| method.name() == name))
    };
    error.hints.retain(|hint| !is_way(hint));
    error
}
