//! System C.
