//! Where a command acts: the account, the region, and as whom.

use super::{Failure, Session};
use crate::config::SecretsIn;
use crate::model::{Arn, account_of, is_account_id, region_of};

impl Session {
    /// The line that a command begins with, so that a wrong profile or region is seen before the
    /// confirmation.
    pub(super) fn headline(&self) -> String {
        let account = self.acts_on();
        let partition = Arn::parse(&self.caller).map_or("aws", |caller| caller.partition);
        let is_member = account != self.home();
        let role = self.config.shared.member_role(partition, account).filter(|_| is_member);
        let through = role.map_or_else(String::new, |role| format!(" · through {}", role.arn));
        format!("Account {account} · Region {} · as {}{through}", self.aws.region(), self.caller)
    }

    /// The account whose users are acted upon.
    pub(super) fn acts_on(&self) -> &str {
        self.global.account.as_deref().unwrap_or_else(|| self.home())
    }

    /// The operator's own account.
    pub(super) fn home(&self) -> &str {
        account_of(&self.caller)
    }

    /// The account that holds the users' secrets.
    pub(super) fn secrets_account(&self) -> &str {
        match self.config.secrets_in {
            SecretsIn::Central => self.home(),
            SecretsIn::Member => self.acts_on(),
        }
    }

    /// Refuses a secret's ARN that leads to another region or account than this command acts in. A
    /// name leads nowhere else.
    pub(super) fn check_secret(&self, text: &str) -> Result<(), Failure> {
        Place { region: self.aws.region(), account: self.secrets_account() }.check("secret", text)
    }
}

/// Where a command looks for a function or secret.
pub(super) struct Place<'a> {
    pub region: &'a str,
    pub account: &'a str,
}

impl Place<'_> {
    /// Refuses an ARN of another region or account. AWS would answer "not found", or worse, find
    /// something of the same name.
    pub(super) fn check(&self, what: &str, text: &str) -> Result<(), Failure> {
        let (region, account) = whereabouts(text);
        if let Some(region) = region.filter(|region| *region != self.region) {
            return Err(Failure::Usage(format!(
                "{what} {text} is in region {region}, and this command acts in region {}. Nothing was changed. \
                 Add `--region {region}`.",
                self.region
            )));
        }
        if let Some(account) = account.filter(|account| *account != self.account) {
            return Err(Failure::Usage(format!(
                "{what} {text} is in account {account}, and this command acts in account {}. Nothing was \
                 changed. Use credentials of account {account}, e.g. with `--profile`.",
                self.account
            )));
        }
        Ok(())
    }
}

/// The region and account that an ARN names, or a function's partial ARN, which has no region.
fn whereabouts(text: &str) -> (Option<&str>, Option<&str>) {
    match text.split_once(":function:") {
        Some((account, _)) if is_account_id(account) => (None, Some(account)),
        _ => (region_of(text), Some(account_of(text)).filter(|account| !account.is_empty())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_of_another_region_or_account_is_refused_with_the_remedy() {
        let place = Place { region: "eu-west-1", account: "111122223333" };
        for (text, refusal) in [
            ("ci-bot", None),
            ("/keys/ci:bot", None),
            ("arn:aws:lambda:eu-west-1:111122223333:function:sweep", None),
            ("111122223333:function:sweep", None),
            ("444455556666:function:sweep", Some("--profile")),
            ("arn:aws:lambda:us-east-1:111122223333:function:sweep", Some("--region us-east-1")),
            ("arn:aws:secretsmanager:eu-west-1:444455556666:secret:ci-AbCdEf", Some("--profile")),
        ] {
            let checked = place.check("function", text).map_err(|failure| failure.to_string());
            match refusal {
                None => assert_eq!(checked, Ok(())),
                Some(remedy) => assert!(checked.unwrap_err().contains(remedy), "{text}"),
            }
        }
    }
}
