//! What both functions are told.

use std::time::Duration;

use super::exempt::Exemptions;
use super::mode::Mode;
use crate::model::{MemberRole, Policy, SecretDocument, UserRef};

/// What the rotation function can be told by its environment, and the sweep as well.
#[derive(Clone, Debug)]
pub struct Config {
    /// `ROTATOR_ALERT_TOPIC_ARN`: SNS topic for failures; none: log only.
    pub(crate) alert_topic_arn: Option<String>,
    /// Mails: sender, addresses, template.
    pub(crate) email: EmailConfig,
    /// `ROTATOR_OVERLAP`, `ROTATOR_RECOVERY`, `ROTATOR_IN_USE`, `ROTATOR_UNKNOWN_KEYS`.
    pub(crate) policy: Policy,
    /// `ROTATOR_EXEMPT_USERS`, `ROTATOR_EXEMPT_GROUP`, `ROTATOR_EXEMPT_TAG`.
    pub(crate) exempt: Exemptions,
    /// `ROTATOR_MODE`: what the sweep does; none, of the rotation function: no sweep is known.
    pub(crate) sweep_mode: Option<Mode>,
    /// `ROTATOR_TEST_REGIONS`: regions whose STS must accept the new key; empty: the function's own.
    pub(crate) test_regions: Vec<String>,
    /// `ROTATOR_PROPAGATION_TIMEOUT`: longest wait for that.
    pub(crate) propagation_timeout: Duration,
    /// `ROTATOR_SECRET_NAME`: how secrets are named after users, read backwards.
    pub(crate) secret_name: String,
    /// `ROTATOR_SECRET_SHAPE`: the fields of a secret that has no value yet.
    pub secret_shape: SecretDocument,
    /// `ROTATOR_MEMBER_ROLE`: the role to assume in the account of a user of another account.
    pub(crate) member_role: Option<String>,
    /// `ROTATOR_MEMBER_EXTERNAL_ID`: the ExternalId that role's trust policy asks for.
    pub(crate) member_external_id: Option<String>,
    /// What is logged about settings once: those that only the other function uses and that it cannot read.
    pub notes: Vec<String>,
}

/// Where mails come from and go to.
#[derive(Clone, Debug, Default)]
pub struct EmailConfig {
    /// `ROTATOR_EMAIL_FROM`: SES sender; none: no mails.
    pub(crate) from: Option<String>,
    /// `ROTATOR_EMAIL_DOMAIN`: a user without an address gets `{user}@{domain}`.
    pub(crate) domain: Option<String>,
    /// `ROTATOR_EMAIL_TAG`: the IAM user tag that holds the user's address.
    pub(crate) tag: String,
    /// `ROTATOR_ADMIN_EMAIL`: gets the mails of users without an address.
    pub(crate) admin: Option<String>,
    /// `ROTATOR_CONTACT`: the contact that mails name; without one they name the account's security team.
    pub(crate) contact: Option<String>,
    /// `ROTATOR_EMAIL_TEMPLATE`: an SES template instead of the built-in mail.
    pub(crate) template: Option<String>,
}

impl Config {
    /// The role of another account, where one is configured.
    pub(crate) fn member_role(&self, partition: &str, account: &str) -> Option<MemberRole> {
        // IAM's paths begin with a slash, and so does what stands before them in an ARN.
        let role = self.member_role.as_ref()?.trim_start_matches('/');
        Some(MemberRole {
            arn: format!("arn:{partition}:iam::{account}:role/{role}"),
            external_id: self.member_external_id.clone(),
        })
    }

    pub(crate) fn secret_name_of(&self, user: &UserRef) -> String {
        self.secret_name.replace("{user}", &user.name).replace("{account}", &user.account)
    }

    /// Whether the names of users' secrets have text of their own before or after the user's name, so that
    /// IAM policies can tell them from all other secrets.
    pub(crate) fn has_own_names(&self) -> bool {
        self.secret_name.replace("{account}", "") != "{user}"
    }
}

impl Default for Config {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant, which the tests below build")]
        let secret_shape = SecretDocument::from_shape(&["UserName", "AccessKeyId", "SecretAccessKey"])
            .expect("the default shape holds one pair");
        Self {
            alert_topic_arn: None,
            email: EmailConfig { tag: "email".into(), ..EmailConfig::default() },
            policy: Policy::default(),
            exempt: Exemptions::default(),
            sweep_mode: None,
            test_regions: Vec::new(),
            propagation_timeout: Duration::from_secs(60),
            secret_name: "iam-key/{user}".into(),
            secret_shape,
            member_role: None,
            member_external_id: None,
            notes: Vec::new(),
        }
    }
}
