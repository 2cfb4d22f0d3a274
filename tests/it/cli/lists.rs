//! `status` and `plan` of more than fifty users, which lists show.

use serde_json::{Value, json};
use simulator::{Fault, FaultKind};

use super::{Ran, Seat};
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, FUNCTION, days, hours};

const ALL: [(&str, &str); 2] = [("ROTATOR_SCOPE", "all"), ("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION)];

/// Sixty quiet users, so that lists are read, and one of each kind that the commands tell apart.
async fn city() -> Fleet {
    let fleet = Fleet::new(&ALL);
    for nth in 0..60 {
        fleet.enrolled(&format!("quiet-{nth:02}"), 10);
    }
    let (_, recovering) = fleet.enrolled("recovering", 10);
    assert!(fleet.sim.rotate(&recovering).await.succeeded);
    for _ in 0..2 {
        fleet.day().await;
    }
    fleet.enrolled("due", 100);
    fleet.user("unmanaged-old", 200);
    fleet.user("unmanaged-young", 20);
    fleet.user("unmanaged-two", 200);
    fleet.key("unmanaged-two", 300);
    fleet.enrolled("exempt", 300);
    fleet.sim.tag_user(ACCOUNT, "exempt", "iam-key-rotator:exempt", "legacy appliance: ends in June");
    let (_, off) = fleet.enrolled("turned-off", 120);
    fleet.sim.disable_rotation(&off);
    fleet.enrolled("stranger", 20);
    fleet.key("stranger", 400);
    let (scheduled, arn) = fleet.enrolled("scheduled", 30);
    fleet.sim.set_rotation_days(&arn, 90);
    fleet.sim.use_key_at(&scheduled.access_key_id, "s3", "eu-west-1", fleet.sim.now() - days(2));
    let (_, overlapping) = fleet.enrolled("overlapping", 10);
    assert!(fleet.sim.rotate(&overlapping).await.succeeded);
    // What the credential report shows is of now again.
    fleet.sim.advance(hours(5));
    fleet
}

/// What a row says of a user, whichever way the user was read: ids that lists do not show are left out.
fn said(status: &Ran) -> Vec<Value> {
    let rows = status.json();
    let mut said: Vec<Value> = rows.as_array().unwrap().iter().map(what_is_said).collect();
    said.sort_by_key(ToString::to_string);
    said
}

fn what_is_said(row: &Value) -> Value {
    let kinds = row["findings"].as_array().unwrap().iter().map(|finding| finding["kind"].clone());
    let kinds: Vec<Value> = kinds.collect();
    let mut said = json!({"kinds": kinds});
    for field in ["user", "state", "role", "urgency", "due", "secret", "rotation", "exempt", "last_used"] {
        said[field] = row[field].clone();
    }
    if row["state"] == "inactive" {
        // Of an inactive key the report shows nothing.
        said["last_used"] = Value::Null;
    }
    if row["role"].is_string() {
        said["key"] = row["key"].clone();
    }
    said
}

fn sources(rows: &Value) -> (usize, usize) {
    let rows = rows.as_array().unwrap();
    let of = |source: &str| rows.iter().filter(|row| row["source"] == source).count();
    (of("lists"), of("users"))
}

#[tokio::test(start_paused = true)]
async fn lists_say_of_every_user_what_reading_the_user_says() {
    let city = city().await;
    let lists = Seat::of(&city.sim).set(&ALL[..1]).run("status --json").await;
    let fresh = Seat::of(&city.sim).set(&ALL[..1]).run("status --fresh --json").await;
    let (of_lists, of_users) = (said(&lists), said(&fresh));
    for (of_lists, of_users) in of_lists.iter().zip(&of_users) {
        assert_eq!(of_lists, of_users);
    }
    assert_eq!(of_lists.len(), of_users.len());
    // The stranger's second key is in no label, so lists do not tell which key is which.
    assert_eq!(sources(&lists.json()), (72, 2), "{}", lists.out);
    assert_eq!(sources(&fresh.json()), (0, 74));
    assert!(lists.err.contains("69 of 70 users are read from lists: data up to 4 h old"), "{}", lists.err);
    assert!(!fresh.err.contains("lists"), "{}", fresh.err);
}

#[tokio::test(start_paused = true)]
async fn a_plan_from_lists_has_the_actions_of_a_plan_from_users() {
    let city = city().await;
    for nth in 0..60 {
        city.user(&format!("unmanaged-{nth:02}"), 150);
    }
    city.sim.advance(hours(5));
    let plan = async |line: &str| {
        let ran = Seat::of(&city.sim).set(&ALL[..1]).set(&[("ROTATOR_MODE", "enforce")]).run(line).await;
        let rows = ran.json();
        let users: Vec<Value> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let kinds = |name: &str| -> Vec<Value> {
                    row[name].as_array().into_iter().flatten().map(|one| one["kind"].clone()).collect()
                };
                json!({"user": row["user"], "actions": kinds("actions"), "findings": kinds("findings")})
            })
            .collect();
        (users, sources(&rows))
    };
    let (lists, of_lists) = plan("plan --json").await;
    let (fresh, of_users) = plan("plan --fresh --json").await;
    // --fresh reads those too whom the credential report shows to need nothing.
    let (planned, others): (Vec<Value>, Vec<Value>) =
        fresh.into_iter().partition(|of_user| lists.iter().any(|listed| listed["user"] == of_user["user"]));
    assert_eq!(lists, planned);
    assert!(
        others.iter().all(|user| user["actions"] == json!([]) && user["findings"] == json!([])),
        "{others:?}"
    );
    assert!(of_lists.0 >= 60 && of_lists.1 == 1 && of_users.0 == 0, "{of_lists:?} {of_users:?}");
}

#[tokio::test(start_paused = true)]
async fn five_thousand_users_cost_pages_of_three_lists() {
    let fleet = Fleet::new(&ALL);
    for nth in 0..2500 {
        fleet.enrolled(&format!("user-{nth:04}"), 30);
        fleet.user(&format!("unmanaged-{nth:04}"), 200);
    }
    for line in ["status --json", "plan --mode enforce --json"] {
        fleet.sim.clear_journal();
        let begin = fleet.sim.now();
        let rows = Seat::of(&fleet.sim).set(&ALL[..1]).run(line).await.json();
        assert_eq!(rows.as_array().unwrap().len(), if line.starts_with("status") { 5000 } else { 2500 });
        let calls: Vec<String> = fleet.sim.journal().into_iter().map(|call| call.operation).collect();
        let of = |operation: &str| calls.iter().filter(|call| *call == operation).count();
        assert_eq!((of("ListSecrets"), of("GetAccountAuthorizationDetails")), (25, 5), "{line}");
        assert!(calls.len() <= 40, "{line}: {calls:?}");
        assert!(fleet.sim.now().duration_since(begin).unwrap().as_secs() < 60, "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_for_the_list_of_tags_users_are_read_one_by_one() {
    let city = city().await;
    city.sim.add_fault(Fault::on("GetAccountAuthorizationDetails", 1, FaultKind::Denied));
    let ran = Seat::of(&city.sim).set(&ALL[..1]).run("status --json").await;
    assert_eq!(sources(&ran.json()).0, 0);
    assert!(ran.err.contains("iam:GetAccountAuthorizationDetails is denied"), "{}", ran.err);
    assert!(ran.err.contains("reading users one by one: 70 users, about 1 minute"), "{}", ran.err);
    // Any other failure is one.
    for nth in 1..=3 {
        city.sim.add_fault(Fault::on("GetAccountAuthorizationDetails", nth, FaultKind::Error5xx));
    }
    Seat::of(&city.sim).set(&ALL[..1]).run("status --json").await.ends(1);
}

#[tokio::test(start_paused = true)]
async fn a_table_from_lists_says_how_old_it_may_be() {
    let city = city().await;
    Seat::of(&city.sim).set(&ALL[..1]).run("status").await.is_as("status_lists").ends(0);
}
