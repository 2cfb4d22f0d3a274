//! What a sweep costs in calls and simulated time, for accounts of many sizes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::Simulator;

use super::tell;
use crate::fleet::organization::{EXTERNAL_ID, Organization, ROTATION_ROLE, SWEEP_ROLE};
use crate::fleet::{Fleet, SWEEP};
use crate::stage::{FUNCTION, setting};

const LATENCY: Duration = Duration::from_millis(20);

/// `USERS` with keys of `AGE` days in each of `ACCOUNTS`, swept one account after another, as one
/// function would.
#[tokio::test(start_paused = true)]
async fn sweep() {
    let (users, accounts) = (setting("USERS").unwrap_or(100), setting("ACCOUNTS").unwrap_or(1));
    let age = setting("AGE").unwrap_or(30);
    if accounts == 1 {
        let fleet = Fleet::new(&[]);
        for nth in 0..users {
            fleet.enrolled(&format!("user-{nth:05}"), age);
        }
        // AWS's pages.
        fleet.sim.update(|options| options.page_size = 100);
        measure(&fleet.sim, &[json!({})], users).await;
    } else {
        let (organization, events) = organization_of(users, accounts, age);
        measure(&organization.sim, &events, users).await;
    }
}

fn organization_of(users: u64, accounts: u64, age: u64) -> (Organization, Vec<Value>) {
    let organization = Organization::new(&[("ROTATOR_SCOPE", "enrolled"), ("ROTATOR_KMS_KEY_ID", "")]);
    let sim = &organization.sim;
    sim.update(|options| options.page_size = 100);
    let root = sim.root_id();
    let mut events = Vec::new();
    for nth in 0..accounts {
        let account = format!("{:012}", 700_000_000_000 + nth);
        sim.add_account(&account, &format!("member-{nth}"), &format!("m{nth}@example.com"), &root);
        sim.create_role(&account, "key-rotation", vec![ROTATION_ROLE.into()], Some(EXTERNAL_ID.into()));
        sim.create_role(&account, "key-sweep", vec![SWEEP_ROLE.into()], Some(EXTERNAL_ID.into()));
        sim.add_permission(FUNCTION, &account);
        for user in 0..users {
            enroll(sim, &account, &format!("user-{user:05}"), age);
        }
        events.push(json!({"account": account, "name": "n", "email": "m@example.com", "marker": null}));
    }
    (organization, events)
}

/// A user of a member account whose secret holds a key of this age, labelled as by a rotation.
fn enroll(sim: &Simulator, account: &str, user: &str, age: u64) {
    sim.create_user(account, user);
    let key = sim.create_access_key_at(account, user, sim.now() - crate::stage::days(age));
    let value = json!({"UserName": user, "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key});
    let tags = [("iam-key-rotator:user", user)];
    let arn = sim.create_secret_in(account, crate::stage::REGION, user, Some(&value.to_string()), &tags);
    let version = sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
    sim.set_label(&arn, &version, &key.access_key_id);
    sim.set_rotation(&arn, FUNCTION);
}

async fn measure(sim: &Simulator, events: &[Value], users: u64) {
    sim.clear_journal();
    sim.update(|options| options.latency = LATENCY);
    let begun = tokio::time::Instant::now();
    for event in events {
        sim.invoke(SWEEP, event.clone()).await.unwrap();
        // A sweep whose time is up goes on in an invocation of its own.
        sim.events_finished().await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for call in sim.journal() {
        if call.caller.contains("sweep") {
            *calls.entry(call.operation).or_default() += 1;
        }
    }
    tell(&json!({"users": users, "accounts": events.len(), "calls": calls, "seconds": seconds}));
}
