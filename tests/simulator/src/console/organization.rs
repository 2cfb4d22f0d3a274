//! The organization.

use crate::Simulator;
use crate::world::organization::{Member, Organization, STATES};

impl Simulator {
    /// Makes an organization with this management account in its root.
    ///
    /// # Panics
    /// When the account is in an organization already.
    pub fn create_organization(&self, management_account: &str) {
        self.with(|state| {
            let taken = state.world.organization_of(management_account).is_some();
            assert!(!taken, "{management_account} is in an organization already");
            let now = state.clock.now();
            state.world.add_organization(management_account, now);
        });
    }

    /// The id of the first organization's root.
    ///
    /// # Panics
    /// When there is no organization.
    #[must_use]
    pub fn root_id(&self) -> String {
        self.with(|state| {
            let first = state.world.organizations.first();
            first.map(|organization| organization.root_id.clone()).expect("there is no organization")
        })
    }

    /// Makes an organizational unit under a root or another unit, and answers with its id.
    ///
    /// # Panics
    /// When there is no such parent.
    pub fn add_organizational_unit(&self, parent: &str, name: &str) -> String {
        let id = self.with(|state| state.world.add_unit(parent, name));
        id.unwrap_or_else(|| panic!("no root or organizational unit {parent}"))
    }

    /// Puts an active account into a root or unit.
    ///
    /// # Panics
    /// When there is no such parent, or the account is in an organization already.
    pub fn add_account(&self, account: &str, name: &str, email: &str, parent: &str) {
        self.with(|state| {
            let taken = state.world.organization_of(account).is_some();
            assert!(!taken, "{account} is in an organization already");
            let joined = state.clock.now();
            let organizations = &mut state.world.organizations;
            let organization = organizations.iter_mut().find(|it| it.has_parent(parent));
            let organization =
                organization.unwrap_or_else(|| panic!("no root or organizational unit {parent}"));
            organization.members.push(Member {
                account: account.to_owned(),
                name: name.to_owned(),
                email: email.to_owned(),
                parent: parent.to_owned(),
                state: "ACTIVE".to_owned(),
                joined,
            });
        });
    }

    /// Sets an account's state: `PENDING_ACTIVATION`, `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE` or
    /// `CLOSED`.
    ///
    /// # Panics
    /// When there is no such account, or no such state.
    pub fn set_account_state(&self, account: &str, state: &str) {
        assert!(STATES.contains(&state), "no such state: {state}");
        self.organization_with(account, |organization| {
            if let Some(member) = organization.member_mut(account) {
                state.clone_into(&mut member.state);
            }
        });
    }

    /// Moves an account to another root or unit of its organization.
    ///
    /// # Panics
    /// When there is no such account or parent.
    pub fn move_account(&self, account: &str, parent: &str) {
        self.organization_with(account, |organization| {
            assert!(organization.has_parent(parent), "no root or organizational unit {parent}");
            if let Some(member) = organization.member_mut(account) {
                parent.clone_into(&mut member.parent);
            }
        });
    }

    /// Takes an account out of its organization.
    ///
    /// # Panics
    /// When there is no such account.
    pub fn remove_account(&self, account: &str) {
        self.organization_with(account, |organization| {
            organization.members.retain(|member| member.account != account);
            organization.delegated.remove(account);
        });
    }

    /// Lets a member account read the organization as the management account may.
    ///
    /// # Panics
    /// When there is no such account.
    pub fn register_delegated_administrator(&self, account: &str) {
        self.organization_with(account, |organization| {
            organization.delegated.insert(account.to_owned());
        });
    }

    fn organization_with(&self, account: &str, f: impl FnOnce(&mut Organization)) {
        self.with(|state| {
            let organizations = &mut state.world.organizations;
            let organization = organizations.iter_mut().find(|it| it.member(account).is_some());
            f(organization.unwrap_or_else(|| panic!("{account} is in no organization")));
        });
    }
}
