//! Where a policy belongs.

use crate::model::observed::Observed;
use crate::model::target::Target;

/// The policy location for an environment's geography. All others keep their name; the provider's
/// own list decides in the end.
pub fn policy_location(environment_location: &str) -> String {
    match environment_location.to_ascii_lowercase().as_str() {
        "unitedkingdom" => "uk",
        "southamerica" => "brazil",
        "unitedarabemirates" => "uae",
        other => other,
    }
    .to_owned()
}

/// Where the policy goes: as asked for, or where the environment needs it.
pub fn location(target: &Target, observed: &Observed) -> Option<String> {
    let geography = observed
        .environment
        .present()
        .map(|environment| policy_location(&environment.location));
    target
        .location
        .clone()
        .or(geography)
        .filter(|location| !location.is_empty())
}
