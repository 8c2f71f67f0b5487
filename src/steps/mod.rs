//! The steps of the procedure, as pure functions. A step takes a snapshot and the target, and
//! returns findings and actions. It reads nothing, has no clock and prints nothing.
//!
//! The codes of findings are the numbers of the preflight catalogue. A code is never reused for
//! another meaning.

// A wildcard arm would decide silently for a new variant. Without it, the compiler lists every
// place that must decide.
#![deny(clippy::wildcard_enum_match_arm)]

mod acknowledge;
pub mod add;
pub mod adopt;
mod alerts;
pub mod calendar;
pub mod check;
mod copilot_studio;
pub mod create_key;
pub mod danger;
pub mod end_state;
pub mod environment;
mod estate;
pub mod evidence;
pub mod fit;
pub mod grant;
pub mod history;
pub mod integration;
pub mod key;
mod key_logs;
mod key_state;
mod key_users;
pub mod lifecycle;
pub mod link;
pub mod location;
mod member;
pub mod metrics;
mod new_key;
pub mod policy;
mod preconditions;
pub mod purpose;
mod readers;
mod readiness;
mod ready;
pub mod remove;
pub mod retire;
pub mod rights;
pub mod rotate;
pub mod rotation;
#[cfg(test)]
mod samples;
pub mod swap;
mod ungranted;
pub mod unlock;
mod vault;
pub mod wanted;
pub mod watch;
pub mod windows;

pub use copilot_studio::{CopilotStudio, copilot_studio};

use crate::model::catalogue;
pub use crate::model::day::{day, moment};
use crate::model::finding::{Blocks, Finding, Severity};
use crate::model::remedy::Remedy;
use crate::model::seen::Unreadable;
pub use crate::model::system::quoted;
use crate::model::unknown::{hidden as hidden_fact, unknown as unknown_fact};
pub use crate::model::who;

/// Makes a finding from `subject`, the sentence, the remedy and who can do it.
#[expect(
    clippy::too_many_arguments,
    reason = "the six parts of a finding, in the order in which they are read"
)]
fn finding(
    code: &'static str,
    severity: Severity,
    subject: impl Into<String>,
    message: impl Into<String>,
    remedy: impl Into<Remedy>,
    who: &'static str,
) -> Finding {
    let source = catalogue::entry(code).map_or("", |entry| entry.source);
    Finding {
        code,
        severity,
        subject: subject.into(),
        message: message.into(),
        remedy: remedy.into(),
        who,
        source,
        blocks: Blocks::default(),
    }
}

/// Which administrator's facts a step reads. It decides how an unread fact is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Facts of the caller's side. An unread one blocks the step.
    Own,
    /// Facts of the other administrator, usually another person. If the service refuses a fact to
    /// this caller (403), the plan lists it with the other administrator's part. Any other unknown
    /// fact blocks the step.
    Others,
}

/// The finding for a fact that was not read. `NotVisible` for a refused fact of the other side,
/// else `Unknown`, which blocks the step.
fn unseen(
    code: &'static str,
    subject: impl Into<String>,
    what: &str,
    why: &Unreadable,
    (who, whose): (&'static str, Whose),
) -> Finding {
    let told = why.told.as_ref().and_then(|told| told.remedy.clone());
    if why.forbidden && whose == Whose::Others {
        let why = format!("{}.{}", why.why, quote(why));
        let mut hidden = not_visible(code, subject, what, why.trim_end_matches('.'), who);
        if let Some((remedy, who)) = told {
            hidden.remedy = remedy.into();
            hidden.who = who;
        }
        return hidden;
    }
    let (remedy, who) = match told {
        Some(told) => told,
        None if why.forbidden => {
            let ask = format!("Ask the {who} to run this, or to give you read access.");
            (ask, who)
        }
        None => {
            let later =
                "Run the same command again later. cmkctl starts nothing until it knows this.";
            (later.to_owned(), who)
        }
    };
    finding(
        code,
        Severity::Unknown,
        subject,
        format!("{}{}", unknown_fact(what, &why.why), quote(why)),
        remedy,
        who,
    )
}

/// The service's own words, as a further sentence.
fn quote(why: &Unreadable) -> String {
    why.service_text()
        .map_or_else(String::new, |text| format!(" The service said: {text}"))
}

/// The finding for a fact that the service stated in a way cmkctl does not understand. It blocks
/// the step.
fn unknown(
    code: &'static str,
    subject: impl Into<String>,
    what: &str,
    why: &str,
    who: &'static str,
) -> Finding {
    unseen(
        code,
        subject,
        what,
        &Unreadable::because(why.to_owned()),
        (who, Whose::Own),
    )
}

/// A "not visible to you" finding. The check neither passed nor failed, and it blocks nothing.
fn not_visible(
    code: &'static str,
    subject: impl Into<String>,
    what: &str,
    why: &str,
    who: &'static str,
) -> Finding {
    finding(
        code,
        Severity::NotVisible,
        subject,
        hidden_fact(what, why),
        format!("Ask the {who} to check it, or to give you read access."),
        who,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_in_nobodys_way_only_where_it_is_the_other_ones() {
        let hidden = Unreadable {
            forbidden: true,
            ..Unreadable::because("it answered 403")
        };
        let silent = Unreadable::because("it did not answer");
        for (why, whose, severity) in [
            (&hidden, Whose::Others, Severity::NotVisible),
            (&hidden, Whose::Own, Severity::Unknown),
            (&silent, Whose::Others, Severity::Unknown),
            (&silent, Whose::Own, Severity::Unknown),
        ] {
            let found = unseen("CMK011", "kv", "The vault", why, (who::KEY_VAULT, whose));
            assert_eq!(found.severity, severity, "{why:?} {whose:?}");
            assert!(found.message.contains(&why.why), "{}", found.message);
        }
    }
}
