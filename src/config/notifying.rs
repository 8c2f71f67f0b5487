//! The webhook for messages about risks and results.

use super::file::Layers;
use super::flags::Flags;
use super::source::{Setting, Shown, Source};
use crate::cloud::clouds::Cloud;
use crate::cloud::notify::Webhook;
use crate::error::{Error, Result};
use crate::model::notice::Shape;

/// The webhook, if one is set. In a sandbox only the flag counts, so that a rehearsal does not send
/// messages to a real webhook.
///
/// # Errors
/// An address or a format that is not valid.
pub(super) fn notifying(
    flags: &Flags,
    layers: &Layers,
    cloud: &Cloud,
    shown: &mut Vec<Shown>,
) -> Result<Option<Webhook>> {
    let sandbox = cloud.sandbox.is_some();
    let typed = |source: &Source| matches!(source, Source::Flag(_)) || !sandbox;
    let address = Setting::of("--notify", &flags.notify, "CMKCTL_NOTIFY")
        .or_else(|| layers.find(|file| &file.notify))
        .filter(|address| typed(&address.source));
    let format = Setting::of(
        "--notify-format",
        &flags.notify_format,
        "CMKCTL_NOTIFY_FORMAT",
    );
    let format = format.or_else(|| layers.find(|file| &file.notify_format));
    shown.push(Shown::of("notify", address.as_ref(), |text| hidden(text)));
    shown.push(Shown::of("notify-format", format.as_ref(), String::clone));
    let format = format.map(|format| shape(&format.value)).transpose()?;
    address
        .map(|address| Webhook::parse(&address.value, format, sandbox))
        .transpose()
}

fn shape(text: &str) -> Result<Shape> {
    match text {
        "teams" => Ok(Shape::Teams),
        "slack" => Ok(Shape::Slack),
        "generic" => Ok(Shape::Generic),
        other => {
            let what = format!("`{}` is not a notification format.", other.escape_debug());
            Err(Error::usage(what).hint("Use `teams`, `slack` or `generic`."))
        }
    }
}

/// Anyone who knows the whole address can post to it, so cmkctl treats the address as a secret.
fn hidden(address: &str) -> String {
    match url::Url::parse(address) {
        Ok(url) => format!(
            "{}://{}/…",
            url.scheme(),
            url.host_str().unwrap_or_default()
        ),
        Err(_) => "not a URL".to_owned(),
    }
}
