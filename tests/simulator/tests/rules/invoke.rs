//! Lambda's Invoke.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{FunctionError, KeyPair, Options, Simulator};

use crate::{ACCOUNT, FUNCTION, code, with_options, world};

async fn invoke(aws: &Simulator, pair: &KeyPair, name: &str, kind: &str, payload: Value) -> Value {
    let params = json!({"FunctionName": name, "InvocationType": kind, "Payload": payload});
    aws.call_as(pair, "lambda", "Invoke", params).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_function_is_invoked_by_name_by_partial_arn_and_by_arn() {
    let (aws, root) = world();
    aws.add_function(FUNCTION, |event, invocation| {
        assert_eq!(invocation.chain, 1);
        Box::pin(async move { Ok(json!({"got": event})) })
    });
    for name in ["rotator", "rotator:live", "111122223333:function:rotator", FUNCTION] {
        let answer = invoke(&aws, &root, name, "RequestResponse", json!({"n": 1})).await;
        assert_eq!(answer, json!({"StatusCode": 200, "Payload": {"got": {"n": 1}}}), "{name}");
    }
    let answer = invoke(&aws, &root, "rotator", "DryRun", json!({})).await;
    assert_eq!(answer, json!({"StatusCode": 204}));
    let missing = aws.call_as(&root, "lambda", "Invoke", json!({"FunctionName": "none"})).await;
    assert_eq!(code(missing), "ResourceNotFoundException");
    assert_eq!(aws.journal()[0].target.as_deref(), Some(FUNCTION));
}

#[tokio::test(start_paused = true)]
async fn a_failed_function_is_a_successful_invoke_with_a_function_error() {
    let (aws, root) = world();
    aws.add_function(FUNCTION, |_, _| Box::pin(async { Err(FunctionError::answered("Oh", "no")) }));
    let answer = invoke(&aws, &root, "rotator", "RequestResponse", json!({})).await;
    assert_eq!(
        answer,
        json!({"StatusCode": 200, "FunctionError": "Unhandled",
               "Payload": {"errorType": "Oh", "errorMessage": "no"}})
    );
    aws.add_function(FUNCTION, |_, _| Box::pin(std::future::pending()));
    let answer = invoke(&aws, &root, "rotator", "RequestResponse", json!({})).await;
    assert_eq!(answer["Payload"]["errorType"], "Sandbox.Timedout");
}

#[tokio::test(start_paused = true)]
async fn an_event_is_accepted_at_once_and_runs_in_the_background() {
    let (aws, root) = world();
    aws.add_function(FUNCTION, |event, _| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Ok(event)
        })
    });
    for n in 0..3 {
        let answer = invoke(&aws, &root, FUNCTION, "Event", json!({"n": n})).await;
        assert_eq!(answer, json!({"StatusCode": 202}));
    }
    assert!(aws.event_reports().is_empty());
    aws.events_finished().await;
    let reports = aws.event_reports();
    assert_eq!(reports.len(), 3);
    assert!(reports.iter().all(|report| report.attempts == 1 && report.result == Ok(report.event.clone())));
    aws.events_finished().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_event_is_tried_three_times_after_one_and_two_minutes() {
    let (aws, root) = world();
    let tries = Arc::new(AtomicU32::new(0));
    let counted = tries.clone();
    aws.add_function(FUNCTION, move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Err(FunctionError::answered("Wanted", "always")) })
    });
    let before = aws.now();
    invoke(&aws, &root, FUNCTION, "Event", json!({})).await;
    aws.events_finished().await;
    assert_eq!(tries.load(Ordering::Relaxed), 3);
    assert_eq!(aws.now().duration_since(before).unwrap(), Duration::from_secs(180));
    assert_eq!(aws.event_reports()[0].attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_invokes_itself_without_end_is_stopped() {
    for kind in ["Event", "RequestResponse"] {
        let (aws, root) = with_options(Options { longest_chain: 5, event_retries: 0, ..Options::default() });
        let (inside, session) = (aws.clone(), aws.role_session(ACCOUNT, "function"));
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        aws.add_function(FUNCTION, move |_, _| {
            let (aws, session) = (inside.clone(), session.clone());
            counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                let params = json!({"FunctionName": FUNCTION, "InvocationType": kind, "Payload": {}});
                let again = aws.call_as(&session, "lambda", "Invoke", params).await;
                Ok(json!(code(again)))
            })
        });
        invoke(&aws, &root, FUNCTION, kind, json!({})).await;
        aws.events_finished().await;
        assert_eq!(runs.load(Ordering::Relaxed), 5, "{kind}");
        if kind == "Event" {
            let last = aws.event_reports().iter().map(|report| report.chain).max();
            assert_eq!(last, Some(6));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_account_needs_a_permission_to_invoke() {
    let (aws, _) = world();
    aws.add_function(FUNCTION, |event, _| Box::pin(async move { Ok(event) }));
    let stranger = aws.role_session("222233334444", "member");
    let call =
        || aws.call_as(&stranger, "lambda", "Invoke", json!({"FunctionName": FUNCTION, "Payload": {}}));
    assert_eq!(code(call().await), "AccessDeniedException");
    aws.add_permission(FUNCTION, "222233334444");
    assert_eq!(code(call().await), "Ok");
}
