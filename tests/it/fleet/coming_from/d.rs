//! System D.
