//! Plain tables: no lines, so that they can be cut and sorted.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use super::terminal::Look;

/// Blanks between two columns.
const GAP: usize = 2;
/// A name is never shortened to less.
const SHORTEST_NAME: usize = 12;

/// Lays rows out on one line each. On a terminal the first column, a name, is shortened so that all fit its width.
pub(super) fn lines(look: Look, headers: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(headers.get(column).map(|header| header.chars().count())).max().unwrap_or_default()
    };
    let others: usize = (1..headers.len()).map(|column| GAP + width(column)).sum();
    let room = look.width.map(|width| usize::from(width).saturating_sub(others).max(SHORTEST_NAME));
    let shortened = |cell: &String| match room {
        Some(room) if cell.chars().count() > room => cell.chars().take(room - 1).chain(['…']).collect(),
        _ => cell.clone(),
    };
    let mut rows: Vec<Vec<String>> = rows.to_vec();
    for row in &mut rows {
        if let Some(name) = row.first_mut() {
            *name = shortened(name);
        }
    }
    table(Look { width: None, ..look }, headers, rows).lines().map(str::to_owned).collect()
}

/// Lays rows out beneath their headers; on a terminal within its width.
pub(super) fn table(look: Look, headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(headers);
    if let Some(width) = look.width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(60));
    }
    for row in rows {
        table.add_row(row);
    }
    for (column, header) in table.column_iter_mut().zip(headers) {
        column.set_padding((0, 2));
        // An id is never broken in the middle.
        if *header == "KEY" {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_terminal_a_long_name_is_shortened_so_that_a_row_is_a_line() {
        let row = |name: &str| {
            [name, "…3SDK", "2000d", "2026-01-02", "RotationBlocked +2; deactivate now"].map(str::to_owned)
        };
        let rows = [row("ci").to_vec(), row(&"n".repeat(64)).to_vec()];
        let headers = ["USER", "KEY", "AGE", "USED", "NEXT"];
        let narrow = lines(Look { width: Some(80), ..Look::default() }, &headers, &rows);
        assert_eq!(narrow.len(), 3);
        assert!(narrow.iter().all(|line| line.chars().count() <= 80), "{narrow:#?}");
        assert!(narrow.iter().all(|line| line.starts_with("USER") || line.ends_with("deactivate now")));
        let piped = lines(Look::default(), &headers, &rows);
        assert!(piped.iter().any(|line| line.contains(&"n".repeat(64))));
    }
}
