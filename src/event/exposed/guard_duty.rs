//! What GuardDuty says of a key.

use serde_json::{Map, Value, json};

use super::{ExposedEvent, Named, Report, object, required, words};
use crate::error::Result;
use crate::event::is_user_name;

/// The findings which say that strangers have the credentials. The other ones, of whatever severity, say that a use
/// of them is unusual, or comes from a suspicious place
/// ([finding types](https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html),
/// [attack sequences](https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-attack-sequence-finding-types.html)).
const STOLEN: [&str; 2] =
    ["CredentialAccess:IAMUser/CompromisedCredentials", "AttackSequence:IAM/CompromisedCredentials"];

impl ExposedEvent {
    /// [A finding of GuardDuty](https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html). It names the
    /// key in [accessKeyDetails](https://docs.aws.amazon.com/guardduty/latest/APIReference/API_AccessKeyDetails.html),
    /// or as the [credentials of an actor](https://docs.aws.amazon.com/guardduty/latest/APIReference/API_User.html).
    pub(in crate::event) fn of_guard_duty(fields: &Map<String, Value>) -> Result<Self> {
        let detail = object(fields.get("detail"), "detail")?;
        let kind = required(detail, "type", "detail.type")?;
        let service = |pointer: &str| detail.get("service").and_then(|service| service.pointer(pointer));
        let accessed = detail.get("resource").and_then(|resource| resource.get("accessKeyDetails"));
        let actors = service("/detection/sequence/actors").and_then(Value::as_array).map(Vec::as_slice);
        let users: Vec<&Value> =
            actors.unwrap_or_default().iter().filter_map(|actor| actor.get("user")).collect();
        let keys = accessed.and_then(|accessed| accessed.get("accessKeyId"));
        let named =
            Named::new(keys.into_iter().chain(users.iter().filter_map(|user| user.get("credentialUid"))));
        let names = accessed.and_then(|accessed| accessed.get("userName"));
        let mut names = names.into_iter().chain(users.iter().filter_map(|user| user.get("name"))).map(words);
        // Somebody archived it. An intruder may have done that, so the sweep still alerts.
        let archived = service("/archived") == Some(&json!(true));
        let sample = service("/additionalInfo/sample") == Some(&json!(true));
        let report = match (STOLEN.contains(&kind) && !sample, archived) {
            (true, false) => Report::Exposed,
            (true, true) => Report::Closed,
            (false, _) => Report::Suspected,
        };
        let severity = detail.get("severity").and_then(Value::as_f64).unwrap_or_default();
        let arn = detail.get("arn").map(words).unwrap_or_default();
        Ok(Self {
            user: names.next().filter(|name| names.next().is_none() && is_user_name(name)),
            source: format!("GuardDuty: {kind}, severity {severity} {arn}"),
            report,
            ..Self::naming(named, &[detail.get("accountId"), fields.get("account")], fields)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{KEY, field_of_refusal, parsed, with};
    use super::*;
    use crate::model::AccessKeyId;

    fn finding() -> Value {
        serde_json::from_str(include_str!("../../../docs/samples/exposed-key-guardduty.json")).unwrap()
    }

    fn sequence() -> Value {
        serde_json::from_str(include_str!("../../../docs/samples/exposed-key-attack-sequence.json")).unwrap()
    }

    #[test]
    fn a_finding_names_a_key_and_its_user() {
        for (event, begins) in [
            (finding(), "GuardDuty: CredentialAccess:IAMUser/CompromisedCredentials, severity 8 arn:"),
            (sequence(), "GuardDuty: AttackSequence:IAM/CompromisedCredentials, severity 9 arn:"),
        ] {
            let event = parsed(&event);
            assert_eq!((event.keys, event.user.as_deref()), (vec![AccessKeyId::new(KEY)], Some("ci-bot")));
            assert_eq!((event.account.as_deref(), event.report), (Some("111122223333"), Report::Exposed));
            assert!(event.source.starts_with(begins), "{}", event.source);
        }
    }

    #[test]
    fn keys_change_only_for_a_finding_which_says_that_they_are_stolen() {
        for (pointer, value, report) in [
            ("/detail/type", json!("Exfiltration:IAMUser/AnomalousBehavior"), Report::Suspected),
            ("/detail/type", json!("UnauthorizedAccess:IAMUser/MaliciousIPCaller"), Report::Suspected),
            ("/detail/type", json!("CredentialAccess:IAMUser/AnomalousBehavior"), Report::Suspected),
            ("/detail/type", json!("AttackSequence:S3/CompromisedData"), Report::Suspected),
            ("/detail/service/additionalInfo", json!({"sample": true}), Report::Suspected),
            ("/detail/service/additionalInfo", json!({"sample": false}), Report::Exposed),
            ("/detail/service/archived", json!(true), Report::Closed),
            ("/detail/severity", json!(2), Report::Exposed),
        ] {
            for event in [finding(), sequence()] {
                let event = with(event, pointer, value.clone());
                assert_eq!(parsed(&event).report, report, "{pointer} {value}");
            }
        }
    }

    #[test]
    fn a_finding_that_names_no_users_key_is_read() {
        let sample = with(
            finding(),
            "/detail/resource/accessKeyDetails/accessKeyId",
            json!("GeneratedFindingAccessKeyId"),
        );
        assert_eq!(parsed(&sample).others, ["GeneratedFindingAccessKeyId"]);
        for none in [
            with(finding(), "/detail/resource", json!({"resourceType": "AttackSequence"})),
            with(sequence(), "/detail/service/detection", Value::Null),
            with(sequence(), "/detail/service/detection/sequence/actors", json!([{"id": "x"}, 7])),
        ] {
            let event = parsed(&none);
            assert!(event.keys.is_empty() && event.others.is_empty(), "{none}");
        }
    }

    #[test]
    fn of_several_actors_each_key_counts_and_none_is_the_user() {
        let actor = |name: &str, key: &str| json!({"user": {"name": name, "credentialUid": key}});
        let actors =
            json!([actor("a", KEY), actor("b", "AKIAI44QH8DHBEXAMPLE"), actor("c", "ASIAIOSFODNN7EXAMPLE")]);
        let event = parsed(&with(sequence(), "/detail/service/detection/sequence/actors", actors));
        assert_eq!((event.keys.len(), event.others.len(), event.user), (2, 1, None));
    }

    #[test]
    fn a_finding_without_a_type_is_refused() {
        assert!(field_of_refusal(&with(finding(), "/detail/type", Value::Null)).contains("`detail.type`"));
    }
}
