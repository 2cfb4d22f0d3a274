//! Reports that are chained by their manifests.

use iam_key_rotator::report::evidence::{Source, What};
use iam_key_rotator::report::{Break, Format, Report, earlier, latest_manifest, verify, write};

use super::{folder, report_of, user};
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, days};

/// Three chained reports of an account in which a key was rotated away in between.
async fn three(name: &str) -> (std::path::PathBuf, Vec<Report>) {
    let folder = folder(name);
    let fleet = Fleet::new(&[("ROTATOR_OVERLAP", "1d"), ("ROTATOR_RECOVERY", "1d")]);
    fleet.enrolled("ci", 60);
    let mut reports = Vec::new();
    for (nth, format) in [Format::Json, Format::Csv, Format::Html].into_iter().enumerate() {
        let previous = latest_manifest(&folder, Some(ACCOUNT));
        let mut report = report_of(&fleet, &[]).await;
        if let Some(earlier) = previous.as_ref().and_then(|manifest| earlier(manifest)) {
            report = report.after(&earlier);
        }
        write(&report, format, &folder.join(format!("{nth}.report")), true, previous.as_deref()).unwrap();
        reports.push(report);
        for _ in 0..40 {
            fleet.day().await;
        }
    }
    (folder, reports)
}

#[tokio::test(start_paused = true)]
async fn what_aws_has_forgotten_is_known_from_the_report_before_even_past_one_without_data() {
    let (_, reports) = three("chain-history").await;
    let last = reports.last().unwrap();
    let ci = user(last, "ci");
    let first_key = &reports[0].users[0].keys[0].suffix;
    let gone = ci.history.iter().find(|event| event.what == What::Deleted).unwrap();
    assert_eq!((&gone.key, gone.source), (first_key, Source::EarlierReport));
    // The report in between was CSV, which holds no data to take up.
    assert_eq!((gone.not_before, last.course.len()), (Some(reports[0].at), 2));
    assert_eq!(last.since, reports[0].at);
    assert!(last.at.duration_since(last.since).as_hours() >= 24 * 79);
}

#[tokio::test(start_paused = true)]
async fn an_untouched_chain_is_verified_to_its_first_report() {
    let (folder, _) = three("chain-whole").await;
    let checked = verify(&folder.join("2.report.manifest.json"), &[]).unwrap();
    let files: Vec<&str> = checked.iter().map(|checked| checked.manifest.file.as_str()).collect();
    assert_eq!(files, ["2.report", "1.report", "0.report"]);
    assert_eq!(latest_manifest(&folder, Some(ACCOUNT)), Some(folder.join("2.report.manifest.json")));
    assert_eq!(latest_manifest(&folder, Some("444455556666")), None);
}

#[tokio::test(start_paused = true)]
async fn a_changed_report_a_changed_manifest_and_a_missing_one_are_each_noticed_and_named() {
    let (folder, _) = three("chain-broken").await;
    let latest = folder.join("2.report.manifest.json");
    let path = |name: &str| folder.join(name);
    let text = std::fs::read_to_string(path("0.report")).unwrap();
    std::fs::write(path("0.report"), text.replace("\"active\": true", "\"active\": false")).unwrap();
    assert!(matches!(verify(&latest, &[]), Err(Break::Changed { path: at, .. }) if at == path("0.report")));
    std::fs::write(path("0.report"), &text).unwrap();
    assert_eq!(verify(&latest, &[]).unwrap().len(), 3);

    // A manifest made anew for a changed report is not the one that its successor names.
    let manifest = std::fs::read_to_string(path("1.report.manifest.json")).unwrap();
    std::fs::write(path("1.report.manifest.json"), manifest.replace("\"tool\"", " \"tool\"")).unwrap();
    assert!(matches!(verify(&latest, &[]), Err(Break::OtherManifest { .. })));
    std::fs::write(path("1.report.manifest.json"), &manifest).unwrap();

    std::fs::create_dir_all(path("archive")).unwrap();
    for file in ["0.report", "0.report.manifest.json"] {
        std::fs::rename(path(file), path("archive").join(file)).unwrap();
    }
    assert!(matches!(verify(&latest, &[]), Err(Break::Unreadable { .. })));
    assert_eq!(verify(&latest, &[path("archive")]).unwrap().len(), 3);
    assert!(matches!(verify(&path("2.report"), &[]), Err(Break::NoManifest { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_report_that_has_a_manifest_is_not_written_over_and_one_without_is() {
    let folder = folder("chain-kept");
    let fleet = Fleet::new(&[]);
    fleet.enrolled("ci", 10);
    let report = report_of(&fleet, &[]).await;
    let file = folder.join("keys.html");
    write(&report, Format::Html, &file, false, None).unwrap();
    let written = write(&report, Format::Html, &file, true, None).unwrap();
    let refused = write(&report, Format::Html, &file, false, None).unwrap_err();
    assert!(refused.to_string().contains("keys.html has a manifest"), "{refused}");
    let (manifest, digest) = written.manifest.unwrap();
    assert_eq!(digest.len(), 64);
    fleet.sim.advance(days(1));
    let next = report_of(&fleet, &[]).await;
    let other = folder.join("other.html");
    assert!(write(&next, Format::Html, &other, true, Some(&file)).is_err(), "a report is no manifest");
    write(&next, Format::Html, &other, true, Some(&manifest)).unwrap();
    assert_eq!(verify(&folder.join("other.html.manifest.json"), &[]).unwrap().len(), 2);
}
