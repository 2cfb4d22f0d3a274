//! What the demo prints.

use std::io::IsTerminal as _;

/// Colour only on a terminal that wants it.
fn styled(code: &str, text: &str) -> String {
    let wanted = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if wanted { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

pub fn heading(text: &str) {
    println!("\n{}", styled("1", text));
}

pub fn say(text: &str) {
    println!("  {text}");
}

pub fn quote(text: &str) {
    for line in text.trim_end().lines() {
        println!("  {} {line}", styled("2", "|"));
    }
}

/// Columns as wide as their widest cell.
pub fn table(rows: &[Vec<String>]) {
    let mut table = comfy_table::Table::new();
    table
        .load_preset(comfy_table::presets::NOTHING)
        .set_content_arrangement(comfy_table::ContentArrangement::Disabled);
    for row in rows {
        table.add_row(row);
    }
    println!(
        "{}",
        table
            .to_string()
            .lines()
            .map(|line| format!(" {}\n", line.trim_end()))
            .collect::<String>()
            .trim_end_matches('\n')
    );
}

/// How a line of the timeline looks on a terminal.
#[derive(Clone, Copy)]
pub enum Tone {
    /// What the product did.
    Done,
    /// What it tells people.
    Told,
    /// What somebody else did, or broke.
    Others,
}

/// A line of the timeline.
pub fn event(day: u32, date: &str, who: &str, what: &str, tone: Tone) {
    let code = match tone {
        Tone::Done => "32",
        Tone::Told => "33",
        Tone::Others => "31",
    };
    println!("  {day:>3}  {date}  {}  {what}", styled(code, &format!("{who:<16}")));
}

/// What was stated, and whether it was true.
#[derive(Default)]
pub struct Facts {
    stated: usize,
    false_ones: usize,
}

impl Facts {
    pub fn check(&mut self, holds: bool, fact: &str) {
        self.stated += 1;
        if holds {
            println!("  {} {fact}", styled("32", "✓"));
        } else {
            self.false_ones += 1;
            println!("  {} not true: {fact}", styled("31", "✗"));
        }
    }

    pub fn conclude(&self) -> bool {
        println!("\n{} facts stated, {} of them not true.", self.stated, self.false_ones);
        self.false_ones == 0
    }
}
