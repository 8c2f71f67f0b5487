//! Texts for people: the README, the help topics and the contributors' page.

use std::fs;
use std::path::{Path, PathBuf};

/// A Markdown file.
pub(crate) struct Document {
    pub(crate) file: PathBuf,
    /// Its path relative to the project's root.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Document {
    fn read(file: PathBuf) -> Self {
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        let name = name.replace('\\', "/");
        let text = fs::read_to_string(&file).unwrap();
        Self { file, name, text }
    }

    /// The fenced blocks of this language.
    pub(crate) fn blocks(&self, language: &str) -> Vec<&str> {
        let fence = format!("```{language}\n");
        let blocks = self.text.split(&fence).skip(1);
        blocks
            .map(|block| block.split("```").next().unwrap())
            .collect()
    }

    /// The text, with a line for each paragraph, item and cell. Generated parts are left out,
    /// because they have their own tests.
    pub(crate) fn prose(&self) -> String {
        let mut prose = String::new();
        let (mut fenced, mut generated) = (false, false);
        for line in self.text.lines() {
            fenced ^= line.starts_with("```");
            if line.starts_with("<!--") {
                generated = !line.starts_with("<!-- /");
            }
            if fenced || generated || line.starts_with("```") {
                continue;
            }
            let begins = line.trim_start().starts_with(['-', '#', '|', '<']) || line.is_empty();
            prose.push(if begins { '\n' } else { ' ' });
            let cells = line.replace(" | ", "\n");
            let words = cells.trim_start_matches(['-', '|', '#', ' ']);
            prose.push_str(words.trim_end_matches('|'));
        }
        prose
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn readme() -> Document {
    Document::read(root().join("README.md"))
}

pub(crate) fn contributing() -> Document {
    Document::read(root().join(".github/CONTRIBUTING.md"))
}

/// The topics with their names.
pub(crate) fn topics() -> Vec<(String, Document)> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("src/cli/topics"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let topic = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, Document::read(file))
    };
    files.into_iter().map(topic).collect()
}

/// All documents.
pub(crate) fn documents() -> Vec<Document> {
    let topics = topics().into_iter().map(|(_, document)| document);
    [readme(), contributing()]
        .into_iter()
        .chain(topics)
        .collect()
}
