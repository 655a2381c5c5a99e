//! The parser, case by case.
