//! AWSCURRENT's value, where the operator asks for it. Nothing of it is shown.

use super::super::target::Target;
use super::checks::Checks;
use crate::aws::StoredValue;
use crate::model::SecretDocument;
use crate::model::names::AWSCURRENT;
use crate::plan::{bind_user, field_names};

const AREA: &str = "value";

/// Reads it, and checks its shape and whose key it holds.
pub(super) async fn check(report: &mut Checks, target: &Target<'_>) {
    let secret = &target.secret;
    let value = target.account.secrets.staged_value(&secret.arn, AWSCURRENT).await;
    let document = match report.answer(AREA, value) {
        None => return,
        Some(StoredValue::Absent) => {
            return report.note(AREA, "there is none yet: the first rotation stores one");
        }
        Some(StoredValue::Binary) => Err(crate::model::DocumentError::Binary),
        Some(StoredValue::Text { text, .. }) => match field_names(secret) {
            Ok(named) => SecretDocument::parse(text.expose(), named.as_ref()),
            Err(error) => {
                let remedy = "Correct the tag `iam-key-rotator:fields`, or remove it.";
                return report.error(AREA, "a tag cannot be read", error.to_string(), remedy);
            }
        },
    };
    let document = match document {
        Ok(document) => document,
        Err(problem) => {
            return report.error(
                AREA,
                "it cannot be rotated",
                format!("secretsmanager:GetSecretValue: {problem}"),
                problem.remedy(),
            );
        }
    };
    let template = &target.account.config.shared.secret_name;
    let user = match bind_user(secret, Some(&document), template) {
        Ok(user) => user,
        Err(error) => {
            return report.error(AREA, "it does not fit its user", error.to_string(), error.next_steps());
        }
    };
    let Some(key) = document.key_id() else {
        return report.note(AREA, "it holds no key yet: the first rotation stores one");
    };
    let Some(keys) = report.answer(AREA, target.iam.list_access_keys(&user.name).await) else { return };
    if keys.iter().any(|known| known.id == key) {
        report.ok(AREA, format!("it holds key {key} of {}", user.name));
    } else {
        report.error(
            AREA,
            "it holds a key that is none of the user's",
            format!("iam:ListAccessKeys: {} has no {key}", user.name),
            "Find out which is right, the tag or the value, before you change either.",
        );
    }
}
