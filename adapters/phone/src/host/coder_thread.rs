//! The thread that runs a phone's codecs.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use lxst_engine::{Coder, Done, Task};

/// A [`Coder`] on a thread of its own. Dropping it waits for the task that runs.
#[derive(Debug)]
pub struct CoderThread {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl CoderThread {
    /// Starts the thread. On it, `make` creates the coder, and `deliver` gets the result of each
    /// task; it must not block for long. When the coder panics, the result of the task is
    /// [`Done::Crashed`], and `make` creates a new coder for the next task.
    ///
    /// # Errors
    /// The operating system refused a thread.
    pub fn spawn(
        make: impl Fn() -> Coder + Send + 'static,
        deliver: impl Fn(Done) + Send + 'static,
    ) -> io::Result<Self> {
        let make = move || {
            let mut coder = make();
            move |task| coder.run(task)
        };
        Self::spawn_with(make, deliver)
    }

    /// Queues a task for the thread.
    pub fn give(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            let given = tasks.send(task);
            debug_assert!(given.is_ok(), "the thread ends only when this is dropped");
        }
    }

    fn spawn_with<W: FnMut(Task) -> Option<Done>>(
        make: impl Fn() -> W + Send + 'static,
        deliver: impl Fn(Done) + Send + 'static,
    ) -> io::Result<Self> {
        // The engine has three jobs out at most for each line, so the channel needs no bound of its
        // own.
        let (tasks, given) = channel::<Task>();
        let run = move || {
            let mut work = make();
            for task in given {
                let job = task.job();
                // State that the panic left inconsistent is dropped with the coder.
                let done = catch_unwind(AssertUnwindSafe(|| work(task))).unwrap_or_else(|_| {
                    work = make();
                    job.map(|job| Done::Crashed { job })
                });
                done.into_iter().for_each(&deliver);
            }
        };
        let thread = thread::Builder::new().name("lxst-codec".into()).spawn(run)?;
        Ok(Self { tasks: Some(tasks), thread: Some(thread) })
    }
}

impl Drop for CoderThread {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            debug_assert!(ended.is_ok(), "the codec thread panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use lxst_core::{JobId, Samples, StreamId};

    use super::*;

    #[test]
    fn a_panic_costs_one_task_and_a_new_coder_does_the_next() {
        let (sender, done) = channel();
        // The third task of each coder finds a fault.
        let make = || {
            let mut tasks = 0;
            move |task: Task| {
                tasks += 1;
                assert!(tasks < 3, "a fault");
                Some(Done::NoVoice { job: task.job()? })
            }
        };
        let coder = CoderThread::spawn_with(make, move |done| sender.send(done).unwrap()).unwrap();
        for job in (0..6).map(JobId) {
            coder.give(Task::Conceal { stream: StreamId(1), job, samples: Samples(1) });
        }
        drop(coder);
        let crashed = done.iter().map(|done| matches!(done, Done::Crashed { .. }));
        assert!(crashed.eq([false, false, true, false, false, true]));
    }
}
