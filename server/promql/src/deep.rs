//! Deep trees need deep stacks: what recurses over one runs on a thread that has room for it.

use crate::error::Result;

/// Levels that any thread has room for.
const SHALLOW: usize = 24;
/// Room for the deepest tree that the parser lets through, unoptimised.
const STACK_BYTES: usize = 32 << 20;

/// Runs `work`, which recurses over a tree of at most `depth` levels.
pub(crate) fn run<T: Send>(depth: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if depth <= SHALLOW {
        return work();
    }
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("promql-deep".into()).stack_size(STACK_BYTES);
        let thread = builder
            .spawn_scoped(scope, work)
            .map_err(|e| model::Error::unavailable(format!("no thread for a deep query: {e}")))?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
