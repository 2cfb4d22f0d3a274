//! What becomes of keys that were superseded, given up or left behind.

use std::time::Duration;

use serde_json::json;
use simulator::{Fault, FaultKind, KeyPair};

use super::Fleet;
use crate::stage::{ACCOUNT, FUNCTION, hours};

/// A user whose key was just rotated at a sweep's call: the superseded key.
async fn rotated(fleet: &Fleet) -> KeyPair {
    let (old, _) = fleet.enrolled("ci", 90);
    fleet.sweep().await;
    assert_ne!(fleet.working_key("ci"), old.access_key_id);
    old
}

#[tokio::test(start_paused = true)]
async fn a_superseded_key_is_deactivated_after_the_overlap_and_deleted_after_the_recovery_window() {
    let fleet = Fleet::new(&[("ROTATOR_OVERLAP", "10d"), ("ROTATOR_RECOVERY", "5d")]);
    let old = rotated(&fleet).await;
    for day in 1..=16 {
        fleet.day().await;
        let seen =
            fleet.keys("ci").iter().find(|(id, _)| *id == old.access_key_id).map(|(_, active)| *active);
        let expected = match day {
            ..=9 => Some(true),
            10..=14 => Some(false),
            _ => None,
        };
        assert_eq!(seen, expected, "day {day}");
        fleet.working_key("ci");
    }
    let labels: Vec<String> =
        fleet.secret("ci").versions.iter().flat_map(|version| version.stages.clone()).collect();
    assert!(!labels.contains(&old.access_key_id), "{labels:?}");
}

#[tokio::test(start_paused = true)]
async fn a_superseded_key_that_is_still_used_stays_and_its_user_is_found_out() {
    let fleet = Fleet::new(&[]);
    let old = rotated(&fleet).await;
    for _ in 0..5 {
        fleet.sim.use_key(&old.access_key_id, "s3", "eu-west-1");
        let answer = fleet.day().await;
        assert_eq!(answer["actions"], json!({}));
        assert_eq!(answer["findings"]["StillInUse"], 1);
    }
    let told: Vec<String> = fleet.sim.alerts().into_iter().map(|alert| alert.message).collect();
    assert_eq!(told.iter().filter(|message| message.contains("s3 in eu-west-1")).count(), 1, "{told:#?}");
    // Its last use stays on record; only time shows that nobody comes back.
    for _ in 0..33 {
        fleet.day().await;
        assert!(fleet.keys("ci").contains(&(old.access_key_id.clone(), true)));
    }
    fleet.day().await;
    assert!(fleet.keys("ci").contains(&(old.access_key_id, false)));
}

#[tokio::test(start_paused = true)]
async fn with_in_use_deactivate_the_same_key_goes() {
    let fleet = Fleet::new(&[("ROTATOR_IN_USE", "deactivate")]);
    let old = rotated(&fleet).await;
    fleet.sim.use_key(&old.access_key_id, "s3", "eu-west-1");
    assert_eq!(fleet.day().await["actions"], json!({"deactivate": 1}));
}

#[tokio::test(start_paused = true)]
async fn a_last_use_that_cannot_be_read_skips_the_user_and_nobody_else() {
    let fleet = Fleet::new(&[("ROTATOR_SCOPE", "enrolled")]);
    for name in ["a", "b", "c"] {
        fleet.enrolled(name, 90);
    }
    fleet.sweep().await;
    let (held, _) = fleet.keys("b")[0].clone();
    fleet.sim.add_fault(Fault::on("GetAccessKeyLastUsed", 0, FaultKind::Throttle).about(&*held).by("sweep"));
    let answer = fleet.day().await;
    assert_eq!((&answer["actions"], &answer["failures"]), (&json!({"deactivate": 2}), &json!(1)), "{answer}");
    assert!(fleet.keys("b").contains(&(held, true)));
}

#[tokio::test(start_paused = true)]
async fn the_recovery_window_begins_anew_when_somebody_activates_the_key_in_between() {
    let fleet = Fleet::new(&[("ROTATOR_RECOVERY", "5d")]);
    let old = rotated(&fleet).await;
    fleet.day().await;
    assert!(fleet.keys("ci").contains(&(old.access_key_id.clone(), false)));
    fleet.sim.set_key_status(&old.access_key_id, true);
    // It is deactivated by the next sweep, and its window begins then.
    fleet.sim.advance(hours(60));
    fleet.sweep().await;
    for _ in 0..4 {
        fleet.day().await;
        assert!(fleet.keys("ci").contains(&(old.access_key_id.clone(), false)));
    }
    fleet.day().await;
    assert_eq!(fleet.keys("ci").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_inactive_strangers_key_goes_after_the_recovery_window_and_with_refuse_it_stays() {
    for (policy, left) in [("delete-inactive", 1), ("refuse", 2)] {
        let fleet = Fleet::new(&[("ROTATOR_UNKNOWN_KEYS", policy)]);
        fleet.enrolled("ci", 10);
        let stranger = fleet.key("ci", 50);
        fleet.sim.set_key_status(&stranger.access_key_id, false);
        for _ in 0..9 {
            fleet.day().await;
        }
        assert_eq!(fleet.keys("ci").len(), left, "{policy}");
        fleet.working_key("ci");
    }
}

#[tokio::test(start_paused = true)]
async fn an_active_strangers_key_is_reported_once_and_never_touched() {
    let fleet = Fleet::new(&[("ROTATOR_UNKNOWN_KEYS", "delete-oldest")]);
    fleet.enrolled("ci", 10);
    let stranger = fleet.key("ci", 50);
    for _ in 0..5 {
        fleet.day().await;
    }
    assert!(fleet.keys("ci").contains(&(stranger.access_key_id, true)));
    assert_eq!(fleet.alerts().len(), 1, "{:?}", fleet.alerts());
    let unknown = fleet.metrics.text().matches(r#""UnknownKeys":1"#).count();
    assert_eq!(unknown, 5, "the metric goes on telling");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_rotation_is_taken_up_again_and_its_key_becomes_current() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 10);
    fleet.sim.add_fault(Fault::on("GetCallerIdentity", 0, FaultKind::Error5xx));
    fleet.sim.rotate(&arn).await;
    fleet.sim.clear_faults();
    let root = fleet.sim.root(ACCOUNT);
    fleet.sim.call_as(&root, "secretsmanager", "CancelRotateSecret", json!({"SecretId": arn})).await.unwrap();
    fleet.sim.set_rotation(&arn, crate::stage::FUNCTION);
    let made = fleet.keys("ci")[1].0.clone();
    assert_eq!(fleet.day().await["actions"], json!({"request-rotation": 1}));
    assert_eq!(fleet.working_key("ci"), made);
    for _ in 0..9 {
        fleet.day().await;
        fleet.working_key("ci");
    }
    assert_eq!(fleet.keys("ci").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_from_a_user_whose_current_key_is_not_sure() {
    for meddle in ["rolled back", "current deleted", "current inactive", "two secrets", "another's secret"] {
        let fleet = Fleet::new(&[("ROTATOR_ROTATE_AFTER", "365d")]);
        let (old, arn) = fleet.enrolled("ci", 90);
        fleet.sim.rotate(&arn).await;
        let new = fleet.working_key("ci");
        match meddle {
            "rolled back" => {
                let versions = fleet.sim.secret(&arn);
                let first = versions.stage(&old.access_key_id).unwrap().id.clone();
                fleet.sim.set_label(&arn, &first, "AWSCURRENT");
            }
            "current deleted" => fleet.sim.delete_access_key(&new),
            "current inactive" => fleet.sim.set_key_status(&new, false),
            "two secrets" => {
                let tags = [("iam-key-rotator:user", "ci")];
                let another = fleet.sim.create_secret("another", Some(r#"{"UserName":"ci"}"#), &tags);
                fleet.sim.set_rotation(&another, FUNCTION);
            }
            _ => {
                fleet.user("bob", 10);
                fleet.sim.tag_secret(&arn, "iam-key-rotator:user", "bob");
            }
        }
        let before = (fleet.keys("ci"), fleet.sim.keys(ACCOUNT, "bob"));
        for _ in 0..12 {
            let answer = fleet.day().await;
            assert_eq!(answer["actions"], json!({}), "{meddle}: {answer}");
            assert_ne!(answer["findings"], json!({}), "{meddle}");
        }
        assert_eq!((fleet.keys("ci"), fleet.sim.keys(ACCOUNT, "bob")), before, "{meddle}");
        assert_eq!(fleet.alerts().len(), 1, "{meddle}: {:?}", fleet.alerts());
    }
}

#[tokio::test(start_paused = true)]
async fn stale_lists_after_a_deletion_do_not_confuse_a_sweep() {
    let options = simulator::Options {
        page_size: 1000,
        iam_list_lag: Duration::from_secs(5),
        ..simulator::Options::default()
    };
    let fleet = Fleet::with(options, &[("ROTATOR_RECOVERY", "0")]);
    let old = rotated(&fleet).await;
    let answer = fleet.day().await;
    assert_eq!(answer["actions"], json!({"deactivate": 1, "delete": 1, "remove-label": 1}), "{answer}");
    assert!(!fleet.keys("ci").iter().any(|(id, _)| *id == old.access_key_id));
    fleet.working_key("ci");
}
