//! What AWS Health says of leaked credentials.

use serde_json::{Map, Value};

use super::{ExposedEvent, Named, Report, object, required, words};
use crate::error::Result;
use crate::event::exposed::invalid;
use crate::event::is_user_name;

/// How the types of AWS Health's events about compromised accounts begin.
const RISK: &str = "AWS_RISK_";
/// Those among them that are about keys which strangers have: `AWS_RISK_CREDENTIALS_EXPOSED` and its relatives, and
/// what AWS also sends when it quarantines the user ([aws-health-tools](https://github.com/aws/aws-health-tools/issues/93)).
/// AWS documents no list of them.
const LEAKS: [&str; 2] = ["AWS_RISK_CREDENTIALS_", "AWS_RISK_IAM_QUARANTINE"];

impl ExposedEvent {
    /// [AWS Health's event](https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html).
    ///
    /// The schema requires neither entities nor resources, and AWS's own examples read the key in different places:
    /// [affectedEntities](https://github.com/aws/aws-health-tools), or
    /// [eventMetadata.publicKey](https://github.com/aws-samples/notify-and-remediate-exposed-access-key).
    /// So all of them are read, and what cannot be read there hides no key elsewhere.
    pub(in crate::event) fn of_health(fields: &Map<String, Value>) -> Result<Self> {
        let detail = object(fields.get("detail"), "detail")?;
        let code = required(detail, "eventTypeCode", "detail.eventTypeCode")?;
        if !code.starts_with(RISK) {
            return Err(invalid("detail.eventTypeCode", "does not begin with AWS_RISK_"));
        }
        let metadata = |name: &str| detail.get("eventMetadata").and_then(|metadata| metadata.get(name));
        let entities = list(detail.get("affectedEntities"));
        let entities = entities.iter().map(|entity| entity.get("entityValue").unwrap_or(entity));
        let named = Named::new(entities.chain(list(fields.get("resources"))).chain(metadata("publicKey")));
        // In the management account of an organization `account` is where the event was sent. Public samples hold
        // something else than an account here and there.
        let accounts = [detail.get("affectedAccount"), metadata("accountId"), fields.get("account")];
        let arn = detail.get("eventArn").map(words).unwrap_or_default();
        let place = metadata("exposedUrl").map(words).unwrap_or_default();
        // An address has no spaces, so what follows one is not shown.
        let found = place.split(' ').next().filter(|place| !place.is_empty());
        let found = found.map(|place| format!(", found at {place}")).unwrap_or_default();
        let report = if detail.get("statusCode").is_some_and(|status| status == "closed") {
            Report::Closed
        } else if LEAKS.iter().any(|leak| code.starts_with(leak)) {
            Report::Exposed
        } else {
            Report::Suspected
        };
        Ok(Self {
            user: metadata("userName").map(words).filter(|name| is_user_name(name)),
            source: format!("AWS Health: {code} {arn}{found}"),
            report,
            ..Self::naming(named, &accounts, fields)?
        })
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{KEY, field_of_refusal, parsed, with};
    use super::*;
    use crate::model::AccessKeyId;

    fn health() -> Value {
        serde_json::from_str(include_str!("../../../docs/samples/exposed-key-health.json")).unwrap()
    }

    #[test]
    fn an_event_of_aws_health_names_keys_their_account_the_user_and_the_place() {
        let event = parsed(&health());
        assert_eq!(event.keys, [AccessKeyId::new(KEY)]);
        assert_eq!((event.account.as_deref(), event.user.as_deref()), (Some("111122223333"), Some("ci-bot")));
        assert_eq!((event.report, event.dryrun, event.others.len()), (Report::Exposed, false, 0));
        assert!(event.source.starts_with("AWS Health: AWS_RISK_CREDENTIALS_EXPOSED arn:aws:health:"));
        assert!(event.source.ends_with("found at https://example.com/repository/config.env"));
    }

    #[test]
    fn the_key_is_found_in_each_place_where_aws_puts_it() {
        let places = ["/resources", "/detail/affectedEntities", "/detail/eventMetadata"];
        for place in places {
            let others = places.into_iter().filter(|other| *other != place);
            let event = others.fold(health(), |event, other| with(event, other, Value::Null));
            assert_eq!(parsed(&event).keys, [AccessKeyId::new(KEY)], "{place}");
        }
        let none = places.into_iter().fold(health(), |event, place| with(event, place, Value::Null));
        let none = parsed(&none);
        assert!(none.keys.is_empty() && none.others.is_empty());
    }

    #[test]
    fn what_is_no_users_key_is_kept_apart_and_hides_none() {
        let odd = json!([{"entityValue": " AKIAI44QH8DHBEXAMPLE\n"}, {"entityValue": "ASIAIOSFODNN7EXAMPLE"}, {}, 7,
            {"entityValue": null}, {"entityValue": KEY}, {"entityValue": "ASIAIOSFODNN7EXAMPLE"}]);
        let event = parsed(&with(health(), "/detail/affectedEntities", odd));
        assert_eq!(event.keys, [AccessKeyId::new("AKIAI44QH8DHBEXAMPLE"), AccessKeyId::new(KEY)]);
        assert_eq!(event.others, ["ASIAIOSFODNN7EXAMPLE", "what cannot be read"]);
        // An event has as many entities as fit in 256 KB.
        let many: Vec<Value> = (0..999).map(|nth| json!({"entityValue": format!("AKIA{nth:016}")})).collect();
        assert_eq!(parsed(&with(health(), "/detail/affectedEntities", json!(many))).keys.len(), 1_000);
    }

    #[test]
    fn the_account_is_the_first_that_is_one() {
        let elsewhere = with(health(), "/account", json!("999988887777"));
        assert_eq!(parsed(&elsewhere).account.as_deref(), Some("111122223333"));
        let masked = with(elsewhere, "/detail/affectedAccount", json!("AKIAXXXXXXXXXX"));
        assert_eq!(parsed(&masked).account.as_deref(), Some("111122223333"));
        let old = with(masked, "/detail/eventMetadata/accountId", Value::Null);
        assert_eq!(parsed(&old).account.as_deref(), Some("999988887777"));
    }

    #[test]
    fn only_an_open_report_of_a_leaked_key_is_one() {
        for (code, report) in [
            ("AWS_RISK_CREDENTIALS_EXPOSURE_SUSPECTED", Report::Exposed),
            ("AWS_RISK_CREDENTIALS_COMPROMISED", Report::Exposed),
            ("AWS_RISK_IAM_QUARANTINE", Report::Exposed),
            ("AWS_RISK_ACCOUNT_CONSOLE_COMPROMISE", Report::Suspected),
        ] {
            let event = with(health(), "/detail/eventTypeCode", json!(code));
            assert_eq!(parsed(&event).report, report, "{code}");
            let closed = with(event, "/detail/statusCode", json!("closed"));
            assert_eq!(parsed(&closed).report, Report::Closed, "whoever closed it has dealt with it");
        }
        let other = with(health(), "/detail/eventTypeCode", json!("AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED"));
        assert!(field_of_refusal(&other).contains("`detail.eventTypeCode`"));
    }

    #[test]
    fn other_spellings_of_the_detail_type_are_read() {
        for name in ["AWS Health Abuse Event", "Amazon Health Event"] {
            assert_eq!(parsed(&with(health(), "/detail-type", json!(name))).keys.len(), 1);
        }
    }
}
