//! Every state of keys that administrators leave behind, as a table: the plan and the end state.
