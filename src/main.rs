//! Runs the command line and returns its exit code.

use std::process::ExitCode;

/// A debug build needs 6.4 MiB of stack. The first thread may have less: on Windows it has one.
const STACK: usize = 16 << 20;

fn main() -> anyhow::Result<ExitCode> {
    cmkctl::interrupt::guard()?;
    let command = std::thread::Builder::new()
        .name("main".to_owned())
        .stack_size(STACK)
        .spawn(run)?;
    // The panic hook has already printed the message.
    command
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn run() -> anyhow::Result<ExitCode> {
    let runtime = threads().enable_all().build()?;
    let code = runtime.block_on(cmkctl::cli::main());
    // An open connection must not keep the process alive.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}

/// One thread is enough for a few requests at a time. A thread pool makes the start slower.
#[cfg(not(windows))]
fn threads() -> tokio::runtime::Builder {
    tokio::runtime::Builder::new_current_thread()
}

/// On Windows, a handshake may block its thread: see `cloud::answer`.
#[cfg(windows)]
fn threads() -> tokio::runtime::Builder {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    threads.worker_threads(4).thread_stack_size(STACK / 4);
    threads
}
