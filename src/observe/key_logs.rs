//! Reads the uses of the key from the workspace that the caller named.

use super::looking::Looking;
use super::reads::ask;
use crate::error::Result;
use crate::model::logs::KeyLogs;
use crate::model::seen::Seen;

impl Looking<'_> {
    /// The uses of the named key. Without a workspace, nothing is read.
    pub(super) async fn key_logs(self) -> Result<Seen<KeyLogs>> {
        let target = self.target;
        match (&target.evidence, &target.vault, &target.key) {
            (Some(workspace), Some(vault), Some(key)) => {
                ask(self.reader.key_uses(workspace, vault, key).await)
            }
            _ => Ok(Seen::default()),
        }
    }
}
