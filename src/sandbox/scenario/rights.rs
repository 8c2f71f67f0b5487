//! The rights in a scenario: groups, management groups, role definitions, role assignments and deny
//! assignments. Every name in them must exist.

use super::setup::Setup;
use crate::tenant::ids::guid;
use crate::tenant::rights::{BUILT_IN, Definition};
use crate::tenant::subscriptions::Subscription;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The names of these parts in the scenario.
const PARTS: [&str; 6] = [
    "management_groups",
    "groups",
    "assignments",
    "eligibilities",
    "role_definitions",
    "denials",
];
/// The prefix of a management group's scope.
const MANAGEMENT_GROUP: &str = "/providers/microsoft.management/managementgroups/";

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RightsSetup {
    pub(super) management_groups: BTreeMap<String, ManagementGroupSetup>,
    pub(super) groups: BTreeMap<String, GroupSetup>,
    pub(super) assignments: Vec<AssignmentSetup>,
    /// Roles that a user may activate (Privileged Identity Management).
    pub(super) eligibilities: Vec<AssignmentSetup>,
    pub(super) role_definitions: BTreeMap<String, DefinitionSetup>,
    pub(super) denials: Vec<DenialSetup>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ManagementGroupSetup {
    /// The root group by default.
    pub(super) parent: Option<String>,
    /// Names or ids.
    pub(super) subscriptions: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupSetup {
    pub(super) members: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignmentSetup {
    /// A user, `policy:NAME` for its identity, or `group:NAME`.
    pub(super) who: String,
    /// Name or GUID of a role.
    pub(super) role: String,
    /// `@vault`, `@key`, `@policy`, `@group`, `@subscription`; `@vault:NAME`, `@policy:NAME`,
    /// `@subscription:NAME`; or an Azure scope.
    pub(super) scope: String,
    #[serde(default)]
    pub(super) condition: Option<String>,
    /// Age of the assignment; long ago by default.
    #[serde(default)]
    pub(super) days_ago: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DefinitionSetup {
    pub(super) id: Option<String>,
    pub(super) actions: Vec<String>,
    pub(super) not_actions: Vec<String>,
    pub(super) data_actions: Vec<String>,
    pub(super) not_data_actions: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DenialSetup {
    pub(super) name: String,
    /// Principals as in an assignment, or `everyone`.
    pub(super) who: Vec<String>,
    /// Principals that are excluded.
    #[serde(default)]
    pub(super) except: Vec<String>,
    pub(super) scope: String,
    #[serde(default)]
    pub(super) actions: Vec<String>,
    #[serde(default)]
    pub(super) not_actions: Vec<String>,
    #[serde(default)]
    pub(super) data_actions: Vec<String>,
    #[serde(default)]
    pub(super) not_data_actions: Vec<String>,
}

/// A principal in the scenario's notation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'a> {
    User(&'a str),
    /// The identity of a policy.
    Policy(&'a str),
    Group(&'a str),
}

impl<'a> Who<'a> {
    pub(super) fn named(text: &'a str) -> Self {
        match text.split_once(':') {
            Some(("policy", name)) => Self::Policy(name),
            Some(("group", name)) => Self::Group(name),
            _ => Self::User(text),
        }
    }
}

/// The subscription with this name or id.
pub(super) fn subscription<'a>(all: &'a [Subscription], named: &str) -> Option<&'a Subscription> {
    all.iter().find(|subscription| {
        subscription.name == named || subscription.id.eq_ignore_ascii_case(named)
    })
}

/// The GUID of a custom role.
pub(super) fn custom_id(name: &str, setup: &DefinitionSetup) -> String {
    let id = setup.id.as_ref().map(|id| id.to_ascii_lowercase());
    id.unwrap_or_else(|| guid(&format!("role-definition/{name}")))
}

/// The local role of a managed HSM with this name or GUID.
pub(super) fn local_role(named: &str) -> Option<&'static Definition> {
    by_name(&BUILT_IN.managed_hsm, named)
}

fn by_name(all: &'static [Definition], named: &str) -> Option<&'static Definition> {
    all.iter()
        .find(|definition| definition.name == named || definition.id.eq_ignore_ascii_case(named))
}

/// Does the tenant have the subscription and the resource group of this scope?
fn check_place(all: &[Subscription], scope: &str) -> Result<(), String> {
    let mut segments = scope.split('/').skip(1);
    let is = |word: Option<&str>, wanted: &str| {
        word.is_some_and(|segment| segment.eq_ignore_ascii_case(wanted))
    };
    if !is(segments.next(), "subscriptions") {
        return Ok(());
    }
    let id = segments.next().unwrap_or_default();
    let found = all
        .iter()
        .find(|subscription| subscription.id.eq_ignore_ascii_case(id));
    let found = found.ok_or_else(|| format!("there is no subscription `{id}`"))?;
    if !is(segments.next(), "resourceGroups") {
        return Ok(());
    }
    let name = segments.next().unwrap_or_default();
    let missing = || format!("there is no resource group `{name}`");
    found.group(name).map(|_| ()).ok_or_else(missing)
}

impl RightsSetup {
    /// Takes these parts out of a scenario.
    pub(super) fn take(whole: &mut Value) -> Result<Self, String> {
        let mut fields = Map::new();
        if let Some(whole) = whole.as_object_mut() {
            for name in PARTS {
                if let Some(part) = whole.shift_remove(name) {
                    fields.insert(name.to_owned(), part);
                }
            }
        }
        Self::deserialize(Value::Object(fields)).map_err(|error| error.to_string())
    }

    /// Checks that every named thing exists.
    pub(super) fn check(&self, setup: &Setup) -> Result<(), String> {
        self.check_management_groups(&setup.subscriptions())?;
        self.check_definitions()?;
        for who in self.groups.values().flat_map(|group| &group.members) {
            self.check_who(setup, who)?;
        }
        for role in setup.users.values().flat_map(|user| &user.azure) {
            self.check_role(role)?;
        }
        for assignment in self.assignments.iter().chain(&self.eligibilities) {
            self.check_who(setup, &assignment.who)?;
            self.check_scope(setup, &assignment.scope)?;
            self.check_assignment(setup, assignment)?;
        }
        for denial in &self.denials {
            self.check_scope(setup, &denial.scope)?;
            let named = denial.who.iter().chain(&denial.except);
            for who in named.filter(|who| *who != "everyone") {
                self.check_who(setup, who)?;
            }
        }
        Ok(())
    }

    fn check_management_groups(&self, all: &[Subscription]) -> Result<(), String> {
        for (name, group) in &self.management_groups {
            if let Some(wrong) = group
                .subscriptions
                .iter()
                .find(|named| subscription(all, named).is_none())
            {
                return Err(format!("there is no subscription `{wrong}`"));
            }
            let mut above = vec![name];
            while let Some(parent) = above
                .last()
                .and_then(|last| self.management_groups.get(*last)?.parent.as_ref())
            {
                if !self.management_groups.contains_key(parent) {
                    return Err(format!("there is no management group `{parent}`"));
                }
                if above.contains(&parent) {
                    return Err(format!("the management group `{parent}` is above itself"));
                }
                above.push(parent);
            }
        }
        Ok(())
    }

    fn check_definitions(&self) -> Result<(), String> {
        for (name, definition) in &self.role_definitions {
            if by_name(&BUILT_IN.azure, name).is_some() {
                return Err(format!("the role `{name}` is built in"));
            }
            if let Some(id) = definition
                .id
                .as_ref()
                .filter(|id| Uuid::parse_str(id).is_err())
            {
                return Err(format!("the id `{id}` of the role `{name}` is not a GUID"));
            }
        }
        Ok(())
    }

    fn check_who(&self, setup: &Setup, who: &str) -> Result<(), String> {
        let (what, found) = match Who::named(who) {
            Who::User(name) => ("user", setup.users.contains_key(name)),
            Who::Policy(name) => ("policy", setup.policies.contains_key(name)),
            Who::Group(name) => ("group", self.groups.contains_key(name)),
        };
        let name = who.rsplit(':').next().unwrap_or(who);
        found
            .then_some(())
            .ok_or_else(|| format!("there is no {what} `{name}`"))
    }

    fn check_role(&self, role: &str) -> Result<(), String> {
        let custom = self.role_definitions.iter().any(|(name, definition)| {
            name == role || custom_id(name, definition).eq_ignore_ascii_case(role)
        });
        (custom || by_name(&BUILT_IN.azure, role).is_some())
            .then_some(())
            .ok_or_else(|| format!("there is no role `{role}`"))
    }

    fn check_assignment(&self, setup: &Setup, assignment: &AssignmentSetup) -> Result<(), String> {
        let century = 100.0 * 366.0;
        if let Some(days) = assignment
            .days_ago
            .filter(|days| !(0.0..=century).contains(days))
        {
            return Err(format!(
                "{days} days are not within the range from 0 to a hundred years"
            ));
        }
        let target = setup.vaults.get(&setup.target.vault);
        let hsm = target.is_some_and(|vault| vault.hsm);
        if local_role(&assignment.role).is_none() {
            return self.check_role(&assignment.role);
        }
        if hsm && ["@vault", "@key"].contains(&assignment.scope.as_str()) {
            return Ok(());
        }
        Err(format!(
            "the local role `{}` needs the scope `@vault` or `@key` of a managed HSM",
            assignment.role
        ))
    }

    pub(super) fn check_scope(&self, setup: &Setup, scope: &str) -> Result<(), String> {
        if let Some((what, name)) = scope
            .strip_prefix('@')
            .and_then(|reference| reference.split_once(':'))
        {
            let found = match what {
                "vault" => setup.vaults.contains_key(name),
                "policy" => setup.policies.contains_key(name),
                "subscription" => subscription(&setup.subscriptions(), name).is_some(),
                _ => return Err(format!("`{scope}` is not a scope")),
            };
            let missing = || format!("there is no {what} `{name}`");
            return found.then_some(()).ok_or_else(missing);
        }
        let known = ["@vault", "@key", "@policy", "@group", "@subscription"];
        if !known.contains(&scope) && !scope.starts_with('/') {
            return Err(format!("`{scope}` is not a scope"));
        }
        let lower = scope.to_ascii_lowercase();
        let Some(name) = lower.strip_prefix(MANAGEMENT_GROUP) else {
            return check_place(&setup.subscriptions(), scope);
        };
        // The root group's name is the tenant's id.
        let mut groups = self.management_groups.keys();
        (name == guid("tenant") || groups.any(|group| group.eq_ignore_ascii_case(name)))
            .then_some(())
            .ok_or_else(|| format!("there is no management group `{name}`"))
    }
}

#[cfg(test)]
mod tests {
    use crate::Scenario;

    #[track_caller]
    fn refused(cases: &[(&str, &str)]) {
        for (text, why) in cases {
            let error = Scenario::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_name_that_does_not_exist_is_said() {
        refused(&[
            (
                r#"{"management_groups": {"a": {"parent": "b"}}}"#,
                "no management group `b`",
            ),
            (
                r#"{"management_groups": {"a": {"parent": "b"}, "b": {"parent": "a"}}}"#,
                "is above itself",
            ),
            (
                r#"{"management_groups": {"a": {"subscriptions": ["Fabrikam"]}}}"#,
                "no subscription `Fabrikam`",
            ),
            (
                r#"{"groups": {"g": {"members": ["nobody"]}}}"#,
                "no user `nobody`",
            ),
            (
                r#"{"groups": {"g": {"members": ["policy:p"]}}}"#,
                "no policy `p`",
            ),
            (
                r#"{"groups": {"g": {"members": ["group:h"]}}}"#,
                "no group `h`",
            ),
            (
                r#"{"users": {"admin": {"azure": ["Emperor"]}}}"#,
                "no role `Emperor`",
            ),
        ]);
    }

    #[test]
    fn an_assignment_names_somebody_a_role_and_a_scope() {
        refused(&[
            (
                r#"{"assignments": [{"who": "x", "role": "Reader", "scope": "/"}]}"#,
                "no user `x`",
            ),
            (
                r#"{"assignments": [{"who": "admin", "role": "Emperor", "scope": "/"}]}"#,
                "no role `Emperor`",
            ),
            (
                r#"{"assignments": [{"who": "admin", "role": "Reader", "scope": "@earth"}]}"#,
                "`@earth` is not a scope",
            ),
            (
                r#"{"assignments": [{"who": "admin", "role": "Reader",
                    "scope": "/providers/Microsoft.Management/managementGroups/x"}]}"#,
                "no management group `x`",
            ),
            (
                r#"{"assignments": [{"who": "admin", "role": "Reader", "scope": "/",
                    "days_ago": -1}]}"#,
                "hundred years",
            ),
            (
                r#"{"assignments": [{"who": "admin", "role": "Managed HSM Administrator",
                    "scope": "@vault"}]}"#,
                "of a managed HSM",
            ),
            (
                r#"{"role_definitions": {"Owner": {}}}"#,
                "`Owner` is built in",
            ),
            (
                r#"{"role_definitions": {"A": {"id": "7"}}}"#,
                "is not a GUID",
            ),
            (
                r#"{"denials": [{"name": "d", "who": ["x"], "scope": "@vault"}]}"#,
                "no user `x`",
            ),
            (
                r#"{"denials": [{"name": "d", "who": ["admin"], "scope": "here"}]}"#,
                "`here` is not a scope",
            ),
            (r#"{"assignments": [{"colour": 1}]}"#, "colour"),
        ]);
    }
}
