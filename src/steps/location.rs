//! The location of a policy.

use super::{unknown, who};
use crate::model::finding::{Finding, Severity};
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::target::Target;

/// The policy location for an environment's geography. Most geographies keep their name. The list
/// of the Azure resource provider decides in the end.
pub fn policy_location(environment_location: &str) -> String {
    match environment_location.to_ascii_lowercase().as_str() {
        "unitedkingdom" => "uk",
        "southamerica" => "brazil",
        "unitedarabemirates" => "uae",
        other => other,
    }
    .to_owned()
}

/// Locations of policies that cmkctl offers when a user types a location. The provider's own list
/// decides.
pub const LOCATIONS: [&str; 18] = [
    "asia",
    "australia",
    "brazil",
    "canada",
    "europe",
    "france",
    "germany",
    "india",
    "japan",
    "korea",
    "norway",
    "singapore",
    "southafrica",
    "sweden",
    "switzerland",
    "uae",
    "uk",
    "unitedstates",
];

/// For each geography, an Azure region that cmkctl offers for a new vault. The vault can be in any
/// region. A near region is only a suggestion (`I`).
const REGIONS: [(&str, &str); 20] = [
    ("asia", "southeastasia"),
    ("australia", "australiaeast"),
    ("brazil", "brazilsouth"),
    ("canada", "canadacentral"),
    ("europe", "westeurope"),
    ("france", "francecentral"),
    ("germany", "germanywestcentral"),
    ("india", "centralindia"),
    ("italy", "italynorth"),
    ("japan", "japaneast"),
    ("korea", "koreacentral"),
    ("norway", "norwayeast"),
    ("poland", "polandcentral"),
    ("singapore", "southeastasia"),
    ("southafrica", "southafricanorth"),
    ("sweden", "swedencentral"),
    ("switzerland", "switzerlandnorth"),
    ("uae", "uaenorth"),
    ("uk", "uksouth"),
    ("unitedstates", "eastus"),
];

/// The offered Azure region of a geography.
pub fn region_in(geography: &str) -> Option<&'static str> {
    let location = policy_location(geography);
    let found = REGIONS.iter().find(|(name, _)| *name == location);
    found.map(|(_, region)| *region)
}

/// The offered Azure regions of all geographies.
pub fn regions() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|(_, region)| *region)
}

/// The policy's location: what the caller passed, or else what the environment requires.
pub fn location(target: &Target, observed: &Observed) -> Option<String> {
    let geography = observed
        .environment
        .present()
        .and_then(|environment| environment.location.known())
        .map(|location| policy_location(location));
    target.location.clone().or(geography)
}

/// A policy in another location than the environment needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The policy's location.
    pub(super) policy: String,
    /// The location that the environment needs.
    pub(super) needed: String,
}

impl Misfit {
    /// Early release stations belong to a geography, but have their own name (`…firstrelease`).
    /// No document says whether the service accepts a policy of that geography for them (`I`), so a
    /// difference only warns.
    pub(super) fn severity(&self) -> Severity {
        let bare = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.strip_suffix("firstrelease")
                .unwrap_or(&name)
                .to_owned()
        };
        if bare(&self.policy) == bare(&self.needed) {
            Severity::Warn
        } else {
            Severity::Block
        }
    }
}

/// The policy's location and the needed one, if they differ.
pub(super) fn misfit(policy: &Known<String>, environment: &Known<String>) -> Known<Option<Misfit>> {
    match (policy, environment) {
        (Known::Known(policy), Known::Known(environment)) => {
            let needed = policy_location(environment);
            let differs = !needed.eq_ignore_ascii_case(policy);
            Known::Known(differs.then(|| Misfit {
                policy: policy.clone(),
                needed,
            }))
        }
        (Known::Unknown(why), _) | (_, Known::Unknown(why)) => Known::Unknown(why.clone()),
    }
}

/// The finding that a location is not known. (A location name that cmkctl does not know still
/// counts as known, because names are compared.)
pub(super) fn not_told(subject: &str, policy: &str, why: &str) -> Finding {
    let what = format!("Whether the policy `{policy}` is in the environment's geography");
    unknown("CMK007", subject, &what, why, who::KEY_VAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_geographies_have_another_name_and_the_others_keep_theirs() {
        for (geography, location) in [
            ("unitedkingdom", "uk"),
            ("SouthAmerica", "brazil"),
            ("unitedarabemirates", "uae"),
            ("Europe", "europe"),
            ("neverland", "neverland"),
        ] {
            assert_eq!(policy_location(geography), location, "{geography}");
        }
    }

    #[test]
    fn a_geography_has_a_region_to_offer_or_none() {
        assert_eq!(region_in("unitedkingdom"), Some("uksouth"));
        assert_eq!(region_in("Europe"), Some("westeurope"));
        assert_eq!(region_in("neverland"), None);
    }

    #[test]
    fn what_is_not_known_of_a_place_is_no_misfit_and_no_fit() {
        let at = |name: &str| Known::from(name);
        let open = || Known::Unknown("it does not say".to_owned());
        for (policy, environment, expected) in [
            (at("uk"), at("unitedkingdom"), Known::Known(None)),
            (at("Europe"), at("europe"), Known::Known(None)),
            (
                at("europe"),
                at("unitedkingdom"),
                Known::Known(Some(("europe".to_owned(), "uk".to_owned()))),
            ),
            (
                open(),
                at("europe"),
                Known::Unknown("it does not say".to_owned()),
            ),
            (
                at("europe"),
                open(),
                Known::Unknown("it does not say".to_owned()),
            ),
        ] {
            let expected = expected.map(|differs| {
                differs.map(|(policy, needed): (String, String)| Misfit { policy, needed })
            });
            assert_eq!(misfit(&policy, &environment), expected, "{policy:?}");
        }
    }

    #[test]
    fn an_early_release_station_is_warned_of_only() {
        for (policy, needed, severity) in [
            ("unitedstates", "unitedstatesfirstrelease", Severity::Warn),
            ("UnitedStatesFirstRelease", "unitedstates", Severity::Warn),
            ("unitedstates", "europe", Severity::Block),
            (
                "unitedstatesfirstrelease",
                "europefirstrelease",
                Severity::Block,
            ),
        ] {
            let misfit = Misfit {
                policy: policy.to_owned(),
                needed: needed.to_owned(),
            };
            assert_eq!(misfit.severity(), severity, "{policy} {needed}");
        }
    }
}
