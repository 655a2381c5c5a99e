//! Stages, case by case.
