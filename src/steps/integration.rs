//! Step 1: is the finance and operations environment integrated with Power Platform?

use super::{Whose, finding, unseen, who};
use crate::model::environment::{AppLink, Environment, Integration};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::parse_guid;
use crate::model::known::Known;
use crate::model::remedy::{Remedy, Setting};
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use serde::Serialize;

/// The verdict, from three pieces of evidence. `linkedAppMetadata` alone proves nothing. LCS gives
/// each of its environments an initial Power Platform environment without Dataverse, which already
/// shows the finance and operations URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Integrated through LCS; Dataverse confirms it.
    Integrated,
    /// A unified environment, managed only in Power Platform.
    Unified,
    /// No finance and operations app.
    NotFinanceAndOperations,
    /// The initial environment from LCS, before Power Platform integration is set up.
    InitialEnvironmentOnly,
    /// The setup is incomplete: resume it in LCS.
    LinkIncomplete,
    /// Dataverse names another finance and operations environment.
    Mismatch,
    /// Cloud-hosted in the customer's own subscription: customer-managed keys do not apply.
    CloudHosted,
    /// The service did not say.
    Unknown,
}

impl Verdict {
    /// The verdict as a word, as in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Integrated => "integrated",
            Verdict::Unified => "unified",
            Verdict::NotFinanceAndOperations => "not-finance-and-operations",
            Verdict::InitialEnvironmentOnly => "initial-environment-only",
            Verdict::LinkIncomplete => "link-incomplete",
            Verdict::Mismatch => "mismatch",
            Verdict::CloudHosted => "cloud-hosted",
            Verdict::Unknown => "unknown",
        }
    }

    /// The verdict as a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Verdict::Integrated => {
                "The finance and operations environment is integrated with Power Platform."
            }
            Verdict::Unified => {
                "This is a unified environment without Lifecycle Services. Microsoft's \
                    documentation does not mention customer-managed keys for such environments."
            }
            Verdict::NotFinanceAndOperations => {
                "This Power Platform environment has no finance and operations apps."
            }
            Verdict::InitialEnvironmentOnly => {
                "Only the initial Power Platform environment exists, without Dataverse: the \
                integration was never set up."
            }
            Verdict::LinkIncomplete => "The setup of the integration started but did not finish.",
            Verdict::Mismatch => {
                "Dataverse and Power Platform show different finance and operations environments \
                for this environment."
            }
            Verdict::CloudHosted => {
                "This is a cloud-hosted environment in your own subscription. Customer-managed \
                    keys do not apply to it."
            }
            Verdict::Unknown => {
                "cmkctl could not read whether the environment is integrated with Power Platform."
            }
        }
    }
}

/// The decision table, over the environment and the answer of Dataverse.
pub fn verdict(environment: &Environment, answer: Option<&Seen<Integration>>) -> Verdict {
    let app = match &environment.app {
        Known::Known(Some(app)) => app,
        Known::Known(None) => return Verdict::NotFinanceAndOperations,
        Known::Unknown(_) => return Verdict::Unknown,
    };
    // Only the URL tells a cloud-hosted environment from the others.
    let Some(url) = app.url.as_deref().map(str::to_ascii_lowercase) else {
        return Verdict::Unknown;
    };
    if url.contains("cloudax") || url.contains("axcloud") {
        return Verdict::CloudHosted;
    }
    if environment.dataverse.is_none() {
        return Verdict::InitialEnvironmentOnly;
    }
    let kind = app.kind.as_deref().map(str::to_ascii_lowercase);
    let internal = match kind.as_deref() {
        Some("internal") => true,
        Some("linked") => false,
        Some(_) | None => return Verdict::Unknown,
    };
    match answer {
        Some(Seen::Present(Integration::Integrated { id, url })) => {
            match matches(app, id.as_deref(), url.as_deref()) {
                Some(true) if internal => Verdict::Unified,
                Some(true) => Verdict::Integrated,
                Some(false) => Verdict::Mismatch,
                None => Verdict::Unknown,
            }
        }
        Some(Seen::Present(Integration::NotIntegrated)) => Verdict::LinkIncomplete,
        Some(Seen::Absent | Seen::Unreadable(_)) | None => Verdict::Unknown,
    }
}

/// Do both sides name the same environment? Ids are compared as GUIDs, because LCS writes them
/// without dashes; URLs by host. A value that one side leaves out is ignored. `None` if there is
/// nothing to compare.
fn matches(app: &AppLink, id: Option<&str>, url: Option<&str>) -> Option<bool> {
    let same_id = match (app.id.as_deref(), id) {
        (Some(left), Some(right)) => Some(match (parse_guid(left), parse_guid(right)) {
            (Some(left), Some(right)) => left == right,
            _ => left.eq_ignore_ascii_case(right),
        }),
        _ => None,
    };
    let host = |url: &str| {
        url.trim_start_matches("https://")
            .split('/')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let same_url = app
        .url
        .as_deref()
        .zip(url)
        .map(|(left, right)| host(left) == host(right));
    (same_id.is_some() || same_url.is_some())
        .then(|| same_id.unwrap_or(true) && same_url.unwrap_or(true))
}

/// Findings that block a key until this step is done.
pub fn check(
    target: &Target,
    environment: &Environment,
    answer: Option<&Seen<Integration>>,
) -> Vec<Finding> {
    let name = &environment.display_name;
    let block = |code, remedy: Remedy, who| {
        finding(
            code,
            Severity::Block,
            name,
            verdict(environment, answer).meaning(),
            remedy,
            who,
        )
    };
    let found = match verdict(environment, answer) {
        Verdict::Integrated => return Vec::new(),
        Verdict::NotFinanceAndOperations if target.power_platform_only => return Vec::new(),
        Verdict::NotFinanceAndOperations => {
            block("CMK005", Setting::PowerPlatformOnly.into(), who::LCS)
        }
        Verdict::InitialEnvironmentOnly => block(
            "CMK003",
            "In Lifecycle Services, open the environment and run the Power Platform integration \
            setup."
                .into(),
            who::LCS,
        ),
        Verdict::LinkIncomplete => block(
            "CMK001",
            "In Lifecycle Services, open the environment and choose Resume under Power Platform \
            integration."
                .into(),
            who::LCS,
        ),
        Verdict::Mismatch => block(
            "CMK002",
            "Pass the id of the right environment. Ask Microsoft support why Dataverse and Power \
            Platform differ."
                .into(),
            who::POWER_PLATFORM,
        ),
        Verdict::CloudHosted => block(
            "CMK004",
            "Choose an environment that Microsoft hosts.".into(),
            who::POWER_PLATFORM,
        ),
        Verdict::Unified => unified(environment),
        Verdict::Unknown => not_told(environment, answer),
    };
    vec![found]
}

/// The finding for a unified environment. If it has a key, it was most likely migrated from
/// Lifecycle Services, which shows it as `Internal` (`I`). That does not block.
fn unified(environment: &Environment) -> Finding {
    let (message, remedy) = if environment.key_link.present().is_some() {
        (
            "The environment has a customer-managed key and is managed only in Power Platform. \
            The environment was most likely migrated from Lifecycle Services. Microsoft's \
            documentation does not cover this case.",
            "You don't have to change the key. Ask Microsoft support whether the key still covers \
            the finance and operations data.",
        )
    } else {
        (
            Verdict::Unified.meaning(),
            "Ask Microsoft support whether a customer-managed key covers the finance and \
            operations data.",
        )
    };
    finding(
        "CMK001",
        Severity::Warn,
        &environment.display_name,
        message,
        remedy,
        who::POWER_PLATFORM,
    )
}

/// The finding that cmkctl can't tell whether the environment is integrated.
fn not_told(environment: &Environment, answer: Option<&Seen<Integration>>) -> Finding {
    let silent = match answer {
        Some(Seen::Unreadable(why)) => Err(why.clone()),
        Some(Seen::Present(_)) => {
            Ok("Dataverse and Power Platform give no id and no URL that cmkctl can compare")
        }
        Some(Seen::Absent) => Ok("Dataverse does not support this query"),
        None => Ok("cmkctl does not query Dataverse while the environment is disabled"),
    };
    let silent = silent.map(|silent| environment.app.unknown().unwrap_or(silent));
    let why = silent.map_or_else(|why| why, Unreadable::because);
    unseen(
        "CMK001",
        &environment.display_name,
        "Whether the environment is integrated with Power Platform",
        &why,
        (who::POWER_PLATFORM, Whose::Own),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::environment::Dataverse;

    const ID: &str = "aaaaaaaa-0000-0000-0000-000000000001";
    const URL: &str = "https://uat.sandbox.operations.dynamics.com";

    fn environment(kind: Option<&str>, url: &str, dataverse: bool) -> Environment {
        let app = |kind: &str| AppLink {
            id: Some(ID.replace('-', "")),
            kind: Some(kind.into()),
            url: Some(url.into()),
        };
        Environment {
            app: Known::Known(kind.map(app)),
            dataverse: dataverse.then(Dataverse::default),
            ..Environment::default()
        }
    }

    fn yes(id: &str, url: &str) -> Seen<Integration> {
        Seen::Present(Integration::Integrated {
            id: Some(id.into()),
            url: Some(url.into()),
        })
    }

    #[test]
    fn the_decision_table() {
        let no = Seen::Present(Integration::NotIntegrated);
        let unreadable = Seen::Unreadable(Unreadable {
            forbidden: true,
            ..Unreadable::because("403")
        });
        let other = "bbbbbbbb-0000-0000-0000-000000000001";
        let silent = Seen::Present(Integration::Integrated {
            id: None,
            url: None,
        });
        let elsewhere = "https://other.operations.dynamics.com";
        let (dev, cloud) = (
            "https://uatdevaos.axcloud.dynamics.com",
            "https://uat.cloudax.dynamics.com",
        );
        let none = |dataverse| environment(None, "", dataverse);
        let linked = |url| environment(Some("Linked"), url, true);
        let initial = environment(Some("Linked"), URL, false);
        let unified = environment(Some("Internal"), URL, true);
        let slash = format!("{URL}/");
        let table = [
            (
                none(true),
                Some(no.clone()),
                Verdict::NotFinanceAndOperations,
            ),
            (none(false), None, Verdict::NotFinanceAndOperations),
            (initial, None, Verdict::InitialEnvironmentOnly),
            (linked(URL), Some(yes(ID, &slash)), Verdict::Integrated),
            (linked(URL), Some(yes(other, URL)), Verdict::Mismatch),
            (linked(URL), Some(yes(ID, elsewhere)), Verdict::Mismatch),
            (linked(URL), Some(silent), Verdict::Unknown),
            (linked(URL), Some(no), Verdict::LinkIncomplete),
            (linked(dev), None, Verdict::CloudHosted),
            (linked(cloud), Some(yes(ID, URL)), Verdict::CloudHosted),
            (unified, Some(yes(ID, URL)), Verdict::Unified),
            (linked(URL), Some(unreadable), Verdict::Unknown),
            (linked(URL), Some(Seen::Absent), Verdict::Unknown),
        ];
        for (environment, answer, expected) in table {
            assert_eq!(
                verdict(&environment, answer.as_ref()),
                expected,
                "{environment:?} {answer:?}"
            );
        }
    }

    #[test]
    fn an_unreadable_answer_is_no_yes() {
        let unreadable = Seen::Unreadable(Unreadable {
            why: "Dataverse answered 403".into(),
            forbidden: true,
            ..Unreadable::default()
        });
        let found = check(
            &Target::default(),
            &environment(Some("Linked"), URL, true),
            Some(&unreadable),
        );
        assert_eq!(found[0].severity, Severity::Unknown);
    }

    #[test]
    fn what_kind_it_is_must_be_told() {
        let told = yes(ID, URL);
        let with = |change: fn(&mut AppLink)| {
            let mut linked = environment(Some("Linked"), URL, true);
            if let Known::Known(Some(app)) = &mut linked.app {
                change(app);
            }
            verdict(&linked, Some(&told))
        };
        assert_eq!(with(|_| {}), Verdict::Integrated);
        // Only its URL identifies a cloud-hosted environment.
        assert_eq!(with(|app| app.url = None), Verdict::Unknown);
        assert_eq!(with(|app| app.kind = None), Verdict::Unknown);
        assert_eq!(
            with(|app| app.kind = Some("Wibble".into())),
            Verdict::Unknown
        );
    }
}
