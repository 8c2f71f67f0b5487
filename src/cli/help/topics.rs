//! The help topics: Markdown files for a terminal, for manual pages and for the web.

use super::markdown::{self, Block};
use super::page;
use super::{manual, screen};
use clap::Command;

/// The topic that the command tree writes.
const OPTIONS: &str = "options";

/// Each topic with its file, in the order in which a reader meets them.
const FILES: [(&str, &str); 16] = [
    (
        "getting-started",
        include_str!("../topics/getting-started.md"),
    ),
    ("permissions", include_str!("../topics/permissions.md")),
    ("sign-in", include_str!("../topics/sign-in.md")),
    ("configuration", include_str!("../topics/configuration.md")),
    ("day-two", include_str!("../topics/day-two.md")),
    (
        "many-environments",
        include_str!("../topics/many-environments.md"),
    ),
    ("pipelines", include_str!("../topics/pipelines.md")),
    ("output", include_str!("../topics/output.md")),
    ("windows", include_str!("../topics/windows.md")),
    ("exit-codes", include_str!("../topics/exit-codes.md")),
    ("codes", include_str!("../topics/codes.md")),
    ("audit", include_str!("../topics/audit.md")),
    ("security", include_str!("../topics/security.md")),
    ("limits", include_str!("../topics/limits.md")),
    ("sandbox", include_str!("../topics/sandbox.md")),
    ("changes", include_str!("../topics/changes.md")),
];

/// Names that topics had before.
const ALIASES: [(&str, &str); 1] = [("environment", "configuration")];

/// The names of all topics.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name).chain([OPTIONS])
}

/// The topic of this name, or of a name that it had in an earlier version.
fn named(name: &str) -> &str {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    alias.map_or(name, |(_, topic)| *topic)
}

fn blocks(name: &str) -> Option<Vec<Block>> {
    let (_, text) = FILES.iter().find(|(file, _)| *file == name)?;
    Some(markdown::blocks(text))
}

/// A topic's text, for a terminal of `width` columns.
pub(super) fn text(name: &str, tree: &Command, width: u16) -> Option<String> {
    match named(name) {
        OPTIONS => Some(page::options(tree, width)),
        name => blocks(name).map(|blocks| screen::text(&blocks, width)),
    }
}

/// The manual pages of section 7, each with the name of its file.
pub(in crate::cli) fn manuals(tree: &Command) -> Vec<(String, Vec<u8>)> {
    names()
        .map(|name| {
            let blocks = blocks(name).unwrap_or_else(|| page::options_as_blocks(tree));
            (
                format!("cmkctl-{name}.7"),
                manual::page(&format!("cmkctl-{name}"), &blocks).into_bytes(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_one_title_and_begins_with_it() {
        for (name, text) in FILES {
            let blocks = markdown::blocks(text);
            let title = |block: &Block| matches!(block, Block::Heading(1, _));
            assert!(blocks.first().is_some_and(title), "{name}");
            assert_eq!(
                blocks.iter().filter(|block| title(block)).count(),
                1,
                "{name}"
            );
        }
    }
}
