//! What the doctor has to say.

use anstyle::AnsiColor;
use serde::Serialize;

use super::super::Terminal;
use crate::error::CallError;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum Severity {
    /// A rotation cannot succeed, or consumers cannot work.
    Error,
    /// It can, and something is wrong.
    Warning,
    /// Whether it is right could not be found out.
    NotChecked,
    /// Worth knowing; nothing is wrong.
    Note,
    /// Looked at, and right.
    Ok,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct Check {
    pub(crate) severity: Severity,
    pub(crate) area: &'static str,
    pub(crate) finding: String,
    /// By what it was found.
    pub(crate) evidence: String,
    pub(crate) remedy: String,
}

/// All that was looked at.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub(in crate::cli) struct Checks {
    pub(crate) checks: Vec<Check>,
}

impl Checks {
    fn add(&mut self, severity: Severity, area: &'static str, words: [String; 3]) {
        let [finding, evidence, remedy] = words;
        self.checks.push(Check { severity, area, finding, evidence, remedy });
    }

    pub(crate) fn error(
        &mut self,
        area: &'static str,
        finding: impl Into<String>,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::Error, area, [finding.into(), evidence.into(), remedy.into()]);
    }

    pub(crate) fn warning(
        &mut self,
        area: &'static str,
        finding: impl Into<String>,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::Warning, area, [finding.into(), evidence.into(), remedy.into()]);
    }

    pub(crate) fn note(&mut self, area: &'static str, finding: impl Into<String>) {
        self.add(Severity::Note, area, [finding.into(), String::new(), String::new()]);
    }

    pub(crate) fn ok(&mut self, area: &'static str, finding: impl Into<String>) {
        self.add(Severity::Ok, area, [finding.into(), String::new(), String::new()]);
    }

    /// What could not be looked at is never right.
    pub(crate) fn not_checked(&mut self, area: &'static str, error: &CallError) {
        let remedy = if error.is_denied() {
            format!("Look with credentials that may call {}.", error.action)
        } else {
            error.remedy().unwrap_or_else(|| "Look again.".to_owned())
        };
        self.add(Severity::NotChecked, area, [format!("not checked: {error}"), String::new(), remedy]);
    }

    /// What could not be looked at, though no call failed.
    pub(crate) fn unknown(
        &mut self,
        area: &'static str,
        finding: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::NotChecked, area, [finding.into(), String::new(), remedy.into()]);
    }

    /// The answer of a call, unless it failed.
    pub(crate) fn answer<T>(&mut self, area: &'static str, result: Result<T, CallError>) -> Option<T> {
        match result {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.not_checked(area, &error);
                None
            }
        }
    }

    /// Whether somebody should act.
    pub(crate) fn has_findings(&self) -> bool {
        self.checks.iter().any(|check| check.severity <= Severity::NotChecked)
    }

    pub(crate) fn print(&self, terminal: &mut Terminal) -> std::io::Result<()> {
        self.print_down_to(Severity::Ok, terminal)?;
        let count = |severity| self.checks.iter().filter(|check| check.severity == severity).count();
        terminal.line(format!(
            "\nerrors: {}, warnings: {}, not checked: {}, ok: {}",
            count(Severity::Error),
            count(Severity::Warning),
            count(Severity::NotChecked),
            count(Severity::Ok)
        ))
    }

    /// Prints what somebody should act on.
    pub(crate) fn print_findings(&self, terminal: &mut Terminal) -> std::io::Result<()> {
        self.print_down_to(Severity::NotChecked, terminal)
    }

    fn print_down_to(&self, least: Severity, terminal: &mut Terminal) -> std::io::Result<()> {
        let mut checks: Vec<&Check> = self.checks.iter().filter(|check| check.severity <= least).collect();
        checks.sort_by_key(|check| check.severity);
        for check in checks {
            let (word, colour) = match check.severity {
                Severity::Error => ("error", AnsiColor::Red),
                Severity::Warning => ("warning", AnsiColor::Yellow),
                Severity::NotChecked => ("unknown", AnsiColor::Magenta),
                Severity::Note => ("note", AnsiColor::Cyan),
                Severity::Ok => ("ok", AnsiColor::Green),
            };
            let word = terminal.paint(colour, &format!("{word:<8}"));
            terminal.line(format!("{word} {}: {}", check.area, check.finding))?;
            for (name, text) in [("evidence", &check.evidence), ("remedy", &check.remedy)] {
                if !text.is_empty() {
                    terminal.line(format!("         {name}: {text}"))?;
                }
            }
        }
        Ok(())
    }
}
