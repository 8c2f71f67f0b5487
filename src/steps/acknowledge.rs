//! Known limits that no API can check. A plan states each once, before the caller consents.

use super::{finding, who};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::known::Known;

/// The known limits of applying a key to this environment.
pub(super) fn check(environment: &Environment) -> Vec<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let note = |code, message: String, remedy: &str, who| {
        finding(code, Severity::Acknowledge, id, message, remedy, who)
    };
    let power_platform = who::POWER_PLATFORM;
    let mut found = Vec::new();
    if environment.policy().is_none() {
        found.push(note(
            "CMK027",
            format!("`{name}` is offline during the encryption, for up to 4 days."),
            "Inform the users and choose a change window.",
            power_platform,
        ));
    }
    found.extend([
        note(
            "CMK029",
            "Flows with PowerApps V1, HTTP or Teams triggers, and their parent flows, stay on the \
                Microsoft key. Flows that use the action List flows as Admin (V1) stay on it, too."
                .to_owned(),
            "Replace these triggers and this action in flows that the key must cover.",
            power_platform,
        ),
        note(
            "CMK030",
            "The outbound IP addresses of flows change when the key is applied.".to_owned(),
            "Allow the service tag `PowerPlatformPlex` in the firewalls of the systems that your \
                flows call.",
            "Network administrator",
        ),
        note(
            "CMK036",
            "Managed Environments and customer-managed keys require a premium licence for every \
                active user, or capacity for each app or flow."
                .to_owned(),
            "Check that each active user has Power Apps Premium, Power Automate Premium or a \
            Dynamics 365 Enterprise licence, or that capacity is assigned.",
            super::who::LICENCES,
        ),
    ]);
    // Without finance and operations, its limits do not apply.
    if environment.app != Known::Known(None) {
        found.extend(left_out_of_finance_and_operations(id));
    }
    found
}

/// Data of finance and operations that a customer-managed key does not encrypt.
fn left_out_of_finance_and_operations(id: &str) -> [Finding; 3] {
    let note = |code, message: &str, remedy: &str, who| {
        finding(code, Severity::Acknowledge, id, message, remedy, who)
    };
    [
        note(
            "CMK038",
            "The key does not cover data managed in stand-alone Regulatory Configuration Service \
                (RCS). The key does not cover Electronic Invoicing and Tax Calculation with \
                stand-alone RCS, either.",
            "From version 10.0.39, RCS is part of Globalization Studio. Verify with Microsoft what \
                the key covers there.",
            "Finance and operations administrator",
        ),
        note(
            "CMK039",
            "The key does not cover the e-commerce CMS and the recommendations of Commerce. In \
                another geography, the key also does not cover Commerce Scale Units, e-commerce, \
                ratings and reviews.",
            "Keep Commerce Scale Units, e-commerce, ratings and reviews in the environment's \
                geography, or accept this limit.",
            "Finance and operations administrator",
        ),
        note(
            "CMK040",
            "The key does not cover these data of Lifecycle Services: file assets, methodologies, \
            task recorder, project metadata.",
            "Do not store confidential data in Lifecycle Services.",
            who::LCS,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{environment, link, odd};
    use super::*;
    use crate::model::environment::AppLink;

    fn codes(environment: &Environment) -> Vec<&'static str> {
        let found = check(environment);
        assert!(
            found
                .iter()
                .all(|finding| finding.severity == Severity::Acknowledge)
        );
        found.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn the_outage_is_said_before_it_and_what_has_no_such_side_is_not() {
        let all = ["CMK029", "CMK030", "CMK036"];
        let mut environment = environment("e");
        assert_eq!(codes(&environment), [&["CMK027"][..], &all].concat());
        environment.key_link = link("ep", "Linked");
        assert_eq!(codes(&environment), all);
        let side = ["CMK038", "CMK039", "CMK040"];
        for app in [Known::Known(Some(AppLink::default())), odd()] {
            environment.app = app;
            assert_eq!(codes(&environment), [&all[..], &side].concat());
        }
    }
}
