//! The pool that queries run on: admission, cancellation when the client goes away, panics kept in the query. A few
//! places are kept for what is quick as a rule, so that it never waits for dashboards alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use model::{Control, Error, ErrorKind, Limits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Runs queries on threads of their own, so that ingestion never waits for them.
pub(crate) struct QueryPool {
    all: Threads,
    quick: Threads,
    waiting: Arc<Semaphore>,
}

/// Threads, and how many queries they take on at once.
struct Threads {
    threads: rayon::ThreadPool,
    running: Arc<Semaphore>,
}

/// Deep expressions are evaluated by recursion; only what is used of it is memory.
const STACK_BYTES: usize = 16 << 20;
/// Threads for what is quick as a rule.
const QUICK_THREADS: usize = 1;

/// How much work is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// One time only, or labels: takes whichever place is free first, those kept for it included.
    Quick,
    /// Anything.
    Any,
}

/// Cancels a query when its request is dropped.
struct CancelOnDrop(Arc<Control>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Threads {
    fn new(count: usize, name: &'static str) -> std::io::Result<Self> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(move |i| format!("{name}-{i}"))
            .stack_size(STACK_BYTES)
            .build()
            .map_err(std::io::Error::other)?;
        // One more than threads: while one query writes its last bytes the next one begins.
        Ok(Threads { threads, running: Arc::new(Semaphore::new(count + 1)) })
    }

    /// A place, once there is one.
    async fn place(&self) -> Option<(OwnedSemaphorePermit, &rayon::ThreadPool)> {
        Some((self.running.clone().acquire_owned().await.ok()?, &self.threads))
    }
}

impl QueryPool {
    pub(crate) fn new(threads: usize, most_waiting: usize) -> std::io::Result<Self> {
        Ok(QueryPool {
            all: Threads::new(threads, "query")?,
            quick: Threads::new(QUICK_THREADS, "quick")?,
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
        self.run_expecting(Expected::Any, limits, work).await
    }

    /// The same for work that is expected to be quick.
    pub(crate) async fn run_quick<T, E, F>(&self, limits: Limits, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Control) -> Result<T, E> + Send + 'static,
    {
        self.run_expecting(Expected::Quick, limits, work).await
    }

    async fn run_expecting<T, E, F>(&self, expected: Expected, limits: Limits, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Control) -> Result<T, E> + Send + 'static,
    {
        let Ok(_place) = self.waiting.clone().try_acquire_owned() else {
            return Err(Error::new(ErrorKind::Unavailable, "too many queries are waiting: try again").into());
        };
        let control = Arc::new(Control::new(limits));
        let admitted = tokio::time::timeout(limits.timeout, self.place(expected)).await;
        let (permit, threads) = match admitted {
            Ok(Some(place)) => place,
            Ok(None) => return Err(Error::new(ErrorKind::Unavailable, "shutting down").into()),
            Err(_) => {
                let message = "query timed out while it waited for a free query thread";
                return Err(Error::new(ErrorKind::Timeout, message).into());
            }
        };
        let (send, receive) = oneshot::channel();
        let guard = CancelOnDrop(control.clone());
        threads.spawn(move || {
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

    async fn place(&self, expected: Expected) -> Option<(OwnedSemaphorePermit, &rayon::ThreadPool)> {
        match expected {
            // Where a thread is idle the many are the quicker ones.
            Expected::Quick if self.all.running.available_permits() <= 1 => tokio::select! {
                biased;
                place = self.quick.place() => place,
                place = self.all.place() => place,
            },
            _ => self.all.place().await,
        }
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

    #[tokio::test]
    async fn what_is_quick_does_not_wait_for_the_rest() {
        let pool = Arc::new(QueryPool::new(1, 100).expect("a pool"));
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let heavy: Vec<_> = (0..30)
            .map(|_| {
                let (pool, stop) = (pool.clone(), stop.clone());
                tokio::spawn(async move {
                    let work = move |_: &Control| {
                        while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                            std::thread::yield_now();
                        }
                        Ok::<_, Error>(())
                    };
                    pool.run(Limits::default(), work).await
                })
            })
            .collect();
        while pool.all.running.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let answer: Result<u32, Error> = pool.run_quick(Limits::default(), |_| Ok(7)).await;
        assert_eq!(answer, Ok(7));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for heavy in heavy {
            assert_eq!(heavy.await.expect("no panic"), Ok(()));
        }
    }
}
