//! Templates, case by case.
