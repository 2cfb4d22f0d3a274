//! The environment becomes a [`Config`]. Pure: variables come in as pairs.
//!
//! A misspelt setting would be a default nobody wanted, so an unknown `ROTATOR_…` name is refused. Both functions
//! take the same variables: each accepts the other's names, and does not use them.

mod exempt;
mod settings;
mod sweep;
mod unreadable;
mod variables;

use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::{MemberRole, Policy, SecretDocument, UserRef};

use unreadable::{ignored, own, unknown};

pub use exempt::Exemptions;
pub use settings::{SETTINGS, Setting, UsedBy};
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

impl Config {
    /// Reads the variables that begin with `ROTATOR_`, and no others.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> std::result::Result<Self, Unreadable> {
        let variables = own(variables);
        let read = read(&variables, UsedBy::Rotation);
        read.map(|config| config.shared).map_err(|error| Unreadable::new(error, &variables))
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

/// Reads settings for a function. One that only the other function uses, and that cannot be read, is noted.
fn read(variables: &[(String, String)], reader: UsedBy) -> Result<SweepConfig> {
    let mut config = SweepConfig::default();
    for (name, value) in variables {
        let setting = SETTINGS.iter().find(|setting| setting.name == name).ok_or_else(|| unknown(name))?;
        if (setting.read)(&mut config, value).is_some() {
            continue;
        }
        let error = Error::InvalidConfig {
            name: name.clone(),
            problem: format!("is {value:?}"),
            expected: setting.expected.into(),
        };
        if setting.used_by == UsedBy::Both || setting.used_by == reader {
            return Err(error);
        }
        config.shared.notes.push(ignored(&error, setting.used_by));
    }
    Ok(config)
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
        for Setting { name, .. } in SETTINGS {
            if let Err(error) = config(&[(name, "x")]) {
                assert!(!error.to_string().contains("is not a setting"), "{error}");
            }
        }
    }
}
