//! Arguments and terminal in, exit code out; nothing else.

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    cmkctl::interrupt::guard()?;
    // One thread: the work is a few requests at a time, and a pool would cost more at start than it saves.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(cmkctl::cli::main());
    // A forgotten connection must not keep the process alive.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}
