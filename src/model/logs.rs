//! What the logs of a vault in a Log Analytics workspace say about the uses of a key.

use crate::model::bad_input::BadInput;
use crate::model::ids::parse_guid;
use crate::model::key_ids::KeyVersion;
use crate::model::known::Known;
use jiff::Timestamp;

/// A Log Analytics workspace, as the administrator names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workspace {
    /// Its own id, a GUID in lower case. The portal calls it the workspace ID.
    Id(String),
    /// Its ARM id, without the leading slash.
    Resource(String),
}

impl Workspace {
    /// Parses a GUID, or an ARM id of a workspace.
    ///
    /// # Errors
    /// A text that is neither.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let text = text.trim();
        if let Some(id) = parse_guid(text) {
            return Ok(Self::Id(id));
        }
        let plain = text.trim_matches('/');
        let parts: Vec<&str> = plain.split('/').collect();
        let word = |part: &str, expected: &str| part.eq_ignore_ascii_case(expected);
        // Azure allows these signs in names of groups and workspaces.
        let name = |part: &str| {
            let allowed = |ch: char| ch.is_ascii_alphanumeric() || "-_.()".contains(ch);
            !part.is_empty() && !part.starts_with('.') && part.chars().all(allowed)
        };
        match parts[..] {
            [
                subscriptions,
                subscription,
                groups,
                group,
                providers,
                namespace,
                kind,
                workspace,
            ] if word(subscriptions, "subscriptions")
                && parse_guid(subscription).is_some()
                && word(groups, "resourceGroups")
                && name(group)
                && word(providers, "providers")
                && word(namespace, "Microsoft.OperationalInsights")
                && word(kind, "workspaces")
                && name(workspace) =>
            {
                Ok(Self::Resource(plain.to_owned()))
            }
            _ => Err(BadInput::new(
                format!("`{text}` is not the id of a Log Analytics workspace."),
                "Pass the workspace ID (a GUID) from the workspace's overview page, or an id such \
                as `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/GROUP/\
                providers/Microsoft.OperationalInsights/workspaces/NAME`.",
            )),
        }
    }

    /// The id, as in messages.
    pub fn shown(&self) -> String {
        match self {
            Self::Id(id) => id.clone(),
            Self::Resource(id) => format!("/{id}"),
        }
    }
}

/// What the logs of a vault say about one key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyLogs {
    /// The time of the first log of the vault; `None` if the workspace has no logs of the vault.
    pub since: Option<Timestamp>,
    /// Why the result is incomplete; `None` if it is complete.
    pub part: Option<String>,
    /// The last use of each version by each identity.
    pub uses: Vec<KeyUse>,
}

/// The last use of a key version by an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// `KeyUnwrap` or `KeyWrap`.
    pub operation: String,
    /// Object id of the identity.
    pub identity: Known<String>,
    /// The version that was used.
    pub version: Known<KeyVersion>,
    /// The time of the last use, whether the vault allowed it or not.
    pub last: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_a_guid_or_an_arm_id() {
        let guid = "AAAAAAAA-2222-3333-4444-555555555555";
        let group = format!("/subscriptions/{guid}/resourceGroups/rg");
        let id = format!("{group}/providers/microsoft.operationalinsights/workspaces/log-1/");
        assert_eq!(
            Workspace::parse(&format!(" {guid} ")),
            Ok(Workspace::Id(guid.to_ascii_lowercase()))
        );
        let read = Workspace::parse(&id).unwrap();
        assert_eq!(read.shown(), id.trim_end_matches('/'));
        for odd in [
            "log-1",
            "",
            &format!("{group}/providers/Microsoft.KeyVault/vaults/kv"),
            &format!("{group}/providers/Microsoft.OperationalInsights/workspaces/.."),
            &format!("{group}/providers/Microsoft.OperationalInsights/workspaces/a?b"),
        ] {
            let bad = Workspace::parse(odd).unwrap_err();
            assert!(bad.fix.contains("workspace ID"), "{odd}");
        }
    }
}
