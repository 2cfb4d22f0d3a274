//! Reserved concurrency and tags of functions.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{KeyPair, Simulator};

use crate::{FUNCTION, code, world};

fn with_function() -> (Simulator, KeyPair) {
    let (aws, root) = world();
    aws.add_function(FUNCTION, |event, _| Box::pin(async move { Ok(event) }));
    (aws, root)
}

async fn lambda(aws: &Simulator, root: &KeyPair, operation: &str, mut params: Value) -> Value {
    let by_arn = operation.contains("Tag");
    params[if by_arn { "Resource" } else { "FunctionName" }] = json!(FUNCTION);
    aws.call_as(root, "lambda", operation, params).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_function_with_reserved_concurrency_0_runs_for_nobody_until_it_is_deleted() {
    let (aws, root) = with_function();
    let none = lambda(&aws, &root, "GetFunctionConcurrency", json!({})).await;
    assert_eq!(none, json!({}));
    let zero = json!({"ReservedConcurrentExecutions": 0});
    assert_eq!(lambda(&aws, &root, "PutFunctionConcurrency", zero.clone()).await, zero);
    assert_eq!(lambda(&aws, &root, "GetFunctionConcurrency", json!({})).await, zero);

    let invoke = || aws.call_as(&root, "lambda", "Invoke", json!({"FunctionName": FUNCTION, "Payload": {}}));
    let refused = invoke().await.unwrap_err();
    assert_eq!(refused.code(), Some("TooManyRequestsException"));
    let text = refused.to_string();
    assert!(
        text.contains("429") && text.contains("ReservedFunctionConcurrentInvocationLimitExceeded"),
        "{text}"
    );
    let arn = aws.create_secret("s", Some("{}"), &[]);
    aws.set_rotation(&arn, FUNCTION);
    let report = aws.rotate(&arn).await;
    let error = report.steps[0].result.as_ref().unwrap_err();
    assert!(!report.succeeded && error.error_type == "TooManyRequestsException", "{error}");

    lambda(&aws, &root, "DeleteFunctionConcurrency", json!({})).await;
    assert_eq!(code(invoke().await), "Ok");
}

#[tokio::test(start_paused = true)]
async fn an_event_waits_for_a_stopped_function_for_six_hours() {
    for (stopped_for, runs) in [(3600, true), (7 * 3600, false)] {
        let (aws, root) = with_function();
        aws.set_reserved_concurrency(FUNCTION, Some(0));
        lambda(&aws, &root, "Invoke", json!({"InvocationType": "Event", "Payload": {}})).await;
        tokio::time::sleep(Duration::from_secs(stopped_for)).await;
        aws.set_reserved_concurrency(FUNCTION, None);
        aws.events_finished().await;
        assert_eq!(aws.event_reports()[0].result.is_ok(), runs, "{stopped_for}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_of_an_accounts_concurrency_stay_unreserved() {
    let (aws, root) = with_function();
    let put = async |reserved: u32| {
        let params = json!({"FunctionName": FUNCTION, "ReservedConcurrentExecutions": reserved});
        code(aws.call_as(&root, "lambda", "PutFunctionConcurrency", params).await)
    };
    assert_eq!(put(901).await, "InvalidParameterValueException");
    assert_eq!(put(900).await, "Ok");
    let missing = json!({"FunctionName": "none"});
    let missing = aws.call_as(&root, "lambda", "GetFunctionConcurrency", missing).await;
    assert_eq!(code(missing), "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn a_functions_tags_are_listed_set_and_removed_one_by_one() {
    let (aws, root) = with_function();
    assert_eq!(lambda(&aws, &root, "ListTags", json!({})).await, json!({"Tags": {}}));
    lambda(
        &aws,
        &root,
        "TagResource",
        json!({"Tags": {"team": "a", "iam-key-rotator:digests-1": "1:2 3:4"}}),
    )
    .await;
    lambda(&aws, &root, "TagResource", json!({"Tags": {"team": "b"}})).await;
    let two = json!({"Tags": {"iam-key-rotator:digests-1": "1:2 3:4", "team": "b"}});
    assert_eq!(lambda(&aws, &root, "ListTags", json!({})).await, two);
    let call = aws.journal().into_iter().find(|call| call.operation == "TagResource").unwrap();
    let seen = format!("{call:?}");
    assert!(seen.contains("aws:TagKeys") && seen.contains(FUNCTION), "{seen}");
    lambda(&aws, &root, "UntagResource", json!({"TagKeys": ["team"]})).await;
    assert_eq!(aws.function_tags(FUNCTION).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_functions_tags_have_limits_and_belong_to_no_version() {
    let (aws, root) = with_function();
    let tag = async |resource: &str, tags: Value| {
        let params = json!({"Resource": resource, "Tags": tags});
        code(aws.call_as(&root, "lambda", "TagResource", params).await)
    };
    let refused = "InvalidParameterValueException";
    assert_eq!(tag(&format!("{FUNCTION}:1"), json!({"a": "b"})).await, refused);
    assert_eq!(tag("rotator", json!({"a": "b"})).await, refused);
    assert_eq!(tag(FUNCTION, json!({"k".repeat(129): "b"})).await, refused);
    assert_eq!(tag(FUNCTION, json!({"k".repeat(128): "v".repeat(256)})).await, "Ok");
    assert_eq!(tag(FUNCTION, json!({"k": "v".repeat(257)})).await, refused);
    assert_eq!(tag(FUNCTION, json!({"aws:k": ""})).await, refused);
    assert_eq!(tag(FUNCTION, json!({"k": "a;b"})).await, refused);
    let many: serde_json::Map<String, Value> = (0..49).map(|n| (format!("k{n}"), json!(""))).collect();
    assert_eq!(tag(FUNCTION, many.into()).await, "Ok");
    assert_eq!(tag(FUNCTION, json!({"one-more": ""})).await, refused);
    assert_eq!(aws.function_tags(FUNCTION).len(), 50);
}
