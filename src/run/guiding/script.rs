//! The dialog's result as one command without questions.

use super::led::Led;
use crate::model::system::quoted;
use crate::run::Context;
use crate::run::consent::ConsentFlags;

/// The command with everything that was picked and typed, quoted for a shell. `names`: the names
/// that its plan required.
pub(super) fn whole(
    context: &Context,
    led: &Led,
    asked: &ConsentFlags,
    names: &[String],
) -> String {
    let program = context.calling.anew();
    let mut line = led.command.in_words(&program, &led.target, &led.names);
    if asked.fix {
        line.push_str(" --fix");
    }
    if let Some(vault) = &asked.protect {
        line.push_str(&format!(" --protect-from-purge {}", quoted(vault)));
    }
    if asked.waiting.no_wait {
        line.push_str(" --no-wait");
    }
    if let Some(timeout) = asked.waiting.timeout {
        line.push_str(&format!(" --timeout {}s", timeout.as_secs_f64()));
    }
    line.push_str(" --yes");
    for name in names {
        line.push_str(&format!(" --confirm {}", quoted(name)));
    }
    line
}
