//! Every setting, once: its name, its default, who uses it, and what reads its value. The tables of docs/settings.md
//! and of the CDK's settings are tested against this one.

use wildmatch::WildMatch;

use super::exposed::Exposed;
use super::mode::Mode;
use super::regions::parse_regions;
use super::sweep::{Scope, SecretsIn, SweepConfig};
use crate::model::{Arn, InUse, SecretDocument, UnknownKeys, is_address, parse_duration};

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// Who uses it. The other function takes it and does nothing with it.
    pub(crate) used_by: UsedBy,
    /// The value that counts where it is not set; empty: nothing.
    pub default: &'static str,
    /// What a value must be.
    pub(crate) expected: &'static str,
    /// Reads a value; `None` if it is not as expected.
    pub(super) read: fn(&mut SweepConfig, &str) -> Option<()>,
}

/// A function, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsedBy {
    /// The rotation function and the sweep.
    Both,
    /// The rotation function.
    Rotation,
    /// The sweep.
    Sweep,
}

use UsedBy::{Both, Rotation, Sweep};

const DURATION: &str = "a duration such as 30s, 90m, 24h, 10d or 0, of at most ten years";
const REGIONS: &str = "region names, comma-separated";
const USER_TAG: &str = "the key of an IAM user tag";

/// All settings.
pub const SETTINGS: [Setting; 31] = [
    Setting {
        name: "ROTATOR_OVERLAP",
        used_by: Both,
        default: "24h",
        expected: DURATION,
        read: |config, value| set(&mut config.shared.policy.overlap, parse_duration(value)),
    },
    Setting {
        name: "ROTATOR_RECOVERY",
        used_by: Both,
        default: "7d",
        expected: DURATION,
        read: |config, value| set(&mut config.shared.policy.recovery, parse_duration(value)),
    },
    Setting {
        name: "ROTATOR_IN_USE",
        used_by: Both,
        default: "wait",
        expected: "wait or deactivate",
        read: |config, value| {
            let read = match value {
                "wait" => Some(InUse::Wait),
                "deactivate" => Some(InUse::Deactivate),
                _ => None,
            };
            set(&mut config.shared.policy.in_use, read)
        },
    },
    Setting {
        name: "ROTATOR_UNKNOWN_KEYS",
        used_by: Both,
        default: "delete-inactive",
        expected: "refuse, delete-inactive or delete-oldest",
        read: |config, value| {
            let read = match value {
                "refuse" => Some(UnknownKeys::Refuse),
                "delete-inactive" => Some(UnknownKeys::DeleteInactive),
                "delete-oldest" => Some(UnknownKeys::DeleteOldest),
                _ => None,
            };
            set(&mut config.shared.policy.unknown_keys, read)
        },
    },
    Setting {
        name: "ROTATOR_MODE",
        used_by: Both,
        default: "retire",
        expected: "audit, retire or enforce",
        read: |config, value| {
            config.mode = Mode::parse(value)?;
            config.shared.sweep_mode = Some(config.mode);
            Some(())
        },
    },
    Setting {
        name: "ROTATOR_EXEMPT_USERS",
        used_by: Both,
        default: "",
        expected: "user names, comma-separated",
        read: |config, value| {
            let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
            // IAM's user names are unique without regard to case.
            config.shared.exempt.users = names.map(WildMatch::new_case_insensitive).collect();
            Some(())
        },
    },
    Setting {
        name: "ROTATOR_EXEMPT_GROUP",
        used_by: Both,
        default: "IAMKeyRotationExemptionGroup",
        expected: "the name of an IAM group",
        read: |config, value| set(&mut config.shared.exempt.group, Some(filled(value))),
    },
    Setting {
        name: "ROTATOR_EXEMPT_TAG",
        used_by: Both,
        default: "iam-key-rotator:exempt",
        expected: USER_TAG,
        read: |config, value| set(&mut config.shared.exempt.tag, filled(value)),
    },
    Setting {
        name: "ROTATOR_TEST_REGIONS",
        used_by: Rotation,
        default: "",
        expected: REGIONS,
        read: |config, value| set(&mut config.shared.test_regions, parse_regions(value)),
    },
    Setting {
        name: "ROTATOR_PROPAGATION_TIMEOUT",
        used_by: Rotation,
        default: "60s",
        expected: DURATION,
        read: |config, value| set(&mut config.shared.propagation_timeout, parse_duration(value)),
    },
    Setting {
        name: "ROTATOR_ALERT_TOPIC_ARN",
        used_by: Both,
        default: "",
        expected: "the ARN of an SNS topic",
        read: |config, value| set(&mut config.shared.alert_topic_arn, arn(value, "sns", "")),
    },
    Setting {
        name: "ROTATOR_EMAIL_FROM",
        used_by: Both,
        default: "",
        expected: "an e-mail address, or a name with the address in <>",
        read: |config, value| {
            let bare = value.rsplit_once('<').map_or(value, |(_, address)| address.trim_end_matches('>'));
            let usable = value.is_empty() || is_address(bare);
            set(&mut config.shared.email.from, usable.then(|| filled(value)))
        },
    },
    Setting {
        name: "ROTATOR_EMAIL_TAG",
        used_by: Both,
        default: "email",
        expected: USER_TAG,
        read: |config, value| set(&mut config.shared.email.tag, filled(value)),
    },
    Setting {
        name: "ROTATOR_EMAIL_DOMAIN",
        used_by: Both,
        default: "",
        expected: "a domain",
        read: |config, value| set(&mut config.shared.email.domain, Some(filled(value))),
    },
    Setting {
        name: "ROTATOR_ADMIN_EMAIL",
        used_by: Both,
        default: "",
        expected: "an e-mail address",
        read: |config, value| {
            let usable = value.is_empty() || is_address(value);
            set(&mut config.shared.email.admin, usable.then(|| filled(value)))
        },
    },
    Setting {
        name: "ROTATOR_CONTACT",
        used_by: Both,
        default: "",
        expected: "a name, an address or a URL, on one line of at most 200 characters",
        read: |config, value| {
            let usable = value.chars().count() <= 200 && !value.chars().any(char::is_control);
            set(&mut config.shared.email.contact, usable.then(|| filled(value.trim())))
        },
    },
    Setting {
        name: "ROTATOR_EMAIL_TEMPLATE",
        used_by: Both,
        default: "",
        expected: "the name of an SES template",
        read: |config, value| set(&mut config.shared.email.template, Some(filled(value))),
    },
    Setting {
        name: "ROTATOR_SECRET_NAME",
        used_by: Both,
        default: "iam-key/{user}",
        expected: "a name with {user} once, and {account} at most once",
        read: |config, value| {
            let usable = value.matches("{user}").count() == 1 && value.matches("{account}").count() <= 1;
            set(&mut config.shared.secret_name, usable.then(|| value.to_owned()))
        },
    },
    Setting {
        name: "ROTATOR_SECRET_SHAPE",
        used_by: Both,
        default: "UserName,AccessKeyId,SecretAccessKey",
        expected: "field names, comma-separated, with one access key pair, e.g. UserName,AccessKeyId,SecretAccessKey; an SMTP password needs a field for its region, e.g. SmtpRegion",
        read: |config, value| {
            let names: Vec<&str> = value.split(',').map(str::trim).collect();
            set(&mut config.shared.secret_shape, SecretDocument::from_shape(&names))
        },
    },
    Setting {
        name: "ROTATOR_MEMBER_ROLE",
        used_by: Both,
        default: "",
        expected: "the name of an IAM role, with its path if it has one",
        read: |config, value| set(&mut config.shared.member_role, of_letters(value, b"+=,.@_-/")),
    },
    Setting {
        name: "ROTATOR_MEMBER_EXTERNAL_ID",
        used_by: Both,
        default: "",
        // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        expected: "an ExternalId: 2 characters or more, of letters, digits and +=,.@:/-_",
        read: |config, value| {
            let read = of_letters(value, b"+=,.@:/-_").filter(|_| value.len() != 1);
            set(&mut config.shared.member_external_id, read)
        },
    },
    Setting {
        name: "ROTATOR_SCOPE",
        used_by: Sweep,
        default: "enrolled",
        expected: "enrolled, all, or names of secrets separated by ; (a single one as `name;`)",
        read: |config, value| set(&mut config.scope, Scope::parse(value)),
    },
    Setting {
        name: "ROTATOR_ROTATE_AFTER",
        used_by: Sweep,
        default: "90d",
        expected: "a duration such as 90d, longer than 0 and of at most ten years",
        read: |config, value| {
            let read = parse_duration(value).filter(|age| !age.is_zero());
            set(&mut config.rotate_after, read)
        },
    },
    Setting {
        name: "ROTATOR_WARN_BEFORE",
        used_by: Sweep,
        default: "7d",
        expected: DURATION,
        read: |config, value| set(&mut config.warn_before, parse_duration(value)),
    },
    Setting {
        name: "ROTATOR_MAX_AGE",
        used_by: Sweep,
        default: "0",
        expected: DURATION,
        read: |config, value| {
            config.max_age = Some(parse_duration(value)?).filter(|age| !age.is_zero());
            Some(())
        },
    },
    Setting {
        name: "ROTATOR_EXPOSED",
        used_by: Sweep,
        default: "alert",
        expected: "alert, rotate or revoke",
        read: |config, value| set(&mut config.exposed, Exposed::parse(value)),
    },
    Setting {
        name: "ROTATOR_SECRETS_IN",
        used_by: Sweep,
        default: "central",
        expected: "central, or member (experimental)",
        read: |config, value| {
            let read = match value {
                "central" => Some(SecretsIn::Central),
                "member" => Some(SecretsIn::Member),
                _ => None,
            };
            set(&mut config.secrets_in, read)
        },
    },
    Setting {
        name: "ROTATOR_ROTATION_FUNCTION_ARN",
        used_by: Sweep,
        default: "",
        expected: "the ARN of a Lambda function",
        read: |config, value| set(&mut config.rotation_function, arn(value, "lambda", "function:")),
    },
    Setting {
        name: "ROTATOR_ROTATION_ROLE_ARN",
        used_by: Sweep,
        default: "",
        expected: "the ARN of an IAM role",
        read: |config, value| set(&mut config.rotation_role, arn(value, "iam", "role/")),
    },
    Setting {
        name: "ROTATOR_REPLICA_REGIONS",
        used_by: Sweep,
        default: "",
        expected: REGIONS,
        read: |config, value| set(&mut config.replica_regions, parse_regions(value)),
    },
    Setting {
        name: "ROTATOR_KMS_KEY_ID",
        used_by: Sweep,
        default: "",
        expected: "the id or ARN of a KMS key",
        read: |config, value| set(&mut config.kms_key_id, Some(filled(value))),
    },
];

fn set<T>(slot: &mut T, read: Option<T>) -> Option<()> {
    *slot = read?;
    Some(())
}

fn filled(value: &str) -> Option<String> {
    Some(value.to_owned()).filter(|value| !value.is_empty())
}

/// An ARN of a service, whose resource begins so; empty: none is set.
fn arn(value: &str, service: &str, beginning: &str) -> Option<Option<String>> {
    let fits = |arn: Arn<'_>| arn.service == service && arn.resource.starts_with(beginning);
    let usable = value.is_empty() || Arn::parse(value).is_some_and(fits);
    usable.then(|| filled(value))
}

/// Letters, digits and these.
fn of_letters(value: &str, others: &[u8]) -> Option<Option<String>> {
    let usable = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte));
    usable.then(|| filled(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_table_are_those_that_an_empty_environment_gives() {
        let mut config = SweepConfig::default();
        for setting in SETTINGS {
            assert_eq!((setting.read)(&mut config, setting.default), Some(()), "{}", setting.name);
        }
        // Whether a sweep is known is told by the setting being there at all.
        config.shared.sweep_mode = None;
        assert_eq!(format!("{config:?}"), format!("{:?}", SweepConfig::default()));
    }

    /// The cells of each row of docs/settings.md: name, default, meaning, type, example, used by, CDK property.
    fn documented() -> Vec<Vec<&'static str>> {
        let rows =
            include_str!("../../docs/settings.md").lines().filter(|line| line.starts_with("| `ROTATOR_"));
        rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
    }

    #[test]
    fn the_page_of_settings_has_each_once_with_its_default_and_who_uses_it() {
        let rows = documented();
        assert_eq!(rows.len(), SETTINGS.len());
        for Setting { name, default, used_by, .. } in SETTINGS {
            let quoted = format!("`{name}`");
            let found: Vec<_> = rows.iter().filter(|cells| cells[0] == quoted).collect();
            let [cells] = found.as_slice() else { panic!("{name} has {} rows", found.len()) };
            assert_eq!(cells.len(), 7, "{name}");
            let expected = match default {
                "" | "0" => "none".to_owned(),
                default => format!("`{default}`"),
            };
            // The function's own region is a default that no text names.
            let own = name == "ROTATOR_TEST_REGIONS" && cells[1] == "own region";
            assert!(own || cells[1] == expected, "{name}: the page says {}, the code {expected}", cells[1]);
            let reader = match used_by {
                Both => "both",
                Rotation => "rotation",
                Sweep => "sweep",
            };
            assert_eq!(cells[5], reader, "{name}");
        }
    }

    #[test]
    fn every_example_of_the_page_of_settings_can_be_read_and_is_not_the_default() {
        for cells in documented() {
            let (name, example) = (cells[0].trim_matches('`'), cells[4].trim_matches('`'));
            let setting = SETTINGS.iter().find(|setting| setting.name == name).unwrap();
            let mut config = SweepConfig::default();
            assert_eq!((setting.read)(&mut config, example), Some(()), "{name}: {example}");
            assert_ne!(example, setting.default, "{name}");
        }
    }
}
