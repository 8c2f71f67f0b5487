//! The lifecycle operations of environments that concern keys, by the names of their types.

/// The lifecycle operation that adding an environment starts (inferred from its type on other environments' `allowedOperations`).
pub const ADD: &str = "NewCustomerManagedKey";
/// The one that moves an environment from one policy to another (inferred).
pub const SWAP: &str = "RotateCustomerManagedKey";

/// The one that makes an environment a Managed Environment.
pub const GOVERN: &str = "EnableGovernanceConfiguration";

/// The operation that takes the key from an environment (inferred from the lists of allowed operations).
pub const REMOVE: &str = "RevertToMicrosoftKey";

/// Does an operation of this kind apply a key?
pub fn applies_key(kind: &str) -> bool {
    [ADD, SWAP].iter().any(|own| kind.eq_ignore_ascii_case(own))
}

/// Does it apply a key or take one away?
pub fn changes_key(kind: &str) -> bool {
    applies_key(kind) || kind.eq_ignore_ascii_case(REMOVE)
}
