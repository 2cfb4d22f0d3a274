//! Secrets from another account.

use serde_json::{Value, json};
use simulator::{KeyPair, Options, Simulator};

use crate::{ACCOUNT, FUNCTION, code, with_options, world};

const OTHER: &str = "222233334444";

/// A secret under a key of one's own, and a role of another account.
fn shared() -> (Simulator, String, KeyPair) {
    let (aws, _) = world();
    let arn = aws.create_secret("s", Some("v"), &[("team", "a")]);
    aws.set_kms_key(&arn, Some("arn:aws:kms:eu-west-1:111122223333:key/1"));
    let reader = aws.role_session(OTHER, "reader");
    (aws, arn, reader)
}

fn allow(principal: Value, actions: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"})
}

fn attach(aws: &Simulator, arn: &str, statement: &Value) {
    aws.put_policy(arn, &json!({"Version": "2012-10-17", "Statement": [statement]}).to_string());
}

async fn get(aws: &Simulator, pair: &KeyPair, id: &str) -> String {
    code(aws.call_as(pair, "secretsmanager", "GetSecretValue", json!({"SecretId": id})).await)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_allowed_from_another_account_without_a_policy() {
    let (aws, arn, reader) = shared();
    assert_eq!(get(&aws, &reader, &arn).await, "AccessDeniedException");
    assert_eq!(get(&aws, &aws.root(OTHER), &arn).await, "AccessDeniedException");
    assert_eq!(get(&aws, &aws.root(ACCOUNT), &arn).await, "Ok");
}

#[tokio::test(start_paused = true)]
async fn a_policy_opens_to_an_account_a_role_or_a_condition() {
    let get_value = json!("secretsmanager:GetSecretValue");
    let account_root = json!({"AWS": "arn:aws:iam::222233334444:root"});
    let role = json!({"AWS": ["arn:aws:iam::222233334444:role/reader"]});
    let conditions = [
        json!({"StringEquals": {"aws:PrincipalAccount": OTHER}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/read*"}}),
        json!({"StringEquals": {"aws:ResourceTag/team": "a"}}),
    ];
    let mut statements = vec![
        allow(account_root, get_value.clone()),
        allow(json!({"AWS": OTHER}), json!("secretsmanager:*")),
        allow(role, json!(["secretsmanager:Get*"])),
    ];
    for condition in conditions {
        let mut statement = allow(json!("*"), get_value.clone());
        statement["Condition"] = condition;
        statements.push(statement);
    }
    let (aws, arn, reader) = shared();
    for statement in statements {
        attach(&aws, &arn, &statement);
        assert_eq!(get(&aws, &reader, &arn).await, "Ok", "{statement}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_opens_no_more_than_it_says() {
    let (aws, arn, reader) = shared();
    let other_role = json!({"AWS": "arn:aws:iam::222233334444:role/writer"});
    let mut wrong_condition = allow(json!("*"), json!("secretsmanager:*"));
    wrong_condition["Condition"] = json!({"StringEquals": {"aws:PrincipalAccount": "999999999999"}});
    let mut not_understood = allow(json!("*"), json!("secretsmanager:*"));
    not_understood["Condition"] = json!({"NumericLessThan": {"aws:MultiFactorAuthAge": "10"}});
    for statement in [
        allow(other_role, json!("secretsmanager:*")),
        allow(json!({"AWS": OTHER}), json!("secretsmanager:DescribeSecret")),
        wrong_condition,
        not_understood,
    ] {
        attach(&aws, &arn, &statement);
        assert_eq!(get(&aws, &reader, &arn).await, "AccessDeniedException", "{statement}");
    }
    attach(&aws, &arn, &allow(json!({"AWS": OTHER}), json!("secretsmanager:*")));
    let without_suffix = &arn[..arn.len() - 7];
    assert_eq!(get(&aws, &reader, without_suffix).await, "AccessDeniedException");
    assert_eq!(get(&aws, &reader, "s").await, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn the_default_key_keeps_values_within_the_account() {
    let (aws, arn, reader) = shared();
    attach(&aws, &arn, &allow(json!({"AWS": OTHER}), json!("secretsmanager:*")));
    aws.set_kms_key(&arn, None);
    assert_eq!(get(&aws, &reader, &arn).await, "InvalidRequestException");
    let call = async |operation: &str, mut params: Value| {
        params["SecretId"] = json!(arn);
        code(aws.call_as(&reader, "secretsmanager", operation, params).await)
    };
    assert_eq!(call("PutSecretValue", json!({"SecretString": "w"})).await, "InvalidRequestException");
    assert_eq!(call("DescribeSecret", json!({})).await, "Ok");
    aws.set_kms_key(&arn, Some("alias/mine"));
    assert_eq!(call("PutSecretValue", json!({"SecretString": "w"})).await, "Ok");
    assert_eq!(aws.secret(&arn).stage("AWSCURRENT").unwrap().text(), Some("w"));
}

#[tokio::test(start_paused = true)]
async fn a_function_of_another_account_rotates_with_the_rotation_token() {
    let (aws, _) = world();
    let arn = aws.create_secret_in(OTHER, "eu-west-1", "s", Some("v"), &[]);
    aws.set_kms_key(&arn, Some("alias/mine"));
    let function = aws.role_session(ACCOUNT, "function");
    let policy = allow(json!({"AWS": "arn:aws:iam::111122223333:role/function"}), json!("secretsmanager:*"));
    attach(&aws, &arn, &policy);
    let inside = aws.clone();
    aws.add_function(FUNCTION, move |event, _| {
        let (aws, function) = (inside.clone(), function.clone());
        Box::pin(async move {
            if event["Step"] == "createSecret" {
                let mut put = json!({
                    "SecretId": event["SecretId"], "ClientRequestToken": event["ClientRequestToken"],
                    "SecretString": "new", "VersionStages": ["AWSPENDING"],
                });
                let bare = aws.call_as(&function, "secretsmanager", "PutSecretValue", put.clone()).await;
                assert_eq!(code(bare), "InvalidRequestException");
                put["RotationToken"] = event["RotationToken"].clone();
                aws.call_as(&function, "secretsmanager", "PutSecretValue", put).await.unwrap();
            }
            if event["Step"] == "finishSecret" {
                let current =
                    aws.secret(event["SecretId"].as_str().unwrap()).stage("AWSCURRENT").unwrap().id.clone();
                let promote = json!({
                    "SecretId": event["SecretId"], "VersionStage": "AWSCURRENT",
                    "MoveToVersionId": event["ClientRequestToken"], "RemoveFromVersionId": current,
                });
                aws.call_as(&function, "secretsmanager", "UpdateSecretVersionStage", promote).await.unwrap();
            }
            Ok(Value::Null)
        })
    });
    let rules = json!({"ScheduleExpression": "rate(30 days)", "Duration": "3h"});
    let params = json!({"SecretId": arn, "RotationLambdaARN": FUNCTION, "RotationRules": rules});
    let rotate =
        async || aws.call_as(&aws.root(OTHER), "secretsmanager", "RotateSecret", params.clone()).await;
    assert_eq!(code(rotate().await), "AccessDeniedException", "the function lets only its own account in");
    aws.add_permission(FUNCTION, OTHER);
    rotate().await.unwrap();
    aws.rotation_finished(&arn).await;
    let report = aws.rotation_reports(&arn).remove(0);
    assert!(report.succeeded, "{report:?}");
    let secret = aws.secret(&arn);
    assert_eq!(secret.rotation_rules, Some(rules));
    assert_eq!(secret.rotation_function.as_deref(), Some(FUNCTION));
}

#[tokio::test(start_paused = true)]
async fn whether_an_incomplete_rotation_is_attempted_again_is_a_switch() {
    for reattempted in [true, false] {
        let options = Options { incomplete_rotation_reattempted: reattempted, ..Options::default() };
        let (aws, root) = with_options(options);
        aws.add_function(FUNCTION, |_, _| {
            Box::pin(async { Err(simulator::FunctionError::answered("Wanted", "always")) })
        });
        let arn = aws.create_secret("s", Some("v"), &[]);
        aws.set_rotation(&arn, FUNCTION);
        assert!(!aws.rotate(&arn).await.succeeded);
        let again = aws.call_as(&root, "secretsmanager", "RotateSecret", json!({"SecretId": arn})).await;
        assert_eq!(code(again), "InvalidRequestException");
        aws.rotation_finished(&arn).await;
        assert_eq!(aws.rotation_reports(&arn).len(), if reattempted { 2 } else { 1 });
    }
}
