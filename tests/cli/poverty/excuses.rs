//! Mutations with another correct result, because the service could give the same answer. A fact
//! that is read at two places is not excused at one of them.

use super::mutations::Mutation;

/// Missing, or as if missing.
const GONE: &[&str] = &["drop", "null", "rename"];

/// A place whose mutation gives another valid answer.
struct Valid {
    hows: &'static [&'static str],
    /// The end of the JSON pointer.
    at: &'static str,
    /// The documentation of that answer.
    source: &'static str,
}

const VALID: [Valid; 7] = [
    Valid {
        hows: GONE,
        at: "/nextLink",
        source: "Microsoft REST API guidelines: a page without a next link is the last one",
    },
    Valid {
        hows: GONE,
        at: "/attributes/exp",
        source: "Key Vault REST, key attributes: a key without `exp` never expires",
    },
    Valid {
        hows: GONE,
        at: "/attributes/nbf",
        source: "Key Vault REST, key attributes: without `nbf` it is valid from the beginning",
    },
    Valid {
        hows: GONE,
        at: "/properties/publicNetworkAccess",
        source: "specification of Microsoft.KeyVault: enabled where nothing is said",
    },
    Valid {
        hows: GONE,
        at: "/properties/enableRbacAuthorization",
        source: "specification of Microsoft.KeyVault: without it a vault goes by access policies",
    },
    Valid {
        hows: GONE,
        at: "/properties/networkAcls",
        source: "specification of Microsoft.KeyVault: without rules everybody may connect",
    },
    Valid {
        hows: GONE,
        at: "/properties/networkAcls/bypass",
        source: "specification of Microsoft.KeyVault: `AzureServices` where nothing is said",
    },
];

/// A further exception: a place and the reason.
struct Exception {
    runs: &'static [&'static str],
    how: &'static str,
    /// A part of the request's path.
    path: &'static str,
    at: &'static str,
    why: &'static str,
}

const EXCEPTIONS: [Exception; 5] = [
    Exception {
        runs: &[],
        how: "word",
        path: "/enterprisePolicies/",
        at: "/properties/encryption/keyVault/key/name",
        why: "the word is the name of another key, and nothing else says which key the policy has",
    },
    Exception {
        runs: &["apply", "closed window"],
        how: "404",
        path: "/enterprisePolicies/ep-contoso-cmk",
        at: "",
        why: "the file wants a policy that is not there, as the answer says, and creates it",
    },
    Exception {
        runs: &[],
        how: "drop",
        path: "/scopes/admin/environments",
        at: "/value/2",
        why: "the list without this environment is another valid list: no other answer names it",
    },
    Exception {
        runs: &[],
        how: "empty-list",
        path: "/scopes/admin/environments",
        at: "/value",
        why: "a page may be empty (Microsoft REST API guidelines), and no other answer names what \
            it held",
    },
    Exception {
        runs: &[
            "no grant",
            "closed firewall",
            "closed to the public",
            "disabled key",
        ],
        how: "403",
        path: "/vaults/kv-contoso-cmk",
        at: "",
        why: "the vault is the other administrator's to know: the plan lists what is hidden",
    },
];

/// Is another result of this run correct under this mutation?
pub(super) fn excuses(run: &str, mutation: &Mutation) -> bool {
    let Mutation { route, how, at, .. } = mutation;
    let valid = |one: &Valid| one.hows.contains(how) && at.ends_with(one.at);
    let exception = |one: &Exception| {
        (one.runs.is_empty() || one.runs.contains(&run))
            && one.how == *how
            && one.at == at
            && route.path.contains(one.path)
    };
    VALID.iter().any(valid) || EXCEPTIONS.iter().any(exception)
}

#[test]
fn every_excuse_has_its_reason_and_there_are_few() {
    let sources = VALID.iter().map(|one| one.source);
    for reason in sources.chain(EXCEPTIONS.iter().map(|one| one.why)) {
        assert!(reason.len() > 30, "{reason}");
    }
    assert!(EXCEPTIONS.len() <= 12);
}
