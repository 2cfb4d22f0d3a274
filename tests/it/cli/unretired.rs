//! `status` and `doctor` say when nothing will retire a superseded key.

use simulator::FunctionSetup;

use super::Seat;
use crate::fleet::Fleet;
use crate::stage::{FUNCTION, TOPIC, days};

async fn rotated(users: usize) -> (Fleet, Vec<String>) {
    let fleet = Fleet::new(&[]);
    let mut old = Vec::new();
    for nth in 0..users {
        let (key, arn) = fleet.enrolled(&format!("user-{nth}"), 10);
        assert!(fleet.sim.rotate(&arn).await.succeeded);
        old.push(key.access_key_id);
    }
    fleet.sim.advance(days(2));
    (fleet, old)
}

#[tokio::test(start_paused = true)]
async fn in_an_audit_the_key_and_the_remedy_are_named() {
    let (fleet, old) = rotated(1).await;
    let audit = [("ROTATOR_MODE", "audit")];
    let line = format!(
        "Nothing will retire superseded key {} of user-0 (the sweep runs in mode audit). \
         Set ROTATOR_MODE to retire on the sweep function; or retire now: `iam-key-rotator sweep --apply --mode \
         retire --user user-0`.",
        old[0]
    );
    let status = Seat::of(&fleet.sim).set(&audit).run("status").await;
    status.ends(0);
    assert!(status.out.ends_with(&format!("{line}\n")), "{}", status.out);
    let json = Seat::of(&fleet.sim).set(&audit).run("status --json").await;
    assert!(json.err.contains(&line), "{}", json.err);
    for line in ["doctor user-0", "doctor"] {
        let doctor = Seat::of(&fleet.sim).set(&audit).run(line).await;
        let told = format!("nothing will retire superseded key {} of user-0", old[0]);
        assert!(doctor.out.contains(&told) && doctor.code == 3, "{}", doctor.out);
    }
    // The remedy is what it says.
    let remedy = "sweep --apply --mode retire --user user-0";
    Seat::of(&fleet.sim).set(&audit).types("yes\n").run(remedy).await.ends(0);
    assert_eq!(fleet.keys("user-0").iter().filter(|(_, active)| *active).count(), 1);
    assert!(!Seat::of(&fleet.sim).set(&audit).run("status").await.out.contains("Nothing will retire"));
}

#[tokio::test(start_paused = true)]
async fn where_no_sweep_is_known_that_is_said_and_where_one_acts_nothing() {
    let (fleet, old) = rotated(12).await;
    // As where the rotation function is deployed alone.
    fleet.stage.deploy(&[("ROTATOR_ALERT_TOPIC_ARN", TOPIC)]);
    let status = Seat::of(&fleet.sim).run("status").await;
    let told = "No sweep is known that retires superseded keys ";
    assert!(
        status.out.contains(told)
            && status.out.contains(" and 2 more (neither --function nor ROTATOR_MODE is set). "),
        "{}",
        status.out
    );
    assert!(status.out.contains("Pass `--function NAME`"), "{}", status.out);
    // Nor does the rotation function know of one.
    let role = "arn:aws:iam::111122223333:role/rotation";
    fleet.sim.set_up_function(FUNCTION, FunctionSetup::of_role(role));
    let doctor = Seat::of(&fleet.sim).run("doctor user-0").await;
    let told =
        format!("unknown  keys: no sweep is known that retires superseded key {} of user-0 (neither", old[0]);
    assert!(doctor.out.contains(&told), "{}", doctor.out);
    for mode in ["retire", "enforce"] {
        for line in ["status", "doctor user-0"] {
            let ran = Seat::of(&fleet.sim).set(&[("ROTATOR_MODE", mode)]).run(line).await;
            assert!(!ran.out.to_lowercase().contains("that retires"), "{mode} {line}: {}", ran.out);
            assert!(!ran.out.to_lowercase().contains("will retire"), "{mode} {line}: {}", ran.out);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_rotation_functions_own_setting_tells_doctor_of_the_sweep() {
    let (fleet, _) = rotated(1).await;
    for (mode, told) in [("audit", "the sweep runs in mode audit"), ("retire", "")] {
        let variables = [("ROTATOR_MODE".to_owned(), mode.to_owned())].into();
        let role = FunctionSetup::of_role("arn:aws:iam::111122223333:role/rotation");
        fleet.sim.set_up_function(FUNCTION, FunctionSetup { variables, ..role });
        for line in ["doctor user-0", "doctor"] {
            let ran = Seat::of(&fleet.sim).run(line).await;
            assert_eq!(ran.out.contains("that retires") || ran.out.contains("will retire"), mode == "audit");
            assert!(ran.out.contains(told), "{}", ran.out);
        }
    }
}
