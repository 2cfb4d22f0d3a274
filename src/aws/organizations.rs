//! [Organizations](https://docs.aws.amazon.com/organizations/latest/APIReference/Welcome.html).

use aws_config::SdkConfig;
use aws_sdk_organizations::Client;
use aws_sdk_organizations::config::Builder;
use aws_sdk_organizations::types::Account;

use super::failure::failed;
use crate::error::CallError;

/// The calls this product makes to Organizations.
#[derive(Clone, Debug)]
pub(crate) struct Organizations(Client);

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct MemberAccount {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) email: String,
    /// Its state, e.g. `ACTIVE`
    /// ([the five states](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html)).
    #[serde(skip)]
    pub(crate) state: String,
}

impl MemberAccount {
    /// Whether it is in use: of the five states, only `ACTIVE` is.
    pub(crate) fn is_active(&self) -> bool {
        self.state == "ACTIVE"
    }
}

/// A page of a list, and where the next one begins. A page may be empty and yet not the last.
pub(crate) type Page<T> = (Vec<T>, Option<String>);

impl Organizations {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(sdk).build()))
    }

    /// [ListAccounts](https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html).
    pub(crate) async fn accounts(&self, next: Option<String>) -> Result<Page<MemberAccount>, CallError> {
        const ACTION: &str = "organizations:ListAccounts";
        let page = self.0.list_accounts().set_next_token(next).send().await;
        let page = page.map_err(|e| failed(ACTION, &e))?;
        Ok((accounts(ACTION, page.accounts())?, page.next_token))
    }

    /// [ListAccountsForParent](https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html):
    /// the accounts right beneath a root or an organizational unit.
    pub(crate) async fn accounts_of(
        &self,
        parent: &str,
        next: Option<String>,
    ) -> Result<Page<MemberAccount>, CallError> {
        const ACTION: &str = "organizations:ListAccountsForParent";
        let page = self.0.list_accounts_for_parent().parent_id(parent).set_next_token(next).send().await;
        let page = page.map_err(|e| failed(ACTION, &e))?;
        Ok((accounts(ACTION, page.accounts())?, page.next_token))
    }

    /// [ListOrganizationalUnitsForParent](https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html):
    /// the ids of the units right beneath one.
    pub(crate) async fn units_of(
        &self,
        parent: &str,
        next: Option<String>,
    ) -> Result<Page<String>, CallError> {
        let request = self.0.list_organizational_units_for_parent().parent_id(parent).set_next_token(next);
        let page = request.send().await;
        let page = page.map_err(|e| failed("organizations:ListOrganizationalUnitsForParent", &e))?;
        let units = page.organizational_units().iter().filter_map(|unit| unit.id().map(str::to_owned));
        Ok((units.collect(), page.next_token))
    }
}

fn accounts(action: &'static str, listed: &[Account]) -> Result<Vec<MemberAccount>, CallError> {
    listed.iter().map(|account| read(action, account)).collect()
}

/// Reads `State`, or `Status`, which
/// [AWS retires in its favour](https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html).
/// An account with neither is no account to leave out in silence.
fn read(action: &'static str, account: &Account) -> Result<MemberAccount, CallError> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let id = account.id().ok_or_else(|| CallError::incomplete(action))?;
    let state = account.state().map(|state| state.as_str());
    let state = state.or_else(|| account.status().map(|status| status.as_str())).ok_or_else(|| {
        let problem = format!("account {id} has neither State nor Status");
        let advice = format!(
            "Account {id} has neither State nor Status, so it cannot be told whether it is in use; no account was swept. Update iam-key-rotator; if this is the latest release, report it with the output of `aws organizations describe-account --account-id {id}`."
        );
        CallError::unreadable(action, problem, advice)
    })?;
    Ok(MemberAccount {
        account: id.to_owned(),
        name: text(account.name()),
        email: text(account.email()),
        state: state.to_owned(),
    })
}
