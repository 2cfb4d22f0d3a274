//! The sweep's own settings, beside those it shares with the rotation function.

use std::time::Duration;

use super::exposed::Exposed;
use super::mode::Mode;
use super::shared::Config;
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
    pub(crate) rotate_after: Duration,
    /// `ROTATOR_WARN_BEFORE`: how long before each action its mail goes out; zero: none does.
    pub(crate) warn_before: Duration,
    /// `ROTATOR_MAX_AGE`: the age beyond which an active key is a finding; none: no age is.
    pub(crate) max_age: Option<Duration>,
    /// `ROTATOR_EXPOSED`: what it does about a key that AWS reports as exposed.
    pub(crate) exposed: Exposed,
    /// `ROTATOR_SECRETS_IN`: where secrets of other accounts' users live.
    pub(crate) secrets_in: SecretsIn,
    /// `ROTATOR_REPLICA_REGIONS`: where created secrets are replicated to.
    pub(crate) replica_regions: Vec<String>,
    /// `ROTATOR_ROTATION_FUNCTION_ARN`: what secrets rotate with.
    pub rotation_function: Option<String>,
    /// `ROTATOR_ROTATION_ROLE_ARN`: the rotation function's role. With it, the policy of a created
    /// secret grants access to that role and the user alone; without it, to the user, beside what the account's own
    /// policies allow.
    pub(crate) rotation_role: Option<String>,
    /// `ROTATOR_KMS_KEY_ID`: the customer key of created secrets; none: the account's default key.
    pub(crate) kms_key_id: Option<String>,
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
    /// These settings, to act by in a mode; refused where they do not suffice.
    pub(crate) fn acting(&self, mode: Mode) -> Result<Self> {
        let config = Self { mode, ..self.clone() };
        config.check_acting()?;
        config.check_names()?;
        Ok(config)
    }

    /// How a secret that nothing rotates yet is set up. A schedule counts whole days, and a thousand at most
    /// ([RotationRulesType](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html)).
    pub(crate) fn rotation_setup(&self) -> Option<RotationSetup> {
        let function_arn = self.rotation_function.clone()?;
        Some(RotationSetup { function_arn, every_days: self.every_days() })
    }

    fn every_days(&self) -> i64 {
        i64::try_from((self.rotate_after.as_secs() / DAY).clamp(1, MOST_DAYS)).unwrap_or(1)
    }

    /// That schedules differ from `ROTATOR_ROTATE_AFTER`, where they must.
    pub(crate) fn schedule_note(&self) -> Option<String> {
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
    pub(crate) fn check_acting(&self) -> Result<()> {
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
    pub(super) fn check_names(&self) -> Result<()> {
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
    pub(crate) fn lists(&self, secret: &SecretState) -> bool {
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
    pub(crate) fn is_enrolled(&self, secret: &SecretState) -> bool {
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
            exposed: Exposed::default(),
            secrets_in: SecretsIn::default(),
            replica_regions: Vec::new(),
            rotation_function: None,
            rotation_role: None,
            kms_key_id: None,
        }
    }
}
