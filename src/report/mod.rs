//! Words: the only room that writes to the terminal. Data goes to stdout; narration, progress and prompts go to stderr.

mod auth;
mod change;
mod check;
mod doctor;
mod estate;
mod evidence;
mod explain;
mod html;
mod log;
mod markdown;
mod matrix;
mod sarif;
mod status;
mod terminal;
mod values;
mod verbatim;

pub use auth::{SignInReach, SignInReport, SignInSource, SignedIn, auth, served};
pub use change::{Change, Outcome};
pub use check::check;
pub use doctor::{Configured, config, doctor};
pub use estate::estate;
pub use evidence::{Circumstances, evidence};
pub use explain::explain;
pub use log::{guard_panics, log_to_stderr};
pub use matrix::{MATRIX, MATRIX_DATE, STAYS_ON_MICROSOFT_KEY};
pub use sarif::sarif;
pub use status::{StatusFacts, VerdictFacts, environment_name, integration, status};
pub use terminal::{Out, Style};
pub use values::{Format, Sheet};
pub use verbatim::verbatim;
