//! Secrets Manager's contract: four steps, any of them at any time, any number of times.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use simulator::{Fault, FaultKind, Options};

use crate::stage::{ACCOUNT, FUNCTION, Stage, USER};

#[tokio::test(start_paused = true)]
async fn a_rotation_promotes_a_new_key_and_leaves_the_old_one_active_for_the_overlap() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    let report = stage.rotated(&arn).await;
    assert_eq!(report.step_names(), ["createSecret", "setSecret", "testSecret", "finishSecret"]);
    let new = stage.working_key(&arn);
    assert_eq!(stage.keys(), [(old.access_key_id.clone(), true), (new.clone(), true)]);
    assert_eq!(stage.staged(&arn, "AWSPREVIOUS").unwrap()["AccessKeyId"], old.access_key_id);
    assert_eq!(stage.staged(&arn, &new).unwrap()["AccessKeyId"], new, "each version carries its key's id");
    assert_eq!(stage.staged(&arn, &old.access_key_id).unwrap()["AccessKeyId"], old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_in_the_steady_state_makes_twenty_calls_of_which_eleven_wait_for_one_another() {
    const LATENCY: Duration = Duration::from_millis(20);
    // AWS's pages, so that each list is one call.
    let stage = Stage::new(Options { page_size: 100, ..Options::default() }, &[]);
    let arn = stage.steady().await;
    stage.sim.update(|options| options.latency = LATENCY);
    let report = stage.rotated(&arn).await;
    assert_eq!(
        stage.operations(),
        [
            // createSecret
            "DescribeSecret",
            "GetSecretValue",
            "GetSecretValue",
            "ListAccessKeys",
            "ListGroupsForUser",
            "ListUserTags",
            "TagResource",
            "CreateAccessKey",
            "PutSecretValue",
            // testSecret
            "DescribeSecret",
            "GetSecretValue",
            "GetCallerIdentity",
            "GetCallerIdentity",
            "GetCallerIdentity",
            // finishSecret
            "DescribeSecret",
            "GetSecretValue",
            "GetCallerIdentity",
            "ListAccessKeys",
            "UpdateSecretVersionStage",
            "UpdateSecretVersionStage",
        ]
    );
    // Nothing but calls takes simulated time.
    let sequential: Vec<u128> =
        report.steps.iter().map(|step| step.duration.as_millis() / LATENCY.as_millis()).collect();
    assert_eq!(sequential, [5, 0, 2, 4], "calls one after another in each step");
}

#[tokio::test(start_paused = true)]
async fn every_step_may_be_repeated_and_changes_nothing_the_second_time() {
    let stage = Stage::plain();
    let (_, arn) = stage.adopted();
    let token = "00000000-0000-4000-8000-000000000001";
    stage.sim.stage_pending(&arn, token, None);
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        stage.step(step, &arn, token).await.unwrap();
        let (secret, keys) = (stage.sim.secret(&arn), stage.keys());
        let again = stage.step(step, &arn, token).await.unwrap();
        assert_eq!(stage.keys(), keys, "{step}");
        assert_eq!(
            format!("{:?}", stage.sim.secret(&arn).versions),
            format!("{:?}", secret.versions),
            "{step}"
        );
        let expected = match step {
            "setSecret" => "nothing-to-do",
            "testSecret" => "done",
            _ => "already-done",
        };
        assert_eq!(again["outcome"], expected, "{step}");
    }
    assert_eq!(stage.calls("CreateAccessKey"), 1);
    // And all of them once more, as after a whole rotation that AWS repeats.
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        let again = stage.step(step, &arn, token).await.unwrap();
        assert_ne!(again["outcome"], "done", "{step}");
    }
    assert_eq!(stage.calls("CreateAccessKey"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_waits_for_its_first_key_gets_one_with_and_without_a_value() {
    for value in [Some(r#"{"UserName":"ci-bot","note":"keep"}"#), None] {
        let stage = Stage::plain();
        let arn = stage.sim.create_secret("keys/ci-bot", value, &[crate::stage::TAG]);
        stage.sim.set_rotation(&arn, FUNCTION);
        stage.rotated(&arn).await;
        stage.working_key(&arn);
        assert_eq!(stage.current(&arn)["UserName"], USER);
        assert_eq!(stage.current(&arn).get("note").is_some(), value.is_some());
        assert_eq!(stage.keys().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn rotate_immediately_false_tests_the_current_key_and_changes_nothing() {
    let stage = Stage::plain();
    let (key, arn) = stage.adopted();
    let before = stage.sim.secret(&arn);
    stage.sim.clear_journal();
    let report = stage.tested(&arn).await;
    assert!(report.succeeded, "{report:#?}");
    assert_eq!(report.step_names(), ["testSecret"]);
    assert_eq!(stage.working_key(&arn), key.access_key_id);
    assert_eq!(stage.keys().len(), 1);
    assert_eq!(stage.sim.secret(&arn).tags, before.tags);
    let reads = ["DescribeSecret", "GetSecretValue", "GetCallerIdentity"];
    assert!(
        stage.operations().iter().all(|operation| reads.contains(&operation.as_str())),
        "{:?}",
        stage.operations()
    );
}

#[tokio::test(start_paused = true)]
async fn rotate_immediately_false_passes_on_a_secret_that_waits_for_its_first_key() {
    for value in [Some(r#"{"UserName":"ci-bot"}"#), None] {
        let stage = Stage::plain();
        let arn = stage.sim.create_secret("keys/ci-bot", value, &[crate::stage::TAG]);
        stage.sim.set_rotation(&arn, FUNCTION);
        let report = stage.tested(&arn).await;
        assert!(report.succeeded, "{value:?} {report:#?}");
        assert_eq!(report.steps[0].result.as_ref().unwrap()["outcome"], "nothing-to-do");
        assert!(stage.keys().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_promotion_that_strips_awspending_and_one_that_keeps_it_both_end_well_and_allow_the_next() {
    for keeps in [true, false] {
        let options = Options { promotion_keeps_pending: keeps, ..Options::default() };
        let stage = Stage::new(options, &[("ROTATOR_OVERLAP", "0")]);
        let (_, arn) = stage.adopted();
        for _ in 0..3 {
            stage.rotated(&arn).await;
            stage.working_key(&arn);
            assert_eq!(stage.keys().len(), 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_key_that_works_late_is_proved_within_a_second_and_a_half_of_working() {
    for delay in [0, 3, 8, 20] {
        let options = Options { propagation: Duration::from_secs(delay), ..Options::default() };
        let stage = Stage::new(options, &[]);
        let (_, arn) = stage.adopted();
        let report = stage.rotated(&arn).await;
        let took = report.steps[2].duration;
        assert!(took <= Duration::from_millis(delay * 1000 + 1500), "{delay} s: {took:?}");
        assert!(stage.calls("GetCallerIdentity") <= 8 + 2 * usize::try_from(delay).unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn one_success_that_met_one_endpoint_only_is_no_proof() {
    let options =
        Options { propagation: Duration::from_secs(6), flaky_endpoints: true, ..Options::default() };
    let stage = Stage::new(options, &[]);
    let (_, arn) = stage.adopted();
    let report = stage.rotated(&arn).await;
    assert!(report.steps[2].duration >= Duration::from_secs(5), "{:?}", report.steps[2].duration);
}

#[tokio::test(start_paused = true)]
async fn every_test_region_must_accept_the_key() {
    let slow = BTreeMap::from([("ap-southeast-2".to_owned(), Duration::from_secs(9))]);
    let options = Options { propagation_by_region: slow, ..Options::default() };
    let stage = Stage::new(options, &[("ROTATOR_TEST_REGIONS", "eu-west-1,ap-southeast-2")]);
    let (_, arn) = stage.adopted();
    let report = stage.rotated(&arn).await;
    assert!(report.steps[2].duration >= Duration::from_secs(9));
    let asked: Vec<_> = stage
        .sim
        .journal()
        .iter()
        .filter(|call| call.operation == "GetCallerIdentity")
        .map(|call| call.region.clone())
        .collect();
    assert!(asked.contains(&"eu-west-1".to_owned()) && asked.contains(&"ap-southeast-2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_lost_response_to_create_access_key_leaves_no_second_key() {
    for kind in [FaultKind::ResponseLost, FaultKind::KillAfter] {
        let options = Options { rotation_attempts: 3, ..Options::default() };
        let stage = Stage::new(options, &[]);
        let (old, arn) = stage.adopted();
        stage.sim.add_fault(Fault::on("CreateAccessKey", 1, kind.clone()));
        stage.rotated(&arn).await;
        assert_eq!(stage.keys(), [(old.access_key_id, true), (stage.working_key(&arn), true)], "{kind:?}");
        assert_eq!(stage.calls("CreateAccessKey"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_key_that_iams_list_shows_late_is_waited_for_before_it_is_promoted() {
    let stage = Stage::plain();
    let (_, arn) = stage.adopted();
    stage.sim.update(|options| options.iam_list_lag = Duration::from_secs(6));
    let report = stage.rotated(&arn).await;
    assert!(report.steps[3].duration >= Duration::from_secs(4), "{:?}", report.steps[3].duration);
    stage.working_key(&arn);
}

#[tokio::test(start_paused = true)]
async fn a_user_of_another_account_is_rotated_through_the_member_role_and_the_secret_by_the_function_itself()
{
    const MEMBER: &str = "444455556666";
    let stage = Stage::new(Options::default(), &[("ROTATOR_MEMBER_ROLE", "key-rotation")]);
    stage.sim.create_user(MEMBER, "app");
    let old = stage.sim.create_access_key(MEMBER, "app");
    stage.sim.create_role(MEMBER, "key-rotation", vec![ACCOUNT.to_owned()], None);
    let value =
        json!({"AccessKeyId": old.access_key_id, "SecretAccessKey": old.secret_access_key}).to_string();
    let tag = ("iam-key-rotator:user", "arn:aws:iam::444455556666:user/app");
    let arn = stage.sim.create_secret("member/app", Some(&value), &[tag]);
    stage.sim.set_rotation(&arn, FUNCTION);
    stage.sim.clear_journal();
    stage.rotated(&arn).await;
    let current = stage.current(&arn);
    assert!(
        stage.sim.key_works(
            current["AccessKeyId"].as_str().unwrap(),
            current["SecretAccessKey"].as_str().unwrap()
        )
    );
    assert_eq!(stage.sim.keys(MEMBER, "app").len(), 2);
    for call in stage.sim.journal() {
        match call.service {
            "iam" => assert!(call.caller.contains("444455556666:assumed-role/key-rotation"), "{call:?}"),
            "secretsmanager" => {
                assert!(call.caller.contains("111122223333:assumed-role/rotation-function"), "{call:?}")
            }
            _ => {}
        }
    }
}
