//! The output of `check` on stdout: for people, as versioned JSON, and as SARIF for code-scanning
//! pages.

use super::hanging::hang;
use super::plan::findings_text;
use super::sarif::sarif;
use super::terminal::Out;
use super::values::{Format, json};
use crate::model::count::counted_as;
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Withheld};
use crate::model::purpose::Purpose;
use crate::model::target::Target;
use jiff::Timestamp;
use serde::Serialize;

/// Version 1 of the `check` document.
#[derive(Serialize)]
struct CheckV1<'a> {
    schema: &'static str,
    at: Timestamp,
    verdict: &'static str,
    /// Only with `--for`.
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<QuestionV1<'a>>,
    environment: Option<&'a str>,
    environment_name: Option<&'a str>,
    policy: Option<String>,
    vault: Option<String>,
    key: Option<&'a str>,
    counts: Counts,
    findings: &'a [Finding],
    pending: &'a [Action],
}

/// The question of `--for`, and the answer.
#[derive(Serialize)]
struct QuestionV1<'a> {
    #[serde(rename = "for")]
    purpose: &'static str,
    to: Option<&'a str>,
    to_name: Option<&'a str>,
    answer: &'static str,
    sentence: &'a str,
}

/// What `--for` asked, and what cmkctl answers.
#[derive(Debug, Clone, Copy)]
pub struct QuestionFacts<'a> {
    /// The operation that the caller wants to do.
    pub purpose: Purpose,
    /// The environment that the operation overwrites, if it is another environment and was read.
    pub onto: Option<&'a Environment>,
    /// May the caller do the operation?
    pub verdict: &'a Verdict,
    /// The verdict as a sentence.
    pub sentence: &'a str,
}

impl<'a> QuestionV1<'a> {
    fn of(question: &QuestionFacts<'a>) -> Self {
        Self {
            purpose: question.purpose.word(),
            to: question.onto.map(|onto| onto.id.as_str()),
            to_name: question.onto.map(|onto| onto.display_name.as_str()),
            answer: match question.verdict {
                Verdict::Yes => "yes",
                Verdict::No => "no",
                Verdict::CantTell(_) => "cant-tell",
            },
            sentence: question.sentence,
        }
    }
}

/// The number of findings of each severity.
#[derive(Debug, Clone, Copy, Serialize)]
struct Counts {
    block: usize,
    unknown: usize,
    warn: usize,
    not_visible: usize,
    acknowledge: usize,
}

impl Counts {
    fn of(findings: &[Finding]) -> Self {
        let count = |severity| {
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        Self {
            block: count(Severity::Block),
            unknown: count(Severity::Unknown),
            warn: count(Severity::Warn),
            not_visible: count(Severity::NotVisible),
            acknowledge: count(Severity::Acknowledge),
        }
    }

    fn verdict(self) -> &'static str {
        match self {
            Counts { block: 1.., .. } => "blocked",
            Counts { unknown: 1.., .. } => "unknown",
            Counts {
                not_visible: 1.., ..
            } => "not-visible",
            Counts { warn: 1.., .. } => "warnings",
            _ => "clear",
        }
    }
}

/// Prints the result of a check.
pub fn check(
    out: &mut Out,
    target: &Target,
    observed: &Observed,
    findings: &[Finding],
    (pending, withheld): (&[Action], &[Withheld]),
) {
    let counts = Counts::of(findings);
    let environment = observed.environment.present();
    if out.format() == Format::Sarif {
        return out.document(&json(&sarif(findings)));
    }
    let document = CheckV1 {
        schema: "cmkctl/check/v1",
        at: observed.at,
        verdict: counts.verdict(),
        question: None,
        environment: environment.map(|environment| environment.id.as_str()),
        environment_name: environment.map(|environment| environment.display_name.as_str()),
        policy: target.policy.as_ref().map(ToString::to_string),
        vault: target.vault.as_ref().map(ToString::to_string),
        key: target.key.as_ref().map(|key| key.as_str()),
        counts,
        findings,
        pending,
    };
    let subject = environment.map_or_else(
        || "the resources that are visible to you".to_owned(),
        |environment| format!("`{}` ({})", environment.display_name, environment.id),
    );
    let width = out.columns();
    let head = format!("Check of {subject}: {}", sentence(counts));
    let mut text = format!("{}\n", hang(&head, width, 0));
    if !findings.is_empty() {
        text.push_str(&format!("\n{}", findings_text(findings, width)));
    }
    let steps = pending.iter().map(ToString::to_string);
    let steps: Vec<String> = steps
        .chain(withheld.iter().map(|step| step.what.clone()))
        .collect();
    if !steps.is_empty() {
        let by = "Remaining steps. Run `create-policy` and `add-environment`, or `enable`:";
        text.push_str(&format!("\n{}\n", hang(by, width, 0)));
        for step in steps {
            text.push_str(&format!("  - {}\n", hang(&step, width, 4)));
        }
    }
    out.result(&document, || text);
}

/// Prints the answer to `--for`, and the findings that lead to it.
pub fn check_for(
    out: &mut Out,
    source: &Observed,
    question: &QuestionFacts<'_>,
    findings: &[Finding],
) {
    if out.format() == Format::Sarif {
        return out.document(&json(&sarif(findings)));
    }
    let counts = Counts::of(findings);
    let environment = source.environment.present();
    let document = CheckV1 {
        schema: "cmkctl/check/v1",
        at: source.at,
        verdict: counts.verdict(),
        question: Some(QuestionV1::of(question)),
        environment: environment.map(|environment| environment.id.as_str()),
        environment_name: environment.map(|environment| environment.display_name.as_str()),
        policy: environment
            .and_then(Environment::policy)
            .map(ToString::to_string),
        vault: None,
        key: None,
        counts,
        findings,
        pending: &[],
    };
    let width = out.columns();
    let mut text = format!("{}\n", hang(question.sentence, width, 0));
    if !findings.is_empty() {
        text.push_str(&format!("\n{}", findings_text(findings, width)));
    }
    out.result(&document, || text);
}

fn sentence(counts: Counts) -> String {
    let parts = [
        (counts.block, "blocker", "blockers"),
        (counts.unknown, "unknown fact", "unknown facts"),
        (counts.warn, "warning", "warnings"),
        (
            counts.not_visible,
            "fact not visible to you",
            "facts not visible to you",
        ),
        (counts.acknowledge, "note", "notes"),
    ];
    let clauses: Vec<String> = parts
        .iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, singular, plural)| counted_as(*count, singular, plural))
        .collect();
    if clauses.is_empty() {
        "no findings.".to_owned()
    } else {
        format!("{}.", clauses.join(", "))
    }
}
