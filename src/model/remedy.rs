//! The remedy of a finding, as a value with two renderers: for the command line, and for the file
//! of `cmkctl apply`.

use crate::model::ids::ArmId;
use crate::model::rights::Lacking;
use crate::model::system::quoted;
use serde::{Serialize, Serializer};
use std::fmt;

/// The remedy of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// A command to paste, or a sentence. Both renderers print it unchanged.
    Plain(String),
    /// A sentence that tells the reader to wait. No action helps.
    Wait(String),
    /// A flag on the command line, or a line in the file.
    Setting(Setting),
    /// The caller needs a role.
    GetRole {
        /// Its name, such as `Contributor`.
        role: String,
        /// The right that the role gives.
        lacking: Lacking,
        /// The caller's object id, if it is known.
        caller: Option<String>,
    },
    /// The environment has another policy and must be moved.
    Move {
        /// Environment id.
        environment: String,
        /// The policy that the environment must get.
        policy: Box<ArmId>,
    },
}

/// A setting with both a flag on the command line and a line in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Make the environment a Managed Environment.
    MakeManaged,
    /// Accept an environment without finance and operations.
    PowerPlatformOnly,
    /// Leave out the pinned key version.
    NoKeyVersion,
    /// Use a location that the provider offers.
    Location,
    /// Make the caller a reader of the policy.
    Reader,
    /// Let cmkctl grant the policy's identity its right.
    Grant,
    /// The Azure region of a new vault and its resource group.
    Region,
    /// Use the existing key, or another one.
    OtherKey,
    /// Create the key without hardware protection.
    NoHardware,
}

impl Setting {
    const fn on_command_line(self) -> &'static str {
        match self {
            Setting::MakeManaged => {
                "Turn on Managed Environments in the admin center, or pass \
                    `--make-managed` to `cmkctl \
                    add-environment` or `cmkctl enable`. The environment's users then need premium \
                    licences."
            }
            Setting::PowerPlatformOnly => {
                "Integrate the environment first. Microsoft does not support a key before the \
                integration. If the environment will never have finance and operations, pass \
                `--power-platform-only`."
            }
            Setting::NoKeyVersion => "Leave out `--key-version`.",
            Setting::Location => "Pass a location that enterprise policies support: `--location`.",
            Setting::Reader => {
                "Ask the Key Vault administrator to run `cmkctl create-policy` with `--reader` and \
                your object id."
            }
            Setting::Grant => "Leave out `--no-grant`, or grant access to the key yourself.",
            Setting::Region => {
                "Pass `--azure-location REGION`, such as `westeurope`. List regions: `az account \
                list-locations --query [].name`."
            }
            Setting::OtherKey => {
                "To use the existing key unchanged, leave out the flag that does not match the \
                key. Otherwise, choose another key: `--key NAME`."
            }
            Setting::NoHardware => "Leave out `--hsm-protected`, or choose a premium vault.",
        }
    }

    const fn in_file(self) -> &'static str {
        match self {
            Setting::MakeManaged => {
                "Write `make-managed = true` below the environment's id, or turn on Managed \
                Environments in the admin center. The environment's users then need premium \
                licences."
            }
            Setting::PowerPlatformOnly => {
                "Integrate the environment first. Microsoft does not support a key before the \
                integration. If the environment will never have finance and operations, write \
                `power-platform-only = true` below its id."
            }
            Setting::NoKeyVersion => "Leave out `key-version`.",
            Setting::Location => "Write a `location` that enterprise policies support.",
            Setting::Reader => {
                "Ask the Key Vault administrator to add your object id to `readers` and to run \
                `cmkctl apply`."
            }
            Setting::Grant => {
                "Delete the line `grant = false`, or grant access to the key yourself."
            }
            Setting::Region => {
                "Write `azure-location` into `create-key`, such as `westeurope`. List regions: `az \
                account list-locations --query [].name`."
            }
            Setting::OtherKey => {
                "To use the existing key unchanged, delete the line of `create-key` that does not \
                    match the key. Otherwise, choose another `key`."
            }
            Setting::NoHardware => {
                "Delete `hsm-protected` from `create-key`, or choose a premium `vault`."
            }
        }
    }
}

impl Remedy {
    /// A sentence that says that only waiting helps.
    pub fn wait(sentence: impl Into<String>) -> Self {
        Remedy::Wait(sentence.into())
    }

    /// Does only waiting help?
    pub const fn is_wait(&self) -> bool {
        match self {
            Remedy::Wait(_) => true,
            Remedy::Plain(_)
            | Remedy::Setting(_)
            | Remedy::GetRole { .. }
            | Remedy::Move { .. } => false,
        }
    }

    /// The missing right that this remedy is for.
    pub const fn lacking(&self) -> Option<&Lacking> {
        match self {
            Remedy::GetRole { lacking, .. } => Some(lacking),
            Remedy::Plain(_) | Remedy::Wait(_) | Remedy::Setting(_) | Remedy::Move { .. } => None,
        }
    }

    /// The words for the command line.
    pub fn on_command_line(&self) -> String {
        match self {
            Remedy::Plain(text) | Remedy::Wait(text) => text.clone(),
            Remedy::Setting(setting) => setting.on_command_line().to_owned(),
            Remedy::GetRole {
                role,
                lacking,
                caller,
            } => get_role(role, lacking, caller.as_deref()),
            Remedy::Move { .. } => {
                "To move the environment to another policy, use `cmkctl swap-policy`. Adding an \
                    environment never replaces its policy."
                    .to_owned()
            }
        }
    }

    /// The words for the file.
    pub fn in_file(&self) -> String {
        match self {
            Remedy::Plain(text) | Remedy::Wait(text) => text.clone(),
            Remedy::Setting(setting) => setting.in_file().to_owned(),
            Remedy::GetRole {
                role,
                lacking,
                caller,
            } => get_role(role, lacking, caller.as_deref()),
            Remedy::Move {
                environment,
                policy,
            } => format!(
                "The file does not move environments between policies, because a move causes two \
                outages. To move this environment: `cmkctl swap-policy {} --policy {}`.",
                quoted(environment),
                quoted(&policy.to_string())
            ),
        }
    }

    /// The same remedy, which always prints the words for the file.
    #[must_use]
    pub fn of_file(self) -> Self {
        match self {
            Remedy::Plain(_) | Remedy::Wait(_) | Remedy::GetRole { .. } => self,
            Remedy::Setting(_) | Remedy::Move { .. } => Remedy::Plain(self.in_file()),
        }
    }
}

fn get_role(role: &str, lacking: &Lacking, caller: Option<&str>) -> String {
    format!(
        "Get the role `{role}` on this scope: `az role assignment create --role \"{role}\" \
        --assignee {} --scope {}`.",
        caller.map_or_else(|| "YOUR_OBJECT_ID".to_owned(), quoted),
        quoted(&lacking.scope)
    )
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.on_command_line())
    }
}

impl Serialize for Remedy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<String> for Remedy {
    fn from(text: String) -> Self {
        Remedy::Plain(text)
    }
}

impl From<&str> for Remedy {
    fn from(text: &str) -> Self {
        Remedy::Plain(text.to_owned())
    }
}

impl From<Setting> for Remedy {
    fn from(setting: Setting) -> Self {
        Remedy::Setting(setting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::ResourceKind;

    #[test]
    fn a_flag_on_the_command_line_is_a_line_in_the_file() {
        for (setting, flag, line) in [
            (
                Setting::MakeManaged,
                "--make-managed",
                "make-managed = true",
            ),
            (
                Setting::PowerPlatformOnly,
                "--power-platform-only",
                "power-platform-only = true",
            ),
            (Setting::NoKeyVersion, "--key-version", "`key-version`"),
            (Setting::Location, "--location", "`location`"),
            (Setting::Reader, "--reader", "`readers`"),
        ] {
            let remedy = Remedy::from(setting);
            let (typed, written) = (remedy.on_command_line(), remedy.in_file());
            assert!(typed.contains(flag), "{typed}");
            assert!(
                written.contains(line) && !written.contains("--"),
                "{written}"
            );
            assert_eq!(remedy.to_string(), typed);
            assert_eq!(remedy.of_file().to_string(), written);
        }
    }

    #[test]
    fn a_move_is_a_command_where_the_file_can_t_say_it() {
        let policy = ArmId::new(
            "11111111-2222-3333-4444-555555555555",
            "g",
            ResourceKind::EnterprisePolicy,
            "ep",
        )
        .unwrap();
        let remedy = Remedy::Move {
            environment: "e".to_owned(),
            policy: Box::new(policy.clone()),
        };
        assert!(
            remedy
                .on_command_line()
                .contains("never replaces its policy")
        );
        let command = format!("`cmkctl swap-policy e --policy {policy}`");
        assert!(remedy.in_file().contains(&command), "{}", remedy.in_file());
        assert_eq!(remedy.clone().of_file(), Remedy::Plain(remedy.in_file()));
    }

    #[test]
    fn what_reads_the_same_everywhere_stays_what_it_is() {
        for remedy in [Remedy::from("Do it."), Remedy::wait("Wait.")] {
            assert_eq!(remedy.on_command_line(), remedy.in_file());
            assert_eq!(remedy.clone().of_file(), remedy);
        }
        assert!(Remedy::wait("Wait.").is_wait() && !Remedy::from("Wait.").is_wait());
        assert!(!Remedy::from(Setting::Reader).is_wait());
        let text = serde_json::to_string(&Remedy::from(Setting::NoKeyVersion)).unwrap();
        assert_eq!(text, "\"Leave out `--key-version`.\"");
    }
}
