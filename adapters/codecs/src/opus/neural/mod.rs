//! Neural decoding, behind the feature `neural`.

mod decoder;
mod ffi;
mod level;
mod measure;

pub(crate) use decoder::NeuralDecoder;
pub use level::{NeuralDecoding, NeuralLevel, UnknownNeuralLevel};
