//! What holds whatever the input is: for the fuzz targets, and for the tests that replay their
//! corpora.

pub mod wire;
