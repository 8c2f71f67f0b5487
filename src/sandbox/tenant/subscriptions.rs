//! Subscriptions of the tenant and their resource groups.

use super::ids::guid;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The default resource group of a scenario.
pub(crate) const FIRST_GROUP: &str = "rg-contoso-cmk";

/// A subscription.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    /// A GUID, in lower case.
    pub(crate) id: String,
    pub(crate) name: String,
    /// Groups by name in lower case.
    pub(crate) groups: BTreeMap<String, Group>,
    /// Groups that do not exist: deleted ones, which deleted resources still name, or the default
    /// group before its creation.
    pub(crate) gone: BTreeMap<String, Group>,
    /// Name of the default group, in lower case.
    home: String,
    /// Its tags; `null` for none.
    pub(crate) tags: Value,
    /// Registration state of the provider Microsoft.PowerPlatform.
    pub(crate) provider: String,
    /// Start of the registration, while it runs.
    pub(crate) provider_since: Option<Timestamp>,
}

/// A resource group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Its ARM id.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    /// Its tags; `null` for none.
    pub(crate) tags: Value,
}

/// The place of a vault or policy in a scenario: names of a subscription and a group; the first
/// ones by default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    #[serde(default)]
    pub(crate) subscription: Option<String>,
    #[serde(default)]
    pub(crate) group: Option<String>,
}

impl Subscription {
    /// The default id of a subscription.
    pub(crate) fn id_of(name: &str, first: bool) -> String {
        if first {
            guid("subscription")
        } else {
            guid(&format!("subscription/{name}"))
        }
    }

    pub(crate) fn new(id: &str, name: &str, provider: &str, groups: &[String]) -> Self {
        let group = |group: &String| {
            let found = Group {
                id: format!("/subscriptions/{id}/resourceGroups/{group}"),
                name: group.clone(),
                location: "westeurope".to_owned(),
                tags: Value::Null,
            };
            (group.to_ascii_lowercase(), found)
        };
        // Without any group, the default is `FIRST_GROUP`, which does not exist yet.
        let first = [FIRST_GROUP.to_owned()];
        let later: &[String] = if groups.is_empty() { &first } else { &[] };
        let gone: BTreeMap<String, Group> = later.iter().map(group).collect();
        let groups: BTreeMap<String, Group> = groups.iter().map(group).collect();
        let home = groups
            .get_key_value(FIRST_GROUP)
            .or_else(|| groups.iter().next())
            .or_else(|| gone.iter().next());
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            home: home.map_or_else(String::new, |(name, _)| name.clone()),
            groups,
            gone,
            tags: Value::Null,
            provider: provider.to_owned(),
            provider_since: None,
        }
    }

    /// `/subscriptions/{id}`
    pub(crate) fn scope(&self) -> String {
        format!("/subscriptions/{}", self.id)
    }

    /// The resource group with this name, in any case.
    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(&name.to_ascii_lowercase())
    }

    /// The group with this name, or the default group, whether it still exists or not.
    pub(crate) fn group_once(&self, name: Option<&str>) -> Option<&Group> {
        let name = name.map_or_else(|| self.home.clone(), str::to_ascii_lowercase);
        self.groups.get(&name).or_else(|| self.gone.get(&name))
    }
}
