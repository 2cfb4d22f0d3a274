//! AWS as it is: reads that lag behind writes, and calls that take effect after the client gave up.

use std::time::Duration;

use simulator::{Fault, FaultKind, Options};

use crate::invariants::keys_in_no_version;
use crate::stage::{ACCOUNT, Stage, USER, days};

const TOKEN: &str = "00000000-0000-4000-8000-000000000001";
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);
/// What GetSecretValue answers while a value does not show yet.
const NOT_YET: FaultKind = FaultKind::ErrorCode("ResourceNotFoundException", 400);

/// A first key that STS does not accept, stored by createSecret, and hidden from testSecret.
async fn with_a_key_that_sts_refuses(settings: &[(&str, &str)]) -> (Stage, String) {
    let stage = Stage::new(Options { propagation: NEVER, ..Options::default() }, settings);
    let arn = stage.secret(r#"{"UserName":"ci-bot"}"#);
    stage.sim.stage_pending(&arn, TOKEN, None);
    stage.step("createSecret", &arn, TOKEN).await.unwrap();
    (stage, arn)
}

#[tokio::test(start_paused = true)]
async fn a_first_key_that_one_stale_read_hides_from_test_secret_is_proved_all_the_same() {
    let (stage, arn) = with_a_key_that_sts_refuses(&[]).await;
    stage.sim.add_fault(Fault::on("GetSecretValue", 1, NOT_YET));
    stage.sim.add_fault(Fault::on("GetSecretValue", 2, NOT_YET));
    let error = stage.step("testSecret", &arn, TOKEN).await.unwrap_err();
    assert_eq!(error.error_type, "NotPropagated");
}

#[tokio::test(start_paused = true)]
async fn finish_secret_alone_promotes_no_key_that_sts_does_not_accept() {
    for settings in [&[][..], &[("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")]] {
        let (stage, arn) = with_a_key_that_sts_refuses(settings).await;
        let before = stage.current(&arn);
        let error = stage.step("finishSecret", &arn, TOKEN).await.unwrap_err();
        assert_eq!(error.error_type, "NotPropagated");
        assert_eq!(stage.current(&arn), before);
        stage.sim.update(|options| options.propagation = Duration::ZERO);
        stage.step("finishSecret", &arn, TOKEN).await.unwrap();
        stage.working_key(&arn);
    }
}

#[tokio::test(start_paused = true)]
async fn finish_secret_promotes_once_sts_accepts_the_key_in_every_test_region() {
    let regions = &[("ROTATOR_TEST_REGIONS", "eu-west-1,eu-central-1")];
    let (stage, arn) = with_a_key_that_sts_refuses(regions).await;
    stage.sim.update(|options| {
        options.propagation = Duration::ZERO;
        options.propagation_by_region.insert("eu-central-1".to_owned(), Duration::from_secs(9));
    });
    stage.step("finishSecret", &arn, TOKEN).await.unwrap();
    let asked = |region: &str| {
        let journal = stage.sim.journal().into_iter();
        journal.filter(|call| call.operation == "GetCallerIdentity" && call.region == region).count()
    };
    assert!(asked("eu-west-1") > 0 && asked("eu-central-1") > 0);
    stage.working_key(&arn);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_does_not_show_yet_is_waited_for_in_each_step() {
    let stage = Stage::plain();
    let (_, arn) = stage.adopted();
    stage.sim.stage_pending(&arn, TOKEN, None);
    for step in ["createSecret", "testSecret", "finishSecret"] {
        for operation in ["GetSecretValue", "DescribeSecret"] {
            stage.sim.add_fault(Fault::on(operation, 1, NOT_YET));
        }
        stage.step(step, &arn, TOKEN).await.unwrap();
    }
    stage.working_key(&arn);
    assert_eq!(stage.calls("CreateAccessKey"), 1);
    assert!(stage.sim.alerts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn rotations_in_which_every_read_lags_end_well_without_an_alert() {
    for seed in 0..20 {
        let lag = Duration::from_secs(5);
        let options = Options { seed, secret_read_lag: lag, iam_list_lag: lag, ..Options::default() };
        let stage = Stage::new(options, &[("ROTATOR_ALERT_TOPIC_ARN", crate::stage::TOPIC)]);
        let (old, arn) = stage.adopted();
        stage.rotated(&arn).await;
        assert_eq!(stage.keys(), [(old.access_key_id, true), (stage.working_key(&arn), true)]);
        assert!(stage.sim.alerts().is_empty(), "seed {seed}");
    }
}

/// PutSecretValue's connection breaks, and each attempt is stored this much later.
async fn stored_late(after: Duration) -> (Stage, String) {
    let options =
        Options { rotation_attempts: 4, retry_delay: Duration::from_secs(10), ..Options::default() };
    let stage = Stage::new(options, &[]);
    let (_, arn) = stage.adopted();
    for nth in 1..=3 {
        stage.sim.add_fault(Fault::on("PutSecretValue", nth, FaultKind::EffectLater(after)));
    }
    (stage, arn)
}

#[tokio::test(start_paused = true)]
async fn a_value_stored_after_its_connection_broke_is_used_and_its_key_is_not_deleted() {
    let (stage, arn) = stored_late(Duration::from_secs(4)).await;
    stage.rotated(&arn).await;
    stage.working_key(&arn);
    assert_eq!((stage.calls("CreateAccessKey"), stage.calls("DeleteAccessKey")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_value_stored_after_its_key_was_deleted_as_an_orphan_is_given_up_and_the_next_rotation_ends_well() {
    let (stage, arn) = stored_late(Duration::from_secs(45)).await;
    let mut rotations = 0;
    while !stage.sim.rotate(&arn).await.succeeded {
        rotations += 1;
        assert!(rotations < 4, "{}", stage.log.text());
        tokio::time::sleep(Duration::from_secs(120)).await;
    }
    stage.working_key(&arn);
    assert!(keys_in_no_version(&stage, ACCOUNT, USER, &arn).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_holds_a_deleted_key_loses_awspending_and_says_what_to_do() {
    let stage = Stage::plain();
    let (_, arn) = stage.adopted();
    stage.sim.stage_pending(&arn, TOKEN, None);
    stage.step("createSecret", &arn, TOKEN).await.unwrap();
    let dead = stage.staged(&arn, "AWSPENDING").unwrap()["AccessKeyId"].as_str().unwrap().to_owned();
    stage.sim.delete_access_key(&dead);

    let early = stage.step("createSecret", &arn, TOKEN).await.unwrap_err();
    assert_eq!(early.error_type, "PlanChanged", "ListAccessKeys may lag");
    stage.sim.advance(Duration::from_secs(60));
    let error = stage.step("createSecret", &arn, TOKEN).await.unwrap_err();
    assert_eq!(error.error_type, "CredentialRejected");
    assert!(error.message.contains(&dead) && error.message.contains("rotate-secret"), "{}", error.message);
    assert!(stage.staged(&arn, "AWSPENDING").is_none());
    stage.rotated(&arn).await;
    stage.working_key(&arn);
    assert!(
        stage.sim.secret(&arn).stage(&dead).is_none(),
        "the dead key's label went with the next rotation"
    );
}

#[tokio::test(start_paused = true)]
async fn an_administrators_value_after_a_rotation_does_not_block_the_next_one() {
    for promotion_keeps_pending in [false, true] {
        let stage = Stage::new(Options { promotion_keeps_pending, ..Options::default() }, &[]);
        let (_, arn) = stage.adopted();
        stage.rotated(&arn).await;
        assert!(stage.sim.secret(&arn).stage("AWSPENDING").is_none());
        let value = stage.current(&arn).to_string();
        stage.sim.advance(days(2));
        stage.sim.put_secret_value(&arn, &value);
        let report = stage.rotated(&arn).await;
        assert_eq!(report.refused, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_made_after_its_connection_broke_is_deleted_by_the_retry_and_no_other() {
    let options = Options { rotation_attempts: 3, retry_delay: Duration::from_secs(1), ..Options::default() };
    let stage = Stage::new(options, &[]);
    let arn = stage.secret(r#"{"UserName":"ci-bot"}"#);
    let late = FaultKind::EffectLater(Duration::from_secs(12));
    stage.sim.add_fault(Fault::on("CreateAccessKey", 1, late));
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(stage.working_key(&arn), true)]);
    assert_eq!(stage.calls("DeleteAccessKey"), 1);
}
