//! From bytes to effect and back: authentication, faults, hooks, dispatch, journal.

pub(crate) mod access;
pub(crate) mod auth;
pub(crate) mod call_as;
pub(crate) mod connector;
pub(crate) mod door;
pub(crate) mod fault;
pub(crate) mod journal;
pub(crate) mod params;
pub(crate) mod policy;
pub(crate) mod protocol;
pub(crate) mod routing;
pub(crate) mod sigv4;
pub(crate) mod xml;
