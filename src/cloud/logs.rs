//! Log Analytics: the last uses of a key, from the vault's audit log in a workspace.
//!
//! The workspace has them in the table `AzureDiagnostics`, or in `AZKVAuditLogs`, which is the
//! table of Key Vault alone. The request and the answer are those of the public query API. The API
//! also answers 200 for a part of the result. Then the answer has an `error` beside its tables.

use crate::cloud::answer::Broken;
use crate::cloud::clouds::Service;
use crate::cloud::exchange;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::{as_text, clean, text};
use crate::cloud::session::Reader;
use crate::model::ids::{ArmId, parse_guid};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::Known;
use crate::model::logs::{KeyLogs, KeyUse, Workspace};
use crate::model::text::kusto;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

/// The columns of the query's result.
const COLUMNS: [&str; 5] = ["Operation", "Caller", "Used", "Earliest", "Latest"];

impl Reader {
    /// The last uses of a key in the logs of its vault.
    ///
    /// # Errors
    /// The service's refusal, or an incomplete or unreadable result.
    pub async fn key_uses(
        &self,
        workspace: &Workspace,
        vault: &ArmId,
        key: &KeyName,
    ) -> Reply<KeyLogs> {
        let service = Service::LogAnalytics;
        let base = self.session.cloud().base(service);
        let unset = |_| {
            let words = "the cloud has no host for Log Analytics".to_owned();
            Fault::broken(service, &Broken::NotSent(words))
        };
        let mut url = Url::parse(&base).map_err(unset)?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.push("v1");
            match workspace {
                Workspace::Id(id) => path.extend(["workspaces", id]),
                Workspace::Resource(id) => path.extend(id.split('/')),
            };
            path.push("query");
        }
        let body = json!({ "query": query(vault, key) });
        let answer = self.session.question(service, url.as_str(), &body).await?;
        let value = exchange::parse(service, &answer)?;
        uses(&value).map_err(|why| Fault::shape(service, &answer, why))
    }
}

/// One row for each operation, identity and version of the key, and one for everything else in the
/// log of the vault. A workspace may lack one of the tables, or a column.
///
/// Inferred from samples: both tables have the identity's object id in these columns.
fn query(vault: &ArmId, key: &KeyName) -> String {
    format!(
        "union isfuzzy=true AzureDiagnostics, AZKVAuditLogs\n\
        | where _ResourceId =~ {}\n\
        | extend Claims = column_ifexists('Identity', dynamic(null))\n\
        | extend Oid = coalesce(tostring(Claims.claim.oid), \
        tostring(column_ifexists('identity_claim_oid_g', '')))\n\
        | extend Object = coalesce(column_ifexists('Id', ''), column_ifexists('id_s', ''))\n\
        | extend Uses = OperationName in ('KeyUnwrap', 'KeyWrap') and Object contains {}\n\
        | summarize Earliest = min(TimeGenerated), Latest = max(TimeGenerated) by \
        Operation = iff(Uses, OperationName, ''), Caller = iff(Uses, Oid, ''), \
        Used = iff(Uses, Object, '')",
        quoted(&vault.to_string()),
        quoted(&format!("/keys/{key}/"))
    )
}

fn quoted(text: &str) -> String {
    kusto(text, '\'')
}

/// Reads the one table of the result.
///
/// # Errors
/// A clause: its columns or values are not those of the query.
fn uses(value: &Value) -> Result<KeyLogs, String> {
    let part = (!value["error"].is_null()).then(|| {
        let code = text(value, "error.code").unwrap_or_else(|| "no code".to_owned());
        format!("Log Analytics sent only a part of the result ({code})")
    });
    let tables = value["tables"].as_array().map(Vec::as_slice);
    let Some([table]) = tables else {
        return Err("the answer does not have exactly one table".to_owned());
    };
    let columns = table["columns"]
        .as_array()
        .ok_or("the table has no `columns`")?;
    let place = |name: &str| {
        let at = columns.iter().position(|column| column["name"] == name);
        at.ok_or_else(|| format!("the table has no column `{name}`"))
    };
    let places: Vec<usize> = COLUMNS.into_iter().map(place).collect::<Result<_, _>>()?;
    let rows = table["rows"].as_array().ok_or("the table has no `rows`")?;
    let mut logs = KeyLogs {
        part,
        ..KeyLogs::default()
    };
    for row in rows {
        let row = row.as_array().filter(|row| row.len() == columns.len());
        let row = row.ok_or("a row does not have one value for each column")?;
        let cells: Vec<&Value> = places.iter().filter_map(|at| row.get(*at)).collect();
        read(&cells, &mut logs)?;
    }
    Ok(logs)
}

/// Adds a row, in the order of [`COLUMNS`].
fn read(cells: &[&Value], logs: &mut KeyLogs) -> Result<(), String> {
    let [operation, caller, used, earliest, latest] = cells else {
        return Err("a row has too few values".to_owned());
    };
    let time = |cell: &Value, name: &str| {
        let read = as_text(cell).and_then(|text| text.parse::<Timestamp>().ok());
        read.ok_or_else(|| format!("a value of `{name}` is not a time"))
    };
    let (first, last) = (time(earliest, "Earliest")?, time(latest, "Latest")?);
    logs.since = Some(logs.since.map_or(first, |since| since.min(first)));
    let operation = operation
        .as_str()
        .ok_or("a value of `Operation` is not a text")?;
    if operation.is_empty() {
        return Ok(());
    }
    let identity = as_text(caller).and_then(|text| parse_guid(&text));
    logs.uses.push(KeyUse {
        operation: clean(operation),
        identity: identity.map_or_else(
            || Known::Unknown("the log does not name the identity".to_owned()),
            Known::Known,
        ),
        version: version(used),
        last,
    });
    Ok(())
}

/// The version in `https://VAULT/keys/KEY/VERSION`.
fn version(used: &Value) -> Known<KeyVersion> {
    let text = as_text(used).unwrap_or_default();
    KeyVersion::of_url(&text).ok().map_or_else(
        || Known::Unknown("the log does not name the version".to_owned()),
        Known::Known,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &Value) -> Value {
        let columns: Vec<Value> = COLUMNS.iter().map(|name| json!({ "name": name })).collect();
        json!({ "tables": [{ "name": "PrimaryResult", "columns": columns, "rows": rows }] })
    }

    #[test]
    fn a_part_of_a_result_is_known_as_one() {
        let mut part = table(&json!([]));
        assert_eq!(uses(&part), Ok(KeyLogs::default()));
        part["error"] = json!({ "code": "PartialError", "message": "too much" });
        let why = uses(&part).unwrap().part.unwrap();
        assert_eq!(
            why,
            "Log Analytics sent only a part of the result (PartialError)"
        );
        part["error"] = json!(false);
        assert!(uses(&part).unwrap().part.is_some());
    }

    #[test]
    fn what_is_not_as_asked_for_is_a_fault() {
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z");
        let key = "https://kv.vault.azure.net/keys/cmk/0123456789abcdef0123456789abcdef";
        let who = "99999999-2222-3333-4444-555555555555";
        let good = table(&json!([
            ["", "", "", early, late],
            ["KeyUnwrap", who, key, late, late],
            [
                "KeyUnwrap",
                "",
                "https://kv.vault.azure.net/keys/cmk/",
                late,
                late
            ],
        ]));
        let logs = uses(&good).unwrap();
        assert_eq!(logs.since, early.parse().ok());
        assert_eq!(logs.uses[0].identity, Known::from(who));
        assert!(logs.uses[0].version.known().is_some());
        assert!(logs.uses[1].identity.unknown().is_some());
        assert!(logs.uses[1].version.unknown().is_some());
        for odd in [
            json!({}),
            json!({ "tables": [] }),
            json!({ "tables": [good["tables"][0], good["tables"][0]] }),
            json!({ "tables": [{ "columns": [], "rows": [] }] }),
            table(&json!({})),
            table(&json!([["KeyUnwrap", who, key, late]])),
            table(&json!([["KeyUnwrap", who, key, late, 3]])),
            table(&json!([[null, who, key, late, late]])),
        ] {
            assert!(uses(&odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_name_stays_in_its_quotation_marks() {
        assert_eq!(quoted("a'b\\c\n"), "'a\\'b\\\\c '");
    }
}
