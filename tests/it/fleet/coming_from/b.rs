//! System B.
