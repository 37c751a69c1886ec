//! Every example of docs/tls.md does what the document says.

use crate::scene::types;

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_document_do_what_it_says() {
    let seen = tokio::task::spawn_blocking(|| types("docs/tls.md")).await.expect("no panic");
    assert!(seen >= 6, "only {seen} examples were found: are they still written like this?");
}
