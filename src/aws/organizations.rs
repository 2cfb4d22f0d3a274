//! [Organizations](https://docs.aws.amazon.com/organizations/latest/APIReference/Welcome.html).

use aws_config::SdkConfig;
use aws_sdk_organizations::Client;
use aws_sdk_organizations::config::Builder;
use aws_sdk_organizations::types::{Account, AccountStatus};

use super::CallError;

/// The calls this product makes to Organizations.
#[derive(Clone, Debug)]
pub struct Organizations(Client);

/// An account of the organization.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MemberAccount {
    /// Its number.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its owner's address.
    pub email: String,
    /// Whether it is in use: neither suspended nor being closed.
    #[serde(skip)]
    pub active: bool,
}

/// A page of a list, and where the next one begins. A page may be empty and yet not the last.
pub type Page<T> = (Vec<T>, Option<String>);

impl Organizations {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(sdk).build()))
    }

    /// [ListAccounts](https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html).
    pub async fn accounts(&self, next: Option<String>) -> Result<Page<MemberAccount>, CallError> {
        let page = self.0.list_accounts().set_next_token(next).send().await;
        let page = page.map_err(|e| CallError::new("organizations:ListAccounts", &e))?;
        Ok((page.accounts().iter().filter_map(account).collect(), page.next_token))
    }

    /// [ListAccountsForParent](https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html):
    /// the accounts right beneath a root or an organizational unit.
    pub async fn accounts_of(
        &self,
        parent: &str,
        next: Option<String>,
    ) -> Result<Page<MemberAccount>, CallError> {
        let page = self.0.list_accounts_for_parent().parent_id(parent).set_next_token(next).send().await;
        let page = page.map_err(|e| CallError::new("organizations:ListAccountsForParent", &e))?;
        Ok((page.accounts().iter().filter_map(account).collect(), page.next_token))
    }

    /// [ListOrganizationalUnitsForParent](https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html):
    /// the ids of the units right beneath one.
    pub async fn units_of(&self, parent: &str, next: Option<String>) -> Result<Page<String>, CallError> {
        let request = self.0.list_organizational_units_for_parent().parent_id(parent).set_next_token(next);
        let page = request.send().await;
        let page = page.map_err(|e| CallError::new("organizations:ListOrganizationalUnitsForParent", &e))?;
        let units = page.organizational_units().iter().filter_map(|unit| unit.id().map(str::to_owned));
        Ok((units.collect(), page.next_token))
    }
}

fn account(account: &Account) -> Option<MemberAccount> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Some(MemberAccount {
        account: account.id()?.to_owned(),
        name: text(account.name()),
        email: text(account.email()),
        active: account.status() == Some(&AccountStatus::Active),
    })
}
