//! Host api.bap.microsoft.com: errors in the recorded shape.

use super::queries::Refused;
use crate::message::Reply;
use serde_json::json;

/// An error in the recorded shape of this API.
pub(super) fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({
            "error": { "code": code, "message": message, "detailUrlType": "NotSpecified" },
        }),
    )
}

pub(super) fn not_found(id: &str) -> Reply {
    error(
        404,
        "EnvironmentNotFound",
        &format!("The environment '{id}' could not be found in the tenant."),
    )
}

/// The 400 for an invalid query.
pub(super) fn refusal(why: &Refused) -> Reply {
    error(400, why.code, &why.message)
}
