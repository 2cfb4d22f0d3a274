//! `report`: the evidence in files, and the chain of them.

use std::fs;
use std::path::PathBuf;

use super::{Seat, town};
use crate::stage::{ACCOUNT, days};

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[tokio::test(start_paused = true)]
async fn each_format_is_written_and_names_every_user_with_keys() {
    let (town, folder) = (town(), folder("report-formats"));
    for form in ["html", "csv", "json"] {
        let file = folder.join(format!("keys.{form}"));
        let line = format!("report --format {form} --output {}", file.display());
        let ran = Seat::of(&town.sim).run(&line).await;
        ran.ends(0);
        assert!(ran.out.contains("SHA-256"), "{}", ran.out);
        let written = fs::read_to_string(&file).unwrap();
        for user in ["due", "young", "no-secret", "exempt", "turned-off", "stranger", "scheduled"] {
            assert!(written.contains(user), "{form}: {user}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn signed_reports_chain_and_a_changed_one_is_named() {
    let (town, folder) = (town(), folder("report-chain"));
    let file = |month: u32| folder.join(format!("keys-{month}.json"));
    for month in 1..=3 {
        let line = format!("report --format json --sign --output {}", file(month).display());
        Seat::of(&town.sim).run(&line).await.ends(0);
        town.sim.advance(days(30));
    }
    let verify = format!("report --verify {}.manifest.json", file(3).display());
    let ran = Seat::of(&town.sim).run(&verify).await;
    ran.ends(0);
    assert_eq!(ran.out.lines().count(), 3, "{}", ran.out);
    let text = fs::read_to_string(file(2)).unwrap();
    fs::write(file(2), text.replace("young", "older")).unwrap();
    let ran = Seat::of(&town.sim).run(&verify).await;
    ran.ends(1);
    assert!(ran.err.contains("keys-2.json"), "{}", ran.err);
}

#[tokio::test(start_paused = true)]
async fn before_it_reads_many_users_it_says_how_long_that_takes_and_keeps_its_word() {
    let town = town();
    let ran = Seat::of(&town.sim).run("report --format csv --output -").await;
    assert!(!ran.err.contains("one by one"), "a few users take no time: {}", ran.err);
    for nth in 0..600 {
        town.sim.create_user(ACCOUNT, &format!("batch-{nth}"));
        town.sim.create_access_key(ACCOUNT, &format!("batch-{nth}"));
    }
    // AWS makes no new credential report for four hours.
    town.sim.advance(days(1));
    let began = tokio::time::Instant::now();
    let ran = Seat::of(&town.sim).run("report --format csv --output -").await;
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    ran.ends(0);
    assert!(ran.err.contains("from IAM, one by one: about 2 minutes."), "{}", ran.err);
    assert!((1.2..2.5).contains(&minutes), "it took {minutes} minutes");
    assert!(!ran.out.contains("one by one"), "machine output has no prose in it");
}

#[tokio::test(start_paused = true)]
async fn without_an_output_it_says_what_is_missing() {
    let ran = Seat::of(&town().sim).run("report --format csv").await;
    ran.ends(2);
    assert!(ran.err.contains("--output"), "{}", ran.err);
}

#[tokio::test(start_paused = true)]
async fn a_report_goes_to_standard_output_with_nothing_else_in_it() {
    let town = town();
    let ran = Seat::of(&town.sim).run("report --format json --output -").await;
    ran.ends(0);
    assert!(!ran.json()["users"].as_array().unwrap().is_empty());
    let signed = Seat::of(&town.sim).run("report --format json --output - --sign").await;
    signed.ends(2);
    assert!(signed.err.contains("--output"), "{}", signed.err);
}

#[tokio::test(start_paused = true)]
async fn a_path_that_cannot_be_written_is_named_before_anything_is_read() {
    let (town, folder) = (town(), folder("report-paths"));
    let here = folder.display();
    std::fs::write(folder.join("kept.html.manifest.json"), "{}").unwrap();
    for (output, problem) in [
        (format!("{here}/nowhere/keys.html"), "there is no such folder"),
        (format!("{here}"), "this is a folder"),
        (format!("{here}/kept.html"), "it has a manifest"),
        (format!("{here}/keys.html --previous {here}/none.json"), "there is no such manifest"),
    ] {
        let ran = Seat::of(&town.sim).run(&format!("report --output {output}")).await;
        ran.ends(2);
        assert!(ran.err.contains(problem) && ran.err.contains(&here.to_string()), "{}", ran.err);
    }
    let asked = town.sim.journal().into_iter().any(|call| call.operation == "GenerateCredentialReport");
    assert!(!asked, "no work was begun");
}
