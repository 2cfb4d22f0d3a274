//! AWS says that strangers may have an access key: an event of AWS Health, a finding of GuardDuty, or the sweep's own
//! event about one key.

mod guard_duty;
mod health;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{invalid_for, is_user_name, text};
use crate::error::{Error, Result};
use crate::model::{AccessKeyId, is_account_id};

const REMEDY: &str = "Send the event of AWS Health or GuardDuty as EventBridge delivers it, or {\"action\":\"exposed\",\"key\":\"AKIA…\"}.";
/// A name, an id, an ARN or an address of the web is not longer, or is not read to its end.
const MOST_CHARS: usize = 1_000;

/// Keys that strangers may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposedEvent {
    /// The account whose keys they are; `None`: the function's own.
    pub(crate) account: Option<String>,
    /// The ids of users' keys that the event names.
    pub(crate) keys: Vec<AccessKeyId>,
    /// What it names instead: temporary credentials, for example.
    pub(crate) others: Vec<String>,
    /// The user that it names.
    pub(crate) user: Option<String>,
    /// Who says so, for people.
    pub(crate) source: String,
    /// What is said of the keys.
    pub(crate) report: Report,
    /// Only say what would be done.
    pub(crate) dryrun: bool,
    /// Since when an earlier invocation has waited for the key's successor.
    pub(crate) since: Option<Timestamp>,
}

/// What an event says of its keys. Only for an exposure keys change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Report {
    /// Strangers have them.
    Exposed,
    /// Their use is suspicious.
    Suspected,
    /// Strangers had them, and the case is closed.
    Closed,
}

impl ExposedEvent {
    /// The sweep's own event about one key. Somebody who found a key can send it too.
    pub(super) fn of_itself(fields: &Map<String, Value>) -> Result<Self> {
        const KNOWN: [&str; 7] = ["action", "key", "account", "user", "source", "since", "dryrun"];
        if let Some(name) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(Error::InvalidEvent {
                field: name.chars().take(64).collect::<String>().escape_default().to_string().into(),
                problem: format!("is not a field of such an event; known are {}", KNOWN.join(", ")),
                remedy: REMEDY,
            });
        }
        let key = fields.get("key");
        if AccessKeyId::from_label(required(fields, "key", "key")?).is_none() {
            return Err(invalid("key", "is not the id of a user's access key, which begins with AKIA"));
        }
        let since = optional(fields, "since", "since")?
            .map(|since| {
                since.parse().map_err(|_| invalid("since", "is not a time such as 2026-11-27T09:12:44Z"))
            })
            .transpose()?;
        if optional(fields, "account", "account")?.is_some_and(|account| !is_account_id(&account)) {
            return Err(invalid("account", "is not the twelve digits of an AWS account"));
        }
        let user = optional(fields, "user", "user")?;
        if user.as_ref().is_some_and(|user| !is_user_name(user)) {
            return Err(invalid("user", "is not the name of an IAM user"));
        }
        Ok(Self {
            user,
            source: said(optional(fields, "source", "source")?),
            since,
            ..Self::naming(Named::new(key), &[fields.get("account")], fields)?
        })
    }

    /// The event by which the sweep goes on with one of the keys.
    pub(crate) fn going_on(&self, key: &AccessKeyId, since: Timestamp) -> Value {
        let mut event = json!({
            "action": "exposed", "key": key, "source": self.source, "since": since.to_string(),
        });
        for (field, value) in [("account", &self.account), ("user", &self.user)] {
            if let Some(value) = value {
                event[field] = json!(value);
            }
        }
        event
    }

    /// An exposure of these, in the first of the accounts that is one.
    fn naming(named: Named, accounts: &[Option<&Value>], fields: &Map<String, Value>) -> Result<Self> {
        // Whoever misspells it must not have a real key replaced.
        let letters = |name: &str| name.chars().filter(char::is_ascii_alphabetic).collect::<String>();
        let misspelt = |name: &&String| *name != "dryrun" && letters(name).eq_ignore_ascii_case("dryrun");
        if fields.keys().any(|name| misspelt(&name)) {
            return Err(invalid("dryrun", "is misspelt"));
        }
        let dryrun = match fields.get("dryrun") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(dryrun)) => *dryrun,
            Some(_) => return Err(invalid("dryrun", "is neither true nor false")),
        };
        let mut accounts = accounts.iter().copied().flatten().map(words);
        Ok(Self {
            account: accounts.find(|account| is_account_id(account)),
            keys: named.keys,
            others: named.others,
            user: None,
            source: String::new(),
            report: Report::Exposed,
            dryrun,
            since: None,
        })
    }
}

/// Who reported a key, as the sender of the sweep's own event has it. Anybody may be that who may invoke the function,
/// so it is marked as what somebody says.
fn said(source: Option<String>) -> String {
    const SAYS: &str = "An event of the sweep's own, whose sender says: ";
    match source {
        None => "An event sent by hand".into(),
        Some(source) if source.starts_with(SAYS) => source,
        Some(source) => format!("{SAYS}{}", words(&Value::String(source))),
    }
}

/// What an event names, each once.
#[derive(Default)]
struct Named {
    keys: Vec<AccessKeyId>,
    others: Vec<String>,
}

impl Named {
    fn new<'v>(values: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut named = Self::default();
        for value in values {
            let name = words(value);
            match AccessKeyId::from_label(&name) {
                Some(key) if named.keys.contains(&key) => {}
                Some(key) => named.keys.push(key),
                None if named.others.contains(&name) => {}
                None => named.others.push(name),
            }
        }
        named
    }
}

/// A value's text as it can be shown. What AWS sends besides a key must not keep the key from being revoked, so
/// nothing of it is refused.
fn words(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default().trim();
    // Marks of the direction of writing can make a text look like another.
    let is_mark = |letter: char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let shown = |letter: &char| !letter.is_control() && !is_mark(*letter);
    let text: String = text.chars().filter(shown).take(MOST_CHARS).collect();
    if text.is_empty() { "what cannot be read".to_owned() } else { text }
}

fn object<'v>(value: Option<&'v Value>, field: &'static str) -> Result<&'v Map<String, Value>> {
    value.and_then(Value::as_object).ok_or_else(|| invalid(field, "is missing, or not an object"))
}

fn required<'v>(of: &'v Map<String, Value>, name: &str, field: &'static str) -> Result<&'v str> {
    read(of.get(name).ok_or_else(|| invalid(field, "is missing"))?, field, MOST_CHARS)
}

fn optional(of: &Map<String, Value>, name: &str, field: &'static str) -> Result<Option<String>> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        // The source of an event is made of several texts.
        Some(value) => read(value, field, 4 * MOST_CHARS).map(|text| Some(text.to_owned())),
    }
}

fn read<'v>(value: &'v Value, field: &'static str, most: usize) -> Result<&'v str> {
    text(value, 1..=most).map_err(|problem| invalid(field, problem))
}

fn invalid(field: &'static str, problem: impl Into<String>) -> Error {
    invalid_for(REMEDY, field, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SweepEvent;

    pub(super) const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

    pub(super) fn parsed(event: &Value) -> ExposedEvent {
        match SweepEvent::parse(event) {
            Ok(SweepEvent::Exposed(event)) => event,
            other => panic!("{event}: {other:?}"),
        }
    }

    pub(super) fn field_of_refusal(event: &Value) -> String {
        let error = SweepEvent::parse(event).unwrap_err();
        assert_eq!(error.error_type(), "InvalidEvent");
        error.to_string()
    }

    /// The event with one field changed.
    pub(super) fn with(mut event: Value, pointer: &str, value: Value) -> Value {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[name] = value;
        event
    }

    #[test]
    fn a_field_that_is_missing_or_wrong_is_named() {
        let health =
            json!({"source": "aws.health", "detail": {"eventTypeCode": "AWS_RISK_CREDENTIALS_EXPOSED"}});
        let own = json!({"action": "exposed", "key": KEY});
        for (event, pointer, value, field) in [
            (&health, "/detail", json!([]), "`detail`"),
            (&health, "/detail/eventTypeCode", json!(7), "`detail.eventTypeCode`"),
            (&health, "/dryrun", json!("yes"), "`dryrun`"),
            (&health, "/dryRun", json!(true), "`dryrun`"),
            (&health, "/dry_run", json!(true), "`dryrun`"),
            (&own, "/key", json!("ASIAIOSFODNN7EXAMPLE"), "`key`"),
            (&own, "/since", json!("soon"), "`since`"),
            (&own, "/force", json!(true), "`force`"),
            (&own, "/account", json!("1"), "`account`"),
            (&own, "/account", json!(1), "`account`"),
            (&own, "/user", json!("a b"), "`user`"),
            (&own, "/dryrun", json!(1), "`dryrun`"),
        ] {
            let refusal = field_of_refusal(&with(event.clone(), pointer, value));
            assert!(refusal.contains(field), "{pointer}: {refusal}");
        }
        assert!(field_of_refusal(&json!({"action": "exposed"})).contains("`key`"));
    }

    #[test]
    fn a_key_can_be_named_by_whoever_found_it() {
        let event =
            parsed(&json!({"action": "exposed", "key": KEY, "account": "444455556666", "dryrun": true}));
        assert_eq!(
            (event.keys, event.account.as_deref()),
            (vec![AccessKeyId::new(KEY)], Some("444455556666"))
        );
        assert!(event.dryrun && event.report == Report::Exposed && event.source.contains("by hand"));
        let said = parsed(&json!({"action": "exposed", "key": KEY, "source": "AWS"})).source;
        assert_eq!(said, "An event of the sweep's own, whose sender says: AWS");
    }

    #[test]
    fn the_event_by_which_the_sweep_goes_on_is_one_it_reads() {
        let since: Timestamp = "2026-11-27T09:30:00Z".parse().unwrap();
        let sample = include_str!("../../../docs/samples/exposed-key-guardduty.json");
        let event = parsed(&serde_json::from_str(sample).unwrap());
        let on = parsed(&event.going_on(&event.keys[0], since));
        let source = format!("An event of the sweep's own, whose sender says: {}", event.source);
        assert_eq!(on, ExposedEvent { since: Some(since), source, ..event });
        assert_eq!(parsed(&on.going_on(&on.keys[0], since)), on);
    }

    #[test]
    fn what_is_shown_has_no_control_characters_and_an_end() {
        assert_eq!(words(&json!(" a\u{1b}[31m\u{202e}\n")), "a[31m");
        assert_eq!(words(&json!("x".repeat(9_999))).len(), MOST_CHARS);
        assert_eq!(words(&json!(["x"])), "what cannot be read");
    }
}
