//! What STS answers about a key besides yes and no: the clock, the region, silence.

use std::time::Duration;

use simulator::{Fault, FaultKind};

use crate::alerts::{alerting, assert_reported};

const PROOF: &str = "GetCallerIdentity";

#[tokio::test(start_paused = true)]
async fn a_clock_that_sts_calls_wrong_is_named_and_the_key_is_not_rejected() {
    for message in [
        "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)",
        "Signature not yet current: 20260101T001500Z is still later than 20260101T000500Z (20260101T000000Z + 5 min.)",
    ] {
        let (stage, old, arn) = alerting(&[]);
        let refusal = FaultKind::ErrorMessage("SignatureDoesNotMatch", 403, message);
        stage.sim.add_fault(Fault::on(PROOF, 0, refusal));
        let error = stage.failed(&arn).await;
        assert_reported(&stage, &error, "ServiceUnavailable", &["clock", "sts:GetCallerIdentity"]);
        stage.sim.clear_faults();
        assert_eq!(stage.working_key(&arn), old.access_key_id);
        stage.rotated(&arn).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_region_that_is_not_enabled_is_named_with_both_possible_causes() {
    let (stage, old, arn) =
        alerting(&[("ROTATOR_TEST_REGIONS", "eu-west-1 me-south-1"), ("ROTATOR_PROPAGATION_TIMEOUT", "20s")]);
    let error = stage.failed(&arn).await;
    let facts = ["me-south-1", "not reached", "not enabled", "get-region-opt-status", "ROTATOR_TEST_REGIONS"];
    assert_reported(&stage, &error, "NotPropagated", &facts);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
    stage.sim.update(|options| assert!(options.disabled_regions.remove("me-south-1")));
    stage.rotated(&arn).await;
}

#[tokio::test(start_paused = true)]
async fn the_functions_own_region_is_enabled_so_only_time_is_named() {
    let (stage, _, arn) = alerting(&[("ROTATOR_PROPAGATION_TIMEOUT", "20s")]);
    stage.sim.update(|options| options.propagation = Duration::from_secs(3600));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "NotPropagated", &["eu-west-1", "ROTATOR_PROPAGATION_TIMEOUT"]);
    assert!(!error.message.contains("not enabled"), "{}", error.message);
}

#[tokio::test(start_paused = true)]
async fn an_sts_that_never_answers_is_named_with_its_region_and_what_to_check() {
    // With the time that the setting allows, and with that which is left of the invocation's.
    for timeout in ["12s", "60s"] {
        let (stage, old, arn) = alerting(&[
            ("ROTATOR_TEST_REGIONS", "eu-west-1 eu-central-1"),
            ("ROTATOR_PROPAGATION_TIMEOUT", timeout),
        ]);
        stage.sim.add_fault(Fault::on(PROOF, 0, FaultKind::Hang).to_region("eu-central-1"));
        let error = stage.failed(&arn).await;
        let facts = ["STS in eu-central-1", "VPC endpoint", "route", "com.amazonaws.eu-central-1.sts"];
        assert_reported(&stage, &error, "ServiceUnavailable", &facts);
        stage.sim.clear_faults();
        assert_eq!(stage.working_key(&arn), old.access_key_id);
        stage.rotated(&arn).await;
    }
}
