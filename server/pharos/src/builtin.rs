//! Dashboards that come with the program.

use dashboards::BuiltIn;

/// All of them.
pub(crate) const DASHBOARDS: &[BuiltIn] = &[
    BuiltIn { name: "host", json: include_str!("../dashboards/host.json") },
    BuiltIn { name: "pharos", json: include_str!("../dashboards/pharos.json") },
    BuiltIn { name: "gpus", json: include_str!("../dashboards/gpus.json") },
    BuiltIn { name: "vllm", json: include_str!("../dashboards/vllm.json") },
];

/// Those of `pharos demo` alone: they ask for its data.
pub(crate) const DEMO_DASHBOARDS: &[BuiltIn] = &[
    BuiltIn { name: "llm-serving", json: include_str!("../dashboards/llm-serving.json") },
    DASHBOARDS[0],
    DASHBOARDS[1],
    DASHBOARDS[2],
    DASHBOARDS[3],
];
