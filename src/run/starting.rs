//! The start of every changing command. At a terminal it asks for missing parts; elsewhere it names
//! them in an error.

use super::changing::go;
use super::commands::Command;
use super::consent::ConsentFlags;
use super::{Context, guiding};
use crate::error::Result;
use crate::model::target::Target;
use crate::report::Out;

/// Runs a changing command through all stages.
///
/// # Errors
/// Every end except success, with its exit code.
pub async fn change(
    context: &Context,
    command: &'static Command,
    target: &Target,
    asked: &ConsentFlags,
    out: &mut Out,
) -> Result<()> {
    if !guiding::leads(command, target, asked, out)? {
        command.require(target)?;
        if guiding::could_lead(context, asked, out) {
            out.say(
                "The sandbox fills in the values that you leave out. To be asked for them, as for \
                a real environment, add `--ask`.",
            );
        }
        return Box::pin(go(context, command, target, asked, out))
            .await
            .result;
    }
    let led = Box::pin(guiding::lead((context, command), target, asked, out)).await?;
    let asked = ConsentFlags {
        led: true,
        ..asked.clone()
    };
    let gone = Box::pin(go(context, led.command, &led.target, &asked, out)).await;
    guiding::told(context, &led, (&asked, gone), out)
}
