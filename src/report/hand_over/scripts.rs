//! Builds the scripts of each administrator.

use super::super::infra::{Blueprint, bicep};
use super::shell::{Parameter, Script, Word};
use crate::model::ids::ArmId;
use crate::model::shell::Shell;
use crate::model::who::Side;

/// The content of a hand-over.
#[derive(Debug, Clone)]
pub struct HandOver {
    /// How to call cmkctl for the same cloud, word by word.
    pub program: Vec<String>,
    /// The administrators that it is for.
    pub sides: Vec<Side>,
    /// Their work, policy by policy.
    pub parts: Vec<Part>,
    /// Change windows, in UTC, in which an operation on an environment may start. Empty means at
    /// any time.
    pub windows: Vec<String>,
}

/// One policy, and the remaining work for it.
#[derive(Debug, Clone)]
pub struct Part {
    /// Id of the policy, if it is known.
    pub policy: Option<ArmId>,
    /// Power Platform geography.
    pub location: Option<String>,
    /// Id of the vault or managed HSM.
    pub vault: Option<ArmId>,
    /// Name of the key.
    pub key: Option<String>,
    /// The pinned version; `None` follows the latest one.
    pub version: Option<String>,
    /// The flags that create the key first.
    pub making: Vec<String>,
    /// Does cmkctl leave out the grants?
    pub no_grant: bool,
    /// Object ids of the principals that get Reader on the policy.
    pub readers: Vec<String>,
    /// Does the vault use Azure RBAC? `None` if that is not known.
    pub rbac: Option<bool>,
    /// Does the Key Vault administrator still have something to do or to check?
    pub azure: bool,
    /// The old policy of a swap. This policy's identity must be able to use its key.
    pub leaves: Option<ArmId>,
    /// The remaining work of the Power Platform administrator.
    pub joining: Vec<Joining>,
}

/// An environment that gets the policy.
#[derive(Debug, Clone)]
pub struct Joining {
    /// The subcommand.
    pub command: &'static str,
    /// Environment id, or the typed text.
    pub id: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// Its ring, if the file gives one. Lower rings go first.
    pub ring: Option<u32>,
    /// More flags of the command.
    pub flags: Vec<String>,
}

/// A file of the hand-over.
#[derive(Debug)]
pub(super) struct File {
    /// The end of its name.
    pub(super) ending: String,
    /// Its content.
    pub(super) text: String,
    /// The shell that runs the file. `None` for a template.
    pub(super) shell: Option<Shell>,
}

/// The first lines of a hand-over contain this text. A file with it may be replaced.
pub(super) const MARK: &str = "Written by cmkctl --hand-over. cmkctl may replace this file. \
    Change only a copy.";

const POLICY: Parameter = Parameter {
    variable: "policy",
    what: "the policy: its name or its ARM id (a new one is in the resource group of the vault)",
};
const VAULT: Parameter = Parameter {
    variable: "vault",
    what: "the key vault or managed HSM: its name or its ARM id",
};
const KEY: Parameter = Parameter {
    variable: "key",
    what: "the name of the key",
};
const LOCATION: Parameter = Parameter {
    variable: "location",
    what: "the geography of the policy, such as europe",
};
const ENVIRONMENT: Parameter = Parameter {
    variable: "environment",
    what: "the environment: its id, its URL or its name",
};

/// The files, each with the end of its name. `stem`: the start of the name.
pub(super) fn files(hand_over: &HandOver, stem: &str) -> Vec<File> {
    let mut files = Vec::new();
    for side in &hand_over.sides {
        let of = match (side, &hand_over.sides[..]) {
            (_, [_]) => "",
            (Side::KeyVault, _) => "-key-vault",
            (Side::PowerPlatform, _) => "-power-platform",
        };
        for (shell, ending) in [(Shell::Sh, "sh"), (Shell::PowerShell, "ps1")] {
            let script = Script::new(shell, MARK);
            files.push(File {
                ending: format!("{of}.{ending}"),
                text: match side {
                    Side::KeyVault => key_vault(hand_over, stem, script),
                    Side::PowerPlatform => power_platform(hand_over, script),
                },
                shell: Some(shell),
            });
        }
    }
    if hand_over.sides.contains(&Side::KeyVault) {
        let parts = hand_over.parts.iter().enumerate();
        files.extend(parts.filter_map(|(number, part)| {
            let text = bicep(&[part.blueprint().filter(|_| part.azure)?], &[]);
            Some(File {
                ending: template(&hand_over.parts, number),
                text: format!("// {MARK}\n{text}"),
                shell: None,
            })
        }));
    }
    files
}

/// The end of a template's name. It is numbered, because two policies may have the same name.
fn template(parts: &[Part], number: usize) -> String {
    let name = |part: &Part| {
        let policy = part.policy.as_ref();
        policy.map_or_else(String::new, |policy| policy.name.to_ascii_lowercase())
    };
    let policy_name = parts.get(number).map(name).unwrap_or_default();
    let before = parts.iter().take(number);
    match before.filter(|part| name(part) == policy_name).count() {
        0 => format!("-{policy_name}.bicep"),
        other => format!("-{policy_name}-{}.bicep", other + 1),
    }
}

impl Part {
    /// The policy as a template, if everything about it is known.
    fn blueprint(&self) -> Option<Blueprint> {
        Some(Blueprint {
            policy: self.policy.clone()?,
            location: self.location.clone()?,
            vault: self.vault.clone()?,
            key: self.key.clone()?,
            version: self.version.clone(),
            rbac: self.rbac,
            grant: None,
            granted_by: self
                .no_grant
                .then(|| "a grant that you make separately".to_owned()),
            environments: Vec::new(),
        })
    }

    /// The unknown values of the Key Vault administrator's part.
    fn asked(&self) -> Vec<&'static Parameter> {
        let unknown = [
            (self.policy.is_none(), &POLICY),
            (self.vault.is_none(), &VAULT),
            (self.key.is_none(), &KEY),
            (self.location.is_none(), &LOCATION),
        ];
        let unknown = unknown.into_iter().filter(|(unknown, _)| *unknown);
        unknown.map(|(_, asked)| asked).collect()
    }
}

/// Known words of a command.
fn known_words<'a>(all: impl IntoIterator<Item = &'a str>) -> Vec<Word> {
    let all = all.into_iter();
    all.map(|word| Word::Given(word.to_owned())).collect()
}

/// A known value, or a parameter of the script.
fn known(value: Option<String>, asked: &'static Parameter) -> Word {
    value.map_or(Word::Parameter(asked), Word::Given)
}

impl HandOver {
    fn call<'a>(&self, more: impl IntoIterator<Item = &'a str>) -> Vec<Word> {
        let mut line = known_words(self.program.iter().map(String::as_str));
        line.extend(known_words(more));
        line
    }
}

fn key_vault(hand_over: &HandOver, stem: &str, mut script: Script) -> String {
    script.remark("The Key Vault administrator's part. It requires no role in Power Platform.");
    script.remark("You can run each command again. cmkctl sends only what is missing.");
    script.remark("The script asks for confirmation. To confirm, add `--yes` at the end of its");
    script.remark("command line.");
    let todo = hand_over.parts.iter().filter(|part| part.azure);
    let mut asked = Vec::new();
    for parameter in todo.clone().flat_map(Part::asked) {
        if !asked.contains(&parameter) {
            asked.push(parameter);
        }
    }
    script.takes(&asked);
    for (number, part) in hand_over.parts.iter().enumerate() {
        if part.azure {
            let template = format!("{stem}{}", template(&hand_over.parts, number));
            create(hand_over, part, &template, &mut script);
        }
        if let (Some(policy), Some(from)) = (&part.policy, &part.leaves) {
            reach(hand_over, policy, from, &mut script);
        }
    }
    if todo.count() == 0 && hand_over.parts.iter().all(|part| part.leaves.is_none()) {
        script.gap();
        script.remark("Nothing is left to do.");
    }
    script.text()
}

/// Creates the policy with its grant and its readers.
fn create(hand_over: &HandOver, part: &Part, template: &str, script: &mut Script) {
    script.gap();
    let named = part.policy.as_ref();
    script.remark(&named.map_or("The policy".to_owned(), |policy| {
        format!("The policy {}", policy.name)
    }));
    if part.key.is_none() {
        script.remark("If there is no key yet, add `--create-key --resource-group GROUP");
        script.remark("--azure-location REGION` at the end of the script's command line.");
    }
    let mut line = hand_over.call(["create-policy", "--policy"]);
    line.push(known(named.map(ArmId::to_string), &POLICY));
    line.extend(known_words(["--vault"]));
    line.push(known(part.vault.as_ref().map(ArmId::to_string), &VAULT));
    line.extend(known_words(["--key"]));
    line.push(known(part.key.clone(), &KEY));
    if let Some(version) = &part.version {
        line.extend(known_words(["--key-version", version]));
    }
    line.extend(known_words(["--location"]));
    line.push(known(part.location.clone(), &LOCATION));
    for reader in &part.readers {
        line.extend(known_words(["--reader", reader]));
    }
    if part.no_grant {
        script.remark(
            "This script does not grant the policy access to the key. Grant it separately.",
        );
        line.extend(known_words(["--no-grant"]));
    }
    if !part.making.is_empty() {
        script.remark(
            "The next command creates the key and the vault if they do not exist. It asks for",
        );
        script.remark("the vault's name, because you can't turn off its purge protection again.");
        line.extend(known_words(part.making.iter().map(String::as_str)));
    }
    script.run(&line);
    if let Some(policy) = named {
        by_hand(part, policy, template, script);
        let policy = policy.to_string();
        script.remark("Verify the result with:");
        script.show(&hand_over.call(["check", "--policy", &policy, "--part", "key-vault"]));
    }
}

/// The Azure CLI commands for the same steps, as comments.
fn by_hand(part: &Part, policy: &ArmId, template: &str, script: &mut Script) {
    let subscription = ["--subscription", &policy.subscription];
    let mut lines = Vec::new();
    if part.blueprint().is_some() {
        let register = ["az", "provider", "register", "--namespace"];
        let register = register.into_iter().chain(["Microsoft.PowerPlatform"]);
        lines.push(known_words(register.chain(subscription).chain(["--wait"])));
        let deploy = ["az", "deployment", "group", "create"].into_iter();
        let group = ["--resource-group", &policy.group];
        let deploy = deploy.chain(subscription).chain(group);
        lines.push(known_words(deploy.chain(["--template-file", template])));
    }
    let scope = policy.to_string();
    for reader in &part.readers {
        let give = ["az", "role", "assignment", "create", "--role", "Reader"].into_iter();
        let to = ["--assignee-object-id", reader, "--scope", &scope];
        lines.push(known_words(give.chain(to)));
    }
    if !lines.is_empty() {
        script.remark("Or run these Azure CLI commands:");
    }
    for line in lines {
        script.show(&line);
    }
}

/// Checks that the new policy's identity can use the old key.
fn reach(hand_over: &HandOver, policy: &ArmId, from: &ArmId, script: &mut Script) {
    let (policy, from) = (policy.to_string(), from.to_string());
    let check = ["check", "--policy", &policy, "--swap-from", &from];
    let check = check.into_iter().chain(["--part", "key-vault"]);
    script.gap();
    script
        .remark("Backups made before the swap need the old key, so the new policy's identity must");
    script.remark("have access to the old key. If it has none, the next command prints CMK034 and");
    script.remark("an `az` command for the grant. Run the `az` command, then this script again.");
    script.prove(&hand_over.call(check));
}

/// What the Power Platform administrator reads first.
const POWER_PLATFORM_PART: [&str; 6] = [
    "The Power Platform administrator's part. It requires Reader on the policies, and no",
    "role in Key Vault.",
    "Each environment is OFFLINE for up to 4 days while its data is encrypted. Each",
    "command asks for the environment's name. If there is only one environment, you can",
    "add `--yes --confirm NAME` at the end of the command line. You can run each",
    "command again: cmkctl starts no operation twice.",
];

fn power_platform(hand_over: &HandOver, mut script: Script) -> String {
    for line in POWER_PLATFORM_PART {
        script.remark(line);
    }
    if !hand_over.windows.is_empty() {
        let windows = hand_over.windows.join(", ");
        script.remark(&format!(
            "Run this script in a change window (UTC): {windows}."
        ));
    }
    let all = hand_over.parts.iter();
    let all = all.flat_map(|part| part.joining.iter().map(move |joining| (part, joining)));
    let mut all: Vec<(&Part, &Joining)> = all.collect();
    // Each command waits for its end, and the first failure stops the script. So a ring starts only
    // after the previous one has succeeded.
    all.sort_by_key(|(_, joining)| joining.ring);
    let unknown = [
        (
            all.iter().any(|(_, joining)| joining.id.is_none()),
            &ENVIRONMENT,
        ),
        (all.iter().any(|(part, _)| part.policy.is_none()), &POLICY),
    ];
    let unknown = unknown.into_iter().filter(|(unknown, _)| *unknown);
    let asked: Vec<&Parameter> = unknown.map(|(_, asked)| asked).collect();
    script.takes(&asked);
    let mut ring = None;
    for (part, joining) in &all {
        script.gap();
        if joining.ring != ring {
            let number = joining.ring.map(|ring| format!("Ring {ring}:"));
            number.iter().for_each(|text| script.remark(text));
            ring = joining.ring;
        }
        if let Some(name) = &joining.name {
            script.remark(name);
        }
        let mut line = hand_over.call([joining.command]);
        line.push(known(joining.id.clone(), &ENVIRONMENT));
        line.extend(known_words(["--policy"]));
        line.push(known(part.policy.as_ref().map(ArmId::to_string), &POLICY));
        line.extend(known_words(joining.flags.iter().map(String::as_str)));
        script.run(&line);
    }
    if all.is_empty() {
        script.gap();
        script.remark("Nothing is left to do.");
    } else {
        script.remark("`az` has no command for this step. Without cmkctl, add the environment to");
        script.remark("the enterprise policy in the Power Platform admin center.");
    }
    script.text()
}
