//! All output. The only room that writes to the terminal. Data goes to stdout; narration, progress
//! and prompts go to stderr.

mod adopt;
mod auth;
mod change;
mod check;
mod choosing;
mod ci;
mod color;
mod complaint;
mod doctor;
mod environment;
mod estate;
mod evidence;
mod explain;
mod failure;
mod fitted;
mod fleet;
mod hand_over;
mod hanging;
mod infra;
mod layout;
mod list;
mod log;
mod matrix;
mod narration;
mod picker;
mod plan;
mod pointer;
mod progress;
mod prompt;
mod query;
mod raw;
mod render;
mod sarif;
mod short_plan;
mod status;
mod style;
mod tables;
mod terminal;
mod values;
mod verbatim;
mod written;

pub use adopt::wanted_file;
pub use auth::{
    LoggedIn, LoggedOut, Remembered, SignInReach, SignInReport, SignInSource, SignedIn, auth,
    logged_in, logged_out, served,
};
pub use change::{Change, Outcome};
pub use check::check;
pub use choosing::{Entry, Feed, Picked};
pub use ci::Ci;
pub use doctor::{Configured, config, doctor};
pub use environment::{VerdictFacts, environment_name, integration};
pub use estate::{MAY_LACK, estate};
pub use evidence::{Circumstances, Told, evidence};
pub use explain::explain;
pub use fleet::{FleetOutcome, FleetReport, MemberOutcome, MemberReport, size};
pub use hand_over::{HandOver, Joining, Part, hand_over};
pub use hanging::{hang, wrap};
pub use infra::{Blueprint, bicep, terraform};
pub use list::{EnvironmentRow, KeyRow, List, PolicyRow, Row, SubscriptionRow, VaultRow, list};
pub use log::{guard_panics, log_to_stderr};
pub use matrix::{MATRIX, MATRIX_DATE, STAYS_ON_MICROSOFT_KEY};
pub use query::Query;
pub use sarif::sarif;
pub use status::{CopilotStudio, Covers, StatusFacts, status};
pub use style::{Color, Style};
pub use terminal::Out;
pub use values::{Format, Sheet};
pub use verbatim::verbatim;
pub use written::{Existing, guard_file_size, write_file};
