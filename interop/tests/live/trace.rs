//! The trace of our phone in a live test: it replays, and a test that fails leaves its picture.

use std::cell::Cell;
use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::thread;

use lxst_examples::conversation::Witness;
use lxst_examples::svg::Svg;
use lxst_interop::environment::target_dir;
use lxst_tokio::trace::{Ending, Reader, Replay};

/// Finds the place of the next phone's trace: `interop/<test>/rust.trace.jsonl` below the target
/// folder, `rust-2.trace.jsonl` for a second phone of the test.
pub(crate) fn path() -> PathBuf {
    thread_local!(static PHONES: Cell<u32> = const { Cell::new(0) });
    let number = PHONES.get() + 1;
    PHONES.set(number);
    let name = if number == 1 { "rust".into() } else { format!("rust-{number}") };
    let test = thread::current().name().unwrap_or("live").replace("::", "-");
    let folder = target_dir().join("interop").join(test);
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let path = folder.join(name).with_extension("trace.jsonl");
    for left_over in [path.clone(), path.with_extension("svg")] {
        if left_over.exists() {
            fs::remove_file(left_over).expect("an earlier run's file can be removed");
        }
    }
    path
}

/// Draws the trace of a phone that has ended, when the test fails; else replays it.
pub(crate) fn finish(path: &Path) {
    if thread::panicking() {
        let drawing = path.with_extension("svg");
        match draw(path, &drawing) {
            Ok(()) => eprintln!("trace {}\nladder {}", path.display(), drawing.display()),
            Err(error) => eprintln!("no ladder of {}: {error}", path.display()),
        }
    } else {
        replay(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

fn draw(path: &Path, drawing: &Path) -> Result<(), Box<dyn Error>> {
    let mut reader = Reader::new(BufReader::new(File::open(path)?))?;
    let mut witness = Witness::new();
    while let Ok(Some(record)) = reader.next_record() {
        witness.see(&record);
    }
    let note = path.display().to_string();
    fs::write(drawing, Svg { conversation: &witness.conversation(), note: &note }.to_string())?;
    Ok(())
}

fn replay(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut reader = Reader::new(BufReader::new(File::open(path)?))?;
    let mut replay = Replay::new(reader.header());
    while let Some(record) = reader.next_record()? {
        replay.step(&record)?;
    }
    Ok(replay.end(reader.line(), reader.ending().unwrap_or(Ending::Closed))?)
}
