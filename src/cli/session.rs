//! What most commands begin with: AWS, the settings, and whose account it is.

use super::{Failure, Global, settings};
use crate::aws::Aws;
use crate::config::SweepConfig;
use crate::sweep::Account;

/// AWS, the settings, and whose account it is.
#[derive(Debug)]
pub struct Session {
    /// AWS, under the operator's credentials.
    pub aws: Aws,
    /// The settings, in audit mode.
    pub config: SweepConfig,
    /// What holds for every command.
    pub global: Global,
    /// The operator's ARN.
    pub caller: String,
}

impl Session {
    /// Opens it.
    pub async fn open(aws: Aws, global: &Global, environment: &[(String, String)]) -> Result<Self, Failure> {
        if !aws.has_region() {
            return Err(Failure::Usage(
                "no region is set: use --region, AWS_REGION, or a profile that has one".into(),
            ));
        }
        let caller = aws.caller().await.map_err(|error| {
            // Nothing is wrong with the credentials.
            if error.is_wrong_clock() {
                return Failure::Rotator(error.into());
            }
            Failure::Failed(format!(
                "AWS does not say whose credentials these are; are there any (--profile, environment, `aws sso login`)? {error}"
            ))
        })?;
        let config = settings::read(&aws, global, environment).await?;
        Ok(Self { aws, config, global: global.clone(), caller })
    }

    /// The account that is asked for, under these settings.
    pub async fn account<'a>(&'a self, config: &'a SweepConfig) -> Result<Account<'a>, Failure> {
        Ok(Account::open(&self.aws, config, self.global.account.as_deref(), &self.caller).await?)
    }

    /// The operator's own account.
    pub fn home(&self) -> &str {
        self.caller.split(':').nth(4).unwrap_or_default()
    }
}
