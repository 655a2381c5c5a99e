//! Dashboards that come with the program.

use dashboards::BuiltIn;

/// All of them.
pub(crate) const DASHBOARDS: &[BuiltIn] = &[
    BuiltIn { name: "host", json: include_str!("../dashboards/host.json") },
    BuiltIn { name: "pharos", json: include_str!("../dashboards/pharos.json") },
];
