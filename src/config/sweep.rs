//! The sweep's own settings, beside those it shares with the rotation function.

use std::time::Duration;

use super::{Config, Unreadable, UsedBy, own, read};
use crate::error::{Error, Result};
use crate::model::{RotationSetup, SecretState, counted, duration_text};

const DAY: u64 = 24 * 60 * 60;
/// The longest interval that a schedule of Secrets Manager has.
const MOST_DAYS: u64 = 1000;

/// Everything the sweep can be told by its environment.
#[derive(Clone, Debug)]
pub struct SweepConfig {
    /// What it shares with the rotation function.
    pub shared: Config,
    /// `ROTATOR_MODE`: what it does.
    pub mode: Mode,
    /// `ROTATOR_SCOPE`: whose keys.
    pub scope: Scope,
    /// `ROTATOR_ROTATE_AFTER`: the age at which a key is due.
    pub rotate_after: Duration,
    /// `ROTATOR_WARN_BEFORE`: how long before each action its mail goes out; zero: none does.
    pub warn_before: Duration,
    /// `ROTATOR_MAX_AGE`: the age beyond which an active key is a finding; none: no age is.
    pub max_age: Option<Duration>,
    /// `ROTATOR_SECRETS_IN`: where secrets of other accounts' users live.
    pub secrets_in: SecretsIn,
    /// `ROTATOR_REPLICA_REGIONS`: where created secrets are replicated to.
    pub replica_regions: Vec<String>,
    /// `ROTATOR_ROTATION_FUNCTION_ARN`: what secrets rotate with.
    pub rotation_function: Option<String>,
    /// `ROTATOR_ROTATION_ROLE_ARN`: the rotation function's role, which created secrets let in, and
    /// nobody else but the user; none: they let the user in, and whom the account lets in.
    pub rotation_role: Option<String>,
    /// `ROTATOR_KMS_KEY_ID`: the customer key of created secrets; none: the account's default key.
    pub kms_key_id: Option<String>,
}

/// What a sweep does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It changes nothing, and says what `enforce` would do.
    Audit,
    /// It finishes what rotations of enrolled secrets began: superseded and abandoned keys are deactivated and
    /// later deleted. It enrolls nobody and starts no rotation.
    #[default]
    Retire,
    /// It does everything.
    Enforce,
}

impl Mode {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "audit" => Self::Audit,
            "retire" => Self::Retire,
            "enforce" => Self::Enforce,
            _ => return None,
        })
    }

    /// As `ROTATOR_MODE` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Retire => "retire",
            Self::Enforce => "enforce",
        }
    }

    /// Whether it changes keys or secrets.
    pub fn acts(self) -> bool {
        self != Self::Audit
    }

    /// Whether its plans enroll users and ask for rotations. An audit plans what `enforce` would do.
    pub fn starts_rotations(self) -> bool {
        self != Self::Retire
    }
}

/// Whose keys a sweep takes care of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Users that have a secret of ours.
    #[default]
    Enrolled,
    /// Every user; one with a due key gets a secret.
    All,
    /// The users of these secrets.
    Secrets(Vec<String>),
}

/// Where the secrets of other accounts' users live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretsIn {
    /// In the account of the sweep.
    #[default]
    Central,
    /// In the user's own account. Experimental: which principal Secrets Manager of one account invokes
    /// a function of another account as is documented nowhere.
    Member,
}

impl Scope {
    pub(super) fn parse(value: &str) -> Option<Self> {
        Some(match value {
            "enrolled" => Self::Enrolled,
            "all" => Self::All,
            names => {
                let names: Vec<String> = names
                    .split(';')
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect();
                // A list is told from a misspelt word by its separator, or by looking like a path.
                let is_list = value.contains(';') || value.contains('/');
                (is_list && !names.is_empty()).then_some(Self::Secrets(names))?
            }
        })
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
        read.map_err(|error| Unreadable::new(error, &variables))
    }

    /// These settings, to act by in a mode; refused where they do not suffice.
    pub fn acting(&self, mode: Mode) -> Result<Self> {
        let config = Self { mode, ..self.clone() };
        config.check_acting()?;
        config.check_names()?;
        Ok(config)
    }

    /// How a secret that nothing rotates yet is set up. A schedule counts whole days, and a thousand at most
    /// ([RotationRulesType](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html)).
    pub fn rotation_setup(&self) -> Option<RotationSetup> {
        let function_arn = self.rotation_function.clone()?;
        Some(RotationSetup { function_arn, every_days: self.every_days() })
    }

    fn every_days(&self) -> i64 {
        i64::try_from((self.rotate_after.as_secs() / DAY).clamp(1, MOST_DAYS)).unwrap_or(1)
    }

    /// That schedules differ from `ROTATOR_ROTATE_AFTER`, where they must.
    pub fn schedule_note(&self) -> Option<String> {
        let set = duration_text(self.rotate_after);
        let every = counted(self.every_days(), "day");
        let limit = match self.rotate_after.as_secs() {
            seconds if seconds % DAY != 0 => "counts whole days",
            seconds if seconds / DAY > MOST_DAYS => "has at most 1000 days",
            _ => return None,
        };
        Some(format!(
            "`ROTATOR_ROTATE_AFTER` is {set}, and a schedule {limit}: schedules that the sweep sets rotate every {every}"
        ))
    }

    /// What a sweep must know before it changes anything: which secrets are enrolled.
    pub fn check_acting(&self) -> Result<()> {
        // A list is authority to rotate and to retire; where nothing else is retired, it widens nothing.
        let listed = matches!(self.scope, Scope::Secrets(_)) && self.mode == Mode::Enforce;
        let unknown = self.rotation_function.is_none() && !listed;
        if !self.mode.acts() || !unknown {
            return Ok(());
        }
        Err(Error::InvalidConfig {
            name: "ROTATOR_ROTATION_FUNCTION_ARN".into(),
            problem: "is not set, and only secrets that rotate with that function are enrolled".into(),
            expected: "the ARN of the rotation function".into(),
        })
    }

    /// The sweep creates secrets only under names that policies can limit it to.
    fn check_names(&self) -> Result<()> {
        if self.scope != Scope::All || !self.mode.starts_rotations() || self.shared.has_own_names() {
            return Ok(());
        }
        Err(Error::InvalidConfig {
            name: "ROTATOR_SECRET_NAME".into(),
            problem: format!(
                "is {:?}, and with ROTATOR_SCOPE=all the sweep creates secrets with such names",
                self.shared.secret_name
            ),
            expected: "a name with a prefix or suffix of its own, such as iam-key/{user}, so that policies can limit the sweep to it".into(),
        })
    }

    /// Whether `ROTATOR_SCOPE` lists the secret, by its name or ARN.
    pub fn lists(&self, secret: &SecretState) -> bool {
        // An ARN may be given without the six random characters at its end, and their hyphen.
        let partial = secret.arn.len().checked_sub(7).and_then(|end| secret.arn.get(..end));
        let names = |listed: &String| {
            *listed == secret.name || *listed == secret.arn || Some(listed.as_str()) == partial
        };
        matches!(&self.scope, Scope::Secrets(listed) if listed.iter().any(names))
    }

    /// Whether the secret's own rotation shows that it was enrolled with authority: only somebody who may
    /// call RotateSecret and invoke the rotation function can make a secret rotate with it.
    ///
    /// Without a known rotation function nothing is changed (see [`Self::check_acting`]); any other is then taken
    /// for ours, so that a read-only command shows what it can.
    pub fn is_enrolled(&self, secret: &SecretState) -> bool {
        match &self.rotation_function {
            Some(ours) => secret.rotation_function.as_ref() == Some(ours),
            None => secret.rotation_function.is_some(),
        }
    }
}

impl Default for SweepConfig {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            shared: Config::default(),
            mode: Mode::default(),
            scope: Scope::default(),
            rotate_after: 90 * DAY,
            warn_before: 7 * DAY,
            max_age: None,
            secrets_in: SecretsIn::default(),
            replica_regions: Vec::new(),
            rotation_function: None,
            rotation_role: None,
            kms_key_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> std::result::Result<SweepConfig, Unreadable> {
        let owned = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        SweepConfig::from_variables(owned)
    }

    #[test]
    fn nothing_set_means_that_rotations_are_finished_and_none_is_started() {
        let config = config(&[]).unwrap();
        assert_eq!((config.mode, &config.scope), (Mode::Retire, &Scope::Enrolled));
        assert_eq!(config.secrets_in, SecretsIn::Central);
        assert_eq!(config.rotate_after.as_secs(), 90 * 86_400);
    }

    #[test]
    fn it_reads_the_rotation_functions_settings_too() {
        let config = config(&[("ROTATOR_OVERLAP", "10d"), ("ROTATOR_SCOPE", "a;b; c ;")]).unwrap();
        assert_eq!(config.shared.policy.overlap.as_secs(), 864_000);
        assert_eq!(config.scope, Scope::Secrets(vec!["a".into(), "b".into(), "c".into()]));
    }

    #[test]
    fn every_unreadable_value_is_refused_with_the_name_and_what_was_expected() {
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
            let error = config(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_setting_that_only_the_rotation_function_uses_stops_no_sweep() {
        for (name, value) in [("ROTATOR_TEST_REGIONS", "Ireland"), ("ROTATOR_PROPAGATION_TIMEOUT", "60")] {
            let config = config(&[(name, value)]).unwrap();
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
            let notes = config(&[("ROTATOR_ROTATE_AFTER", age)]).unwrap().shared.notes;
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
        let acts = |more: &[(&str, &str)], mode| config(more).unwrap().acting(mode);
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
            match config(&settings) {
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
