//! `docs/migrating.md` names settings that there are, with values that can be read.

use iam_key_rotator::config::{Config, SweepConfig};

use super::Settings;

const PAGE: &str = include_str!("../../../../docs/migrating.md");

/// The systems as the modules beside this one name them, each with the heading of its section.
const SYSTEMS: [(&str, &str); 5] = [
    ("rules", "Coming from three EventBridge rules for each user\n"),
    ("daily", "Coming from a daily check of every user\n"),
    ("function", "Coming from a Secrets Manager rotation function\n"),
    ("list", "Coming from a list of secrets\n"),
    ("organization", "Coming from a rotator for an AWS organization\n"),
];

/// The settings in each `env` block of a system's section.
pub fn blocks(system: &str) -> Vec<Settings> {
    let heading = SYSTEMS.iter().find(|(name, _)| *name == system).map(|(_, heading)| *heading);
    let heading = heading.unwrap_or_else(|| panic!("no system {system}"));
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading));
    let section = section.unwrap_or_else(|| panic!("no section on {system}"));
    section.split("```env\n").skip(1).map(|rest| read(rest.split("```").next().unwrap())).collect()
}

fn read(block: &'static str) -> Settings {
    block.lines().map(|line| line.split_once('=').unwrap_or_else(|| panic!("no setting: {line}"))).collect()
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn coming_from_each_system_the_pages_settings_are_read_by_both_functions() {
    for (system, _) in SYSTEMS {
        let blocks = blocks(system);
        assert!(!blocks.is_empty(), "{system}");
        for settings in blocks {
            SweepConfig::from_variables(owned(&settings)).unwrap_or_else(|error| panic!("{system}: {error}"));
            let rotation = Config::from_variables(owned(&settings));
            let rotation = rotation.unwrap_or_else(|error| panic!("{system}: {error}"));
            assert!(rotation.notes.is_empty(), "{system}: {:?}", rotation.notes);
        }
    }
}

#[test]
fn coming_from_each_system_every_setting_the_page_mentions_is_one_that_there_is() {
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let mentioned = PAGE.split(|c: char| !is_name(c)).filter(|word| word.starts_with("ROTATOR_"));
    let mut count = 0;
    for name in mentioned {
        count += 1;
        if let Err(error) = SweepConfig::from_variables([(name.to_owned(), "x".to_owned())]) {
            assert!(!error.to_string().contains("is not a setting"), "{error}");
        }
    }
    assert!(count > 50, "{count}");
}
