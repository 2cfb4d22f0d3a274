//! Who may read a secret that the sweep makes.

use serde_json::json;

use crate::model::UserRef;

/// What the rotation function does with a secret of another account, which must let it in.
const ROTATES: [&str; 6] = [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecretVersionStage",
];

/// The [resource policy](https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html)
/// of a user's secret: the user reads it, the rotation function's role rotates it, and with that
/// role known nobody else reads it, whatever the account's own policies allow.
pub(super) fn secret_policy(user: &UserRef, rotation_role: Option<&str>) -> String {
    let user = user.arn();
    let mut statements = vec![json!({
        "Sid": "TheUserItself",
        "Effect": "Allow",
        "Principal": {"AWS": user},
        "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
        "Resource": "*",
    })];
    if let Some(role) = rotation_role {
        statements.push(json!({
            "Sid": "TheRotationFunction",
            "Effect": "Allow",
            "Principal": {"AWS": role},
            "Action": ROTATES,
            "Resource": "*",
        }));
        statements.push(json!({
            "Sid": "NobodyElse",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [user, role]}},
        }));
    }
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::secret_policy;
    use crate::model::UserRef;

    #[test]
    fn a_secret_of_the_sweep_gets_the_policy_that_one_of_the_cdk_gets() {
        let created: Value =
            serde_json::from_str(include_str!("../../cdk/test/created-policy.json")).unwrap();
        let user = UserRef::parse(created["user"].as_str().unwrap(), "aws", "111122223333").unwrap();
        let policy: Value = serde_json::from_str(&secret_policy(&user, created["role"].as_str())).unwrap();
        assert_eq!(policy, created["policy"]);
    }
}
