//! An account, and the clients that reach it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use crate::aws::{Aws, Iam, SecretsManager};
use crate::config::{SecretsIn, SweepConfig};
use crate::error::{Error, Result};
use crate::model::{Arn, UserName, UserRef};

/// An account, and the clients that reach it.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// AWS, under the sweep's own role.
    pub(crate) aws: &'a Aws,
    pub(crate) config: &'a SweepConfig,
    /// Its number, where it is known.
    pub(crate) number: Option<String>,
    /// The partition it is in, e.g. `aws-us-gov`.
    pub(crate) partition: String,
    /// Whether it is another account than the sweep's.
    pub(crate) is_member: bool,
    /// IAM there, at a pace that leaves room for others.
    pub(crate) iam: Iam,
    /// Secrets Manager, where the secrets of its users are.
    pub(crate) secrets: SecretsManager,
    /// Its owner's address, as the event gives it.
    pub(crate) owner: Option<String>,
    /// How the tags of its users' secrets begin, where those of other accounts' lie beside them.
    pub(crate) tag_prefix: Option<String>,
    /// Ends the visits before their next action.
    pub(crate) stop: Stop,
}

/// A request to stop, which whoever acts asks after before each action.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether there is one.
    pub(crate) fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<'a> Account<'a> {
    /// Opens the account that is asked for, by default the sweep's own.
    pub async fn open(
        aws: &'a Aws,
        config: &'a SweepConfig,
        asked: Option<&str>,
        home_arn: &str,
    ) -> Result<Self> {
        let home = Arn::parse(home_arn);
        let partition = home.map_or("aws", |home| home.partition);
        let home = home.map(|home| home.account).filter(|account| !account.is_empty());
        let number = asked.or(home).map(str::to_owned);
        let account = Self {
            aws,
            config,
            number,
            partition: partition.to_owned(),
            is_member: false,
            iam: aws.iam().clone().paced(),
            secrets: aws.secrets.clone(),
            owner: None,
            tag_prefix: None,
            stop: Stop::default(),
        };
        let Some(member) = asked.filter(|asked| Some(*asked) != home) else { return Ok(account) };
        let role = config.shared.member_role(partition, member).ok_or_else(|| Error::InvalidConfig {
            name: "ROTATOR_MEMBER_ROLE".into(),
            problem: format!("is not set, and account {member} is not the sweep's own"),
            expected: "the name of the role to assume there".into(),
        })?;
        let member_clients = aws.member(&role).await;
        let (secrets, tag_prefix) = match config.secrets_in {
            SecretsIn::Member => (member_clients.secrets, None),
            SecretsIn::Central => (aws.secrets.clone(), Some(format!("arn:{partition}:iam::{member}:user/"))),
        };
        let iam = member_clients.iam.paced();
        Ok(Self { is_member: true, iam, secrets, tag_prefix, ..account })
    }

    /// The account's user of this name, whose path is not known.
    pub(crate) fn named(&self, name: &str) -> UserRef {
        UserRef {
            partition: self.partition.clone(),
            account: self.number.clone().unwrap_or_default(),
            path: String::new(),
            name: UserName::new(name),
        }
    }

    /// Now, by AWS's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.aws.clock.now()
    }
}
