//! Plain tables: no lines, so that they can be cut and sorted.

use comfy_table::{ContentArrangement, Table, presets};

use super::terminal::Look;

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
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
