//! Host management.azure.com, provider `Microsoft.Authorization`: assignments of Azure Policy and
//! their exemptions. Imitated after the public REST reference. The only definition is the built-in
//! *Allowed locations*.

use super::errors::{malformed, no_method, refusal};
use super::listing::listed;
use super::odata;
use super::scope::{exists, missing_at};
use crate::message::{Reply, Request};
use crate::tenant::governance::{ALLOWED_LOCATIONS, Governing, LIST};
use crate::tenant::parts::User;
use crate::tenant::scopes::applies;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// The two resource types of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Assignment,
    Exemption,
}

impl Kind {
    fn plural(self) -> &'static str {
        match self {
            Kind::Assignment => "policyAssignments",
            Kind::Exemption => "policyExemptions",
        }
    }

    fn missing(self, name: &str) -> Reply {
        let (code, what) = match self {
            Kind::Assignment => ("PolicyAssignmentNotFound", "assignment"),
            Kind::Exemption => ("PolicyExemptionNotFound", "exemption"),
        };
        let text = format!("The policy {what} '{name}' is not found.");
        Reply::error(404, code, text)
    }

    fn all(self, world: &mut World) -> &mut Vec<Governing> {
        match self {
            Kind::Assignment => &mut world.governance.assignments,
            Kind::Exemption => &mut world.governance.exemptions,
        }
    }
}

/// `{scope}/providers/Microsoft.Authorization/policy…`
pub(super) fn respond(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &str,
    rest: &[&str],
) -> Reply {
    let (kind, name) = match rest {
        ["policydefinitions", rest @ ..] => {
            return definitions(world, (request, user), scope, rest);
        }
        ["policyassignments"] => (Kind::Assignment, None),
        ["policyassignments", name] => (Kind::Assignment, Some(*name)),
        ["policyexemptions"] => (Kind::Exemption, None),
        ["policyexemptions", name] => (Kind::Exemption, Some(*name)),
        _ => return no_method(),
    };
    let verb = match request.method.as_str() {
        "PUT" => "write",
        "DELETE" => "delete",
        _ => "read",
    };
    let action = format!("Microsoft.Authorization/{}/{verb}", kind.plural());
    if let Some(refused) = refusal(world, user, &action, scope) {
        return refused;
    }
    let Some(name) = name else {
        return match request.method.as_str() {
            "GET" => list(world, request, scope, kind),
            _ => no_method(),
        };
    };
    let at = kind.all(world).iter().position(|governing| {
        governing.name.eq_ignore_ascii_case(name) && governing.scope.eq_ignore_ascii_case(scope)
    });
    match (request.method.as_str(), at) {
        ("GET", Some(at)) => Reply::json(200, &body(&kind.all(world)[at], kind)),
        ("GET", None) => kind.missing(name),
        ("PUT", at) => put(world, (request, user), (scope, kind), at),
        ("DELETE", None) => Reply::empty(204),
        ("DELETE", Some(at)) => {
            let gone = kind.all(world).remove(at);
            world.effect("governance-changed", &gone.name);
            match kind {
                Kind::Assignment => Reply::json(200, &body(&gone, kind)),
                Kind::Exemption => Reply::empty(200),
            }
        }
        _ => no_method(),
    }
}

fn put(
    world: &mut World,
    (request, user): (&Request, &User),
    (scope, kind): (&str, Kind),
    at: Option<usize>,
) -> Reply {
    let wanted = request.json();
    let properties = &wanted["properties"];
    if !exists(world, scope) {
        return missing_at(scope);
    }
    let name = request.path.last().cloned().unwrap_or_default();
    let refused = common(properties).or_else(|| match kind {
        Kind::Assignment => bad_assignment(properties, &name),
        Kind::Exemption => bad_exemption(world, user, properties, scope),
    });
    if let Some(refused) = refused {
        return refused;
    }
    let before = at.and_then(|at| kind.all(world).get(at)).cloned();
    let written = Governing {
        name,
        scope: scope.to_owned(),
        properties: properties.clone(),
        since: before.map_or_else(|| world.clock.now(), |before| before.since),
        by: user.object_id.clone(),
    };
    let shown = body(&written, kind);
    world.effect("governance-changed", &written.name);
    if let Some(stored) = at.and_then(|at| kind.all(world).get_mut(at)) {
        *stored = written;
        // An assignment answers 201 for every write (specification).
        let status = if kind == Kind::Assignment { 201 } else { 200 };
        return Reply::json(status, &shown);
    }
    kind.all(world).push(written);
    Reply::json(201, &shown)
}

/// Checks the fields that both types have.
fn common(properties: &Value) -> Option<Reply> {
    let texts = [
        "displayName",
        "description",
        "expiresOn",
        "policyDefinitionId",
    ];
    let odd = texts
        .iter()
        .find(|field| !properties[**field].is_string() && !properties[**field].is_null());
    odd.map(|field| malformed(&format!("properties.{field}"), &properties[*field]))
}

fn bad_assignment(properties: &Value, name: &str) -> Option<Reply> {
    let definition = properties["policyDefinitionId"]
        .as_str()
        .unwrap_or_default();
    let last = definition.rsplit('/').next().unwrap_or_default();
    if definition.is_empty() {
        return Some(malformed("properties.policyDefinitionId", &Value::Null));
    }
    if !last.eq_ignore_ascii_case(ALLOWED_LOCATIONS) {
        return Some(no_definition(last));
    }
    let mode = properties["enforcementMode"].as_str().unwrap_or("Default");
    if !["Default", "DoNotEnforce"].contains(&mode) {
        return Some(malformed("properties.enforcementMode", &json!(mode)));
    }
    let list = &properties["parameters"][LIST]["value"];
    let given = list
        .as_array()
        .is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string));
    (!given).then(|| {
        let text = format!(
            "The policy assignment '{name}' is missing the parameter(s) '{LIST}' as defined in \
            the policy definition '{ALLOWED_LOCATIONS}'."
        );
        Reply::error(400, "MissingPolicyParameter", text)
    })
}

fn bad_exemption(world: &World, user: &User, properties: &Value, scope: &str) -> Option<Reply> {
    let category = properties["exemptionCategory"].as_str().unwrap_or_default();
    if !["Waiver", "Mitigated"].contains(&category) {
        let value = &properties["exemptionCategory"];
        return Some(malformed("properties.exemptionCategory", value));
    }
    let end = properties["expiresOn"].as_str();
    if end.is_some_and(|end| end.parse::<jiff::Timestamp>().is_err()) {
        return Some(malformed("properties.expiresOn", &properties["expiresOn"]));
    }
    let named = properties["policyAssignmentId"]
        .as_str()
        .unwrap_or_default();
    let mut all = world.governance.assignments.iter();
    let Some(assignment) =
        all.find(|assignment| assignment.assignment_id().eq_ignore_ascii_case(named))
    else {
        return Some(Kind::Assignment.missing(named));
    };
    if !applies(world, &assignment.scope, scope) {
        let text = format!(
            "The policy assignment '{named}' does not apply at the scope '{scope}' (inferred)."
        );
        return Some(Reply::error(400, "InvalidPolicyExemptionScope", text));
    }
    let action = "Microsoft.Authorization/policyAssignments/exempt/action";
    refusal(world, user, action, &assignment.scope)
}

fn body(governing: &Governing, kind: Kind) -> Value {
    let mut properties = governing.properties.clone();
    if kind == Kind::Assignment {
        properties["scope"] = json!(governing.scope);
        for (field, value) in [
            ("enforcementMode", json!("Default")),
            ("notScopes", json!([])),
        ] {
            if properties[field].is_null() {
                properties[field] = value;
            }
        }
        properties["metadata"]["createdBy"] = json!(governing.by);
        properties["metadata"]["createdOn"] = json!(governing.since.to_string());
    }
    json!({
        "id": format!(
            "{}/providers/Microsoft.Authorization/{}/{}",
            governing.scope.trim_end_matches('/'),
            kind.plural(),
            governing.name
        ),
        "name": governing.name,
        "type": format!("Microsoft.Authorization/{}", kind.plural()),
        "properties": properties,
    })
}

/// Lists at, above and below the scope. `atScope()` omits those below, and `atExactScope()` also
/// those above.
fn list(world: &mut World, request: &Request, scope: &str, kind: Kind) -> Reply {
    let filter = request.query("$filter").trim().to_owned();
    let lower = filter.to_ascii_lowercase();
    let field = match kind {
        Kind::Assignment => "policyDefinitionId",
        Kind::Exemption => "policyAssignmentId",
    };
    let equal = odata::equal(&filter, field);
    let (exact, at_scope) = (lower == "atexactscope()", lower == "atscope()");
    if !(lower.is_empty() || exact || at_scope || equal.is_some()) {
        let text = format!("The filter '{filter}' is not supported.");
        return Reply::error(400, "UnsupportedFilter", text);
    }
    let all = kind.all(world).clone();
    let applies_here = |governing: &&Governing| {
        let touching = if exact {
            governing.scope.eq_ignore_ascii_case(scope)
        } else {
            applies(world, &governing.scope, scope)
                || (!at_scope && applies(world, scope, &governing.scope))
        };
        let named = governing.properties[field].as_str().unwrap_or_default();
        touching && equal.is_none_or(|equal| named.eq_ignore_ascii_case(equal))
    };
    let shown = all
        .iter()
        .filter(applies_here)
        .map(|governing| body(governing, kind))
        .collect();
    listed(world, request, &["$filter", "$top", "$expand"], shown)
}

/// Answers for the only definition. Reading it requires the right at the scope, but every caller
/// may read the tenant's definitions.
fn definitions(
    world: &World,
    (request, user): (&Request, &User),
    scope: &str,
    rest: &[&str],
) -> Reply {
    if request.method != "GET" {
        return no_method();
    }
    let action = "Microsoft.Authorization/policyDefinitions/read";
    if scope != "/"
        && let Some(refused) = refusal(world, user, action, scope)
    {
        return refused;
    }
    match rest {
        [] => listed(world, request, &["$filter", "$top"], vec![definition()]),
        // Built-in definitions belong to the tenant.
        [name] if name.eq_ignore_ascii_case(ALLOWED_LOCATIONS) && scope == "/" => {
            Reply::json(200, &definition())
        }
        [name, ..] => no_definition(name),
    }
}

fn no_definition(name: &str) -> Reply {
    let text = format!("The policy definition '{name}' could not be found.");
    Reply::error(404, "PolicyDefinitionNotFound", text)
}

fn definition() -> Value {
    json!({
        "id": format!("/providers/Microsoft.Authorization/policyDefinitions/{ALLOWED_LOCATIONS}"),
        "name": ALLOWED_LOCATIONS,
        "type": "Microsoft.Authorization/policyDefinitions",
        "properties": {
            "displayName": "Allowed locations",
            "policyType": "BuiltIn",
            "mode": "Indexed",
            "version": "1.0.0",
            "metadata": { "category": "General", "version": "1.0.0" },
            "parameters": {
                LIST: {
                    "type": "Array",
                    "metadata": { "displayName": "Allowed locations", "strongType": "location" },
                },
            },
            "policyRule": {
                "if": {
                    "allOf": [
                        { "field": "location", "notIn": format!("[parameters('{LIST}')]") },
                        { "field": "location", "notEquals": "global" },
                    ],
                },
                "then": { "effect": "deny" },
            },
        },
    })
}
