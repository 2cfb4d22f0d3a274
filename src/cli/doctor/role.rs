//! The rotation function's role, by simulation of its policies.

use super::super::Session;
use super::super::target::Target;
use super::checks::Checks;
use super::function::Function;
use crate::model::account_of;

const AREA: &str = "role";
const SECRET: [&str; 6] = [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
];
const USER: [&str; 4] =
    ["iam:ListAccessKeys", "iam:CreateAccessKey", "iam:UpdateAccessKey", "iam:DeleteAccessKey"];
const KMS: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

/// Asks whether it may do what a rotation does. The organization's policies, and those of secret
/// and KMS key, are not part of the answer.
pub(super) async fn check(report: &mut Checks, session: &Session, target: &Target<'_>, function: &Function) {
    let role = function.state.role.as_str();
    let mut asked: Vec<(&[&str], String)> = vec![(&SECRET, target.secret.arn.clone())];
    match &target.user {
        Some(user) if user.account == account_of(role) => {
            asked.push((&USER, user.arn()));
        }
        Some(user) => report.note(
            AREA,
            format!(
                "not checked: what the member role in account {} may do with the user's keys",
                user.account
            ),
        ),
        None => {}
    }
    if let Some(key) = target.secret.kms_key_id.as_ref().filter(|key| key.starts_with("arn:")) {
        asked.push((&KMS, key.clone()));
    }
    if let Some(topic) = function.config.as_ref().and_then(|config| config.alert_topic_arn.clone()) {
        asked.push((&["sns:Publish"], topic));
    }
    let mut allowed = 0;
    for (actions, resource) in asked {
        let answer = match session.aws.iam().simulate(role, actions, &resource).await {
            Err(error) if error.is_not_found() => {
                return report.error(
                    AREA,
                    "the function's role does not exist",
                    format!("iam:SimulatePrincipalPolicy: no {role}"),
                    "Deploy the function again.",
                );
            }
            answer => answer,
        };
        let Some(results) = report.answer(AREA, answer) else { return };
        for result in results {
            if result.allowed {
                allowed += 1;
            } else if result.unknown_conditions.is_empty() {
                report.error(
                    AREA,
                    format!("the function's role may not call {}", result.action),
                    format!("iam:SimulatePrincipalPolicy: {role} on {resource}"),
                    "Grant it; the CDK app's policies are the least that a rotation needs.",
                );
            } else {
                report.note(
                    AREA,
                    format!(
                        "not checked: {} hangs on {}, which a simulation does not know",
                        result.action,
                        result.unknown_conditions.join(", ")
                    ),
                );
            }
        }
    }
    if allowed > 0 {
        report.ok(AREA, format!("{role} may make {allowed} of the calls that a rotation makes"));
    }
}
