//! Who may invoke functions.

use crate::Simulator;

impl Simulator {
    /// Lets another account (its number or root ARN), one of its roles (the role's ARN) or everybody
    /// (`*`) invoke a function, as Lambda's `AddPermission` does; an account's number also lets Secrets
    /// Manager invoke it for that account's secrets. Within its own account, a function needs no
    /// permission.
    pub fn add_permission(&self, function_arn: &str, principal: &str) {
        self.with(|state| {
            let permission = (function_arn.to_owned(), principal.to_owned());
            state.world.function_permissions.insert(permission);
        });
    }
}
