//! Extra output for a CI service: annotations, a summary, and variables for later steps.
//!
//! All of it comes from the command's JSON document, so every command has it. Runner commands go to
//! stderr: both services read both streams, and stdout stays data. Nothing is masked, because
//! cmkctl never prints secrets, and ids are meant to be read.

mod azure_pipelines;
mod github;
mod guard;
mod notes;
mod summary;

pub(super) use guard::guard;
pub(super) use guard::guard_json;
pub(super) use notes::Notes;

use crate::error::Error;
use notes::{Issue, failure};
use std::path::PathBuf;

/// The CI service that this process runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions.
    GitHub {
        /// `GITHUB_STEP_SUMMARY`: the file that Markdown is appended to.
        summary: Option<PathBuf>,
        /// `GITHUB_OUTPUT`: the file that `name=value` is appended to.
        output: Option<PathBuf>,
    },
    /// Azure Pipelines.
    AzurePipelines {
        /// `AGENT_TEMPDIRECTORY`: the folder of the summary until the agent reads it.
        folder: Option<PathBuf>,
    },
}

/// The output of a run for a CI service.
pub(super) struct Leaves {
    /// Runner commands for stderr.
    pub(super) commands: Vec<String>,
    /// Texts to append to files.
    pub(super) files: Vec<(PathBuf, String)>,
}

impl Ci {
    /// The output of `command`, which ended with exit code `code`.
    pub(super) fn leaves(
        &self,
        notes: &Notes,
        command: &str,
        code: u8,
        error: Option<&Error>,
    ) -> Leaves {
        let mut issues: Vec<Issue> = notes.issues.clone();
        issues.extend(error.map(failure));
        issues.sort_by_key(|issue| issue.level);
        let page = summary::page(notes, &issues, command, code, error);
        let outputs = notes.outputs(command, code, error);
        match self {
            Ci::GitHub { summary, output } => Leaves {
                commands: issues.iter().filter_map(github::annotation).collect(),
                files: [(summary, page), (output, github::outputs(&outputs))]
                    .into_iter()
                    .filter_map(|(path, text)| Some((path.clone()?, text)))
                    .collect(),
            },
            Ci::AzurePipelines { folder } => {
                let mut commands: Vec<String> =
                    issues.iter().filter_map(azure_pipelines::issue).collect();
                commands.extend(
                    outputs
                        .iter()
                        .map(|(name, value)| azure_pipelines::variable(name, value)),
                );
                let path = folder
                    .as_ref()
                    .map(|folder| azure_pipelines::page(folder, command));
                commands.extend(path.as_deref().map(azure_pipelines::upload));
                Leaves {
                    commands,
                    files: path.into_iter().map(|path| (path, page.clone())).collect(),
                }
            }
        }
    }
}
