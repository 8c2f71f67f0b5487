//! Parses the Markdown of the topics into blocks. It supports only what these files use.
//!
//! `minimad` reads line by line and does not support links. So paragraphs are joined to one line
//! each, and links become words, before it reads them.

use minimad::{Composite, CompositeStyle, Line, Options};

/// A part of a text in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) code: bool,
    pub(super) strong: bool,
}

/// A part of a text that has its own lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A heading and its level, from 1 on.
    Heading(u8, Vec<Span>),
    Paragraph(Vec<Span>),
    /// A list item: its depth from 0 on, its mark, and its text.
    Item(usize, String, Vec<Span>),
    /// Lines that are printed unchanged.
    Code(Vec<String>),
    /// Rows, the header first.
    Table(Vec<Vec<Vec<Span>>>),
}

/// The blocks of a file.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let joined = joined(text);
    let options = Options::default().keep_code_fences(true);
    let mut blocks = Vec::new();
    let mut fenced = false;
    for line in minimad::parse_text(&joined, options).lines {
        match line {
            Line::CodeFence(_) => {
                fenced = !fenced;
                if fenced {
                    blocks.push(Block::Code(Vec::new()));
                }
            }
            Line::Normal(composite) if composite.is_code() => {
                let code = composite.compounds.iter().map(|part| part.src).collect();
                match blocks.last_mut() {
                    Some(Block::Code(lines)) => lines.push(code),
                    _ => blocks.push(Block::Code(vec![code])),
                }
            }
            Line::Normal(composite) => blocks.extend(block(&composite)),
            Line::TableRow(row) => {
                let row = row.cells.iter().map(spans).collect();
                match blocks.last_mut() {
                    Some(Block::Table(rows)) => rows.push(row),
                    _ => blocks.push(Block::Table(vec![row])),
                }
            }
            Line::TableRule(_) | Line::HorizontalRule => {}
        }
    }
    blocks
}

fn block(composite: &Composite<'_>) -> Option<Block> {
    if composite.compounds.is_empty() {
        return None;
    }
    let text = spans(composite);
    Some(match composite.style {
        CompositeStyle::Header(level) => Block::Heading(level, text),
        CompositeStyle::ListItem(depth) => Block::Item(usize::from(depth), "-".to_owned(), text),
        CompositeStyle::OrderedListItem { level, index } => {
            Block::Item(usize::from(level), format!("{index}."), text)
        }
        CompositeStyle::Paragraph | CompositeStyle::Code | CompositeStyle::Quote => {
            Block::Paragraph(text)
        }
    })
}

fn spans(composite: &Composite<'_>) -> Vec<Span> {
    composite
        .compounds
        .iter()
        .map(|part| Span {
            text: part.src.to_owned(),
            code: part.code,
            strong: part.bold || part.italic,
        })
        .collect()
}

/// The same text without comments and links, each paragraph and each item on one line.
fn joined(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let (mut fenced, mut hidden, mut open) = (false, false, false);
    for line in text.lines() {
        let fence = line.starts_with("```");
        fenced ^= fence;
        if fenced || fence {
            lines.push(line.to_owned());
            open = false;
            continue;
        }
        if hidden || line.starts_with("<!--") {
            hidden = !line.contains("-->");
            open = false;
            continue;
        }
        let alone = line.trim().is_empty() || line.starts_with(['#', '|', '>']);
        match lines.last_mut() {
            Some(last) if open && !alone && !begins_item(line) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => lines.push(line.to_owned()),
        }
        open = !alone;
    }
    let mut fenced = false;
    for line in &mut lines {
        fenced ^= line.starts_with("```");
        if !fenced {
            *line = without_links(line);
        }
    }
    lines.join("\n")
}

fn begins_item(line: &str) -> bool {
    let line = line.trim_start();
    let digits = line.trim_start_matches(|ch: char| ch.is_ascii_digit());
    line.starts_with("- ") || (digits.len() < line.len() && digits.starts_with(". "))
}

/// `[words](target)` as words: a topic with its command, a page of the web with its address.
fn without_links(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, label, target, after)) = link(rest) {
        out.push_str(before);
        out.push_str(label);
        let file = target.rsplit('/').next().unwrap_or_default();
        let file = file.split('#').next().unwrap_or_default();
        if target.contains("://") {
            out.push_str(&format!(" <{target}>"));
        } else if let Some(topic) = file.strip_suffix(".md").filter(|_| !target.contains('/')) {
            out.push_str(&format!(" (`cmkctl help {topic}`)"));
        }
        rest = after;
    }
    out + rest
}

/// The text before the first link, the link's words and target, and the text after it.
fn link(line: &str) -> Option<(&str, &str, &str, &str)> {
    let (head, tail) = line.split_once("](")?;
    let (before, label) = head.rsplit_once('[')?;
    let (target, after) = tail.split_once(')')?;
    Some((before, label, target, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Vec<Span> {
        vec![Span {
            text: text.to_owned(),
            code: false,
            strong: false,
        }]
    }

    #[test]
    fn lines_become_blocks() {
        let text = "# Title\n<!-- not\nshown -->\n\nTwo\nlines.\n- one\n  more\n  - two\n1. first\n\
            \n```sh\n- code\n\n[a](b.md)\n```\n| a | b |\n|---|---|\n| c | d |\n";
        assert_eq!(
            blocks(text),
            [
                Block::Heading(1, plain("Title")),
                Block::Paragraph(plain("Two lines.")),
                Block::Item(0, "-".to_owned(), plain("one more")),
                Block::Item(2, "-".to_owned(), plain("two")),
                Block::Item(0, "1.".to_owned(), plain("first")),
                Block::Code(vec![
                    "- code".to_owned(),
                    String::new(),
                    "[a](b.md)".to_owned()
                ]),
                Block::Table(vec![
                    vec![plain("a"), plain("b")],
                    vec![plain("c"), plain("d")]
                ]),
            ]
        );
    }

    #[test]
    fn a_link_becomes_words() {
        assert_eq!(
            without_links(
                "See [Limits](limits.md#known), [`x`](../x.toml) and [q](https://q.org)."
            ),
            "See Limits (`cmkctl help limits`), `x` and q <https://q.org>."
        );
        assert_eq!(without_links("a [b] (c)"), "a [b] (c)");
    }
}
