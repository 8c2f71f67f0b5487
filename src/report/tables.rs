//! Prints tables on stdout.

use super::fitted::grid;
use super::terminal::Out;
use serde::Serialize;

impl Out {
    /// Prints rows with a header for people, `value` for scripts. The rows are built only for
    /// people, because those of a large tenant take megabytes.
    pub fn table(
        &mut self,
        value: &impl Serialize,
        header: &[&str],
        rows: impl FnOnce() -> Vec<Vec<String>>,
    ) {
        let width = self.columns();
        self.result(value, || grid(header, rows(), width));
    }

    /// Prints several tables with an empty line between them for people, `value` for scripts.
    pub(super) fn tables<const N: usize>(
        &mut self,
        value: &impl Serialize,
        tables: [(&[&str], Vec<Vec<String>>); N],
    ) {
        let width = self.columns();
        self.result(value, || {
            tables
                .map(|(header, rows)| grid(header, rows, width))
                .join("\n")
        });
    }
}
