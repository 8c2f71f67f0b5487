//! Checks against Microsoft's own specifications, which are not part of this project. If
//! `CMKCTL_SPECS` names their folder, every request of the client and every answer of a served
//! sandbox must conform to them.
//!
//! `CMKCTL_SPECS=FOLDER cargo test --locked --test cli specified -- --nocapture` prints the figures
//! of the whole procedure. Those of all tests are the sums of the lines in `target/tmp/judged`.

mod bicep;
mod draft4;
mod exceptions;
mod files;
mod judge;
mod mutations;
mod procedure;
mod schema;
mod undescribed;

use files::Specs;
use judge::Figures;
use serde_json::Value;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

fn folder() -> Option<OsString> {
    std::env::var_os("CMKCTL_SPECS").filter(|folder| !folder.is_empty())
}

/// Are specifications available?
pub(crate) fn wanted() -> bool {
    folder().is_some()
}

fn specs() -> Option<&'static Specs> {
    static SPECS: OnceLock<Option<Specs>> = OnceLock::new();
    let load = || folder().map(|folder| Specs::load(Path::new(&folder)));
    SPECS.get_or_init(load).as_ref()
}

/// The specifications, or a message that there are none.
fn specs_or_said() -> Option<&'static Specs> {
    if !wanted() {
        let _ = writeln!(
            std::io::stdout(),
            "CMKCTL_SPECS names no folder of specifications: nothing is judged."
        );
    }
    specs()
}

/// Fails if an exchange does not conform.
#[track_caller]
pub(crate) fn judged(exchanges: &Value) {
    let Some(specs) = specs() else { return };
    let figures = figures(specs, exchanges);
    count(&figures);
    let deviations: Vec<&String> = figures.deviations.iter().collect();
    assert!(deviations.is_empty(), "deviations: {deviations:#?}");
}

fn figures(specs: &Specs, exchanges: &Value) -> Figures {
    let mut figures = Figures::default();
    for exchange in exchanges.as_array().into_iter().flatten() {
        specs.judge(exchange, &mut figures);
    }
    figures
}

/// Appends a line with the figures, because each test runs in its own process.
fn count(figures: &Figures) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judged");
    let line = format!(
        "{} {} {}\n",
        figures.judged,
        figures.undescribed,
        figures.deviations.len()
    );
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .unwrap();
    file.write_all(line.as_bytes()).unwrap();
}
