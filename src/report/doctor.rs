//! The output of `doctor` and `config show`.

use super::terminal::Out;
use super::values::Sheet;
use crate::model::checkup::{Row, Verdict};
use crate::model::count::counted;
use serde_json::{Value, json};

/// Prints every row, and below it the remedy and who can apply it.
pub fn doctor(out: &mut Out, rows: &[Row]) {
    let mut sheet = Sheet::default();
    for row in rows {
        let label = format!("{:4}  {}", row.verdict.word(), row.check);
        let turn = row
            .who
            .map(|who| format!(" Who: {who}."))
            .unwrap_or_default();
        let fix = row
            .fix
            .as_ref()
            .map(|fix| format!("\n{fix}{turn}"))
            .unwrap_or_default();
        sheet = sheet.row(&label, format!("{}{fix}", row.what));
    }
    let checks: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({ "check": row.check, "verdict": row.verdict, "what": row.what, "fix": row.fix,
                "who": row.who })
        })
        .collect();
    let document = json!({ "schema": "cmkctl/doctor/v1", "checks": checks });
    out.data(&document, &sheet);
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    out.say(&format!(
        "{} ok, {}, {}.",
        count(Verdict::Ok),
        counted(count(Verdict::Warn), "warning"),
        counted(count(Verdict::Fail), "blocker")
    ));
}

/// A setting: name, value and source.
pub type Configured = (String, Option<String>, String);

/// Prints every setting.
pub fn config(out: &mut Out, values: &[Configured]) {
    let settings: Vec<Value> = values
        .iter()
        .map(|(name, value, source)| json!({ "name": name, "value": value, "source": source }))
        .collect();
    let document = json!({ "schema": "cmkctl/config/v1", "settings": settings });
    out.table(&document, &["SETTING", "VALUE", "FROM"], || {
        let row = |(name, value, source): &Configured| {
            let value = value.clone().unwrap_or_else(|| "-".to_owned());
            vec![name.clone(), value, source.clone()]
        };
        values.iter().map(row).collect()
    });
}
