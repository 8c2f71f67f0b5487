//! The log, and the output of a panic.

use super::ci::guard;
use super::raw::give_back;
use super::written::unheard;
use crate::model::text::clean;
use std::io::Write;
use std::panic::PanicHookInfo;

/// A writer of the log. Each write is one line, whatever the text contains.
#[derive(Debug)]
struct Line;

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        writeln!(
            std::io::stderr(),
            "{}",
            guard(&clean(text.trim_end_matches('\n')))
        )?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Sends cmkctl's own log to stderr. Warnings always, decisions with `-v`, requests (without tokens
/// or bodies) with `-vv`, and with `-vvv` each field that cmkctl looks for in an answer. Other
/// crates stay silent.
pub fn log_to_stderr(verbosity: u8, quiet: bool) {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    let level = match (quiet, verbosity) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        (_, _) => LevelFilter::TRACE,
    };
    let format = tracing_subscriber::fmt::layer()
        .with_writer(|| Line)
        .with_target(false)
        .without_time()
        .with_ansi(false);
    // This fails only if a logger exists already.
    tracing_subscriber::registry()
        .with(format)
        .with(Targets::new().with_target("cmkctl", level))
        .try_init()
        .ok();
}

/// A panic prints its place in the source and its constant message. A message built at run time is
/// hidden, because it may contain a token or a name. For the same reason there is no backtrace and
/// no core dump.
pub fn guard_panics() {
    #[expect(
        clippy::exit,
        reason = "an abort would write the memory, with all tokens, to a core dump"
    )]
    std::panic::set_hook(Box::new(|info| {
        give_back();
        unheard(std::io::stderr().write_all(last_words(info).as_bytes()));
        std::process::exit(1);
    }));
}

fn last_words(info: &PanicHookInfo<'_>) -> String {
    let place = info
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let message = info
        .payload()
        .downcast_ref::<&'static str>()
        .map_or(String::new(), |message| format!(" ({message})"));
    format!(
        "error: cmkctl stopped because of a bug at {place}{message}.\n  fix:    Report this line. \
            Changes already made remain. Run the same command again to continue.\n"
    )
}
