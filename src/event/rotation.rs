//! What Secrets Manager sends.

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::{INVOKED_BY_SECRETS_MANAGER, invalid_for, text};
use crate::error::{Error, Result};
use crate::model::{RotationToken, SecretId, VersionId};

/// The four steps of
/// [Secrets Manager's contract](https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the new key.
    CreateSecret,
    /// Nothing to set: IAM knows the key from its creation on.
    SetSecret,
    /// Prove the new key.
    TestSecret,
    /// Promote the new key and retire the old one.
    FinishSecret,
}

impl Step {
    /// The name that Secrets Manager sends.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CreateSecret => "createSecret",
            Self::SetSecret => "setSecret",
            Self::TestSecret => "testSecret",
            Self::FinishSecret => "finishSecret",
        }
    }

    /// Reads a step. The user guide also prints the names in snake case, so both are accepted.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "createSecret" | "create_secret" => Some(Self::CreateSecret),
            "setSecret" | "set_secret" => Some(Self::SetSecret),
            "testSecret" | "test_secret" => Some(Self::TestSecret),
            "finishSecret" | "finish_secret" => Some(Self::FinishSecret),
            _ => None,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What Secrets Manager asks of the function.
#[derive(Clone, Debug)]
pub struct RotationEvent {
    pub(crate) step: Step,
    pub(crate) secret_id: SecretId,
    /// The version to make.
    pub(crate) token: VersionId,
    /// To be passed on to PutSecretValue where it is present.
    pub(crate) rotation_token: Option<RotationToken>,
}

impl RotationEvent {
    /// Reads an invocation's event. The value of a field is never quoted: an event that is not ours
    /// may hold anything.
    pub fn parse(event: &Value) -> Result<Self> {
        if !event.is_object() {
            return Err(invalid("Step", "is missing: the event is not a JSON object"));
        }
        let step = required(event, "Step", 1..=64)?;
        let step = Step::parse(step)
            .ok_or_else(|| invalid("Step", "is none of createSecret, setSecret, testSecret, finishSecret"))?;
        let rotation_token = match event.get("RotationToken") {
            None | Some(Value::Null) => None,
            Some(_) => Some(RotationToken::new(required(event, "RotationToken", 1..=256)?)),
        };
        Ok(Self {
            step,
            secret_id: SecretId::new(required(event, "SecretId", 1..=2048)?),
            token: VersionId::new(required(event, "ClientRequestToken", 1..=64)?),
            rotation_token,
        })
    }
}

fn required<'e>(event: &'e Value, field: &'static str, length: RangeInclusive<usize>) -> Result<&'e str> {
    let value = event.get(field).ok_or_else(|| invalid(field, "is missing"))?;
    text(value, length).map_err(|problem| invalid(field, problem))
}

fn invalid(field: &'static str, problem: impl Into<String>) -> Error {
    invalid_for(INVOKED_BY_SECRETS_MANAGER, field, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_of_a_step_are_read() {
        for (text, step) in [("finishSecret", Step::FinishSecret), ("create_secret", Step::CreateSecret)] {
            let event =
                RotationEvent::parse(&json!({"Step": text, "SecretId": "s", "ClientRequestToken": "t"}))
                    .unwrap();
            assert_eq!(event.step, step);
        }
    }

    #[test]
    fn anything_else_is_refused_by_the_name_of_its_field_and_never_quoted() {
        for (event, field) in [
            (json!(null), "Step"),
            (json!([1]), "Step"),
            (json!({}), "Step"),
            (json!({"Step": "hush"}), "Step"),
            (json!({"Step": 1}), "Step"),
            (json!({"Step": "testSecret"}), "SecretId"),
            (json!({"Step": "testSecret", "SecretId": "s"}), "ClientRequestToken"),
            (
                json!({"Step": "testSecret", "SecretId": "s", "ClientRequestToken": "t\nhush"}),
                "ClientRequestToken",
            ),
            (json!({"Step": "testSecret", "SecretId": "", "ClientRequestToken": "t"}), "SecretId"),
            (
                json!({"Step": "testSecret", "SecretId": "s", "ClientRequestToken": "t", "RotationToken": {"hush": 1}}),
                "RotationToken",
            ),
        ] {
            let error = RotationEvent::parse(&event).unwrap_err();
            assert_eq!(error.error_type(), "InvalidEvent");
            assert!(error.to_string().contains(&format!("`{field}`")), "{error}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }

    #[test]
    fn the_rotation_token_does_not_show_in_the_events_debug_output() {
        let event = json!({"Step": "testSecret", "SecretId": "s", "ClientRequestToken": "t", "RotationToken": "hush-hush"});
        assert!(!format!("{:?}", RotationEvent::parse(&event).unwrap()).contains("hush"));
    }
}
