use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use futures_lite::future::block_on;
use lxst_core::IdentityHash;
use lxst_engine::{Config, LinkQueue};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;

const START: Instant = Instant::ORIGIN;

#[test]
fn what_changed_is_written_some_time_after() {
    let folder = Folder::new();
    let (mut engine, mut store) = opened(&folder.file());
    store.observe(&engine, START);
    assert_eq!(store.due(), None, "nothing is new");
    engine.know(START, who(1));
    store.observe(&engine, START);
    assert_eq!(store.due(), Some(START + DELAY));
    store.on_timeout(&engine, START + DELAY);
    block_on(store.written());
    assert_eq!(fs::read(folder.file()).unwrap(), engine.export_people());
    store.on_timeout(&engine, START + 2 * DELAY);
    assert_eq!(store.due(), None);
}

#[test]
fn a_write_that_failed_is_told_and_tried_again_until_it_is_done() {
    let folder = Folder::new();
    let missing = folder.0.join("missing");
    let (mut engine, mut store) = opened(&missing.join("people"));
    engine.know(START, who(1));
    store.observe(&engine, START);
    let mut tried = Vec::new();
    let log = Log::of(|| {
        for _ in 0..3 {
            let due = store.due().expect("it is tried again");
            tried.push(due);
            store.on_timeout(&engine, due);
            block_on(store.written());
        }
    });
    let pauses: Vec<_> = tried.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert_eq!(pauses, [DELAY, AGAIN]);
    assert_eq!(log.len(), 3, "{log:?}");
    assert!(log[0].contains("known people are not kept") && log[0].contains("missing"), "{log:?}");

    fs::create_dir(&missing).unwrap();
    let due = store.due().expect("it is tried again");
    store.on_timeout(&engine, due);
    block_on(store.written());
    assert_eq!(fs::read(missing.join("people")).unwrap(), engine.export_people());
    store.on_timeout(&engine, due + AGAIN);
    assert_eq!(store.due(), None);
    // The next failure is a first one.
    engine.know(START, who(2));
    store.observe(&engine, due);
    assert_eq!(store.due(), Some(due + DELAY));
}

#[test]
fn what_failed_before_the_end_is_tried_once_more_at_the_end() {
    let folder = Folder::new();
    let missing = folder.0.join("missing");
    let (mut engine, mut store) = opened(&missing.join("people"));
    engine.know(START, who(1));
    store.catch_up(&engine, START);
    block_on(store.written());
    fs::create_dir(&missing).unwrap();
    store.catch_up(&engine, START);
    block_on(store.written());
    assert_eq!(fs::read(missing.join("people")).unwrap(), engine.export_people());
}

#[test]
fn what_changes_while_it_is_written_is_written_too() {
    let folder = Folder::new();
    let (mut engine, mut store) = opened(&folder.file());
    engine.know(START, who(1));
    store.catch_up(&engine, START);
    engine.know(START, who(2));
    block_on(store.written());
    store.observe(&engine, START);
    let due = store.due().expect("the second is new");
    store.on_timeout(&engine, due);
    block_on(store.written());
    assert_eq!(fs::read(folder.file()).unwrap(), engine.export_people());
}

#[test]
fn a_damaged_record_costs_itself_and_the_file_is_kept() {
    let folder = Folder::new();
    let mut engine = engine();
    (1..=3).for_each(|number| engine.know(START, who(number)));
    let mut damaged = engine.export_people();
    damaged[5 + 32] ^= 1;
    fs::write(folder.file(), &damaged).unwrap();
    let log = Log::of(|| {
        let (engine, mut store) = opened(&folder.file());
        assert_eq!(engine.people().collect::<Vec<_>>(), [who(1), who(3)]);
        store.observe(&engine, START);
        assert!(store.due().is_some(), "the file is written anew");
        store.catch_up(&engine, START);
        block_on(store.written());
        assert_eq!(fs::read(folder.file()).unwrap(), engine.export_people());
    });
    assert!(log[0].contains("1 records are lost") && log[0].contains("people.bad"), "{log:?}");
    assert_eq!(fs::read(folder.file().with_extension("bad")).unwrap(), damaged);
}

#[test]
fn damaged_files_never_replace_each_other() {
    let folder = Folder::new();
    for number in 0..BAD_FILES + 3 {
        fs::write(folder.file(), format!("damage {number}")).unwrap();
        let mut engine = engine();
        let store = Store::open_people(folder.file(), &mut engine);
        assert_eq!(store.is_some(), number < BAD_FILES, "{number}");
        let Some(mut store) = store else { continue };
        store.catch_up(&engine, START);
        block_on(store.written());
        assert_eq!(fs::read(folder.file()).unwrap(), engine.export_people());
    }
    for number in 0..BAD_FILES {
        let extension = if number == 0 { "bad".to_owned() } else { format!("bad{number}") };
        let kept = fs::read_to_string(folder.file().with_extension(extension)).unwrap();
        assert_eq!(kept, format!("damage {number}"));
    }
    // What could not be kept aside stays where it is.
    let last = fs::read_to_string(folder.file()).unwrap();
    assert_eq!(last, format!("damage {}", BAD_FILES + 2));
}

#[test]
fn what_is_no_file_is_left_alone_and_told() {
    let folder = Folder::new();
    fs::create_dir(folder.file()).unwrap();
    let log = Log::of(|| {
        assert!(Store::open_people(folder.file(), &mut engine()).is_none());
    });
    assert!(log[0].contains("not a regular file; give another path"), "{log:?}");
    assert!(folder.file().is_dir());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let (mut engine, mut store) = opened(&folder.file());
    engine.know(START, who(1));
    store.catch_up(&engine, START);
    block_on(store.written());
    let mode = fs::metadata(folder.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

fn opened(path: &Path) -> (Engine<LinkQueue>, Store<LinkQueue, 1>) {
    let mut engine = engine();
    let store = Store::open_people(path.to_owned(), &mut engine).expect("it may be written");
    (engine, store)
}

fn engine() -> Engine<LinkQueue> {
    Engine::new(Config::default(), LinkQueue::new(who(0)))
}

fn who(number: u8) -> IdentityHash {
    IdentityHash([number; 16])
}

/// A folder that is there for one test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("lxst-store-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("people")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The test has ended, one way or the other.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Keeps the messages of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn of(work: impl FnOnce()) -> Vec<String> {
        let log = Self::default();
        tracing::subscriber::with_default(log.clone(), work);
        std::mem::take(&mut *log.0.lock().unwrap())
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Log {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{value:?}"));
    }
}
