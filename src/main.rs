//! Arguments and terminal in, exit code out; nothing else.

use std::process::ExitCode;

/// A build without optimization needs 6.4 MiB, and not every system gives that to the first
/// thread: on Windows it has one.
const STACK: usize = 16 << 20;

fn main() -> anyhow::Result<ExitCode> {
    cmkctl::interrupt::guard()?;
    let command = std::thread::Builder::new()
        .name("main".to_owned())
        .stack_size(STACK)
        .spawn(run)?;
    // Its panic was told by the hook already.
    command
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn run() -> anyhow::Result<ExitCode> {
    // One thread: the work is a few requests at a time, and a pool would cost more at start than it
    // saves.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(cmkctl::cli::main());
    // A forgotten connection must not keep the process alive.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}
