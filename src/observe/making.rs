//! Reads which parts of a new key exist already: the key, its vault and its resource group.

use super::looking::Looking;
use super::reads::ask;
use crate::cloud::{Reader, Service};
use crate::error::Result;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::Known;
use crate::model::making::{Making, NameCheck};
use crate::model::new_key::NewKey;
use crate::model::observed::Observed;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use futures::join;

impl Looking<'_> {
    /// Reads what the creation of a key requires, after its vault was read.
    pub(super) async fn making(self, seen: &mut Observed) -> Result<()> {
        let (Some(vault), Some(wish)) = (&self.target.vault, &self.target.new_key) else {
            return Ok(());
        };
        let mut making = Making::default();
        match &seen.vault {
            Some(Seen::Present(_)) => {
                making.scope = vault.to_string();
                there(self.reader, self.target, wish, (seen, &mut making)).await?;
            }
            Some(Seen::Absent) if vault.kind == ResourceKind::Vault => {
                place(self.reader, vault, &mut making).await?;
            }
            Some(Seen::Absent | Seen::Unreadable(_)) | None => {}
        }
        if !making.scope.is_empty() {
            let (rights, locks) = join!(
                self.reader.permissions(&making.scope),
                self.reader.locks(&making.scope)
            );
            (making.rights, making.locks) = (ask(rights)?, ask(locks)?);
            // The same token served the read of these rights.
            let caller = self.reader.identity(Service::Arm).await.ok();
            seen.preconditions.caller = caller.and_then(|caller| caller.object_id);
        }
        seen.making = making;
        Ok(())
    }
}

/// The scope of the new vault, and whether its name is free.
async fn place(reader: &Reader, vault: &ArmId, making: &mut Making) -> Result<()> {
    let (tenant, group, name) = join!(
        reader.tenant_of(&vault.subscription),
        reader.region_of(&vault.subscription, &vault.group),
        reader.vault_name(vault)
    );
    (making.tenant, making.group) = (ask(tenant)?, ask(group)?);
    making.name = ask::<NameCheck>(name)?;
    making.scope = match &making.group {
        Seen::Present(_) => vault.group_scope(),
        Seen::Absent | Seen::Unreadable(_) => vault.subscription_scope(),
    };
    Ok(())
}

/// The key of an existing vault through Resource Manager. Resource Manager shows the rotation
/// policy, too, and requires no data plane role.
async fn there(
    reader: &Reader,
    target: &Target,
    wish: &NewKey,
    (seen, making): (&mut Observed, &mut Making),
) -> Result<()> {
    let (Some(vault), Some(key)) = (&target.vault, &target.key) else {
        return Ok(());
    };
    let (found, premium) = join!(reader.key_with_rotation(vault, key), async {
        if wish.hsm_protected {
            Some(reader.is_premium(vault).await)
        } else {
            None
        }
    });
    let found = match ask(found)? {
        Seen::Present((key, rotation)) => {
            making.rotation = rotation;
            Seen::Present(key)
        }
        Seen::Absent => Seen::Absent,
        Seen::Unreadable(why) => Seen::Unreadable(why),
    };
    // A key from the data plane is already complete.
    if seen.key().is_none() {
        seen.key = Some(found);
    }
    if let Some(premium) = premium {
        let unsaid = |why: Unreadable| Known::Unknown(why.why);
        making.premium = match ask(premium)? {
            Seen::Present(premium) => premium,
            Seen::Unreadable(why) => unsaid(why),
            Seen::Absent => unsaid(Unreadable::because("the vault does not exist")),
        };
    }
    Ok(())
}
