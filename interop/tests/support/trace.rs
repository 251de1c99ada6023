//! The trace of our phone in a live test. It is replayed; a failed test keeps its picture.

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::thread;

use lxst_phone::trace::view::{ConversationReader, LadderSvg};
use lxst_phone::trace::{Ending, Reader, Replay};

/// Creates the folder of a trace and its picture, and removes an earlier run's files.
pub(crate) fn make_room(path: PathBuf) -> PathBuf {
    let folder = path.parent().expect("it is in a folder");
    fs::create_dir_all(folder).expect("the target folder can be written to");
    for left_over in [path.clone(), path.with_extension("svg")] {
        if left_over.exists() {
            fs::remove_file(left_over).expect("an earlier run's file can be removed");
        }
    }
    path
}

/// Draws the trace of a phone that has ended if the test failed; replays it otherwise.
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
    let mut conversation = ConversationReader::new();
    while let Ok(Some(record)) = reader.next_record() {
        conversation.read(&record);
    }
    let note = path.display().to_string();
    fs::write(
        drawing,
        LadderSvg { conversation: &conversation.conversation(), note: &note }.to_string(),
    )?;
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
