//! Inactive keys of users who have no secret, under `ROTATOR_SCOPE=all`.

use serde_json::json;

use super::{Fleet, plan_of};
use crate::stage::{ACCOUNT, days};

const ALL: [(&str, &str); 4] = [
    ("ROTATOR_SCOPE", "all"),
    ("ROTATOR_OVERLAP", "0"),
    ("ROTATOR_RECOVERY", "15d"),
    ("ROTATOR_UNKNOWN_KEYS", "delete-oldest"),
];

/// A user with an active key of some days and an inactive one; answers with both.
fn user(fleet: &Fleet, name: &str) -> [String; 2] {
    let left = fleet.user(name, 120);
    fleet.sim.set_key_status(&left.access_key_id, false);
    [left.access_key_id, fleet.key(name, 3).access_key_id]
}

#[tokio::test(start_paused = true)]
async fn an_inactive_key_of_a_user_without_a_secret_is_deleted_when_its_recovery_time_is_over_and_not_before()
{
    for unknown in ["delete-oldest", "delete-inactive"] {
        let fleet = Fleet::new(&[&ALL[..3], &[("ROTATOR_UNKNOWN_KEYS", unknown)]].concat());
        let [left, active] = user(&fleet, "app");
        fleet.sweep().await;
        for day in 1..15 {
            fleet.day().await;
            assert_eq!(fleet.keys("app"), [(left.clone(), false), (active.clone(), true)], "day {day}");
        }
        fleet.day().await;
        assert_eq!(fleet.keys("app"), [(active.clone(), true)], "{unknown}");
        // What remembers it is the user's secret, which the first rotation fills when it is due.
        let secret = fleet.secret("app");
        assert!(secret.stage("AWSCURRENT").unwrap().stages.contains(&active), "{secret:?}");
        for _ in 0..73 {
            fleet.day().await;
        }
        assert_eq!(fleet.keys("app").len(), 2, "rotated when the key is 90 days old");
        assert_ne!(fleet.working_key("app"), active);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_active_again_meanwhile_begins_its_recovery_time_anew() {
    let fleet = Fleet::new(&[&ALL[..3], &[("ROTATOR_UNKNOWN_KEYS", "delete-inactive")]].concat());
    let [left, _] = user(&fleet, "app");
    fleet.sweep().await;
    for day in 1..=20 {
        if day == 10 {
            fleet.sim.set_key_status(&left, true);
        }
        if day == 12 {
            fleet.sim.set_key_status(&left, false);
        }
        fleet.day().await;
    }
    assert_eq!(fleet.keys("app").len(), 2);
    for _ in 20..27 {
        fleet.day().await;
    }
    assert_eq!(fleet.keys("app").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_inactive_key_stays_where_no_setting_lets_the_sweep_delete_it() {
    let group = "IAMKeyRotationExemptionGroup";
    for settings in [
        vec![("ROTATOR_UNKNOWN_KEYS", "refuse")],
        vec![("ROTATOR_MODE", "audit")],
        vec![("ROTATOR_MODE", "retire")],
        vec![("ROTATOR_SCOPE", "enrolled")],
        vec![("ROTATOR_EXEMPT_USERS", "a*")],
        vec![("ROTATOR_EXEMPT_GROUP", group)],
    ] {
        let kept = ALL.into_iter().filter(|(name, _)| !settings.iter().any(|(set, _)| set == name));
        let fleet = Fleet::new(&kept.chain(settings.clone()).collect::<Vec<_>>());
        user(&fleet, "app");
        fleet.sim.create_group(ACCOUNT, group);
        fleet.sim.add_to_group(ACCOUNT, group, "app");
        if settings[0].0 != "ROTATOR_EXEMPT_GROUP" {
            fleet.sim.remove_from_group(ACCOUNT, group, "app");
        }
        for _ in 0..20 {
            fleet.day().await;
        }
        assert_eq!(fleet.keys("app").len(), 2, "{settings:?}");
        assert!(fleet.secrets().is_empty(), "{settings:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_whose_only_key_is_inactive_is_left_alone_and_an_audit_says_what_would_be_done() {
    let fleet = Fleet::new(&[&ALL[..], &[("ROTATOR_MODE", "audit")]].concat());
    let idle = fleet.user("idle", 200);
    fleet.sim.set_key_status(&idle.access_key_id, false);
    let [left, _] = user(&fleet, "app");
    let answer = fleet.sweep().await;
    let plan = plan_of(&answer);
    assert!(
        matches!(&plan[..], [line] if line.starts_with("app: enroll") && line.contains(&left)),
        "{plan:?}"
    );
    fleet.deploy(&ALL);
    for _ in 0..20 {
        fleet.sim.advance(days(1));
        fleet.send(json!({})).await.unwrap();
    }
    assert_eq!(fleet.keys("idle").len(), 1);
    assert_eq!(fleet.keys("app").len(), 1);
}
