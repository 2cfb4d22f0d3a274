//! AWS says that strangers may have an access key: an event of AWS Health, a finding of GuardDuty, or the sweep's own
//! event about one key.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{invalid_for, text};
use crate::error::{Error, Result};
use crate::model::{AccessKeyId, is_account_id};

const REMEDY: &str = "Send the event of AWS Health or GuardDuty as EventBridge delivers it, or {\"action\":\"exposed\",\"key\":\"AKIA…\"}.";
/// How the types of AWS Health's events about credentials begin, such as `AWS_RISK_CREDENTIALS_EXPOSED`. AWS
/// documents no list of the others.
const RISK: &str = "AWS_RISK_CREDENTIALS_";
/// From here on a finding of GuardDuty has the severity High
/// ([severity levels](https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html)). Below it is
/// what GuardDuty finds merely unusual.
const HIGH: f64 = 7.0;
/// Keys of one event. AWS Health splits an event with more entities into pages.
const MOST_KEYS: usize = 100;

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
    /// Whether it is certain enough to change keys for.
    pub(crate) certain: bool,
    /// Only say what would be done.
    pub(crate) dryrun: bool,
    /// Since when an earlier invocation has waited for the key's successor.
    pub(crate) since: Option<Timestamp>,
}

impl ExposedEvent {
    /// [AWS Health's event](https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html).
    /// Its entities are the keys' ids.
    pub(super) fn of_health(fields: &Map<String, Value>) -> Result<Self> {
        let detail = object(fields.get("detail"), "detail")?;
        let code = required(detail, "eventTypeCode", "detail.eventTypeCode")?;
        if !code.starts_with(RISK) {
            return Err(invalid("detail.eventTypeCode", "does not begin with AWS_RISK_CREDENTIALS_"));
        }
        let entities = match detail.get("affectedEntities") {
            None | Some(Value::Null) => &[][..],
            Some(Value::Array(entities)) if entities.len() <= MOST_KEYS => entities.as_slice(),
            Some(_) => {
                return Err(invalid("detail.affectedEntities", "is not a list of at most 100 entities"));
            }
        };
        let value = |entity: &Value| {
            let value = entity.get("entityValue").unwrap_or(&Value::Null);
            Ok(read(value, "detail.affectedEntities.entityValue")?.to_owned())
        };
        let named = entities.iter().map(value).collect::<Result<Vec<String>>>()?;
        // In the management account of an organization `account` is where the event was sent.
        let account = optional(detail, "affectedAccount", "detail.affectedAccount")?;
        let account =
            account.map_or_else(|| optional(fields, "account", "account"), |account| Ok(Some(account)))?;
        let arn = optional(detail, "eventArn", "detail.eventArn")?.unwrap_or_default();
        // The owner, or AWS, has closed the case.
        let closed = detail.get("statusCode").is_some_and(|status| status == "closed");
        Self::named(named, account, fields).map(|event| Self {
            source: format!("AWS Health: {code} {arn}"),
            certain: !closed,
            ..event
        })
    }

    /// [A finding of GuardDuty](https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html), of which
    /// [accessKeyDetails](https://docs.aws.amazon.com/guardduty/latest/APIReference/API_AccessKeyDetails.html) names
    /// the key.
    pub(super) fn of_guard_duty(fields: &Map<String, Value>) -> Result<Self> {
        let detail = object(fields.get("detail"), "detail")?;
        let kind = required(detail, "type", "detail.type")?;
        let resource = object(detail.get("resource"), "detail.resource")?;
        let details = object(resource.get("accessKeyDetails"), "detail.resource.accessKeyDetails")?;
        let key = required(details, "accessKeyId", "detail.resource.accessKeyDetails.accessKeyId")?;
        let is_user = details.get("userType").is_some_and(|kind| kind == "IAMUser");
        let user = optional(details, "userName", "detail.resource.accessKeyDetails.userName")?;
        let severity = detail.get("severity").and_then(Value::as_f64).unwrap_or_default();
        let sample = detail.get("service").and_then(|service| service.pointer("/additionalInfo/sample"));
        let is_sample = sample.is_some_and(|sample| *sample == json!(true));
        let account = optional(detail, "accountId", "detail.accountId")?;
        let arn = optional(detail, "arn", "detail.arn")?.unwrap_or_default();
        let event = Self::named(vec![key.to_owned()], account, fields)?;
        Ok(Self {
            user: user.filter(|_| is_user),
            source: format!("GuardDuty: {kind}, severity {severity} {arn}"),
            certain: severity >= HIGH && is_user && !is_sample,
            ..event
        })
    }

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
        let key = required(fields, "key", "key")?;
        if AccessKeyId::from_label(key).is_none() {
            return Err(invalid("key", "is not the id of a user's access key, which begins with AKIA"));
        }
        let since = optional(fields, "since", "since")?
            .map(|since| {
                since.parse().map_err(|_| invalid("since", "is not a time such as 2026-11-27T09:12:44Z"))
            })
            .transpose()?;
        let account = optional(fields, "account", "account")?;
        let event = Self::named(vec![key.to_owned()], account, fields)?;
        Ok(Self {
            user: optional(fields, "user", "user")?,
            source: optional(fields, "source", "source")?.unwrap_or_else(|| "an event sent by hand".into()),
            since,
            ..event
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

    fn named(named: Vec<String>, account: Option<String>, fields: &Map<String, Value>) -> Result<Self> {
        if account.as_ref().is_some_and(|account| !is_account_id(account)) {
            return Err(invalid("account", "is not the twelve digits of an AWS account"));
        }
        let dryrun = match fields.get("dryrun") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(dryrun)) => *dryrun,
            Some(_) => return Err(invalid("dryrun", "is neither true nor false")),
        };
        let (mut keys, mut others) = (Vec::new(), Vec::new());
        for name in named {
            match AccessKeyId::from_label(&name) {
                Some(key) if keys.contains(&key) => {}
                Some(key) => keys.push(key),
                None => others.push(name),
            }
        }
        Ok(Self {
            account,
            keys,
            others,
            user: None,
            source: String::new(),
            certain: true,
            dryrun,
            since: None,
        })
    }
}

fn object<'v>(value: Option<&'v Value>, field: &'static str) -> Result<&'v Map<String, Value>> {
    value.and_then(Value::as_object).ok_or_else(|| invalid(field, "is missing, or not an object"))
}

fn required<'v>(of: &'v Map<String, Value>, name: &str, field: &'static str) -> Result<&'v str> {
    read(of.get(name).ok_or_else(|| invalid(field, "is missing"))?, field)
}

fn optional(of: &Map<String, Value>, name: &str, field: &'static str) -> Result<Option<String>> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value, field).map(|text| Some(text.to_owned())),
    }
}

fn read<'v>(value: &'v Value, field: &'static str) -> Result<&'v str> {
    text(value, 1..=1224).map_err(|problem| invalid(field, problem))
}

fn invalid(field: &'static str, problem: impl Into<String>) -> Error {
    invalid_for(REMEDY, field, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SweepEvent;

    const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

    fn health() -> Value {
        serde_json::from_str(include_str!("../../docs/samples/exposed-key-health.json")).unwrap()
    }

    fn guard_duty() -> Value {
        serde_json::from_str(include_str!("../../docs/samples/exposed-key-guardduty.json")).unwrap()
    }

    fn parsed(event: &Value) -> ExposedEvent {
        match SweepEvent::parse(event) {
            Ok(SweepEvent::Exposed(event)) => event,
            other => panic!("{event}: {other:?}"),
        }
    }

    fn field_of_refusal(event: &Value) -> String {
        let error = SweepEvent::parse(event).unwrap_err();
        assert_eq!(error.error_type(), "InvalidEvent");
        error.to_string()
    }

    /// The event with one field changed.
    fn with(mut event: Value, pointer: &str, value: Value) -> Value {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[name] = value;
        event
    }

    #[test]
    fn an_event_of_aws_health_names_keys_and_their_account() {
        let event = parsed(&health());
        assert_eq!(event.keys, [AccessKeyId::new(KEY)]);
        assert_eq!(event.account.as_deref(), Some("111122223333"));
        assert!(event.certain && !event.dryrun && event.others.is_empty() && event.user.is_none());
        assert!(
            event.source.starts_with("AWS Health: AWS_RISK_CREDENTIALS_EXPOSED arn:aws:health:"),
            "{}",
            event.source
        );
        // Where an organization's events meet, the event was sent to another account than the key's.
        let elsewhere = with(health(), "/account", json!("999988887777"));
        assert_eq!(parsed(&elsewhere).account.as_deref(), Some("111122223333"));
        let old = with(elsewhere, "/detail/affectedAccount", Value::Null);
        assert_eq!(parsed(&old).account.as_deref(), Some("999988887777"));
    }

    #[test]
    fn a_key_that_is_named_twice_counts_once_and_what_is_no_users_key_is_kept_apart() {
        let entities =
            json!([{"entityValue": KEY}, {"entityValue": "ASIAIOSFODNN7EXAMPLE"}, {"entityValue": KEY}]);
        let event = parsed(&with(health(), "/detail/affectedEntities", entities));
        assert_eq!((event.keys.len(), event.others), (1, vec!["ASIAIOSFODNN7EXAMPLE".to_owned()]));
        let none = parsed(&with(health(), "/detail/affectedEntities", Value::Null));
        assert!(none.keys.is_empty() && none.others.is_empty());
    }

    #[test]
    fn relatives_of_the_exposure_are_accepted_and_other_events_of_aws_health_are_not() {
        let suspected = json!("AWS_RISK_CREDENTIALS_EXPOSURE_SUSPECTED");
        assert!(parsed(&with(health(), "/detail/eventTypeCode", suspected)).certain);
        let closed = with(health(), "/detail/statusCode", json!("closed"));
        assert!(!parsed(&closed).certain, "whoever closed it has dealt with it");
        let other = with(health(), "/detail/eventTypeCode", json!("AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED"));
        assert!(field_of_refusal(&other).contains("`detail.eventTypeCode`"));
    }

    #[test]
    fn a_finding_of_guard_duty_names_a_key_and_its_user() {
        let event = parsed(&guard_duty());
        assert_eq!((event.keys, event.user.as_deref()), (vec![AccessKeyId::new(KEY)], Some("ci-bot")));
        assert_eq!(event.account.as_deref(), Some("111122223333"));
        assert!(event.certain);
        assert!(
            event.source.starts_with("GuardDuty: Exfiltration:IAMUser/AnomalousBehavior, severity 8 arn:")
        );
    }

    #[test]
    fn keys_change_only_for_a_severe_finding_about_a_users_own_key() {
        for (pointer, value, certain) in [
            ("/detail/severity", json!(7), true),
            ("/detail/severity", json!(9.5), true),
            ("/detail/severity", json!(6.9), false),
            ("/detail/severity", Value::Null, false),
            ("/detail/resource/accessKeyDetails/userType", json!("Root"), false),
            ("/detail/service/additionalInfo", json!({"sample": true}), false),
            ("/detail/service/additionalInfo", json!({"sample": false}), true),
        ] {
            assert_eq!(
                parsed(&with(guard_duty(), pointer, value.clone())).certain,
                certain,
                "{pointer} {value}"
            );
        }
    }

    #[test]
    fn a_field_that_is_missing_or_wrong_is_named() {
        for (event, pointer, value, field) in [
            (health(), "/detail", json!([]), "`detail`"),
            (health(), "/detail/eventTypeCode", json!(7), "`detail.eventTypeCode`"),
            (health(), "/detail/affectedEntities", json!("x"), "`detail.affectedEntities`"),
            (health(), "/detail/affectedEntities", json!([{}]), "`detail.affectedEntities.entityValue`"),
            (health(), "/detail/affectedEntities", json!(vec![json!({}); 101]), "`detail.affectedEntities`"),
            (health(), "/detail/affectedAccount", json!("12"), "`account`"),
            (health(), "/dryrun", json!("yes"), "`dryrun`"),
            (guard_duty(), "/detail/type", Value::Null, "`detail.type`"),
            (
                guard_duty(),
                "/detail/resource/accessKeyDetails",
                Value::Null,
                "`detail.resource.accessKeyDetails`",
            ),
            (guard_duty(), "/detail/accountId", json!("x"), "`account`"),
            (json!({"action": "exposed", "key": KEY}), "/key", json!("ASIAIOSFODNN7EXAMPLE"), "`key`"),
            (json!({"action": "exposed", "key": KEY}), "/since", json!("soon"), "`since`"),
            (json!({"action": "exposed", "key": KEY}), "/force", json!(true), "`force`"),
            (json!({"action": "exposed", "key": KEY}), "/account", json!("1"), "`account`"),
        ] {
            let refusal = field_of_refusal(&with(event, pointer, value));
            assert!(refusal.contains(field), "{pointer}: {refusal}");
        }
        assert!(field_of_refusal(&json!({"action": "exposed"})).contains("`key`"));
    }

    #[test]
    fn the_event_by_which_the_sweep_goes_on_is_one_it_reads() {
        let since: Timestamp = "2026-11-27T09:30:00Z".parse().unwrap();
        let event = parsed(&guard_duty());
        let on = parsed(&event.going_on(&event.keys[0], since));
        assert_eq!(on, ExposedEvent { since: Some(since), ..event });
    }
}
