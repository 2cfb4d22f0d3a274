//! What the sweep is sent: by a schedule, by the state machine of an organization, or by the rules
//! of a system it replaces.

use serde_json::{Map, Value};

use super::exposed::ExposedEvent;
use super::text;
use crate::error::{Error, Result};
use crate::model::{Progress, is_account_id};

const REMEDY: &str = "Send {} to sweep this account, {\"account\":\"…\"} to sweep another, or {\"action\":\"create\",\"username\":\"…\"} for one user.";

/// What is asked of the sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepEvent {
    /// Sweep one account.
    Account(AccountEvent),
    /// Take one step of one user's life cycle.
    Lifecycle {
        /// Which step.
        action: Lifecycle,
        /// Whose.
        user: String,
    },
    /// Name the accounts of the organization that are to be swept.
    Accounts {
        /// Only those of this organizational unit and of the units beneath it.
        unit: Option<String>,
        /// Only these.
        accounts: Vec<String>,
        /// Where an earlier answer left off.
        marker: Option<String>,
    },
    /// Do what the settings say about keys that strangers may have.
    Exposed(ExposedEvent),
    /// Tell the administrator how the sweeps of an organization went.
    Conclude {
        /// What each of them answered, or failed with.
        results: Vec<Value>,
    },
}

/// The sweep of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountEvent {
    /// Another account than the function's own.
    pub(crate) account: Option<String>,
    /// What the organization calls it.
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    /// The one user whose key is rotated whatever its age.
    pub(crate) force_rotate: Option<String>,
    /// Change nothing, even where the settings say enforce. The reverse cannot be asked for.
    pub(crate) dryrun: bool,
    /// Where to begin.
    pub(crate) resume: Resume,
}

impl AccountEvent {
    /// Whether a state machine sweeps this account among others, and collects their failures.
    pub(crate) fn is_part_of_many(&self) -> bool {
        matches!(self.resume, Resume::Caller(_))
    }
}

/// Where a sweep begins, and who carries on when its time is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The sweep invokes itself again.
    Itself(Option<Progress>),
    /// The caller does, with the marker it is answered.
    Caller(Option<Progress>),
}

impl Default for Resume {
    fn default() -> Self {
        Self::Itself(None)
    }
}

impl Resume {
    /// How far earlier invocations came.
    pub(crate) fn progress(&self) -> Option<&Progress> {
        match self {
            Self::Itself(progress) | Self::Caller(progress) => progress.as_ref(),
        }
    }
}

/// One step of a key's life, asked for by a rule of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Make a new key.
    Create,
    /// Deactivate the key that the last rotation superseded.
    Deactivate,
    /// Delete that key.
    Delete,
}

impl SweepEvent {
    /// Reads an invocation's event.
    pub fn parse(event: &Value) -> Result<Self> {
        let Some(fields) = event.as_object() else {
            return Err(invalid("account", "is missing: the event is not a JSON object"));
        };
        if fields.get("detail-type").is_some_and(|kind| kind == "Scheduled Event") {
            // An event of EventBridge, whose `account` is the schedule's own and no request.
            return Ok(Self::Account(AccountEvent::default()));
        }
        let from_aws = fields.get("source").filter(|_| !fields.contains_key("action"));
        match from_aws.and_then(Value::as_str) {
            Some("aws.health") => return ExposedEvent::of_health(fields).map(Self::Exposed),
            Some("aws.guardduty") => return ExposedEvent::of_guard_duty(fields).map(Self::Exposed),
            _ => {}
        }
        match fields.get("action") {
            None => Self::account(fields),
            Some(action) => match read(action, "action")? {
                "create" => Self::lifecycle(fields, Lifecycle::Create),
                "deactivate" => Self::lifecycle(fields, Lifecycle::Deactivate),
                "delete" => Self::lifecycle(fields, Lifecycle::Delete),
                "accounts" => Self::accounts(fields),
                "conclude" => Self::conclude(fields),
                "exposed" => ExposedEvent::of_itself(fields).map(Self::Exposed),
                _ => Err(invalid(
                    "action",
                    "is none of create, deactivate, delete, accounts, conclude, exposed",
                )),
            },
        }
    }

    fn account(fields: &Map<String, Value>) -> Result<Self> {
        only(fields, &["account", "name", "email", "ForceRotate", "dryrun", "marker", "continue"])?;
        let dryrun = match fields.get("dryrun") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(dryrun)) => *dryrun,
            Some(_) => return Err(invalid("dryrun", "is neither true nor false")),
        };
        let resume = if fields.contains_key("marker") {
            Resume::Caller(progress(fields, "marker")?)
        } else {
            Resume::Itself(progress(fields, "continue")?)
        };
        let email = optional(fields, "email")?;
        if email.as_deref().is_some_and(|email| !crate::model::is_address(email)) {
            return Err(invalid("email", "is not an e-mail address"));
        }
        Ok(Self::Account(AccountEvent {
            account: optional(fields, "account")?.map(account_number).transpose()?,
            name: optional(fields, "name")?,
            email,
            force_rotate: optional(fields, "ForceRotate")?.map(user_name("ForceRotate")).transpose()?,
            dryrun,
            resume,
        }))
    }

    fn lifecycle(fields: &Map<String, Value>, action: Lifecycle) -> Result<Self> {
        only(fields, &["action", "username"])?;
        let user = fields.get("username").ok_or_else(|| invalid("username", "is missing"))?;
        let user = user_name("username")(read(user, "username")?.to_owned())?;
        Ok(Self::Lifecycle { action, user })
    }

    fn accounts(fields: &Map<String, Value>) -> Result<Self> {
        only(fields, &["action", "unit", "accounts", "marker"])?;
        let accounts = match fields.get("accounts") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(accounts)) => accounts
                .iter()
                .map(|account| account_number(read(account, "accounts")?.to_owned()))
                .collect::<Result<_>>()?,
            Some(_) => return Err(invalid("accounts", "is not a list of account numbers")),
        };
        Ok(Self::Accounts { unit: optional(fields, "unit")?, accounts, marker: optional(fields, "marker")? })
    }

    fn conclude(fields: &Map<String, Value>) -> Result<Self> {
        only(fields, &["action", "results"])?;
        match fields.get("results") {
            Some(Value::Array(results)) => Ok(Self::Conclude { results: results.clone() }),
            _ => Err(invalid("results", "is not a list")),
        }
    }
}

/// A misspelt field would be ignored in silence, so an unknown field is refused.
fn only(fields: &Map<String, Value>, known: &[&str]) -> Result<()> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Error::InvalidEvent {
            field: name.chars().take(64).collect::<String>().escape_default().to_string().into(),
            problem: format!("is not a field of such an event; known are {}", known.join(", ")),
            remedy: REMEDY,
        }),
    }
}

fn read<'v>(value: &'v Value, field: &'static str) -> Result<&'v str> {
    text(value, 1..=2048).map_err(|problem| invalid(field, problem))
}

fn optional(fields: &Map<String, Value>, field: &'static str) -> Result<Option<String>> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value, field).map(|text| Some(text.to_owned())),
    }
}

fn progress(fields: &Map<String, Value>, field: &'static str) -> Result<Option<Progress>> {
    optional(fields, field)?
        .map(|marker| {
            serde_json::from_str(&marker).map_err(|_| invalid(field, "is none that a sweep answered"))
        })
        .transpose()
}

fn account_number(text: String) -> Result<String> {
    is_account_id(&text)
        .then_some(text)
        .ok_or_else(|| invalid("account", "is not the twelve digits of an AWS account"))
}

fn user_name(field: &'static str) -> impl Fn(String) -> Result<String> {
    move |text| {
        super::is_user_name(&text)
            .then_some(text)
            .ok_or_else(|| invalid(field, "is not the name of an IAM user"))
    }
}

fn invalid(field: &'static str, problem: impl Into<String>) -> Error {
    super::invalid_for(REMEDY, field, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account(event: Value) -> AccountEvent {
        match SweepEvent::parse(&event).unwrap() {
            SweepEvent::Account(account) => account,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_empty_event_and_a_schedules_event_sweep_this_account() {
        let scheduled = json!({"version": "0", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "111122223333", "region": "eu-west-1", "resources": [], "detail": {}});
        for event in [json!({}), scheduled] {
            assert_eq!(account(event), AccountEvent::default());
        }
    }

    #[test]
    fn an_accounts_event_is_read_field_by_field() {
        let event = account(json!({"account": "444455556666", "name": "Build", "email": "o@example.com",
            "ForceRotate": "ci", "dryrun": true, "marker": null}));
        assert_eq!(event.account.as_deref(), Some("444455556666"));
        assert_eq!((event.force_rotate.as_deref(), event.dryrun), (Some("ci"), true));
        assert_eq!(event.resume, Resume::Caller(None));
        assert!(!account(json!({"account": "444455556666"})).dryrun, "the settings decide");
    }

    #[test]
    fn the_three_steps_of_a_users_life_are_read() {
        for (text, action) in [
            ("create", Lifecycle::Create),
            ("deactivate", Lifecycle::Deactivate),
            ("delete", Lifecycle::Delete),
        ] {
            let event = SweepEvent::parse(&json!({"action": text, "username": "U"})).unwrap();
            assert_eq!(event, SweepEvent::Lifecycle { action, user: "U".into() });
        }
    }

    #[test]
    fn anything_else_is_refused_by_the_name_of_its_field() {
        for (event, field) in [
            (json!(null), "account"),
            (json!([]), "account"),
            (json!({"account": 1}), "account"),
            (json!({"account": "12"}), "account"),
            (json!({"acount": "444455556666"}), "acount"),
            (json!({"dryrun": "no"}), "dryrun"),
            (json!({"email": "o"}), "email"),
            (json!({"ForceRotate": "a b"}), "ForceRotate"),
            (json!({"marker": "user-7"}), "marker"),
            (json!({"continue": "{}"}), "continue"),
            (json!({"action": "rotate"}), "action"),
            (json!({"action": "create"}), "username"),
            (json!({"action": "create", "username": ""}), "username"),
            (json!({"action": "create", "username": "u", "force": 1}), "force"),
            (json!({"action": "accounts", "accounts": ["x"]}), "account"),
            (json!({"action": "conclude"}), "results"),
        ] {
            let error = SweepEvent::parse(&event).unwrap_err();
            assert_eq!(error.error_type(), "InvalidEvent");
            assert!(error.to_string().contains(&format!("`{field}`")), "{event}: {error}");
        }
    }
}
