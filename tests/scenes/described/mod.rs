//! The documents at `/docs` say what is so: what passes over the wires of a real server is held against them, frame by frame
//! and answer by answer, and what they name is all that there is.

mod document;
mod frames;
mod operations;
mod paths;
mod prose;
mod served;
mod streamed;
mod taken;
