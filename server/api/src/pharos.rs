//! Pharos' own API, `/api/pharos/v1/*`: described in this crate's README.

pub(crate) mod dashboards;
pub(crate) mod found;
pub(crate) mod frame;
pub(crate) mod home;
pub(crate) mod query;
pub(crate) mod reply;
