//! Deviations from the specifications that are correct, each with the reason.

use super::draft4::Side;
use super::schema::Misfit;

struct Exception {
    /// The end of the host.
    host: &'static str,
    /// A part of the path in the specification.
    path: &'static str,
    side: Side,
    /// The first api-version with this deviation; empty for every version.
    since: &'static str,
    /// The end of the place in the body.
    place: &'static str,
    what: &'static [&'static str],
    /// Why the deviation is correct.
    #[expect(dead_code, reason = "for whoever reads the table")]
    why: &'static str,
}

const ARM: &str = "management.azure.com";

const EXCEPTIONS: [Exception; 13] = [
    Exception {
        host: ARM,
        path: "/enterprisePolicies",
        side: Side::Answer,
        since: "",
        place: "/identity",
        what: &["no schema names `principalId`"],
        why: "the service sends it; the description calls it systemAssignedIdentityPrincipalId",
    },
    Exception {
        host: ".azure.net",
        path: "/",
        side: Side::Answer,
        since: "",
        place: "/nextLink",
        what: &["is null"],
        why: "a real list of Key Vault that somebody has recorded ends so",
    },
    Exception {
        host: ARM,
        path: "/enterprisePolicies/{enterprisePolicyName}",
        side: Side::Answer,
        since: "",
        place: "",
        what: &["has no entry: 202"],
        why: "the provider may take its time, as others do; only where a scenario says so (I)",
    },
    Exception {
        host: ARM,
        path: "/roleAssignments",
        side: Side::Answer,
        since: "",
        place: "/properties/condition",
        what: &["is null"],
        why: NULLS,
    },
    Exception {
        host: ARM,
        path: "/roleAssignments",
        side: Side::Answer,
        since: "",
        place: "/properties/conditionVersion",
        what: &["is null"],
        why: NULLS,
    },
    Exception {
        host: ARM,
        path: "/roleAssignments",
        side: Side::Answer,
        since: "",
        place: "/properties/description",
        what: &["is null"],
        why: NULLS,
    },
    Exception {
        host: ARM,
        path: "/roleAssignments",
        side: Side::Answer,
        since: "",
        place: "/properties/delegatedManagedIdentityResourceId",
        what: &["is null"],
        why: NULLS,
    },
    Exception {
        host: ARM,
        path: "/roleAssignments/{roleAssignmentName}",
        side: Side::Request,
        since: "",
        place: "/properties/condition",
        what: &["is null"],
        why: "`az role assignment update` sends what it has read, and that holds `null`",
    },
    Exception {
        host: ARM,
        path: "/permissions",
        side: Side::Answer,
        since: "",
        place: "/value/*",
        what: CONDITION,
        why: "described from 2022-05-01-preview on; left out, a right would look unconditional",
    },
    Exception {
        host: ARM,
        path: "/roleDefinitions",
        side: Side::Answer,
        since: "",
        place: "/properties/permissions/*",
        what: CONDITION,
        why: "described from 2022-05-01-preview on; left out, a right would look unconditional",
    },
    Exception {
        host: ARM,
        path: "/deployments/{deploymentName}/validate",
        side: Side::Answer,
        since: "2024-07-01",
        place: "",
        what: &[
            "no schema names `id`",
            "no schema names `name`",
            "no schema names `type`",
        ],
        why: "described from 2024-07-01 on: DeploymentValidateResult of azure-mgmt-resource",
    },
    Exception {
        host: ARM,
        path: "/deployments/{deploymentName}/validate",
        side: Side::Request,
        since: "",
        place: "",
        what: &["is no JSON"],
        why: "the Azure CLI sends a template as it is written, with comments and all",
    },
    Exception {
        host: "",
        path: "/",
        side: Side::Request,
        since: "",
        place: "",
        what: &["no parameter is called `$skiptoken`"],
        why: "a next link is the service's own, and is followed as it is",
    },
];
const NULLS: &str = "Microsoft's article on assigning roles by REST shows `null` for what there is \
    none of, and so do printed answers of az";
const CONDITION: &[&str] = &[
    "no schema names `condition`",
    "no schema names `conditionVersion`",
];

pub(super) fn excuses(
    (host, path, version): (&str, &str, &str),
    side: Side,
    misfit: &Misfit,
) -> bool {
    EXCEPTIONS.iter().any(|row| {
        host.ends_with(row.host)
            && version >= row.since
            && path.contains(row.path)
            && side == row.side
            && misfit.place.ends_with(row.place)
            && (row.place.is_empty() <= misfit.place.is_empty())
            && row.what.contains(&misfit.what.as_str())
    })
}
