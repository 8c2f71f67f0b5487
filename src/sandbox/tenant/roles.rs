//! Azure RBAC: whether a principal may perform an action at a scope. It depends on role assignments
//! (also of groups), role definitions and deny assignments.

use super::conditions::permits;
use super::parts::Role;
use super::principals::identities;
use super::rights::{Denial, EVERYONE};
use super::scopes::{applies, covers, is_above_subscriptions};
use super::world::World;

/// The actions that an identity needs to encrypt with a key.
const KEY_USE: [&str; 3] = [
    "Microsoft.KeyVault/vaults/keys/read",
    "Microsoft.KeyVault/vaults/keys/wrap/action",
    "Microsoft.KeyVault/vaults/keys/unwrap/action",
];

/// A check of a right.
struct Asked<'a> {
    principal: &'a str,
    action: &'a str,
    scope: &'a str,
    /// Is it a data action?
    data: bool,
    /// GUID of the role that is assigned or removed.
    role: Option<&'a str>,
    /// Count only assignments that are already effective?
    settled: bool,
}

/// May this principal perform `action` at `scope`? `data` selects the data plane.
pub(crate) fn allowed(
    world: &World,
    principal: &str,
    action: &str,
    scope: &str,
    data: bool,
) -> bool {
    let asked = Asked {
        principal,
        action,
        scope,
        data,
        role: None,
        settled: false,
    };
    judge(world, &asked)
}

/// May this principal assign or remove the role with this GUID? `action` is the write or delete
/// action of role assignments.
pub(crate) fn assigns(
    world: &World,
    principal: &str,
    action: &str,
    scope: &str,
    role: &str,
) -> bool {
    let asked = Asked {
        principal,
        action,
        scope,
        data: false,
        role: Some(role),
        settled: false,
    };
    judge(world, &asked)
}

/// Do this principal's roles allow it to read, wrap and unwrap with the key with this ARM id, and
/// are they already effective?
pub(crate) fn wraps(world: &World, principal: &str, key: &str) -> bool {
    let may = |action: &&str| {
        let asked = Asked {
            principal,
            action,
            scope: key,
            data: true,
            role: None,
            settled: true,
        };
        judge(world, &asked)
    };
    KEY_USE.iter().all(may)
}

/// Does this principal see the subscription? It needs a role at it, above it or below it.
pub(crate) fn sees_subscription(world: &World, principal: &str, subscription: &str) -> bool {
    let scope = format!("/subscriptions/{subscription}");
    let who = identities(world, principal);
    world.roles.iter().any(|role| {
        who.contains(&role.principal)
            && (applies(world, &role.scope, &scope) || covers(&scope, &role.scope))
    })
}

/// The assignments of a principal and its groups that apply at a scope.
pub(crate) fn applying_roles<'a>(
    world: &'a World,
    principal: &str,
    scope: &'a str,
) -> impl Iterator<Item = &'a Role> {
    let who = identities(world, principal);
    world
        .roles
        .iter()
        .filter(move |role| who.contains(&role.principal) && applies(world, &role.scope, scope))
}

fn judge(world: &World, asked: &Asked<'_>) -> bool {
    let gives = |role: &Role| {
        let definition = world.rights.definition(&role.role);
        definition.is_some_and(|definition| {
            definition.permission.names(asked.action, asked.data)
                && fulfilled(definition.condition.as_deref(), asked)
                && fulfilled(role.more.condition.as_deref(), asked)
        })
    };
    applying_roles(world, asked.principal, asked.scope)
        .filter(|role| !asked.settled || effective(world, role))
        .any(gives)
        && !denied(world, asked)
}

/// Simplified: a condition is never fulfilled on the data plane, where Key Vault has no attributes
/// (inferred).
fn fulfilled(condition: Option<&str>, asked: &Asked<'_>) -> bool {
    condition.is_none_or(|condition| !asked.data && permits(condition, asked.action, asked.role))
}

/// A deny assignment overrides every role.
fn denied(world: &World, asked: &Asked<'_>) -> bool {
    let who = identities(world, asked.principal);
    let any = |list: &[String]| list.iter().any(|id| who.contains(id));
    let meant = |denial: &Denial| {
        let everyone = denial.principals.iter().any(|id| id == EVERYONE);
        (everyone || any(&denial.principals)) && !any(&denial.excluded)
    };
    world.rights.denials.iter().any(|denial| {
        denial.permission.names(asked.action, asked.data)
            && applies(world, &denial.scope, asked.scope)
            && meant(denial)
    })
}

/// Is the role already effective? From a management group it may take hours, according to
/// Microsoft's troubleshooting of Azure RBAC. The same holds for `/` (inferred).
pub(crate) fn effective(world: &World, role: &Role) -> bool {
    let settings = &world.settings;
    let usual = settings.role_seconds;
    let seconds = if is_above_subscriptions(&role.scope) {
        settings.inherited_role_seconds.unwrap_or(usual)
    } else {
        usual
    };
    world.clock.since(role.since) >= seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;
    use crate::tenant::subscriptions::Place;
    use serde_json::{Value, json};

    /// A tenant with these rights, and a policy without a grant.
    fn tenant(mut rights: Value) -> World {
        rights["policies"] = json!({ "p": { "vault": "kv-contoso-cmk", "key": "cmk-contoso",
            "location": "europe" } });
        Scenario::parse(&rights.to_string()).unwrap().world(1.0)
    }

    fn user(world: &World, name: &str) -> String {
        world.users[name].object_id.clone()
    }

    fn wraps_here(world: &World) -> bool {
        let policy = world.policies.values().next().unwrap();
        let key = format!("{}/keys/{}", policy.vault_id, policy.key);
        wraps(world, &policy.principal(), &key)
    }

    /// A single assignment of a role at a scope to the policy `p`.
    fn assigned(role: &str, scope: &str) -> Value {
        json!({ "assignments": [{ "who": "policy:p", "role": role, "scope": scope }] })
    }

    #[test]
    fn a_key_is_used_by_whatever_gives_the_three_data_actions() {
        let by = |data: &[&str], but: &[&str]| {
            let mut rights = assigned("Custom", "@subscription");
            rights["role_definitions"] =
                json!({ "Custom": { "data_actions": data, "not_data_actions": but } });
            rights
        };
        let keys = "Microsoft.KeyVault/vaults/keys/";
        let every = ["read", "wrap/action", "unwrap/action"].map(|end| format!("{keys}{end}"));
        let every: Vec<&str> = every.iter().map(String::as_str).collect();
        for (rights, expected) in [
            (json!({}), false),
            (
                assigned("Key Vault Crypto Service Encryption User", "@vault"),
                true,
            ),
            (
                assigned("Key Vault Crypto Service Encryption User", "@key"),
                true,
            ),
            (
                assigned("E147488A-F6F5-4113-8E2D-B22465E65BF6", "@group"),
                true,
            ),
            (assigned("Key Vault Crypto User", "@subscription"), true),
            (assigned("Key Vault Crypto Officer", "/"), true),
            (assigned("Key Vault Administrator", "@vault"), true),
            // Other resources, or roles without the data actions.
            (assigned("Key Vault Crypto User", "@policy"), false),
            (assigned("Key Vault Reader", "@vault"), false),
            (assigned("Key Vault Contributor", "@vault"), false),
            (assigned("Owner", "/"), false),
            (by(&every, &[]), true),
            (by(&["*"], &[]), true),
            (by(&["*/keys/*"], &["*/UNWRAP/*"]), false),
            (by(&every[..2], &[]), false),
        ] {
            assert_eq!(wraps_here(&tenant(rights.clone())), expected, "{rights}");
        }
    }

    #[test]
    fn two_roles_add_up_and_a_condition_gives_nothing() {
        let keys = "Microsoft.KeyVault/vaults/keys/";
        let mut rights = json!({
            "role_definitions": {
                "Reads and wraps":
                    { "data_actions": [format!("{keys}read"), format!("{keys}wrap/*")] },
                "Unwraps": { "data_actions": [format!("{keys}unwrap/action")] },
            },
            "assignments": [
                { "who": "policy:p", "role": "Reads and wraps", "scope": "@vault" },
                { "who": "policy:p", "role": "Unwraps", "scope": "@key" },
            ],
        });
        assert!(wraps_here(&tenant(rights.clone())));
        rights["assignments"][1]["condition"] = json!("@Resource[x] StringEquals 'y'");
        assert!(!wraps_here(&tenant(rights)));
    }

    #[test]
    fn groups_pass_their_roles_on_to_members_of_members() {
        let rights = |members: Value| {
            json!({
                "groups": {
                    "outer": { "members": ["group:inner"] },
                    // Two groups that are members of each other.
                    "inner": { "members": members },
                },
                "assignments": [
                    { "who": "group:outer", "role": "Key Vault Crypto User", "scope": "@vault" },
                ],
            })
        };
        assert!(wraps_here(&tenant(rights(json!([
            "policy:p",
            "group:outer"
        ])))));
        assert!(!wraps_here(&tenant(rights(json!([
            "observer",
            "group:outer"
        ])))));
    }

    #[test]
    fn a_management_group_covers_the_subscriptions_below_it() {
        let at = |scope: String, subscriptions: Value| {
            let mut rights = assigned("Key Vault Crypto User", &scope);
            rights["management_groups"] = json!({
                "mg-top": {},
                "mg-data": { "parent": "mg-top", "subscriptions": subscriptions },
                "mg-other": { "parent": "mg-top" },
            });
            wraps_here(&tenant(rights))
        };
        let id = |name: &str| format!("/providers/Microsoft.Management/managementGroups/{name}");
        let root = crate::tenant::ids::guid("tenant");
        for (name, below, beside) in [
            ("mg-data", true, false),
            ("MG-Data", true, false),
            ("mg-top", true, false),
            ("mg-other", false, false),
            (root.as_str(), true, true),
        ] {
            assert_eq!(at(id(name), json!(["Contoso"])), below, "{name}");
            assert_eq!(
                at(id(name), json!([])),
                beside,
                "{name}, subscription elsewhere"
            );
        }
    }

    #[test]
    fn what_is_inherited_takes_its_own_time() {
        let management = "/providers/Microsoft.Management/managementGroups/mg";
        for (scope, days, inherited, expected) in [
            ("@vault", 0.0, None, false),
            ("@vault", 1.0, Some(1e6), true),
            (management, 1.0, None, true),
            (management, 1.0, Some(1e6), false),
            (management, 30.0, Some(1e6), true),
            ("/", 1.0, Some(1e6), false),
        ] {
            let mut rights = assigned("Key Vault Crypto User", scope);
            rights["assignments"][0]["days_ago"] = json!(days);
            rights["management_groups"] = json!({ "mg": { "subscriptions": ["Contoso"] } });
            rights["settings"] = json!({ "inherited_role_seconds": inherited });
            assert_eq!(
                wraps_here(&tenant(rights)),
                expected,
                "{scope} {days} {inherited:?}"
            );
        }
    }

    #[test]
    fn a_denial_wins_over_every_role() {
        let with = |denial: Value| {
            let mut rights = assigned("Key Vault Administrator", "@vault");
            rights["groups"] = json!({ "g": { "members": ["policy:p"] } });
            rights["denials"] = json!([denial]);
            wraps_here(&tenant(rights))
        };
        let unwrap = "Microsoft.KeyVault/vaults/keys/unwrap/action";
        let by = |who: &str, scope: &str, actions: &[&str]| {
            json!({
                "name": "d", "who": [who], "scope": scope, "data_actions": actions,
            })
        };
        assert!(!with(by("policy:p", "@vault", &[unwrap])));
        assert!(!with(by("group:g", "@subscription", &["*"])));
        assert!(!with(by("everyone", "/", &["*"])));
        // Another principal, another scope, other actions.
        assert!(with(by("observer", "@vault", &["*"])));
        assert!(with(by("policy:p", "@policy", &["*"])));
        assert!(with(by("policy:p", "@vault", &["*/secrets/*"])));
        assert!(with(
            json!({ "name": "d", "who": ["policy:p"], "scope": "@vault",
            "actions": ["*"] })
        ));
        let mut excepted = by("everyone", "@vault", &["*"]);
        excepted["except"] = json!(["group:g"]);
        assert!(with(excepted));
        let mut spared = by("policy:p", "@vault", &["*"]);
        spared["not_data_actions"] = json!(["*/keys/*"]);
        assert!(with(spared));
    }

    #[test]
    fn actions_are_denied_as_data_actions_are() {
        let write = "Microsoft.KeyVault/vaults/write";
        let world = tenant(
            json!({ "denials": [{ "name": "d", "who": ["admin"], "scope": "@vault",
            "actions": ["*/write"], "not_actions": ["*/keys/write"] }] }),
        );
        let vault = world.vault_id("kv-contoso-cmk");
        let may = |name: &str, action: &str, scope: &str| {
            allowed(&world, &user(&world, name), action, scope, false)
        };
        assert!(!may("admin", write, &vault) && may("key-vault-admin", write, &vault));
        assert!(may("admin", "Microsoft.KeyVault/vaults/read", &vault));
        assert!(may("admin", "Microsoft.KeyVault/vaults/keys/write", &vault));
        assert!(may("admin", write, &world.group_id(&Place::default())));
    }

    #[test]
    fn who_may_assign_which_role_may_depend_on_the_role() {
        let write = "Microsoft.Authorization/roleAssignments/write";
        let world = tenant(json!({ "assignments": [
            { "who": "observer", "role": "Key Vault Data Access Administrator", "scope": "@vault" },
        ] }));
        let vault = world.vault_id("kv-contoso-cmk");
        let may = |name: &str, scope: &str, role: &str| {
            let id = world
                .rights
                .definitions()
                .find(|definition| definition.name == role);
            assigns(&world, &user(&world, name), write, scope, &id.unwrap().id)
        };
        for (role, expected) in [
            ("Key Vault Crypto Service Encryption User", true),
            ("Key Vault Crypto Officer", true),
            ("Key Vault Secrets User", true),
            ("Key Vault Data Access Administrator", false),
            ("Key Vault Contributor", false),
            ("Key Vault Certificate User", false),
            ("Reader", false),
            ("Owner", false),
        ] {
            assert_eq!(may("observer", &vault, role), expected, "{role}");
            assert!(may("admin", &vault, role), "{role}");
        }
        assert!(!may(
            "observer",
            &world.group_id(&Place::default()),
            "Key Vault Crypto User"
        ));
        assert!(may(
            "observer",
            &format!("{vault}/keys/k"),
            "Key Vault Crypto User"
        ));
    }

    #[test]
    fn a_subscription_is_seen_from_above_it_and_from_below_it() {
        let sees = |assignments: Value| {
            let world = tenant(json!({ "assignments": assignments,
                "subscriptions": [{ "name": "Contoso" }, { "name": "Other" }],
                "groups": { "g": { "members": ["observer"] } },
                "management_groups": { "mg": { "subscriptions": ["Contoso"] }, "other": {} } }));
            sees_subscription(
                &world,
                &user(&world, "observer"),
                &world.subscriptions[0].id,
            )
        };
        let at = |who: &str, scope: &str| {
            sees(json!([{ "who": who, "role": "Reader", "scope": scope }]))
        };
        let management = "/providers/Microsoft.Management/managementGroups/";
        assert!(!sees(json!([])));
        for scope in ["@key", "@vault", "@policy", "@group", "@subscription", "/"] {
            assert!(at("observer", scope) && at("group:g", scope), "{scope}");
        }
        assert!(at("observer", &format!("{management}mg")));
        assert!(!at("observer", &format!("{management}other")));
        assert!(!at("observer", "@subscription:Other"));
        assert!(!at("admin", "@subscription"));
    }
}
