//! The directory of Microsoft Entra: every principal that can have a role.

use super::ids::guid;
use super::principals::known_principal;
use super::world::World;

/// The domain of the tenant.
pub(crate) const DOMAIN: &str = "contoso.onmicrosoft.com";

/// The type of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Group,
    ServicePrincipal,
}

impl Kind {
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Kind::User => "users",
            Kind::Group => "groups",
            Kind::ServicePrincipal => "servicePrincipals",
        }
    }

    pub(crate) fn singular(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Group => "group",
            Kind::ServicePrincipal => "servicePrincipal",
        }
    }
}

/// A principal. Fields that its type lacks are empty.
#[derive(Debug)]
pub(crate) struct Principal {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) upn: String,
    pub(crate) app_id: String,
    /// ARM id of the resource, for the identity of a resource.
    pub(crate) resource: String,
}

/// All principals. A sandbox user is both a user and an application. The identity of a policy
/// appears some time after the policy.
pub(crate) fn directory(world: &World) -> Vec<Principal> {
    let none = String::new;
    let people = world.users.iter().map(|(name, user)| Principal {
        kind: Kind::User,
        id: user.object_id.clone(),
        name: name.clone(),
        upn: format!("{name}@{DOMAIN}"),
        app_id: none(),
        resource: none(),
    });
    let groups = world.rights.groups.iter().map(|group| Principal {
        kind: Kind::Group,
        id: group.object_id.clone(),
        name: group.name.clone(),
        upn: none(),
        app_id: none(),
        resource: none(),
    });
    let applications = world.users.iter().map(|(name, user)| Principal {
        kind: Kind::ServicePrincipal,
        id: user.object_id.clone(),
        name: name.clone(),
        upn: none(),
        app_id: user.client_id.clone(),
        resource: none(),
    });
    let policies = world.policies.values().filter(|policy| !policy.no_identity);
    let policies = policies.map(|policy| Principal {
        kind: Kind::ServicePrincipal,
        id: policy.principal(),
        name: policy.name.clone(),
        upn: none(),
        app_id: guid(&format!("application/{}", policy.id.to_ascii_lowercase())),
        resource: policy.id.clone(),
    });
    let identities = policies.filter(|identity| known_principal(world, &identity.id));
    people
        .chain(groups)
        .chain(applications)
        .chain(identities)
        .collect()
}
