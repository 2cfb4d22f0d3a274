//! What needs a person, each kind once with its remedy, and below it the users and keys that it is for.

use super::Terminal;
use crate::model::Finding;

/// Groups in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Groups(Vec<Group>);

#[derive(Debug)]
struct Group {
    /// With USER, SECRET and KEY where there are several.
    title: String,
    /// With the names of the only one.
    alone: String,
    lines: Vec<String>,
}

impl Groups {
    pub(super) fn find(&mut self, user: &str, finding: &Finding) {
        let title = format!("{}: {}", finding.kind, finding.kind.remedy());
        let alone = format!("{}: {}", finding.kind, finding.remedy);
        let id = finding.key.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
        self.add(title, alone, format!("{user}{id}: {}", finding.evidence));
    }

    /// Adds a line to its group, once.
    pub(super) fn add(&mut self, title: String, alone: String, line: String) {
        match self.0.iter_mut().find(|group| group.title == title) {
            Some(group) if group.lines.contains(&line) => {}
            Some(group) => group.lines.push(line),
            None => self.0.push(Group { title, alone, lines: vec![line] }),
        }
    }

    /// Prints them, on stderr where stdout is JSON.
    pub(super) fn print(self, terminal: &mut Terminal, json: bool) -> std::io::Result<()> {
        for Group { title, alone, lines } in self.0 {
            let title = if lines.len() == 1 { alone } else { title };
            terminal.tell(json, format!("\n{title}"))?;
            for line in lines {
                terminal.tell(json, format!("  {line}"))?;
            }
        }
        Ok(())
    }
}
