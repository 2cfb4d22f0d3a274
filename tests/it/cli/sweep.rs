//! `sweep --apply`: shown, confirmed, and then nothing but what was shown.

use super::{Ran, Seat, town};
use crate::fleet::{Fleet, SWEEP};
use crate::stage::{ACCOUNT, FUNCTION, days};
use simulator::FunctionSetup;
use tokio::sync::watch;

const ENFORCE: [(&str, &str); 1] = [("ROTATOR_MODE", "enforce")];

fn rotations(fleet: &Fleet) -> usize {
    fleet.sim.journal().iter().filter(|call| call.operation == "RotateSecret").count()
}

async fn typed(fleet: &Fleet, typed: &str, line: &str) -> Ran {
    Seat::of(&fleet.sim).set(&ENFORCE).types(typed).run(line).await
}

#[tokio::test(start_paused = true)]
async fn the_plan_is_what_the_sweep_then_does() {
    let town = town();
    let plan = Seat::of(&town.sim).set(&ENFORCE).run("plan").await;
    plan.is_as("plan").ends(0);
    assert_eq!(town.sim.rotation_reports(&town.secret("due").arn).len(), 0, "a plan changes nothing");
    let planned = Seat::of(&town.sim).set(&ENFORCE).run("plan --json").await.json();
    let done = Seat::of(&town.sim).set(&ENFORCE).run("sweep --apply --yes --json").await;
    done.ends(0);
    assert_eq!(done.json(), planned);
    town.settle().await;
    assert_eq!(town.keys("due").len(), 2);
    town.working_key("due");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_without_apply_changes_nothing_and_with_it_says_what_it_did() {
    let town = town();
    let ran = Seat::of(&town.sim).set(&ENFORCE).run("sweep").await;
    ran.ends(0);
    assert!(ran.out.contains("Nothing was changed. To do this: `"), "{}", ran.out);
    assert_eq!(town.keys("due").len(), 1);
    typed(&town, ACCOUNT, "sweep --apply").await.is_as("sweep_apply").ends(0);
    assert_eq!(rotations(&town), 1);
}

#[tokio::test(start_paused = true)]
async fn a_whole_account_is_changed_only_once_its_alias_or_number_is_typed() {
    let town = town();
    town.sim.set_account_alias(ACCOUNT, "prod");
    for wrong in ["", "yes\n", "y\n", "444455556666\n", "PROD\n"] {
        let ran = typed(&town, wrong, "sweep --apply").await;
        ran.ends(1);
        assert!(ran.out.contains("Nothing was changed.") && ran.err.contains("alias (prod)"), "{}", ran.err);
    }
    assert_eq!(rotations(&town), 0);
    typed(&town, "prod\n", "sweep --apply").await.ends(0);
    assert_eq!(rotations(&town), 1);
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_to_read_the_alias_the_number_serves() {
    let town = town();
    town.sim.set_account_alias(ACCOUNT, "prod");
    town.sim.add_fault(simulator::Fault::on("ListAccountAliases", 0, simulator::FaultKind::Denied));
    typed(&town, "prod\n", "sweep --apply").await.ends(1);
    assert_eq!(rotations(&town), 0);
    town.sim.add_fault(simulator::Fault::on("ListAccountAliases", 0, simulator::FaultKind::Denied));
    let ran = typed(&town, "111122223333\n", "sweep --apply").await;
    ran.ends(0);
    assert!(ran.err.contains("number (111122223333)"), "{}", ran.err);
}

#[tokio::test(start_paused = true)]
async fn named_users_are_changed_on_a_typed_yes() {
    let town = town();
    typed(&town, "no\n", "sweep --apply --user due").await.ends(1);
    assert_eq!(rotations(&town), 0);
    let ran = typed(&town, "yes\n", "sweep --apply --user due").await;
    ran.ends(0);
    assert!(ran.err.contains("Change 1 user?"), "{}", ran.err);
    assert_eq!(rotations(&town), 1);
}

#[tokio::test(start_paused = true)]
async fn an_audit_is_acted_upon_only_where_the_command_line_names_another_mode() {
    let town = town();
    for (settings, line) in [
        (&[("ROTATOR_MODE", "audit")][..], "sweep --apply --yes"),
        (&[("ROTATOR_MODE", "enforce")], "sweep --apply --yes --mode audit"),
    ] {
        let ran = Seat::of(&town.sim).set(settings).run(line).await;
        ran.ends(2);
        assert!(ran.err.contains("--mode enforce"), "{}", ran.err);
    }
    for line in ["sweep --mode enforce", "sweep --yes", "sweep --apply --mode on"] {
        Seat::of(&town.sim).run(line).await.ends(2);
    }
    assert_eq!(rotations(&town), 0);
    Seat::of(&town.sim).run("sweep --apply --yes --mode enforce").await.ends(0);
    assert_eq!(rotations(&town), 1);
}

/// A user with a superseded key whose overlap has ended, and one whose key is due.
async fn half_done() -> (Fleet, String) {
    let fleet = Fleet::new(&[]);
    let (old, arn) = fleet.enrolled("rotated", 10);
    fleet.enrolled("due", 100);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet.sim.advance(days(2));
    (fleet, old.access_key_id)
}

#[tokio::test(start_paused = true)]
async fn the_plan_that_is_shown_is_that_of_the_mode_that_acts() {
    let (fleet, old) = half_done().await;
    let deactivation = format!("deactivate key {old}");
    for (settings, line) in [
        (&[][..], "plan"),
        (&[("ROTATOR_MODE", "retire")], "plan"),
        (&[("ROTATOR_MODE", "audit")], "plan --mode retire"),
        (&[("ROTATOR_MODE", "enforce")], "plan --mode retire"),
    ] {
        let plan = Seat::of(&fleet.sim).set(settings).run(line).await;
        plan.ends(0);
        assert!(plan.out.contains(&deactivation) && !plan.out.contains("rotate the secret"), "{}", plan.out);
        assert!(plan.out.contains("It enrolls nobody and requests no rotation"), "{}", plan.out);
    }
    for (settings, line) in [
        (&[("ROTATOR_MODE", "audit")][..], "plan"),
        (&[("ROTATOR_MODE", "enforce")], "plan"),
        (&[], "plan --mode enforce"),
    ] {
        let plan = Seat::of(&fleet.sim).set(settings).run(line).await;
        assert!(plan.out.contains(&deactivation) && plan.out.contains("rotate the secret"), "{}", plan.out);
    }
    assert_eq!(fleet.keys("rotated").len(), 2, "a plan changes nothing");
    let ran = Seat::of(&fleet.sim).types(ACCOUNT).run("sweep --apply").await;
    ran.is_as("sweep_retire").ends(0);
    assert_eq!(fleet.keys("rotated").iter().filter(|(_, active)| *active).count(), 1);
    assert_eq!(rotations(&fleet), 0);
}

#[tokio::test(start_paused = true)]
async fn plan_says_in_which_mode_the_deployed_sweep_acts() {
    let (fleet, _) = half_done().await;
    for (mode, line, told) in [
        (Some("retire"), "plan", "Function sweep runs in mode retire: it deactivates and later deletes"),
        (None, "plan", "Function sweep runs in mode retire: "),
        (Some("audit"), "plan", "Function sweep runs in mode audit: it changes nothing."),
        (
            Some("audit"),
            "plan --mode retire",
            "Function sweep runs in mode audit. This is the plan of mode retire",
        ),
        (Some("enforce"), "plan", "Function sweep runs in mode enforce: it enrolls users in scope"),
    ] {
        let function = ("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION);
        let variables = mode.map(|mode| ("ROTATOR_MODE", mode)).into_iter().chain([function]);
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let role = FunctionSetup::of_role("arn:aws:iam::111122223333:role/sweep");
        fleet.sim.set_up_function(SWEEP, FunctionSetup { variables, ..role });
        let mut seat = Seat::of(&fleet.sim);
        seat.settings.clear();
        let plan = seat.run(&format!("--function sweep {line}")).await;
        assert!(plan.out.contains(told), "{}", plan.out);
        let mut seat = Seat::of(&fleet.sim);
        seat.settings.clear();
        let json = seat.run(&format!("--function sweep {line} --json")).await;
        assert!(json.err.contains(told) && json.json().is_array(), "{}", json.err);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_shown_is_left_out_and_reported() {
    let town = town();
    town.enrolled("moving", 100);
    let sim = town.sim.clone();
    // While the operator reads the plan, somebody makes an inactive key, which would be deleted.
    town.sim.on_call(move |call| {
        if call.operation == "ListAccountAliases" {
            let key = sim.create_access_key_at(ACCOUNT, "moving", sim.now() - days(1));
            sim.set_key_status(&key.access_key_id, false);
        }
        Box::pin(async {})
    });
    let seat = Seat::of(&town.sim).set(&ENFORCE).set(&[("ROTATOR_RECOVERY", "0")]);
    let ran = seat.types("111122223333\n").run("sweep --apply").await;
    town.sim.clear_hooks();
    ran.ends(1);
    let done = ran.out.rsplit("in scope checked.").next().unwrap();
    assert!(done.contains("not done, delete key") && done.contains("left out"), "{}", ran.out);
    assert!(done.contains("1 action (1 request-rotation) done"), "{}", ran.out);
    town.settle().await;
    assert_eq!((town.keys("moving").len(), town.keys("due").len()), (2, 2));
    assert_eq!(town.sim.rotation_reports(&town.secret("moving").arn).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_command_that_plan_suggests_acts_on_the_same_users() {
    let town = town();
    town.enrolled("other", 100);
    let plan = Seat::of(&town.sim).run("--region eu-west-1 plan --mode enforce --user due").await;
    let command = plan.out.split('`').rfind(|part| part.starts_with("iam-key-rotator ")).unwrap();
    assert_eq!(
        command, "iam-key-rotator --region eu-west-1 sweep --apply --mode enforce --user due",
        "{}",
        plan.out
    );
    let pasted = command.trim_start_matches("iam-key-rotator ");
    Seat::of(&town.sim).types("yes\n").run(pasted).await.ends(0);
    town.settle().await;
    assert_eq!((town.keys("due").len(), town.keys("other").len()), (2, 1));
    let plan = Seat::of(&town.sim).set(&ENFORCE).run("plan").await;
    assert!(plan.out.contains("`iam-key-rotator sweep --apply`"), "{}", plan.out);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_follows_at_once_is_shown_before_it_is_done() {
    let settings = [("ROTATOR_MODE", "enforce"), ("ROTATOR_RECOVERY", "0")];
    let fleet = Fleet::new(&[("ROTATOR_RECOVERY", "0")]);
    let (old, arn) = fleet.enrolled("ci", 100);
    fleet.sim.rotate(&arn).await;
    fleet.sim.advance(days(2));
    let plan = Seat::of(&fleet.sim).set(&settings).run("plan --user ci").await;
    let deletion = format!("delete key {}", old.access_key_id);
    assert!(plan.out.contains(&deletion), "{}", plan.out);
    let planned = Seat::of(&fleet.sim).set(&settings).run("plan --user ci --json").await.json();
    let done = Seat::of(&fleet.sim).set(&settings).run("sweep --apply --user ci --yes --json").await;
    done.ends(0);
    let kinds = |json: &serde_json::Value| {
        json[0]["actions"].as_array().unwrap().iter().map(|a| a["kind"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&done.json()), kinds(&planned));
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_stops_before_the_next_action_and_says_where() {
    let town = town();
    for nth in 0..10 {
        town.enrolled(&format!("many-{nth}"), 100);
    }
    let (sender, interrupted) = watch::channel(false);
    let held = sender.clone();
    town.sim.on_call(move |call| {
        // The first rotation that is requested is the last.
        if call.operation == "RotateSecret" {
            held.send_replace(true);
        }
        Box::pin(async {})
    });
    let seat = Seat { interrupted, ..Seat::of(&town.sim).set(&ENFORCE) };
    let ran = seat.run("sweep --apply --yes").await;
    ran.ends(130);
    assert!(ran.err.contains("Stopped by Ctrl-C") && ran.err.contains("were not begun"), "{}", ran.err);
    town.sim.clear_hooks();
    town.settle().await;
    let rotated = (0..10).filter(|nth| town.keys(&format!("many-{nth}")).len() == 2).count();
    assert!(rotated < 6, "{rotated} of 10 were rotated after Ctrl-C");
    drop(sender);
    Seat::of(&town.sim).set(&ENFORCE).run("sweep --apply --yes").await.ends(0);
    town.settle().await;
    for nth in 0..10 {
        assert_eq!(town.keys(&format!("many-{nth}")).len(), 2);
    }
}
