//! Whoever may tag an enrolled secret forges what the product remembers there.

use serde_json::json;

use super::found;
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, Stage, USER, days};

const NOTICES: &str = "iam-key-rotator:notices";
const INTENT: &str = "iam-key-rotator:intent";

#[tokio::test(start_paused = true)]
async fn forged_notices_silence_a_finding_for_a_month_at_most() {
    for told in [0, 400, -10, i64::MIN / 2, i64::MAX / 2] {
        let fleet = Fleet::new(&[]);
        let (_, arn) = fleet.enrolled("ci", 10);
        let stranger = fleet.key("ci", 5);
        let day = i64::try_from(since_1970(&fleet) / 86_400).unwrap() + told;
        let entry = format!("{}:s/{day}", stranger.access_key_id);
        fleet.sim.tag_secret(&arn, NOTICES, &entry);
        let mut days_until_told = 0;
        while !fleet.sim.alerts().iter().any(|alert| alert.message.contains("UnknownKey")) {
            days_until_told += 1;
            assert!(days_until_told <= 31, "{entry}");
            fleet.day().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_stands_is_reported_again_after_a_month() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("ci", 1);
    fleet.key("ci", 1);
    for _ in 0..62 {
        fleet.day().await;
    }
    let told = fleet.sim.alerts().iter().filter(|alert| alert.message.contains("UnknownKey")).count();
    assert_eq!(told, 3);
}

#[tokio::test(start_paused = true)]
async fn what_no_sweep_wrote_is_dropped_and_reported() {
    for entry in ["AKIA:o", "rubbish", "AKIAIOSFODNN7EXAMPLE:?", "secret:@9999999999"] {
        let fleet = Fleet::new(&[]);
        let (_, arn) = fleet.enrolled("ci", 10);
        fleet.sim.tag_secret(&arn, NOTICES, entry);
        let answer = fleet.sweep().await;
        assert_eq!(found(&answer, "NotesDropped"), 1, "{entry}: {answer}");
        assert!(!fleet.secret("ci").tags.get(NOTICES).is_some_and(|tag| tag.contains(entry)), "{entry}");
        assert_eq!(fleet.alerts().len(), 1);
        assert_eq!(found(&fleet.day().await, "NotesDropped"), 0, "{entry}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_forged_date_does_not_cut_the_recovery_window_short() {
    for back in [2, 20, 2000] {
        let fleet = Fleet::new(&[("ROTATOR_OVERLAP", "10d")]);
        let (old, arn) = fleet.enrolled("ci", 90);
        fleet.sweep().await;
        // Deactivated on the eleventh day; on each later one somebody dates that back.
        for _ in 0..11 {
            fleet.day().await;
        }
        assert_eq!(fleet.keys("ci")[0], (old.access_key_id.clone(), false));
        for day in 1..6 {
            let since = since_1970(&fleet) - back * 86_400;
            fleet.sim.tag_secret(&arn, NOTICES, &format!("{}:@{since}", old.access_key_id));
            fleet.day().await;
            assert!(fleet.keys("ci").iter().any(|(key, _)| *key == old.access_key_id), "{back}: day {day}");
        }
    }
}

/// Seconds since 1970, by the simulator's clock.
fn since_1970(fleet: &Fleet) -> u64 {
    fleet.sim.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// A secret rotated once, and a key that an administrator has just made for its user.
async fn with_a_new_key_by_hand() -> (Stage, String, String) {
    let stage = Stage::plain();
    let arn = stage.steady().await;
    let by_hand = stage.sim.create_access_key(ACCOUNT, USER).access_key_id;
    (stage, arn, by_hand)
}

#[tokio::test(start_paused = true)]
async fn a_forged_intent_makes_no_orphan_of_a_key_that_an_administrator_made() {
    let now =
        |stage: &Stage| stage.sim.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for what in ["another rotation's", "the last rotation's", "too many attempts", "expired", "to come"] {
        let (stage, arn, by_hand) = with_a_new_key_by_hand().await;
        let made = now(&stage);
        let current = stage.sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
        let many: Vec<String> = (0..8).map(|_| made.to_string()).collect();
        let intent = match what {
            "another rotation's" => format!("11111111-2222-3333-4444-555555555555 {made}"),
            "the last rotation's" => format!("{current} {made}/{made}/{made}"),
            "too many attempts" => format!("{current} {}", many.join("/")),
            "expired" => {
                stage.sim.advance(days(101));
                format!("{current} {made}")
            }
            _ => format!("{current} {}", made + 10),
        };
        stage.sim.tag_secret(&arn, INTENT, &intent);
        let _ = stage.sim.rotate(&arn).await;
        let kept = stage.keys().iter().any(|(key, active)| *key == by_hand && *active);
        assert!(kept, "{what}: {:?}", stage.keys());
    }
}

#[tokio::test(start_paused = true)]
async fn a_forged_intent_of_a_time_to_come_does_not_stop_the_rotation_or_the_sweep() {
    let stage = Stage::plain();
    let arn = stage.steady().await;
    let token = "00000000-0000-4000-8000-000000000001";
    stage.sim.stage_pending(&arn, token, None);
    let far =
        stage.sim.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs() + 9_000_000;
    stage.sim.tag_secret(&arn, INTENT, &format!("{token} {far}"));
    let answer = stage.step("createSecret", &arn, token).await.unwrap();
    assert_eq!(answer["outcome"], json!("done"));
}
