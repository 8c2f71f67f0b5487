//! The complete output of each command in each situation: exit code and both streams.
//!
//! A line of a table is a run and a file in `snapshots`. `INSTA_UPDATE=always cargo test --locked
//! --test cli seen` writes them again. The output must be the same on every day and on a busy
//! machine. So the tenant's midnight is at least a minute away, and waits are long enough to be
//! shown.

use crate::help::words;
use crate::retire::old_keys;
use crate::tenants::{
    closed_firewall, granted_policy, link_ends, linked_uat, locked, plain, policy_is, policy_ready,
    rsa_key, short_waits, two_keys, uat_is, vault_is,
};
use crate::tool::{Served, command, finish, overlaid};
use serde_json::{Value, json};

/// Fast enough for short waits, and slow enough for a stable date.
const QUICK: &str = "1000";

/// For commands that make a grant: the grant's five minutes must not pass before the next read.
const GRANTING: &str = "200";

/// For running operations.
const REAL: &str = "1";

/// Abbreviations for frequent arguments.
const SHORT: [(&str, &str); 2] = [
    ("$consent", "--yes --confirm \"Contoso UAT\""),
    ("$checked", "--deleted-environments-checked"),
];

/// The tenant with this name, built-in or from below, with a wanted file beside its cloud file.
fn tenant(name: &str) -> Served {
    let served = match ready_tenant(name).or_else(|| troubled_tenant(name)) {
        None => Served::start(name, REAL),
        Some(patch) if name.ends_with("running") => Served::patched(&plain(patch), REAL),
        Some(patch) => {
            let hasty = overlaid(plain(patch), json!({ "settings": short_waits() }));
            Served::patched(
                &hasty,
                if name.ends_with("prepared") {
                    GRANTING
                } else {
                    QUICK
                },
            )
        }
    };
    let environment = served.default_of("environment");
    let wanted = format!(
        "{}\n[[policies.environments]]\nid = \"{environment}\"\nname = \"Contoso UAT\"\n",
        served.policy_block()
    );
    served.write("wanted.toml", &wanted);
    served
}

/// Tenants in which a step is done or can be done.
fn ready_tenant(name: &str) -> Option<Value> {
    let unmanaged = uat_is(json!({ "managed": false }));
    Some(match name {
        "nothing prepared" => overlaid(unmanaged, json!({ "provider": "NotRegistered" })),
        "prepared" => json!({}),
        "policy ready" | "add running" => policy_ready(json!({})),
        "linked" | "removal running" => linked_uat(json!({})),
        "two keys" => two_keys(),
        "key deleted" => locked(&json!({ "deleted": true }), true),
        "old keys" => old_keys(12.0),
        "key free" => old_keys(31.0),
        _ => return None,
    })
}

/// Tenants with a problem.
fn troubled_tenant(name: &str) -> Option<Value> {
    let walled = vault_is(json!({ "properties": closed_firewall() }));
    let purgeable = vault_is(json!({ "properties": { "enablePurgeProtection": null } }));
    let pinned = policy_is(json!({ "version": "0123456789abcdef0123456789abcdef" }));
    Some(match name {
        "not granted" => policy_ready(policy_is(json!({ "granted": false }))),
        "add fails" => policy_ready(link_ends("failed")),
        "add shows nothing" => policy_ready(link_ends("succeeded-without-link")),
        "failed add" => linked_uat(uat_is(json!({ "failed": true }))),
        "key expired" => locked(&json!({ "expires_in_days": -3 }), true),
        "offline" => linked_uat(uat_is(json!({ "runtime": "Disabled" }))),
        "other policy" => json!({
            "policies": { "ep-old": granted_policy() },
            "environments": { "uat": { "policy": "ep-old" } },
        }),
        "other key" => policy_ready(vault_is(json!({ "keys": { "another": rsa_key() } }))),
        "old key not granted" => overlaid(two_keys(), policy_is(json!({ "granted_at": [] }))),
        "no dataverse" => json!({ "users": { "power-platform-admin": { "dataverse": false } } }),
        "locked and walled" => overlaid(locked(&json!({}), true), walled),
        "walled" => policy_ready(walled),
        "purgeable" => policy_ready(purgeable),
        "copied" => linked_uat(uat_is(json!({ "management": "Copying" }))),
        "pinned" => linked_uat(pinned),
        _ => return None,
    })
}

/// Runs each line and compares its complete output. A line has the snapshot's name, the tenant, the
/// user, and the command. Of several commands joined by `&&`, the last one is compared.
#[track_caller]
fn look(lines: &str) {
    // A backslash continues a line.
    let lines = lines.replace("\\\n", " ");
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = line.splitn(4, '|').map(str::trim).collect();
        let [name, tenant_name, user, typed] = columns[..] else {
            panic!("{line}")
        };
        let served = tenant(tenant_name);
        let ran = typed
            .split("&&")
            .map(|one| typed_in(&served, user, one))
            .last();
        insta::assert_snapshot!(name, ran.unwrap(), typed);
    }
}

/// The output of a command in the folder of the cloud file.
fn typed_in(served: &Served, user: &str, typed: &str) -> String {
    let whole = SHORT.iter().fold(typed.to_owned(), |typed, (short, long)| {
        typed.replace(short, long)
    });
    let typed = words(&whole);
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    let mut command = command(&typed);
    command.args(["--cloud", "./cloud.json", "--sandbox-user", user]);
    command.current_dir(served.folder());
    finish(command).shown()
}

#[test]
fn status() {
    look(
        r#"
status_not_encrypted | ready | admin | status
status_encrypted | linked | admin | status
status_expiring | expiring | admin | status
status_locked | locked | admin | status
status_failed | failed add | admin | status
status_nothing_visible | linked | observer | status "Contoso UAT"
status_half_visible | linked | power-platform-admin | status
status_running | add running | admin | enable $consent --no-wait && status
status_json | expiring | admin | status -o json
status_unknown_name | ready | admin | status "Contoso UTA"
status_nothing_to_wait_for | ready | admin | status "Contoso Sales" --wait
"#,
    );
}

#[test]
fn status_of_all() {
    look(
        r#"
status_all | expiring | admin | status --all
status_all_fail_on | expiring | admin | status --all --fail-on locked,drift,expiring
status_all_locked | locked | admin | status --all --fail-on locked
status_all_half_visible | expiring | power-platform-admin | status --all
status_all_fits_nothing | expiring | admin | status --all --sku Producton
status_all_query | locked | admin | status --all --query environments[].{name:name,state:state}
"#,
    );
}

#[test]
fn check() {
    look(
        r#"
check_clear | policy ready | admin | check
check_messy | messy | admin | check
check_half_visible | messy | key-vault-admin | check
check_one_part | messy | admin | check --part key-vault
check_blind | fresh | power-platform-admin | check
check_json | not granted | admin | check -o json
"#,
    );
}

#[test]
fn check_integration() {
    look(
        r#"
check_integration_integrated | ready | admin | check-integration
check_integration_not_visible | no dataverse | power-platform-admin | check-integration
check_integration_unfinished | not-integrated | admin | check-integration
check_integration_mismatch | ready | admin | check-integration contoso-dev-b
check_integration_other_product | ready | admin | check-integration "Contoso Sales" \
    --power-platform-only
"#,
    );
}

#[test]
fn environment_name() {
    look(
        r#"
environment_name | ready | admin | environment-name
environment_name_several | ready | admin | environment-name "Contoso Dev"
environment_name_json | ready | admin | environment-name -o json
"#,
    );
}

#[test]
fn create_policy() {
    look(
        r#"
create_policy_done | prepared | admin | create-policy --yes
create_policy_other_key | other key | admin | create-policy --key another --yes
create_policy_already | policy ready | admin | create-policy
create_policy_hsm_dry_run | managed-hsm | admin | create-policy --dry-run
create_policy_no_consent | prepared | admin | create-policy
create_policy_blocked | purgeable | admin | create-policy --yes
create_policy_fixed | purgeable | admin | create-policy --fix --yes \
    --protect-from-purge kv-contoso-cmk
create_policy_without_environment | prepared | key-vault-admin | create-policy --yes
create_policy_by_key_vault | prepared | key-vault-admin | create-policy --location europe --yes
create_policy_refused | prepared | power-platform-admin | create-policy --yes
"#,
    );
}

#[test]
fn add_environment() {
    look(
        r#"
add_environment_done | policy ready | admin | add-environment $consent
add_environment_already | linked | admin | add-environment $consent
add_environment_dry_run_json | policy ready | admin | add-environment --dry-run -o json
add_environment_still_running | add running | admin | add-environment $consent --no-wait
add_environment_timeout | add running | admin | add-environment $consent --timeout 1s
add_environment_without_policy | prepared | admin | add-environment $consent
add_environment_not_visible | policy ready | power-platform-admin | add-environment $consent
add_environment_unregistered | policy ready | unregistered | add-environment
add_environment_other_operation | removal running | admin | \
    remove-environment $consent --no-wait && \
    add-environment $consent
add_environment_failed | add fails | admin | add-environment $consent
add_environment_not_verified | add shows nothing | admin | add-environment $consent
add_environment_no_consent | policy ready | admin | add-environment --yes
add_environment_wrong_name | policy ready | admin | add-environment --yes --confirm "Contoso Uat"
add_environment_walled | walled | admin | add-environment $consent
"#,
    );
}

#[test]
fn enable() {
    look(
        r#"
enable_done | prepared | admin | enable $consent
enable_everything | nothing prepared | admin | enable --make-managed $consent
enable_already | linked | admin | enable $consent
enable_dry_run | fresh | admin | enable --dry-run
enable_no_consent | prepared | admin | enable
enable_fix_without_yes | messy | admin | enable --fix --confirm "Contoso UAT"
enable_other_policy | other policy | admin | enable $consent
enable_blocked | not-integrated | admin | enable $consent
enable_done_json | prepared | admin | enable $consent -o json
"#,
    );
}

#[test]
fn remove_environment() {
    look(
        r#"
remove_environment_done | linked | admin | remove-environment $consent
remove_environment_already | policy ready | admin | remove-environment
remove_environment_dry_run | linked | admin | remove-environment --dry-run
remove_environment_locked | offline | admin | remove-environment $consent
remove_environment_no_consent | linked | admin | remove-environment --yes
remove_environment_busy | copied | admin | remove-environment $consent
remove_environment_failed_add | failed add | admin | remove-environment $consent
remove_environment_other_policy | two keys | admin | remove-environment --policy ep-contoso-cmk \
    --dry-run
"#,
    );
}

#[test]
fn swap_policy() {
    look(
        r#"
swap_policy_done | two keys | admin | swap-policy $consent
swap_policy_in_place | two keys | admin | swap-policy --in-place $consent
swap_policy_dry_run | two keys | admin | swap-policy --dry-run
swap_policy_not_granted | old key not granted | admin | swap-policy $consent
swap_policy_no_consent | two keys | admin | swap-policy --yes
swap_policy_never_linked | policy ready | admin | swap-policy $consent
swap_policy_already | linked | admin | swap-policy
"#,
    );
}

#[test]
fn keys() {
    look(
        r#"
rotate_key_done | linked | admin | rotate-key --yes
rotate_key_already | linked | admin | rotate-key --yes && rotate-key --yes
rotate_key_pinned | pinned | admin | rotate-key --dry-run
rotate_key_no_consent | linked | admin | rotate-key
rotate_key_no_key | ready | admin | rotate-key --key no-such-key --yes
rotation_policy_show | linked | admin | rotation-policy show
rotation_policy_set | linked | admin | rotation-policy set --rotate-every 1y --yes
rotation_policy_ends | linked | admin | rotation-policy set --expires-after 1y --yes
rotation_policy_hidden | linked | power-platform-admin | rotation-policy show
retire_key_override_in_use | old keys | admin | retire-key $checked --override-dates \
    --confirm cmk-contoso --audit-log audit.jsonl
retire_key_override_without_log | old keys | admin | retire-key $checked --key cmk-free \
    --override-dates --confirm cmk-free
retire_key_done | key free | admin | retire-key $checked --key cmk-free --confirm cmk-free
retire_key_too_early | old keys | admin | retire-key $checked --key cmk-free --confirm cmk-free
retire_key_in_use | old keys | admin | retire-key $checked --confirm cmk-contoso
retire_key_not_visible | old keys | key-vault-admin | retire-key $checked --key cmk-free \
    --confirm cmk-free
retire_key_no_consent | key free | admin | retire-key $checked --key cmk-free --yes
"#,
    );
}

#[test]
fn unlock() {
    look(
        r#"
unlock_walled | locked and walled | admin | unlock --policy ep-contoso-cmk --yes
unlock_done | key deleted | admin | unlock --policy ep-contoso-cmk --yes
unlock_already | linked | admin | unlock --policy ep-contoso-cmk --yes
unlock_dry_run | key deleted | admin | unlock --policy ep-contoso-cmk --dry-run
unlock_no_consent | key deleted | admin | unlock --policy ep-contoso-cmk
unlock_blocked | key expired | admin | unlock --policy ep-contoso-cmk --yes
unlock_not_verified | key deleted | power-platform-admin | unlock "Contoso UAT" --yes
"#,
    );
}

#[test]
fn files() {
    look(
        r#"
plan_of_a_file | policy ready | admin | plan wanted.toml
plan_of_a_file_json | policy ready | admin | plan wanted.toml -o json
plan_of_a_file_done | linked | admin | plan wanted.toml --detailed-exitcode
plan_of_a_file_saved | policy ready | admin | plan wanted.toml --out plan.json
plan_of_a_file_handed_over | prepared | admin | plan wanted.toml --hand-over handover
add_environment_handed_over | ready | power-platform-admin | add-environment --hand-over - 
enable_handed_over | ready | key-vault-admin | enable --hand-over -
plan_of_a_file_not_visible | prepared | key-vault-admin | plan wanted.toml
apply_done | prepared | admin | apply wanted.toml $consent
apply_already | linked | admin | apply wanted.toml
apply_no_consent | policy ready | admin | apply wanted.toml --yes
apply_still_running | add running | admin | apply wanted.toml $consent --no-wait
apply_failed | add fails | admin | apply wanted.toml $consent
adopt_never_overwrites | linked | admin | adopt --out wanted.toml
adopt | linked | admin | adopt
adopt_not_visible | expiring | power-platform-admin | adopt
"#,
    );
}

#[test]
fn what_is_there() {
    look(
        r#"
export_bicep | expiring | admin | export bicep
export_terraform | expiring | admin | export terraform
export_not_visible | expiring | power-platform-admin | export bicep
report_markdown | locked | admin | report -o markdown
"#,
    );
}

#[test]
fn this_machine() {
    look(
        r#"
auth_status | ready | admin | auth status
config_show | ready | admin | config show
doctor | ready | admin | doctor
doctor_without_role | ready | unregistered | doctor
"#,
    );
}

#[test]
fn words_alone() {
    look(
        r#"
explain_finding | ready | admin | explain CMK006
explain_service | ready | admin | explain AADSTS7000215
explain_unknown | ready | admin | explain OperationNotStartabel
help_exit_codes | ready | admin | help exit-codes
help_environment | ready | admin | help environment
help_enable | ready | admin | help enable
status_as_sarif | ready | admin | status -o sarif
unknown_flag | ready | admin | enable --colour
"#,
    );
}
