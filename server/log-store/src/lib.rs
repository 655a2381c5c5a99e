//! Log lines in compressed blocks, and an index of their words.
mod block;
mod bloom;
mod clue;
mod codec;
mod error;
mod filter;
mod rows;
mod words;
pub use error::{Error, Result};
