//! Secrets Manager's rules of versions, tokens and labels.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{CallError, KeyPair, KeyState, Options, Simulator};

use crate::{code, with_options, world};

const TOKEN: &str = "11111111-1111-4111-8111-111111111111";

async fn call(aws: &Simulator, root: &KeyPair, operation: &str, params: Value) -> Result<Value, CallError> {
    aws.call_as(root, "secretsmanager", operation, params).await
}

#[tokio::test(start_paused = true)]
async fn a_staged_version_is_described_but_has_no_value() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("v"), &[]);
    aws.stage_pending(&arn, TOKEN, None);
    let described = call(&aws, &root, "DescribeSecret", json!({"SecretId": arn})).await.unwrap();
    assert_eq!(described["VersionIdsToStages"][TOKEN], json!(["AWSPENDING"]));
    for params in [
        json!({"SecretId": arn, "VersionId": TOKEN}),
        json!({"SecretId": arn, "VersionStage": "AWSPENDING"}),
        json!({"SecretId": arn, "VersionId": TOKEN, "VersionStage": "AWSPENDING"}),
    ] {
        let answer = call(&aws, &root, "GetSecretValue", params).await;
        assert_eq!(code(answer), "ResourceNotFoundException");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_filled_once_repeated_freely_and_never_overwritten() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("v"), &[]);
    aws.stage_pending(&arn, TOKEN, None);
    let put = |value: &str| {
        let params = json!({
            "SecretId": arn, "ClientRequestToken": TOKEN, "SecretString": value,
            "VersionStages": ["AWSPENDING", "AKIAEXAMPLE"],
        });
        let (aws, root) = (&aws, &root);
        async move { code(call(aws, root, "PutSecretValue", params).await) }
    };
    assert_eq!(put("new").await, "Ok");
    aws.remove_label(&arn, TOKEN, "AKIAEXAMPLE");
    assert_eq!(put("new").await, "Ok");
    assert_eq!(put("other").await, "ResourceExistsException");
    let version = aws.secret(&arn).version(TOKEN).unwrap().clone();
    assert_eq!(version.text(), Some("new"));
    assert!(!version.stages.contains("AKIAEXAMPLE"), "an ignored request moves no label");
}

#[tokio::test(start_paused = true)]
async fn a_put_without_stages_moves_awscurrent_and_awsprevious_follows() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("1"), &[]);
    let first = aws.secret(&arn).versions[0].id.clone();
    let params = json!({"SecretId": "s", "ClientRequestToken": TOKEN, "SecretString": "2"});
    call(&aws, &root, "PutSecretValue", params).await.unwrap();
    let secret = aws.secret(&arn);
    assert_eq!(secret.stage("AWSCURRENT").unwrap().id, TOKEN);
    assert_eq!(secret.stage("AWSPREVIOUS").unwrap().id, first);
}

#[tokio::test(start_paused = true)]
async fn moving_awscurrent_names_the_version_it_leaves() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("1"), &[]);
    let current = aws.secret(&arn).versions[0].id.clone();
    aws.stage_pending(&arn, TOKEN, None);
    let put = json!({
        "SecretId": arn, "ClientRequestToken": TOKEN, "SecretString": "2", "VersionStages": ["AWSPENDING"],
    });
    call(&aws, &root, "PutSecretValue", put).await.unwrap();
    let promote = |from: Option<&str>| {
        let mut params = json!({"SecretId": arn, "VersionStage": "AWSCURRENT", "MoveToVersionId": TOKEN});
        if let Some(from) = from {
            params["RemoveFromVersionId"] = json!(from);
        }
        let (aws, root) = (&aws, &root);
        async move { code(call(aws, root, "UpdateSecretVersionStage", params).await) }
    };
    assert_eq!(promote(None).await, "InvalidParameterException");
    assert_eq!(promote(Some(TOKEN)).await, "InvalidParameterException");
    assert_eq!(promote(Some(&current)).await, "Ok");
    let remove = json!({"SecretId": arn, "VersionStage": "AWSCURRENT", "RemoveFromVersionId": TOKEN});
    let removed = call(&aws, &root, "UpdateSecretVersionStage", remove).await;
    assert_eq!(code(removed), "InvalidParameterException");
}

#[tokio::test(start_paused = true)]
async fn whether_the_promoted_version_keeps_awspending_is_a_switch() {
    for keeps in [true, false] {
        let (aws, root) = with_options(Options { promotion_keeps_pending: keeps, ..Options::default() });
        let arn = aws.create_secret("s", Some("1"), &[]);
        let current = aws.secret(&arn).versions[0].id.clone();
        let put = json!({
            "SecretId": arn, "ClientRequestToken": TOKEN, "SecretString": "2",
            "VersionStages": ["AWSPENDING"],
        });
        call(&aws, &root, "PutSecretValue", put).await.unwrap();
        let promote = json!({
            "SecretId": arn, "VersionStage": "AWSCURRENT", "MoveToVersionId": TOKEN,
            "RemoveFromVersionId": current,
        });
        call(&aws, &root, "UpdateSecretVersionStage", promote).await.unwrap();
        assert_eq!(aws.secret(&arn).stage("AWSPENDING").is_some(), keeps);
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_without_labels_is_read_by_id_for_a_day() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("1"), &[]);
    let first = aws.secret(&arn).versions[0].id.clone();
    aws.put_secret_value(&arn, "2");
    aws.put_secret_value(&arn, "3");
    let read = || {
        let params = json!({"SecretId": "s", "VersionId": first});
        let (aws, root) = (&aws, &root);
        async move { code(call(aws, root, "GetSecretValue", params).await) }
    };
    let described = call(&aws, &root, "DescribeSecret", json!({"SecretId": "s"})).await.unwrap();
    assert!(described["VersionIdsToStages"].get(&first).is_none());
    assert_eq!(read().await, "Ok");
    aws.advance(Duration::from_secs(86_400));
    assert_eq!(read().await, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn a_secret_has_at_most_twenty_labels() {
    let (aws, root) = world();
    aws.create_secret("s", Some("1"), &[]);
    let labels: Vec<String> = (0..20).map(|n| format!("label-{n}")).collect();
    let put = |labels: &[String]| {
        let params = json!({"SecretId": "s", "SecretString": "2", "VersionStages": labels});
        let (aws, root) = (&aws, &root);
        async move { code(call(aws, root, "PutSecretValue", params).await) }
    };
    assert_eq!(put(&labels).await, "LimitExceededException");
    assert_eq!(put(&labels[..19]).await, "Ok");
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_found_by_name_by_arn_and_by_arn_without_suffix_in_its_own_region_only() {
    let (aws, root) = world();
    let arn = aws.create_secret("a/b", Some("1"), &[]);
    let foreign = arn.replace("eu-west-1", "us-east-1");
    for (id, expected) in [
        ("a/b", "Ok"),
        (arn.as_str(), "Ok"),
        (&arn[..arn.len() - 7], "Ok"),
        (&arn[..arn.len() - 1], "ResourceNotFoundException"),
        (foreign.as_str(), "ResourceNotFoundException"),
    ] {
        let answer = call(&aws, &root, "DescribeSecret", json!({"SecretId": id})).await;
        assert_eq!(code(answer), expected, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn values_tags_and_tokens_beyond_their_limits_are_refused() {
    let (aws, root) = world();
    aws.create_secret("s", Some("1"), &[]);
    for (operation, params, expected) in [
        ("PutSecretValue", json!({"SecretString": "x".repeat(65_537)}), "ValidationException"),
        ("PutSecretValue", json!({"SecretString": "x".repeat(65_536)}), "Ok"),
        (
            "PutSecretValue",
            json!({"SecretString": "x", "ClientRequestToken": "short"}),
            "InvalidParameterException",
        ),
        ("PutSecretValue", json!({}), "InvalidRequestException"),
        ("TagResource", json!({"Tags": [{"Key": "k", "Value": "{\"no\"}"}]}), "InvalidParameterException"),
        (
            "TagResource",
            json!({"Tags": [{"Key": "k", "Value": "x".repeat(257)}]}),
            "InvalidParameterException",
        ),
        ("TagResource", json!({"Tags": [{"Key": "a:b", "Value": "arn:aws:iam::1:user/x+=.@-_ y"}]}), "Ok"),
    ] {
        let mut params = params;
        params["SecretId"] = json!("s");
        assert_eq!(code(call(&aws, &root, operation, params).await), expected, "{operation}");
    }
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html#API_PutSecretValue_Errors>
#[tokio::test(start_paused = true)]
async fn a_kms_key_that_is_not_enabled_encrypts_and_decrypts_nothing() {
    let (aws, root) = world();
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
    let arn = aws.create_secret("s", Some("v"), &[]);
    aws.set_kms_key(&arn, Some(key));
    let read = || call(&aws, &root, "GetSecretValue", json!({"SecretId": arn}));
    let put = || call(&aws, &root, "PutSecretValue", json!({"SecretId": arn, "SecretString": "w"}));
    let made = json!({"Name": "t", "SecretString": "v", "KmsKeyId": key});
    for state in [KeyState::Disabled, KeyState::PendingDeletion] {
        aws.set_kms_key_state(key, state);
        assert_eq!(code(read().await), "DecryptionFailure");
        assert_eq!(code(put().await), "EncryptionFailure");
        assert_eq!(code(call(&aws, &root, "CreateSecret", made.clone()).await), "EncryptionFailure");
    }
    aws.set_kms_key_state(key, KeyState::Enabled);
    put().await.unwrap();
    read().await.unwrap();
}
