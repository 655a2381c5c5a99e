//! metric-store
