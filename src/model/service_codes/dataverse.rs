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
        cause: "Dataverse uses this code for different errors. If the message says \"isn't \
            integrated with finance and operations\", the integration setup is not complete.",
        fix: "Open the environment in the Power Platform admin center, or in Lifecycle Services if \
            it is still there. Resume the integration setup. Then check again: `cmkctl \
            check-integration ENVIRONMENT`.",
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
            same command again. For a service principal, create an application user in the \
            environment.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK001"),
        source: CODES_OF,
    },
    ServiceCode {
        code: "0x80095ffc",
        service: DATAVERSE,
        means: Some(Cause::Role),
        cause: "The environment allows only certain applications to use Dataverse. The application \
            of your sign-in is not allowed.",
        fix: "Allow the application in the admin center: open the environment, then Settings, \
            Privacy + Security.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK001"),
        source: CODES_OF,
    },
    ServiceCode {
        code: "0x80095ffe",
        service: DATAVERSE,
        means: Some(Cause::Network),
        cause: "The IP firewall of the environment does not allow your address.",
        fix: "Run cmkctl from an allowed address. Or allow your address in the admin center: open \
            the environment, then Settings, Privacy + Security.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK001"),
        source: CODES_OF,
    },
    ServiceCode {
        code: "0x8004a112",
        service: DATAVERSE,
        means: Some(Cause::State),
        cause: "The Dataverse organization is disabled. This happens while a \
            lifecycle operation runs, or after the environment was locked.",
        fix: "Check whether an operation is running: `cmkctl status ENVIRONMENT`. If no operation \
            is running, enable the environment in the admin center.",
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
