//! `reactivate`: a key that something still needs works again.

use simulator::{Fault, FaultKind};

use super::{Ran, Seat};
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, days, hours};

/// A user whose superseded key was deactivated: the key's id, and the secret's ARN.
pub async fn deactivated(overlap: &str) -> (Fleet, String, String) {
    let fleet = Fleet::new(&[("ROTATOR_OVERLAP", overlap)]);
    let (old, arn) = fleet.enrolled("ci-bot", 10);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet.sim.advance(days(8));
    fleet.sim.set_key_status(&old.access_key_id, false);
    (fleet, old.access_key_id, arn)
}

fn is_active(fleet: &Fleet, key: &str) -> bool {
    fleet.keys("ci-bot").iter().any(|(known, active)| known == key && *active)
}

async fn typed(fleet: &Fleet, typed: &str, line: &str) -> Ran {
    Seat::of(&fleet.sim).set(&[("ROTATOR_OVERLAP", "7d")]).types(typed).run(line).await
}

#[tokio::test(start_paused = true)]
async fn a_key_is_active_again_after_a_typed_yes_and_the_next_step_is_said() {
    let (fleet, old, _) = deactivated("7d").await;
    let line = format!("reactivate ci-bot {old}");
    for answer in ["", "no\n", "y\n"] {
        let ran = typed(&fleet, answer, &line).await;
        ran.ends(1);
        assert!(ran.out.contains("Nothing was changed.") && !is_active(&fleet, &old), "{}", ran.out);
    }
    typed(&fleet, "yes\n", &line).await.is_as("reactivate").ends(0);
    assert!(is_active(&fleet, &old));
    let again = typed(&fleet, "", &line).await;
    again.ends(0);
    assert!(again.out.contains("Nothing to do: key"), "{}", again.out);
    let calls = fleet.sim.journal().into_iter().filter(|call| call.operation == "UpdateAccessKey");
    assert_eq!(calls.filter(|call| call.caller.contains("operator")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_the_users_is_refused() {
    let (fleet, old, _) = deactivated("7d").await;
    fleet.user("other", 10);
    for (line, problem) in [
        (format!("reactivate other {old} --yes"), "user other has no key"),
        (format!("reactivate nobody {old} --yes"), "user nobody does not exist"),
    ] {
        let ran = typed(&fleet, "", &line).await;
        ran.ends(1);
        assert!(ran.err.contains(problem) && ran.err.contains("Nothing was changed"), "{}", ran.err);
    }
    assert!(!is_active(&fleet, &old));
    typed(&fleet, "", "reactivate ci-bot").await.ends(2);
}

#[tokio::test(start_paused = true)]
async fn it_says_what_becomes_of_each_kind_of_key() {
    let (fleet, old, arn) = deactivated("1h").await;
    let current = fleet.working_key("ci-bot");
    let run = async |key: &str, settings: &[(&str, &str)]| {
        fleet.sim.set_key_status(key, false);
        let ran = Seat::of(&fleet.sim).set(settings).run(&format!("reactivate ci-bot {key} --yes")).await;
        ran.ends(0);
        ran.out
    };
    let short = run(&old, &[("ROTATOR_OVERLAP", "1h")]).await;
    assert!(short.contains("holds it for 1 day"), "{short}");
    fleet.sim.tag_secret(&arn, "iam-key-rotator:overlap", "10d");
    let own = run(&old, &[("ROTATOR_OVERLAP", "1h")]).await;
    assert!(own.contains("holds it for 10 days"), "{own}");
    let audit = run(&old, &[("ROTATOR_MODE", "audit")]).await;
    assert!(audit.contains("mode audit") && !audit.contains("holds it"), "{audit}");
    assert!(run(&current, &[]).await.contains("It is the key in AWSCURRENT"));
    fleet.sim.delete_access_key(&old);
    let stranger = fleet.key("ci-bot", 3).access_key_id;
    assert!(run(&stranger, &[]).await.contains("UnknownKey"));
    let bare = fleet.user("bare", 3).access_key_id;
    fleet.sim.set_key_status(&bare, false);
    let ran = Seat::of(&fleet.sim).run(&format!("reactivate bare {bare} --yes")).await;
    assert!(ran.out.contains("no sweep deactivates it"), "{}", ran.out);
    assert_eq!(
        fleet
            .sim
            .journal()
            .iter()
            .filter(|call| call.account == ACCOUNT
                && call.operation == "GetSecretValue"
                && call.caller.contains("operator"))
            .count(),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn permission_to_change_keys_is_enough() {
    let (fleet, old, _) = deactivated("7d").await;
    for operation in ["ListSecrets", "GetAccessKeyLastUsed", "GetAccessKeyLastUsed"] {
        fleet.sim.add_fault(Fault::on(operation, 0, FaultKind::Denied));
    }
    let ran = typed(&fleet, "yes\n", &format!("reactivate ci-bot {old}")).await;
    ran.ends(0);
    assert!(ran.err.contains("roles are not known") && is_active(&fleet, &old), "{}", ran.err);
    fleet.sim.set_key_status(&old, false);
    fleet.sim.add_fault(Fault::on("UpdateAccessKey", 0, FaultKind::Denied));
    typed(&fleet, "yes\n", &format!("reactivate ci-bot {old}")).await.ends(1);
}

#[tokio::test(start_paused = true)]
async fn the_sweep_then_does_what_the_command_said() {
    let settings = [("ROTATOR_MODE", "retire"), ("ROTATOR_OVERLAP", "3d")];
    let fleet = Fleet::new(&settings);
    let (old, arn) = fleet.enrolled("ci-bot", 10);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    let old = old.access_key_id;
    for _ in 0..4 {
        fleet.day().await;
    }
    assert!(!is_active(&fleet, &old), "its overlap has ended");
    let ran = Seat::of(&fleet.sim).set(&settings).run(&format!("reactivate ci-bot {old} --yes")).await;
    assert!(ran.out.contains("holds it for 3 days"), "{}", ran.out);
    // The sweep reads statuses from IAM's credential report, which is up to four hours old.
    fleet.sim.advance(hours(5));
    let seen = fleet.sweep().await;
    assert!(seen["found"].to_string().contains("Reactivated"), "{seen}");
    for _ in 0..2 {
        fleet.day().await;
        assert!(is_active(&fleet, &old));
    }
    for _ in 0..2 {
        fleet.day().await;
    }
    assert!(!is_active(&fleet, &old), "the hold has ended");
}
