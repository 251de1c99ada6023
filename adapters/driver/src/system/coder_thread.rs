//! The thread on which a phone's codec work is done.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use lxst_codecs::Pauses;

use crate::{Coder, Done, Task};

/// A [`Coder`] on a thread of its own. Dropping it waits for the task at hand.
#[derive(Debug)]
pub struct CoderThread {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl CoderThread {
    /// Starts the thread, for a coder that treats pauses of speech like that. `deliver` is called on it with what became of each task; it must not
    /// block for long.
    ///
    /// # Errors
    /// The operating system refused a thread.
    pub fn spawn(pauses: Pauses, deliver: impl Fn(Done) + Send + 'static) -> io::Result<Self> {
        // The driver has three jobs out at most, so the channel needs no bound of its own.
        let (tasks, given) = channel();
        let run = move || {
            let mut coder = Coder::with_pauses(pauses);
            given.into_iter().filter_map(|task| coder.run(task)).for_each(deliver);
        };
        let thread = thread::Builder::new().name("lxst-codec".into()).spawn(run)?;
        Ok(Self { tasks: Some(tasks), thread: Some(thread) })
    }

    /// Gives the thread a task.
    pub fn give(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            let given = tasks.send(task);
            debug_assert!(given.is_ok(), "the thread ends only when this is dropped");
        }
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
