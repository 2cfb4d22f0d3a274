//! The environment becomes a [`Config`]. Pure: variables come in as pairs.
//!
//! A misspelt setting would be a default nobody wanted, so an unknown `ROTATOR_…` name is refused. Both functions
//! take the same variables: each accepts the other's names, and does not use them.

mod exempt;
mod sweep;
mod unreadable;
mod variables;

use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::{InUse, MemberRole, Policy, SecretDocument, UnknownKeys, UserRef, parse_duration};

use sweep::SWEEP_NAMES;
use unreadable::{ignored, own, unknown};

pub use exempt::Exemptions;
pub use sweep::{Mode, Scope, SecretsIn, SweepConfig};
pub use unreadable::Unreadable;
pub use variables::readable;

/// What the rotation function can be told by its environment, and the sweep as well.
#[derive(Clone, Debug)]
pub struct Config {
    /// `ROTATOR_ALERT_TOPIC_ARN`: SNS topic for failures; none: log only.
    pub alert_topic_arn: Option<String>,
    /// Mails: sender, addresses, template.
    pub email: EmailConfig,
    /// `ROTATOR_OVERLAP`, `ROTATOR_RECOVERY`, `ROTATOR_IN_USE`, `ROTATOR_UNKNOWN_KEYS`.
    pub policy: Policy,
    /// `ROTATOR_EXEMPT_USERS`, `ROTATOR_EXEMPT_GROUP`, `ROTATOR_EXEMPT_TAG`.
    pub exempt: Exemptions,
    /// `ROTATOR_MODE`: what the sweep does; none, of the rotation function: no sweep is known.
    pub sweep_mode: Option<Mode>,
    /// `ROTATOR_TEST_REGIONS`: regions whose STS must accept the new key; empty: the function's own.
    pub test_regions: Vec<String>,
    /// `ROTATOR_PROPAGATION_TIMEOUT`: longest wait for that.
    pub propagation_timeout: Duration,
    /// `ROTATOR_SECRET_NAME`: how secrets are named after users, read backwards.
    pub secret_name: String,
    /// `ROTATOR_SECRET_SHAPE`: the fields of a secret that has no value yet.
    pub secret_shape: SecretDocument,
    /// `ROTATOR_MEMBER_ROLE`: the role to assume in the account of a user of another account.
    pub member_role: Option<String>,
    /// `ROTATOR_MEMBER_EXTERNAL_ID`: the ExternalId that role's trust policy asks for.
    pub member_external_id: Option<String>,
    /// What is logged about settings once: those that only the other function uses and that it cannot read.
    pub notes: Vec<String>,
}

/// Where mails come from and go to.
#[derive(Clone, Debug, Default)]
pub struct EmailConfig {
    /// `ROTATOR_EMAIL_FROM`: SES sender; none: no mails.
    pub from: Option<String>,
    /// `ROTATOR_EMAIL_DOMAIN`: a user without an address gets `{user}@{domain}`.
    pub domain: Option<String>,
    /// `ROTATOR_EMAIL_TAG`: the IAM user tag that holds the user's address.
    pub tag: String,
    /// `ROTATOR_ADMIN_EMAIL`: gets the mails of users without an address.
    pub admin: Option<String>,
    /// `ROTATOR_EMAIL_TEMPLATE`: an SES template instead of the built-in mail.
    pub template: Option<String>,
}

const DURATION: &str = "a duration such as 30s, 90m, 24h, 10d or 0, of at most ten years";

impl Config {
    /// Reads the variables that begin with `ROTATOR_`, and no others.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> std::result::Result<Self, Unreadable> {
        let variables = own(variables);
        let mut config = Self::default();
        for (name, value) in &variables {
            config.set(name, value).map_err(|error| Unreadable::new(error, &variables))?;
        }
        Ok(config)
    }

    /// The role of another account, where one is configured.
    pub fn member_role(&self, partition: &str, account: &str) -> Option<MemberRole> {
        // IAM's paths begin with a slash, and so does what stands before them in an ARN.
        let role = self.member_role.as_ref()?.trim_start_matches('/');
        Some(MemberRole {
            arn: format!("arn:{partition}:iam::{account}:role/{role}"),
            external_id: self.member_external_id.clone(),
        })
    }

    /// The name of a user's secret.
    pub fn secret_name_of(&self, user: &UserRef) -> String {
        self.secret_name.replace("{user}", &user.name).replace("{account}", &user.account)
    }

    /// Whether a sweep retires the keys that rotations supersede.
    pub fn is_swept(&self) -> bool {
        self.sweep_mode.is_some_and(Mode::acts)
    }

    /// Whether the names of users' secrets have text of their own before or after the user's name, so that
    /// IAM policies can tell them from all other secrets.
    pub fn has_own_names(&self) -> bool {
        self.secret_name.replace("{account}", "") != "{user}"
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let refuse = |expected| refuse(name, value, expected);
        let filled = || Some(value.to_owned()).filter(|value| !value.is_empty());
        let address = || {
            let usable = value.is_empty() || crate::model::is_address(value);
            usable.then(filled).ok_or_else(|| refuse("an e-mail address"))
        };
        match name {
            "ROTATOR_ALERT_TOPIC_ARN" => {
                let is_topic = value.starts_with("arn:") && value.contains(":sns:");
                if !value.is_empty() && !is_topic {
                    return Err(refuse("the ARN of an SNS topic"));
                }
                self.alert_topic_arn = filled();
            }
            "ROTATOR_EMAIL_FROM" => {
                let bare = value.rsplit_once('<').map_or(value, |(_, address)| address.trim_end_matches('>'));
                if !value.is_empty() && !crate::model::is_address(bare) {
                    return Err(refuse("an e-mail address, or a name with the address in <>"));
                }
                self.email.from = filled();
            }
            "ROTATOR_EMAIL_DOMAIN" => self.email.domain = filled(),
            "ROTATOR_EMAIL_TAG" => {
                self.email.tag = filled().ok_or_else(|| refuse("the key of an IAM user tag"))?
            }
            "ROTATOR_ADMIN_EMAIL" => self.email.admin = address()?,
            "ROTATOR_EMAIL_TEMPLATE" => self.email.template = filled(),
            "ROTATOR_OVERLAP" => {
                self.policy.overlap = parse_duration(value).ok_or_else(|| refuse(DURATION))?
            }
            "ROTATOR_RECOVERY" => {
                self.policy.recovery = parse_duration(value).ok_or_else(|| refuse(DURATION))?
            }
            "ROTATOR_PROPAGATION_TIMEOUT" => {
                self.propagation_timeout = parse_duration(value).ok_or_else(|| refuse(DURATION))?;
            }
            "ROTATOR_IN_USE" => {
                self.policy.in_use = match value {
                    "wait" => InUse::Wait,
                    "deactivate" => InUse::Deactivate,
                    _ => return Err(refuse("wait or deactivate")),
                }
            }
            "ROTATOR_UNKNOWN_KEYS" => {
                self.policy.unknown_keys = match value {
                    "refuse" => UnknownKeys::Refuse,
                    "delete-inactive" => UnknownKeys::DeleteInactive,
                    "delete-oldest" => UnknownKeys::DeleteOldest,
                    _ => return Err(refuse("refuse, delete-inactive or delete-oldest")),
                }
            }
            "ROTATOR_MODE" => {
                self.sweep_mode = Some(Mode::parse(value).ok_or_else(|| refuse("audit, retire or enforce"))?);
            }
            "ROTATOR_EXEMPT_USERS" | "ROTATOR_EXEMPT_GROUP" | "ROTATOR_EXEMPT_TAG" => {
                self.exempt.set(name, value)?;
            }
            "ROTATOR_TEST_REGIONS" => {
                self.test_regions =
                    parse_regions(value).ok_or_else(|| refuse("region names, comma-separated"))?;
            }
            "ROTATOR_SECRET_NAME" => {
                if value.matches("{user}").count() != 1 || value.matches("{account}").count() > 1 {
                    return Err(refuse("a name with {user} once, and {account} at most once"));
                }
                self.secret_name = value.to_owned();
            }
            "ROTATOR_SECRET_SHAPE" => {
                let names: Vec<&str> = value.split(',').map(str::trim).collect();
                self.secret_shape = SecretDocument::from_shape(&names).ok_or_else(|| {
                    refuse("field names, comma-separated, with one access key pair, e.g. UserName,AccessKeyId,SecretAccessKey; an SMTP password needs a field for its region, e.g. SmtpRegion")
                })?;
            }
            "ROTATOR_MEMBER_ROLE" => {
                let usable = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&b));
                if !usable {
                    return Err(refuse("the name of an IAM role, with its path if it has one"));
                }
                self.member_role = filled();
            }
            "ROTATOR_MEMBER_EXTERNAL_ID" => {
                // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
                let usable = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@:/-_".contains(&b));
                if !usable || value.len() == 1 {
                    return Err(refuse(
                        "an ExternalId: 2 characters or more, of letters, digits and +=,.@:/-_",
                    ));
                }
                self.member_external_id = filled();
            }
            name if SWEEP_NAMES.contains(&name) => {
                // A rotation does not stop for a setting that it does not use.
                let read = SweepConfig::default().set(name, value);
                self.notes
                    .extend(read.err().map(|error| ignored(&error, "the sweep", "The rotation function")));
            }
            _ => return Err(unknown(name)),
        }
        Ok(())
    }
}

fn refuse(name: &str, value: &str, expected: &'static str) -> Error {
    Error::InvalidConfig {
        name: name.to_owned(),
        problem: format!("is {value:?}"),
        expected: expected.into(),
    }
}

/// The settings of the rotation function. The sweep reads them too.
pub const NAMES: [&str; 20] = [
    "ROTATOR_ALERT_TOPIC_ARN",
    "ROTATOR_EMAIL_FROM",
    "ROTATOR_EMAIL_DOMAIN",
    "ROTATOR_EMAIL_TAG",
    "ROTATOR_ADMIN_EMAIL",
    "ROTATOR_EMAIL_TEMPLATE",
    "ROTATOR_OVERLAP",
    "ROTATOR_RECOVERY",
    "ROTATOR_IN_USE",
    "ROTATOR_UNKNOWN_KEYS",
    "ROTATOR_MODE",
    "ROTATOR_EXEMPT_USERS",
    "ROTATOR_EXEMPT_GROUP",
    "ROTATOR_EXEMPT_TAG",
    "ROTATOR_TEST_REGIONS",
    "ROTATOR_PROPAGATION_TIMEOUT",
    "ROTATOR_SECRET_NAME",
    "ROTATOR_SECRET_SHAPE",
    "ROTATOR_MEMBER_ROLE",
    "ROTATOR_MEMBER_EXTERNAL_ID",
];

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

/// Reads region names separated by commas or, as in a tag, where commas are not allowed, by spaces.
pub fn parse_regions(text: &str) -> Option<Vec<String>> {
    let regions: Vec<String> =
        text.split([',', ' ']).filter(|region| !region.is_empty()).map(str::to_owned).collect();
    let region_like = |region: &String| {
        region.contains('-')
            && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    regions.iter().all(region_like).then_some(regions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> std::result::Result<Config, Unreadable> {
        Config::from_variables(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn an_empty_environment_gives_the_documented_defaults() {
        let config = config(&[("PATH", "/bin"), ("AWS_REGION", "eu-west-1")]).unwrap();
        assert_eq!(config.policy.overlap, Duration::from_secs(86_400));
        assert_eq!(config.policy.recovery, Duration::from_secs(604_800));
        assert_eq!(config.propagation_timeout, Duration::from_secs(60));
        assert_eq!((config.secret_name.as_str(), config.email.tag.as_str()), ("iam-key/{user}", "email"));
        assert!(
            config.alert_topic_arn.is_none() && config.email.from.is_none() && config.member_role.is_none()
        );
    }

    #[test]
    fn a_misspelt_name_is_refused_with_the_names_there_are() {
        let error = config(&[("ROTATOR_OVERLAPS", "1h")]).unwrap_err();
        assert_eq!(error.error_type(), "InvalidConfig");
        assert!(
            error.to_string().contains("`ROTATOR_OVERLAPS`")
                && error.to_string().contains("ROTATOR_OVERLAP,"),
            "{error}"
        );
    }

    #[test]
    fn every_unreadable_value_is_refused_with_the_name_and_what_was_expected() {
        for (name, value, expected) in [
            ("ROTATOR_ALERT_TOPIC_ARN", "alerts", "ARN"),
            ("ROTATOR_EMAIL_FROM", "nobody", "e-mail"),
            ("ROTATOR_ADMIN_EMAIL", "a b@c", "e-mail"),
            ("ROTATOR_EMAIL_TAG", "", "tag"),
            ("ROTATOR_OVERLAP", "soon", "duration"),
            ("ROTATOR_RECOVERY", "-1d", "duration"),
            ("ROTATOR_PROPAGATION_TIMEOUT", "60", "duration"),
            ("ROTATOR_IN_USE", "ignore", "wait or deactivate"),
            ("ROTATOR_UNKNOWN_KEYS", "delete", "delete-oldest"),
            ("ROTATOR_TEST_REGIONS", "Ireland", "region"),
            ("ROTATOR_SECRET_NAME", "key", "{user}"),
            ("ROTATOR_SECRET_SHAPE", "UserName", "pair"),
            ("ROTATOR_MEMBER_ROLE", "arn:aws:iam::1:role/x", "role"),
            ("ROTATOR_MEMBER_EXTERNAL_ID", "a b", "ExternalId"),
        ] {
            let error = config(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_member_role_may_have_a_path_with_or_without_its_first_slash() {
        for role in ["/security/keys-sweep", "security/keys-sweep"] {
            let config = config(&[("ROTATOR_MEMBER_ROLE", role)]).unwrap();
            let arn = config.member_role("aws", "444455556666").unwrap().arn;
            assert_eq!(arn, "arn:aws:iam::444455556666:role/security/keys-sweep");
        }
    }

    #[test]
    fn the_sweeps_settings_are_accepted_and_one_that_it_cannot_read_is_only_noted() {
        let swept = config(&[("ROTATOR_SCOPE", "all"), ("ROTATOR_ROTATE_AFTER", "90d")]).unwrap();
        assert!(swept.notes.is_empty(), "{:?}", swept.notes);
        let swept = config(&[("ROTATOR_SCOPE", "every\nbody"), ("ROTATOR_OVERLAP", "2h")]).unwrap();
        assert_eq!(swept.policy.overlap.as_secs(), 7200);
        let [note] = swept.notes.as_slice() else { panic!("{:?}", swept.notes) };
        let says = |words: &str| note.contains(words);
        assert!(says("`ROTATOR_SCOPE`") && says("enrolled, all") && says("does not use it"), "{note}");
        assert!(says("every\\nbody") && !says("\n"), "{note}");
    }

    #[test]
    fn settings_that_cannot_be_read_still_say_where_alerts_go_if_that_can_be_read() {
        let topic = ("ROTATOR_ALERT_TOPIC_ARN", "arn:aws:sns:eu-west-1:111122223333:alerts");
        for (settings, alerts) in [
            (vec![("ROTATOR_OVERLAPS", "1h"), topic], true),
            (vec![topic, ("ROTATOR_OVERLAP", "soon")], true),
            (vec![("ROTATOR_OVERLAP", "soon")], false),
            (vec![("ROTATOR_ALERT_TOPIC_ARN", "alerts")], false),
        ] {
            let unreadable = config(&settings).unwrap_err();
            assert_eq!(unreadable.error_type(), "InvalidConfig");
            let expected = alerts.then(|| topic.1.to_owned());
            assert_eq!(unreadable.reporting().alert_topic_arn, expected, "{settings:?}");
        }
    }

    #[test]
    fn every_name_in_the_list_is_one_that_is_read() {
        for name in NAMES {
            if let Err(error) = config(&[(name, "x")]) {
                assert!(!error.to_string().contains("is not a setting"), "{error}");
            }
        }
    }
}
