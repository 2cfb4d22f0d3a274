//! System E.
