//! Who is let in.

use std::time::Duration;

use serde_json::json;
use simulator::{KeyPair, Options};

use crate::{ACCOUNT, code, element, with_options, world};

#[tokio::test(start_paused = true)]
async fn a_users_key_may_only_ask_who_it_is() {
    let (aws, _) = world();
    aws.create_user(ACCOUNT, "alice");
    let key = aws.create_access_key(ACCOUNT, "alice");
    let identity = aws.call_as(&key, "sts", "GetCallerIdentity", json!({})).await.unwrap();
    assert_eq!(element(&identity, "Arn"), "arn:aws:iam::111122223333:user/alice");
    assert_eq!(element(&identity, "Account"), ACCOUNT);
    assert_eq!(code(aws.call_as(&key, "iam", "ListUsers", json!({})).await), "AccessDenied");
    let listing = aws.call_as(&key, "secretsmanager", "ListSecrets", json!({})).await;
    assert_eq!(code(listing), "AccessDeniedException");
}

#[tokio::test(start_paused = true)]
async fn unknown_inactive_and_deleted_keys_and_wrong_secrets_are_refused() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    let key = aws.create_access_key(ACCOUNT, "alice");
    let wrong = KeyPair { secret_access_key: "wrong".to_owned(), ..key.clone() };
    let who = |pair: KeyPair| {
        let aws = aws.clone();
        async move { code(aws.call_as(&pair, "sts", "GetCallerIdentity", json!({})).await) }
    };
    assert_eq!(who(wrong.clone()).await, "SignatureDoesNotMatch");
    let json_service = aws.call_as(&wrong, "secretsmanager", "ListSecrets", json!({})).await;
    assert_eq!(code(json_service), "InvalidSignatureException");
    aws.set_key_status(&key.access_key_id, false);
    assert_eq!(who(key.clone()).await, "InvalidClientTokenId");
    aws.set_key_status(&key.access_key_id, true);
    assert_eq!(who(key.clone()).await, "Ok");
    let delete = json!({"UserName": "alice", "AccessKeyId": key.access_key_id});
    aws.call_as(&root, "iam", "DeleteAccessKey", delete).await.unwrap();
    assert_eq!(who(key.clone()).await, "InvalidClientTokenId");
    let json_service = aws.call_as(&key, "secretsmanager", "ListSecrets", json!({})).await;
    assert_eq!(code(json_service), "UnrecognizedClientException");
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_unknown_until_it_has_propagated_to_the_region() {
    let (aws, root) = with_options(Options {
        propagation: Duration::from_secs(10),
        propagation_by_region: [("us-west-2".to_owned(), Duration::from_secs(20))].into(),
        ..Options::default()
    });
    aws.create_user(ACCOUNT, "alice");
    let made = aws.call_as(&root, "iam", "CreateAccessKey", json!({"UserName": "alice"})).await.unwrap();
    let key = KeyPair {
        access_key_id: element(&made, "AccessKeyId").to_owned(),
        secret_access_key: element(&made, "SecretAccessKey").to_owned(),
        session_token: None,
    };
    let who = || aws.call_as(&key, "sts", "GetCallerIdentity", json!({}));
    assert_eq!(code(who().await), "InvalidClientTokenId");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(code(who().await), "Ok");
    let works = |region| aws.key_works_in(&key.access_key_id, &key.secret_access_key, region);
    assert!(works("eu-west-1") && !works("us-west-2"));
    aws.advance(Duration::from_secs(10));
    assert!(works("us-west-2"));
}

#[tokio::test(start_paused = true)]
async fn flaky_endpoints_accept_every_other_call_while_a_key_propagates() {
    let (aws, root) = with_options(Options {
        propagation: Duration::from_secs(10),
        flaky_endpoints: true,
        ..Options::default()
    });
    aws.create_user(ACCOUNT, "alice");
    aws.call_as(&root, "iam", "CreateAccessKey", json!({"UserName": "alice"})).await.unwrap();
    let key = aws.keys(ACCOUNT, "alice").remove(0);
    let key = KeyPair { access_key_id: key.id, secret_access_key: key.secret, session_token: None };
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(code(aws.call_as(&key, "sts", "GetCallerIdentity", json!({})).await));
    }
    assert_eq!(codes, ["Ok", "InvalidClientTokenId", "Ok"]);
}

#[tokio::test(start_paused = true)]
async fn a_deactivated_or_deleted_key_works_on_for_the_revocation_delay() {
    let (aws, _) = with_options(Options { revocation: Duration::from_secs(4), ..Options::default() });
    aws.create_user(ACCOUNT, "alice");
    let first = aws.create_access_key(ACCOUNT, "alice");
    let second = aws.create_access_key(ACCOUNT, "alice");
    aws.set_key_status(&first.access_key_id, false);
    aws.delete_access_key(&second.access_key_id);
    for (seconds, works) in [(0, true), (3, true), (1, false)] {
        aws.advance(Duration::from_secs(seconds));
        for key in [&first, &second] {
            assert_eq!(aws.key_works(&key.access_key_id, &key.secret_access_key), works);
            let who = aws.call_as(key, "sts", "GetCallerIdentity", json!({})).await;
            assert_eq!(who.is_ok(), works, "after {seconds} s more");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_is_assumed_by_whom_it_trusts_with_its_external_id_and_sees_its_own_account_only() {
    let (aws, root) = world();
    let other = "444455556666";
    aws.create_role(other, "member", vec![ACCOUNT.to_owned()], Some("xid".to_owned()));
    aws.create_secret("mine", Some("v"), &[]);
    let assume = |external_id: &str| {
        let params = json!({
            "RoleArn": format!("arn:aws:iam::{other}:role/member"),
            "RoleSessionName": "session",
            "ExternalId": external_id,
        });
        aws.call_as(&root, "sts", "AssumeRole", params)
    };
    assert_eq!(code(assume("wrong").await), "AccessDenied");
    let answer = assume("xid").await.unwrap();
    let session = KeyPair {
        access_key_id: element(&answer, "AccessKeyId").to_owned(),
        secret_access_key: element(&answer, "SecretAccessKey").to_owned(),
        session_token: Some(element(&answer, "SessionToken").to_owned()),
    };
    let listed = aws.call_as(&session, "secretsmanager", "ListSecrets", json!({})).await.unwrap();
    assert_eq!(listed["SecretList"], json!([]));
    let without_token = KeyPair { session_token: None, ..session.clone() };
    let refused = aws.call_as(&without_token, "sts", "GetCallerIdentity", json!({})).await;
    assert_eq!(code(refused), "InvalidClientTokenId");
    aws.advance(Duration::from_secs(3600));
    let expired = aws.call_as(&session, "sts", "GetCallerIdentity", json!({})).await;
    assert_eq!(code(expired), "ExpiredToken");
}
