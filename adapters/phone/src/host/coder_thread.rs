//! The thread that runs a phone's codecs.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use lxst_engine::{Coder, Done, Lateness, Task};

/// A [`Coder`] on a thread of its own. Dropping it waits for the task that runs.
#[derive(Debug)]
pub struct CoderThread {
    tasks: Option<Sender<Given>>,
    thread: Option<JoinHandle<()>>,
}

impl CoderThread {
    /// Starts the thread. On it, `make` creates the coder, and `deliver` gets what the coder did; it
    /// must not block for long. When the coder panics, the result of the task is
    /// [`Done::Crashed`], and `make` creates a new coder for the next task. When the coder runs late
    /// again and again ([`Lateness`]), it is [relieved](Coder::relieve).
    ///
    /// # Errors
    /// The operating system refused a thread.
    pub fn spawn(
        make: impl Fn() -> Coder + Send + 'static,
        deliver: impl Fn(CoderOutput) + Send + 'static,
    ) -> io::Result<Self> {
        Self::spawn_with(make, deliver)
    }

    /// Queues a task for the thread.
    pub fn give(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            let given = tasks.send((task, Instant::now()));
            debug_assert!(given.is_ok(), "the thread ends only when this is dropped");
        }
    }

    fn spawn_with<W: Work>(
        make: impl Fn() -> W + Send + 'static,
        deliver: impl Fn(CoderOutput) + Send + 'static,
    ) -> io::Result<Self> {
        // The engine has three jobs out at most for each line, so the channel needs no bound of its
        // own.
        let (tasks, given) = channel::<Given>();
        let run = move || {
            let mut work = make();
            let mut lateness = Lateness::default();
            for (task, at) in given {
                let job = task.job();
                // State that the panic left inconsistent is dropped with the coder.
                let done = catch_unwind(AssertUnwindSafe(|| work.run(task))).unwrap_or_else(|_| {
                    work = make();
                    job.map(|job| Done::Crashed { job })
                });
                let Some(done) = done else { continue };
                deliver(CoderOutput::Done(done));
                if lateness.on_task(at.elapsed())
                    && let Some(change) = work.relieve()
                {
                    tracing::warn!("codec work runs late: {change}");
                    deliver(CoderOutput::Relieved(change));
                }
            }
        };
        let thread = thread::Builder::new().name("lxst-codec".into()).spawn(run)?;
        Ok(Self { tasks: Some(tasks), thread: Some(thread) })
    }
}

/// What a [`CoderThread`] delivers.
#[derive(Debug)]
pub enum CoderOutput {
    /// The result of a task.
    Done(Done),
    /// Codec work ran late, and takes less time from here on. In words: what changed.
    Relieved(&'static str),
}

/// A task, and when it was given.
type Given = (Task, Instant);

/// What the thread runs.
trait Work {
    fn run(&mut self, task: Task) -> Option<Done>;
    fn relieve(&mut self) -> Option<&'static str>;
}

impl Work for Coder {
    fn run(&mut self, task: Task) -> Option<Done> {
        self.run(task)
    }

    fn relieve(&mut self) -> Option<&'static str> {
        self.relieve()
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
    use lxst_core::limits::PLAYOUT_LEAD;
    use lxst_core::{JobId, Samples, StreamId};

    use super::*;

    #[test]
    fn a_panic_costs_one_task_and_a_new_coder_does_the_next() {
        let (sender, done) = channel();
        let coder =
            CoderThread::spawn_with(Faulty::default, move |done| sender.send(done).unwrap())
                .unwrap();
        for job in (0..6).map(JobId) {
            coder.give(Task::Conceal { stream: StreamId(1), job, samples: Samples(1) });
        }
        drop(coder);
        let crashed =
            done.iter().map(|done| matches!(done, CoderOutput::Done(Done::Crashed { .. })));
        assert!(crashed.eq([false, false, true, false, false, true]));
    }

    #[test]
    fn work_that_runs_late_is_relieved_and_the_change_is_told() {
        let (sender, done) = channel();
        let coder =
            CoderThread::spawn_with(|| Slow, move |output| sender.send(output).unwrap()).unwrap();
        for job in (0..20).map(JobId) {
            coder.give(Task::Conceal { stream: StreamId(1), job, samples: Samples(1) });
        }
        drop(coder);
        let relieved = |output| matches!(output, CoderOutput::Relieved("less"));
        assert!(done.iter().any(relieved));
    }

    /// Takes longer than a task may.
    struct Slow;

    impl Work for Slow {
        fn run(&mut self, task: Task) -> Option<Done> {
            thread::sleep(2 * PLAYOUT_LEAD.duration());
            Some(Done::NoVoice { job: task.job()? })
        }

        fn relieve(&mut self) -> Option<&'static str> {
            Some("less")
        }
    }

    /// The third task finds a fault.
    #[derive(Default)]
    struct Faulty {
        tasks: u32,
    }

    impl Work for Faulty {
        fn run(&mut self, task: Task) -> Option<Done> {
            self.tasks += 1;
            assert!(self.tasks < 3, "a fault");
            Some(Done::NoVoice { job: task.job()? })
        }

        fn relieve(&mut self) -> Option<&'static str> {
            None
        }
    }
}
