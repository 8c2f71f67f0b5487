//! Figures in Prometheus' text format 0.0.4, for the textfile collector of the node exporter.

use crate::model::metric::{Metric, Sample};
use crate::model::text::clean;

/// The text of all figures. A figure without a sample keeps its two comments.
pub(super) fn text<'a>(metrics: impl Iterator<Item = Metric<'a>>) -> String {
    let mut text = String::new();
    for metric in metrics {
        let (name, help) = (metric.name, help(metric.help));
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        for sample in &metric.samples {
            push(&mut text, name, sample);
        }
    }
    text
}

fn push(text: &mut String, name: &str, sample: &Sample<'_>) {
    text.push_str(name);
    for (at, (label, value)) in sample.labels.iter().enumerate() {
        text.push(if at == 0 { '{' } else { ',' });
        text.push_str(label);
        text.push_str("=\"");
        push_escaped(text, &clean(value));
        text.push('"');
    }
    if !sample.labels.is_empty() {
        text.push('}');
    }
    text.push(' ');
    text.push_str(&number(sample.value));
    text.push('\n');
}

fn push_escaped(text: &mut String, value: &str) {
    for ch in value.chars() {
        match ch {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            ch => text.push(ch),
        }
    }
}

/// Escapes the text of a comment. A quotation mark needs no escape there.
fn help(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

fn number(value: f64) -> String {
    if value == f64::INFINITY {
        return "+Inf".to_owned();
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exposed(labels: Vec<(&'static str, &str)>, value: f64) -> String {
        let labels = labels
            .into_iter()
            .map(|(name, value)| (name, value.to_owned().into()))
            .collect();
        text(std::iter::once(Metric {
            name: "cmkctl_x",
            help: "What \\ is.",
            samples: vec![Sample { labels, value }],
        }))
    }

    #[test]
    fn a_figure_has_its_comments_and_samples() {
        const HEAD: &str = "# HELP cmkctl_x What \\\\ is.\n# TYPE cmkctl_x gauge\n";
        for (labels, value, line) in [
            (vec![], 1.0, "cmkctl_x 1"),
            (vec![("a", "x")], f64::INFINITY, "cmkctl_x{a=\"x\"} +Inf"),
            (
                vec![("a", "1"), ("b", "\"\\")],
                -0.5,
                "cmkctl_x{a=\"1\",b=\"\\\"\\\\\"} -0.5",
            ),
            (
                vec![("a", "x\ny")],
                1_772_956_800.0,
                "cmkctl_x{a=\"x y\"} 1772956800",
            ),
        ] {
            assert_eq!(exposed(labels, value), format!("{HEAD}{line}\n"));
        }
    }

    /// What a scraper makes of a quoted value.
    fn read(line: &str) -> Option<String> {
        let (mut value, mut chars) = (String::new(), line.chars());
        loop {
            match chars.next()? {
                '"' => return (chars.as_str() == "} 1").then_some(value),
                '\\' => value.push(match chars.next()? {
                    'n' => '\n',
                    ch @ ('\\' | '"') => ch,
                    _ => return None,
                }),
                ch => value.push(ch),
            }
        }
    }

    proptest! {
        #[test]
        fn every_name_is_read_back(name in "\\PC*|[\"\\\\\n{}=, ]*") {
            let text = exposed(vec![("a", &name)], 1.0);
            let lines: Vec<&str> = text.lines().collect();
            prop_assert_eq!(lines.len(), 3, "{}", text);
            let value = lines[2].strip_prefix("cmkctl_x{a=\"").and_then(read);
            prop_assert_eq!(value, Some(clean(&name)));
        }
    }
}
