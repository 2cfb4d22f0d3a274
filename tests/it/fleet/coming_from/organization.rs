//! Coming from a rotator for an AWS organization, 90, 100 and 110 days.

use serde_json::{Value, json};
use simulator::{Fault, FaultKind, KeyPair};

use super::{Move, key_in_use, label_versions, value_of, works};
use crate::fleet::plan_of;
use crate::stage::{ACCOUNT, REGION, days};

const FIELDS: [&str; 2] = ["AccessKeyId", "SecretAccessKey"];
const MEMBER: &str = "444455556666";
const SUSPENDED: &str = "777788889999";
const GROUP: &str = "IAMKeyRotationExemptionGroup";
const EXTERNAL_ID: &str = "choose-a-word-of-your-own";
const OWNER: &str = "owner@example.com";

/// An organization whose members have the role that the page has made.
fn moved(more: &[(&'static str, &'static str)]) -> Move {
    let moved = Move::from("organization", more);
    let sim = &moved.fleet.sim;
    sim.create_organization(ACCOUNT);
    let root = sim.root_id();
    for (account, name, owner) in [(MEMBER, "Build", OWNER), (SUSPENDED, "Old", "old@example.com")] {
        sim.add_account(account, name, owner, &root);
        sim.create_role(account, "key-rotation", vec![ACCOUNT.to_owned()], Some(EXTERNAL_ID.to_owned()));
    }
    sim.set_account_state(SUSPENDED, "SUSPENDED");
    moved
}

fn user(moved: &Move, account: &str, name: &str, age: u64) -> KeyPair {
    let sim = &moved.fleet.sim;
    sim.create_user(account, name);
    sim.create_access_key_at(account, name, sim.now() - days(age))
}

fn event(account: &str) -> Value {
    json!({"account": account, "name": "Build", "email": OWNER})
}

fn secret_of(moved: &Move, account: &str, user: &str) -> String {
    moved.fleet.secret(&format!("Account_{account}_User_{user}_AccessKey")).arn
}

/// A day goes by: Secrets Manager's schedules, the inventory, an event for each account it names.
async fn day_of_inventory(moved: &Move) -> Vec<Value> {
    let fleet = &moved.fleet;
    fleet.sim.advance(days(1));
    fleet.sim.run_due_rotations().await;
    let inventory = fleet.send(json!({"action": "accounts"})).await.unwrap();
    let mut answers = Vec::new();
    for account in inventory["accounts"].as_array().unwrap() {
        answers.push(fleet.send(account.clone()).await.unwrap());
    }
    answers
}

async fn inventories_to(moved: &Move, day: u64) {
    while moved.today() < day {
        day_of_inventory(moved).await;
    }
}

fn mails_to(moved: &Move, address: &str) -> Vec<String> {
    let told = moved.told().into_iter();
    told.filter_map(|line| line.contains(address).then(|| line.replace(&format!(" {address}"), ""))).collect()
}

#[tokio::test(start_paused = true)]
async fn coming_from_organization_rotation_at_90_deactivation_at_100_deletion_at_110_each_announced_a_week_ahead()
 {
    let moved = moved(&[]);
    user(&moved, MEMBER, "app", 0);
    moved.fleet.sim.tag_user(MEMBER, "app", "email", "app@example.com");
    let mut states: Vec<(u64, String)> = Vec::new();
    while moved.today() < 205 {
        // Whoever uses the key reads it from the secret, once there is one.
        let newest = moved.fleet.sim.keys(MEMBER, "app").into_iter().max_by_key(|key| key.created).unwrap();
        moved.fleet.sim.use_key(&newest.id, "s3", REGION);
        day_of_inventory(&moved).await;
        let keys = moved.keys(MEMBER, "app").join(" ");
        if states.last().is_none_or(|(_, last)| *last != keys) {
            states.push((moved.today(), keys));
        }
    }
    let states: Vec<String> = states.into_iter().map(|(day, keys)| format!("{day}: {keys}")).collect();
    assert_eq!(
        states,
        ["1: 0+", "90: 0+ 90+", "100: 0- 90+", "110: 90+", "180: 90+ 180+", "190: 90- 180+", "200: 180+"]
    );
    assert_eq!(
        mails_to(&moved, "app@example.com"),
        [
            "83: Access key of app: rotation on day 90 (in 7 days)",
            "90: New access key for app: KEY",
            "93: Access key of app: deactivation on day 100 (in 7 days)",
            "100: Access key of app: deactivated",
            "103: Access key of app: deletion on day 110 (in 7 days)",
            "110: Access key of app: deleted",
            "173: Access key of app: rotation on day 180 (in 7 days)",
            "180: New access key for app: KEY",
            "183: Access key of app: deactivation on day 190 (in 7 days)",
            "190: Access key of app: deactivated",
            "193: Access key of app: deletion on day 200 (in 7 days)",
            "200: Access key of app: deleted",
        ]
    );
    // The owner and the administrator have a digest of each day on which something was done or said.
    let owner: Vec<String> = mails_to(&moved, OWNER);
    assert_eq!(owner, mails_to(&moved, "admin@example.com"));
    assert_eq!(owner[0], format!("83: Key sweep of account {MEMBER}: 1 action, 0 findings"));
    assert!(moved.fleet.alerts().is_empty(), "{:?}", moved.fleet.alerts());
    let arn = secret_of(&moved, MEMBER, "app");
    key_in_use(&moved.fleet.sim, &arn, FIELDS);
    let value = value_of(&moved.fleet.sim, &arn, "AWSCURRENT");
    assert_eq!((&value["UserName"], &value["Status"]), (&json!("app"), &json!("Active")));
    assert!(value["CreateDate"].as_str().unwrap().starts_with("2026-06-30"), "{value}");
    let policy: Value = serde_json::from_str(&moved.fleet.sim.secret(&arn).policy.unwrap()).unwrap();
    assert_eq!(policy["Statement"][0]["Principal"]["AWS"], format!("arn:aws:iam::{MEMBER}:user/app"));
    assert!(moved.fleet.sim.secret_arns(MEMBER, REGION).is_empty(), "secrets are kept centrally");
}

#[tokio::test(start_paused = true)]
async fn coming_from_organization_an_audit_changes_nothing_and_its_mails_say_what_enforcing_then_does() {
    let audit = [("ROTATOR_MODE", "audit")];
    let moved = moved(&audit);
    let key = user(&moved, MEMBER, "app", 80);
    inventories_to(&moved, 11).await;
    assert_eq!(moved.keys(MEMBER, "app").len(), 1);
    assert!(moved.fleet.secrets().is_empty() && works(&moved.fleet.sim, &key));
    let told = moved.told();
    assert!(told.iter().all(|line| line.contains(OWNER) || line.contains("admin@example.com")), "{told:#?}");
    assert!(
        told.contains(&format!(
            "10 {OWNER}: Key audit of account {MEMBER}: 2 actions would be done, 0 findings"
        )),
        "{told:#?}"
    );
    let audited = plan_of(&moved.fleet.send(event(MEMBER)).await.unwrap());
    moved.fleet.deploy(&super::page::blocks("organization")[0]);
    let mut dryrun = event(MEMBER);
    dryrun["dryrun"] = json!(true);
    assert_eq!(plan_of(&moved.fleet.send(dryrun).await.unwrap()), audited);
    assert_eq!(moved.keys(MEMBER, "app").len(), 1, "a dry run of a deployment that enforces");
    assert_eq!(plan_of(&moved.fleet.send(event(MEMBER)).await.unwrap()), audited);
    key_in_use(&moved.fleet.sim, &secret_of(&moved, MEMBER, "app"), FIELDS);
}

#[tokio::test(start_paused = true)]
async fn coming_from_organization_a_mode_that_nobody_has_set_starts_no_rotation() {
    let settings: Vec<_> = super::page::blocks("organization")
        .swap_remove(0)
        .into_iter()
        .filter(|(name, _)| *name != "ROTATOR_MODE")
        .collect();
    let owned = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = iam_key_rotator::config::SweepConfig::from_variables(owned).unwrap();
    assert_eq!(config.mode, iam_key_rotator::config::Mode::Retire);
}

#[tokio::test(start_paused = true)]
async fn coming_from_organization_members_of_the_exempt_group_keep_their_keys_on_whichever_page_of_it_they_are()
 {
    let moved = moved(&[]);
    let sim = &moved.fleet.sim;
    sim.create_group(MEMBER, GROUP);
    let exempt: Vec<_> = (0..5)
        .map(|nth| {
            let name = format!("exempt-{nth}");
            let key = user(&moved, MEMBER, &name, 200);
            sim.add_to_group(MEMBER, GROUP, &name);
            (name, key)
        })
        .collect();
    user(&moved, MEMBER, "app", 90);
    sim.add_fault(Fault::on("GetGroup", 0, FaultKind::Denied));
    let error = moved.fleet.send(event(MEMBER)).await.unwrap_err();
    assert_eq!(error.error_type, "AccessDenied", "not read is not the same as not exempt");
    assert!(moved.fleet.secrets().is_empty());
    sim.clear_faults();
    inventories_to(&moved, 30).await;
    for (name, key) in &exempt {
        assert_eq!(moved.keys(MEMBER, name).len(), 1);
        assert!(works(sim, key));
    }
    assert_eq!(moved.fleet.secrets(), [secret_of(&moved, MEMBER, "app")]);
    assert_eq!(moved.keys(MEMBER, "app"), ["1+"]);
}

#[tokio::test(start_paused = true)]
async fn coming_from_organization_force_rotates_one_user_once_however_often_the_event_comes() {
    let moved = moved(&[]);
    let old = user(&moved, MEMBER, "app", 5);
    let other = user(&moved, MEMBER, "other", 100);
    let mut force = event(MEMBER);
    force["ForceRotate"] = json!("app");
    moved.fleet.send(force.clone()).await.unwrap();
    let arn = secret_of(&moved, MEMBER, "app");
    let new = key_in_use(&moved.fleet.sim, &arn, FIELDS);
    assert_ne!(new, old.access_key_id);
    for _ in 0..3 {
        let again = moved.fleet.send(force.clone()).await.unwrap();
        assert_eq!(again["actions"], json!({}), "{again}");
        moved.fleet.sim.advance(days(1));
    }
    assert_eq!(key_in_use(&moved.fleet.sim, &arn, FIELDS), new);
    assert!(works(&moved.fleet.sim, &old), "it has its overlap");
    assert!(works(&moved.fleet.sim, &other));
    assert_eq!(moved.keys(MEMBER, "other").len(), 1, "nobody has asked for it");
    inventories_to(&moved, 30).await;
    assert_eq!(moved.keys(MEMBER, "app"), ["0+"]);
}

#[tokio::test(start_paused = true)]
async fn coming_from_organization_a_user_without_an_address_is_announced_to_the_accounts_owner() {
    let moved = moved(&[]);
    user(&moved, MEMBER, "app", 80);
    inventories_to(&moved, 31).await;
    let mut mails = mails_to(&moved, OWNER);
    mails.retain(|line| line.contains("Access key of app"));
    assert_eq!(
        mails,
        [
            "3: Access key of app: rotation on day 10 (in 7 days)",
            "13: Access key of app: deactivation on day 20 (in 7 days)",
            "20: Access key of app: deactivated",
            "23: Access key of app: deletion on day 30 (in 7 days)",
            "30: Access key of app: deleted",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn coming_from_organization_a_secret_of_the_old_system_is_taken_over_in_the_middle_of_a_round_and_mails_go_where_its_tag_says()
 {
    let moved = moved(&[]);
    let sim = &moved.fleet.sim;
    let old = user(&moved, MEMBER, "app", 95);
    let current = sim.create_access_key_at(MEMBER, "app", sim.now() - days(5));
    let value = |key: &KeyPair| {
        json!({"UserName": "app", "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key, "Status": "Active", "CreateDate": "2025-12-27"})
    };
    let bound = format!("arn:aws:iam::{MEMBER}:user/app");
    let tags = [("iam-key-rotator:email", OWNER)];
    let name = format!("Account_{MEMBER}_User_app_AccessKey");
    let arn = sim.create_secret(&name, Some(&value(&old).to_string()), &tags);
    sim.put_secret_value(&arn, &value(&current).to_string());
    label_versions(sim, &arn, FIELDS[0]);
    moved.enroll(&arn, &bound, 90).await;
    inventories_to(&moved, 84).await;
    assert_eq!(key_in_use(sim, &arn, FIELDS), current.access_key_id);
    inventories_to(&moved, 106).await;
    assert_eq!(moved.fleet.secrets(), std::slice::from_ref(&arn));
    key_in_use(sim, &arn, FIELDS);
    assert_eq!(moved.keys(MEMBER, "app"), ["85+"]);
    let mut mails = mails_to(&moved, OWNER);
    mails.retain(|line| !line.contains("Key sweep"));
    assert_eq!(
        mails,
        [
            "1: Access key of app: deactivation on day 5 (in 4 days)",
            "5: Access key of app: deactivated",
            "8: Access key of app: deletion on day 15 (in 7 days)",
            "15: Access key of app: deleted",
            "78: Access key of app: rotation on day 85 (in 7 days)",
            "85: New access key for app: KEY",
            "88: Access key of app: deactivation on day 95 (in 7 days)",
            "95: Access key of app: deactivated",
            "98: Access key of app: deletion on day 105 (in 7 days)",
            "105: Access key of app: deleted",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn coming_from_organization_the_own_account_is_swept_by_the_same_event_and_keys_nobody_uses_get_no_successor()
 {
    let moved = moved(&[]);
    user(&moved, ACCOUNT, "local", 90);
    let idle = user(&moved, MEMBER, "idle", 200);
    moved.fleet.sim.set_key_status(&idle.access_key_id, false);
    moved.fleet.sim.create_user(MEMBER, "bare");
    user(&moved, SUSPENDED, "gone", 200);
    for _ in 0..3 {
        day_of_inventory(&moved).await;
    }
    assert_eq!(moved.fleet.secrets(), [secret_of(&moved, ACCOUNT, "local")]);
    key_in_use(&moved.fleet.sim, &secret_of(&moved, ACCOUNT, "local"), FIELDS);
    assert_eq!(moved.fleet.sim.keys(MEMBER, "idle").len(), 1);
    assert!(moved.fleet.sim.keys(MEMBER, "bare").is_empty());
    assert_eq!(moved.fleet.sim.keys(SUSPENDED, "gone").len(), 1);
}
