//! Groups, and the console password that the credential report tells of.

use crate::Simulator;
use crate::world::identity::lookup_name;

impl Simulator {
    /// Makes a group, unless there is one of that name.
    pub fn create_group(&self, account: &str, name: &str) {
        self.with(|state| {
            let now = state.clock.now();
            state.world.add_group(account, name, "/", now);
        });
    }

    /// Puts a user into a group. The limit of ten groups a user is not enforced here.
    ///
    /// # Panics
    /// When there is no such group or user.
    pub fn add_to_group(&self, account: &str, group: &str, user: &str) {
        self.with(|state| {
            assert!(state.world.user(account, user).is_some(), "no user {user} in {account}");
            let found = state.world.group(account, group);
            let found = found.unwrap_or_else(|| panic!("no group {group} in {account}"));
            found.members.insert(lookup_name(user));
        });
    }

    /// Takes a user out of a group.
    ///
    /// # Panics
    /// When there is no such group.
    pub fn remove_from_group(&self, account: &str, group: &str, user: &str) {
        self.with(|state| {
            let found = state.world.group(account, group);
            let found = found.unwrap_or_else(|| panic!("no group {group} in {account}"));
            found.members.remove(&lookup_name(user));
        });
    }

    /// Gives a user a console password, which nobody ever uses.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn create_login_profile(&self, account: &str, user: &str) {
        self.with(|state| {
            let now = state.clock.now();
            let found = state.world.user(account, user);
            let found = found.unwrap_or_else(|| panic!("no user {user} in {account}"));
            found.password_changed = Some(now);
        });
    }
}
