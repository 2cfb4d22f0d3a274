//! Time: simulated, lagging, and the same every run.

use std::time::Duration;

use serde_json::json;
use simulator::{Options, Simulator};

use crate::{ACCOUNT, element, with_options, world};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_use_of_a_key_is_shown_after_its_lag() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    let key = aws.create_access_key(ACCOUNT, "alice");
    aws.use_key(&key.access_key_id, "s3", "eu-central-1");
    let last_used = || {
        let params = json!({"AccessKeyId": key.access_key_id});
        aws.call_as(&root, "iam", "GetAccessKeyLastUsed", params)
    };
    let answer = last_used().await.unwrap();
    assert_eq!(element(&answer, "ServiceName"), "N/A");
    assert!(!answer.as_str().unwrap().contains("LastUsedDate"));
    aws.advance(4 * HOUR);
    let answer = last_used().await.unwrap();
    assert_eq!(element(&answer, "ServiceName"), "s3");
    assert_eq!(element(&answer, "Region"), "eu-central-1");
    assert_eq!(element(&answer, "LastUsedDate"), "2026-01-01T00:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn list_secrets_is_stale_for_its_lag_but_describe_secret_is_not() {
    let (aws, root) = with_options(Options { list_lag: HOUR, ..Options::default() });
    aws.create_secret("old", Some("v"), &[]);
    let call = |operation: &'static str, params| aws.call_as(&root, "secretsmanager", operation, params);
    call("TagResource", json!({"SecretId": "old", "Tags": [{"Key": "k", "Value": "v"}]})).await.unwrap();
    call("CreateSecret", json!({"Name": "new", "SecretString": "v"})).await.unwrap();
    let described = call("DescribeSecret", json!({"SecretId": "old"})).await.unwrap();
    assert_eq!(described["Tags"][0]["Key"], "k");
    let listed = call("ListSecrets", json!({})).await.unwrap();
    assert_eq!(listed["SecretList"].as_array().unwrap().len(), 1);
    assert_eq!(listed["SecretList"][0]["Tags"], json!([]));
    aws.advance(HOUR);
    let listed = call("ListSecrets", json!({})).await.unwrap();
    assert_eq!(listed["SecretList"].as_array().unwrap().len(), 2);
    assert_eq!(listed["SecretList"][0]["Tags"][0]["Key"], "k");
}

#[tokio::test(start_paused = true)]
async fn list_access_keys_is_stale_for_its_lag() {
    let (aws, root) = with_options(Options { iam_list_lag: HOUR, ..Options::default() });
    aws.create_user(ACCOUNT, "alice");
    let old = aws.create_access_key(ACCOUNT, "alice");
    let user = || json!({"UserName": "alice"});
    aws.call_as(&root, "iam", "CreateAccessKey", user()).await.unwrap();
    let delete = json!({"UserName": "alice", "AccessKeyId": old.access_key_id});
    aws.call_as(&root, "iam", "DeleteAccessKey", delete).await.unwrap();
    let page = aws.call_as(&root, "iam", "ListAccessKeys", user()).await.unwrap();
    assert_eq!(element(&page, "AccessKeyId"), old.access_key_id);
    aws.advance(HOUR);
    let page = aws.call_as(&root, "iam", "ListAccessKeys", user()).await.unwrap();
    assert_eq!(element(&page, "AccessKeyId"), aws.keys(ACCOUNT, "alice")[0].id);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_answers() {
    async fn run(seed: u64) -> Vec<String> {
        let aws = Simulator::new(Options { seed, ..Options::default() });
        let root = aws.root(ACCOUNT);
        aws.create_user(ACCOUNT, "alice");
        let mut answers = vec![format!("{:?}", aws.create_access_key(ACCOUNT, "alice"))];
        answers.push(aws.create_secret("s", Some("v"), &[]));
        for operation in ["ListUsers", "ListAccessKeys"] {
            let answer = aws.call_as(&root, "iam", operation, json!({"UserName": "alice"})).await;
            answers.push(format!("{answer:?}"));
        }
        answers.push(format!("{:?}", aws.journal()));
        answers
    }
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
}

#[tokio::test(start_paused = true)]
async fn latency_costs_simulated_time_only() {
    let (aws, root) = with_options(Options { latency: HOUR, ..Options::default() });
    let before = aws.now();
    aws.call_as(&root, "iam", "ListUsers", json!({})).await.unwrap();
    assert_eq!(aws.now().duration_since(before).unwrap(), HOUR);
    let call = aws.journal().remove(0);
    assert_eq!(call.ended.unwrap().duration_since(call.at).unwrap(), HOUR);
}
