//! Where a command looks: the account and the region.

use super::Failure;
use crate::model::{account_of, is_account_id, region_of};

/// Where a command looks for a function or secret.
pub(super) struct Place<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
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
