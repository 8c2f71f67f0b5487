//! Settings for what cmkctl remembers between commands: whether, where, and in which files the
//! other tools keep their accounts.

use super::file::{Layers, cache_folder, home};
use super::flags::Flags;
use super::reading::variable;
use super::source::{Setting, Shown, Source};
use crate::cloud::credential::memory::Store;
use crate::cloud::credential::{Accounts, Remembering};
use crate::error::{Error, Result};
use std::path::PathBuf;

/// Does cmkctl remember anything, and where?
pub(super) fn remembering(
    flags: &Flags,
    layers: &Layers,
    shown: &mut Vec<Shown>,
) -> Result<Remembering> {
    let typed = flags.remember.map(|value| Setting {
        value,
        source: Source::Flag("--no-remember"),
    });
    let remember = match typed {
        Some(typed) => Some(typed),
        None => Setting::switch("CMKCTL_REMEMBER")?.or_else(|| layers.find(|file| &file.remember)),
    };
    shown.push(Shown::of("remember", remember.as_ref(), bool::to_string));
    let store = Setting::<String>::variable("CMKCTL_CREDENTIAL_STORE");
    shown.push(Shown::of("credential-store", store.as_ref(), String::clone));
    let store = match store.as_ref().map(|store| store.value.as_str()) {
        None | Some("system") => Store::System,
        Some("none") => Store::None,
        Some(other) => {
            let what = format!(
                "`CMKCTL_CREDENTIAL_STORE` is `{}`, which is not valid.",
                other.escape_debug()
            );
            return Err(Error::usage(what).hint(
                "Set the variable to `system` (the credential \
                store of the system) or `none` (remember nothing).",
            ));
        }
    };
    let off = remember.filter(|remember| !remember.value);
    Ok(Remembering {
        folder: cache_folder(),
        store,
        off: off.map(|off| off.source.to_string()),
        line: flags.line.clone(),
    })
}

/// The files in which the tools keep their account, found by the tools' own rules.
pub(super) fn accounts() -> Accounts {
    let folder = |name: &str, below_home: &str| {
        let named = variable(name).map(PathBuf::from);
        named.or_else(|| home().map(|home| home.join(below_home)))
    };
    // These variables also decide which account and cloud the tools use.
    let names = [
        "AZURE_TENANT_ID",
        "AZURE_CLOUD_NAME",
        "ARM_CLOUD_METADATA_URL",
        "IDENTITY_ENDPOINT",
        "MSI_ENDPOINT",
        "AZD_AUTH_ENDPOINT",
    ];
    let set = names.into_iter();
    Accounts {
        azure_cli: folder("AZURE_CONFIG_DIR", ".azure"),
        azd: folder("AZD_CONFIG_DIR", ".azd"),
        power_shell: home().map(|home| home.join(".Azure")),
        variables: set
            .filter_map(|name| Some((name, variable(name)?)))
            .collect(),
    }
}
