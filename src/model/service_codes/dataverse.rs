//! Codes of Dataverse.

use super::code::ServiceCode;
use crate::model::cause::Cause;
use crate::model::{source, who};

const DATAVERSE: &str = "Dataverse";
const CODES_OF: &str = "Microsoft Learn, Dataverse, web service error codes, seen 2026-11";

pub(super) const CODES: &[ServiceCode] = &[
    ServiceCode {
        code: "0x80048d0b",
        service: DATAVERSE,
        means: None,
        cause: "A general error of Dataverse. If the message says that it isn't integrated with \
            finance and operations, the integration setup is not complete.",
        fix: "In Lifecycle Services, resume the Power Platform integration setup, then check \
            again: `cmkctl check-integration ENVIRONMENT`.",
        who: who::LCS,
        belongs_to: Some("CMK001"),
        source: source::INTEGRATION,
    },
    ServiceCode {
        code: "0x80072560",
        service: DATAVERSE,
        means: Some(Cause::Role),
        cause: "Your account is not a user of the environment's Dataverse organization. \
            Administrators are not members until they add themselves.",
        fix: "Add yourself to the environment in the admin center (self-elevate), then run the \
            same command again. An application needs an application user there.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK001"),
        source: CODES_OF,
    },
    ServiceCode {
        code: "0x80095ffc",
        service: DATAVERSE,
        means: Some(Cause::Role),
        cause: "The environment restricts which applications may use Dataverse, and this one is \
            not allowed.",
        fix: "Allow the application in the admin center: Settings, Privacy + Security, of the \
            environment.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK001"),
        source: CODES_OF,
    },
    ServiceCode {
        code: "0x80095ffe",
        service: DATAVERSE,
        means: Some(Cause::Network),
        cause: "The IP firewall of the environment does not allow your address.",
        fix: "Run cmkctl from an allowed address, or allow yours in the admin center: Settings, \
            Privacy + Security.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK001"),
        source: CODES_OF,
    },
    ServiceCode {
        code: "0x8004a112",
        service: DATAVERSE,
        means: Some(Cause::State),
        cause: "The Dataverse organization is disabled, as it is while a lifecycle operation runs \
            or after the environment was locked.",
        fix: "See what runs: `cmkctl status ENVIRONMENT`. If nothing runs, enable the environment \
            in the admin center.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK035"),
        source: CODES_OF,
    },
    ServiceCode {
        code: "UserNotMemberOfCdsSecurityGroup",
        service: DATAVERSE,
        means: Some(Cause::Role),
        cause: "The environment has a security group, and your account is not in it.",
        fix: "Ask the owner of the security group to add you.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK001"),
        source: CODES_OF,
    },
];
