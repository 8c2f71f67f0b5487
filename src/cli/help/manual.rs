//! Turns blocks into a manual page of section 7, and lists of terms into parts of section 1 pages.

use super::markdown::{Block, Span};
use roff::{Inline, Roff, bold, roman};

/// The page of a topic.
pub(super) fn page(name: &str, blocks: &[Block]) -> String {
    let mut roff = Roff::new();
    let version = concat!("cmkctl ", env!("CARGO_PKG_VERSION"));
    roff.control("TH", [name.to_uppercase().as_str(), "7", "\"\"", version]);
    roff.control("SH", ["NAME"]);
    let title = blocks.first().map(title).unwrap_or_default();
    roff.text([roman(format!("{name} - {title}"))]);
    let begins = blocks
        .get(1)
        .is_some_and(|block| matches!(block, Block::Heading(..)));
    if !begins {
        roff.control("SH", ["DESCRIPTION"]);
    }
    for block in blocks.iter().skip(1) {
        add(&mut roff, block);
    }
    roff.render()
}

/// A section whose rows are terms, each with its meaning.
pub(in crate::cli) fn terms(title: &str, rows: &[(String, String)]) -> String {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (term, meaning) in rows {
        roff.control("TP", []);
        roff.text([bold(term.as_str())]);
        roff.text([roman(meaning.as_str())]);
    }
    roff.to_roff()
}

fn title(block: &Block) -> String {
    match block {
        Block::Heading(_, spans) => plain(spans),
        Block::Paragraph(_) | Block::Item(..) | Block::Code(_) | Block::Table(_) => String::new(),
    }
}

fn plain(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

fn inlines(spans: &[Span]) -> Vec<Inline> {
    let inline = |span: &Span| {
        if span.code || span.strong {
            bold(span.text.as_str())
        } else {
            roman(span.text.as_str())
        }
    };
    spans.iter().map(inline).collect()
}

fn add(roff: &mut Roff, block: &Block) {
    match block {
        Block::Heading(level, spans) if *level < 3 => {
            roff.control("SH", [plain(spans).to_uppercase().as_str()]);
        }
        Block::Heading(_, spans) => {
            roff.control("SS", [plain(spans).as_str()]);
        }
        Block::Paragraph(spans) => {
            roff.control("PP", []);
            roff.text(inlines(spans));
        }
        Block::Item(depth, mark, spans) => {
            let sign = if mark == "-" { "\\(bu" } else { mark };
            let inner = *depth > 0;
            if inner {
                roff.control("RS", ["4"]);
            }
            roff.control("IP", [sign, "4"]);
            roff.text(inlines(spans));
            if inner {
                roff.control("RE", []);
            }
        }
        Block::Code(lines) => code(roff, lines),
        Block::Table(rows) => table(roff, rows),
    }
}

fn code(roff: &mut Roff, lines: &[String]) {
    roff.control("PP", []);
    roff.control("RS", ["4"]);
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line.as_str())]);
    }
    roff.control("fi", []);
    roff.control("RE", []);
}

/// Each row becomes a term with its meaning, because `man` has no table that wraps everywhere.
fn table(roff: &mut Roff, rows: &[Vec<Vec<Span>>]) {
    let Some((header, rows)) = rows.split_first() else {
        return;
    };
    for row in rows {
        let Some((term, cells)) = row.split_first() else {
            continue;
        };
        roff.control("TP", []);
        roff.text([bold(plain(term))]);
        for (at, cell) in cells.iter().enumerate() {
            let name = header
                .get(at + 1)
                .map(|name| plain(name))
                .unwrap_or_default();
            let mut text = inlines(cell);
            if header.len() > 2 && !name.is_empty() {
                text.insert(0, roman(format!("{name}: ")));
            }
            if at > 0 {
                roff.control("br", []);
            }
            roff.text(text);
        }
        // Without this, `man` would use the next term as the text of an empty one.
        if cells.is_empty() {
            roff.text([roman("")]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::markdown::blocks;
    use super::*;

    const TEXT: &str = "\
# Title of it

.begins with a dot, `code`

## Part

- item

```sh
'a' -b
```

| a | b | c |
|---|---|---|
| d | e | f |
";
    const PAGE: &str = "\
CMKCTL-X 7 \"\" \"cmkctl VERSION\"
.SH NAME
cmkctl\\-x \\- Title of it
.SH DESCRIPTION
.PP
\\&.begins with a dot, \\fBcode\\fR
.SH PART
.IP \\(bu 4
item
.PP
.RS 4
.nf
\\*(Aqa\\*(Aq \\-b
.fi
.RE
.TP
\\fBd\\fR
b: e
.br
c: f
";

    #[test]
    fn a_page_has_the_parts_of_a_page() {
        let page = page("cmkctl-x", &blocks(TEXT));
        let (_, page) = page.split_once(".TH ").unwrap();
        assert_eq!(page, PAGE.replace("VERSION", env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn a_list_of_terms_is_a_section() {
        let rows = [("0".to_owned(), "done".to_owned())];
        assert_eq!(
            terms("EXIT STATUS", &rows),
            ".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\ndone\n"
        );
    }
}
