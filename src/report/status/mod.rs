//! The current state of an environment, for people and as versioned JSON.

mod document;
mod facts;

pub use facts::{CopilotStudio, Covers, StatusFacts};

use super::environment::environment_rows;
use super::hanging::told;
use super::history::estimate_words;
use super::key::key_words;
use super::matrix::coverage_rows;
use super::plan::findings_text;
use super::terminal::Out;
use super::values::Sheet;
use crate::model::day::day;
use crate::model::environment::Environment;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::seen::Seen;
use document::{StatusV1, document};

/// Prints the current state of an environment.
pub fn status(out: &mut Out, facts: &StatusFacts<'_>) {
    let document = document(facts);
    let width = out.columns();
    out.result(&document, || {
        let mut text = sheet(facts, &document).text(width);
        if !facts.findings.is_empty() {
            text.push_str(&format!("\n{}", findings_text(facts.findings, width)));
        }
        for (number, next) in facts.next.iter().enumerate() {
            let gap = if number == 0 { "\n" } else { "" };
            text.push_str(&format!("{gap}{}\n", told(next, width, 0)));
        }
        text
    });
}

const NOT_VISIBLE: &str = "not visible to you";

fn standing(environment: &Environment) -> String {
    let managed = match environment.managed() {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::CantTell(_) => "unknown",
    };
    format!(
        "Managed Environment: {managed}\nmanagement state {}, runtime state {}",
        environment.state().unwrap_or("unknown"),
        environment.runtime_state.shown()
    )
}

/// Why there is nothing to show. The text is `none` only if the service says that there is none.
fn missing<T>(seen: Option<&Seen<T>>, observed: &Observed) -> String {
    match seen {
        Some(Seen::Unreadable(why)) if why.forbidden => {
            format!("not visible to you: {}", why.why)
        }
        Some(Seen::Unreadable(why)) => format!("not known: {}", why.why),
        Some(Seen::Absent) => "none".to_owned(),
        Some(Seen::Present(_)) => "not shown".to_owned(),
        None => match observed
            .environment
            .present()
            .map(|environment| &environment.key_link)
        {
            Some(Seen::Absent) => "none".to_owned(),
            Some(Seen::Unreadable(why)) => format!("not known: {}", why.why),
            Some(Seen::Present(_)) => {
                observed
                    .policy
                    .unreadable()
                    .map_or("not known".to_owned(), |why| {
                        if why.forbidden {
                            format!("not visible to you: {}", why.why)
                        } else {
                            format!("not known: {}", why.why)
                        }
                    })
            }
            None => NOT_VISIBLE.to_owned(),
        },
    }
}

/// Is the linked policy the named policy?
fn named_text(facts: &StatusFacts<'_>, linked: bool) -> String {
    match &facts.named {
        None if linked => String::new(),
        Some((id, Verdict::No)) if linked => format!("\n(NOT the policy that you named: {id})"),
        None | Some((_, Verdict::Yes | Verdict::No)) => "\n(the policy that you named)".to_owned(),
        Some((id, Verdict::CantTell(why))) => {
            format!("\n(cmkctl can't tell whether {id} is linked: {})", why.why)
        }
    }
}

fn policy_text(facts: &StatusFacts<'_>, document: &StatusV1<'_>) -> String {
    let named = named_text(facts, document.link_status.is_some());
    let Some(policy) = &document.policy else {
        return missing(Some(&facts.observed.policy), facts.observed) + &named;
    };
    let health = policy
        .health
        .map_or_else(String::new, |health| format!(", health {health}"));
    format!(
        "{}\nin {}, identity {}{health}{named}",
        policy.id,
        policy.location,
        policy.identity.unwrap_or("none")
    )
}

fn key_text(observed: &Observed) -> String {
    observed
        .key()
        .map_or_else(|| missing(observed.key.as_ref(), observed), key_words)
}

/// Is a policy linked to the environment, and what is the status of the link?
fn link_text(environment: Option<&Environment>) -> String {
    let Some(environment) = environment else {
        return NOT_VISIBLE.to_owned();
    };
    match &environment.key_link {
        Seen::Present(link) => format!("link status {}", link.status.text().unwrap_or("unknown")),
        Seen::Absent => "no policy is linked".to_owned(),
        Seen::Unreadable(why) => format!("not readable: {}", why.why),
    }
}

/// What the key covers of Copilot Studio in this environment.
fn copilot_text(coverage: &CopilotStudio) -> String {
    let since = coverage.since.map_or(String::new(), |since| {
        format!(": the key was applied on {}", day(since))
    });
    match &coverage.covered {
        Verdict::Yes => format!("covered, according to the history{since}"),
        Verdict::No => format!(
            "NOT covered{since}. To cover Copilot Studio, remove the key and apply the key again. \
            Each of the two steps takes the environment offline."
        ),
        Verdict::CantTell(why) => format!("not known: {}", why.why),
    }
}

/// What a key covers, or how to see it.
fn covered(sheet: Sheet, facts: &StatusFacts<'_>) -> Sheet {
    match &facts.coverage {
        Covers::Nothing => sheet,
        Covers::By(command) => sheet.section("").row("What a key covers", command),
        Covers::Shown => match &facts.copilot_studio {
            None => coverage_rows(sheet),
            Some(coverage) => {
                let sheet = sheet.section("In this environment");
                coverage_rows(sheet.row("Copilot Studio", copilot_text(coverage)))
            }
        },
    }
}

fn sheet(facts: &StatusFacts<'_>, document: &StatusV1<'_>) -> Sheet {
    let observed = facts.observed;
    let mut sheet = Sheet::default().row("State", document.state);
    if let Some(environment) = observed.environment.present() {
        sheet = environment_rows(sheet, environment);
    }
    let environment = observed.environment.present();
    sheet = sheet
        .section("Steps")
        .row(
            "1 Integrated",
            format!("{}: {}", facts.verdict.word, facts.verdict.meaning),
        )
        .row(
            "2 Environment",
            environment.map_or(NOT_VISIBLE.to_owned(), standing),
        );
    sheet = sheet.row("3 Policy", policy_text(facts, document));
    sheet = sheet
        .row("  Key", key_text(observed))
        .row_if(
            "  Vault",
            document
                .policy
                .as_ref()
                .and_then(|policy| policy.vault.as_deref()),
        )
        .row("  Grant on the key", facts.access.clone());
    sheet = sheet.row("4 Added", link_text(environment));
    if let Some(operation) = &document.operation {
        sheet = sheet.row(
            "  Running",
            format!(
                "{} {}, {}",
                operation.kind,
                operation.id,
                operation.stage.unwrap_or(operation.state)
            ),
        );
    }
    let estimate = facts.estimate.as_ref().map(estimate_words);
    covered(sheet.row_if("  Expected", estimate), facts)
}
