//! The alerts of a file: one group of receivers, and the alerts for each vault and each policy.

use super::super::infra::{Blueprint, VAULT_API, comment, quoted_bicep, symbols};
use super::resource::{Code, Language, Part, Place, Resource, text};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::system::quoted;
use crate::model::text::kusto;

const ACTION_GROUP: &str = "Microsoft.Insights/actionGroups@2023-01-01";
const ACTIVITY_ALERT: &str = "Microsoft.Insights/activityLogAlerts@2020-10-01";
const DIAGNOSTICS: &str = "Microsoft.Insights/diagnosticSettings@2021-05-01-preview";
const LOG_ALERT: &str = "Microsoft.Insights/scheduledQueryRules@2023-12-01";
const EVENTS: &str = "Microsoft.EventGrid/eventSubscriptions@2025-02-15";

/// The operations of the activity log on a key vault: name of the alert, operation, reason.
const OF_A_VAULT: [(&str, &str, &str); 4] = [
    (
        "deleted",
        "Microsoft.KeyVault/vaults/delete",
        "The vault was deleted, or an attempt to delete it failed.",
    ),
    (
        "changed",
        "Microsoft.KeyVault/vaults/write",
        "The vault or its settings (such as its network rules) were changed, or an attempt to \
        change them failed. The activity log does not show what changed.",
    ),
    (
        "access-changed",
        "Microsoft.KeyVault/vaults/accessPolicies/write",
        "An access policy of the vault was added or removed, or an attempt to do so failed.",
    ),
    (
        "role-removed",
        "Microsoft.Authorization/roleAssignments/delete",
        "A role assignment on the vault or on a key was removed, or an attempt to do so \
        failed. This alert does not cover role assignments on the resource group or above.",
    ),
];

/// The operations of the activity log on a managed HSM. Azure has no event for its local roles or
/// for the expiry of its keys.
const OF_AN_HSM: [(&str, &str, &str); 2] = [
    (
        "deleted",
        "Microsoft.KeyVault/managedHSMs/delete",
        "The managed HSM was deleted, or an attempt to delete it failed.",
    ),
    (
        "changed",
        "Microsoft.KeyVault/managedHSMs/write",
        "The managed HSM or its settings (such as its network rules) were changed, or an attempt \
        to change them failed. The activity log does not show what changed.",
    ),
];

/// What all alerts of a file share.
pub(super) struct Alerts<'a> {
    language: Language,
    /// The policy whose resource group gets the alerts.
    home: &'a ArmId,
    /// The start of every symbol of an alert. No symbol of a policy starts with it.
    prefix: String,
}

impl<'a> Alerts<'a> {
    pub(super) fn new(language: Language, first: &'a Blueprint, all: &[Blueprint]) -> Self {
        let mut prefix = "alerts_".to_owned();
        while symbols(all).iter().any(|other| other.starts_with(&prefix)) {
            prefix.push('_');
        }
        Self {
            language,
            home: &first.policy,
            prefix,
        }
    }

    pub(super) fn is_here(&self, id: &ArmId) -> bool {
        id.subscription == self.home.subscription
    }

    /// Is this resource in the resource group that Bicep deploys to?
    fn is_in_group(&self, id: &ArmId) -> bool {
        self.is_here(id) && id.group.eq_ignore_ascii_case(&self.home.group)
    }

    pub(super) fn symbol(&self, end: &str) -> String {
        let plain = |ch: char| if ch.is_ascii_alphanumeric() { ch } else { '_' };
        let end: String = end.chars().map(plain).collect();
        format!("{}{}", self.prefix, end.to_ascii_lowercase())
    }

    /// In the group of the policy, at a location.
    fn place(&self, location: Part) -> Place {
        Place::Group(self.home.group_scope(), location)
    }

    fn group_id(&self) -> Part {
        Code::id(&self.symbol("group"))
    }

    pub(super) fn action_group(&self) -> Resource {
        let receivers = Code {
            bicep: "[for (address, index) in alertEmails: {
      name: 'email-${index}'
      emailAddress: address
      useCommonAlertSchema: true
    }]"
            .to_owned(),
            hcl: "[for index, address in var.alert_emails : {
        name                 = \"email-${index}\"
        emailAddress         = address
        useCommonAlertSchema = true
      }]"
            .to_owned(),
        };
        Resource {
            why: vec!["The receivers of all alerts.".to_owned()],
            symbol: self.symbol("group"),
            kind: ACTION_GROUP,
            name: "cmk-alerts".to_owned(),
            place: self.place(text("Global")),
            properties: vec![
                ("groupShortName", text("cmk-alerts")),
                ("enabled", Part::Yes(true)),
                ("emailReceivers", Part::Code(receivers)),
            ],
        }
    }

    /// An alert on one operation on one resource. It also fires for failed attempts, because not
    /// every service logs how an operation ended.
    fn activity(&self, id: &ArmId, (end, operation, why): (&str, &str, &str)) -> Resource {
        let is = |field: &str, value: &str| {
            Part::Map(vec![("field", text(field)), ("equals", text(value))])
        };
        let name = format!("cmk-{}-{}-{end}", word(id), id.name);
        let condition = vec![
            is("category", "Administrative"),
            is("operationName", operation),
        ];
        let group = Part::Map(vec![("actionGroupId", self.group_id())]);
        Resource {
            why: vec![why.to_owned()],
            symbol: self.symbol(&format!("{}_{}_{end}", word(id), id.name)),
            kind: ACTIVITY_ALERT,
            name,
            place: self.place(text("Global")),
            properties: vec![
                ("description", text(format!("{why} {id}"))),
                ("enabled", Part::Yes(true)),
                ("scopes", Part::List(vec![text(id.to_string())])),
                (
                    "condition",
                    Part::Map(vec![("allOf", Part::List(condition))]),
                ),
                (
                    "actions",
                    Part::Map(vec![("actionGroups", Part::List(vec![group]))]),
                ),
            ],
        }
    }

    /// An alert on any row of a query. Windows overlap, because logs arrive late.
    fn log_alert(&self, id: &ArmId, end: &str, query: Part, why: &[&str]) -> Resource {
        let condition = Part::Map(vec![
            ("query", query),
            ("timeAggregation", text("Count")),
            ("operator", text("GreaterThan")),
            ("threshold", Part::Number(0)),
        ]);
        let workspace = Code::parameter("workspaceId", "workspace_id");
        Resource {
            why: why.iter().map(|line| (*line).to_owned()).collect(),
            symbol: self.symbol(&format!("{}_{}_{end}", word(id), id.name)),
            kind: LOG_ALERT,
            name: format!("cmk-{}-{}-{end}", word(id), id.name),
            place: self.place(Code::parameter("workspaceLocation", "workspace_location")),
            properties: vec![
                (
                    "description",
                    text(format!("{} {id}", why.first().copied().unwrap_or_default())),
                ),
                ("enabled", Part::Yes(true)),
                ("severity", Part::Number(1)),
                ("evaluationFrequency", text("PT5M")),
                ("windowSize", text("PT15M")),
                ("scopes", Part::List(vec![workspace])),
                (
                    "criteria",
                    Part::Map(vec![("allOf", Part::List(vec![condition]))]),
                ),
                (
                    "actions",
                    Part::Map(vec![("actionGroups", Part::List(vec![self.group_id()]))]),
                ),
            ],
        }
    }

    /// Everything for a vault or managed HSM.
    pub(super) fn vault(&self, id: &ArmId) -> String {
        let hsm = id.kind == ResourceKind::ManagedHsm;
        let operations: &[(&str, &str, &str)] = if hsm { &OF_AN_HSM } else { &OF_A_VAULT };
        let mut written: String = operations
            .iter()
            .map(|operation| self.language.resource(&self.activity(id, *operation)))
            .collect();
        let query = format!(
            "AZKVAuditLogs | where OperationName in (\"KeyDelete\", \"KeyPurge\") | where \
            _ResourceId =~ {}",
            kusto(&id.to_string(), '"')
        );
        let deleted = self.log_alert(
            id,
            "key-deleted",
            text(query),
            &["A key of the vault was deleted or purged, or an attempt failed."],
        );
        let inside = [self.diagnostics(id)]
            .into_iter()
            .chain((!hsm).then(|| self.near_expiry(id)));
        if self.language == Language::Bicep && !self.is_in_group(id) {
            written.push_str(&by_hand(id));
        } else {
            if self.language == Language::Bicep {
                written.push_str(&format!(
                    "\nresource {} '{}@{VAULT_API}' existing = {{\n  name: {}\n}}\n",
                    self.symbol(&format!("{}_{}", word(id), id.name)),
                    id.kind.arm_type(),
                    quoted_bicep(&id.name)
                ));
            }
            written.extend(inside.map(|resource| self.language.resource(&resource)));
        }
        if hsm {
            written.push_str(&format!(
                "\n{0} A managed HSM publishes no event before a key expires. Its local roles are \
                not in the activity log.\n{0} So no alert covers the expiry of its keys or its \
                local roles. `cmkctl check` verifies both.\n",
                self.language.mark()
            ));
        }
        written.push_str(&self.language.resource(&deleted));
        written
    }

    fn on(&self, id: &ArmId) -> Place {
        Place::Vault(
            id.to_string(),
            self.symbol(&format!("{}_{}", word(id), id.name)),
        )
    }

    /// Sends the vault's audit log to its own table in the workspace.
    fn diagnostics(&self, id: &ArmId) -> Resource {
        let log = Part::Map(vec![
            ("category", text("AuditEvent")),
            ("enabled", Part::Yes(true)),
        ]);
        Resource {
            why: vec![
                "Sends the audit log of the vault to the workspace. Azure bills the volume of the \
                log."
                    .to_owned(),
            ],
            symbol: self.symbol(&format!("{}_{}_log", word(id), id.name)),
            kind: DIAGNOSTICS,
            name: "cmk-alerts".to_owned(),
            place: self.on(id),
            properties: vec![
                (
                    "workspaceId",
                    Code::parameter("workspaceId", "workspace_id"),
                ),
                ("logAnalyticsDestinationType", text("Dedicated")),
                ("logs", Part::List(vec![log])),
            ],
        }
    }

    /// The event that Key Vault publishes 30 days before a key expires, or at the time that the
    /// rotation policy sets. Azure Monitor alerts accept only the CloudEvents schema.
    fn near_expiry(&self, id: &ArmId) -> Resource {
        let why = "A key of the vault expires soon. Key Vault sends this event 30 days before the \
            expiry, or at the time that the rotation policy of the key sets.";
        let destination = Part::Map(vec![
            ("endpointType", text("MonitorAlert")),
            (
                "properties",
                Part::Map(vec![
                    ("severity", text("Sev2")),
                    ("description", text(format!("{why} {id}"))),
                    ("actionGroups", Part::List(vec![self.group_id()])),
                ]),
            ),
        ]);
        let filter = Part::Map(vec![(
            "includedEventTypes",
            Part::List(vec![text("Microsoft.KeyVault.KeyNearExpiry")]),
        )]);
        Resource {
            why: vec![why.to_owned()],
            symbol: self.symbol(&format!("{}_{}_near_expiry", word(id), id.name)),
            kind: EVENTS,
            name: "cmk-key-near-expiry".to_owned(),
            place: self.on(id),
            properties: vec![
                ("eventDeliverySchema", text("CloudEventSchemaV1_0")),
                ("filter", filter),
                ("destination", destination),
            ],
        }
    }

    /// Everything for a policy.
    pub(super) fn policy(&self, blueprint: &Blueprint, symbol: &str) -> [Resource; 2] {
        let operation = "Microsoft.PowerPlatform/enterprisePolicies/delete";
        let deleted = self.activity(
            &blueprint.policy,
            (
                "deleted",
                operation,
                "The encryption policy was deleted, or an attempt to delete it failed.",
            ),
        );
        let principal = Code {
            bicep: format!("any({symbol}.identity).principalId"),
            hcl: format!("azapi_resource.{symbol}.identity[0].principal_id"),
        };
        let before = format!(
            "AZKVAuditLogs | where OperationName == \"KeyUnwrap\" and HttpStatusCode >= 400 | \
            where _ResourceId =~ {} | where tostring(Identity) contains \"",
            kusto(&blueprint.vault.to_string(), '"')
        );
        let failed = self.log_alert(
            &blueprint.policy,
            "unwrap-failed",
            Part::Around(before, principal, "\"".to_owned()),
            &[
                "The vault refused a request of the policy's identity to use the key (unwrap).",
                "The query expects the object id of the identity in the log. This is inferred from \
                samples.",
            ],
        );
        [deleted, failed]
    }
}

/// What kind of resource it is, in one word.
fn word(id: &ArmId) -> &'static str {
    match id.kind {
        ResourceKind::EnterprisePolicy => "policy",
        ResourceKind::Vault => "vault",
        ResourceKind::ManagedHsm => "hsm",
    }
}

/// Commands for the resources that Bicep can deploy only to the vault's resource group.
fn by_hand(id: &ArmId) -> String {
    let vault = comment(&quoted(&id.to_string()));
    let mut lines = format!(
        "\n// The vault is in another resource group. Send its audit log to the workspace:\n// az \
        monitor diagnostic-settings create --name cmk-alerts --resource {vault} --workspace \
        WORKSPACE_ID --export-to-resource-specific true --logs \
        '[{{\"category\":\"AuditEvent\",\"enabled\":true}}]'\n"
    );
    if id.kind == ResourceKind::Vault {
        lines.push_str(&format!(
            "// Send the vault's event before a key expires to the action group:\n// az \
            eventgrid event-subscription create --name \
            cmk-key-near-expiry --source-resource-id {vault} --event-delivery-schema \
            cloudeventschemav1_0 --included-event-types Microsoft.KeyVault.KeyNearExpiry \
            --endpoint-type monitoralert --endpoint ACTION_GROUP_ID\n"
        ));
    }
    lines
}
