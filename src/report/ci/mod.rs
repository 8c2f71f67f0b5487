//! What a CI service gets besides the streams: annotations, a summary, and variables for later
//! steps.
//!
//! Everything is taken from the JSON document of the command, so that every command has it.
//! Commands for the runner go to stderr: both services read both streams, and stdout stays data.
//! Nothing is masked, because no secret is ever printed and ids are there to be read.

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
        /// `GITHUB_STEP_SUMMARY`: Markdown is appended to it.
        summary: Option<PathBuf>,
        /// `GITHUB_OUTPUT`: `name=value` is appended to it.
        output: Option<PathBuf>,
    },
    /// Azure Pipelines.
    AzurePipelines {
        /// `AGENT_TEMPDIRECTORY`: where a summary lies until the agent takes it.
        folder: Option<PathBuf>,
    },
}

/// What a run leaves for a CI service.
pub(super) struct Leaves {
    /// Lines for stderr, commands of the runner and nothing else.
    pub(super) commands: Vec<String>,
    /// Text that is appended to files.
    pub(super) files: Vec<(PathBuf, String)>,
}

impl Ci {
    /// What is left of `command`, which ended with `code`.
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
