//! Faults, hooks and the journal.

use std::time::Duration;

use serde_json::json;
use simulator::{CallError, Fault, FaultKind, Outcome};

use crate::{ACCOUNT, code, world};

#[tokio::test(start_paused = true)]
async fn a_lost_request_has_no_effect_and_a_lost_response_has_one() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    for (kind, keys) in [(FaultKind::RequestLost, 0), (FaultKind::ResponseLost, 1)] {
        aws.add_fault(Fault::on("CreateAccessKey", 1, kind));
        let answer = aws.call_as(&root, "iam", "CreateAccessKey", json!({"UserName": "alice"})).await;
        assert_eq!(answer, Err(CallError::Lost));
        assert_eq!(aws.keys(ACCOUNT, "alice").len(), keys);
    }
    let outcomes: Vec<Outcome> = aws.journal().into_iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, [Outcome::NoEffect, Outcome::Ok]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_hits_the_call_it_counts_to_and_no_other() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    aws.create_user(ACCOUNT, "bob");
    aws.add_fault(Fault::on("GetUser", 2, FaultKind::Throttle).about("alice"));
    let mut codes = Vec::new();
    for name in ["alice", "bob", "alice", "alice"] {
        codes.push(code(aws.call_as(&root, "iam", "GetUser", json!({"UserName": name})).await));
    }
    assert_eq!(codes, ["Ok", "Ok", "Throttling", "Ok"]);
    assert!(aws.faults().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_fault_without_number_stays_until_cleared() {
    let (aws, root) = world();
    aws.add_fault(Fault::nth_call(0, FaultKind::ErrorCode("Teapot", 418)).by(":root"));
    for _ in 0..3 {
        assert_eq!(code(aws.call_as(&root, "iam", "ListUsers", json!({})).await), "Teapot");
    }
    aws.clear_faults();
    assert_eq!(code(aws.call_as(&root, "iam", "ListUsers", json!({})).await), "Ok");
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_comes_after_the_effect_and_a_hanging_one_never() {
    let (aws, root) = world();
    aws.add_fault(Fault::on("CreateUser", 1, FaultKind::Latency(Duration::from_secs(30))));
    let create = aws.call_as(&root, "iam", "CreateUser", json!({"UserName": "alice"}));
    assert!(tokio::time::timeout(Duration::from_secs(10), create).await.is_err());
    assert_eq!(code(aws.call_as(&root, "iam", "GetUser", json!({"UserName": "alice"})).await), "Ok");
    aws.add_fault(Fault::on("CreateUser", 1, FaultKind::Hang));
    let create = aws.call_as(&root, "iam", "CreateUser", json!({"UserName": "bob"}));
    assert!(tokio::time::timeout(Duration::from_secs(86_400), create).await.is_err());
    let missing = aws.call_as(&root, "iam", "GetUser", json!({"UserName": "bob"})).await;
    assert_eq!(code(missing), "NoSuchEntity");
}

#[tokio::test(start_paused = true)]
async fn a_hook_can_change_the_world_before_a_calls_effect_even_its_own_credentials() {
    let (aws, _) = world();
    aws.create_user(ACCOUNT, "alice");
    let key = aws.create_access_key(ACCOUNT, "alice");
    let (simulator, id) = (aws.clone(), key.access_key_id.clone());
    aws.on_call(move |_| {
        simulator.set_key_status(&id, false);
        Box::pin(tokio::time::sleep(Duration::from_secs(1)))
    });
    let who = aws.call_as(&key, "sts", "GetCallerIdentity", json!({})).await;
    assert_eq!(code(who), "InvalidClientTokenId");
}

#[tokio::test(start_paused = true)]
async fn the_journal_tells_who_did_what_to_whom() {
    let (aws, _) = world();
    let arn = aws.create_secret("s", Some("v"), &[]);
    let session = aws.role_session(ACCOUNT, "auditor");
    aws.call_as(&session, "secretsmanager", "DescribeSecret", json!({"SecretId": "s"})).await.unwrap();
    let call = aws.journal().remove(0);
    assert_eq!((call.seq, call.service, call.operation.as_str()), (1, "secretsmanager", "DescribeSecret"));
    assert_eq!(call.caller, "arn:aws:sts::111122223333:assumed-role/auditor/simulator-session");
    assert_eq!(call.target, Some(arn));
    assert_eq!(call.region, "eu-west-1");
}
