//! Signals stop the process in an orderly way. The process writes no core dump, because its memory
//! holds secrets.
//!
//! A separate thread receives the signals. The main thread may hang in a write to a full pipe or in
//! a read at a prompt.

use crate::error::Stop;
use std::io::Result;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::watch;

/// The signal that stopped the program, if any.
static STOPPED: OnceLock<watch::Sender<Option<Stop>>> = OnceLock::new();

/// Time for the waiting code to print how to continue, before the whole command is dropped.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// The process exits after this time even if the main thread hangs and does not see the signal.
const HANGS: Duration = Duration::from_secs(5);

fn state() -> &'static watch::Sender<Option<Stop>> {
    STOPPED.get_or_init(|| watch::Sender::new(None))
}

/// Starts to listen for signals, and turns core dumps off.
///
/// # Errors
/// The system does not allow a thread or a signal handler.
pub fn guard() -> Result<()> {
    keep_memory();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut signals = {
        let _inside = runtime.enter();
        signals::Signals::catch()?
    };
    let listening = async move {
        let stop = signals.next().await;
        state().send_replace(Some(stop));
        let again = tokio::time::timeout(HANGS, signals.next()).await;
        end(again.unwrap_or(stop))
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(listening))?;
    Ok(())
}

#[expect(
    clippy::exit,
    reason = "the main thread did not end after the first signal, or a second signal came"
)]
fn end(stop: Stop) {
    std::process::exit(stop.exit_code().into())
}

/// Completes when a signal stops the program, immediately if one already has.
pub async fn stopped() -> Stop {
    let mut heard = state().subscribe();
    let stop = heard
        .wait_for(Option::is_some)
        .await
        .ok()
        .and_then(|stop| *stop);
    match stop {
        Some(stop) => stop,
        // The sender is static, so this is not reached.
        None => std::future::pending().await,
    }
}

/// Runs `work` until it ends or a signal stops the program. `work` is polled first, so that its own
/// message about the signal wins. If a signal has already stopped the program, `work` does not
/// start.
///
/// # Errors
/// The signal that stopped `work`.
pub fn unless_stopped<T>(
    work: impl Future<Output = T>,
) -> impl Future<Output = std::result::Result<T, Stop>> {
    // On the heap, because these nested futures are the largest of the program.
    let work = Box::pin(work);
    async move {
        if let Some(stop) = *state().borrow() {
            return Err(stop);
        }
        tokio::select! {
            biased;
            done = work => Ok(done),
            stop = stopped() => Err(stop),
        }
    }
}

/// Like [`unless_stopped`], for the whole command: after a signal, `work` has `LAST_WORDS` to end
/// with its own message.
///
/// # Errors
/// The signal that stopped `work`.
pub fn unless_stopped_for_good<T>(
    work: impl Future<Output = T>,
) -> impl Future<Output = std::result::Result<T, Stop>> {
    let work = Box::pin(work);
    let stopped = async {
        let stop = stopped().await;
        tokio::time::sleep(LAST_WORDS).await;
        stop
    };
    async move {
        tokio::select! {
            biased;
            done = work => Ok(done),
            stop = stopped => Err(stop),
        }
    }
}

/// SIGQUIT, SIGABRT and similar signals write the memory, with tokens in it, to a disk. If the
/// system refuses the setting, cmkctl runs anyway.
fn keep_memory() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        setrlimit(Resource::Core, none).ok();
    }
    // With `core_pattern`, Linux pipes a dump to a program and ignores the limit.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
    }
}

#[cfg(unix)]
mod signals {
    use crate::error::Stop;
    use std::io::Result;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The bit of SIGHUP in the `SigIgn` mask.
    const HANG_UP: u64 = 1;

    pub(super) struct Signals {
        interrupt: Signal,
        terminate: Signal,
        hang_up: Option<Signal>,
    }

    impl Signals {
        /// Catches the signals from this call on.
        pub(super) fn catch() -> Result<Self> {
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let hang_up = if ignores_hang_up(&status) {
                None
            } else {
                Some(signal(SignalKind::hangup())?)
            };
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up,
            })
        }

        pub(super) async fn next(&mut self) -> Stop {
            let Self {
                interrupt,
                terminate,
                hang_up,
            } = self;
            let gone = async {
                match hang_up {
                    Some(hang_up) => hang_up.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = interrupt.recv() => Stop::CtrlC,
                _ = terminate.recv() => Stop::Terminate,
                _ = gone => Stop::HangUp,
            }
        }
    }

    /// `nohup` sets SIGHUP to ignored, so that the program outlives the terminal. Only Linux
    /// reports ignored signals.
    fn ignores_hang_up(status: &str) -> bool {
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        ignored.is_some_and(|mask| mask & HANG_UP != 0)
    }

    #[cfg(test)]
    mod tests {
        use super::ignores_hang_up;

        #[test]
        fn nohup_is_seen() {
            for (status, expected) in [
                (
                    "Name:\tcmkctl\nSigIgn:\t0000000000000001\nSigCgt:\t0\n",
                    true,
                ),
                ("SigIgn:\t0000000000001001\n", true),
                ("SigIgn:\t0000000000001000\n", false),
                ("SigIgn:\tnonsense\n", false),
                ("", false),
            ] {
                assert_eq!(ignores_hang_up(status), expected, "{status}");
            }
        }
    }
}

#[cfg(windows)]
mod signals {
    use crate::error::Stop;
    use std::io::Result;
    use tokio::signal::windows as console;

    pub(super) struct Signals {
        c: console::CtrlC,
        pause: console::CtrlBreak,
        close: console::CtrlClose,
        logoff: console::CtrlLogoff,
        shutdown: console::CtrlShutdown,
    }

    impl Signals {
        /// Catches the signals from this call on.
        pub(super) fn catch() -> Result<Self> {
            Ok(Self {
                c: console::ctrl_c()?,
                pause: console::ctrl_break()?,
                close: console::ctrl_close()?,
                logoff: console::ctrl_logoff()?,
                shutdown: console::ctrl_shutdown()?,
            })
        }

        /// Another process can send Ctrl-Break. After any of the last three events, Windows ends
        /// the process after 5 seconds.
        pub(super) async fn next(&mut self) -> Stop {
            tokio::select! {
                _ = self.c.recv() => Stop::CtrlC,
                _ = self.pause.recv() => Stop::Terminate,
                _ = self.close.recv() => Stop::HangUp,
                _ = self.logoff.recv() => Stop::HangUp,
                _ = self.shutdown.recv() => Stop::Terminate,
            }
        }
    }
}
