//! Replays the fuzzer's corpus of files of settings, so that what it once found stays mended.

mod hostile;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

#[test]
fn the_invariants_hold_for_every_beginning_of_every_file_of_the_corpus() {
    for file in corpus() {
        for length in 0..=file.len() {
            hostile::check(&file[..length]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn the_invariants_hold_for_damaged_files(
        file in any::<Index>(),
        damages in prop::collection::vec((any::<Index>(), damage()), 1..6),
    ) {
        let mut file = file.get(&corpus()).clone();
        for (place, with) in damages {
            let place = place.index(file.len());
            file.splice(place..(place + 1).min(file.len()), with);
        }
        hostile::check(&file);
    }
}

fn damage() -> impl Strategy<Value = Vec<u8>> {
    let marks = b"\"'\"',,#=[]\n\n\r \t%\0";
    let mark = prop::sample::select(marks.to_vec());
    prop_oneof![prop::collection::vec(mark, 0..4), prop::collection::vec(any::<u8>(), 1..3)]
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/settings_file");
    let files = fs::read_dir(folder).expect("the corpus is there");
    let files = files.map(|file| fs::read(file.expect("it is listed").path()).expect("it is read"));
    let files: Vec<_> = files.collect();
    assert!(files.len() > 1, "it has files");
    files
}
