//! Replays the fuzzer's corpus, so that what it once found stays mended.

use std::fs;
use std::path::Path;

use lxst_sim::invariants::wire;

#[test]
fn the_invariants_hold_for_every_input_of_the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/wire");
    let mut inputs = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        wire::check(&fs::read(path).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "the corpus is empty");
}
