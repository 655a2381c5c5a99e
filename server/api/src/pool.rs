//! The one pool that queries run on: admission, cancellation when the client goes away, panics kept in the query.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use model::{Control, Error, ErrorKind, Limits};
use tokio::sync::{Semaphore, oneshot};

/// Runs queries on threads of their own, so that ingestion never waits for them.
pub(crate) struct QueryPool {
    threads: rayon::ThreadPool,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Deep expressions are evaluated by recursion; only what is used of it is memory.
const STACK_BYTES: usize = 16 << 20;

/// Cancels a query when its request is dropped.
struct CancelOnDrop(Arc<Control>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl QueryPool {
    pub(crate) fn new(threads: usize, most_waiting: usize) -> std::io::Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("query-{i}"))
            .stack_size(STACK_BYTES)
            .build()
            .map_err(std::io::Error::other)?;
        Ok(QueryPool {
            threads: pool,
            // One more than threads: while one query writes its last bytes the next one begins.
            running: Arc::new(Semaphore::new(threads + 1)),
            waiting: Arc::new(Semaphore::new(most_waiting)),
        })
    }

    /// Runs `work` within `limits`; dropping the future cancels it.
    pub(crate) async fn run<T, E, F>(&self, limits: Limits, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Control) -> Result<T, E> + Send + 'static,
    {
        let Ok(_place) = self.waiting.clone().try_acquire_owned() else {
            return Err(Error::new(ErrorKind::Unavailable, "too many queries are waiting: try again").into());
        };
        let control = Arc::new(Control::new(limits));
        let admitted = tokio::time::timeout(limits.timeout, self.running.clone().acquire_owned()).await;
        let permit = match admitted {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(Error::new(ErrorKind::Unavailable, "shutting down").into()),
            Err(_) => {
                let message = "query timed out while it waited for a free query thread";
                return Err(Error::new(ErrorKind::Timeout, message).into());
            }
        };
        let (send, receive) = oneshot::channel();
        let guard = CancelOnDrop(control.clone());
        self.threads.spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(|| work(&control))).unwrap_or_else(|_| {
                Err(Error::internal("the query failed in a way it should not: see the server's log").into())
            });
            drop(permit);
            let _ = send.send(result);
        });
        let result = receive.await;
        drop(guard);
        result.unwrap_or_else(|_| Err(Error::internal("the query's thread went away").into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn runs_cancels_and_survives_panics() {
        let pool = Arc::new(QueryPool::new(1, 2).expect("a pool"));
        let answer: Result<u32, Error> = pool.run(Limits::default(), |_| Ok(7)).await;
        assert_eq!(answer, Ok(7));
        let answer: Result<u32, Error> = pool.run(Limits::default(), |_| panic!("a defect")).await;
        assert_eq!(answer.map_err(|e| e.kind()), Err(ErrorKind::Internal));

        let (started, wait) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let query = pool.clone();
        let task = tokio::spawn(async move {
            let work = |control: &Control| {
                let _ = started.send(());
                while control.check().is_ok() {
                    std::thread::yield_now();
                }
                let _ = ended.send(());
                Ok::<_, Error>(())
            };
            query.run(Limits::default(), work).await
        });
        wait.await.expect("started");
        task.abort();
        end.await.expect("the query saw that nobody waits");
    }
}
