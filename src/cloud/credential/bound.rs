//! The signed-in account of a tool, as one digest over its files. Login, logout and `az account
//! set` change the digest, so that tokens of the earlier account are no longer found.

use super::power_shell::{self, program};
use super::source::{Method, SignIn};
use ring::digest::{Context, SHA256};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// cmkctl does not read larger files. For them, it stores no tokens.
const LIMIT: u64 = 32 << 20;

/// The files of one tool in one folder. At least one of `needed` must exist. Otherwise the tool
/// keeps its accounts elsewhere, where cmkctl would not notice a change.
struct Files<'a> {
    folder: &'a Path,
    needed: &'static [&'static str],
    more: &'static [&'static str],
}

/// The Azure CLI writes these files at login, logout and `account set`, but not when it returns a
/// token. Its configuration names the cloud.
const AZURE_CLI: (&[&str], &[&str]) = (
    &["azureProfile.json"],
    &[
        "config",
        "clouds.config",
        "service_principal_entries.json",
        "service_principal_entries.bin",
    ],
);

/// azd: the signed-in account, and whether azd uses the Azure CLI's sign-in. Older versions keep
/// the account in `config.json`.
const AZD: (&[&str], &[&str]) = (&["auth.json", "config.json"], &[]);

/// Azure PowerShell: its contexts, and whether they are saved for later processes.
const POWER_SHELL: (&[&str], &[&str]) =
    (&["AzureRmContext.json"], &["AzureRmContextSettings.json"]);

/// The digest, or `None` if the tool's account can't be determined.
pub(super) fn binding(sign_in: &SignIn, method: Method) -> Option<String> {
    let accounts = &sign_in.accounts;
    let files = |folder, (needed, more)| Files {
        folder,
        needed,
        more,
    };
    let azure_cli = accounts.azure_cli.as_deref();
    let (names, tool_files, asked): (&[&str], _, _) = match method {
        Method::AzureCli => (&["az"], files(azure_cli?, AZURE_CLI), None),
        Method::AzureDeveloperCli => {
            // azd may use the Azure CLI's sign-in.
            let asked = azure_cli.map(|folder| files(folder, AZURE_CLI));
            (&["azd"], files(accounts.azd.as_deref()?, AZD), asked)
        }
        Method::AzurePowerShell => {
            let tool_files = files(accounts.power_shell.as_deref()?, POWER_SHELL);
            (power_shell::PROGRAMS, tool_files, None)
        }
        Method::Environment
        | Method::Federated
        | Method::ManagedIdentity
        | Method::Login
        | Method::Browser
        | Method::DeviceCode => return None,
    };
    let program = program(sign_in.path.as_deref(), names)?;
    // A Windows program that runs from WSL keeps its files on the Windows side.
    if cfg!(target_os = "linux") && program.starts_with("/mnt") {
        return None;
    }
    let mut digest = Context::new(&SHA256);
    part(&mut digest, method.name().as_bytes());
    part(&mut digest, program.as_os_str().as_encoded_bytes());
    for (name, value) in &accounts.variables {
        part(&mut digest, name.as_bytes());
        part(&mut digest, value.as_bytes());
    }
    if !tool_files.added(&mut digest)? {
        return None;
    }
    if let Some(asked) = asked {
        asked.added(&mut digest)?;
    }
    let digest = digest.finish();
    let hex = |byte: &u8| format!("{byte:02x}");
    Some(digest.as_ref().iter().map(hex).collect())
}

impl Files<'_> {
    /// Adds the content of the files. Returns whether a needed file exists, or `None` if a file is
    /// unreadable.
    fn added(&self, digest: &mut Context) -> Option<bool> {
        part(digest, self.folder.as_os_str().as_encoded_bytes());
        let mut there = false;
        for (name, needed) in self.all() {
            let file = self.folder.join(name);
            let content = content(&file)?;
            digest.update(&[u8::from(content.is_some())]);
            // A caller who signs in again wants a token with the current rights, although the
            // content may be the same. So the file's time counts too.
            if needed && content.is_some() {
                there = true;
                part(digest, &written(&file)?.to_le_bytes());
            }
            part(digest, &content.unwrap_or_default());
        }
        Some(there)
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let needed = self.needed.iter().map(|name| (*name, true));
        needed.chain(self.more.iter().map(|name| (*name, false)))
    }
}

/// Adds the length first, so that different lists of parts never give the same bytes.
fn part(digest: &mut Context, bytes: &[u8]) {
    digest.update(&bytes.len().to_le_bytes());
    digest.update(bytes);
}

/// The modification time of a file, in nanoseconds.
fn written(path: &Path) -> Option<u128> {
    let written = std::fs::metadata(path).and_then(|file| file.modified());
    let since = written.ok()?.duration_since(std::time::UNIX_EPOCH);
    since.ok().map(|since| since.as_nanos())
}

/// `Some(None)` if the file does not exist, `None` if it is unreadable.
#[expect(
    clippy::option_option,
    reason = "a missing file is a result, and differs from an unreadable file"
)]
fn content(path: &Path) -> Option<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(None),
        Err(_) => return None,
    };
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= LIMIT).then_some(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::credential::source::Accounts;
    use std::path::PathBuf;

    fn signed_in(folder: &Path) -> SignIn {
        for name in ["az", "azd", "pwsh"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let create = |name: &str| -> Option<PathBuf> {
            std::fs::create_dir_all(folder.join(name)).unwrap();
            Some(folder.join(name))
        };
        SignIn {
            path: Some(folder.into()),
            accounts: Accounts {
                azure_cli: create(".azure"),
                azd: create(".azd"),
                power_shell: create(".Azure"),
                variables: Vec::new(),
            },
            ..SignIn::default()
        }
    }

    #[test]
    fn every_file_of_an_account_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut sign_in = signed_in(folder.path());
        for (method, place, files) in [
            (
                Method::AzureCli,
                ".azure",
                &[
                    "azureProfile.json",
                    "config",
                    "clouds.config",
                    "service_principal_entries.json",
                ][..],
            ),
            (
                Method::AzureDeveloperCli,
                ".azd",
                &["auth.json", "config.json"],
            ),
            (
                Method::AzureDeveloperCli,
                ".azure",
                &["azureProfile.json", "config"],
            ),
            (
                Method::AzurePowerShell,
                ".Azure",
                &["AzureRmContext.json", "AzureRmContextSettings.json"],
            ),
        ] {
            for name in files {
                let file = folder.path().join(place).join(name);
                let before = binding(&sign_in, method);
                std::fs::write(&file, format!("{} one", method.name())).unwrap();
                let first = binding(&sign_in, method);
                std::fs::write(&file, format!("{} two", method.name())).unwrap();
                let second = binding(&sign_in, method);
                assert!(first.is_some() && second.is_some(), "{name}");
                assert!(
                    before != first && first != second && before != second,
                    "{name}"
                );
                assert_eq!(binding(&sign_in, method), second);
            }
        }
        let before = binding(&sign_in, Method::AzureCli);
        sign_in.accounts.variables = vec![("AZURE_CLOUD_NAME", "x".to_owned())];
        assert_ne!(binding(&sign_in, Method::AzureCli), before);
        assert_eq!(binding(&sign_in, Method::Environment), None);
    }

    #[test]
    fn what_can_not_be_known_binds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let sign_in = signed_in(folder.path());
        // Without `azureProfile.json`, the accounts are elsewhere.
        assert_eq!(binding(&sign_in, Method::AzureCli), None);
        let place = folder.path().join(".azure");
        std::fs::write(place.join("config"), "").unwrap();
        assert_eq!(binding(&sign_in, Method::AzureCli), None);
        std::fs::write(place.join("azureProfile.json"), "{}").unwrap();
        assert!(binding(&sign_in, Method::AzureCli).is_some());
        // It exists but is not readable as a file.
        std::fs::create_dir(place.join("clouds.config")).unwrap();
        assert_eq!(binding(&sign_in, Method::AzureCli), None);
        let without = SignIn {
            path: None,
            ..sign_in
        };
        assert_eq!(binding(&without, Method::AzureCli), None);
    }
}
