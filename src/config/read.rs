//! Variables become settings.

use super::settings::{SETTINGS, UsedBy};
use super::shared::Config;
use super::sweep::SweepConfig;
use super::unreadable::Unreadable;
use crate::error::{Error, Result};

impl Config {
    /// Reads the variables that begin with `ROTATOR_`, and no others.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> std::result::Result<Self, Unreadable> {
        let variables = own(variables);
        let read = read(&variables, UsedBy::Rotation);
        read.map(|config| config.shared).map_err(|error| unreadable(error, &variables))
    }
}

impl SweepConfig {
    /// Reads the variables that begin with `ROTATOR_`, and no others.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> std::result::Result<Self, Unreadable> {
        let variables = own(variables);
        let read = read(&variables, UsedBy::Sweep).and_then(|mut config| {
            config.check_names()?;
            config.shared.notes.extend(config.schedule_note());
            Ok(config)
        });
        read.map_err(|error| unreadable(error, &variables))
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

/// The settings cannot be read; the alert topic among them may be all the same.
fn unreadable(error: Error, variables: &[(String, String)]) -> Unreadable {
    const TOPIC: &str = "ROTATOR_ALERT_TOPIC_ARN";
    let topic: Vec<_> = variables.iter().filter(|(name, _)| name == TOPIC).cloned().collect();
    // One that cannot be read is the error itself.
    let topic = read(&topic, UsedBy::Both).ok().and_then(|config| config.shared.alert_topic_arn);
    Unreadable::new(error, topic)
}

/// A name that is no setting.
fn unknown(name: &str) -> Error {
    let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    Error::InvalidConfig {
        name: name.escape_default().to_string(),
        problem: "is not a setting of the rotation function or the sweep".into(),
        expected: format!("one of {}", names.join(", ")).into(),
    }
}

/// The line about a setting that only the other function uses, and cannot read.
fn ignored(error: &Error, used_by: UsedBy) -> String {
    let (user, reader) = match used_by {
        UsedBy::Rotation => ("the rotation function", "The sweep"),
        UsedBy::Sweep | UsedBy::Both => ("the sweep", "The rotation function"),
    };
    match error {
        Error::InvalidConfig { name, problem, expected } => {
            format!(
                "`{name}` {problem}, which {user} cannot read (expected: {expected}). {reader} does not use it."
            )
        }
        other => other.to_string(),
    }
}

/// The variables that are ours, without the space around their values.
fn own(variables: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let ours = variables.into_iter().filter(|(name, _)| name.starts_with("ROTATOR_"));
    ours.map(|(name, value)| (name, value.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Mode, Scope, SecretsIn, Setting};

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

    fn sweep(pairs: &[(&str, &str)]) -> std::result::Result<SweepConfig, Unreadable> {
        let owned = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        SweepConfig::from_variables(owned)
    }

    #[test]
    fn nothing_set_means_that_rotations_are_finished_and_none_is_started() {
        let config = sweep(&[]).unwrap();
        assert_eq!((config.mode, &config.scope), (Mode::Retire, &Scope::Enrolled));
        assert_eq!(config.secrets_in, SecretsIn::Central);
        assert_eq!(config.rotate_after.as_secs(), 90 * 86_400);
    }

    #[test]
    fn it_reads_the_rotation_functions_settings_too() {
        let config = sweep(&[("ROTATOR_OVERLAP", "10d"), ("ROTATOR_SCOPE", "a;b; c ;")]).unwrap();
        assert_eq!(config.shared.policy.overlap.as_secs(), 864_000);
        assert_eq!(config.scope, Scope::Secrets(vec!["a".into(), "b".into(), "c".into()]));
    }

    #[test]
    fn every_unreadable_value_of_the_sweep_is_refused_with_the_name_and_what_was_expected() {
        for (name, value, expected) in [
            ("ROTATOR_MODE", "on", "audit, retire or enforce"),
            ("ROTATOR_SCOPE", "everybody", "enrolled, all"),
            ("ROTATOR_SCOPE", "", "enrolled, all"),
            ("ROTATOR_ROTATE_AFTER", "0", "longer than 0"),
            ("ROTATOR_WARN_BEFORE", "a week", "duration"),
            ("ROTATOR_MAX_AGE", "90", "duration"),
            ("ROTATOR_EXEMPT_TAG", "", "tag"),
            ("ROTATOR_SECRETS_IN", "vault", "central, or member (experimental)"),
            ("ROTATOR_REPLICA_REGIONS", "Ireland", "region"),
            ("ROTATOR_ROTATION_FUNCTION_ARN", "rotation", "ARN"),
            ("ROTATOR_ROTATION_ROLE_ARN", "role", "ARN"),
            ("ROTATOR_OVERLAP", "soon", "duration"),
            ("ROTATOR_DRYRUN", "true", "ROTATOR_MODE"),
        ] {
            let error = sweep(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_setting_that_only_the_rotation_function_uses_stops_no_sweep() {
        for (name, value) in [("ROTATOR_TEST_REGIONS", "Ireland"), ("ROTATOR_PROPAGATION_TIMEOUT", "60")] {
            let config = sweep(&[(name, value)]).unwrap();
            let [note] = config.shared.notes.as_slice() else { panic!("{:?}", config.shared.notes) };
            assert!(note.contains(name) && note.contains("The sweep does not use it"), "{note}");
        }
    }

    #[test]
    fn an_age_that_no_schedule_can_have_is_noted_with_the_schedule_that_is_set_instead() {
        for (age, every) in [
            ("36h", Some("every 1 day")),
            ("6h", Some("every 1 day")),
            ("1200d", Some("every 1000 days")),
            ("60h", Some("every 2 days")),
            ("90d", None),
            ("48h", None),
            ("1000d", None),
        ] {
            let notes = sweep(&[("ROTATOR_ROTATE_AFTER", age)]).unwrap().shared.notes;
            assert_eq!(notes.len(), usize::from(every.is_some()), "{notes:?}");
            let says = |note: &String| {
                note.contains("ROTATOR_ROTATE_AFTER") && every.is_some_and(|every| note.ends_with(every))
            };
            assert!(notes.iter().all(says), "{notes:?}");
        }
    }

    #[test]
    fn to_change_anything_it_must_know_which_function_makes_a_secret_ours() {
        let function = ("ROTATOR_ROTATION_FUNCTION_ARN", "arn:aws:lambda:eu-west-1:111122223333:function:r");
        let acts = |more: &[(&str, &str)], mode| sweep(more).unwrap().acting(mode);
        for mode in [Mode::Retire, Mode::Enforce] {
            let error = acts(&[], mode).unwrap_err().to_string();
            assert!(error.contains("ROTATOR_ROTATION_FUNCTION_ARN"), "{error}");
            assert!(acts(&[function], mode).is_ok());
            assert_eq!(acts(&[("ROTATOR_SCOPE", "a;")], mode).is_ok(), mode == Mode::Enforce);
        }
        assert!(acts(&[], Mode::Audit).is_ok(), "an audit changes nothing");
    }

    #[test]
    fn to_create_secrets_it_needs_names_that_policies_can_limit_it_to() {
        for (name, usable) in [
            ("{user}", false),
            ("{account}{user}", false),
            ("{user}_credentials", true),
            ("iam-key/{user}", true),
            ("Account_{account}_User_{user}_AccessKey", true),
        ] {
            let settings = [
                ("ROTATOR_MODE", "enforce"),
                ("ROTATOR_SCOPE", "all"),
                ("ROTATOR_ROTATION_FUNCTION_ARN", "arn:aws:lambda:eu-west-1:111122223333:function:r"),
                ("ROTATOR_SECRET_NAME", name),
            ];
            match sweep(&settings) {
                Ok(_) => assert!(usable, "{name}"),
                Err(error) => {
                    let text = error.to_string();
                    assert!(
                        !usable && text.contains("ROTATOR_SECRET_NAME") && text.contains("prefix"),
                        "{text}"
                    );
                }
            }
        }
    }
}
