//! An organization: its units and accounts.

use std::collections::BTreeSet;
use std::time::SystemTime;

use crate::world::World;

/// The states of an account
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html>).
pub(crate) const STATES: [&str; 5] =
    ["PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"];

#[derive(Clone, Debug)]
pub(crate) struct Organization {
    /// `o-` and ten characters.
    pub id: String,
    /// `r-` and four characters.
    pub root_id: String,
    pub management_account: String,
    /// Member accounts that may call what the management account may.
    pub delegated: BTreeSet<String>,
    pub units: Vec<Unit>,
    pub members: Vec<Member>,
}

/// An organizational unit.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    /// `ou-`, the root's four characters, `-` and eight characters.
    pub id: String,
    pub name: String,
    /// The root's id or another unit's.
    pub parent: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub account: String,
    pub name: String,
    pub email: String,
    pub parent: String,
    /// One of [`STATES`].
    pub state: String,
    pub joined: SystemTime,
}

impl Organization {
    pub(crate) fn has_parent(&self, id: &str) -> bool {
        id == self.root_id || self.units.iter().any(|unit| unit.id == id)
    }

    pub(crate) fn member(&self, account: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.account == account)
    }

    pub(crate) fn member_mut(&mut self, account: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.account == account)
    }

    /// `arn:aws:organizations::<management account>:<kind>/<organization>[/<id>]`
    /// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html>).
    pub(crate) fn arn(&self, kind: &str, id: Option<&str>) -> String {
        let suffix = id.map(|id| format!("/{id}")).unwrap_or_default();
        format!("arn:aws:organizations::{}:{kind}/{}{suffix}", self.management_account, self.id)
    }

    /// The ARN of a root or unit.
    pub(crate) fn parent_arn(&self, id: &str) -> String {
        self.arn(if id == self.root_id { "root" } else { "ou" }, Some(id))
    }

    /// The ids from the root down to this parent.
    pub(crate) fn path_to(&self, parent: &str) -> String {
        let mut path = Vec::new();
        let mut at = parent.to_owned();
        while let Some(unit) = self.units.iter().find(|unit| unit.id == at) {
            path.push(unit.id.clone());
            at.clone_from(&unit.parent);
        }
        path.push(self.root_id.clone());
        path.push(self.id.clone());
        path.reverse();
        path.join("/")
    }
}

impl World {
    /// Makes an organization and answers with its root's id.
    pub(crate) fn add_organization(&mut self, management_account: &str, now: SystemTime) -> String {
        let id = format!("o-{}", self.ids.organization(10));
        let root_id = format!("r-{}", self.ids.organization(4));
        let management = Member {
            account: management_account.to_owned(),
            name: "Management".to_owned(),
            email: format!("management+{management_account}@example.com"),
            parent: root_id.clone(),
            state: "ACTIVE".to_owned(),
            joined: now,
        };
        self.organizations.push(Organization {
            id,
            root_id: root_id.clone(),
            management_account: management_account.to_owned(),
            delegated: BTreeSet::new(),
            units: Vec::new(),
            members: vec![management],
        });
        root_id
    }

    /// Makes a unit; `None` if there is no such parent.
    pub(crate) fn add_unit(&mut self, parent: &str, name: &str) -> Option<String> {
        let random = self.ids.organization(8);
        let organization = self.organizations.iter_mut().find(|it| it.has_parent(parent))?;
        let id = format!("ou-{}-{random}", organization.root_id.trim_start_matches("r-"));
        let unit = Unit { id: id.clone(), name: name.to_owned(), parent: parent.to_owned() };
        organization.units.push(unit);
        Some(id)
    }

    /// The organization that this account is a member of.
    pub(crate) fn organization_of(&self, account: &str) -> Option<&Organization> {
        self.organizations.iter().find(|organization| organization.member(account).is_some())
    }
}
