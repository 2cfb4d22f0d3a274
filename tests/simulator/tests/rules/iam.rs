//! IAM's own rules.

use serde_json::json;
use simulator::{LastUsedUnknownKey, Options};

use crate::{ACCOUNT, code, element, with_options, world};

#[tokio::test(start_paused = true)]
async fn inactive_keys_count_towards_the_limit_of_two() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    let key = aws.create_access_key(ACCOUNT, "alice");
    aws.create_access_key(ACCOUNT, "alice");
    aws.set_key_status(&key.access_key_id, false);
    let create = || aws.call_as(&root, "iam", "CreateAccessKey", json!({"UserName": "alice"}));
    assert_eq!(code(create().await), "LimitExceeded");
    aws.delete_access_key(&key.access_key_id);
    assert_eq!(code(create().await), "Ok");
}

#[tokio::test(start_paused = true)]
async fn two_keys_take_two_pages_and_a_key_deleted_between_them_hides_no_other() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    let first = aws.create_access_key(ACCOUNT, "alice");
    let second = aws.create_access_key(ACCOUNT, "alice");
    let list = |marker: Option<String>| {
        let mut params = json!({"UserName": "alice"});
        if let Some(marker) = marker {
            params["Marker"] = json!(marker);
        }
        aws.call_as(&root, "iam", "ListAccessKeys", params)
    };
    let page = list(None).await.unwrap();
    assert_eq!(element(&page, "AccessKeyId"), first.access_key_id);
    assert_eq!(element(&page, "IsTruncated"), "true");
    let marker = element(&page, "Marker").to_owned();
    aws.delete_access_key(&first.access_key_id);
    let page = list(Some(marker)).await.unwrap();
    assert_eq!(element(&page, "AccessKeyId"), second.access_key_id);
    assert_eq!(element(&page, "IsTruncated"), "false");
}

#[tokio::test(start_paused = true)]
async fn user_names_are_unique_whatever_their_case() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    let again = aws.call_as(&root, "iam", "CreateUser", json!({"UserName": "Alice"})).await;
    assert_eq!(code(again), "EntityAlreadyExists");
}

#[tokio::test(start_paused = true)]
async fn a_key_is_only_changed_under_its_own_users_name() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    aws.create_user(ACCOUNT, "bob");
    let key = aws.create_access_key(ACCOUNT, "alice");
    let params = json!({"UserName": "bob", "AccessKeyId": key.access_key_id});
    assert_eq!(code(aws.call_as(&root, "iam", "DeleteAccessKey", params).await), "NoSuchEntity");
}

#[tokio::test(start_paused = true)]
async fn what_last_used_says_of_an_unknown_key_is_a_switch() {
    for (switch, expected) in [
        (LastUsedUnknownKey::AccessDenied, "AccessDenied"),
        (LastUsedUnknownKey::NoSuchEntity, "NoSuchEntity"),
    ] {
        let (aws, root) = with_options(Options { last_used_unknown_key: switch, ..Options::default() });
        let params = json!({"AccessKeyId": "AKIAAAAAAAAAAAAAAAAA"});
        let answer = aws.call_as(&root, "iam", "GetAccessKeyLastUsed", params).await;
        assert_eq!(code(answer), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_is_not_simulated_is_an_error() {
    let (aws, root) = world();
    assert_eq!(code(aws.call_as(&root, "iam", "ListGroups", json!({})).await), "InvalidAction");
}
