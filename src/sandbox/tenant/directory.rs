//! The directory of Microsoft Entra: everybody who can be assigned a role.

use super::ids::guid;
use super::principals::known_principal;
use super::world::World;

/// The domain of the tenant.
pub(in crate::sandbox) const DOMAIN: &str = "contoso.onmicrosoft.com";

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Kind {
    User,
    Group,
    ServicePrincipal,
}

impl Kind {
    pub(in crate::sandbox) fn plural(self) -> &'static str {
        match self {
            Kind::User => "users",
            Kind::Group => "groups",
            Kind::ServicePrincipal => "servicePrincipals",
        }
    }

    pub(in crate::sandbox) fn singular(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Group => "group",
            Kind::ServicePrincipal => "servicePrincipal",
        }
    }
}

/// Somebody; what its kind does not have is empty.
#[derive(Debug)]
pub(in crate::sandbox) struct Principal {
    pub(in crate::sandbox) kind: Kind,
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) upn: String,
    pub(in crate::sandbox) app_id: String,
    /// ARM id of what it is the identity of.
    pub(in crate::sandbox) resource: String,
}

/// All of them. Who can sign in to a sandbox is a person and an application in one. The identity of
/// a policy is there some time after the policy.
pub(in crate::sandbox) fn directory(world: &World) -> Vec<Principal> {
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
    let policies = world.policies.values().filter(|own| !own.no_identity);
    let policies = policies.map(|own| Principal {
        kind: Kind::ServicePrincipal,
        id: own.principal(),
        name: own.name.clone(),
        upn: none(),
        app_id: guid(&format!("application/{}", own.id.to_ascii_lowercase())),
        resource: own.id.clone(),
    });
    let identities = policies.filter(|own| known_principal(world, &own.id));
    people
        .chain(groups)
        .chain(applications)
        .chain(identities)
        .collect()
}
