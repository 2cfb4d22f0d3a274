//! What most commands begin with: AWS, the settings, and whose account it is.

use super::place::Place;
use super::settings::{self, Settings};
use super::{Failure, Global, credentials};
use crate::aws::{Aws, profile};
use crate::config::{Mode, SecretsIn, SweepConfig};
use crate::model::{Arn, account_of};
use crate::sweep::Account;

/// AWS, the settings, and whose account it is.
#[derive(Debug)]
pub(crate) struct Session {
    /// AWS, under the operator's credentials.
    pub(crate) aws: Aws,
    /// The settings, in audit mode: a command reads until it is told to act.
    pub(crate) config: SweepConfig,
    /// The mode that a sweep by these settings acts in (`ROTATOR_MODE`).
    pub(crate) configured: Mode,
    /// The same, only where a sweep is known: by --function, or because ROTATOR_MODE is set.
    pub(crate) sweep_mode: Option<Mode>,
    /// The variables that the settings were read from.
    variables: Vec<(String, String)>,
    /// What holds for every command.
    pub(crate) global: Global,
    /// The operator's ARN.
    pub(crate) caller: String,
}

impl Session {
    pub(crate) async fn open(
        aws: Aws,
        global: &Global,
        environment: &[(String, String)],
    ) -> Result<Self, Failure> {
        let profile = profile(global.profile.as_deref(), environment).await;
        credentials::check(profile.as_ref())?;
        if !aws.has_region() {
            return Err(Failure::Usage(
                "no region is set: use --region, AWS_REGION, or a profile that has one".into(),
            ));
        }
        if !is_region(aws.region()) {
            return Err(Failure::Usage(format!(
                "the region {:?} is not the name of a region such as eu-west-1: correct --region, AWS_REGION or the profile",
                aws.region()
            )));
        }
        let caller = aws.caller().await.map_err(|error| {
            credentials::without_identity(error, profile.as_ref(), aws.region(), aws.endpoint(), global)
        })?;
        let home = account_of(&caller).to_owned();
        let place = Place { region: aws.region(), account: &home };
        if let Some(function) = &global.function {
            place.check("function", function)?;
        }
        let Settings { config, variables, mode } = settings::read(&aws, global, environment).await?;
        // Secrets Manager invokes a function of its own region. Of another account only where secrets
        // lie in the members' accounts.
        if let Some(function) = &config.rotation_function
            && config.secrets_in == SecretsIn::Central
        {
            place.check("ROTATOR_ROTATION_FUNCTION_ARN: function", function)?;
        }
        let configured = mode.unwrap_or_default();
        let global = global.clone();
        Ok(Self { aws, config, configured, sweep_mode: mode, variables, global, caller })
    }

    /// The settings in a mode to act in; refused where they do not suffice.
    pub(super) fn in_mode(&self, mode: Mode) -> Result<SweepConfig, Failure> {
        Ok(settings::in_mode(&self.variables, mode)?)
    }

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

    /// The account that is asked for, under these settings.
    pub(crate) async fn account<'a>(&'a self, config: &'a SweepConfig) -> Result<Account<'a>, Failure> {
        Ok(Account::open(&self.aws, config, self.global.account.as_deref(), &self.caller).await?)
    }
}

/// Whether a text can be a region. It becomes part of host names.
fn is_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
