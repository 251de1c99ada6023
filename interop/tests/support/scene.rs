//! The scene of a live test: its runtime and its folder.

use std::cell::Cell;
use std::panic;
use std::path::PathBuf;
use std::thread;

use lxst_interop::environment::target_dir;
use lxst_interop::{Builder, PythonPeer, Rnsd, RnsdBuilder, lateness};

/// Makes of each flow a test that plays it on both runtimes in parallel: a live call mostly waits
/// for time to pass.
macro_rules! on_both_runtimes {
    ($($flow:ident),+ $(,)?) => {$(
        mod $flow {
            #[test]
            fn on_tokio_and_on_smol() {
                $crate::scene::play_on_both(module_path!(), super::$flow);
            }
        }
    )+};
}

pub(crate) use on_both_runtimes;

/// The runtime of a test's phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    Tokio,
    Smol,
}

/// One run of a flow, with a folder for the files of its peers and phones.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) runtime: Runtime,
    pub(crate) test: String,
    phones: Cell<u32>,
}

pub(crate) fn play_on_both(path: &str, flow: fn(&Scene)) {
    thread::scope(|scope| {
        let plays = [Runtime::Tokio, Runtime::Smol].map(|runtime| {
            let thread = thread::Builder::new().name(format!("{path} on {runtime:?}"));
            thread.spawn_scoped(scope, move || play(runtime, path, flow)).expect("a thread starts")
        });
        for play in plays {
            play.join().unwrap_or_else(|failure| panic::resume_unwind(failure));
        }
    });
}

/// Plays a flow. Repeats it if its audio was bad and the machine was late.
pub(crate) fn play<T>(runtime: Runtime, path: &str, flow: impl Fn(&Scene) -> T) -> T {
    let scene = || Scene::new(runtime, path);
    lateness::measure(&scene().test, || flow(&scene()))
}

impl Scene {
    /// Creates a scene; `path` names the test. Where audio is compared, [`play`] creates it.
    pub(crate) fn new(runtime: Runtime, path: &str) -> Self {
        let test = format!("{path}-{runtime:?}").replace("::", "-").to_lowercase();
        Self { runtime, test, phones: Cell::new(0) }
    }

    /// Returns a parallel run of the same flow, with files of its own.
    pub(crate) fn beside(&self, name: &str) -> Self {
        Self { test: format!("{}-{name}", self.test), ..Self::new(self.runtime, &self.test) }
    }

    pub(crate) fn python(&self) -> Builder {
        self.python_named("python")
    }

    pub(crate) fn python_named(&self, name: &str) -> Builder {
        PythonPeer::builder(&self.test, name)
    }

    pub(crate) fn rnsd(&self) -> RnsdBuilder {
        Rnsd::builder(&self.test, "rnsd")
    }

    /// Returns the path of the next phone's trace: `interop/<test>/rust-1.trace.jsonl` below the
    /// target folder.
    pub(crate) fn next_trace(&self) -> PathBuf {
        let number = self.phones.get() + 1;
        self.phones.set(number);
        let folder = target_dir().join("interop").join(&self.test);
        folder.join(format!("rust-{number}.trace.jsonl"))
    }
}
