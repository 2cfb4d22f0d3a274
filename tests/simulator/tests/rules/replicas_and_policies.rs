//! Replicas, and resource policies within an account.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{KeyPair, Options, Simulator};

use crate::{ACCOUNT, code, with_options, world};

const ELSEWHERE: &str = "eu-central-1";

async fn call(aws: &Simulator, root: &KeyPair, operation: &str, params: Value) -> Value {
    aws.call_as(root, "secretsmanager", operation, params).await.unwrap()
}

/// The same in the other region.
async fn there(aws: &Simulator, root: &KeyPair, operation: &str, params: Value) -> Result<Value, String> {
    let home = aws.options().region;
    aws.update(|options| options.region = ELSEWHERE.to_owned());
    let answer = aws.call_as(root, "secretsmanager", operation, params).await;
    aws.update(|options| options.region = home);
    match answer {
        Ok(answer) => Ok(answer),
        refused => Err(code(refused)),
    }
}

fn replicated() -> Value {
    json!({"Name": "s", "SecretString": "v1", "AddReplicaRegions": [{"Region": ELSEWHERE}]})
}

#[tokio::test(start_paused = true)]
async fn a_replica_is_read_in_its_region_and_follows_its_primary() {
    let (aws, root) = world();
    let created = call(&aws, &root, "CreateSecret", replicated()).await;
    assert_eq!(created["ReplicationStatus"][0]["Status"], "InProgress");
    let arn = created["ARN"].as_str().unwrap().to_owned();
    let replica = arn.replace("eu-west-1", ELSEWHERE);
    let read = async || there(&aws, &root, "GetSecretValue", json!({"SecretId": replica})).await.unwrap();
    assert_eq!(read().await["SecretString"], "v1");
    call(&aws, &root, "PutSecretValue", json!({"SecretId": arn, "SecretString": "v2"})).await;
    assert_eq!(read().await["SecretString"], "v2");
    aws.tag_secret(&arn, "k", "v");
    let described = there(&aws, &root, "DescribeSecret", json!({"SecretId": "s"})).await.unwrap();
    assert_eq!(described["PrimaryRegion"], "eu-west-1");
    assert_eq!(described["Tags"][0]["Key"], "k");
    let described = call(&aws, &root, "DescribeSecret", json!({"SecretId": "s"})).await;
    assert_eq!(described["ReplicationStatus"][0]["Region"], ELSEWHERE);
    assert_eq!(described["ReplicationStatus"][0]["Status"], "InSync");
    assert_eq!(described["PrimaryRegion"], "eu-west-1");
    let listed = there(&aws, &root, "ListSecrets", json!({})).await.unwrap();
    assert_eq!(listed["SecretList"][0]["PrimaryRegion"], "eu-west-1");
    assert_eq!(aws.secret(&arn).replica_regions, [ELSEWHERE]);
    assert_eq!(aws.secret(&replica).primary_region.as_deref(), Some("eu-west-1"));
}

#[tokio::test(start_paused = true)]
async fn a_replica_refuses_every_change() {
    let (aws, root) = world();
    call(&aws, &root, "CreateSecret", replicated()).await;
    for (operation, more) in [
        ("PutSecretValue", json!({"SecretString": "x"})),
        ("UpdateSecret", json!({"Description": "x"})),
        ("TagResource", json!({"Tags": [{"Key": "k", "Value": "v"}]})),
        ("PutResourcePolicy", json!({"ResourcePolicy": "{\"Statement\":[]}"})),
        ("DeleteSecret", json!({"ForceDeleteWithoutRecovery": true})),
        ("RotateSecret", json!({})),
    ] {
        let mut params = more;
        params["SecretId"] = json!("s");
        let refused = there(&aws, &root, operation, params).await;
        assert_eq!(refused.unwrap_err(), "InvalidParameterException", "{operation}");
    }
    let key = json!({"SecretId": "s", "KmsKeyId": "alias/mine"});
    assert!(there(&aws, &root, "UpdateSecret", key).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn regions_come_and_go_and_a_secret_with_replicas_is_not_deleted() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("v"), &[]);
    let add = |region: &str| json!({"SecretId": arn, "AddReplicaRegions": [{"Region": region}]});
    let try_add = async |region: &str| {
        code(aws.call_as(&root, "secretsmanager", "ReplicateSecretToRegions", add(region)).await)
    };
    assert_eq!(try_add("eu-west-1").await, "InvalidParameterException");
    assert_eq!(try_add("nowhere").await, "InvalidParameterException");
    assert_eq!(try_add(ELSEWHERE).await, "Ok");
    let delete = || aws.call_as(&root, "secretsmanager", "DeleteSecret", json!({"SecretId": arn}));
    assert_eq!(code(delete().await), "InvalidParameterException");
    let remove = json!({"SecretId": arn, "RemoveReplicaRegions": [ELSEWHERE]});
    let answer = call(&aws, &root, "RemoveRegionsFromReplication", remove).await;
    assert_eq!(answer["ReplicationStatus"], json!([]));
    let gone = there(&aws, &root, "DescribeSecret", json!({"SecretId": "s"})).await;
    assert_eq!(gone.unwrap_err(), "ResourceNotFoundException");
    assert_eq!(code(delete().await), "Ok");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_in_the_region_fails_there_alone() {
    let (aws, root) = world();
    aws.create_secret_in(ACCOUNT, ELSEWHERE, "s", Some("other"), &[]);
    let created = call(&aws, &root, "CreateSecret", replicated()).await;
    assert_eq!(created["ReplicationStatus"][0]["Status"], "Failed");
    let other = there(&aws, &root, "GetSecretValue", json!({"SecretId": "s"})).await.unwrap();
    assert_eq!(other["SecretString"], "other");
}

#[tokio::test(start_paused = true)]
async fn replicas_lag_and_are_not_in_sync_meanwhile() {
    let lag = Duration::from_secs(60);
    let (aws, root) = with_options(Options { replication_lag: lag, ..Options::default() });
    call(&aws, &root, "CreateSecret", replicated()).await;
    let status = async || {
        let described = call(&aws, &root, "DescribeSecret", json!({"SecretId": "s"})).await;
        described["ReplicationStatus"][0]["Status"].clone()
    };
    assert_eq!(status().await, "InProgress");
    let early = there(&aws, &root, "GetSecretValue", json!({"SecretId": "s"})).await;
    assert_eq!(early.unwrap_err(), "ResourceNotFoundException");
    aws.advance(lag);
    assert_eq!(status().await, "InSync");
    assert!(there(&aws, &root, "GetSecretValue", json!({"SecretId": "s"})).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_promoted_replica_is_a_secret_of_its_own() {
    let (aws, root) = world();
    let created = call(&aws, &root, "CreateSecret", replicated()).await;
    there(&aws, &root, "StopReplicationToReplica", json!({"SecretId": "s"})).await.unwrap();
    let put = json!({"SecretId": "s", "SecretString": "own"});
    assert!(there(&aws, &root, "PutSecretValue", put).await.is_ok());
    assert!(aws.secret(created["ARN"].as_str().unwrap()).replica_regions.is_empty());
}

fn allowing(principal: Value, condition: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": principal, "Action": "secretsmanager:GetSecretValue",
        "Resource": "*", "Condition": condition,
    }]})
    .to_string()
}

#[tokio::test(start_paused = true)]
async fn public_policies_are_blocked_if_so_wanted() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("v"), &[]);
    let put = async |policy: String, block: bool| {
        let params = json!({"SecretId": arn, "ResourcePolicy": policy, "BlockPublicPolicy": block});
        code(aws.call_as(&root, "secretsmanager", "PutResourcePolicy", params).await)
    };
    let public = allowing(json!("*"), json!({}));
    assert_eq!(put(public.clone(), false).await, "Ok");
    assert_eq!(put(public.clone(), true).await, "PublicPolicyException");
    let any_role = json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}});
    assert_eq!(put(allowing(json!({"AWS": "*"}), any_role), true).await, "PublicPolicyException");
    let fixed = json!({"StringEquals": {"aws:PrincipalAccount": "222233334444"}});
    assert_eq!(put(allowing(json!("*"), fixed), true).await, "Ok");
    assert!(aws.secret(&arn).policy.unwrap().contains("PrincipalAccount"));
    let params = json!({"SecretId": arn, "ResourcePolicy": public});
    let checked = call(&aws, &root, "ValidateResourcePolicy", params).await;
    assert_eq!(checked["PolicyValidationPassed"], false);
}

#[tokio::test(start_paused = true)]
async fn a_policy_must_have_grammar_and_known_principals() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("v"), &[]);
    let put = async |policy: String| {
        let params = json!({"SecretId": arn, "ResourcePolicy": policy});
        code(aws.call_as(&root, "secretsmanager", "PutResourcePolicy", params).await)
    };
    let role = json!({"AWS": "arn:aws:iam::222233334444:role/app"});
    for bad in [
        "x".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}).to_string(),
        json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}})
            .to_string(),
        allowing(json!("arn:aws:iam::222233334444:root"), json!({})),
        allowing(role.clone(), json!({})),
    ] {
        assert_eq!(put(bad.clone()).await, "MalformedPolicyDocumentException", "{bad}");
    }
    aws.create_role("222233334444", "app", Vec::new(), None);
    assert_eq!(put(allowing(role, json!({}))).await, "Ok");
}

#[tokio::test(start_paused = true)]
async fn an_explicit_deny_holds_in_the_secrets_own_account() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("v"), &[]);
    let function = aws.role_session(ACCOUNT, "function");
    aws.put_policy(
        &arn,
        &json!({"Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/function"}},
        }]})
        .to_string(),
    );
    let get = |pair| aws.call_as(pair, "secretsmanager", "GetSecretValue", json!({"SecretId": arn}));
    assert_eq!(code(get(&function).await), "Ok");
    assert_eq!(code(get(&root).await), "AccessDeniedException");
}
