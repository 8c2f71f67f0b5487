//! Waiting for a lifecycle operation: a pure step function, and the one loop that owns clock, deadline and Ctrl-C.

use crate::cloud::fault::{Cause, Reply};
use crate::cloud::session::{Reader, passes};
use crate::error::{Error, Result};
use crate::model::observed::Operation;
use crate::model::receipt::Tick;
use std::time::Duration;

/// The longest pause between two looks: adding an environment takes hours to days.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// The shortest pause, whatever the service says.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);

/// Why waiting stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// The operation says that it ended; the environment must confirm it.
    Operation(Operation),
    /// The service does not know the operation any more: the environment decides.
    Vanished,
    /// The deadline passed; the operation goes on.
    Deadline,
    /// Ctrl-C; the operation goes on.
    Interrupted,
}

/// What to do after one look at the operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Look again after this pause.
    Wait(Duration),
    /// Stop waiting.
    Stop(Ended),
    /// The question itself is refused: stop with the fault.
    Refused,
}

/// The state of a wait between two looks.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pause: Duration,
}

impl Patience {
    /// Starts with what the service asked for, or 5 seconds.
    pub fn new(first: Option<Duration>) -> Self {
        Self { pause: first.unwrap_or(Duration::from_secs(5)).clamp(SHORTEST_PAUSE, LONGEST_PAUSE) }
    }

    /// The pause before the next look: it grows by half from look to look up to 5 minutes, and is never shorter than the service asks.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        let pause = self.pause.max(asked.unwrap_or_default()).clamp(SHORTEST_PAUSE, LONGEST_PAUSE * 12);
        self.pause = self.pause.mul_f64(1.5).min(LONGEST_PAUSE);
        pause
    }
}

/// One look: answer in, decision out. Passing trouble never ends a wait; unknown states wait on.
pub fn step(look: &Reply<Operation>, asked: Option<Duration>, patience: &mut Patience) -> Step {
    match look {
        Ok(operation) if operation.has_ended() => Step::Stop(Ended::Operation(operation.clone())),
        Ok(_) => Step::Wait(patience.next(asked)),
        Err(fault) if fault.status() == Some(404) => Step::Stop(Ended::Vanished),
        Err(fault) if passes(fault) || fault.cause == Cause::Status(401) => Step::Wait(patience.next(asked)),
        Err(_) => Step::Refused,
    }
}

/// Waits until the operation at `url` ends, the deadline (in the cloud's time, from now) passes, or Ctrl-C.
///
/// # Errors
/// The service refuses the question itself (403, a foreign address).
pub async fn wait(
    reader: &Reader,
    url: &str,
    first: Option<Duration>,
    deadline: Option<Duration>,
    progress: &mut dyn FnMut(&Tick),
) -> Result<Ended> {
    let clock = reader.session.clock().clone();
    let began = clock.now();
    let elapsed = || Duration::try_from(clock.now().duration_since(began)).unwrap_or_default();
    let mut patience = Patience::new(first);
    let mut pause = patience.next(first);
    let mut unknown = false;
    loop {
        if let Some(deadline) = deadline {
            if elapsed() >= deadline {
                return Ok(Ended::Deadline);
            }
            pause = pause.min(deadline.saturating_sub(elapsed()));
        }
        tokio::select! {
            () = clock.sleep(pause) => {}
            _ = tokio::signal::ctrl_c() => return Ok(Ended::Interrupted),
        }
        let (look, asked) = reader.operation_once(url).await;
        if let Ok(operation) = &look
            && !operation.has_ended()
            && !["NotStarted", "Running"].contains(&operation.state.as_str())
            && !unknown
        {
            unknown = true;
            tracing::warn!("The operation is in the unknown state `{}`; waiting on.", operation.state);
        }
        match step(&look, asked, &mut patience) {
            Step::Wait(next) => pause = next,
            Step::Stop(ended) => return Ok(ended),
            Step::Refused => {
                let what = "The operation was started, but this account may not ask how it is going.";
                return Err(match look {
                    Err(fault) => fault.into_error(what),
                    Ok(_) => Error::new(crate::error::Kind::Unexpected, what),
                });
            }
        }
        let words = match &look {
            Ok(operation) => match &operation.stage {
                Some(stage) => format!("{}, stage {stage}", operation.state),
                None => operation.state.clone(),
            },
            Err(fault) => fault.clause(),
        };
        progress(&Tick { elapsed: elapsed(), words, next: pause });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::clouds::Service;
    use crate::cloud::fault::Fault;
    use crate::cloud::wire::{Answer, Broken};

    fn status(status: u16) -> Reply<Operation> {
        let answer = Answer { status, headers: reqwest::header::HeaderMap::new(), body: bytes::Bytes::new() };
        Err(Fault::answered(Service::Bap, &answer))
    }

    fn state(state: &str) -> Reply<Operation> {
        Ok(Operation { state: state.to_owned(), ..Operation::default() })
    }

    #[test]
    fn only_an_end_ends_a_wait() {
        let decide = |look: &Reply<Operation>| step(look, None, &mut Patience::new(None));
        for passing in [408, 425, 429, 499, 500, 502, 503, 504, 401] {
            assert!(matches!(decide(&status(passing)), Step::Wait(_)), "{passing}");
        }
        assert!(matches!(decide(&Err(Fault::broken(Service::Bap, &Broken::Lost("x".into())))), Step::Wait(_)));
        for running in ["NotStarted", "Running", "Wibble", ""] {
            assert!(matches!(decide(&state(running)), Step::Wait(_)), "{running}");
        }
        for end in ["Succeeded", "Failed", "canceled", "Completed"] {
            assert!(matches!(decide(&state(end)), Step::Stop(Ended::Operation(_))), "{end}");
        }
        assert_eq!(decide(&status(404)), Step::Stop(Ended::Vanished));
        assert_eq!(decide(&status(403)), Step::Refused);
    }

    #[test]
    fn four_days_take_little_more_than_a_thousand_looks() {
        let mut patience = Patience::new(Some(Duration::from_secs(5)));
        let (mut passed, mut looks) = (Duration::ZERO, 0);
        while passed < Duration::from_secs(4 * 24 * 3600) {
            passed += patience.next(Some(Duration::from_secs(5)));
            looks += 1;
        }
        assert!((1100..1200).contains(&looks), "{looks}");
        assert_eq!(patience.next(Some(Duration::from_secs(900))), Duration::from_secs(900));
    }
}
